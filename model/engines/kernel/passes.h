/* Passes over all stored states: what claims about runs ask. */

enum { COLUMNS = 3, KEY_BITS = 16 };

/* What is asked of stored states, all of it Python's: of each condition its program and its bit,
 * which is 64 more for each column. Those from at[g] up to at[g + 1] read no more than KEY_BITS
 * bits together; those behind at[groups] read more. */
struct questions { const i32 *program, *bit, *at; i32 groups, n; };

/* What a group's conditions say for each value of the bits that they read, once it is asked. */
struct group { u64 mask[MOST_WORDS], (*told)[COLUMNS + 1]; };

static void forget_groups(struct group *groups, const struct questions *q)
{
	for (i32 g = 0; groups && g < q->groups; g++)
		free(groups[g].told);
	free(groups);
}

static struct group *groups_of(const struct search *s, const struct questions *q)
{
	struct group *groups = calloc((u64)q->groups + 1, sizeof(*groups));
	for (i32 g = 0; groups && g < q->groups; g++) {
		for (i32 k = q->at[g]; k < q->at[g + 1]; k++)
			reads(s, q->program[k], groups[g].mask);
		groups[g].told = calloc((u64)1 << KEY_BITS, sizeof(*groups[g].told));
		if (!groups[g].told) {
			forget_groups(groups, q);
			return NULL;
		}
	}
	return groups;
}

/* The bits of `mask` side by side. */
static inline u32 key_of(const struct search *s, const u64 *mask, const u64 *state)
{
#ifdef __x86_64__
	if (s->gathers)
		return gathered(mask, state, s->m->words);
#endif
	u32 key = 0, place = 0;
	for (i32 w = 0; w < s->m->words; w++)
		for (u64 left = mask[w]; left; left &= left - 1)
			key |= (u32)((state[w] & left & -left) != 0) << place++;
	return key;
}

/* Adds the answers of the conditions from `first` up to `end` in `state`. */
static void ask(const struct search *s, const struct questions *q, i32 first, i32 end,
		const u64 *state, u64 *out)
{
	for (i32 k = first; k < end; k++)
		out[q->bit[k] / 64] |= (u64)(value_of(s, q->program[k], state) != 0) << q->bit[k] % 64;
}

/* Which conditions hold in state `i`, by column. */
static inline void answer(const struct search *s, const struct questions *q, struct group *groups,
			  u64 i, u64 *out)
{
	const u64 *state = s->states + i * s->m->words;
	memset(out, 0, COLUMNS * sizeof(u64));
	for (i32 g = 0; g < q->groups; g++) {
		u64 *told = groups[g].told[key_of(s, groups[g].mask, state)];
		if (!told[COLUMNS]) {
			ask(s, q, q->at[g], q->at[g + 1], state, told);
			told[COLUMNS] = 1;
		}
		for (int c = 0; c < COLUMNS; c++)
			out[c] |= told[c];
	}
	ask(s, q, q->at[q->groups], q->n, state, out);
}

/* Item `i` of a list whose items have T bytes: no more than all bits need. */
static inline u64 item(const void *list, u64 i, const int T)
{
	return T == 2 ? ((const u16 *)list)[i] : T == 4 ? ((const u32 *)list)[i] : ((const u64 *)list)[i];
}

static inline void put(void *list, u64 i, u64 bits, const int T)
{
	if (T == 2)
		((u16 *)list)[i] = (u16)bits;
	else if (T == 4)
		((u32 *)list)[i] = (u32)bits;
	else
		((u64 *)list)[i] = bits;
}

#define BY_BYTES(bytes, call) \
	switch (bytes) { \
	case 2: { enum { T = 2 }; return call; } \
	case 4: { enum { T = 4 }; return call; } \
	default: { enum { T = 8 }; return call; } \
	}

static void *zeroed(u64 n, u64 bytes) { return advised(calloc(n + 1, bytes), n * bytes); }

static inline __attribute__((always_inline)) int
answers_as(const struct search *s, const struct questions *q, void *out, const int T)
{
	struct group *groups = groups_of(s, q);
	u64 told[COLUMNS];
	if (!groups)
		return NO_MEMORY;
	for (u64 i = 0; i < s->count; i++) {
		answer(s, q, groups, i, told);
		put(out, i, told[0], T);
	}
	forget_groups(groups, q);
	return DONE;
}

/* Which conditions hold in each state; all are in the first column. */
int search_answers(const struct search *s, const struct questions *q, void *out, int bytes)
{
	BY_BYTES(bytes, answers_as(s, q, out, T))
}

/* How a permutation moves the bits of what is asked: `most` pairs for each, up to an empty mask. */
struct moves { const u64 *mask; const i32 *by; i32 most; };

