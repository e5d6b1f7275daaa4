/* What claims and goals say of a new state. */

static int note(struct search *s, i32 claim, u64 state)
{
	if (s->nfound == s->found_room) {
		u64 room = s->found_room ? s->found_room * 2 : 64;
		struct found *found = realloc(s->found, room * sizeof(*found));
		if (!found)
			return NO_MEMORY;
		s->found = found;
		s->found_room = room;
	}
	s->found[s->nfound++] = (struct found){ (u32)claim, (u32)state };
	return DONE;
}

enum { MANY = 63 }; /* the bit for this claim and all behind it */

static inline u64 bit_of(i32 claim) { return (u64)1 << (claim < MANY ? claim : MANY); }

/* The claims of which a condition among the checks is not met. */
static u64 broken_in(const struct search *s, const struct checks *c, const u64 *state)
{
	u64 broken = 0;
	for (i32 k = c->first; k < c->end; k++)
		if (!value_of(s, s->check[k], state))
			broken |= bit_of(s->check_of[k]);
	return broken;
}

/* Whether some of the bits of `mask` differ. */
static inline int differ(const u64 *mask, const u64 *one, const u64 *other, const int W)
{
	u64 bits = 0;
	for (int w = 0; w < W; w++)
		bits |= (one[w] ^ other[w]) & mask[w];
	return bits != 0;
}

/* Notes those of the `broken` claims of a check that state `j` violates. */
static int tell(struct search *s, struct checks *c, u64 broken, const u64 *state, u64 j)
{
	c->broken = 1;
	if (!(broken & s->open_bits))
		return DONE;
	for (i32 k = c->first; k < c->end; k++) {
		i32 claim = s->check_of[k];
		if (s->open[claim] && broken & bit_of(claim) && !value_of(s, s->check[k], state))
			if (note(s, claim, j))
				return NO_MEMORY;
	}
	return DONE;
}

/* Notes which claims of group `g`, which read much, state `j` violates. What was never violated is
 * not looked at where the state `before` it, if that is given, has the same bits of it. */
static inline __attribute__((always_inline)) int
look_at_group(struct search *s, i32 g, const u64 *before, const u64 *state, u64 j, const int W)
{
	i32 k = s->group_at[g];
	if (before && !s->broken[g] && !differ(s->group_mask + (u64)g * W, before, state, W))
		return DONE;
	while (k < s->group_at[g + 1] && !value_of(s, s->group[k], state))
		k++;
	if (k < s->group_at[g + 1])
		return DONE;
	s->broken[g] = 1;
	for (k = s->member_at[g]; k < s->member_at[g + 1]; k++) {
		i32 claim = s->member_of[k];
		if (s->open[claim] && !value_of(s, s->member[k], state) && note(s, claim, j))
			return NO_MEMORY;
	}
	return DONE;
}

/* Notes which claims state `j` violates; what was never violated only where it may be by now. */
static inline __attribute__((always_inline)) int
look_at(struct search *s, const u64 *before, const u64 *state, u64 j, const int W)
{
	for (struct checks *c = s->checks, *end = c + s->nchecks; c < end; c++) {
		u64 broken;
		if (before && !c->broken && !differ(c->answers.mask, before, state, W))
			continue;
		if (c->answers.off) {
			broken = broken_in(s, c, state);
		} else {
			const u64 *entry = entry_of(&c->answers, state, W);
			c->answers.asked++;
			broken = entry[W];
			if (!entry[W + 1]) {
				broken = broken_in(s, c, state);
				enter(&c->answers, state, broken, W);
			}
		}
		if (broken && tell(s, c, broken, state, j))
			return NO_MEMORY;
	}
	for (i32 g = 0; g < s->groups; g++)
		if (look_at_group(s, g, before, state, j, W))
			return NO_MEMORY;
	return DONE;
}

static void see_what_is_open(struct search *s)
{
	s->open_bits = 0;
	for (i32 k = 0; k < s->nclaims; k++)
		if (s->open[k])
			s->open_bits |= bit_of(k);
}

/* Looks for goals that were not met before, in the state after a step: before that is made one
 * of those that are stored, which need not tell whether a goal is met. */
static void await(struct search *s, const u64 *state)
{
	for (i32 k = 0; k < s->nawaited;) {
		i32 goal = s->awaited[2 * k];
		if (!value_of(s, s->awaited[2 * k + 1], state)) {
			k++;
			continue;
		}
		s->met[goal] = 1;
		s->nawaited--;
		s->awaited[2 * k] = s->awaited[2 * s->nawaited];
		s->awaited[2 * k + 1] = s->awaited[2 * s->nawaited + 1];
	}
}

/* The actions on a way. */
static void tell_way(struct search *s, i32 way)
{
	const struct model *m = s->m;
	for (i32 t = m->taken_at[way]; t < m->taken_at[way + 1]; t++)
		s->fired[m->taken[t]] = 1;
	s->told[way] = m->ends_at[way] < m->ends_at[way + 1] ? FORKS : TOLD;
}

/* What was on the way of the parts that `went` on from where they are in `state`, as fold() found it:
 * actions, and states in which goals may be met. */
static void tell_ways(struct search *s, const u64 *state, u64 went)
{
	const struct model *m = s->m;
	u64 between[MOST_WORDS];
	for (i32 k = 0; k < m->folds; k++) {
		i32 way = went & bit_of_part(k) ? way_of(m, k, state) : -1;
		if (way < 0 || (s->told[way] != UNTOLD && !s->nawaited))
			continue;
		memcpy(between, state, (u64)m->words * sizeof(u64));
		for (i32 t = m->through_at[way]; s->nawaited && t < m->through_at[way + 1]; t++) {
			put_part(m->fold + k, m->through[t], between);
			await(s, between);
		}
		tell_way(s, way);
	}
}

/* Makes of the `n` states at `after`, which come by those actions behind `before`, what is stored for
 * them from that stage of forgetting on, but for the order of interchangeable parts. Where several
 * stand for one, the others are behind all of them. Returns how many there are then; `tells` what
 * has been on the way. */
static inline __attribute__((always_inline)) int
stand_ins(struct search *s, int stage, const u64 *before, u64 *after, i32 *by, int n, int tells,
	  const int W)
{
	u64 as_it_came[MOST_WORDS];
	int all = n;
	for (int k = 0; k < n; k++) {
		u64 *state = after + (u64)k * W;
		if (by[k] < 0)
			continue;
		forget(s, stage, state, W);
		for (int w = 0; s->m->ways && w < W; w++)
			as_it_came[w] = state[w];
		u64 went = s->m->folds ? fold(s, before, state) : 0;
		if (!went)
			continue;
		if (tells)
			tell_ways(s, as_it_came, went);
		if (s->m->forks > 1)
			all = fork_off(s->m, as_it_came, went, after, by, k, all, W);
	}
	return all;
}
