/* Breadth-first search over packed states, driven by tables: nothing here knows what a device is.
 *
 * A state is a few 64-bit words in which every variable has a bit field. An action is a mask and a
 * comparison, then tests; its effect is a mask and bits to set, then computed fields. Tests and
 * computed fields are programs: bytecode, or its results for every value of the few bits that it
 * reads, where those are small. Python makes the tables (tables.py) and owns them; the search owns what
 * it finds.
 *
 * The files are parts of one: each uses what those before it define.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <sys/mman.h>
#endif

#include "search.h"
#include "numbers.h"
#include "programs.h"
#include "memo.h"
#include "steps.h"
#include "standing.h"
#include "states.h"
#include "claims.h"
#include "keys.h"
#include "rows.h"
#include "known.h"
#include "settle.h"
#include "numbered.h"
#include "stand_ins.h"
#include "expand.h"
#include "passes.h"
#include "traces.h"

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
	free(s->told);
	free(s->actions);
	free(s->came);
	forget_numbers(s);
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
	u64 successors = ((u64)m->actions + 1) * BATCH * (u64)m->forks;
	s->after = malloc(successors * m->words * sizeof(u64));
	s->hash = malloc(successors * sizeof(u64));
	s->by = malloc(successors * sizeof(i32));
	s->rank = malloc(successors * sizeof(u32));
	s->idle = malloc(successors);
	s->told = calloc((u64)m->ways + 1, 1);
	s->tables = calloc((u64)m->programs + 1, sizeof(u8 *));
	int failed = !s->states || !s->offsets || !s->slots || !s->after || !s->hash || !s->by ||
		     !s->rank || !s->idle || !s->told || !s->tables || (repeats && !s->came);
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

/* What there is room for, the steps stored, and the bytes that numbers take. */
void search_sizes(const struct search *s, u64 *out)
{
	out[0] = s->room;
	out[1] = s->slot_mask + 1;
	out[2] = s->edges;
	out[3] = s->edge_room;
	out[4] = s->numbers ? size_of_numbers(s) : 0;
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
	s->count = numbers[0];
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
