/* Expanding states, and what traces ask of stored ones. */

/* Sorts the parts of the batch's successor `k`, which is stored so. */
static inline __attribute__((always_inline)) void sort_successor(struct search *s, int k, const int W)
{
	u8 to[MOST_SLOTS];
	int moved = sort_slots(s->m, s->after + (u64)k * W, to);
	s->rank[k] = moved && s->keep_edges ? rank_of(s->m, to) : 0;
}

/* `edges` is what of steps is stored, and `reduced` whether one state may stand for several. */
static inline __attribute__((always_inline)) int
expand_as(struct search *s, u64 upto, const int W, const int edges, const int reduced)
{
	const struct model *m = s->m;
	see_what_is_open(s);
	while (s->next < upto) {
		int of[BATCH], repeated[BATCH], total = 0, states = 0;
		u64 orbit[BATCH], batch[BATCH * MOST_WORDS];
		for (; states < BATCH && s->next + states < upto; states++) {
			u64 *state = batch + states * W;
			memcpy(state, s->states + (s->next + states) * W, W * sizeof(u64));
			i32 only = reduced ? hurrying(m, state) : -1;
			const u8 *repeats = NULL;
			repeated[states] = 0;
			if (!edges && !reduced && s->repeats)
				repeats = s->repeats + (u64)s->came[s->next + states] * m->actions;
			int n = steps(s, state, only, repeats, repeated + states,
				      s->after + (u64)total * W, s->by + total, W);
			int stage = reduced ? stage_of(s, s->next + states) : 0;
			if (reduced && m->slots)
				orbit[states] = orbit_of(m, state);
			u64 *after = s->after + (u64)total * W, slot_mask = s->slot_mask;
			const u64 *slots = s->slots;
			u64 *hash = s->hash + total;
			for (int k = 0; (edges || s->nawaited) && k < n; k++) {
				if (edges)
					s->idle[total + k] = !memcmp(state, after + k * W, W * sizeof(u64));
				if (s->nawaited && s->by[total + k] >= 0)
					await(s, after + k * W);
			}
			if (reduced) {
				int all = stand_ins(s, stage, state, after, s->by + total, n, 1, W);
				for (; n < all; n++)
					s->idle[total + n] = 0;
			}
			of[states] = n;
			for (int k = 0; k < n; k++, after += W) {
				hash[k] = 0;
				if (s->by[total + k] < 0)
					continue;
				if (reduced && m->slots)
					sort_successor(s, total + k, W);
				hash[k] = mix(after, W);
				__builtin_prefetch(slots + (hash[k] & slot_mask));
			}
			total += n;
		}
		for (int k = 0; k < total; k++) { /* what the slots point to, if they do */
			u64 e = s->slots[s->hash[k] & s->slot_mask];
			__builtin_prefetch((const char *)s->states + ((e & 0xffffffffu) - 1) * W * 8);
		}
		for (int i = 0, first = 0; i < states; first += of[i++]) {
			int failed = settle(s, batch + i * W, first, of[i], repeated[i], W, 0, edges);
			if (failed)
				return failed;
			if (reduced && m->slots) {
				s->unfolded += orbit[i];
				s->unfolded_steps += orbit[i] * (u64)of[i];
			}
		}
	}
	return DONE;
}

/* Expands by numbers, until those are given up. */
static int expand_numbered(struct search *s, u64 upto)
{
	int in_rows = goes_in_rows(s);
	if (s->numbers && s->numbers->in_rows != in_rows)
		forget_numbers(s);
	int failed = s->numbers ? DONE : make_numbers(s, in_rows);
	const struct numbers *n = s->numbers;
	if (!in_rows && !failed)
		failed = take_over(s, s->m->words);
	if (!in_rows && !failed)
		failed = index_as(s, 1);
	if (failed)
		forget_numbers(s); /* they are not complete */
	else if (!in_rows && s->m->words == 1 && n->words == 1)
		failed = expand_stand_ins(s, upto, 1, 1);
	else if (!in_rows && s->m->words == 2 && n->words == 1)
		failed = expand_stand_ins(s, upto, 2, 1);
	else if (!in_rows)
		failed = expand_stand_ins(s, upto, s->m->words, n->words);
	else if (s->m->words == 1 && n->words == 1 && n->ranks == 2)
		failed = expand_by_numbers(s, upto, 1, 1, 2);
	else if (s->m->words == 2 && n->words == 2)
		failed = expand_by_numbers(s, upto, 2, 2, n->ranks);
	else
		failed = expand_by_numbers(s, upto, s->m->words, n->words, n->ranks);
	s->gave_up = failed == GIVEN_UP;
	return failed;
}

static inline __attribute__((always_inline)) int expand(struct search *s, u64 upto, const int W)
{
	if (goes_by_numbers(s)) {
		int failed = expand_numbered(s, upto);
		if (failed != GIVEN_UP)
			return failed;
	}
	forget_numbers(s);
	if (index_states(s))
		return NO_MEMORY;
	int reduced = s->m->slots || s->m->folds || s->stages;
	if (reduced)
		return expand_as(s, upto, W, s->keep_edges, 1);
	if (s->keep_edges)
		return expand_as(s, upto, W, s->keep_edges, 0);
	return expand_as(s, upto, W, 0, 0);
}

