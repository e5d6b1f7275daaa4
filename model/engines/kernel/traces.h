/* Passes over stored states, backward, for traces. */

/* marks[i] gains the marks of i's successors in [end, last), for the states i in [first, end). */
void search_mark(struct search *s, u64 first, u64 end, u64 last, u64 *marks)
{
	enum { MARKED = 1 << 12 };
	const int W = s->m->words;
	u8 to[MOST_SLOTS];
	u64 marked[MARKED] = { 0 }; /* by hash: most states need not be looked up */
	for (u64 j = end; j < last; j++)
		if (marks[j]) {
			u64 hash = mix(s->states + j * W, W);
			marked[hash / 64 % MARKED] |= (u64)1 << hash % 64;
		}
	for (u64 i = first; i < end; i++) {
		const u64 *state = s->states + i * W;
		/* Where some steps were enough, only those are stored. */
		if (s->keep_edges && i < s->next && (!s->m->hurries || hurrying(s->m, state) < 0)) {
			for (u64 e = s->offsets[i]; e < s->offsets[i + 1]; e++)
				if (s->targets[e] >= end && s->targets[e] < last)
					marks[i] |= marks[s->targets[e]];
			continue;
		}
		int n = steps(s, state, -1, NULL, NULL, s->after, s->by, W);
		n = stand_ins(s, stage_of(s, i), state, s->after, s->by, n, 0, W);
		for (int k = 0; k < n; k++) {
			u64 *after = s->after + (u64)k * W;
			if (s->by[k] < 0)
				continue;
			if (s->m->slots)
				sort_slots(s->m, after, to);
			u64 hash = mix(after, W);
			if (!(marked[hash / 64 % MARKED] >> hash % 64 & 1))
				continue;
			int64_t j = number_of(s, after, hash, W);
			if (j >= (int64_t)end && j < (int64_t)last)
				marks[i] |= marks[j];
		}
	}
}

static inline u64 first_as(const void *marks, u64 n, u64 bits, const int T)
{
	u64 j = 0;
	while (j < n && !(item(marks, j, T) & bits))
		j++;
	return j;
}

/* The first state that has a bit of `bits`; n if there is none. */
u64 search_first(const void *marks, int bytes, u64 n, u64 bits)
{
	BY_BYTES(bytes, first_as(marks, n, bits, T))
}

/* Puts the numbers of the states in [first, end) that have a bit of `bits` into `out`. */
u64 search_collect(const void *marks, int bytes, u64 first, u64 end, u64 bits, u32 *out)
{
	u64 n = 0;
	for (u64 j = first; j < end; j++)
		if (item(marks, j, bytes) & bits)
			out[n++] = (u32)j;
	return n;
}

/* For each state on a shortest path (marks has a bit of `bits`) in [first, end): the fewest switches
 * between actors from there to a target, plus one, by who acts next; 0 is impossible. `part` says
 * which interchangeable part an actor is (-1: none) and `actor` the reverse. */
void search_switches(struct search *s, u64 first, u64 end, u64 last, const u64 *marks, u64 bits,
		     const i32 *who, const i32 *part, const i32 *actor, i32 actors, u8 *cost)
{
	const int W = s->m->words;
	u8 to[MOST_SLOTS], from[MOST_SLOTS];
	for (u64 i = first; i < end; i++) {
		if (!(marks[i] & bits))
			continue;
		u8 *mine = cost + i * actors;
		const u64 *state = s->states + i * W;
		int n = steps(s, state, -1, NULL, NULL, s->after, s->by, W);
		n = stand_ins(s, stage_of(s, i), state, s->after, s->by, n, 0, W);
		for (int k = 0; k < n; k++) {
			u64 *after = s->after + (u64)k * W;
			if (s->by[k] < 0)
				continue;
			if (s->m->slots) {
				sort_slots(s->m, after, to);
				for (i32 q = 0; q < s->m->slots; q++)
					from[to[q]] = (u8)q;
			}
			int64_t j = number_of(s, after, mix(after, W), W);
			if (j < (int64_t)end || j >= (int64_t)last || !(marks[j] & bits))
				continue;
			i32 me = who[s->by[k]];
			for (i32 a = 0; a < actors; a++) {
				u8 rest = cost[j * actors + a];
				if (!rest)
					continue;
				i32 next = part[a] < 0 || !s->m->slots ? a : actor[from[part[a]]];
				u8 all = next == me || a == actors - 1 ? rest : (u8)(rest + 1);
				if (all && (!mine[me] || all < mine[me]))
					mine[me] = all;
			}
		}
	}
}
