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
