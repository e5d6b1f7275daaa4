/* Searching by the numbers of local states, where every state is stored as it is and no step is.
 *
 * A place is what one entity takes up in a state. What stands there, a local state, gets a number
 * when it is first found, and the numbers of all places are a state's key. Steps and claims that
 * read two places are found once for each two numbers; from then on they are looked up in a table.
 * States that differ in the last place only share a row: a bit for each local state of that place.
 * A state is known when its bit is set, so that most of a search stays close to the processor.
 */

enum { MOST_PLACES = 16, IN_WORD = 4, NUMBER_BITS = 16 }; /* numbers, in a word of a key */
enum { FIRST_LOCALS = 16, MOST_LOCALS = 1 << NUMBER_BITS, MOST_PAIRS = 1 << 22 };
enum { MOST_RANKS = 1 << 15 };
enum { GIVEN_UP = 3 }; /* numbers do not pay here; like FULL and NO_MEMORY */
enum { NOTHING = 0 };  /* in tables: nobody has asked yet */
enum { IMPOSSIBLE = 1, BY_ITSELF, NUMBERED }; /* in a piece's table; numbers are from there on */
enum { ACTION_BITS = 16, LEFT = 1 << 15 }; /* of what a successor came by; its rank is above */

struct place {
	u64 *locals; /* by number */
	u32 *slots;  /* open hash table: numbers + 1 */
	u32 count, room; /* room: a power of two, half of the slots */
};

/* What is known of the local states of two places, or of one: then of[1] is none. By the first
 * one's number, then by the second's. */
struct table {
	int of[2], word[2], shift[2]; /* places, and where their numbers are in a key */
	int columns; /* bits of the second's number: there is room for so many */
	u64 second, keep[MOST_PLACES / IN_WORD]; /* masks: of that number; of all others in a key */
	u32 *known;
};

/* An action that reads more than two places, but place by place, each with one that is the same for
 * all: its pieces say what becomes of each. The other tests read more. Those pieces that are about
 * the places of bundle `host` come last; what they say is found with that bundle's steps. */
struct wide { int pieces, outside, first, host; i32 *tests, ntests; };

/* What two places say: which claims of a check are broken, and which groups hold, by a bit each. */
struct verdict { u64 broken, holding; };

struct numbers {
	int places, words; /* words: of a key */
	struct place place[MOST_PLACES];
	struct table *steps; /* by bundle: where in `changes` its steps begin */
	struct table *claims; /* behind them, by check: which of `verdicts` */
	struct table *pieces; /* behind them */
	int tables;
	i32 *far, nfar; /* actions that bundles do not tell enough of */
	i32 *alone, nalone; /* those of them that have no host: each is taken by itself */
	struct wide *wide; /* by action */
	/* Of a bundle's steps, how many are plain and how many are not, and bits by rank: which are
	 * plain. Then of each what a successor comes by and the numbers of its two places. Of those
	 * that are not plain, more pieces have to be asked, or they are to be taken by themselves. */
	u64 *changes, nchanges, changes_room; /* words */
	struct verdict *verdicts;
	u32 nverdicts;
	u64 *keys, keys_room, count; /* by state; `count` of them are in rows */
	u64 common; /* mask: of the last word of a key, the numbers before the last one */
	int last; /* the shift of that */
	u64 *rows, nrows, rows_room; /* each the key without its last number, then bits */
	u32 *row_slots; /* open hash table: rows + 1 */
	u64 row_mask;
	int row_words; /* a power of two */
	/* A state's successors as they are found: keys and what they came by; by rank, which one. Bits
	 * by rank: what there is, and what of that leaves a domain. */
	u64 *found, *taken, *leaves;
	u32 *found_by;
	u16 *with_rank;
	int nfound, ranks; /* ranks: words for a bit for each */
	u64 *repeats; /* bits by rank, by what a state came by; NULL as in struct search */
	/* A batch's successors: keys, what they came by, hashes of what rows are found by. */
	u64 *after, *hash;
	u32 *by;
};

static void forget_numbers(struct search *s)
{
	struct numbers *n = s->numbers;
	if (!n)
		return;
	for (int p = 0; p < n->places; p++) {
		free(n->place[p].locals);
		free(n->place[p].slots);
	}
	for (int t = 0; n->steps && t < n->tables; t++)
		free(n->steps[t].known);
	for (i32 a = 0; n->wide && a < s->m->actions; a++)
		free(n->wide[a].tests);
	free(n->steps);
	free(n->wide);
	free(n->changes);
	free(n->verdicts);
	free(n->keys);
	free(n->rows);
	free(n->row_slots);
	free(n->far);
	free(n->alone);
	free(n->found);
	free(n->taken);
	free(n->found_by);
	free(n->with_rank);
	free(n->repeats);
	free(n->after);
	free(n->hash);
	free(n->by);
	free(n);
	s->numbers = NULL;
}

/* -- keys ---------------------------------------------------------------------------------- */

static inline u32 number_at(const u64 *key, u32 p)
{
	return (u32)(key[p / IN_WORD] >> p % IN_WORD * NUMBER_BITS & (MOST_LOCALS - 1));
}

static inline void put_number(u64 *key, u32 p, u32 number)
{
	u32 shift = p % IN_WORD * NUMBER_BITS;
	key[p / IN_WORD] &= ~((u64)(MOST_LOCALS - 1) << shift);
	key[p / IN_WORD] |= (u64)number << shift;
}