/* What permutation `perm` makes of bits of a state after a step: those of the state before it; or,
 * if it is the way `back`, the reverse. */
static u64 moved_by(const struct moves *moves, u64 perm, u64 bits, int back)
{
	const u64 *m = moves->mask + perm * (u64)moves->most;
	const i32 *d = moves->by + perm * (u64)moves->most;
	u64 out = 0;
	for (int q = 0; q < moves->most && m[q]; q++) {
		u64 some = back ? bits : bits & m[q];
		some = (d[q] >= 0) == !back ? some << abs(d[q]) : some >> abs(d[q]);
		out |= back ? some & m[q] : some;
	}
	return out;
}

enum { BYTE = 256 };

/* The same for each byte of T, permutation by permutation; NULL where there is no memory. */
static void *moved_bytes(const struct search *s, const struct moves *moves, int back, const int T)
{
	u64 perms = 1, in_block = 0;
	for (i32 k = 0; k < s->m->slots && moves->most; k++) {
		in_block = k && s->m->slot[k - 1].block == s->m->slot[k].block ? in_block + 1 : 1;
		perms *= in_block;
	}
	void *table = malloc(perms * T * BYTE * T);
	for (u64 at = 0; table && at < perms * T * BYTE; at++)
		put(table, at, moved_by(moves, at / BYTE / T, at % BYTE << at / BYTE % T * 8, back), T);
	return table;
}

/* Bits that have gone along step `edge`, as such a table has it. */
static inline u64 moved(const struct search *s, const void *table, u64 bits, u64 edge, const int T)
{
	u64 out = 0, perm = bits && s->perms ? s->perms[edge] : 0;
	if (!perm) /* it exchanges nothing */
		return bits;
	for (int b = 0; b < T; b++)
		out |= item(table, (perm * T + b) * BYTE + (bits >> b * 8) % BYTE, T);
	return out;
}

enum { AHEAD = 6 }; /* states, so that what is behind their steps is fetched meanwhile */

static inline void fetch(const struct search *s, u64 i, const void *list, const int T)
{
	for (u64 e = s->offsets[i]; e < s->offsets[i + 1]; e++)
		__builtin_prefetch((const char *)list + (u64)s->targets[e] * (u64)T);
}

/* What a state and what is looked for in it have to do with each other: `wanted` there is `had`
 * already, or may come from a successor. In one place, so that both are fetched at once. */
static inline u64 wanted(const void *pairs, u64 i, const int T) { return item(pairs, 2 * i, T); }
static inline u64 had(const void *pairs, u64 i, const int T) { return item(pairs, 2 * i + 1, T); }

/* State `i` gains of what is wanted there what a successor has. Sets *changed if that is anything;
 * returns whether something is missing still. */
static inline int reach_from(const struct search *s, u64 i, void *pairs, const void *pulls,
			     int *changed, const int T)
{
	u64 have = had(pairs, i, T), missing = wanted(pairs, i, T) & ~have, got = 0;
	for (u64 e = s->offsets[i]; (missing & ~got) && e < s->offsets[i + 1]; e++)
		got |= moved(s, pulls, had(pairs, s->targets[e], T), e, T);
	got &= missing;
	if (got) {
		put(pairs, 2 * i + 1, have | got, T);
		*changed = 1;
	}
	return missing != got;
}

/* Sweeps over the `n` states at *some, in rising order, until each has whatever a run comes to
 * within what is wanted. Fewer are left as less is missing; returns how many, from *some on.
 * Breadth-first numbers run along most edges, so that a sweep against them carries answers far; one
 * along them is for edges that lead back. */
static inline __attribute__((always_inline)) u64
reach(const struct search *s, u32 **some, u64 n, void *pairs, const void *pulls, const int T)
{
	for (int up = 0, changed = 1; changed && n; up = !up) {
		u32 *list = *some;
		u64 left = up ? 0 : n;
		changed = 0;
		for (u64 done = 0; done < n; done++) {
			u64 k = up ? done : n - 1 - done;
			u32 i = list[k];
			if (done + AHEAD < n)
				fetch(s, list[up ? k + AHEAD : k - AHEAD], pairs, 2 * T);
			if (reach_from(s, i, pairs, pulls, &changed, T))
				list[up ? left++ : --left] = i;
		}
		if (up) {
			n = left;
		} else {
			*some += left;
			n -= left;
		}
	}
	return n;
}

