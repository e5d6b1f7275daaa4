/* Keys: the numbers of local states that a state is made of. */

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

/* Makes room in a table for twice as many local states of entity p, before that has it itself. */
static int widen_table(const struct numbers *n, struct table *t, int p)
{
	u64 rows = n->entity[t->of[0]].room, columns = t->of[1] < 0 ? 1 : n->entity[t->of[1]].room;
	if (t->of[0] != p && t->of[1] != p)
		return DONE;
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

/* Where the local state of entity p in `state` stands in its slots, or belongs. */
static inline u32 *local_slot(const struct search *s, int p, const u64 *state, u64 *local,
			      const int W)
{
	const struct entity *at = s->numbers->entity + p;
	const u64 *mask = s->m->entity + (u64)p * W;
	for (int w = 0; w < W; w++)
		local[w] = state[w] & mask[w];
	for (u64 i = mix(local, W) & (2 * at->room - 1);; i = (i + 1) & (2 * at->room - 1))
		if (!at->slots[i] || !memcmp(at->locals + (at->slots[i] - 1) * (u64)W, local, W * 8))
			return at->slots + i;
}

/* Makes room for twice as many local states of entity p, in all that is by its numbers. */
static int widen_entity(struct search *s, int p, const int W)
{
	struct numbers *n = s->numbers;
	struct entity *at = n->entity + p;
	u64 local[MOST_WORDS];
	u64 all = 0;
	for (int k = 0; k < n->tables; k++) {
		const struct table *t = n->steps + k;
		all += ((u64)n->entity[t->of[0]].room << t->columns) << (t->of[0] == p || t->of[1] == p);
	}
	int failed = at->room < MOST_LOCALS && all <= MOST_KNOWN ? DONE : GIVEN_UP;
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

/* Puts the number of the local state of entity p in `state` into its key. */
static int put_local(struct search *s, int p, const u64 *state, u64 *key, const int W)
{
	struct entity *at = s->numbers->entity + p;
	u64 local[MOST_WORDS];
	u32 *slot = local_slot(s, p, state, local, W);
	if (!*slot) {
		int failed = at->count == at->room ? widen_entity(s, p, W) : DONE;
		if (!failed && p == s->numbers->entities - 1)
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
	for (int p = 0; p < s->numbers->entities && !failed; p++)
		if (!before || differ(s->m->entity + (u64)p * W, before, state, W))
			failed = put_local(s, p, state, key, W);
	return failed;
}

/* The state of a key. */
static inline void put_state(const struct numbers *n, const u64 *key, u64 *state, const int W)
{
	for (int w = 0; w < W; w++)
		state[w] = 0;
	for (int p = 0; p < n->entities; p++)
		for (int w = 0; w < W; w++)
			state[w] |= n->entity[p].locals[number_at(key, (u32)p) * (u64)W + w];
}
