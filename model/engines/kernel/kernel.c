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
typedef int32_t i32;
typedef uint8_t u8;

enum { CONST, FIELD, ADD, SUBTRACT, LESS, EQUAL, NOT, AND, OR, IF_ELSE, MEMBER, CALL };
enum { DONE, FULL, NO_MEMORY };
enum { MOST_WORDS = 16, MOST_SLOTS = 64, MOST_STAGES = 16, STACK = 256, TABLE_BITS = 12 };
enum { LEFT_DOMAIN = -1 };
enum { BATCH = 16 }; /* states expanded at once, so that their successors are fetched meanwhile */

struct field { i32 word, shift, bits; };
struct update { i32 program, word, shift, base, bits, valid; };
struct dispatch { i32 word, shift, bits, first; }; /* first: of its rows in `rows` */
struct slot { i32 word, shift, bits, block; };
struct fold { i32 word, shift, bits, first, size_bits; }; /* first: of its entries in `folded` */
struct folded { u64 from, to, fleeting; };

/* All of it is Python's. Lists of lists are flat, with the place where each one starts. */
struct model {
	i32 words, actions, programs, dispatches, slots, folds, hurries, always;
	const i32 *code, *code_at;
	const struct field *fields;
	const i32 *fields_at;
	const u64 *guard_mask, *guard_value, *keep_mask, *set_value;
	const i32 *tests, *tests_at;
	const struct update *updates;
	const i32 *updates_at;
	const u64 *valid; /* bitsets of stored values, for updates that may leave a domain */
	const struct dispatch *dispatch;
	const i32 *rows, *row; /* dispatch d, value v: actions row[rows[first+v]] up to rows[first+v+1] */
	const struct slot *slot; /* interchangeable parts of a state, block by block */
	const struct fold *fold; /* parts of a state of which others may stand for some */
	const struct folded *folded; /* by part: an open hash table of which stands for which */
	const i32 *whose; /* by action: the part whose own step it is; -1: nobody's */
};

struct found { u32 claim, state; };