/* Where a table says what is known of a key. */
static inline u32 *known_of(const struct table *t, const u64 *key, const int K)
{
	u64 first = key[K == 1 ? 0 : t->word[0]], second = key[K == 1 ? 0 : t->word[1]];
	return t->known + ((first >> t->shift[0] & (MOST_LOCALS - 1)) << t->columns |
			   (second >> t->shift[1] & t->second));
}

/* Makes room in a table for twice as many local states of place p, before that has it itself. */
static int widen_table(const struct numbers *n, struct table *t, int p)
{
	u64 rows = n->place[t->of[0]].room, columns = t->of[1] < 0 ? 1 : n->place[t->of[1]].room;
	if (t->of[0] != p && t->of[1] != p)
		return DONE;
	if (2 * rows * columns > MOST_PAIRS)
		return GIVEN_UP;
	u32 *known = calloc(2 * rows * columns, sizeof(u32));
	if (!known)
		return NO_MEMORY;
	u64 wide = t->of[0] == p ? columns : 2 * columns;
	for (u64 r = 0; r < rows; r++)
		memcpy(known + r * wide, t->known + r * columns, columns * sizeof(u32));
	free(t->known);
	t->known = known;
	t->columns += t->of[1] == p;
	return DONE;
}

/* Makes rows wide enough for one local state of the last place more. */
static int widen_rows(struct numbers *n)
{
	int wide = n->row_words;
	if ((u64)(wide - n->words) * 64 > n->place[n->places - 1].count)
		return DONE;
	wide *= 2;
	u64 *rows = calloc(n->rows_room, (u64)wide * sizeof(u64));
	if (!rows)
		return NO_MEMORY;
	for (u64 r = 0; r < n->nrows; r++)
		memcpy(rows + r * wide, n->rows + r * n->row_words, (u64)n->row_words * sizeof(u64));
	free(n->rows);
	n->rows = rows;
	n->row_words = wide;
	return DONE;
}

/* Where the local state of place p in `state` stands in its slots, or belongs. */
static inline u32 *local_slot(const struct search *s, int p, const u64 *state, u64 *local,
			      const int W)
{
	const struct place *at = s->numbers->place + p;
	const u64 *mask = s->m->place + (u64)p * W;
	for (int w = 0; w < W; w++)
		local[w] = state[w] & mask[w];
	for (u64 i = mix(local, W) & (2 * at->room - 1);; i = (i + 1) & (2 * at->room - 1))
		if (!at->slots[i] || !memcmp(at->locals + (at->slots[i] - 1) * (u64)W, local, W * 8))
			return at->slots + i;
}

/* Makes room for twice as many local states of place p, in all that is by its numbers. */
static int widen_place(struct search *s, int p, const int W)
{
	struct numbers *n = s->numbers;
	struct place *at = n->place + p;
	u64 local[MOST_WORDS];
	int failed = at->room < MOST_LOCALS ? DONE : GIVEN_UP;
	for (int t = 0; !failed && t < n->tables; t++)
		failed = widen_table(n, n->steps + t, p);
	if (failed)
		return failed;
	u64 *locals = realloc(at->locals, 2 * at->room * (u64)W * sizeof(u64));
	if (!locals)
		return NO_MEMORY;
	at->locals = locals;
	u32 *slots = calloc(4 * (u64)at->room, sizeof(u32));
	if (!slots)
		return NO_MEMORY;
	free(at->slots);
	at->slots = slots;
	at->room *= 2;
	for (u32 k = 0; k < at->count; k++)
		*local_slot(s, p, at->locals + k * (u64)W, local, W) = k + 1;
	return DONE;
}

/* Puts the number of the local state of place p in `state` into its key. */
static int put_local(struct search *s, int p, const u64 *state, u64 *key, const int W)
{
	struct place *at = s->numbers->place + p;
	u64 local[MOST_WORDS];
	u32 *slot = local_slot(s, p, state, local, W);
	if (!*slot) {
		int failed = at->count == at->room ? widen_place(s, p, W) : DONE;
		if (!failed && p == s->numbers->places - 1)
			failed = widen_rows(s->numbers);
		if (failed)
			return failed;
		slot = local_slot(s, p, state, local, W);
		memcpy(at->locals + at->count * (u64)W, local, W * sizeof(u64));
		*slot = ++at->count;
	}
	put_number(key, (u32)p, *slot - 1);
	return DONE;
}

/* The key of `state`, given the one of another and where they differ. */
static int put_key(struct search *s, const u64 *before, const u64 *state, u64 *key, const int W)
{
	int failed = DONE;
	for (int p = 0; p < s->numbers->places && !failed; p++)
		if (!before || differ(s->m->place + (u64)p * W, before, state, W))
			failed = put_local(s, p, state, key, W);
	return failed;
}

/* The state of a key. */
static inline void put_state(const struct numbers *n, const u64 *key, u64 *state, const int W)
{
	for (int w = 0; w < W; w++)
		state[w] = 0;
	for (int p = 0; p < n->places; p++)
		for (int w = 0; w < W; w++)
			state[w] |= n->place[p].locals[number_at(key, (u32)p) * (u64)W + w];
}

/* -- rows ---------------------------------------------------------------------------------- */

/* What all states of a row have in common: the key without its last number. */
static inline void row_key(const struct numbers *n, const u64 *key, u64 *common, const int K)
{
	for (int k = 0; k < K; k++)
		common[k] = key[k];
	common[K - 1] &= n->common;
}

