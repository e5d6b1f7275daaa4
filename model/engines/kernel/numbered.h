/* The search by numbers. */

/* Whether a search may have states in rows. */
static int goes_in_rows(const struct search *s)
{
	return !s->keep_edges && !s->m->slots && !s->m->folds && !s->stages;
}

/* Whether it may go by numbers: what it finds out is then the same. */
static int goes_by_numbers(const struct search *s)
{
	const struct model *m = s->m;
	return !s->gave_up && m->bundles && m->entities <= MOST_ENTITIES && m->actions < MOST_RANKS &&
	       (goes_in_rows(s) || !s->nawaited);
}

/* The entity whose bits are just these; -1: there is none. */
static int entity_at(const struct search *s, i32 word, i32 shift, i32 bits)
{
	const int W = s->m->words;
	for (int p = 0; p < s->m->entities; p++) {
		u64 other = 0;
		for (i32 w = 0; w < W; w++)
			other |= s->m->entity[p * W + w] ^ (w == word ? ~(u64)0 >> (64 - bits) << shift : 0);
		if (!other)
			return p;
	}
	return -1;
}

/* Finds the entities that are interchangeable, and those that are folded. */
static int find_parts(struct search *s)
{
	const struct model *m = s->m;
	struct numbers *n = s->numbers;
	for (int p = 0; p < n->entities; p++) {
		n->like[p] = p;
		n->fold[p] = -1;
		if (!(n->standing[p] = calloc(FIRST_LOCALS, sizeof(u32))))
			return NO_MEMORY;
	}
	for (i32 k = 0, first = 0; k < m->slots; k++) {
		const struct slot *at = m->slot + k;
		int p = entity_at(s, at->word, at->shift, at->bits);
		if (p < 0)
			return GIVEN_UP;
		if (m->slot[first].block != at->block)
			first = k;
		n->part[p] = at;
		n->of_slot[k] = p;
		n->begins[k] = first;
		for (i32 j = first; j <= k; j++)
			n->ends_with[j] = k;
		n->like[p] = n->of_slot[first];
	}
	for (i32 k = 0; k < m->slots; k++)
		for (i32 j = 0; j < m->slots; j++) {
			u8 to[MOST_SLOTS];
			for (i32 i = 0; i < m->slots; i++)
				to[i] = (u8)(i == k ? j : i > k && i <= j ? i - 1 : i < k && i >= j ? i + 1 : i);
			n->ranks_of[k][j] = (u8)rank_of(m, to);
		}
	for (i32 k = 0; k < m->folds; k++) {
		int p = entity_at(s, m->fold[k].word, m->fold[k].shift, m->fold[k].bits);
		if (p < 0)
			return GIVEN_UP;
		n->fold[p] = k;
	}
	return DONE;
}

