/* The search by numbers where one state stands for several, or steps are stored. */

/* Goes over to another stage of forgetting: other local states stand for those there are. */
static void go_to_stage(struct search *s, int stage)
{
	struct numbers *n = s->numbers;
	if (n->stage == stage)
		return;
	n->stage = stage;
	for (int p = 0; p < n->entities; p++)
		memset(n->standing[p], 0, locals_of(n, p)->room * sizeof(u32));
	for (i32 b = 0; b < s->m->bundles; b++) {
		struct table *t = n->steps + b;
		memset(t->known, 0, ((u64)locals_of(n, t->of[0])->room << t->columns) * sizeof(u32));
	}
	n->nchanges = NOTHING + 1;
}

/* Exchanges all local states of a key for those that stand for them. */
static inline __attribute__((always_inline)) int
stand_for_all(struct search *s, u64 *key, int *forks, const int W, const int K)
{
	int failed = DONE;
	for (int p = 0; p < s->numbers->entities && !failed; p++)
		failed = stand_for(s, p, key, forks, W, K);
	return failed;
}

/* The number of end `e` of a way that entity p is on. */
static int number_of_end(struct search *s, int p, i32 e, u32 *number, const int W)
{
	struct numbers *n = s->numbers;
	u64 state[MOST_WORDS] = { 0 }, key[MOST_ENTITIES / IN_WORD] = { 0 };
	int failed = DONE;
	if (!n->ends[e]) {
		put_part(s->m->fold + n->fold[p], s->m->ends[e], state);
		failed = put_local(s, p, state, key, W);
		n->ends[e] = number_at(key, p, n->words) + 1;
	}
	*number = n->ends[e] - 1;
	return failed;
}

/* What else stands for successor `k`, which came as `raw`, where its entities may have come to several
 * local states: copies of it behind all `end` that there are. Sets *all to how many there are then. */
static __attribute__((noinline)) int
fork_key(struct search *s, const u64 *raw, int k, int end, int *all, const int W, const int K)
{
	struct numbers *n = s->numbers;
	const struct model *m = s->m;
	u64 as_it_came[MOST_WORDS];
	int first = end, failed = DONE;
	put_state(n, raw, as_it_came, W, K);
	forget(s, n->stage, as_it_came, W);
	for (int p = 0; p < n->entities; p++) {
		if (!(n->standing[p][number_at(raw, p, K)] & FORKING))
			continue;
		i32 way = way_of(m, n->fold[p], as_it_came);
		int last = end;
		for (i32 e = m->ends_at[way]; e < m->ends_at[way + 1]; e++) {
			u32 number;
			if ((failed = number_of_end(s, p, e, &number, W)))
				return failed;
			for (int j = first - 1; j < last; j++, end++) {
				int of = j < first ? k : j;
				memcpy(n->after + (u64)end * K, n->after + (u64)of * K, K * sizeof(u64));
				put_number(n->after + (u64)end * K, p, number, K);
				s->by[end] = s->by[k];
				n->by[end] = SEVERAL;
				s->idle[end] = 0;
			}
		}
	}
	*all = end;
	return failed;
}

/* The bits of interchangeable part `k` of a key, by which it has its place. */
static inline __attribute__((always_inline)) u64
bits_of_part(const struct numbers *n, const u64 *key, int k, const int W, const int K)
{
	return n->entity[n->like[n->of_slot[k]]].locals[number_at(key, n->of_slot[k], K) * (u64)W];
}

/* Sorts the interchangeable parts of a key; to[k] is where part k has gone. Returns whether any has
 * gone elsewhere. */
static __attribute__((noinline)) int
sort_key(const struct search *s, u64 *key, u8 *to, const int W, const int K)
{
	const struct numbers *n = s->numbers;
	u64 part[MOST_ENTITIES];
	u32 number[MOST_ENTITIES];
	u8 from[MOST_ENTITIES];
	int moved = 0;
	for (int k = 0; k < s->m->slots; k++) {
		u64 bits = bits_of_part(n, key, k, W, K);
		u32 mine = number_at(key, n->of_slot[k], K);
		int at = k;
		for (; at > n->begins[k] && part[at - 1] > bits; at--) {
			part[at] = part[at - 1];
			number[at] = number[at - 1];
			from[at] = from[at - 1];
			moved = 1;
		}
		part[at] = bits;
		number[at] = mine;
		from[at] = (u8)k;
	}
	for (int k = 0; moved && k < s->m->slots; k++) {
		put_number(key, n->of_slot[k], number[k], K);
		to[from[k]] = (u8)k;
	}
	return moved;
}

/* Moves part `k` of a key to its place among the others, which are in order: `part` is what they were
 * before it changed. Returns the permutation. */
static inline __attribute__((always_inline)) u32
move_part(const struct search *s, u64 *key, int k, const u64 *part, const int W, const int K)
{
	const struct numbers *n = s->numbers;
	const u32 mine = number_at(key, n->of_slot[k], K);
	const u64 bits = bits_of_part(n, key, k, W, K);
	const int first = n->begins[k], last = n->ends_with[k];
	int at = k;
	for (; at > first && part[at - 1] > bits; at--)
		put_number(key, n->of_slot[at], number_at(key, n->of_slot[at - 1], K), K);
	if (at == k)
		for (; at < last && part[at + 1] < bits; at++)
			put_number(key, n->of_slot[at], number_at(key, n->of_slot[at + 1], K), K);
	if (at == k)
		return 0;
	put_number(key, n->of_slot[at], mine, K);
	return n->ranks_of[k][at];
}