/* Numbers are small, so that one multiplication spreads a word of them. */
static inline u64 spread_row(const u64 *common, const int K)
{
	u64 h = 0;
	for (int k = 0; k < K; k++) {
		h = (h ^ common[k]) * 0x9e3779b97f4a7c15u;
		h ^= h >> 32;
	}
	return h;
}

static inline u64 row_hash(const struct numbers *n, const u64 *key, const int K)
{
	u64 common[MOST_PLACES / IN_WORD];
	row_key(n, key, common, K);
	return spread_row(common, K);
}

/* Where the row of a key is or belongs in the slots. */
static inline u32 *row_slot(const struct numbers *n, const u64 *common, u64 hash, const int K)
{
	for (u64 i = hash & n->row_mask;; i = (i + 1) & n->row_mask) {
		u32 *slot = n->row_slots + i;
		if (!*slot)
			return slot;
		const u64 *row = n->rows + (*slot - 1) * (u64)n->row_words;
		u64 other = 0;
		for (int k = 0; k < K; k++)
			other |= row[k] ^ common[k];
		if (!other)
			return slot;
	}
}

/* Makes room for a row more. Rows that few states share are given up. */
static __attribute__((noinline)) int more_rows(struct numbers *n, u64 states)
{
	enum { MANY_ROWS = 1 << 16, FEW_BYTES = 24 };
	u64 bytes = (u64)n->row_words * sizeof(u64);
	if (n->nrows == n->rows_room) {
		u64 *rows = realloc(n->rows, 2 * n->rows_room * bytes);
		if (!rows)
			return NO_MEMORY;
		n->rows = advised(rows, 2 * n->rows_room * bytes);
		memset((char *)n->rows + n->rows_room * bytes, 0, n->rows_room * bytes);
		n->rows_room *= 2;
	}
	if (4 * n->nrows <= n->row_mask)
		return DONE;
	if (n->nrows > MANY_ROWS && n->nrows * bytes > states * FEW_BYTES)
		return GIVEN_UP;
	u64 size = 2 * (n->row_mask + 1);
	u32 *slots = calloc(size, sizeof(u32));
	if (!slots)
		return NO_MEMORY;
	free(n->row_slots);
	n->row_slots = slots;
	n->row_mask = size - 1;
	for (u64 r = 0; r < n->nrows; r++) {
		const u64 *common = n->rows + r * n->row_words;
		*row_slot(n, common, spread_row(common, n->words), n->words) = (u32)r + 1;
	}
	return DONE;
}

/* The word of a row that has the bit of a key, and the bit; the row is made where it is missing. */
static inline __attribute__((always_inline)) int
bit_in_row(struct search *s, const u64 *key, u64 hash, u64 **word, u64 *bit,
			     const int K)
{
	struct numbers *n = s->numbers;
	u64 common[MOST_PLACES / IN_WORD];
	u32 last = (u32)(key[K - 1] >> n->last);
	row_key(n, key, common, K);
	u32 *slot = row_slot(n, common, hash, K);
	if (!*slot) {
		if (n->nrows == n->rows_room || 4 * n->nrows > n->row_mask) {
			int failed = more_rows(n, s->count);
			if (failed)
				return failed;
			slot = row_slot(n, common, hash, K);
		}
		memcpy(n->rows + n->nrows * n->row_words, common, K * sizeof(u64));
		*slot = (u32)++n->nrows;
	}
	*word = n->rows + (*slot - 1) * (u64)n->row_words + K + last / 64;
	*bit = (u64)1 << last % 64;
	return DONE;
}

/* -- what two places decide ---------------------------------------------------------------- */

/* A bit for each place of which something is in `mask`. */
static u32 places_in(const struct search *s, const u64 *mask)
{
	u32 found = 0;
	for (int p = 0; p < s->m->places; p++)
		for (i32 w = 0; w < s->m->words; w++)
			if (s->m->place[(u64)p * s->m->words + w] & mask[w])
				found |= (u32)1 << p;
	return found;
}

/* A bit for each place that an action writes. */
static u32 places_written(const struct search *s, i32 action)
{
	u64 written[MOST_WORDS];
	for (i32 w = 0; w < s->m->words; w++)
		written[w] = ~s->m->keep_mask[(u64)action * s->m->words + w];
	return places_in(s, written);
}

/* Makes a table for two places, or one if the second is negative. */
static int make_table(struct numbers *n, struct table *t, int first, int second)
{
	t->of[0] = first;
	t->of[1] = second;
	memset(t->keep, 0xff, sizeof(t->keep));
	for (int k = 0; k < 2; k++) {
		int p = t->of[k] < 0 ? 0 : t->of[k];
		t->word[k] = p / IN_WORD;
		t->shift[k] = p % IN_WORD * NUMBER_BITS;
		if (t->of[k] >= 0)
			put_number(t->keep, (u32)p, 0);
	}
	t->second = second < 0 ? 0 : MOST_LOCALS - 1;
	while (second >= 0 && n->place[second].room >> t->columns > 1)
		t->columns++;
	t->known = calloc((u64)n->place[first].room << t->columns, sizeof(u32));
	return t->known ? DONE : NO_MEMORY;
}

/* Makes a table for what reads `mask`, if those are no more than two places. */
static int make_table_for(struct search *s, struct table *t, const u64 *mask)
{
	u32 read = places_in(s, mask);
	int first = read ? __builtin_ctz(read) : 0;
	u32 others = read & ~((u32)1 << first);
	if (others & (others - 1))
		return GIVEN_UP;
	return make_table(s->numbers, t, first, others ? __builtin_ctz(others) : -1);
}

