/* The state that stands for others: parts in order, folded, without what is forgotten. */

static inline u64 part_of(const struct slot *at, const u64 *state)
{
	return state[at->word] >> at->shift & (~(u64)0 >> (64 - at->bits));
}

/* Sorts the interchangeable parts of `state`; to[k] is where part k has gone. Returns whether any has
 * gone elsewhere. */
static inline int sort_slots(const struct model *m, u64 *state, u8 *to)
{
	u64 part[MOST_SLOTS];
	u8 from[MOST_SLOTS];
	int moved = 0;
	for (i32 first = 0, end; first < m->slots; first = end) {
		for (end = first; end < m->slots && m->slot[end].block == m->slot[first].block; end++) {
			u64 p = part_of(m->slot + end, state);
			i32 k = end;
			for (; k > first && part[k - 1] > p; k--) {
				part[k] = part[k - 1];
				from[k] = from[k - 1];
				moved = 1;
			}
			part[k] = p;
			from[k] = (u8)end;
		}
	}
	for (i32 k = 0; k < m->slots; k++)
		to[from[k]] = (u8)k;
	if (!moved)
		return 0;
	for (i32 k = 0; k < m->slots; k++) {
		const struct slot *at = m->slot + k;
		state[at->word] &= ~((~(u64)0 >> (64 - at->bits)) << at->shift);
		state[at->word] |= part[k] << at->shift;
	}
	return 1;
}

static inline const struct folded *folded_at(const struct model *m, const struct fold *f, u64 part)
{
	const struct folded *at = m->folded + f->first;
	u64 size = (u64)1 << f->size_bits, i = part * 0x9e3779b97f4a7c15u >> (64 - f->size_bits);
	while (at[i].from != ~(u64)0 && at[i].from != part)
		i = (i + 1) & (size - 1);
	return at[i].from == part ? at + i : NULL;
}

/* Which of the interchangeable parts the k-th part that is folded is; -1: none of them. */
static inline i32 slot_of(const struct model *m, i32 k)
{
	for (i32 j = 0; j < m->slots; j++)
		if (m->slot[j].word == m->fold[k].word && m->slot[j].shift == m->fold[k].shift)
			return j;
	return -1;
}

static inline u64 bit_of_part(i32 k) { return (u64)1 << (k & 63); }

/* Exchanges part `k` of `state` for the one that stands for it. What is as in `before`, if that is
 * given, stands for itself. Returns the part's bit if there is something to do on its way. */
static inline u64 fold_part(const struct search *s, i32 k, const u64 *before, u64 *state)
{
	const struct fold *f = s->m->fold + k;
	u64 mask = (~(u64)0 >> (64 - f->bits)) << f->shift, part = state[f->word] & mask;
	if (before && part == (before[f->word] & mask))
		return 0;
	const struct folded *at = folded_at(s->m, f, part >> f->shift);
	if (!at)
		return 0;
	state[f->word] = (state[f->word] & ~mask) | at->to << f->shift;
	return at->way && (s->nawaited || s->told[at->way - 1] != TOLD) ? bit_of_part(k) : 0;
}

/* The same for all parts; returns the bits of all. */
static inline u64 fold(const struct search *s, const u64 *before, u64 *state)
{
	u64 went = 0;
	for (i32 k = 0; k < s->m->folds; k++)
		went |= fold_part(s, k, before, state);
	return went;
}

/* The part whose own steps are enough in `state`, because it is in a fleeting one: the part that
 * comes first in the order of their bits. -1 if there is none. */
static inline i32 hurrying(const struct model *m, const u64 *state)
{
	u64 least = ~(u64)0;
	i32 which = -1;
	for (i32 k = 0; k < m->folds && m->hurries; k++) {
		const struct fold *f = m->fold + k;
		u64 part = state[f->word] >> f->shift & (~(u64)0 >> (64 - f->bits));
		const struct folded *at = part < least ? folded_at(m, f, part) : NULL;
		if (at && at->fleeting) {
			least = part;
			which = k;
		}
	}
	return which;
}

static inline __attribute__((always_inline)) void
forget(const struct search *s, int k, u64 *state, const int W)
{
	for (int w = 0; k && w < W; w++)
		state[w] &= s->keep[k - 1][w];
}

/* What has been forgotten of the successors of state `i`. */
static inline int stage_of(const struct search *s, u64 i)
{
	int k = s->stages;
	while (k && s->forget_from[k - 1] > i)
		k--;
	return k;
}

/* How many states `state` stands for: a multinomial, built up exactly. */
static u64 orbit_of(const struct model *m, const u64 *state)
{
	u64 orbit = 1, alike = 0, last = 0;
	for (i32 k = 0, in_block = 0; k < m->slots; k++) {
		const struct slot *at = m->slot + k;
		u64 p = part_of(at, state);
		int first = !k || m->slot[k - 1].block != at->block;
		in_block = first ? 1 : in_block + 1;
		alike = first || p != last ? 1 : alike + 1;
		orbit = orbit * (u64)in_block / alike;
		last = p;
	}
	return orbit;
}

/* A number for the permutation `to`, block by block in the factorial system. */
static u32 rank_of(const struct model *m, const u8 *to)
{
	u32 rank = 0;
	for (i32 k = 0; k < m->slots; k++) {
		u32 smaller = 0, left = 0;
		for (i32 j = k + 1; j < m->slots && m->slot[j].block == m->slot[k].block; j++, left++)
			smaller += to[j] < to[k];
		rank = rank * (left + 1) + smaller;
	}
	return rank;
}

/* The way out of where part `k` is in `state`; -1: that is stored. */
static inline i32 way_of(const struct model *m, i32 k, const u64 *state)
{
	const struct fold *f = m->fold + k;
	u64 part = state[f->word] >> f->shift & (~(u64)0 >> (64 - f->bits));
	const struct folded *at = folded_at(m, f, part);
	return at ? (i32)at->way - 1 : -1;
}

static inline void put_part(const struct fold *f, u64 part, u64 *state)
{
	state[f->word] &= ~((~(u64)0 >> (64 - f->bits)) << f->shift);
	state[f->word] |= part << f->shift;
}

/* What else stands for the state that was `as_it_came`, where parts that `went` on may have come to
 * several: copies of state `k` of `after`, behind all `n` that there are. Returns how many there are
 * then. */
static int fork_off(const struct model *m, const u64 *as_it_came, u64 went, u64 *after, i32 *by, int k,
		    int n, const int W)
{
	int first = n;
	for (i32 p = 0; p < m->folds; p++) {
		i32 way = went & bit_of_part(p) ? way_of(m, p, as_it_came) : -1;
		if (way < 0)
			continue;
		int last = n;
		for (i32 e = m->ends_at[way]; e < m->ends_at[way + 1]; e++)
			for (int j = first - 1; j < last; j++, n++) {
				u64 *copy = after + (u64)n * W;
				memcpy(copy, after + (u64)(j < first ? k : j) * W, (u64)W * sizeof(u64));
				put_part(m->fold + p, m->ends[e], copy);
				by[n] = by[k];
			}
	}
	return n;
}
