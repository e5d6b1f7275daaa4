/* Rows: the set of all states, by their keys. */

/* What all states of a row have in common: the key without its last number. */
static inline void row_key(const struct numbers *n, const u64 *key, u64 *common, const int K)
{
	for (int k = 0; k < K; k++)
		common[k] = key[k];
	common[K - 1] &= n->common;
}

/* Numbers are small, so that one multiplication spreads a word of them. */
static inline u64 spread_row(const u64 *common, const int K)
{
	u64 h = 0;
	for (int k = 0; k < K; k++) {
		h = (h ^ common[k]) * 0x9e3779b97f4a7c15u;
		h ^= h >> 32;
	}
	return h;
}

static inline u64 row_hash(const struct numbers *n, const u64 *key, const int K)
{
	u64 common[MOST_ENTITIES / IN_WORD];
	row_key(n, key, common, K);
	return spread_row(common, K);
}

/* Where the row of a key is or belongs in the slots. */
static inline u32 *row_slot(const struct numbers *n, const u64 *common, u64 hash, const int K)
{
	for (u64 i = hash & n->row_mask;; i = (i + 1) & n->row_mask) {
		u32 *slot = n->row_slots + i;
		if (!*slot)
			return slot;
		const u64 *row = n->rows + (*slot - 1) * (u64)n->row_words;
		u64 other = 0;
		for (int k = 0; k < K; k++)
			other |= row[k] ^ common[k];
		if (!other)
			return slot;
	}
}

/* Makes room for a row more. */
static __attribute__((noinline)) int more_rows(struct numbers *n)
{
	u64 bytes = (u64)n->row_words * sizeof(u64);
	if (n->nrows == n->rows_room) {
		u64 *rows = realloc(n->rows, 2 * n->rows_room * bytes);
		if (!rows)
			return NO_MEMORY;
		n->rows = advised(rows, 2 * n->rows_room * bytes);
		memset((char *)n->rows + n->rows_room * bytes, 0, n->rows_room * bytes);
		n->rows_room *= 2;
	}
	if (4 * n->nrows <= n->row_mask)
		return DONE;
	if (!rows_pay(n, n->row_words))
		return GIVEN_UP;
	u64 size = 2 * (n->row_mask + 1);
	u32 *slots = calloc(size, sizeof(u32));
	if (!slots)
		return NO_MEMORY;
	free(n->row_slots);
	n->row_slots = slots;
	n->row_mask = size - 1;
	for (u64 r = 0; r < n->nrows; r++) {
		const u64 *common = n->rows + r * n->row_words;
		*row_slot(n, common, spread_row(common, n->words), n->words) = (u32)r + 1;
	}
	return DONE;
}

/* The word of a row that has the bit of a key, and the bit; the row is made where it is missing. */
static inline __attribute__((always_inline)) int
bit_in_row(struct search *s, const u64 *key, u64 hash, u64 **word, u64 *bit, const int K)
{
	struct numbers *n = s->numbers;
	u64 common[MOST_ENTITIES / IN_WORD];
	u32 last = (u32)(key[K - 1] >> n->last);
	row_key(n, key, common, K);
	u32 *slot = row_slot(n, common, hash, K);
	if (!*slot) {
		if (n->nrows == n->rows_room || 4 * n->nrows > n->row_mask) {
			int failed = more_rows(n);
			if (failed)
				return failed;
			slot = row_slot(n, common, hash, K);
		}
		memcpy(n->rows + n->nrows * n->row_words, common, K * sizeof(u64));
		*slot = (u32)++n->nrows;
	}
	*word = n->rows + (*slot - 1) * (u64)n->row_words + K + last / 64;
	*bit = (u64)1 << last % 64;
	return DONE;
}
