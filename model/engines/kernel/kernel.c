/* Breadth-first search over packed states, driven by tables: nothing here knows what a device is.
 *
 * A state is a few 64-bit words in which every variable has a bit field. An action is a mask and a
 * comparison, then tests; its effect is a mask and bits to set, then computed fields. Tests and
 * computed fields are programs: bytecode, or its results for every value of the few bits that it
 * reads, where those are small. Python makes the tables (tables.py) and owns them; the search owns what it finds.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <sys/mman.h>
#endif
#ifdef __x86_64__
#include <immintrin.h>
#endif

typedef uint64_t u64;
typedef uint32_t u32;
typedef uint16_t u16;
typedef int32_t i32;
typedef uint8_t u8;

enum { CONST, FIELD, ADD, SUBTRACT, LESS, EQUAL, NOT, AND, OR, IF_ELSE, MEMBER, CALL };
enum { DONE, FULL, NO_MEMORY };
enum { MOST_WORDS = 16, MOST_SLOTS = 64, MOST_STAGES = 16, STACK = 256, TABLE_BITS = 12 };
enum { LEFT_DOMAIN = -1, UNKNOWN = 255 };
enum { BATCH = 48 }; /* states expanded at once, so that their successors are fetched meanwhile */

struct field { i32 word, shift, bits; };
struct update { i32 program, word, shift, base, bits, valid; };
struct dispatch { i32 word, shift, bits, first; }; /* first: of its rows in `rows` */
struct slot { i32 word, shift, bits, block; };
struct fold { i32 word, shift, bits, first, size_bits; }; /* first: of its entries in `folded` */
struct folded { u64 from, to, fleeting; };

/* All of it is Python's. Lists of lists are flat, with the place where each one starts. */
struct model {
	i32 words, actions, programs, bundles, dispatches, slots, folds, hurries, always, others;
	const i32 *code, *code_at;
	const struct field *fields;
	const i32 *fields_at;
	const u64 *guard_mask, *guard_value, *keep_mask, *set_value;
	const i32 *tests, *tests_at;
	const struct update *updates;
	const i32 *updates_at;
	const u64 *valid; /* bitsets of stored values, for updates that may leave a domain */
	const i32 *bundle, *bundle_at; /* actions that read the same few parts of a state; */
	const i32 *rank; /* by action: its place in the order in which steps are taken */
	const struct dispatch *dispatch; /* all others, by a field that they pin */
	const i32 *rows, *row; /* `others` actions; dispatch d, value v: actions row[rows[first+v]] up to rows[first+v+1] */
	const struct slot *slot; /* interchangeable parts of a state, block by block */
	const struct fold *fold; /* parts of a state of which others may stand for some */
	const struct folded *folded; /* by part: an open hash table of which stands for which */
	const i32 *whose; /* by action: the part whose own step it is; -1: nobody's */
};

struct found { u32 claim, state; };

/* What is known for each value of the bits in `mask`, found when it is first asked for. */
struct memo {
	u64 mask[MOST_WORDS];
	u64 *entries; /* open hash table; of the bits, what is known of them, and whether it is */
	u64 size, count, asked;
	int off; /* there are too many values for this to pay */
};

struct bundle { struct memo steps; u64 parts; }; /* parts: whose own steps are in it; 64 bits */

/* Conditions that read the same few parts of a state: `programs` with the claims or bits they are
 * about, from `first` up to `end`, and whether one was ever not met. */
struct checks { struct memo answers; i32 first, end, broken; };

struct search {
	const struct model *m;
	u8 **tables; /* by program; NULL where bytecode runs */
	u64 *masks; /* by program and word: the bits it reads */
	int gathers; /* whether the processor gathers bits */
	struct bundle *bundles;
	u64 *changes, nchanges, changes_room; /* of bundles' steps: the action, then words */
	u64 other_parts; /* a bit for each part whose own step is in no bundle */
	u64 *states, *slots, *offsets;
	u32 *targets; /* of the steps that change something, from states[i] at offsets[i] */
	u8 *perms;
	u16 *actions; /* by target, if keep_edges says so */
	u64 count, room, slot_mask, next, edges, edge_room, transitions, most;
	int keep_edges;
	u8 *fired;
	/* What is looked for in every new state: where no program of a group is true, its members
	 * tell which claims are violated. */
	const i32 *member, *member_of; /* a program and its claim */
	const i32 *group, *group_at, *member_at;
	i32 groups;
	u64 *group_mask; /* by group and word: the bits it reads */
	u8 *broken; /* by group: whether none of its programs was ever true */
	struct checks *checks; /* what reads little, by what it reads */
	const i32 *check, *check_of; /* a program and its claim */
	i32 nchecks;
	u64 open_bits; /* the claims that are open; the last bit stands for all further ones */
	u8 *open; /* by claim; two further ones stand for a left domain and a deadlock */
	i32 nclaims;
	i32 *awaited;
	i32 nawaited;
	u8 *met;
	struct found *found;
	u64 nfound, found_room;
	i32 left_action;
	/* What is forgotten of successors: from state forget_from[k] on, all but keep[k]. */
	u64 forget_from[MOST_STAGES], keep[MOST_STAGES][MOST_WORDS];
	int stages;
	u64 unfolded, unfolded_steps; /* what the expanded states stand for */
	/* By the action that a state was first found by (the last row: by none) and an action: whether
	 * that leads to nothing new. NULL where it makes a difference which steps there are. */
	const u8 *repeats;
	u16 *came; /* by state, if there are such: the action it was first found by */
	/* A batch's successors: states, actions, hashes, permutations. */
	u64 *after, *hash;
	i32 *by;
	u32 *rank;
	u8 *idle; /* whether nothing has changed */
};

