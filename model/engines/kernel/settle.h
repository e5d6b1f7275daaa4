/* Taking over what an expanded state has led to. */

/* Adds a state, which comes after `before` by an action, unless it is known; *at is its number
 * either way. It is given by `state`, or by its key if that has K words; so is its hash. */
static inline __attribute__((always_inline)) int
add(struct search *s, const u64 *before, i32 by, const u64 *state, u64 hash, const u64 *key, u64 *at,
    const int W, const int K)
{
	u64 i = K ? place_of_key(s, key, hash, K) : place_of(s, state, hash, W);
	if (s->slots[i]) {
		*at = (s->slots[i] & 0xffffffffu) - 1;
		return DONE;
	}
	if (s->count == s->most)
		return FULL;
	u64 j = s->count;
	if (j == s->room || j * 2 > s->slot_mask) {
		if (grow(s, W) || (K && more_keys(s)))
			return NO_MEMORY;
		i = K ? place_of_key(s, key, hash, K) : place_of(s, state, hash, W);
	}
	for (int w = 0; w < K; w++)
		s->numbers->keys[j * K + w] = key[w];
	if (K)
		put_state(s->numbers, key, s->states + j * W, W, K);
	else
		memcpy(s->states + j * W, state, W * sizeof(u64));
	s->slots[i] = hash >> 32 << 32 | (j + 1);
	if (s->repeats)
		s->came[j] = (u16)by;
	s->indexed = ++s->count;
	*at = j;
	if (!K)
		return look_at(s, before, state, j, W);
	s->numbers->count = s->count;
	return look_by_numbers(s, before, j, W, K);
}

/* Makes room for so many more steps. */
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
       const int K, const int edges)
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
		const u64 *key = K ? s->numbers->after + (u64)k * K : NULL;
		failed = add(s, before, by, s->after + (u64)k * W, s->hash[k], key, &j, W, K);
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