/* A bit for each place that a table is about. */
static inline u32 about(const struct table *t)
{
	return (u32)1 << t->of[0] | (t->of[1] < 0 ? 0 : (u32)1 << t->of[1]);
}

/* The place that a piece says something of. */
static inline u32 place_of_piece(const struct table *t) { return (u32)(t->of[1] < 0 ? t->of[0] : t->of[1]); }

/* What a successor comes by; those of a state are sorted by it. */
static inline u32 comes_by(const struct model *m, i32 action, int left)
{
	return (u32)m->rank[action] << ACTION_BITS | (left ? LEFT : 0) | (u32)action;
}

enum { MOST_HELD = 64 }; /* groups with a bit */

/* What the places of check `c` say of groups in `state`: one is enough for a group to hold. */
static u64 holding_in(const struct search *s, i32 c, const u64 *state)
{
	u32 there = about(s->numbers->claims + c);
	u64 holding = 0;
	for (i32 g = 0; g < s->groups && g < MOST_HELD; g++)
		for (i32 k = s->group_at[g]; k < s->group_at[g + 1]; k++)
			if (!(places_in(s, s->masks + (u64)s->group[k] * s->m->words) & ~there) &&
			    value_of(s, s->group[k], state))
				holding |= (u64)1 << g;
	return holding;
}

/* Finds what check `c` and its places say of `state`, as of all states with the same two numbers. */
static __attribute__((noinline)) int
find_verdict(struct search *s, i32 c, const u64 *state, const u64 *key)
{
	struct numbers *n = s->numbers;
	struct verdict found = { broken_in(s, s->checks + c, state), holding_in(s, c, state) };
	u32 k = NOTHING + 1;
	while (k < n->nverdicts && memcmp(n->verdicts + k, &found, sizeof(found)))
		k++;
	if (k == n->nverdicts) {
		struct verdict *all = realloc(n->verdicts, (k + 1) * sizeof(found));
		if (!all)
			return NO_MEMORY;
		n->verdicts = all;
		n->verdicts[n->nverdicts++] = found;
	}
	*known_of(n->claims + c, key, n->words) = k;
	return DONE;
}

/* -- wide actions -------------------------------------------------------------------------- */

/* Divides an action into pieces, each about one place and `common`; whether that is possible. */
static int divide(struct search *s, i32 action, int common, u32 *touched, i32 *tests, i32 *ntests)
{
	const struct model *m = s->m;
	const int W = m->words;
	u32 both = (u32)1 << common;
	*touched = places_in(s, m->guard_mask + (u64)action * W) | places_written(s, action);
	*ntests = 0;
	for (i32 k = m->updates_at[action]; k < m->updates_at[action + 1]; k++) {
		const struct update *u = m->updates + k;
		u64 mask[MOST_WORDS] = { 0 };
		mask[u->word] = (u64)1 << u->shift;
		u32 there = places_in(s, mask);
		if (places_in(s, s->masks + (u64)u->program * W) & ~(there | both))
			return 0;
	}
	for (i32 k = m->tests_at[action]; k < m->tests_at[action + 1]; k++) {
		u32 read = places_in(s, s->masks + (u64)m->tests[k] * W), others = read & ~both;
		if (others & (others - 1))
			tests[(*ntests)++] = m->tests[k];
		else
			*touched |= others ? others : both;
	}
	return 1;
}

/* The bundle that reads most of the places that a wide action's guard pins. */
static i32 host_of(const struct search *s, i32 action)
{
	const struct model *m = s->m;
	u32 pinned = places_in(s, m->guard_mask + (u64)action * m->words);
	i32 best = -1;
	int most = -1;
	for (i32 b = 0; b < m->bundles; b++) {
		u32 there = about(s->numbers->steps + b);
		int bits = 0;
		for (u32 both = there & pinned; both; both &= both - 1)
			bits++;
		if (bits > most) {
			most = bits;
			best = b;
		}
	}
	return best;
}

/* Lists the actions that bundles do not tell enough of: those in none, and those in one that write
 * other places than it reads. */
static void list_far(struct search *s)
{
	struct numbers *n = s->numbers;
	const struct model *m = s->m;
	memcpy(n->far, m->row, (u64)m->others * sizeof(i32));
	n->nfar = m->others;
	for (i32 b = 0; b < m->bundles; b++)
		for (i32 k = m->bundle_at[b]; k < m->bundle_at[b + 1]; k++)
			if (places_written(s, m->bundle[k]) & ~about(n->steps + b))
				n->far[n->nfar++] = m->bundle[k];
}

/* Finds out how each of those is best taken. */
static int make_wide(struct search *s)
{
	struct numbers *n = s->numbers;
	const struct model *m = s->m;
	int behind = m->bundles + s->nchecks;
	list_far(s);
	for (i32 k = 0; k < n->nfar; k++) {
		i32 action = n->far[k], tests = m->tests_at[action + 1] - m->tests_at[action], common = 0;
		struct wide *a = n->wide + action;
		u32 touched = 0;
		a->tests = malloc(((u64)tests + 1) * sizeof(i32));
		if (!a->tests)
			return NO_MEMORY;
		while (common < n->places && !divide(s, action, common, &touched, a->tests, &a->ntests))
			common++;
		a->host = common < n->places ? host_of(s, action) : -1;
		if (a->host < 0) {
			n->alone[n->nalone++] = action;
			continue;
		}
		a->first = n->tables - behind;
		u32 hosted = about(n->steps + a->host);
		for (int p = 0; p < 2 * n->places; p++) { /* at first those outside */
			int q = p % n->places, inside = !(((u32)1 << q | (u32)1 << common) & ~hosted);
			struct table *t = n->steps + n->tables;
			if (!(touched >> q & 1) || inside != (p >= n->places))
				continue;
			if (q == common ? make_table(n, t, q, -1) : make_table(n, t, common, q))
				return NO_MEMORY;
			a->pieces++;
			a->outside += !inside;
			n->tables++;
		}
	}
	return DONE;
}

