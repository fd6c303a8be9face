/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Writes straight-line C to standard output: for each number of rows 1 .. ORDER_LINES one function that finds
 * the middle ranks and one that sorts, from the networks of sim/num/network.c, and a table of each. The
 * text is included by sim/num/order_avx512.c and its siblings, which say what a vector is.
 */
#include "sim/num/network.h"
#include "sim/num/order_kernels.h"

#include <stdio.h>
#include <string.h>

enum {
    MAX_PAIRS = 1024,
    REGISTERS = 13, /* pairs of values that stay in registers */
    NEAR = 9,       /* rows that the ROW macros reach from one address */
};

static const char head[] =
    "/* SPDX-License-Identifier: GPL-3.0-or-later */\n"
    "/*\n"
    " * Made by tools/network.c; do not edit. One function for each number of rows: loads a vector of keys "
    "from\n"
    " * each row, runs the network, stores the keys of the wanted ranks one below the other, `columns` apart; the\n"
    " * medians store the median itself: ONE(at, key), or MIDDLE(at, low, high) for an even number of rows.\n"
    " * LOAD(k, address, columns) loads a vector and fetches what lies so many columns farther.\n"
    " * ROW0(b) .. ROW8(b) are the addresses of a row and the eight below it.\n"
    " * BOTH(a, b) sorts two vectors; LEAST(a, b) and MOST(a, b) leave only the minimum in a, the maximum in "
    "b.\n"
    " */\n";

/* The value of row `row` in vector `v` of those that a turn of the loop takes side by side. */
struct name {
    char text[16];
};

static struct name name_of(size_t row, size_t v)
{
    struct name name;
    snprintf(name.text, sizeof name.text, "%c%zu", "kmpq"[v], row);
    return name;
}

static void print_pair(struct network_pair pair, size_t v)
{
    const char *name = !pair.keep_high ? "LEAST" : !pair.keep_low ? "MOST" : "BOTH";
    printf("        %s(%s, %s)\n", name, name_of(pair.low, v).text, name_of(pair.high, v).text);
}

/* Is pair i of the list the next for both its wires? done: the pairs already run. */
static int ready(const struct network_pair *pairs, size_t i, const unsigned char *done)
{
    for (size_t j = 0; j < i; j++)
        if (!done[j] && (pairs[j].low == pairs[i].low || pairs[j].low == pairs[i].high ||
                         pairs[j].high == pairs[i].low || pairs[j].high == pairs[i].high))
            return 0;
    return 1;
}

/* How many of the pair's values are not among the REGISTERS last used, at time `now`. */
static unsigned distant(struct network_pair pair, const size_t *used, size_t now)
{
    return (now - used[pair.low] > REGISTERS ? 1u : 0u) + (now - used[pair.high] > REGISTERS ? 1u : 0u);
}

/* Reorders the pairs, without changing what any wire sees, so that values are used again while still in a
 * register: of the pairs that are ready the first that needs fewest values from memory. */
static void keep_in_registers(struct network_pair *pairs, size_t count)
{
    struct network_pair order[MAX_PAIRS];
    unsigned char done[MAX_PAIRS] = {0};
    size_t used[ORDER_LINES] = {0}, now = 2 * REGISTERS;
    for (size_t k = 0; k < count; k++) {
        size_t best = count;
        for (size_t i = 0; i < count; i++)
            if (!done[i] && ready(pairs, i, done) &&
                (best == count || distant(pairs[i], used, now) < distant(pairs[best], used, now)))
                best = i;
        done[best] = 1;
        order[k] = pairs[best];
        used[pairs[best].low] = used[pairs[best].high] = now++;
    }
    memcpy(pairs, order, count * sizeof *pairs);
}

/* Vectors a turn of the loop takes of each row. The processor's own fetching ahead wants to see few rows at
 * a time and much of each. */
static size_t side_by_side(size_t n)
{
    return n <= 7 ? 4 : 1;
}

enum kind { MEDIAN, MIDDLE, SORT };

/* How many columns before their use the keys of a row are fetched. Measured: few rows need no help, and far
 * ahead of many rows what was fetched may be gone again; a sort stays longer with its columns. */
static int ahead(enum kind kind, size_t n)
{
    if (n <= 6)
        return 0;
    if (kind == MEDIAN)
        return n <= 25 ? 64 : 48;
    return n == 7 ? 64 : n <= 20 ? 128 : n <= 32 ? 64 : 32;
}

static void load(enum kind kind, size_t n, size_t i, size_t wide, unsigned char *loaded)
{
    for (size_t v = 0; !loaded[i] && v < wide; v++)
        printf("        LOAD(%s, ROW%zu(b%zu) + %zu * sizeof(vec), %d)\n", name_of(i, v).text, i % NEAR,
               i / NEAR, v, ahead(kind, n));
    loaded[i] = 1;
}

