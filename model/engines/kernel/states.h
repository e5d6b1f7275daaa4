/* The set of states. */

static inline u64 mix(const u64 *state, const int W)
{
	u64 h = 0;
	for (int w = 0; w < W; w++) {
		h = (h ^ state[w]) * 0x9e3779b97f4a7c15u;
		h ^= h >> 32;
	}
	h *= 0xd6e8feb86659fd93u;
	return h ^ h >> 32;
}

/* Where `state` is or belongs: the place in `slots`. An entry is 32 bits of hash, then index + 1. */
static inline u64 place_of(const struct search *s, const u64 *state, u64 hash, const int W)
{
	u64 i = hash & s->slot_mask, tag = hash >> 32 << 32;
	for (;; i = (i + 1) & s->slot_mask) {
		u64 e = s->slots[i];
		if (!e)
			return i;
		if ((e ^ tag) >> 32)
			continue;
		const u64 *known = s->states + ((e & 0xffffffffu) - 1) * W;
		int w = 0;
		while (w < W && known[w] == state[w])
			w++;
		if (w == W)
			return i;
	}
}

/* The same for a key. */
static inline u64 place_of_key(const struct search *s, const u64 *key, u64 hash, const int K)
{
	u64 i = hash & s->slot_mask, tag = hash >> 32 << 32;
	for (;; i = (i + 1) & s->slot_mask) {
		u64 e = s->slots[i], other = 0;
		if (!e)
			return i;
		if ((e ^ tag) >> 32)
			continue;
		const u64 *known = s->numbers->keys + ((e & 0xffffffffu) - 1) * K;
		for (int w = 0; w < K; w++)
			other |= known[w] ^ key[w];
		if (!other)
			return i;
	}
}

/* Asks for large pages: what is looked up is all over the place. */
static void *advised(void *memory, u64 size)
{
#ifdef __linux__
	enum { LARGE = 1 << 21 };
	uintptr_t at = ((uintptr_t)memory + LARGE - 1) & ~(uintptr_t)(LARGE - 1);
	if (memory && size >= 4 * LARGE)
		madvise((void *)at, size - 2 * LARGE, MADV_HUGEPAGE);
#else
	(void)size;
#endif
	return memory;
}

/* Makes room for so many states. */
static int make_room(struct search *s, u64 room)
{
	u64 size = room * (u64)s->m->words * sizeof(u64);
	u64 *states = advised(realloc(s->states, size), size);
	if (!states)
		return NO_MEMORY;
	s->states = states;
	if (s->keep_edges) {
		u64 *offsets = advised(realloc(s->offsets, (room + 1) * sizeof(u64)), room * sizeof(u64));
		if (!offsets)
			return NO_MEMORY;
		s->offsets = offsets;
	}
	if (s->repeats) {
		u16 *came = realloc(s->came, room * sizeof(u16));
		if (!came)
			return NO_MEMORY;
		s->came = came;
	}
	s->room = room;
	return DONE;
}

/* Puts all states into a new table of so many slots. */
static int rehash(struct search *s, u64 size, const int W)
{
	enum { SOON = 16 }; /* states, so that their slots are fetched meanwhile */
	const int words = s->by_key ? s->numbers->words : W;
	const u64 *all = s->by_key ? s->numbers->keys : s->states;
	u64 *slots = advised(calloc(size, sizeof(u64)), size * sizeof(u64)), soon[SOON];
	if (!slots)
		return NO_MEMORY;
	for (u64 j = 0; j < s->count + SOON; j++) {
		u64 hash = soon[j % SOON], i = hash & (size - 1);
		if (j >= SOON) {
			while (slots[i])
				i = (i + 1) & (size - 1);
			slots[i] = hash >> 32 << 32 | (j - SOON + 1);
		}
		if (j < s->count) {
			soon[j % SOON] = mix(all + j * words, words);
			__builtin_prefetch(slots + (soon[j % SOON] & (size - 1)), 1);
		}
	}
	free(s->slots);
	s->slots = slots;
	s->slot_mask = size - 1;
	s->indexed = s->count;
	return DONE;
}

/* Sees to it that all states are in the table, by their keys or by themselves: a search that goes by
 * numbers has them there by keys, or not at all. */
static int index_as(struct search *s, int by_key)
{
	u64 size = s->slot_mask + 1;
	while (s->count * 2 > size)
		size *= 2;
	if (s->indexed == s->count && s->by_key == by_key)
		return DONE;
	s->by_key = by_key;
	s->indexed = 0; /* so that it is made up for if that fails */
	return rehash(s, size, s->m->words);
}

static int index_states(struct search *s) { return index_as(s, 0); }

/* The number of a stored state, or -1. */
static inline int64_t number_of(struct search *s, const u64 *state, u64 hash, const int W)
{
	if (index_states(s)) { /* without memory for it, it takes long */
		for (u64 j = 0; j < s->count; j++)
			if (!memcmp(s->states + j * W, state, (u64)W * sizeof(u64)))
				return (int64_t)j;
		return -1;
	}
	u64 e = s->slots[place_of(s, state, hash, W)];
	return e ? (int64_t)((e & 0xffffffffu) - 1) : -1;
}

static int grow(struct search *s, const int W)
{
	if (s->count == s->room && make_room(s, s->room * 2))
		return NO_MEMORY;
	return s->count * 2 > s->slot_mask ? rehash(s, (s->slot_mask + 1) * 2, W) : DONE;
}
