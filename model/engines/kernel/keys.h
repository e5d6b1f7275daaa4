/* Keys: the numbers of local states that a state is made of. */

static inline u32 number_at(const u64 *key, int p, const int K)
{
	u32 at = (u32)p, word = K == 1 ? 0 : at / IN_WORD;
	return (u32)(key[word] >> (K == 1 ? at : at % IN_WORD) * NUMBER_BITS & (MOST_LOCALS - 1));
}

static inline void put_number(u64 *key, int p, u32 number, const int K)
{
	u32 at = (u32)p, word = K == 1 ? 0 : at / IN_WORD;
	u32 shift = (K == 1 ? at : at % IN_WORD) * NUMBER_BITS;
	key[word] = (key[word] & ~((u64)(MOST_LOCALS - 1) << shift)) | (u64)number << shift;
}

static inline struct entity *locals_of(struct numbers *n, int p) { return n->entity + n->like[p]; }

/* Where a table says what is known of a key. */
static inline u32 *known_of(const struct table *t, const u64 *key, const int K)
{
	u64 first = key[K == 1 ? 0 : t->word[0]], second = key[K == 1 ? 0 : t->word[1]];
	return t->known + ((first >> t->shift[0] & (MOST_LOCALS - 1)) << t->columns |
			   (second >> t->shift[1] & t->second));
}

/* Whether the first or the second entity of a table has the numbers of entity p. */
static inline int is_about(const struct numbers *n, const struct table *t, int which, int p)
{
	return t->of[which] >= 0 && n->like[t->of[which]] == p;
}

/* Makes room in a table for twice as many local states of entity p, before that has it itself. */
static int widen_table(struct numbers *n, struct table *t, int p)
{
	u64 rows = locals_of(n, t->of[0])->room;
	u64 columns = t->of[1] < 0 ? 1 : locals_of(n, t->of[1])->room;
	int down = is_about(n, t, 0, p), across = is_about(n, t, 1, p);
	if (!down && !across)
		return DONE;
	u32 *known = calloc(rows << down << across, columns * sizeof(u32));
	if (!known)
		return NO_MEMORY;
	u64 wide = columns << across;
	for (u64 r = 0; r < rows; r++)
		memcpy(known + r * wide, t->known + r * columns, columns * sizeof(u32));
	free(t->known);
	t->known = known;
	t->columns += across;
	return DONE;
}

/* Whether rows of so many words are shared by states enough, or are few. */
static int rows_pay(const struct numbers *n, int words)
{
	enum { FEW = 1 << 22, A_STATE = 24 }; /* bytes */
	u64 bytes = n->nrows * (u64)words * sizeof(u64);
	return bytes <= FEW || bytes <= n->count * A_STATE;
}

/* Makes rows wide enough for one local state of the last entity more. */
static int widen_rows(struct numbers *n)
{
	int wide = 2 * n->row_words;
	if ((u64)(n->row_words - n->words) * 64 > n->entity[n->entities - 1].count)
		return DONE;
	if (!rows_pay(n, wide))
		return GIVEN_UP;
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

/* Where a local state stands in the slots of its entity, or belongs. */
static inline u32 *slot_of_local(const struct entity *at, const u64 *local, const int W)
{
	for (u64 i = mix(local, W) & (2 * at->room - 1);; i = (i + 1) & (2 * at->room - 1))
		if (!at->slots[i] || !memcmp(at->locals + (at->slots[i] - 1) * (u64)W, local, W * 8))
			return at->slots + i;
}

/* The same for the local state of entity p in `state`. */
static inline u32 *local_slot(const struct search *s, int p, const u64 *state, u64 *local,
			      const int W)
{
	const struct slot *part = s->numbers->part[p];
	const u64 *mask = s->m->entity + (u64)p * W;
	for (int w = 0; w < W; w++)
		local[w] = part ? 0 : state[w] & mask[w];
	if (part)
		local[0] = part_of(part, state);
	return slot_of_local(locals_of(s->numbers, p), local, W);
}

/* Makes room for what stands for twice as many local states. */
static int widen_standing(u32 **standing, u32 room)
{
	u32 *wide = realloc(*standing, 2 * (u64)room * sizeof(u32));
	if (!wide)
		return NO_MEMORY;
	memset(wide + room, 0, room * sizeof(u32));
	*standing = wide;
	return DONE;
}

/* Makes room for twice as many local states of entity p, in all that is by its numbers. */
static int widen_entity(struct search *s, int p, const int W)
{
	struct numbers *n = s->numbers;
	struct entity *at = n->entity + p;
	u64 all = 0;
	for (int k = 0; k < n->tables; k++) {
		const struct table *t = n->steps + k;
		u64 size = (u64)locals_of(n, t->of[0])->room << t->columns;
		all += size << is_about(n, t, 0, p) << is_about(n, t, 1, p);
	}
	int failed = at->room < MOST_LOCALS && all <= MOST_KNOWN ? DONE : GIVEN_UP;
	for (int q = 0; !failed && q < n->entities; q++)
		if (n->like[q] == p && n->standing[q])
			failed = widen_standing(n->standing + q, at->room);
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
		*slot_of_local(at, at->locals + k * (u64)W, W) = k + 1;
	return DONE;
}

/* Puts the number of the local state of entity p in `state` into its key. */
static int put_local(struct search *s, int p, const u64 *state, u64 *key, const int W)
{
	struct entity *at = locals_of(s->numbers, p);
	u64 local[MOST_WORDS];
	u32 *slot = local_slot(s, p, state, local, W);
	if (!*slot) {
		int failed = at->count == at->room ? widen_entity(s, s->numbers->like[p], W) : DONE;
		if (!failed && s->numbers->in_rows && p == s->numbers->entities - 1)
			failed = widen_rows(s->numbers);
		if (failed)
			return failed;
		slot = local_slot(s, p, state, local, W);
		memcpy(at->locals + at->count * (u64)W, local, W * sizeof(u64));
		*slot = ++at->count;
	}
	put_number(key, p, *slot - 1, s->numbers->words);
	return DONE;
}

/* The key of `state`, given the one of another and where they differ. */
static int put_key(struct search *s, const u64 *before, const u64 *state, u64 *key, const int W)
{
	int failed = DONE;
	for (int p = 0; p < s->numbers->entities && !failed; p++)
		if (!before || differ(s->m->entity + (u64)p * W, before, state, W))
			failed = put_local(s, p, state, key, W);
	return failed;
}

/* Adds to `state` what entity p has in its local state of that number. */
static inline __attribute__((always_inline)) void
put_in_state(const struct numbers *n, int p, u32 number, u64 *state, const int W)
{
	const u64 *local = n->entity[n->like[p]].locals + number * (u64)W;
	const struct slot *part = n->part[p];
	for (int w = 0; !part && w < W; w++)
		state[w] |= local[w];
	if (part)
		state[part->word] |= local[0] << part->shift;
}

/* The state of a key. */
static inline __attribute__((always_inline)) void
put_state(const struct numbers *n, const u64 *key, u64 *state, const int W, const int K)
{
	for (int w = 0; w < W; w++)
		state[w] = 0;
	for (int p = 0; p < n->entities; p++)
		put_in_state(n, p, number_at(key, p, K), state, W);
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