/* Addresses of every ninth row, which move along the columns, and the multiples of a row's bytes between
 * them. */
static void print_addresses(size_t n)
{
    printf("    STEPS(ld)\n    const char *b0 = (const char *)x;\n");
    for (size_t b = 1; b * NEAR < n; b++)
        printf("    const char *b%zu = ROW8(b%zu) + step1;\n", b, b - 1);
}

/* The keys of ranks first .. last. */
static void print_keys(size_t first, size_t last, size_t v)
{
    for (size_t i = first; i <= last; i++)
        printf("        vec_store(out + %zu * columns + c + %zu * LANES, %s);\n", i - first, v,
               name_of(i, v).text);
}

/* The median of n rows. */
static void print_median(size_t n, size_t v)
{
    struct name low = name_of((n - 1) / 2, v), high = name_of(n / 2, v);
    if (n % 2 == 1)
        printf("        ONE(out + c + %zu * LANES, %s)\n", v, low.text);
    else
        printf("        MIDDLE(out + c + %zu * LANES, %s, %s)\n", v, low.text, high.text);
}

/* A network over n rows, of which the ranks first .. last are wanted. */
struct lines {
    enum kind kind;
    size_t n, first, last, count;
    struct network_pair pairs[MAX_PAIRS];
};

static struct lines lines_of(enum kind kind, size_t n)
{
    struct lines lines = {.kind = kind, .n = n, .last = n - 1};
    if (kind != SORT) {
        lines.first = (n - 1) / 2;
        lines.last = n / 2;
    }
    unsigned char wanted[ORDER_LINES];
    network_sort(n, lines.pairs);
    lines.count = network_prune(lines.pairs, network_size(n), n, lines.first, lines.last, wanted);
    keep_in_registers(lines.pairs, lines.count);
    return lines;
}

/* A loop over the columns that are left, `wide` vectors at a time. */
static void print_loop(const struct lines *lines, size_t wide)
{
    unsigned char loaded[ORDER_LINES] = {0};
    size_t n = lines->n;
    printf("    for (; c + %zu * LANES <= columns; c += %zu * LANES) {\n", wide, wide);
    for (size_t i = 0; wide > 1 && i < n; i++)
        load(lines->kind, n, i, wide, loaded);
    for (size_t i = 0; i < lines->count; i++) {
        load(lines->kind, n, lines->pairs[i].low, wide, loaded);
        load(lines->kind, n, lines->pairs[i].high, wide, loaded);
        for (size_t v = 0; v < wide; v++)
            print_pair(lines->pairs[i], v);
    }
    if (n == 1)
        load(lines->kind, n, 0, wide, loaded);
    for (size_t v = 0; v < wide; v++)
        if (lines->kind == MEDIAN)
            print_median(n, v);
        else
            print_keys(lines->first, lines->last, v);
    for (size_t b = 0; b * NEAR < n; b++)
        printf("        MOVE(b%zu, %zu)\n", b, wide);
    puts("    }");
}

static void print_function(enum kind kind, size_t n)
{
    static const char *const names[] = {"median", "middle", "sort"};
    struct lines lines = lines_of(kind, n);
    printf("\nstatic void %s_%zu(const float *x, size_t ld, size_t columns, %s *out)\n{\n", names[kind], n,
           kind == MEDIAN ? "const struct order_ranks *ranks, float" : "int32_t");
    print_addresses(n);
    if (kind == MEDIAN)
        printf("    WANTED(%zu)\n", n);
    puts("    size_t c = 0;");
    if (side_by_side(n) > 1)
        print_loop(&lines, side_by_side(n));
    print_loop(&lines, 1);
    puts("}");
}

static void print_table(const char *type, const char *kind)
{
    printf("\nstatic %s *const %s_lines[ORDER_LINES + 1] = {\n    NULL,\n", type, kind);
    for (size_t n = 1; n <= ORDER_LINES; n++)
        printf("#if LINES >= %zu\n    [%zu] = %s_%zu,\n#endif\n", n, n, kind, n);
    printf("};\n");
}

int main(void)
{
    fputs(head, stdout);
    for (size_t n = 1; n <= ORDER_LINES; n++) {
        printf("\n#if LINES >= %zu\n", n);
        print_function(MEDIAN, n);
        print_function(SORT, n);
        puts("#endif");
    }
    puts("\n#ifdef OWN_SELECTION");
    print_function(MIDDLE, ORDER_LINES);
    puts("#endif");
    print_table("order_median_lines", "median");
    print_table("order_lines", "sort");
    return fflush(stdout) != 0 || ferror(stdout);
}