static int make_numbers(struct search *s, int in_rows)
{
	const struct model *m = s->m;
	struct numbers *n = s->numbers = calloc(1, sizeof(*n));
	if (!n)
		return NO_MEMORY;
	u64 actions = (u64)m->actions + 1, successors = actions * BATCH * (u64)m->forks;
	int failed = 0;
	n->in_rows = in_rows;
	n->ranks = m->actions <= 128 ? 2 : m->actions / 64 + 1;
	n->entities = m->entities;
	n->words = (m->entities + IN_WORD - 1) / IN_WORD;
	n->last = (m->entities - 1) % IN_WORD * NUMBER_BITS;
	n->common = ((u64)1 << n->last) - 1;
	n->stage = s->stages ? stage_of(s, s->next) : 0;
	for (int p = 0; p < n->entities; p++) {
		struct entity *at = n->entity + p;
		at->room = FIRST_LOCALS;
		at->locals = malloc(FIRST_LOCALS * (u64)m->words * sizeof(u64));
		at->slots = calloc(2 * FIRST_LOCALS, sizeof(u32));
		failed |= !at->locals || !at->slots;
	}
	n->tables = m->bundles + s->nchecks;
	n->steps = calloc((u64)n->tables + (u64)m->actions * n->entities + 1, sizeof(*n->steps));
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
	n->found_by = malloc(actions * sizeof(u64));
	n->with_rank = malloc((u64)n->ranks * 64 * sizeof(u16));
	n->repeats = s->repeats ? calloc(actions * n->ranks, sizeof(u64)) : NULL;
	n->forking = malloc(actions * sizeof(u32));
	n->ends = calloc((u64)m->ends_at[m->ways] + 1, sizeof(u32));
	n->after = malloc(successors * n->words * sizeof(u64));
	n->hash = malloc(successors * sizeof(u64));
	n->by = malloc(successors * sizeof(u32));
	if (failed || !n->steps || !n->wide || !n->verdicts || !n->row_slots || !n->rows || !n->after ||
	    !n->hash || !n->by || !n->far || !n->alone || !n->found || !n->taken || !n->found_by ||
	    !n->with_rank || !n->forking || !n->ends || (s->repeats && !n->repeats))
		return NO_MEMORY;
	failed = find_parts(s);
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

/* Gives the states that were found before it a key and a bit. */
static int take_over(struct search *s, const int W)
{
	struct numbers *n = s->numbers;
	int failed = more_keys(s);
	for (; n->count < s->count && !failed; n->count++) {
		u64 *key = n->keys + n->count * n->words, *word, bit;
		memset(key, 0, n->words * sizeof(u64));
		failed = put_key(s, NULL, s->states + n->count * W, key, W);
		if (!failed && n->in_rows)
			failed = bit_in_row(s, key, row_hash(n, key, n->words), &word, &bit, n->words);
		if (!failed && n->in_rows)
			*word |= bit;
	}
	return failed;
}

/* Puts a successor behind the `k` that were found before it. */
static inline __attribute__((always_inline)) void
put_found(struct numbers *n, int k, const u64 *key, u64 by, const int K)
{
	for (int w = 0; w < K; w++)
		n->found[k * K + w] = key[w];
	n->found_by[k] = by;
	n->with_rank[(u32)by >> ACTION_BITS] = (u16)k;
}

/* Adds a step that is not plain to those found. */
static inline __attribute__((always_inline)) void
add_found(struct numbers *n, const u64 *key, u32 by, const int K)
{
	u32 rank = by >> ACTION_BITS;
	put_found(n, n->nfound++, key, by | (u64)(RAW | SEVERAL << PART) << HOW, K);
	n->taken[rank / 64] |= (u64)1 << rank % 64;
	if (by & LEFT)
		n->leaves[rank / 64] |= (u64)1 << rank % 64;
}

/* Takes `action`, as a step by itself, from `state` and adds what comes of it. */
static __attribute__((noinline)) int
take_by_itself(struct search *s, const u64 *state, const u64 *key, i32 action, const int W)
{
	struct numbers *n = s->numbers;
	u64 after[MOST_WORDS], to[MOST_ENTITIES / IN_WORD];
	int taken = take(s, state, action, after, W), failed = DONE;
	if (!taken)
		return DONE;
	memcpy(to, key, n->words * sizeof(u64));
	if (taken > 0)
		failed = put_key(s, state, after, to, W);
	add_found(n, to, comes_by(s->m, action, taken < 0), n->words);
	return failed;
}

/* Takes a wide action in the same way, by its pieces; in `to` is what becomes of those that its
 * host is about. */
static inline __attribute__((always_inline)) int
take_wide(struct search *s, const u64 *state, const u64 *key, u32 by, u64 *to, const int W,
	  const int K)
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
		put_number(to, entity_of_piece(t), known - NUMBERED, K);
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
		u64 to[MOST_ENTITIES / IN_WORD];
		int k = n->nfound;
		for (int r = 0; r < R; r++)
			n->taken[r] |= change[1 + r];
		for (change += 1 + R; plain; plain--, change += 1 + K) {
			for (int w = 0; w < K; w++)
				to[w] = (key[w] & t->keep[w]) | change[1 + w];
			put_found(n, k++, to, change[0], K);
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
			n->by[k] = (u32)n->found_by[one];
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
	put_state(n, key, s->states + j * W, W, K);
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

/* The bytes that all of it takes. */
static u64 size_of_numbers(const struct search *s)
{
	const struct numbers *n = s->numbers;
	u64 size = n->keys_room * n->words * sizeof(u64) + (n->row_mask + 1) * sizeof(u32) +
		   n->rows_room * n->row_words * sizeof(u64) + n->changes_room * sizeof(u64);
	for (int k = 0; k < n->tables; k++)
		size += ((u64)n->entity[n->steps[k].of[0]].room << n->steps[k].columns) * sizeof(u32);
	return size;
}