/* -- programs ------------------------------------------------------------------------------ */

static i32 value_of(const struct search *s, i32 program, const u64 *state);

static i32 run(const struct search *s, i32 program, const u64 *state)
{
	const struct model *m = s->m;
	const i32 *c = m->code + m->code_at[program], *end = m->code + m->code_at[program + 1];
	i32 stack[STACK], *top = stack; /* top points behind the last one; Python checks the depth */
	while (c < end) {
		i32 n, k;
		switch (*c++) {
		case CONST:
			*top++ = *c++;
			break;
		case FIELD:
			*top++ = (i32)(state[c[0]] >> c[1] & (((u64)1 << c[2]) - 1)) + c[3];
			c += 4;
			break;
		case ADD:
			top--;
			top[-1] += *top;
			break;
		case SUBTRACT:
			top--;
			top[-1] -= *top;
			break;
		case LESS:
			top--;
			top[-1] = top[-1] < *top;
			break;
		case EQUAL:
			top--;
			top[-1] = top[-1] == *top;
			break;
		case NOT:
			top[-1] = !top[-1];
			break;
		case AND:
			top--;
			top[-1] &= *top;
			break;
		case OR:
			top--;
			top[-1] |= *top;
			break;
		case IF_ELSE:
			top -= 2;
			top[-1] = top[-1] ? top[0] : top[1];
			break;
		case MEMBER:
			for (k = 0, n = *c++; n; n--)
				k |= *c++ == top[-1];
			top[-1] = k;
			break;
		case CALL:
			*top++ = value_of(s, *c++, state);
			break;
		}
	}
	return top[-1];
}

#ifdef __x86_64__
/* The same bits in the same order as below, by one instruction for each word. */
__attribute__((target("bmi2,popcnt"))) static u32
gathered(const u64 *mask, const u64 *state, i32 words)
{
	u64 index = _pext_u64(state[0], mask[0]), place = 0;
	for (i32 w = 1; w < words; w++) {
		place += (u64)__builtin_popcountll(mask[w - 1]);
		index |= _pext_u64(state[w], mask[w]) << place;
	}
	return (u32)index;
}

static int can_gather(void)
{
	return __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
}
#else
static int can_gather(void) { return 0; }
#endif

static int mask_fields(struct search *s)
{
	const struct model *m = s->m;
	s->gathers = can_gather();
	s->masks = calloc((u64)m->programs * m->words + 1, sizeof(u64));
	if (!s->masks)
		return NO_MEMORY;
	for (i32 p = 0; p < m->programs; p++)
		for (i32 k = m->fields_at[p]; k < m->fields_at[p + 1]; k++) {
			const struct field *f = m->fields + k;
			u64 bits = f->bits == 64 ? ~(u64)0 : ((u64)1 << f->bits) - 1;
			s->masks[(u64)p * m->words + f->word] |= bits << f->shift;
		}
	return DONE;
}

/* Which place of a program's table is about `state`. */
static u32 place_in_table(const struct search *s, i32 program, const u64 *state)
{
#ifdef __x86_64__
	if (s->gathers)
		return gathered(s->masks + (u64)program * s->m->words, state, s->m->words);
#endif
	const struct field *f = s->m->fields + s->m->fields_at[program];
	const struct field *end = s->m->fields + s->m->fields_at[program + 1];
	u32 index = 0, place = 0;
	for (; f < end; f++) {
		index |= (u32)(state[f->word] >> f->shift & (((u64)1 << f->bits) - 1)) << place;
		place += (u32)f->bits;
	}
	return index;
}

/* A table has UNKNOWN where nobody has asked yet, and where a value does not fit into it. */
static i32 value_of(const struct search *s, i32 program, const u64 *state)
{
	u8 *table = s->tables[program];
	if (!table)
		return run(s, program, state);
	u8 *at = table + place_in_table(s, program, state);
	if (*at != UNKNOWN)
		return *at;
	i32 value = run(s, program, state);
	if (value >= 0 && value < UNKNOWN)
		*at = (u8)value;
	return value;
}

static int tabulate(struct search *s, i32 program)
{
	i32 bits = 0;
	for (i32 k = s->m->fields_at[program]; k < s->m->fields_at[program + 1]; k++)
		bits += s->m->fields[k].bits;
	if (bits > TABLE_BITS)
		return DONE;
	s->tables[program] = malloc((u64)1 << bits);
	if (!s->tables[program])
		return NO_MEMORY;
	memset(s->tables[program], UNKNOWN, (u64)1 << bits);
	return DONE;
}