/* Finds what becomes of a piece's place, for all states with the same two numbers. */
static __attribute__((noinline)) int
find_piece(struct search *s, i32 action, const struct table *t, const u64 *state, const u64 *key,
	   const int W)
{
	struct numbers *n = s->numbers;
	const struct model *m = s->m;
	const int p = (int)place_of_piece(t);
	const u64 *here = m->place + (u64)p * W;
	u32 both = (u32)1 << t->of[0], mine = (u32)1 << p, known = NUMBERED;
	u64 after[MOST_WORDS], to[MOST_PLACES / IN_WORD];
	for (int w = 0; w < W; w++) {
		u64 at = (u64)action * W + w;
		if ((state[w] ^ m->guard_value[at]) & m->guard_mask[at] & here[w])
			known = IMPOSSIBLE;
		after[w] = (state[w] & m->keep_mask[at]) | m->set_value[at];
	}
	for (i32 k = m->tests_at[action]; k < m->tests_at[action + 1]; k++) {
		u32 read = places_in(s, s->masks + (u64)m->tests[k] * W), others = read & ~both;
		if ((others ? others : both) == mine && !value_of(s, m->tests[k], state))
			known = IMPOSSIBLE;
	}
	for (i32 k = m->updates_at[action]; k < m->updates_at[action + 1] && known == NUMBERED; k++) {
		const struct update *u = m->updates + k;
		if (!(here[u->word] >> u->shift & 1))
			continue;
		i32 stored = value_of(s, u->program, state) - u->base;
		if (u->valid >= 0 && (stored < 0 || (u64)stored >> u->bits ||
				      !(m->valid[u->valid + (stored >> 6)] >> (stored & 63) & 1)))
			known = BY_ITSELF;
		else
			after[u->word] |= (u64)stored << u->shift;
	}
	if (known == NUMBERED) {
		memcpy(to, key, n->words * sizeof(u64));
		int failed = put_local(s, p, after, to, W);
		if (failed)
			return failed;
		known += number_at(to, (u32)p);
	}
	*known_of(t, key, n->words) = known;
	return DONE;
}

/* Asks the pieces of a wide action that are about its host's places, and puts what they make of
 * those into a key. Returns IMPOSSIBLE or BY_ITSELF, if one says so, or else NUMBERED; less than 0
 * is a failure. */
static int ask_pieces(struct search *s, i32 action, const u64 *state, const u64 *key, u64 *to,
		      const int W, const int K)
{
	struct numbers *n = s->numbers;
	const struct wide *a = n->wide + action;
	u32 all = NUMBERED;
	for (int i = a->outside; i < a->pieces && all != IMPOSSIBLE; i++) {
		const struct table *t = n->pieces + a->first + i;
		int failed = *known_of(t, key, K) ? DONE : find_piece(s, action, t, state, key, W);
		if (failed)
			return -failed;
		u32 known = *known_of(t, key, K);
		if (known < all)
			all = known;
		if (known >= NUMBERED)
			put_number(to, place_of_piece(t), known - NUMBERED);
	}
	return (int)all;
}

/* Adds a step to those of a bundle that are being found. */
static void put_change(struct numbers *n, const struct table *t, u32 by, const u64 *to, const int K)
{
	u64 *change = n->changes + n->nchanges;
	change[0] = by;
	for (int w = 0; w < K; w++)
		change[1 + w] = to[w] & ~t->keep[w];
	n->nchanges += (u64)K + 1;
}

