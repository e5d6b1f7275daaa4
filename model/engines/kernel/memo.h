/* What few bits decide is found once for all states that have them. */

enum { FIRST_ENTRIES = 256, TRIED = 1 << 14 };

static inline u64 spread(const struct memo *o, const u64 *state, const int W)
{
	u64 h = 0, odd = 0x9e3779b97f4a7c15u; /* for each word another, so that none waits for the last */
	for (int w = 0; w < W; w++, odd += 0xbf58476d1ce4e5b8u)
		h ^= (state[w] & o->mask[w]) * odd;
	h ^= h >> 32;
	return h & (o->size - 1);
}

/* The entry for `state`, or the free one where it belongs: its bits, what is known, whether it is. */
static inline u64 *entry_of(struct memo *o, const u64 *state, const int W)
{
	for (u64 i = spread(o, state, W);; i = (i + 1) & (o->size - 1)) {
		u64 *entry = o->entries + i * (u64)(W + 2), other = 0;
		for (int w = 0; w < W; w++)
			other |= entry[w] ^ (state[w] & o->mask[w]);
		if (!entry[W + 1] || !other)
			return entry;
	}
}

static void give_up(struct memo *o)
{
	free(o->entries);
	o->entries = NULL;
	o->off = 1;
}

/* Notes what is known for the bits of `state`. What does not pay is given up. */
static void enter(struct memo *o, const u64 *state, u64 known, const int W)
{
	if (o->asked > TRIED && o->count * 4 > o->asked) {
		give_up(o);
		return;
	}
	if (o->count * 2 >= o->size) {
		struct memo larger = *o;
		larger.size = o->size * 2;
		larger.entries = calloc(larger.size, (u64)(W + 2) * sizeof(u64));
		if (!larger.entries) {
			give_up(o);
			return;
		}
		for (u64 i = 0; i < o->size; i++) {
			u64 *old = o->entries + i * (u64)(W + 2);
			if (old[W + 1])
				memcpy(entry_of(&larger, old, W), old, (u64)(W + 2) * sizeof(u64));
		}
		free(o->entries);
		*o = larger;
	}
	u64 *entry = entry_of(o, state, W);
	for (int w = 0; w < W; w++)
		entry[w] = state[w] & o->mask[w];
	entry[W] = known;
	entry[W + 1] = 1;
	o->count++;
}

static int begin(struct memo *o, int words)
{
	o->size = FIRST_ENTRIES;
	o->entries = calloc(o->size, (u64)(words + 2) * sizeof(u64));
	return o->entries ? DONE : NO_MEMORY;
}

/* Adds to `mask` the bits that a program reads. */
static void reads(const struct search *s, i32 program, u64 *mask)
{
	for (i32 w = 0; w < s->m->words; w++)
		mask[w] |= s->masks[(u64)program * s->m->words + w];
}