/* Finds the steps of the part that is in a hurry, and no others. */
static __attribute__((noinline)) int
find_hurried(struct search *s, const u64 *state, const u64 *key, i32 only, int first, const int W)
{
	struct numbers *n = s->numbers;
	u64 *after = s->after + (u64)first * W, to[MOST_ENTITIES / IN_WORD];
	int count = steps(s, state, only, NULL, NULL, after, s->by + first, W), failed = DONE;
	for (int k = 0; k < count && !failed; k++, after += W) {
		i32 by = s->by[first + k];
		memcpy(to, key, n->words * sizeof(u64));
		if (by >= 0)
			failed = put_key(s, state, after, to, W);
		add_found(n, to, comes_by(s->m, by < 0 ? ~by : by, by < 0), n->words);
	}
	return failed;
}

/* Puts what stands for the successors that were found of a state, which has that key, behind the
 * `first` ones of the batch, by rank. Sets *all to how many there are then. */
static inline __attribute__((always_inline)) int
put_stand_ins(struct search *s, const u64 *here, int first, int *all, const int W, const int K)
{
	struct numbers *n = s->numbers;
	int k = first, nforking = 0, failed = DONE, never = 0;
	u64 part[MOST_ENTITIES], as_here[MOST_ENTITIES / IN_WORD], other = 0;
	for (int w = 0; w < K; w++)
		as_here[w] = here[w];
	if (n->stage) /* what has been found before may have something that is forgotten by now */
		failed = stand_for_all(s, as_here, &never, W, K);
	for (int w = 0; w < K; w++)
		other |= as_here[w] ^ here[w];
	const u64 always = other ? (u64)(RAW | SEVERAL << PART) << HOW : 0;
	for (i32 i = 0; i < s->m->slots; i++)
		part[i] = bits_of_part(n, here, i, W, K);
	for (int r = 0; r < n->ranks; r++) {
		for (u64 left = n->taken[r]; left && !failed; left &= left - 1, k++) {
			int one = n->with_rank[r * 64 + __builtin_ctzll(left)];
			const u64 *raw = n->found + one * K, by = n->found_by[one] | always;
			u64 *key = n->after + (u64)k * K;
			i32 action = (i32)(by & (LEFT - 1));
			s->by[k] = by & LEFT ? ~action : action;
			n->by[k] = by >> HOW >> PART & 255;
			s->idle[k] = by >> HOW & IDLE;
			for (int w = 0; w < K; w++)
				key[w] = raw[w];
			if (!(by >> HOW & RAW) || by & LEFT)
				continue;
			int forks = 0;
			if (n->found_by[one] >> HOW & RAW)
				s->idle[k] = !memcmp(raw, here, K * sizeof(u64));
			failed = stand_for_all(s, key, &forks, W, K);
			if (forks)
				n->forking[nforking++] = (u32)(k - first) << ACTION_BITS | (u32)one;
		}
		n->taken[r] = n->leaves[r] = 0;
	}
	n->nfound = 0;
	for (int i = 0; i < nforking && !failed; i++) {
		const u64 *raw = n->found + (n->forking[i] & ((1 << ACTION_BITS) - 1)) * K;
		failed = fork_key(s, raw, first + (int)(n->forking[i] >> ACTION_BITS), k, &k, W, K);
	}
	*all = k;
	for (k = first; k < *all && !failed; k++) {
		u64 *key = n->after + (u64)k * K;
		u8 to[MOST_SLOTS];
		s->hash[k] = 0;
		if (s->by[k] < 0)
			continue;
		s->rank[k] = 0;
		if (n->by[k] == SEVERAL)
			s->rank[k] = sort_key(s, key, to, W, K) && s->keep_edges ? rank_of(s->m, to) : 0;
		else if (n->by[k])
			s->rank[k] = move_part(s, key, (int)n->by[k] - 1, part, W, K);
		s->hash[k] = mix(key, K);
		__builtin_prefetch(s->slots + (s->hash[k] & s->slot_mask));
	}
	return failed;
}

/* As expand_as, by numbers. */
static inline __attribute__((always_inline)) int
expand_stand_ins(struct search *s, u64 upto, const int W, const int K)
{
	const struct model *m = s->m;
	struct numbers *n = s->numbers;
	see_what_is_open(s);
	while (s->next < upto) {
		int of[BATCH], total = 0, states = 0;
		u64 orbit[BATCH], batch[BATCH * MOST_WORDS];
		for (; states < BATCH && s->next + states < upto; states++) {
			u64 i = s->next + states, *state = batch + states * W;
			const u64 *key = n->keys + i * K;
			int first = total, failed;
			memcpy(state, s->states + i * W, W * sizeof(u64));
			go_to_stage(s, stage_of(s, i));
			i32 only = hurrying(m, state);
			if (only < 0)
				failed = find_successors(s, state, key, W, K, n->ranks);
			else
				failed = find_hurried(s, state, key, only, total, W);
			if (!failed)
				failed = put_stand_ins(s, key, total, &total, W, K);
			if (failed)
				return failed;
			of[states] = total - first;
			orbit[states] = orbit_of(m, state);
		}
		for (int k = 0; k < total; k++) { /* what the slots point to, if they do */
			u64 e = s->slots[s->hash[k] & s->slot_mask];
			__builtin_prefetch(n->keys + ((e & 0xffffffffu) - 1) * K);
		}
		for (int i = 0, first = 0; i < states; first += of[i++]) {
			int failed = settle(s, batch + i * W, first, of[i], 0, W, K, s->keep_edges);
			if (failed)
				return failed;
			s->unfolded += orbit[i];
			s->unfolded_steps += orbit[i] * (u64)of[i];
		}
	}
	return DONE;
}