static inline __attribute__((always_inline)) int
lost_as(const struct search *s, const struct questions *q, void *out, const struct moves *moves,
	const int T)
{
	enum { GOAL, DURING, WHEN };
	u64 n = s->next, told[COLUMNS];
	struct group *groups = groups_of(s, q);
	void *pairs = zeroed(n, 2 * T), *pulls = moved_bytes(s, moves, 0, T);
	u32 *list = advised(malloc((n + 1) * sizeof(u32)), n * sizeof(u32)), *some = list + n;
	int failed = !groups || !pairs || !pulls || !list, changed = 0;
	for (u64 i = n; i-- > 0 && !failed;) {
		if (i >= AHEAD)
			fetch(s, i - AHEAD, pairs, 2 * T);
		answer(s, q, groups, i, told);
		put(out, i, told[WHEN] & ~told[GOAL], T);
		put(pairs, 2 * i, told[DURING], T);
		put(pairs, 2 * i + 1, told[GOAL], T);
		if (reach_from(s, i, pairs, pulls, &changed, T))
			*--some = (u32)i;
	}
	if (!failed) {
		reach(s, &some, n - (u64)(some - list), pairs, pulls, T);
		for (u64 i = 0; i < n; i++)
			put(out, i, item(out, i, T) & ~had(pairs, i, T), T);
	}
	forget_groups(groups, q);
	free(pairs);
	free(pulls);
	free(list);
	return failed ? NO_MEMORY : DONE;
}

/* Where a goal is asked for and runs within what holds meanwhile do not come to it. The columns of
 * `q` are the goals, what has to hold on the way, and where they are asked for. */
int search_lost(const struct search *s, const struct questions *q, void *out, int bytes,
		const struct moves *moves)
{
	BY_BYTES(bytes, lost_as(s, q, out, moves, T))
}

/* Whether the steps from state `i` are those of one part only, which is in a hurry. */
static inline int in_a_hurry(const struct search *s, u64 i)
{
	const i32 *whose = s->m->whose;
	u64 first = s->offsets[i], end = s->offsets[i + 1];
	if (!s->m->hurries || (first < end && whose[s->actions[first]] != whose[s->actions[end - 1]]))
		return 0;
	return hurrying(s->m, s->states + i * s->m->words) >= 0;
}

/* A LEADS_TO question while it is answered. `goals`, `stays` and `done` have T bytes for each
 * state, and `able` says of which sets a step can be taken there. */
struct endless {
	struct group *groups;
	void *goals, *able, *done, *pairs, *pulls, *pushes;
	u32 *list;
};

/* What is in `stays` spreads along the stored steps to successors but for what they have in
 * `goals`. done[i] is what has been passed on from state i. Answers are found on the way. */
static inline __attribute__((always_inline)) void
follow(const struct search *s, const struct questions *q, struct endless *x, void *stays,
	    void *starts, const int T)
{
	enum { GOAL, WHEN, WHERE };
	for (int again = 1, first = 1; again; first = 0) {
		again = 0;
		for (u64 i = 0; i < s->next; i++) {
			u64 here = item(stays, i, T), passed = 0;
			if (i + AHEAD < s->next &&
			    (item(stays, i + AHEAD, T) & ~item(x->done, i + AHEAD, T)))
				fetch(s, i + AHEAD, stays, T);
			if (first) { /* what came here so far was not asked about the goal */
				u64 told[COLUMNS];
				answer(s, q, x->groups, i, told);
				here = (here | told[WHEN]) & ~told[GOAL];
				put(stays, i, here, T);
				put(starts, i, told[WHEN] & ~told[GOAL], T);
				put(x->goals, i, told[GOAL], T);
				put(x->able, i, told[WHERE], T);
			} else {
				passed = item(x->done, i, T);
			}
			if (!(here & ~passed))
				continue;
			put(x->done, i, here, T);
			for (u64 e = s->offsets[i]; e < s->offsets[i + 1]; e++) {
				u32 j = s->targets[e];
				u64 there = item(stays, j, T);
				u64 more = moved(s, x->pushes, here & ~passed, e, T) & ~there;
				if (j <= i || !first)
					more &= ~item(x->goals, j, T);
				if (more)
					put(stays, j, there | more, T);
				again |= more && j <= i;
			}
		}
	}
}

/* Of which sets a step can be taken in state `i`, of those that are asked `where` it is. */
static inline u64 able_in(const struct search *s, u64 i, const u64 *set, u64 where)
{
	u64 able = 0;
	for (u64 e = s->offsets[i]; e < s->offsets[i + 1]; e++)
		able |= set[s->actions[e]];
	if ((where & ~able) && in_a_hurry(s, i))
		able = ~(u64)0; /* others could take steps too, as they can after these */
	return able & where;
}

/* State `i` gains what it stays in where one of the steps in `set` is taken that lead to where it
 * stays, or none of them can be, and what successors have. Returns whether something is missing. */