/* Finds the steps of bundle `b` from `state`, for all states with the same two numbers. */
static __attribute__((noinline)) int
find_steps(struct search *s, i32 b, const u64 *state, const u64 *key, const int W, const int K)
{
	struct numbers *n = s->numbers;
	const struct model *m = s->m;
	struct table *t = n->steps + b;
	const u64 head = 1 + (u64)n->ranks, each = 1 + (u64)K, first = n->nchanges;
	u64 most = first + head + each * (u64)m->actions, plain = 0, others = 0;
	if (most > UINT32_MAX)
		return GIVEN_UP;
	if (most > n->changes_room) {
		u64 *changes = realloc(n->changes, 2 * most * sizeof(u64));
		if (!changes)
			return NO_MEMORY;
		n->changes = changes;
		n->changes_room = 2 * most;
	}
	memset(n->changes + first, 0, head * sizeof(u64));
	n->nchanges += head;
	for (i32 k = m->bundle_at[b]; k < m->bundle_at[b + 1]; k++) {
		i32 action = m->bundle[k];
		u64 after[MOST_WORDS], to[MOST_PLACES / IN_WORD];
		if (places_written(s, action) & ~about(t) || take(s, state, action, after, W) <= 0)
			continue;
		memcpy(to, key, (u64)K * sizeof(u64));
		for (int i = 0; i < 2; i++) {
			int failed = t->of[i] < 0 ? DONE : put_local(s, t->of[i], after, to, W);
			if (failed)
				return failed;
		}
		n->changes[first + 1 + (u64)m->rank[action] / 64] |= (u64)1 << m->rank[action] % 64;
		put_change(n, t, comes_by(m, action, 0), to, K);
		plain++;
	}
	for (i32 k = m->bundle_at[b]; k < m->bundle_at[b + 1]; k++) {
		i32 action = m->bundle[k];
		u64 after[MOST_WORDS];
		if (places_written(s, action) & ~about(t) || take(s, state, action, after, W) >= 0)
			continue;
		put_change(n, t, comes_by(m, action, 1), key, K);
		others++;
	}
	for (i32 k = 0; k < n->nfar; k++) {
		i32 action = n->far[k];
		u64 to[MOST_PLACES / IN_WORD];
		if (n->wide[action].host != b)
			continue;
		memcpy(to, key, (u64)K * sizeof(u64));
		int known = ask_pieces(s, action, state, key, to, W, K);
		if (known < 0)
			return -known;
		if (known == IMPOSSIBLE)
			continue;
		put_change(n, t, comes_by(m, action, known == BY_ITSELF), to, K);
		others++;
	}
	n->changes[first] = plain | others << 32;
	*known_of(t, key, K) = (u32)first;
	return DONE;
}

/* -- the search ---------------------------------------------------------------------------- */

/* Whether a search may go by numbers: what it finds out is then the same. */
static int goes_by_numbers(const struct search *s)
{
	const struct model *m = s->m;
	return !s->gave_up && m->bundles && !s->keep_edges && !m->slots && !m->folds && !s->stages &&
	       m->places <= MOST_PLACES && m->actions < MOST_RANKS;
}

static int make_numbers(struct search *s)
{
	const struct model *m = s->m;
	struct numbers *n = s->numbers = calloc(1, sizeof(*n));
	if (!n)
		return NO_MEMORY;
	u64 actions = (u64)m->actions + 1, successors = actions * BATCH;
	int failed = 0;
	n->ranks = m->actions <= 128 ? 2 : m->actions / 64 + 1;
	n->places = m->places;
	n->words = (m->places + IN_WORD - 1) / IN_WORD;
	n->last = (m->places - 1) % IN_WORD * NUMBER_BITS;
	n->common = ((u64)1 << n->last) - 1;
	for (int p = 0; p < n->places; p++) {
		struct place *at = n->place + p;
		at->room = FIRST_LOCALS;
		at->locals = malloc(FIRST_LOCALS * (u64)m->words * sizeof(u64));
		at->slots = calloc(2 * FIRST_LOCALS, sizeof(u32));
		failed |= !at->locals || !at->slots;
	}
	n->tables = m->bundles + s->nchecks;
	n->steps = calloc((u64)n->tables + (u64)m->actions * n->places + 1, sizeof(*n->steps));
	n->claims = n->steps + m->bundles;
	n->pieces = n->claims + s->nchecks;
	n->wide = calloc((u64)m->actions + 1, sizeof(*n->wide));
	n->nverdicts = NOTHING + 1;
	n->nchanges = NOTHING + 1;
	n->verdicts = malloc(sizeof(*n->verdicts));
	n->rows_room = 1024;
	n->row_mask = 2 * n->rows_room - 1;
	n->row_slots = calloc(2 * n->rows_room, sizeof(u32));
	for (n->row_words = 2; n->row_words <= n->words;)
		n->row_words *= 2;
	n->rows = calloc(n->rows_room, (u64)n->row_words * sizeof(u64));
	n->far = malloc(actions * sizeof(i32));
	n->alone = malloc(actions * sizeof(i32));
	n->found = malloc(actions * n->words * sizeof(u64));
	n->taken = calloc(2 * (u64)n->ranks, sizeof(u64));
	n->leaves = n->taken + n->ranks;
	n->found_by = malloc(actions * sizeof(u32));
	n->with_rank = malloc((u64)n->ranks * 64 * sizeof(u16));
	n->repeats = s->repeats ? calloc(actions * n->ranks, sizeof(u64)) : NULL;
	n->after = malloc(successors * n->words * sizeof(u64));
	n->hash = malloc(successors * sizeof(u64));
	n->by = malloc(successors * sizeof(u32));
	if (failed || !n->steps || !n->wide || !n->verdicts || !n->row_slots ||
	    !n->rows || !n->after || !n->hash || !n->by || !n->far || !n->alone || !n->found || !n->taken ||
	    !n->found_by || !n->with_rank || (s->repeats && !n->repeats))
		return NO_MEMORY;
	for (u64 by = 0; s->repeats && by < actions; by++)
		for (i32 a = 0; a < m->actions; a++)
			if (s->repeats[by * m->actions + a])
				n->repeats[by * n->ranks + m->rank[a] / 64] |= (u64)1 << m->rank[a] % 64;
	for (int k = 0; k < n->tables && !failed; k++) {
		i32 c = k - m->bundles;
		struct table *t = n->steps + k;
		failed = make_table_for(s, t, c < 0 ? s->bundles[k].steps.mask : s->checks[c].answers.mask);
	}
	return failed ? failed : make_wide(s);
}