#define BY_WORDS(call) \
	switch (s->m->words) { \
	case 1: { enum { W = 1 }; return call; } \
	case 2: { enum { W = 2 }; return call; } \
	default: { const int W = s->m->words; return call; } \
	}

int search_expand(struct search *s, u64 upto)
{
	BY_WORDS(expand(s, upto, W))
}

/* What stands for `state` from stage `stage` of forgetting on, none of it in order. */
static int stand_ins_of(struct search *s, int stage, const u64 *state, u64 *out, int tells)
{
	const int W = s->m->words;
	i32 by[MOST_FORKS] = { 0 };
	memcpy(out, state, (u64)W * sizeof(u64));
	return stand_ins(s, stage, NULL, out, by, 1, tells, W);
}

int search_add(struct search *s, const u64 *state)
{
	const int words = s->m->words;
	u64 all[MOST_FORKS * MOST_WORDS], j;
	u8 to[MOST_SLOTS];
	int failed = index_states(s) ? NO_MEMORY : DONE;
	see_what_is_open(s);
	await(s, state);
	int n = stand_ins_of(s, 0, state, all, 1);
	for (u64 *one = all; n-- > 0 && !failed; one += words) {
		if (s->m->slots)
			sort_slots(s->m, one, to);
		failed = add(s, NULL, s->m->actions, one, mix(one, words), NULL, &j, words, 0);
	}
	return failed;
}

/* The numbers of the stored states that stand for `state`, none if it has not been found; by each of
 * them, to[k] is where part k is in it. Returns how many. */
int search_find(struct search *s, const u64 *state, int64_t *numbers, u8 *to)
{
	const int W = s->m->words;
	int found = 0;
	for (int stage = 0; stage <= s->stages && !found; stage++) {
		u64 all[MOST_FORKS * MOST_WORDS];
		int n = stand_ins_of(s, stage, state, all, 0);
		for (int k = 0; k < n; k++) {
			if (s->m->slots)
				sort_slots(s->m, all + k * W, to + found * s->m->slots);
			numbers[found] = number_of(s, all + k * W, mix(all + k * W, W), W);
			found += numbers[found] >= 0;
		}
	}
	return found;
}

/* The part whose own steps are enough in `state`: one in a state that is not stored, or else the one
 * that is in a hurry in the stored state that stands for it. */
static i32 hurrying_in(struct search *s, const u64 *state)
{
	const struct model *m = s->m;
	int64_t j[MOST_FORKS];
	u8 to[MOST_FORKS * MOST_SLOTS];
	for (i32 k = 0; k < m->folds; k++)
		if (way_of(m, k, state) >= 0)
			return k;
	i32 there = search_find(s, state, j, to) ? hurrying(m, s->states + (u64)j[0] * m->words) : -1;
	if (there < 0)
		return there;
	for (i32 k = 0; k < m->folds; k++) {
		i32 place = slot_of(m, k);
		if (place < 0 ? k == there : slot_of(m, there) == to[place])
			return k;
	}
	return -1;
}

/* What is kept of `state`, a successor of state `i`: one or several states. Returns how many. */
int search_kept(struct search *s, u64 i, const u64 *state, u64 *out)
{
	return stand_ins_of(s, stage_of(s, i), state, out, 0);
}

/* From state `first` on, all but `keep` is forgotten of successors. Returns whether there is room
 * for it. */
int search_forget_from(struct search *s, u64 first, const u64 *keep)
{
	if (s->stages == MOST_STAGES)
		return 0;
	s->forget_from[s->stages] = first;
	memcpy(s->keep[s->stages], keep, s->m->words * sizeof(u64));
	s->stages++;
	return 1;
}

/* The steps from `state`, which stored state `i` stands for: actions, the states after them, the
 * numbers of the stored states that stand for those (-1: none yet), and where each interchangeable
 * part has gone. Where several stand for one, each has its entry. Where some steps are enough, none
 * but those if `hurried`. Returns how many. */
int search_steps(struct search *s, const u64 *state, u64 i, int hurried, i32 *by, u64 *after,
		 int64_t *targets, u8 *to)
{
	const int W = s->m->words;
	int n = 0, taken;
	taken = steps(s, state, hurried ? hurrying_in(s, state) : -1, NULL, NULL, s->after, s->by, W);
	for (int k = 0; k < taken; k++) {
		u64 all[MOST_FORKS * MOST_WORDS];
		int left = s->by[k] < 0, some = 1;
		if (!left)
			some = stand_ins_of(s, stage_of(s, i), s->after + (u64)k * W, all, 0);
		for (int j = 0; j < some; j++, n++) {
			by[n] = s->by[k];
			memcpy(after + (u64)n * W, s->after + (u64)k * W, (u64)W * sizeof(u64));
			targets[n] = -1;
			if (!left && s->m->slots)
				sort_slots(s->m, all + j * W, to + n * s->m->slots);
			if (!left)
				targets[n] = number_of(s, all + j * W, mix(all + j * W, W), W);
		}
	}
	return n;
}
