/* The steps from a state. */

static inline __attribute__((always_inline)) int
take(const struct search *s, const u64 *state, i32 action, u64 *after, const int W)
{
	const struct model *m = s->m;
	const u64 *mask = m->guard_mask + (u64)action * W, *value = m->guard_value + (u64)action * W;
	for (int w = 0; w < W; w++)
		if ((state[w] & mask[w]) != value[w])
			return 0;
	for (i32 k = m->tests_at[action]; k < m->tests_at[action + 1]; k++)
		if (!value_of(s, m->tests[k], state))
			return 0;
	const u64 *keep = m->keep_mask + (u64)action * W, *set = m->set_value + (u64)action * W;
	for (int w = 0; w < W; w++)
		after[w] = (state[w] & keep[w]) | set[w];
	for (i32 k = m->updates_at[action]; k < m->updates_at[action + 1]; k++) {
		const struct update *u = m->updates + k;
		i32 stored = value_of(s, u->program, state) - u->base;
		if (u->valid >= 0) {
			if (stored < 0 || (u64)stored >> u->bits)
				return LEFT_DOMAIN;
			if (!(m->valid[u->valid + (stored >> 6)] >> (stored & 63) & 1))
				return LEFT_DOMAIN;
		}
		after[u->word] |= (u64)stored << u->shift;
	}
	return 1;
}

/* Finds the steps of bundle `b` from `state`, for all states that have the same bits of its mask:
 * the first one's place in `changes`, then 16 bits for how many. Without memory for it the bundle's
 * actions are looked at one by one from now on. */
static __attribute__((noinline)) u64
find_changes(struct search *s, i32 b, const u64 *state, const int W)
{
	const struct model *m = s->m;
	struct memo *known = &s->bundles[b].steps;
	u64 first = s->nchanges, n = 0, wide = 2 * (u64)W + 1, after[MOST_WORDS];
	u64 most = first + wide * (u64)(m->bundle_at[b + 1] - m->bundle_at[b]);
	if (most > s->changes_room) {
		u64 *changes = realloc(s->changes, 2 * most * sizeof(u64));
		if (!changes) {
			give_up(known);
			return 0;
		}
		s->changes = changes;
		s->changes_room = 2 * most;
	}
	for (i32 k = m->bundle_at[b]; k < m->bundle_at[b + 1]; k++) {
		i32 action = m->bundle[k];
		int taken = take(s, state, action, after, W);
		if (!taken)
			continue;
		u64 *change = s->changes + first + n++ * wide;
		*change++ = (u64)(int64_t)(taken == LEFT_DOMAIN ? ~action : action);
		for (int w = 0; w < W; w++) {
			u64 keep = m->keep_mask[(u64)action * W + w];
			change[w] = keep;
			change[W + w] = after[w] & ~keep;
		}
	}
	s->nchanges = first + n * wide;
	enter(known, state, first << 16 | n, W);
	return first << 16 | n;
}

/* The steps of bundle `b`, as for all of them. */
static inline __attribute__((always_inline)) int
steps_of(struct search *s, i32 b, const u64 *state, i32 only, const u8 *repeats, int *repeated,
	 u64 *after, i32 *by, const int W)
{
	const struct model *m = s->m;
	struct memo *known = &s->bundles[b].steps;
	int n = 0;
	if (!known->off) {
		const u64 *entry = entry_of(known, state, W);
		u64 found = entry[W + 1] ? entry[W] : find_changes(s, b, state, W);
		const u64 *change = s->changes + (found >> 16);
		known->asked++;
		for (u64 left = found & 0xffff; left; left--, change += 2 * W + 1) {
			i32 action = (i32)(int64_t)change[0];
			if (only >= 0 && m->whose[action < 0 ? ~action : action] != only)
				continue;
			if (repeats && action >= 0 && repeats[action]) {
				++*repeated;
				continue;
			}
			for (int w = 0; w < W; w++)
				after[n * W + w] = (state[w] & change[1 + w]) | change[1 + W + w];
			by[n++] = action;
		}
		if (found || !known->off)
			return n;
	}
	for (i32 k = m->bundle_at[b]; k < m->bundle_at[b + 1]; k++) {
		i32 action = m->bundle[k];
		if (only >= 0 && m->whose[action] != only)
			continue;
		int taken = take(s, state, action, after + n * W, W);
		if (repeats && taken > 0 && repeats[action])
			++*repeated;
		else if (taken)
			by[n++] = taken == LEFT_DOMAIN ? ~action : action;
	}
	return n;
}

/* Sorts steps by the rank of their actions; most are in order. */
static inline __attribute__((always_inline)) void
put_in_order(const struct model *m, u64 *after, i32 *by, int n, const int W)
{
	for (int k = 1; k < n; k++) {
		i32 action = by[k], rank = m->rank[action < 0 ? ~action : action];
		u64 state[MOST_WORDS];
		int j = k;
		if (m->rank[by[k - 1] < 0 ? ~by[k - 1] : by[k - 1]] <= rank)
			continue;
		memcpy(state, after + k * W, W * sizeof(u64));
		do {
			for (int w = 0; w < W; w++)
				after[j * W + w] = after[(j - 1) * W + w];
			by[j] = by[j - 1];
			j--;
		} while (j && m->rank[by[j - 1] < 0 ? ~by[j - 1] : by[j - 1]] > rank);
		memcpy(after + j * W, state, W * sizeof(u64));
		by[j] = action;
	}
}

/* The actions in no bundle that dispatch `d` lets through, up to *end; those that are always to be
 * looked at if it is -1. */
static inline const i32 *row_at(const struct model *m, i32 d, const u64 *state, const i32 **end)
{
	if (d < 0) {
		*end = m->row + m->always;
		return m->row;
	}
	const struct dispatch *at = m->dispatch + d;
	u64 value = state[at->word] >> at->shift & (((u64)1 << at->bits) - 1);
	const i32 *first = m->rows + at->first + (i32)value;
	*end = m->row + first[1];
	return m->row + first[0];
}

/* The steps from `state`: the states after them and the actions; ~action for a left domain.
 * All of them, or those of part `only`, if that is not negative. What `repeats` has, if it is given,
 * is left out, and adds to *repeated. */
static inline __attribute__((always_inline)) int
steps(struct search *s, const u64 *state, i32 only, const u8 *repeats, int *repeated, u64 *after,
      i32 *by, const int W)
{
	const struct model *m = s->m;
	int n = 0, taken;
	for (i32 d = -1; (only < 0 || s->other_parts >> (only & 63) & 1) && d < m->dispatches; d++) {
		const i32 *end, *a = row_at(m, d, state, &end);
		for (; a < end; a++) {
			if (only >= 0 && m->whose[*a] != only)
				continue;
			taken = take(s, state, *a, after + (u64)n * W, W);
			if (repeats && taken > 0 && repeats[*a])
				++*repeated;
			else if (taken)
				by[n++] = taken == LEFT_DOMAIN ? ~*a : *a;
		}
	}
	for (i32 b = 0; b < m->bundles; b++)
		if (only < 0 || s->bundles[b].parts >> (only & 63) & 1)
			n += steps_of(s, b, state, only, repeats, repeated, after + (u64)n * W,
				      by + n, W);
	if (m->bundles)
		put_in_order(m, after, by, n, W);
	return n;
}
