/* Searching by the numbers of local states, where every state is stored as it is and no step is.
 *
 * What an entity has in a state, a local state, gets a number when it is first found, and the numbers
 * of all entities are a state's key. Steps and claims that read two entities are found once for each
 * two numbers; from then on they are looked up in a table. States that differ in the last entity
 * only share a row: a bit for each local state of that entity. A state is known when its bit is set,
 * so that most of a search stays close to the processor.
 */

enum { MOST_ENTITIES = 16, IN_WORD = 4, NUMBER_BITS = 16 }; /* numbers, in a word of a key */
enum { FIRST_LOCALS = 16, MOST_LOCALS = 1 << NUMBER_BITS, MOST_KNOWN = 1 << 22 }; /* in all tables */
enum { MOST_RANKS = 1 << 15 };
enum { GIVEN_UP = 3 }; /* numbers do not pay here; like FULL and NO_MEMORY */
enum { NOTHING = 0 };  /* in tables: nobody has asked yet */
enum { IMPOSSIBLE = 1, BY_ITSELF, NUMBERED }; /* in a piece's table; numbers are from there on */
enum { ACTION_BITS = 16, LEFT = 1 << 15 }; /* of what a successor came by; its rank is above */

/* The local states of an entity. */
struct entity {
	u64 *locals; /* by number */
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
	struct entity entity[MOST_ENTITIES];
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
	u64 *found, *taken, *leaves;
	u32 *found_by;
	u16 *with_rank;
	int nfound, ranks; /* ranks: words for a bit for each */
	u64 *repeats; /* bits by rank, by what a state came by; NULL as in struct search */
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
	free(n->after);
	free(n->hash);
	free(n->by);
	free(n);
	s->numbers = NULL;
}
