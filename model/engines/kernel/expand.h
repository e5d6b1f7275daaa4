/* Expanding states, and what traces ask of stored ones. */

/* Adds `state`, which comes after `before` by an action, unless it is known; *at is its number
 * either way. */
static inline __attribute__((always_inline)) int
add(struct search *s, const u64 *before, i32 by, const u64 *state, u64 hash, u64 *at, const int W)
{
	u64 i = place_of(s, state, hash, W);
	if (s->slots[i]) {
		*at = (s->slots[i] & 0xffffffffu) - 1;
		return DONE;
	}
	if (s->count == s->most)
		return FULL;
	u64 j = s->count;
	if (j == s->room || j * 2 > s->slot_mask) {
		if (grow(s, W))
			return NO_MEMORY;
		i = place_of(s, state, hash, W);
	}
	memcpy(s->states + j * W, state, W * sizeof(u64));
	s->slots[i] = hash >> 32 << 32 | (j + 1);
	if (s->repeats)
		s->came[j] = (u16)by;
	s->indexed = ++s->count;
	*at = j;
	return look_at(s, before, state, j, W);
}
static int more_edges(struct search *s, u64 more)
{
	if (s->edges + more <= s->edge_room)
		return DONE;
	u64 room = s->edge_room * 2 + more;
	u32 *targets = advised(realloc(s->targets, room * sizeof(u32)), room * sizeof(u32));
	if (!targets)
		return NO_MEMORY;
	s->targets = targets;
	if (s->m->slots) {
		u8 *perms = advised(realloc(s->perms, room), room);
		if (!perms)
			return NO_MEMORY;
		s->perms = perms;
	}
	if (s->keep_edges > 1) {
		u16 *actions = advised(realloc(s->actions, room * sizeof(u16)), room * sizeof(u16));
		if (!actions)
			return NO_MEMORY;
		s->actions = actions;
	}
	s->edge_room = room;
	return DONE;
}

/* Adds what the batch found from state `next`: n successors, from number `first` of the batch. So
 * many further steps were `repeated`. */
static inline __attribute__((always_inline)) int
settle(struct search *s, const u64 *before, int first, int n, int repeated, const int W,
       const int edges)
{
	u64 begin = s->edges;
	int failed = edges ? more_edges(s, (u64)n) : DONE;
	for (int k = first; k < first + n && !failed; k++) {
		i32 by = s->by[k];
		u64 j;
		if (by < 0) {
			if (s->left_action < 0)
				s->left_action = ~by;
			s->fired[~by] = 1;
			if (s->open[s->nclaims])
				failed = note(s, s->nclaims, s->next);
			continue;
		}
		if (!s->fired[by])
			s->fired[by] = 1;
		failed = add(s, before, by, s->after + (u64)k * W, s->hash[k], &j, W);
		if (edges && !failed && !s->idle[k]) {
			s->targets[s->edges] = (u32)j;
			if (s->m->slots)
				s->perms[s->edges] = (u8)s->rank[k];
			if (edges > 1)
				s->actions[s->edges] = (u16)by;
			s->edges++;
		}
	}
	if (!n && !repeated && !failed && s->open[s->nclaims + 1])
		failed = note(s, s->nclaims + 1, s->next);
	if (failed) {
		s->edges = begin;
		return failed;
	}
	s->transitions += (u64)(n + repeated);
	s->next++;
	if (edges)
		s->offsets[s->next] = s->edges;
	return DONE;
}

/* Makes of the batch's successor `k` of state `before` the one that is stored for it. */
static inline __attribute__((always_inline)) void
stand_for(struct search *s, int stage, const u64 *before, int k, const int W)
{
	u64 *after = s->after + (u64)k * W;
	u8 to[MOST_SLOTS];
	keep(s, stage, before, after, W);
	if (s->m->slots) {
		int moved = sort_slots(s->m, after, to);
		s->rank[k] = moved && s->keep_edges ? rank_of(s->m, to) : 0;
	}
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
			of[states] = n;
			const u64 *after = s->after + (u64)total * W, slot_mask = s->slot_mask;
			const u64 *slots = s->slots;
			u64 *hash = s->hash + total;
			for (int k = 0; k < n; k++, after += W) {
				hash[k] = 0;
				if (s->by[total + k] < 0)
					continue;
				if (edges)
					s->idle[total + k] = !memcmp(state, after, W * sizeof(u64));
				if (s->nawaited)
					await(s, after);
				if (reduced)
					stand_for(s, stage, state, total + k, W);
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
			int failed = settle(s, batch + i * W, first, of[i], repeated[i], W, edges);
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
	int failed = s->numbers ? DONE : make_numbers(s);
	const struct numbers *n = s->numbers;
	if (failed)
		forget_numbers(s); /* they are not complete */
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

int search_add(struct search *s, const u64 *state)
{
	u64 copy[MOST_WORDS], j;
	u8 to[MOST_SLOTS];
	memcpy(copy, state, s->m->words * sizeof(u64));
	if (index_states(s))
		return NO_MEMORY;
	see_what_is_open(s);
	await(s, copy);
	fold(s->m, NULL, copy);
	if (s->m->slots)
		sort_slots(s->m, copy, to);
	BY_WORDS(add(s, NULL, s->m->actions, copy, mix(copy, W), &j, W))
}

/* The number of the stored state that stands for `state`, -1 if it has not been found; to[k] is
 * where part k is in it. */
int64_t search_find(struct search *s, const u64 *state, u8 *to)
{
	const int W = s->m->words;
	for (int k = 0; k <= s->stages; k++) {
		u64 copy[MOST_WORDS];
		memcpy(copy, state, W * sizeof(u64));
		keep(s, k, NULL, copy, W);
		if (s->m->slots)
			sort_slots(s->m, copy, to);
		int64_t j = number_of(s, copy, mix(copy, W), W);
		if (j >= 0)
			return j;
	}
	return -1;
}

/* The part that is in a hurry in the stored state that stands for `state`: where it is in that. */
static i32 hurrying_in(struct search *s, const u64 *state, u8 *to)
{
	const struct model *m = s->m;
	int64_t j = search_find(s, state, to);
	i32 there = j < 0 ? -1 : hurrying(m, s->states + (u64)j * m->words);
	if (there < 0)
		return there;
	for (i32 k = 0; k < m->folds; k++) {
		i32 place = slot_of(m, k);
		if (place < 0 ? k == there : slot_of(m, there) == to[place])
			return k;
	}
	return -1;
}

/* What is kept of `state`, a successor of state `i`. */
void search_kept(const struct search *s, u64 i, u64 *state)
{
	keep(s, stage_of(s, i), NULL, state, s->m->words);
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
 * part has gone. Where some are enough, none but those if `hurried`. Returns how many. */
int search_steps(struct search *s, const u64 *state, u64 i, int hurried, i32 *by, u64 *after,
		 int64_t *targets, u8 *to)
{
	const int W = s->m->words;
	int n = steps(s, state, hurried ? hurrying_in(s, state, to) : -1, NULL, NULL, after, by, W);
	for (int k = 0; k < n; k++) {
		u64 sorted[MOST_WORDS];
		targets[k] = -1;
		if (by[k] < 0)
			continue;
		memcpy(sorted, after + (u64)k * W, W * sizeof(u64));
		keep(s, stage_of(s, i), NULL, sorted, W);
		if (s->m->slots)
			sort_slots(s->m, sorted, to + k * s->m->slots);
		targets[k] = number_of(s, sorted, mix(sorted, W), W);
	}
	return n;
}