/* -- what few bits decide ------------------------------------------------------------------ */

enum { FIRST_ENTRIES = 256, TRIED = 1 << 14 };

static inline u64 spread(const struct memo *o, const u64 *state, const int W)
{
	u64 h = 0;
	for (int w = 0; w < W; w++) {
		h = (h ^ (state[w] & o->mask[w])) * 0x9e3779b97f4a7c15u;
		h ^= h >> 32;
	}
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

/* -- steps --------------------------------------------------------------------------------- */

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
		while (j && m->rank[by[j - 1] < 0 ? ~by[j - 1] : by[j - 1]] > rank)
			j--;
		if (j == k)
			continue;
		memcpy(state, after + k * W, W * sizeof(u64));
		memmove(after + (j + 1) * W, after + j * W, (u64)(k - j) * W * sizeof(u64));
		memmove(by + j + 1, by + j, (u64)(k - j) * sizeof(i32));
		memcpy(after + j * W, state, W * sizeof(u64));
		by[j] = action;
	}
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
		const i32 *a, *end;
		if (d < 0) {
			a = m->row;
			end = m->row + m->always;
		} else {
			const struct dispatch *at = m->dispatch + d;
			u64 v = state[at->word] >> at->shift & (((u64)1 << at->bits) - 1);
			a = m->row + m->rows[at->first + (i32)v];
			end = m->row + m->rows[at->first + (i32)v + 1];
		}
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