static inline int serve(const struct search *s, u64 i, void *pairs, u64 able, const u64 *set,
			const void *pulls, const int T)
{
	u64 stays = wanted(pairs, i, T), have = stays & ~able;
	for (u64 e = s->offsets[i]; (stays & ~have) && e < s->offsets[i + 1]; e++) {
		u64 j = s->targets[e], takes = set[s->actions[e]] & stays & ~have;
		if (takes)
			have |= takes & moved(s, pulls, wanted(pairs, j, T), e, T);
		have |= moved(s, pulls, had(pairs, j, T), e, T) & stays;
	}
	put(pairs, 2 * i + 1, have, T);
	return have != stays;
}

/* Leaves the states from which a run never leaves what is wanted and is fair to a set of steps: by
 * actions that have their bits in `set`, from states that are asked where they are. Again and again
 * one of them is taken, or none can be. Round by round states are lost from which no run comes to
 * such a place even once. Bits that are in one mask of `whole` are lost together: a run has to be
 * fair to each of those sets, and they are asked for together. `n` states are at x->list. */
static inline __attribute__((always_inline)) void
starve(const struct search *s, struct endless *x, u64 n, const u64 *set, const u64 *whole,
       i32 wholes, const int T)
{
	u32 *live = x->list;
	for (u64 left = n; left;) {
		u32 *some = live + 2 * n;
		for (u64 k = n; k-- > 0;) {
			if (k >= AHEAD)
				fetch(s, live[k - AHEAD], x->pairs, 2 * T);
			if (serve(s, live[k], x->pairs, item(x->able, live[k], T), set, x->pulls, T))
				*--some = live[k];
		}
		left = reach(s, &some, (u64)(live + 2 * n - some), x->pairs, x->pulls, T);
		for (u64 k = 0; k < left; k++) {
			u64 kept = 0, comes = had(x->pairs, some[k], T);
			for (i32 w = 0; w < wholes; w++)
				if ((comes & whole[w]) == whole[w])
					kept |= whole[w];
			put(x->pairs, 2 * (u64)some[k], kept, T);
		}
		u64 kept = 0;
		for (u64 k = 0; k < n; k++) {
			put(x->pairs, 2 * (u64)live[k] + 1, 0, T);
			if (wanted(x->pairs, live[k], T))
				live[kept++] = live[k];
		}
		n = kept;
	}
}

static inline __attribute__((always_inline)) int
starving_as(const struct search *s, const struct questions *q, void *stays, void *starts,
	    const u64 *set, const u64 *whole, i32 wholes, const struct moves *moves, const int T)
{
	struct endless x = { groups_of(s, q), zeroed(s->next, T), zeroed(s->next, T),
			     zeroed(s->next, T), NULL, moved_bytes(s, moves, 0, T),
			     moved_bytes(s, moves, 1, T), NULL };
	u64 n = 0;
	int failed = !x.groups || !x.goals || !x.able || !x.done || !x.pulls || !x.pushes;
	if (!failed) {
		follow(s, q, &x, stays, starts, T);
		for (u64 i = 0; i < s->next; i++)
			n += item(stays, i, T) != 0;
	}
	free(x.goals);
	free(x.done);
	if (!failed && n) {
		x.pairs = zeroed(s->next, 2 * T);
		x.list = advised(malloc(2 * n * sizeof(u32)), 2 * n * sizeof(u32));
		failed = !x.pairs || !x.list;
	}
	if (!failed && n) {
		u64 k = 0;
		for (u64 i = 0; i < s->next; i++) {
			u64 here = item(stays, i, T);
			if (!here)
				continue;
			x.list[k++] = (u32)i;
			put(x.pairs, 2 * i, here, T);
			put(x.able, i, able_in(s, i, set, here & item(x.able, i, T)), T);
		}
		starve(s, &x, n, set, whole, wholes, T);
		for (u64 i = 0; i < s->next; i++) {
			put(stays, i, wanted(x.pairs, i, T), T);
			put(starts, i, item(starts, i, T) & wanted(x.pairs, i, T), T);
		}
	}
	forget_groups(x.groups, q);
	free(x.able);
	free(x.pairs);
	free(x.pulls);
	free(x.pushes);
	free(x.list);
	return failed ? NO_MEMORY : DONE;
}

/* Where some fair run avoids the goal for ever, and where it is asked for there. The columns of `q`
 * are the goals, where they are asked for, and where the fair sets are; `set`, `whole`: as above. */
int search_starving(const struct search *s, const struct questions *q, void *stays, void *starts,
		    int bytes, const u64 *set, const u64 *whole, i32 wholes,
		    const struct moves *moves)
{
	BY_BYTES(bytes, starving_as(s, q, stays, starts, set, whole, wholes, moves, T))
}