/* Makes room for the keys of all states that there is room for. */
static int more_keys(struct search *s)
{
	struct numbers *n = s->numbers;
	if (n->keys_room >= s->room)
		return DONE;
	u64 size = s->room * (u64)n->words * sizeof(u64), *keys = realloc(n->keys, size);
	if (!keys)
		return NO_MEMORY;
	n->keys = advised(keys, size);
	n->keys_room = s->room;
	return DONE;
}

/* Gives the states that were found before it a key and a bit. */
static int take_over(struct search *s, const int W)
{
	struct numbers *n = s->numbers;
	int failed = more_keys(s);
	for (; n->count < s->count && !failed; n->count++) {
		u64 *key = n->keys + n->count * n->words, *word, bit;
		memset(key, 0, n->words * sizeof(u64));
		failed = put_key(s, NULL, s->states + n->count * W, key, W);
		if (!failed)
			failed = bit_in_row(s, key, row_hash(n, key, n->words), &word, &bit, n->words);
		if (!failed)
			*word |= bit;
	}
	return failed;
}

/* As look_at, by numbers. */
static inline __attribute__((always_inline)) int
look_by_numbers(struct search *s, const u64 *before, u64 j, const int W, const int K)
{
	struct numbers *n = s->numbers;
	const u64 *key = n->keys + j * K, *state = s->states + j * W;
	u64 holding = 0;
	for (i32 c = 0; c < s->nchecks; c++) {
		u32 *known = known_of(n->claims + c, key, K);
		if (*known == NOTHING && find_verdict(s, c, state, key))
			return NO_MEMORY;
		const struct verdict *found = n->verdicts + *known;
		holding |= found->holding;
		if (found->broken && tell(s, s->checks + c, found->broken, state, j))
			return NO_MEMORY;
	}
	for (i32 g = 0; g < s->groups; g++)
		if (g >= MOST_HELD || !(holding >> g & 1))
			if (look_at_group(s, g, before, state, j, W))
				return NO_MEMORY;
	return DONE;
}

/* Puts a successor behind the `k` that were found before it. */
static inline __attribute__((always_inline)) void
put_found(struct numbers *n, int k, const u64 *key, u32 by, const int K)
{
	for (int w = 0; w < K; w++)
		n->found[k * K + w] = key[w];
	n->found_by[k] = by;
	n->with_rank[by >> ACTION_BITS] = (u16)k;
}

/* Adds a step that is not plain to those found. */
static inline __attribute__((always_inline)) void
add_found(struct numbers *n, const u64 *key, u32 by, const int K)
{
	u32 rank = by >> ACTION_BITS;
	put_found(n, n->nfound++, key, by, K);
	n->taken[rank / 64] |= (u64)1 << rank % 64;
	if (by & LEFT)
		n->leaves[rank / 64] |= (u64)1 << rank % 64;
}

/* Takes `action`, as a step by itself, from `state` and adds what comes of it. */
static __attribute__((noinline)) int
take_by_itself(struct search *s, const u64 *state, const u64 *key, i32 action, const int W)
{
	struct numbers *n = s->numbers;
	u64 after[MOST_WORDS], to[MOST_PLACES / IN_WORD];
	int taken = take(s, state, action, after, W), failed = DONE;
	if (!taken)
		return DONE;
	memcpy(to, key, n->words * sizeof(u64));
	if (taken > 0)
		failed = put_key(s, state, after, to, W);
	add_found(n, to, comes_by(s->m, action, taken < 0), n->words);
	return failed;
}

/* Takes a wide action in the same way, by its pieces; in `to` is what becomes of its host's places. */
static inline __attribute__((always_inline)) int
take_wide(struct search *s, const u64 *state, const u64 *key, u32 by, u64 *to, const int W, const int K)
{
	struct numbers *n = s->numbers;
	const struct wide *a = n->wide + (by & (LEFT - 1));
	if (by & LEFT) /* or may leave */
		return take_by_itself(s, state, key, by & (LEFT - 1), W);
	for (int i = 0; i < a->outside; i++) {
		const struct table *t = n->pieces + a->first + i;
		u32 known = *known_of(t, key, K);
		if (known == NOTHING) {
			int failed = find_piece(s, by & (LEFT - 1), t, state, key, W);
			if (failed)
				return failed;
			known = *known_of(t, key, K);
		}
		if (known == IMPOSSIBLE)
			return DONE;
		if (known == BY_ITSELF)
			return take_by_itself(s, state, key, by & (LEFT - 1), W);
		put_number(to, place_of_piece(t), known - NUMBERED);
	}
	for (i32 i = 0; i < a->ntests; i++)
		if (!value_of(s, a->tests[i], state))
			return DONE;
	add_found(n, to, by, K);
	return DONE;
}

/* Finds all successors of a state. */
static inline __attribute__((always_inline)) int
find_successors(struct search *s, const u64 *state, const u64 *key, const int W, const int K,
		const int R)
{
	struct numbers *n = s->numbers;
	int failed = DONE;
	for (i32 k = 0; k < n->nalone && !failed; k++)
		failed = take_by_itself(s, state, key, n->alone[k], W);
	for (i32 b = 0; b < s->m->bundles && !failed; b++) {
		const struct table *t = n->steps + b;
		if (*known_of(t, key, K) == NOTHING && (failed = find_steps(s, b, state, key, W, K)))
			break;
		const u64 *change = n->changes + *known_of(t, key, K);
		u32 plain = (u32)change[0], others = (u32)(change[0] >> 32);
		u64 to[MOST_PLACES / IN_WORD];
		int k = n->nfound;
		for (int r = 0; r < R; r++)
			n->taken[r] |= change[1 + r];
		for (change += 1 + R; plain; plain--, change += 1 + K) {
			for (int w = 0; w < K; w++)
				to[w] = (key[w] & t->keep[w]) | change[1 + w];
			put_found(n, k++, to, (u32)change[0], K);
		}
		n->nfound = k;
		for (; others && !failed; others--, change += 1 + K) {
			for (int w = 0; w < K; w++)
				to[w] = (key[w] & t->keep[w]) | change[1 + w];
			failed = take_wide(s, state, key, (u32)change[0], to, W, K);
		}
	}
	return failed;
}

