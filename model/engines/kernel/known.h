/* What two entities decide: steps and claims by the numbers of two local states. */

/* A bit for each entity of which something is in `mask`. */
static u32 entities_in(const struct search *s, const u64 *mask)
{
	u32 found = 0;
	for (int p = 0; p < s->m->entities; p++)
		for (i32 w = 0; w < s->m->words; w++)
			if (s->m->entity[(u64)p * s->m->words + w] & mask[w])
				found |= (u32)1 << p;
	return found;
}

/* A bit for each entity that an action writes. */
static u32 entities_written(const struct search *s, i32 action)
{
	u64 written[MOST_WORDS];
	for (i32 w = 0; w < s->m->words; w++)
		written[w] = ~s->m->keep_mask[(u64)action * s->m->words + w];
	return entities_in(s, written);
}

/* Makes a table for two entities, or one if the second is negative. */
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
			put_number(t->keep, p, 0, n->words);
	}
	t->second = second < 0 ? 0 : MOST_LOCALS - 1;
	while (second >= 0 && locals_of(n, second)->room >> t->columns > 1)
		t->columns++;
	t->known = calloc((u64)locals_of(n, first)->room << t->columns, sizeof(u32));
	return t->known ? DONE : NO_MEMORY;
}

/* Makes a table for what reads `mask`, if those are no more than two entities. */
static int make_table_for(struct search *s, struct table *t, const u64 *mask)
{
	u32 read = entities_in(s, mask);
	int first = read ? __builtin_ctz(read) : 0;
	u32 others = read & ~((u32)1 << first);
	if (others & (others - 1))
		return GIVEN_UP;
	return make_table(s->numbers, t, first, others ? __builtin_ctz(others) : -1);
}

/* A bit for each entity that a table is about. */
static inline u32 about(const struct table *t)
{
	return (u32)1 << t->of[0] | (t->of[1] < 0 ? 0 : (u32)1 << t->of[1]);
}

/* The entity that a piece says something of. */
static inline int entity_of_piece(const struct table *t)
{
	return t->of[1] < 0 ? t->of[0] : t->of[1];
}

/* What a successor comes by; those of a state are sorted by it. */
static inline u32 comes_by(const struct model *m, i32 action, int left)
{
	return (u32)m->rank[action] << ACTION_BITS | (left ? LEFT : 0) | (u32)action;
}

enum { MOST_HELD = 64 }; /* groups with a bit */

/* What the entities of check `c` say of groups in `state`: one is enough for a group to hold. */
static u64 holding_in(const struct search *s, i32 c, const u64 *state)
{
	u32 there = about(s->numbers->claims + c);
	u64 holding = 0;
	for (i32 g = 0; g < s->groups && g < MOST_HELD; g++)
		for (i32 k = s->group_at[g]; k < s->group_at[g + 1]; k++)
			if (!(entities_in(s, s->masks + (u64)s->group[k] * s->m->words) & ~there) &&
			    value_of(s, s->group[k], state))
				holding |= (u64)1 << g;
	return holding;
}

/* Finds what check `c` and its entities say of `state`, as of all states with the same two numbers. */
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

/* Divides an action into pieces, each about one entity and `common`; whether that is possible. */
static int divide(struct search *s, i32 action, int common, u32 *touched, i32 *tests, i32 *ntests)
{
	const struct model *m = s->m;
	const int W = m->words;
	u32 both = (u32)1 << common;
	*touched = entities_in(s, m->guard_mask + (u64)action * W) | entities_written(s, action);
	*ntests = 0;
	for (i32 k = m->updates_at[action]; k < m->updates_at[action + 1]; k++) {
		const struct update *u = m->updates + k;
		u64 mask[MOST_WORDS] = { 0 };
		mask[u->word] = (u64)1 << u->shift;
		u32 there = entities_in(s, mask);
		if (entities_in(s, s->masks + (u64)u->program * W) & ~(there | both))
			return 0;
	}
	for (i32 k = m->tests_at[action]; k < m->tests_at[action + 1]; k++) {
		u32 read = entities_in(s, s->masks + (u64)m->tests[k] * W), others = read & ~both;
		if (others & (others - 1))
			tests[(*ntests)++] = m->tests[k];
		else
			*touched |= others ? others : both;
	}
	return 1;
}