struct search {
	const struct model *m;
	u8 **tables; /* by program; NULL where bytecode runs */
	u64 *masks; /* by program and word: the bits it reads, if the processor can gather them */
	u64 *states, *slots, *offsets;
	u32 *targets; /* of the steps that change something, from states[i] at offsets[i] */
	u8 *perms;
	uint16_t *actions; /* by target, if keep_edges says so */
	u64 count, room, slot_mask, next, edges, edge_room, transitions, most;
	int keep_edges;
	u8 *fired;
	/* What is looked for in every new state: where no program of a group is true, its members
	 * tell which claims are violated. */
	const i32 *member, *member_of; /* a program and its claim */
	const i32 *group, *group_at, *member_at;
	i32 groups;
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

static int mask_fields(struct search *s)
{
	const struct model *m = s->m;
	if (!__builtin_cpu_supports("bmi2") || !__builtin_cpu_supports("popcnt"))
		return DONE;
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
#else
static int mask_fields(struct search *s)
{
	(void)s;
	return DONE;
}
#endif

static i32 value_of(const struct search *s, i32 program, const u64 *state)
{
	const u8 *table = s->tables[program];
	if (!table)
		return run(s, program, state);
#ifdef __x86_64__
	if (s->masks)
		return table[gathered(s->masks + (u64)program * s->m->words, state, s->m->words)];
#endif
	const struct field *f = s->m->fields + s->m->fields_at[program];
	const struct field *end = s->m->fields + s->m->fields_at[program + 1];
	u32 index = 0, place = 0;
	for (; f < end; f++) {
		index |= (u32)(state[f->word] >> f->shift & (((u64)1 << f->bits) - 1)) << place;
		place += (u32)f->bits;
	}
	return table[index];
}

static int tabulate(struct search *s, i32 program)
{
	const struct field *first = s->m->fields + s->m->fields_at[program];
	const struct field *end = s->m->fields + s->m->fields_at[program + 1];
	i32 bits = 0;
	for (const struct field *f = first; f < end; f++)
		bits += f->bits;
	if (bits > TABLE_BITS)
		return DONE;
	u8 *table = malloc((u64)1 << bits);
	if (!table)
		return NO_MEMORY;
	u64 state[MOST_WORDS];
	for (u32 index = 0; index < (u32)1 << bits; index++) {
		memset(state, 0, sizeof(state));
		u32 place = 0;
		for (const struct field *f = first; f < end; f++) {
			u64 value = index >> place & (((u64)1 << f->bits) - 1);
			state[f->word] |= value << f->shift;
			place += (u32)f->bits;
		}
		i32 value = run(s, program, state);
		table[index] = (u8)value;
		if (value != (u8)value) {
			free(table);
			return DONE;
		}
	}
	s->tables[program] = table;
	return DONE;
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

/* The steps from `state`: the states after them and the actions; ~action for a left domain.
 * All of them, or those of part `only`, if that is not negative. */
static inline __attribute__((always_inline)) int
steps(const struct search *s, const u64 *state, i32 only, u64 *after, i32 *by, const int W)
{
	const struct model *m = s->m;
	int n = 0, taken;
	for (i32 d = -1; d < m->dispatches; d++) {
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
			if (taken)
				by[n++] = taken == LEFT_DOMAIN ? ~*a : *a;
		}
	}
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
	u64 *offsets = realloc(s->offsets, (room + 1) * sizeof(u64));
	if (!offsets)
		return NO_MEMORY;
	s->offsets = offsets;
	s->room = room;
	return DONE;
}

static int grow(struct search *s, const int W)
{
	if (s->count == s->room && make_room(s, s->room * 2))
		return NO_MEMORY;
	if (s->count * 2 > s->slot_mask) {
		u64 size = (s->slot_mask + 1) * 2;
		u64 *slots = advised(calloc(size, sizeof(u64)), size * sizeof(u64));
		if (!slots)
			return NO_MEMORY;
		for (u64 j = 0; j < s->count; j++) {
			u64 hash = mix(s->states + j * W, W), i = hash & (size - 1);
			while (slots[i])
				i = (i + 1) & (size - 1);
			slots[i] = hash >> 32 << 32 | (j + 1);
		}
		free(s->slots);
		s->slots = slots;
		s->slot_mask = size - 1;
	}
	return DONE;
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

static int look_at(struct search *s, const u64 *state, u64 j)
{
	for (i32 g = 0; g < s->groups; g++) {
		i32 k = s->group_at[g];
		while (k < s->group_at[g + 1] && !value_of(s, s->group[k], state))
			k++;
		if (k < s->group_at[g + 1])
			continue;
		for (k = s->member_at[g]; k < s->member_at[g + 1]; k++) {
			i32 claim = s->member_of[k];
			if (s->open[claim] && !value_of(s, s->member[k], state) && note(s, claim, j))
				return NO_MEMORY;
		}
	}
	return DONE;
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

/* Adds `state` unless it is known; *at is its number either way. */
static inline __attribute__((always_inline)) int
add(struct search *s, const u64 *state, u64 hash, u64 *at, const int W)
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
	s->count++;
	*at = j;
	return look_at(s, state, j);
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
		uint16_t *actions = realloc(s->actions, room * sizeof(uint16_t));
		if (!actions)
			return NO_MEMORY;
		s->actions = actions;
	}
	s->edge_room = room;
	return DONE;
}

/* Adds what the batch found from state `next`: n successors, from number `first` of the batch. */
static inline __attribute__((always_inline)) int
settle(struct search *s, int first, int n, const int W)
{
	u64 begin = s->edges;
	int failed = s->keep_edges ? more_edges(s, (u64)n) : DONE;
	for (int k = first; k < first + n && !failed; k++) {
		u64 j;
		if (s->by[k] < 0) {
			if (s->left_action < 0)
				s->left_action = ~s->by[k];
			s->fired[~s->by[k]] = 1;
			if (s->open[s->nclaims])
				failed = note(s, s->nclaims, s->next);
			continue;
		}
		s->fired[s->by[k]] = 1;
		failed = add(s, s->after + (u64)k * W, s->hash[k], &j, W);
		if (s->keep_edges && !failed && !s->idle[k]) {
			s->targets[s->edges] = (u32)j;
			if (s->m->slots)
				s->perms[s->edges] = (u8)s->rank[k];
			if (s->keep_edges > 1)
				s->actions[s->edges] = (uint16_t)s->by[k];
			s->edges++;
		}
	}
	if (!n && !failed && s->open[s->nclaims + 1])
		failed = note(s, s->nclaims + 1, s->next);
	if (failed) {
		s->edges = begin;
		return failed;
	}
	s->transitions += (u64)n;
	s->next++;
	s->offsets[s->next] = s->edges;
	return DONE;
}

static inline __attribute__((always_inline)) int
expand(struct search *s, u64 upto, const int W)
{
	const struct model *m = s->m;
	u8 to[MOST_SLOTS];
	while (s->next < upto) {
		int of[BATCH], total = 0, states = 0;
		u64 orbit[BATCH];
		for (; states < BATCH && s->next + states < upto; states++) {
			u64 state[MOST_WORDS];
			memcpy(state, s->states + (s->next + states) * W, W * sizeof(u64));
			i32 only = hurrying(m, state);
			of[states] = steps(s, state, only, s->after + (u64)total * W, s->by + total, W);
			int stage = stage_of(s, s->next + states);
			if (m->slots)
				orbit[states] = orbit_of(m, state);
			for (int k = total; k < total + of[states]; k++) {
				u64 *after = s->after + (u64)k * W;
				if (s->by[k] < 0)
					continue;
				s->idle[k] = !memcmp(state, after, W * sizeof(u64));
				await(s, after);
				keep(s, stage, state, after, W);
				if (m->slots) {
					sort_slots(m, after, to);
					s->rank[k] = s->keep_edges ? rank_of(m, to) : 0;
				}
				s->hash[k] = mix(after, W);
				__builtin_prefetch(s->slots + (s->hash[k] & s->slot_mask));
			}
			total += of[states];
		}
		for (int k = 0; k < total; k++) { /* what the slots point to */
			u64 e = s->by[k] < 0 ? 0 : s->slots[s->hash[k] & s->slot_mask];
			if (e)
				__builtin_prefetch(s->states + ((e & 0xffffffffu) - 1) * W);
		}
		for (int i = 0, first = 0; i < states; first += of[i++]) {
			int failed = settle(s, first, of[i], W);
			if (failed)
				return failed;
			if (m->slots) {
				s->unfolded += orbit[i];
				s->unfolded_steps += orbit[i] * (u64)of[i];
			}
		}
	}
	return DONE;
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
	await(s, copy);
	fold(s->m, NULL, copy);
	if (s->m->slots)
		sort_slots(s->m, copy, to);
	BY_WORDS(add(s, copy, mix(copy, W), &j, W))
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
int search_steps(const struct search *s, const u64 *state, u64 i, int hurried, i32 *by, u64 *after,
		 int64_t *targets, u8 *to)
{
	const int W = s->m->words;
	int n = steps(s, state, hurried ? hurrying_in(s, state, to) : -1, after, by, W);
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
	free(s);
}

struct search *search_new(const struct model *m, u64 most, int keep_edges, u8 *fired)
{
	enum { FIRST = 1024 };
	struct search *s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->m = m;
	s->most = most;
	s->keep_edges = keep_edges;
	s->fired = fired;
	s->left_action = -1;
	s->room = FIRST;
	s->slot_mask = 4 * FIRST - 1;
	s->states = malloc(FIRST * m->words * sizeof(u64));
	s->offsets = calloc(FIRST + 1, sizeof(u64));
	s->slots = calloc(4 * FIRST, sizeof(u64));
	u64 successors = ((u64)m->actions + 1) * BATCH;
	s->after = malloc(successors * m->words * sizeof(u64));
	s->hash = malloc(successors * sizeof(u64));
	s->by = malloc(successors * sizeof(i32));
	s->rank = malloc(successors * sizeof(u32));
	s->idle = malloc(successors);
	s->tables = calloc((u64)m->programs + 1, sizeof(u8 *));
	int failed = !s->states || !s->offsets || !s->slots || !s->after || !s->hash || !s->by ||
		     !s->rank || !s->idle || !s->tables;
	for (i32 p = 0; !failed && p < m->programs; p++)
		failed = tabulate(s, p);
	if (!failed) /* only now, so that making the tables does not rest on it */
		failed = mask_fields(s);
	if (failed) {
		search_free(s);
		return NULL;
	}
	return s;
}

/* What to look for; the arrays are Python's. `open` has two entries more than there are claims. */
void search_watch(struct search *s, const i32 *member, const i32 *member_of, const i32 *group,
		  const i32 *group_at, const i32 *member_at, i32 groups, u8 *open, i32 nclaims,
		  i32 *awaited, i32 nawaited, u8 *met)
{
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
}

/* -- afterwards ---------------------------------------------------------------------------- */

/* Keeps bit k of out[j] where program k is true in state j; only bits that are set are asked. */
void search_answers(const struct search *s, const i32 *programs, i32 n, u64 states, u64 *out)
{
	for (u64 j = 0; j < states; j++) {
		const u64 *state = s->states + j * s->m->words;
		u64 bits = 0, asked = out[j];
		i32 last = -1, truth = 0;
		for (i32 k = 0; asked >> k && k < n; k++) {
			if (!(asked >> k & 1))
				continue;
			if (programs[k] != last)
				truth = value_of(s, last = programs[k], state) != 0;
			bits |= (u64)truth << k;
		}
		out[j] = bits;
	}
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

enum { AHEAD = 6 }; /* states, so that what is behind their steps is fetched meanwhile */

static inline void fetch(const struct search *s, u64 i, const u64 *bits)
{
	for (u64 e = s->offsets[i]; e < s->offsets[i + 1]; e++)
		__builtin_prefetch(bits + s->targets[e]);
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

/* One sweep along the stored edges: what is in `region` spreads to successors that are `within`.
 * done[i] is what has been passed on from state i. Returns whether another sweep is needed. */
int search_spread(const struct search *s, u64 *region, const u64 *within, u64 *done,
		  const struct moves *moves)
{
	int again = 0;
	for (u64 i = 0; i < s->next; i++) {
		u64 fresh = region[i] & ~done[i];
		if (i + AHEAD < s->next && (region[i + AHEAD] & ~done[i + AHEAD]))
			fetch(s, i + AHEAD, region);
		if (!fresh)
			continue;
		done[i] |= fresh;
		for (u64 e = s->offsets[i]; e < s->offsets[i + 1]; e++) {
			u32 j = s->targets[e];
			u64 more = pushed(s, fresh, e, moves) & within[j] & ~region[j];
			region[j] |= more;
			again |= more && j <= i;
		}
	}
	return again;
}

/* One sweep over the stored edges: reaching[i] gains what a successor reaches, within during[i].
 * Returns whether anything changed. */
int search_reach(const struct search *s, u64 *reaching, const u64 *during, int backward,
		 const struct moves *moves)
{
	int changed = 0;
	for (u64 k = 0; k < s->next; k++) {
		u64 i = backward ? s->next - 1 - k : k, missing = during[i] & ~reaching[i], got = 0;
		if (k + AHEAD < s->next) {
			u64 soon = backward ? i - AHEAD : i + AHEAD;
			if (during[soon] & ~reaching[soon])
				fetch(s, soon, reaching);
		}
		if (!missing)
			continue;
		for (u64 e = s->offsets[i]; e < s->offsets[i + 1]; e++)
			got |= pulled(s, reaching[s->targets[e]], e, moves);
		if (got & missing) {
			reaching[i] |= got & missing;
			changed = 1;
		}
	}
	return changed;
}

/* The states in `stays` from which a run never leaves it and is fair to a set of steps: by actions
 * that have their bits in `set`, from states that have them in `where`. Again and again one of
 * them is taken, or none can be. One round of it: `stays` loses the states from which no run comes
 * to such a place even once. Bits that are in one mask of `whole` are lost together: a run has to
 * be fair to each of those sets. Returns whether any state was lost. */
int search_starve(const struct search *s, u64 *stays, u64 *comes, const u64 *set, const u64 *where,
		  const u64 *whole, i32 wholes, const struct moves *moves)
{
	int changed = 1, lost = 0;
	for (u64 i = 0; i < s->next; i++) {
		u64 able = 0, takes = 0, need;
		comes[i] = 0;
		if (i + AHEAD < s->next && stays[i + AHEAD])
			fetch(s, i + AHEAD, stays);
		if (!stays[i])
			continue;
		for (u64 e = s->offsets[i]; e < s->offsets[i + 1]; e++)
			able |= set[s->actions[e]];
		if (s->m->hurries && hurrying(s->m, s->states + i * s->m->words) >= 0)
			able = ~(u64)0; /* others could take steps too, as they can after these */
		able &= where[i];
		need = stays[i] & able;
		for (u64 e = s->offsets[i]; need && e < s->offsets[i + 1]; e++) {
			u64 of = set[s->actions[e]] & need;
			if (of)
				takes |= of & pulled(s, stays[s->targets[e]], e, moves);
			need &= ~takes;
		}
		comes[i] = stays[i] & (takes | ~able);
	}
	for (int backward = 1; changed; backward = !backward)
		changed = search_reach(s, comes, stays, backward, moves);
	for (u64 i = 0; i < s->next; i++) {
		u64 left = 0;
		for (i32 k = 0; k < wholes; k++)
			if ((comes[i] & whole[k]) == whole[k])
				left |= whole[k];
		lost |= stays[i] != left;
		stays[i] = left;
	}
	return lost;
}

/* marks[i] gains the marks of i's successors in [end, last), for the states i in [first, end). */
void search_mark(struct search *s, u64 first, u64 end, u64 last, u64 *marks)
{
	const int W = s->m->words;
	u8 to[MOST_SLOTS];
	for (u64 i = first; i < end; i++) {
		int n = steps(s, s->states + i * W, -1, s->after, s->by, W);
		for (int k = 0; k < n; k++) {
			u64 *after = s->after + (u64)k * W;
			if (s->by[k] < 0)
				continue;
			keep(s, stage_of(s, i), NULL, after, W);
			if (s->m->slots)
				sort_slots(s->m, after, to);
			u64 e = s->slots[place_of(s, after, mix(after, W), W)];
			if (e && (e & 0xffffffffu) > end && (e & 0xffffffffu) <= last)
				marks[i] |= marks[(e & 0xffffffffu) - 1];
		}
	}
}

/* Takes away from `bits` what `others` has, state by state. */
void search_without(u64 *bits, const u64 *others, u64 n)
{
	for (u64 j = 0; j < n; j++)
		bits[j] &= ~others[j];
}

/* The first state that has a bit of `bits`; n if there is none. */
u64 search_first(const u64 *marks, u64 n, u64 bits)
{
	u64 j = 0;
	while (j < n && !(marks[j] & bits))
		j++;
	return j;
}

/* Puts the numbers of the states in [first, end) that have a bit of `bits` into `out`. */
u64 search_collect(const u64 *marks, u64 first, u64 end, u64 bits, u32 *out)
{
	u64 n = 0;
	for (u64 j = first; j < end; j++)
		if (marks[j] & bits)
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
		int n = steps(s, s->states + i * W, -1, s->after, s->by, W);
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
const u64 *search_offsets(const struct search *s) { return s->offsets; }
const u32 *search_targets(const struct search *s) { return s->targets; }

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
	u64 *slots = advised(calloc(size, sizeof(u64)), size * sizeof(u64));
	if (!slots)
		return NO_MEMORY;
	free(s->slots);
	s->slots = slots;
	s->slot_mask = size - 1;
	for (u64 j = 0; j < numbers[0]; j++) {
		u64 hash = mix(s->states + j * W, (int)W), i = hash & s->slot_mask;
		while (slots[i])
			i = (i + 1) & s->slot_mask;
		slots[i] = hash >> 32 << 32 | (j + 1);
	}
	s->count = numbers[0];
	s->next = numbers[1];
	s->transitions = numbers[2];
	s->left_action = (i32)(int64_t)numbers[4];
	s->unfolded = numbers[5];
	s->unfolded_steps = numbers[6];
	s->edges = edges;
	return DONE;
}

/* Notes again that `state` violates a claim. */
int search_note(struct search *s, i32 claim, u64 state) { return note(s, claim, state); }

#ifndef DIGEST
#define DIGEST ""
#endif
/* Which source this was built from; Python does not use a kernel built from another. */
const char *kernel_digest(void) { return DIGEST; }
