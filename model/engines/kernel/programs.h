/* Programs: tests and computed fields, as bytecode or as a table of its results. */

static inline i32 value_of(const struct search *s, i32 program, const u64 *state);

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
static inline u32 gathered(const u64 *mask, const u64 *state, i32 words)
{
	u64 index, more, place = 0, bits;
	__asm__("pext %2, %1, %0" : "=r"(index) : "r"(state[0]), "rm"(mask[0]));
	for (i32 w = 1; w < words; w++) {
		__asm__("popcnt %1, %0" : "=r"(bits) : "rm"(mask[w - 1]) : "cc");
		__asm__("pext %2, %1, %0" : "=r"(more) : "r"(state[w]), "rm"(mask[w]));
		place += bits;
		index |= more << place;
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
static inline u32 place_in_table(const struct search *s, i32 program, const u64 *state)
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

/* Runs a program and, if it has a table, notes its value there if that fits. */
static __attribute__((noinline)) i32
find_value(const struct search *s, i32 program, const u64 *state)
{
	i32 value = run(s, program, state);
	if (s->tables[program] && value >= 0 && value < UNKNOWN)
		s->tables[program][place_in_table(s, program, state)] = (u8)value;
	return value;
}

/* A table has UNKNOWN where nobody has asked yet, and where a value does not fit into it. */
static inline i32 value_of(const struct search *s, i32 program, const u64 *state)
{
	const u8 *table = s->tables[program];
	u8 known = table ? table[place_in_table(s, program, state)] : UNKNOWN;
	return known != UNKNOWN ? known : find_value(s, program, state);
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
