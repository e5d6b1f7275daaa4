/* What the search knows: the tables that Python made, and what it has found. */

typedef uint64_t u64;
typedef uint32_t u32;
typedef uint16_t u16;
typedef int32_t i32;
typedef uint8_t u8;

enum { CONST, FIELD, ADD, SUBTRACT, LESS, EQUAL, NOT, AND, OR, IF_ELSE, MEMBER, CALL };
enum { DONE, FULL, NO_MEMORY };
enum { MOST_WORDS = 16, MOST_SLOTS = 64, MOST_STAGES = 16, MOST_FORKS = 64, STACK = 256, TABLE_BITS = 12 };
enum { LEFT_DOMAIN = -1, UNKNOWN = 255 };
enum { UNTOLD, FORKS, TOLD };
enum { BATCH = 48 }; /* states expanded at once, so that their successors are fetched meanwhile */

struct field { i32 word, shift, bits; };
struct update { i32 program, word, shift, base, bits, valid; };
struct dispatch { i32 word, shift, bits, first; }; /* first: of its rows in `rows` */
struct slot { i32 word, shift, bits, block; };
struct fold { i32 word, shift, bits, first, size_bits; }; /* first: of its entries in `folded` */
struct folded { u64 from, to, fleeting, way; }; /* way: out of a state that is not stored, plus one; or 0 */

/* All of it is Python's. `forks` is how many stored states may stand for one at most. Lists of lists are flat, with the place where each one starts. */
struct model {
	i32 words, actions, programs, bundles, dispatches, slots, folds, hurries, ways, forks, always, others, entities;
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
	const u64 *through, *ends; /* by way: what the part is meanwhile, where else it may lead, */
	const i32 *taken, *through_at, *ends_at, *taken_at; /* and the actions */
	const i32 *whose; /* by action: the part whose own step it is; -1: nobody's */
	const u64 *entity; /* by entity and word: the bits that its variables take up */
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

struct numbers;

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
	u64 indexed; /* how many states are in `slots` */
	int by_key; /* whether they are found there by the numbers of their local states */
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
	struct numbers *numbers; /* if it goes by numbers */
	int gave_up; /* whether it did, and those did not pay */
	u16 *came; /* by state, if there are such: the action it was first found by */
	/* A batch's successors: states, actions, hashes, permutations. */
	u64 *after, *hash;
	i32 *by;
	u32 *rank;
	u8 *idle; /* whether nothing has changed */
	u8 *told; /* by way: UNTOLD, or what there is to do where it is gone again */
};