/* Puts the successors of state `i` behind the `k` first ones of the batch, by rank. What repeats
 * an earlier step is left out, and counted. Returns how many there are then. */
static inline __attribute__((always_inline)) int
put_successors(struct search *s, u64 i, int k, int *repeated, const int K, const int R)
{
	struct numbers *n = s->numbers;
	const u64 *repeats = n->repeats ? n->repeats + (u64)s->came[i] * R : NULL;
	int first = k;
	for (int r = 0; r < R; r++) {
		u64 left = n->taken[r];
		if (repeats)
			left &= ~repeats[r] | n->leaves[r];
		for (; left; left &= left - 1, k++) {
			int one = n->with_rank[r * 64 + __builtin_ctzll(left)];
			u64 *after = n->after + (u64)k * K;
			for (int w = 0; w < K; w++)
				after[w] = n->found[one * K + w];
			n->by[k] = n->found_by[one];
			n->hash[k] = row_hash(n, after, K);
			__builtin_prefetch(n->row_slots + (n->hash[k] & n->row_mask));
		}
		n->taken[r] = n->leaves[r] = 0;
	}
	*repeated = n->nfound - (k - first);
	n->nfound = 0;
	return k;
}

/* Stores state `j`, which is new, by its key; it was found by `action` from state `next`. */
static inline __attribute__((always_inline)) int
store(struct search *s, const u64 *key, u32 action, const int W, const int K)
{
	struct numbers *n = s->numbers;
	u64 j = s->count;
	for (int k = 0; k < K; k++)
		n->keys[j * K + k] = key[k];
	put_state(n, key, s->states + j * W, W);
	if (s->came)
		s->came[j] = (u16)action;
	n->count = ++s->count;
	if (s->nawaited)
		await(s, s->states + j * W);
	return look_by_numbers(s, s->states + s->next * W, j, W, K);
}

/* As settle, by numbers. */
static inline __attribute__((always_inline)) int
settle_numbers(struct search *s, int first, int found, int repeated, const int W, const int K)
{
	struct numbers *n = s->numbers;
	int failed = DONE;
	for (int k = first; k < first + found && !failed; k++) {
		u32 action = n->by[k] & (LEFT - 1);
		u64 *word, bit;
		s->fired[action] = 1;
		if (n->by[k] & LEFT) {
			if (s->left_action < 0)
				s->left_action = (i32)action;
			if (s->open[s->nclaims])
				failed = note(s, s->nclaims, s->next);
			continue;
		}
		failed = bit_in_row(s, n->after + (u64)k * K, n->hash[k], &word, &bit, K);
		if (failed || *word & bit)
			continue;
		if (s->count == s->most)
			return FULL;
		if (s->count == s->room && (make_room(s, s->room * 2) || more_keys(s)))
			return NO_MEMORY;
		*word |= bit;
		failed = store(s, n->after + (u64)k * K, action, W, K);
	}
	if (!found && !repeated && !failed && s->open[s->nclaims + 1])
		failed = note(s, s->nclaims + 1, s->next);
	if (failed)
		return failed;
	s->transitions += (u64)(found + repeated);
	s->next++;
	return DONE;
}

/* The bytes that all of it takes. */
static u64 size_of_numbers(const struct search *s)
{
	const struct numbers *n = s->numbers;
	u64 size = n->keys_room * n->words * sizeof(u64) + (n->row_mask + 1) * sizeof(u32) +
		   n->rows_room * n->row_words * sizeof(u64) + n->changes_room * sizeof(u64);
	for (int k = 0; k < n->tables; k++)
		size += ((u64)n->place[n->steps[k].of[0]].room << n->steps[k].columns) * sizeof(u32);
	return size;
}

/* As expand_as, by numbers. */
static inline __attribute__((always_inline)) int
expand_by_numbers(struct search *s, u64 upto, const int W, const int K, const int R)
{
	struct numbers *n = s->numbers;
	int failed = take_over(s, W);
	see_what_is_open(s);
	while (!failed && s->next < upto) {
		int of[BATCH], repeated[BATCH], total = 0, states = 0;
		for (; states < BATCH && s->next + states < upto; states++) {
			u64 i = s->next + states;
			int first = total;
			failed = find_successors(s, s->states + i * W, n->keys + i * K, W, K, R);
			if (failed)
				return failed;
			total = put_successors(s, i, total, repeated + states, K, R);
			of[states] = total - first;
		}
		for (int k = 0; k < total; k++) { /* the rows that the slots point to, if they do */
			u32 slot = n->row_slots[n->hash[k] & n->row_mask];
			__builtin_prefetch(n->rows + (slot - 1) * (u64)n->row_words);
		}
		for (int i = 0, first = 0; i < states && !failed; first += of[i++])
			failed = settle_numbers(s, first, of[i], repeated[i], W, K);
	}
	return failed;
}