/* Sorts the interchangeable parts of `state`; to[k] is where part k has gone. */
static inline void sort_slots(const struct model *m, u64 *state, u8 *to)
{
	u64 part[MOST_SLOTS];
	u8 from[MOST_SLOTS];
	int moved = 0;
	for (i32 first = 0, end; first < m->slots; first = end) {
		for (end = first; end < m->slots && m->slot[end].block == m->slot[first].block; end++) {
			const struct slot *at = m->slot + end;
			u64 p = state[at->word] >> at->shift & (~(u64)0 >> (64 - at->bits));
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
		return;
	for (i32 k = 0; k < m->slots; k++) {
		const struct slot *at = m->slot + k;
		state[at->word] &= ~((~(u64)0 >> (64 - at->bits)) << at->shift);
		state[at->word] |= part[k] << at->shift;
	}
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

/* Exchanges parts of `state` for those that stand for them. What is as in `before`, if that is
 * given, stands for itself. */
static inline void fold(const struct model *m, const u64 *before, u64 *state)
{
	for (const struct fold *f = m->fold, *end = f + m->folds; f < end; f++) {
		u64 mask = (~(u64)0 >> (64 - f->bits)) << f->shift, part = state[f->word] & mask;
		if (before && part == (before[f->word] & mask))
			continue;
		const struct folded *at = folded_at(m, f, part >> f->shift);
		if (at)
			state[f->word] = (state[f->word] & ~mask) | at->to << f->shift;
	}
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

/* Makes of `state` the one that is stored for it from stage k of forgetting on, except for the
 * order of interchangeable parts. */
static inline __attribute__((always_inline)) void
keep(const struct search *s, int k, const u64 *before, u64 *state, const int W)
{
	for (int w = 0; k && w < W; w++)
		state[w] &= s->keep[k - 1][w];
	if (s->m->folds)
		fold(s->m, before, state);
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
		u64 p = state[at->word] >> at->shift & (~(u64)0 >> (64 - at->bits));
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

/* -- the set of states --------------------------------------------------------------------- */

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
		u64 *offsets = realloc(s->offsets, (room + 1) * sizeof(u64));
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
			soon[j % SOON] = mix(s->states + j * W, W);
			__builtin_prefetch(slots + (soon[j % SOON] & (size - 1)), 1);
		}
	}
	free(s->slots);
	s->slots = slots;
	s->slot_mask = size - 1;
	return DONE;
}

static int grow(struct search *s, const int W)
{
	if (s->count == s->room && make_room(s, s->room * 2))
		return NO_MEMORY;
	return s->count * 2 > s->slot_mask ? rehash(s, (s->slot_mask + 1) * 2, W) : DONE;
}

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

/* Notes which claims state `j` violates. What was never violated is not looked at again where the
 * state `before` it, if that is given, has the same bits of what it is about. */
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
		c->broken |= broken != 0;
		if (!(broken & s->open_bits))
			continue;
		for (i32 k = c->first; k < c->end; k++) {
			i32 claim = s->check_of[k];
			if (s->open[claim] && broken & bit_of(claim) && !value_of(s, s->check[k], state))
				if (note(s, claim, j))
					return NO_MEMORY;
		}
	}
	for (i32 g = 0; g < s->groups; g++) {
		i32 k = s->group_at[g];
		if (before && !s->broken[g] && !differ(s->group_mask + (u64)g * W, before, state, W))
			continue;
		while (k < s->group_at[g + 1] && !value_of(s, s->group[k], state))
			k++;
		if (k < s->group_at[g + 1])
			continue;
		s->broken[g] = 1;
		for (k = s->member_at[g]; k < s->member_at[g + 1]; k++) {
			i32 claim = s->member_of[k];
			if (s->open[claim] && !value_of(s, s->member[k], state) && note(s, claim, j))
				return NO_MEMORY;
		}
	}
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

/* Adds `state`, which comes after `before` by an action, unless it is known; *at is its number
 * either way. */
static inline __attribute__((always_inline)) int
add(struct search *s, const u64 *before, i32 by, const u64 *state, u64 hash, u64 *at, const int W)
{
	u64 i = place_of(s, state, hash, W);
	if (s->slots[i]) {
		*at = (s->slots[i] & 0xffffffffu) - 1;
		return DONE;
	}
	if (s->count == s->most)
		return FULL;
	u64 j = s->count;
	if (j == s->room || j * 2 > s->slot_mask) {
		if (grow(s, W))
			return NO_MEMORY;
		i = place_of(s, state, hash, W);
	}
	memcpy(s->states + j * W, state, W * sizeof(u64));
	s->slots[i] = hash >> 32 << 32 | (j + 1);
	if (s->repeats)
		s->came[j] = (u16)by;
	s->count++;
	*at = j;
	return look_at(s, before, state, j, W);
}

/* -- the search ---------------------------------------------------------------------------- */

static int more_edges(struct search *s, u64 more)
{
	if (s->edges + more <= s->edge_room)
		return DONE;
	u64 room = s->edge_room * 2 + more;
	u32 *targets = realloc(s->targets, room * sizeof(u32));
	if (!targets)
		return NO_MEMORY;
	s->targets = targets;
	if (s->m->slots) {
		u8 *perms = realloc(s->perms, room);
		if (!perms)
			return NO_MEMORY;
		s->perms = perms;
	}
	if (s->keep_edges > 1) {
		u16 *actions = realloc(s->actions, room * sizeof(u16));
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
       const int edges)
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
		failed = add(s, before, by, s->after + (u64)k * W, s->hash[k], &j, W);
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

/* Makes of the batch's successor `k` of state `before` the one that is stored for it. */
static inline __attribute__((always_inline)) void
stand_for(struct search *s, int stage, const u64 *before, int k, const int W)
{
	u64 *after = s->after + (u64)k * W;
	u8 to[MOST_SLOTS];
	keep(s, stage, before, after, W);
	if (s->m->slots) {
		sort_slots(s->m, after, to);
		s->rank[k] = s->keep_edges ? rank_of(s->m, to) : 0;
	}
}

/* `edges` is what of steps is stored, and `reduced` whether one state may stand for several. */
static inline __attribute__((always_inline)) int
expand_as(struct search *s, u64 upto, const int W, const int edges, const int reduced)
{
	const struct model *m = s->m;
	see_what_is_open(s);
	while (s->next < upto) {
		int of[BATCH], repeated[BATCH], total = 0, states = 0;
		u64 orbit[BATCH], batch[BATCH * MOST_WORDS];
		for (; states < BATCH && s->next + states < upto; states++) {
			u64 *state = batch + states * W;
			memcpy(state, s->states + (s->next + states) * W, W * sizeof(u64));
			i32 only = reduced ? hurrying(m, state) : -1;
			const u8 *repeats = NULL;
			repeated[states] = 0;
			if (!edges && !reduced && s->repeats)
				repeats = s->repeats + (u64)s->came[s->next + states] * m->actions;
			int n = steps(s, state, only, repeats, repeated + states,
				      s->after + (u64)total * W, s->by + total, W);
			int stage = reduced ? stage_of(s, s->next + states) : 0;
			if (reduced && m->slots)
				orbit[states] = orbit_of(m, state);
			of[states] = n;
			const u64 *after = s->after + (u64)total * W, slot_mask = s->slot_mask;
			const u64 *slots = s->slots;
			u64 *hash = s->hash + total;
			for (int k = 0; k < n; k++, after += W) {
				hash[k] = 0;
				if (s->by[total + k] < 0)
					continue;
				if (edges)
					s->idle[total + k] = !memcmp(state, after, W * sizeof(u64));
				if (s->nawaited)
					await(s, after);
				if (reduced)
					stand_for(s, stage, state, total + k, W);
				hash[k] = mix(after, W);
				__builtin_prefetch(slots + (hash[k] & slot_mask));
			}
			total += n;
		}
		for (int k = 0; k < total; k++) { /* what the slots point to, if they do */
			u64 e = s->slots[s->hash[k] & s->slot_mask];
			__builtin_prefetch((const char *)s->states + ((e & 0xffffffffu) - 1) * W * 8);
		}
		for (int i = 0, first = 0; i < states; first += of[i++]) {
			int failed = settle(s, batch + i * W, first, of[i], repeated[i], W, edges);
			if (failed)
				return failed;
			if (reduced && m->slots) {
				s->unfolded += orbit[i];
				s->unfolded_steps += orbit[i] * (u64)of[i];
			}
		}
	}
	return DONE;
}

static inline __attribute__((always_inline)) int expand(struct search *s, u64 upto, const int W)
{
	int reduced = s->m->slots || s->m->folds || s->stages;
	if (reduced)
		return expand_as(s, upto, W, s->keep_edges, 1);
	if (s->keep_edges)
		return expand_as(s, upto, W, s->keep_edges, 0);
	return expand_as(s, upto, W, 0, 0);
}

#define BY_WORDS(call) \
	switch (s->m->words) { \
	case 1: { enum { W = 1 }; return call; } \
	case 2: { enum { W = 2 }; return call; } \
	default: { const int W = s->m->words; return call; } \
	}

int search_expand(struct search *s, u64 upto)
{
	BY_WORDS(expand(s, upto, W))
}

int search_add(struct search *s, const u64 *state)
{
	u64 copy[MOST_WORDS], j;
	u8 to[MOST_SLOTS];
	memcpy(copy, state, s->m->words * sizeof(u64));
	see_what_is_open(s);
	await(s, copy);
	fold(s->m, NULL, copy);
	if (s->m->slots)
		sort_slots(s->m, copy, to);
	BY_WORDS(add(s, NULL, s->m->actions, copy, mix(copy, W), &j, W))
}

/* The number of the stored state that stands for `state`, -1 if it has not been found; to[k] is
 * where part k is in it. */
int64_t search_find(const struct search *s, const u64 *state, u8 *to)
{
	const int W = s->m->words;
	for (int k = 0; k <= s->stages; k++) {
		u64 copy[MOST_WORDS], e;
		memcpy(copy, state, W * sizeof(u64));
		keep(s, k, NULL, copy, W);
		if (s->m->slots)
			sort_slots(s->m, copy, to);
		e = s->slots[place_of(s, copy, mix(copy, W), W)];
		if (e)
			return (int64_t)((e & 0xffffffffu) - 1);
	}
	return -1;
}

/* The part that is in a hurry in the stored state that stands for `state`: where it is in that. */
static i32 hurrying_in(const struct search *s, const u64 *state, u8 *to)
{
	const struct model *m = s->m;
	int64_t j = search_find(s, state, to);
	i32 there = j < 0 ? -1 : hurrying(m, s->states + (u64)j * m->words);
	if (there < 0)
		return there;
	for (i32 k = 0; k < m->folds; k++) {
		i32 place = slot_of(m, k);
		if (place < 0 ? k == there : slot_of(m, there) == to[place])
			return k;
	}
	return -1;
}

/* What is kept of `state`, a successor of state `i`. */
void search_kept(const struct search *s, u64 i, u64 *state)
{
	keep(s, stage_of(s, i), NULL, state, s->m->words);
}

/* From state `first` on, all but `keep` is forgotten of successors. Returns whether there is room
 * for it. */
int search_forget_from(struct search *s, u64 first, const u64 *keep)
{
	if (s->stages == MOST_STAGES)
		return 0;
	s->forget_from[s->stages] = first;
	memcpy(s->keep[s->stages], keep, s->m->words * sizeof(u64));
	s->stages++;
	return 1;
}

/* The steps from `state`, which stored state `i` stands for: actions, the states after them, the
 * numbers of the stored states that stand for those (-1: none yet), and where each interchangeable
 * part has gone. Where some are enough, none but those if `hurried`. Returns how many. */
int search_steps(struct search *s, const u64 *state, u64 i, int hurried, i32 *by, u64 *after,
		 int64_t *targets, u8 *to)
{
	const int W = s->m->words;
	int n = steps(s, state, hurried ? hurrying_in(s, state, to) : -1, NULL, NULL, after, by, W);
	for (int k = 0; k < n; k++) {
		u64 sorted[MOST_WORDS];
		targets[k] = -1;
		if (by[k] < 0)
			continue;
		memcpy(sorted, after + (u64)k * W, W * sizeof(u64));
		keep(s, stage_of(s, i), NULL, sorted, W);
		if (s->m->slots)
			sort_slots(s->m, sorted, to + k * s->m->slots);
		u64 e = s->slots[place_of(s, sorted, mix(sorted, W), W)];
		if (e)
			targets[k] = (int64_t)((e & 0xffffffffu) - 1);
	}
	return n;
}

void search_free(struct search *s)
{
	if (!s)
		return;
	for (i32 p = 0; s->tables && p < s->m->programs; p++)
		free(s->tables[p]);
	free(s->tables);
	free(s->masks);
	for (i32 b = 0; s->bundles && b < s->m->bundles; b++)
		free(s->bundles[b].steps.entries);
	free(s->bundles);
	free(s->changes);
	for (i32 k = 0; k < s->nchecks; k++)
		free(s->checks[k].answers.entries);
	free(s->checks);
	free(s->group_mask);
	free(s->broken);
	free(s->states);
	free(s->slots);
	free(s->offsets);
	free(s->targets);
	free(s->perms);
	free(s->found);
	free(s->after);
	free(s->hash);
	free(s->by);
	free(s->rank);
	free(s->idle);
	free(s->actions);
	free(s->came);
	free(s);
}

/* Makes a bundle of actions that may be looked at together: all that they read decides. */
static int make_bundles(struct search *s)
{
	const struct model *m = s->m;
	u64 own = 0;
	s->bundles = calloc((u64)m->bundles + 1, sizeof(*s->bundles));
	if (!s->bundles)
		return NO_MEMORY;
	for (i32 b = 0; b < m->bundles; b++) {
		struct memo *steps = &s->bundles[b].steps;
		for (i32 k = m->bundle_at[b]; k < m->bundle_at[b + 1]; k++) {
			i32 a = m->bundle[k];
			for (i32 w = 0; w < m->words; w++)
				steps->mask[w] |= m->guard_mask[(u64)a * m->words + w];
			for (i32 t = m->tests_at[a]; t < m->tests_at[a + 1]; t++)
				reads(s, m->tests[t], steps->mask);
			for (i32 u = m->updates_at[a]; u < m->updates_at[a + 1]; u++)
				reads(s, m->updates[u].program, steps->mask);
			if (m->whose[a] >= 0)
				s->bundles[b].parts |= (u64)1 << (m->whose[a] & 63);
		}
		if (begin(steps, m->words))
			return NO_MEMORY;
	}
	for (i32 k = 0; k < m->others; k++)
		if (m->whose[m->row[k]] >= 0)
			own |= (u64)1 << (m->whose[m->row[k]] & 63);
	s->other_parts = own;
	return DONE;
}

struct search *search_new(const struct model *m, u64 most, int keep_edges, const u8 *repeats,
			  u8 *fired)
{
	enum { FIRST = 1024 };
	struct search *s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->m = m;
	s->most = most;
	s->keep_edges = keep_edges;
	s->repeats = repeats;
	s->fired = fired;
	s->left_action = -1;
	s->room = FIRST;
	s->slot_mask = 4 * FIRST - 1;
	s->states = malloc(FIRST * m->words * sizeof(u64));
	s->offsets = calloc(FIRST + 1, sizeof(u64));
	s->came = repeats ? malloc(FIRST * sizeof(u16)) : NULL;
	s->slots = calloc(4 * FIRST, sizeof(u64));
	u64 successors = ((u64)m->actions + 1) * BATCH;
	s->after = malloc(successors * m->words * sizeof(u64));
	s->hash = malloc(successors * sizeof(u64));
	s->by = malloc(successors * sizeof(i32));
	s->rank = malloc(successors * sizeof(u32));
	s->idle = malloc(successors);
	s->tables = calloc((u64)m->programs + 1, sizeof(u8 *));
	int failed = !s->states || !s->offsets || !s->slots || !s->after || !s->hash || !s->by ||
		     !s->rank || !s->idle || !s->tables || (repeats && !s->came);
	for (i32 p = 0; !failed && p < m->programs; p++)
		failed = tabulate(s, p);
	failed = failed || mask_fields(s) || make_bundles(s);
	if (failed) {
		search_free(s);
		return NULL;
	}
	return s;
}

/* What to look for; the arrays are Python's. `open` has two entries more than there are claims. */
int search_watch(struct search *s, const i32 *check, const i32 *check_of, const i32 *check_at,
		 i32 checks, const i32 *member, const i32 *member_of, const i32 *group,
		 const i32 *group_at, const i32 *member_at, i32 groups, u8 *open, i32 nclaims,
		 i32 *awaited, i32 nawaited, u8 *met)
{
	s->checks = calloc((u64)checks + 1, sizeof(*s->checks));
	if (!s->checks)
		return NO_MEMORY;
	s->group_mask = calloc((u64)groups * s->m->words + 1, sizeof(u64));
	s->broken = calloc((u64)groups + 1, 1);
	if (!s->group_mask || !s->broken)
		return NO_MEMORY;
	for (i32 g = 0; g < groups; g++)
		for (i32 k = group_at[g]; k < group_at[g + 1]; k++)
			reads(s, group[k], s->group_mask + (u64)g * s->m->words);
	s->check = check;
	s->check_of = check_of;
	for (s->nchecks = 0; s->nchecks < checks; s->nchecks++) {
		struct checks *c = s->checks + s->nchecks;
		c->first = check_at[s->nchecks];
		c->end = check_at[s->nchecks + 1];
		for (i32 k = c->first; k < c->end; k++)
			reads(s, check[k], c->answers.mask);
		if (begin(&c->answers, s->m->words))
			return NO_MEMORY;
	}
	s->member = member;
	s->member_of = member_of;
	s->group = group;
	s->group_at = group_at;
	s->member_at = member_at;
	s->groups = groups;
	s->open = open;
	s->nclaims = nclaims;
	s->awaited = awaited;
	s->nawaited = nawaited;
	s->met = met;
	return DONE;
}

/* -- afterwards ---------------------------------------------------------------------------- */

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

static inline u64 pulled(const struct search *s, u64 there, u64 edge, const struct moves *moves)
{
	if (!there || !moves->most || !s->perms[edge]) /* 0 exchanges nothing */
		return there;
	const u64 *m = moves->mask + (u64)s->perms[edge] * moves->most;
	const i32 *d = moves->by + (u64)s->perms[edge] * moves->most;
	u64 here = 0;
	for (i32 q = 0; q < moves->most && m[q]; q++)
		here |= d[q] >= 0 ? (there & m[q]) << d[q] : (there & m[q]) >> -d[q];
	return here;
}

/* The way back: which bits of a state's come to be those of the state after the step. */
static inline u64 pushed(const struct search *s, u64 here, u64 edge, const struct moves *moves)
{
	if (!here || !moves->most || !s->perms[edge])
		return here;
	const u64 *m = moves->mask + (u64)s->perms[edge] * moves->most;
	const i32 *d = moves->by + (u64)s->perms[edge] * moves->most;
	u64 there = 0;
	for (i32 q = 0; q < moves->most && m[q]; q++)
		there |= (d[q] >= 0 ? here >> d[q] : here << -d[q]) & m[q];
	return there;
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
static inline int reach_from(const struct search *s, u64 i, void *pairs, const struct moves *moves,
			     int *changed, const int T)
{
	u64 have = had(pairs, i, T), missing = wanted(pairs, i, T) & ~have, got = 0;
	for (u64 e = s->offsets[i]; (missing & ~got) && e < s->offsets[i + 1]; e++)
		got |= pulled(s, had(pairs, s->targets[e], T), e, moves);
	got &= missing;
	if (got) {
		put(pairs, 2 * i + 1, have | got, T);
		*changed = 1;
	}
	return missing != got;
}

/* Sweeps over the `n` states at *some, in rising order, until each has whatever a run comes to
 * within what is wanted. Fewer are left as less is missing; returns how many, from *some on.
 * Breadth-first numbers run along most edges, so that a sweep against them carries answers far: one
 * was there already. One along them is for edges that lead back. */
static inline __attribute__((always_inline)) u64
reach(const struct search *s, u32 **some, u64 n, void *pairs, const struct moves *moves, const int T)
{
	for (int up = 1, changed = 1; changed && n; up = !up) {
		u32 *list = *some;
		u64 left = up ? 0 : n;
		changed = 0;
		for (u64 done = 0; done < n; done++) {
			u64 k = up ? done : n - 1 - done;
			u32 i = list[k];
			if (done + AHEAD < n)
				fetch(s, list[up ? k + AHEAD : k - AHEAD], pairs, 2 * T);
			if (reach_from(s, i, pairs, moves, &changed, T))
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
	void *pairs = zeroed(n, 2 * T);
	u32 *list = malloc((n + 1) * sizeof(u32)), *some = list + n;
	int failed = !groups || !pairs || !list, changed = 0;
	for (u64 i = n; i-- > 0 && !failed;) {
		if (i >= AHEAD)
			fetch(s, i - AHEAD, pairs, 2 * T);
		answer(s, q, groups, i, told);
		put(out, i, told[WHEN] & ~told[GOAL], T);
		put(pairs, 2 * i, told[DURING], T);
		put(pairs, 2 * i + 1, told[GOAL], T);
		if (reach_from(s, i, pairs, moves, &changed, T))
			*--some = (u32)i;
	}
	if (!failed) {
		reach(s, &some, n - (u64)(some - list), pairs, moves, T);
		for (u64 i = 0; i < n; i++)
			put(out, i, item(out, i, T) & ~had(pairs, i, T), T);
	}
	forget_groups(groups, q);
	free(pairs);
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
	void *goals, *able, *done, *pairs;
	u32 *list;
};

/* What is in `stays` spreads along the stored steps to successors but for what they have in
 * `goals`. done[i] is what has been passed on from state i. Answers are found on the way. */
static inline __attribute__((always_inline)) void
follow(const struct search *s, const struct questions *q, struct endless *x, void *stays,
	    void *starts, const struct moves *moves, const int T)
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
				u64 more = pushed(s, here & ~passed, e, moves) & ~there;
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
			const struct moves *moves, const int T)
{
	u64 stays = wanted(pairs, i, T), have = stays & ~able;
	for (u64 e = s->offsets[i]; (stays & ~have) && e < s->offsets[i + 1]; e++) {
		u64 j = s->targets[e], takes = set[s->actions[e]] & stays & ~have;
		if (takes)
			have |= takes & pulled(s, wanted(pairs, j, T), e, moves);
		have |= pulled(s, had(pairs, j, T), e, moves) & stays;
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
       i32 wholes, const struct moves *moves, const int T)
{
	u32 *live = x->list;
	for (u64 left = n; left;) {
		u32 *some = live + 2 * n;
		for (u64 k = n; k-- > 0;) {
			if (k >= AHEAD)
				fetch(s, live[k - AHEAD], x->pairs, 2 * T);
			if (serve(s, live[k], x->pairs, item(x->able, live[k], T), set, moves, T))
				*--some = live[k];
		}
		left = reach(s, &some, (u64)(live + 2 * n - some), x->pairs, moves, T);
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
			     zeroed(s->next, T), NULL, NULL };
	u64 n = 0;
	int failed = !x.groups || !x.goals || !x.able || !x.done;
	if (!failed) {
		follow(s, q, &x, stays, starts, moves, T);
		for (u64 i = 0; i < s->next; i++)
			n += item(stays, i, T) != 0;
	}
	free(x.goals);
	free(x.done);
	if (!failed && n) {
		x.pairs = zeroed(s->next, 2 * T);
		x.list = malloc(2 * n * sizeof(u32));
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
		starve(s, &x, n, set, whole, wholes, moves, T);
		for (u64 i = 0; i < s->next; i++) {
			put(stays, i, wanted(x.pairs, i, T), T);
			put(starts, i, item(starts, i, T) & wanted(x.pairs, i, T), T);
		}
	}
	forget_groups(x.groups, q);
	free(x.able);
	free(x.pairs);
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
		for (int k = 0; k < n; k++) {
			u64 *after = s->after + (u64)k * W;
			if (s->by[k] < 0)
				continue;
			keep(s, stage_of(s, i), state, after, W);
			if (s->m->slots)
				sort_slots(s->m, after, to);
			u64 hash = mix(after, W);
			if (!(marked[hash / 64 % MARKED] >> hash % 64 & 1))
				continue;
			u64 e = s->slots[place_of(s, after, hash, W)];
			if (e && (e & 0xffffffffu) > end && (e & 0xffffffffu) <= last)
				marks[i] |= marks[(e & 0xffffffffu) - 1];
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
		int n = steps(s, s->states + i * W, -1, NULL, NULL, s->after, s->by, W);
		for (int k = 0; k < n; k++) {
			u64 *after = s->after + (u64)k * W;
			if (s->by[k] < 0)
				continue;
			keep(s, stage_of(s, i), NULL, after, W);
			if (s->m->slots) {
				sort_slots(s->m, after, to);
				for (i32 q = 0; q < s->m->slots; q++)
					from[to[q]] = (u8)q;
			}
			u64 e = s->slots[place_of(s, after, mix(after, W), W)];
			if (!e || (e & 0xffffffffu) <= end || (e & 0xffffffffu) > last)
				continue;
			u64 j = (e & 0xffffffffu) - 1;
			if (!(marks[j] & bits))
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

/* -- what Python reads --------------------------------------------------------------------- */

const u64 *search_states(const struct search *s) { return s->states; }
const struct found *search_found(const struct search *s) { return s->found; }

void search_numbers(const struct search *s, u64 *out)
{
	out[0] = s->count;
	out[1] = s->next;
	out[2] = s->transitions;
	out[3] = s->nfound;
	out[4] = (u64)(int64_t)s->left_action;
	out[5] = s->unfolded;
	out[6] = s->unfolded_steps;
}

/* How many states those that are not expanded yet stand for. */
u64 search_frontier(const struct search *s)
{
	u64 states = 0;
	for (u64 i = s->next; i < s->count; i++)
		states += orbit_of(s->m, s->states + i * s->m->words);
	return states;
}

void search_forget_found(struct search *s) { s->nfound = 0; }

/* -- memory and checkpoints ---------------------------------------------------------------- */

/* What there is room for, and the steps stored. */
void search_sizes(const struct search *s, u64 *out)
{
	out[0] = s->room;
	out[1] = s->slot_mask + 1;
	out[2] = s->edges;
	out[3] = s->edge_room;
}

/* Where the columns are: what only grows while states are expanded. */
void search_columns(const struct search *s, void **out)
{
	out[0] = s->states;
	out[1] = s->offsets;
	out[2] = s->targets;
	out[3] = s->perms;
	out[4] = s->actions;
}

/* Makes room in a new search for columns that are to be filled in. */
int search_reserve(struct search *s, u64 count, u64 edges)
{
	u64 room = s->room;
	while (room < count)
		room *= 2;
	return make_room(s, room) ? NO_MEMORY : more_edges(s, edges);
}

/* Goes on from the columns as they were filled in; `numbers` is what search_numbers told. */
int search_resume(struct search *s, const u64 *numbers, u64 edges)
{
	u64 size = s->slot_mask + 1, W = (u64)s->m->words;
	while (numbers[0] * 2 > size)
		size *= 2;
	s->count = numbers[0];
	if (rehash(s, size, (int)W))
		return NO_MEMORY;
	s->next = numbers[1];
	s->transitions = numbers[2];
	s->left_action = (i32)(int64_t)numbers[4];
	s->unfolded = numbers[5];
	s->unfolded_steps = numbers[6];
	s->edges = edges;
	for (u64 j = 0; s->repeats && j < s->count; j++)
		s->came[j] = (u16)s->m->actions; /* that was not kept, so nothing is left out */
	return DONE;
}

/* Notes again that `state` violates a claim. */
int search_note(struct search *s, i32 claim, u64 state) { return note(s, claim, state); }

#ifndef DIGEST
#define DIGEST ""
#endif
/* Which source this was built from; Python does not use a kernel built from another. */
const char *kernel_digest(void) { return DIGEST; }
