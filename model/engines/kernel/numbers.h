/* Searching by the numbers of local states.
 *
 * What an entity has in a state, a local state, gets a number when it is first found, and the numbers
 * of all entities are a state's key. Steps and claims that read two entities are found once for each
 * two numbers; from then on they are looked up in a table. So is what stands for a local state.
 *
 * Where every state is stored as it is and no step is, states that differ in the last entity only
 * share a row: a bit for each local state of that entity. A state is known when its bit is set, so
 * that most of a search stays close to the processor. Elsewhere states need numbers themselves.
 */

enum { MOST_ENTITIES = 16, IN_WORD = 4, NUMBER_BITS = 16 }; /* numbers, in a word of a key */
enum { FIRST_LOCALS = 16, MOST_LOCALS = 1 << NUMBER_BITS, MOST_KNOWN = 1 << 22 }; /* in all tables */
enum { MOST_RANKS = 1 << 15 };
enum { GIVEN_UP = 3 }; /* numbers do not pay here; like FULL and NO_MEMORY */
enum { NOTHING = 0 };  /* in tables: nobody has asked yet */
enum { FORKING = MOST_LOCALS << 1 }; /* beside what stands for a local state, plus one: so do others */
enum { IMPOSSIBLE = 1, BY_ITSELF, NUMBERED }; /* in a piece's table; numbers are from there on */
enum { ACTION_BITS = 16, LEFT = 1 << 15 }; /* of what a successor came by; its rank is above */
/* Further above, where states are not in rows: whether nothing has changed, whether what stands for it
 * is still to be asked, and which interchangeable part has changed, plus one: none, or several. */
enum { HOW = 32, IDLE = 1, RAW = 2, PART = 8, SEVERAL = 255 };

/* The local states of an entity. */
struct entity {
	u64 *locals; /* by number; of an interchangeable part its bits alone, in the first word */
	u32 *slots;  /* open hash table: numbers + 1 */
	u32 count, room; /* room: a power of two, half of the slots */
};

/* What is known of the local states of two entities, or of one: then of[1] is none. By the first
 * one's number, then by the second's. */
struct table {
	int of[2], word[2], shift[2]; /* entities, and where their numbers are in a key */
	int columns; /* bits of the second's number: there is room for so many */
	u64 second, keep[MOST_ENTITIES / IN_WORD]; /* masks: of that number; of all others in a key */
	u32 *known;
};

/* An action that reads more than two entities, but one by one, each with one that is the same for
 * all: its pieces say what becomes of each. The other tests read more. Those pieces that are about
 * the entities of bundle `host` come last; what they say is found with that bundle's steps. */
struct wide { int pieces, outside, first, host; i32 *tests, ntests; };

/* What two entities say: which claims of a check are broken, and which groups hold, by a bit each. */
struct verdict { u64 broken, holding; };

struct numbers {
	int entities, words; /* words: of a key */
	int in_rows; /* whether states are stored in rows */
	struct entity entity[MOST_ENTITIES];
	int like[MOST_ENTITIES]; /* whose numbers an entity has: its own, or those of the first of its block */
	const struct slot *part[MOST_ENTITIES]; /* where it is, if it is interchangeable */
	/* By interchangeable part: the entity, and the first and the last part of its block. */
	int of_slot[MOST_ENTITIES], begins[MOST_ENTITIES], ends_with[MOST_ENTITIES];
	int fold[MOST_ENTITIES]; /* by entity: its number among the parts that are folded, or -1 */
	u32 *standing[MOST_ENTITIES]; /* by number: what stands for that at this stage, plus one, and FORKING */
	u32 *ends; /* numbers of where ways may end else, as in struct model, plus one */
	u8 ranks_of[MOST_ENTITIES][MOST_ENTITIES]; /* of the permutation that moves one part to another place */
	int stage; /* of forgetting */
	struct table *steps, *claims, *pieces; /* one behind the other */
	int tables;
	i32 *far, nfar; /* actions that bundles do not tell enough of */
	i32 *alone, nalone; /* those of them that have no host: each is taken by itself */
	struct wide *wide; /* by action */
	/* What is known of steps, by bundle, is where they begin here: how many are plain and how many
	 * are not, and bits by rank for the plain ones. Then of each what a successor comes by and the
	 * numbers of its two entities. Of those that are not plain, more pieces have to be asked, or they
	 * are to be taken by themselves. */
	u64 *changes, nchanges, changes_room; /* words */
	struct verdict *verdicts; /* what is known of claims, by check, is which of these */
	u32 nverdicts;
	u64 *keys, keys_room, count; /* by state; `count` of them are in rows */
	u64 common; /* mask: of the last word of a key, the numbers before the last one */
	int last; /* the shift of that */
	u64 *rows, nrows, rows_room; /* each the key without its last number, then bits */
	u32 *row_slots; /* open hash table: rows + 1 */
	u64 row_mask;
	int row_words; /* a power of two */
	/* A state's successors as they are found: keys and what they came by; by rank, which one. Bits
	 * by rank: what there is, and what of that leaves a domain. */
	u64 *found, *found_by, *taken, *leaves;
	u16 *with_rank;
	int nfound, ranks; /* ranks: words for a bit for each */
	u64 *repeats; /* bits by rank, by what a state came by; NULL as in struct search */
	u32 *forking; /* of those that others stand for as well: which of a state's, which found */
	/* A batch's successors: keys, what they came by, hashes of what rows are found by. */
	u64 *after, *hash;
	u32 *by;
};

static void forget_numbers(struct search *s)
{
	struct numbers *n = s->numbers;
	if (!n)
		return;
	for (int p = 0; p < n->entities; p++) {
		free(n->entity[p].locals);
		free(n->entity[p].slots);
		free(n->standing[p]);
	}
	for (int t = 0; n->steps && t < n->tables; t++)
		free(n->steps[t].known);
	for (i32 a = 0; n->wide && a < s->m->actions; a++)
		free(n->wide[a].tests);
	free(n->steps);
	free(n->wide);
	free(n->changes);
	free(n->verdicts);
	free(n->keys);
	free(n->rows);
	free(n->row_slots);
	free(n->far);
	free(n->alone);
	free(n->found);
	free(n->taken);
	free(n->found_by);
	free(n->with_rank);
	free(n->repeats);
	free(n->forking);
	free(n->ends);
	free(n->after);
	free(n->hash);
	free(n->by);
	free(n);
	s->numbers = NULL;
	if (s->by_key)
		s->by_key = 0, s->indexed = 0;
}