/* The bundle that reads most of the entities that a wide action's guard pins. */
static i32 host_of(const struct search *s, i32 action)
{
	const struct model *m = s->m;
	u32 pinned = entities_in(s, m->guard_mask + (u64)action * m->words);
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
 * other entities than it reads. */
static void list_far(struct search *s)
{
	struct numbers *n = s->numbers;
	const struct model *m = s->m;
	memcpy(n->far, m->row, (u64)m->others * sizeof(i32));
	n->nfar = m->others;
	for (i32 b = 0; b < m->bundles; b++)
		for (i32 k = m->bundle_at[b]; k < m->bundle_at[b + 1]; k++)
			if (entities_written(s, m->bundle[k]) & ~about(n->steps + b))
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
		while (common < n->entities && !divide(s, action, common, &touched, a->tests, &a->ntests))
			common++;
		a->host = common < n->entities ? host_of(s, action) : -1;
		if (a->host < 0) {
			n->alone[n->nalone++] = action;
			continue;
		}
		a->first = n->tables - behind;
		u32 hosted = about(n->steps + a->host);
		for (int p = 0; p < 2 * n->entities; p++) { /* at first those outside */
			int q = p % n->entities, inside = !(((u32)1 << q | (u32)1 << common) & ~hosted);
			struct table *t = n->steps + n->tables;
			if (!(touched >> q & 1) || inside != (p >= n->entities))
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

/* Finds what becomes of a piece's entity, for all states with the same two numbers. */
static __attribute__((noinline)) int
find_piece(struct search *s, i32 action, const struct table *t, const u64 *state, const u64 *key,
	   const int W)
{
	struct numbers *n = s->numbers;
	const struct model *m = s->m;
	const int p = entity_of_piece(t);
	const u64 *here = m->entity + (u64)p * W;
	u32 both = (u32)1 << t->of[0], mine = (u32)1 << p, known = NUMBERED;
	u64 after[MOST_WORDS], to[MOST_ENTITIES / IN_WORD];
	for (int w = 0; w < W; w++) {
		u64 at = (u64)action * W + w;
		if ((state[w] ^ m->guard_value[at]) & m->guard_mask[at] & here[w])
			known = IMPOSSIBLE;
		after[w] = (state[w] & m->keep_mask[at]) | m->set_value[at];
	}
	for (i32 k = m->tests_at[action]; k < m->tests_at[action + 1]; k++) {
		u32 read = entities_in(s, s->masks + (u64)m->tests[k] * W), others = read & ~both;
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
		known += number_at(to, p, n->words);
	}
	*known_of(t, key, n->words) = known;
	return DONE;
}

/* Asks the pieces of a wide action that are about its host's entities, and puts what they make of
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
			put_number(to, entity_of_piece(t), known - NUMBERED, K);
	}
	return (int)all;
}

/* Finds which local state stands for that one of entity p, now that a step leads there. */
static __attribute__((noinline)) int
find_standing(struct search *s, int p, u32 number, const int W)
{
	struct numbers *n = s->numbers;
	u64 state[MOST_WORDS] = { 0 }, key[MOST_ENTITIES / IN_WORD] = { 0 };
	i32 k = n->fold[p], way = -1;
	put_in_state(n, p, number, state, W);
	forget(s, n->stage, state, W);
	if (k >= 0) {
		way = way_of(s->m, k, state);
		fold_part(s, k, NULL, state);
	}
	if (way >= 0)
		tell_way(s, way);
	int failed = put_local(s, p, state, key, W);
	if (!failed)
		n->standing[p][number] = (number_at(key, p, n->words) + 1) |
					 (way >= 0 && s->told[way] == FORKS ? FORKING : 0);
	return failed;
}

/* Exchanges the local state of entity p in a key for the one that stands for it. Sets *forks if
 * others do so as well. */
static inline __attribute__((always_inline)) int
stand_for(struct search *s, int p, u64 *key, int *forks, const int W, const int K)
{
	struct numbers *n = s->numbers;
	u32 number = number_at(key, p, K);
	if (!n->standing[p][number]) {
		int failed = find_standing(s, p, number, W);
		if (failed)
			return failed;
	}
	u32 standing = n->standing[p][number];
	*forks |= (standing & FORKING) != 0;
	put_number(key, p, (standing & (FORKING - 1)) - 1, K);
	return DONE;
}

/* Puts into the key `to`, after a step of two entities that are in a table, what stands for those,
 * unless several do. Sets *how to what else there is to say of it. */
static int put_standing(struct search *s, const struct table *t, const u64 *key, u64 *to, u64 *how,
			const int W)
{
	struct numbers *n = s->numbers;
	u64 stand_in[MOST_ENTITIES / IN_WORD];
	int failed = DONE, forks = 0, part = 0;
	memcpy(stand_in, to, n->words * sizeof(u64));
	for (int i = 0; i < 2 && !failed; i++) {
		int p = t->of[i];
		if (p < 0)
			continue;
		failed = stand_for(s, p, stand_in, &forks, W, n->words);
		for (i32 k = 0; k < s->m->slots; k++)
			if (n->of_slot[k] == p)
				part = part ? SEVERAL : k + 1;
	}
	*how = (u64)part << PART;
	if (!memcmp(key, to, n->words * sizeof(u64)))
		*how |= IDLE;
	if (forks)
		*how |= RAW;
	else
		memcpy(to, stand_in, n->words * sizeof(u64));
	return failed;
}

/* Adds a step to those of a bundle that are being found. */
static void put_change(struct numbers *n, const struct table *t, u64 by, const u64 *to, const int K)
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
		u64 after[MOST_WORDS], to[MOST_ENTITIES / IN_WORD];
		if (entities_written(s, action) & ~about(t) || take(s, state, action, after, W) <= 0)
			continue;
		u64 how = 0;
		int failed = DONE;
		memcpy(to, key, (u64)K * sizeof(u64));
		for (int i = 0; i < 2 && !failed; i++)
			failed = t->of[i] < 0 ? DONE : put_local(s, t->of[i], after, to, W);
		if (!failed && !n->in_rows)
			failed = put_standing(s, t, key, to, &how, W);
		if (failed)
			return failed;
		n->changes[first + 1 + (u64)m->rank[action] / 64] |= (u64)1 << m->rank[action] % 64;
		put_change(n, t, comes_by(m, action, 0) | how << HOW, to, K);
		plain++;
	}
	for (i32 k = m->bundle_at[b]; k < m->bundle_at[b + 1]; k++) {
		i32 action = m->bundle[k];
		u64 after[MOST_WORDS];
		if (entities_written(s, action) & ~about(t) || take(s, state, action, after, W) >= 0)
			continue;
		put_change(n, t, comes_by(m, action, 1), key, K);
		others++;
	}
	for (i32 k = 0; k < n->nfar; k++) {
		i32 action = n->far[k];
		u64 to[MOST_ENTITIES / IN_WORD];
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
