/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Writes straight-line C to standard output: for each number of rows 1 .. ORDER_LINES one function that finds
 * the middle ranks and one that sorts, from the networks of sim/num/network.c, and a table of each. The
 * text is included by sim/num/order_avx512.c and its siblings, which say what a vector is.
 */
#include "sim/num/network.h"
#include "sim/num/order_kernels.h"

#include <stdio.h>

enum { MAX_PAIRS = 4096 };

static const char head[] =
    "/* SPDX-License-Identifier: GPL-3.0-or-later */\n"
    "/*\n"
    " * Made by tools/network.c; do not edit. One function for each number of rows: loads a vector of keys "
    "from\n"
    " * each row, runs the network, stores the wanted ranks one below the other, `columns` apart.\n"
    " * BOTH(a, b) sorts two vectors; LEAST(a, b) and MOST(a, b) leave only the minimum in a, the maximum in "
    "b.\n"
    " */\n";

static void print_pair(struct network_pair pair)
{
    const char *name = !pair.keep_high ? "LEAST" : !pair.keep_low ? "MOST" : "BOTH";
    printf("        %s(k%u, k%u)\n", name, (unsigned)pair.low, (unsigned)pair.high);
}

static void print_function(const char *kind, size_t n, size_t first, size_t last)
{
    struct network_pair pairs[MAX_PAIRS];
    unsigned char wanted[ORDER_LINES];
    size_t count = network_size(n);
    network_sort(n, pairs);
    count = network_prune(pairs, count, n, first, last, wanted);
    printf("\nstatic void %s_%zu(const float *x, size_t ld, size_t columns, int32_t *out)\n{\n"
           "    for (size_t c = 0; c < columns; c += LANES) {\n"
           "        const float *row = x + c;\n",
           kind, n);
    for (size_t i = 0; i < n; i++)
        printf("        %s(k%zu)\n", n < ORDER_AHEAD_FROM ? "LOAD" : "LOAD_AHEAD", i);
    for (size_t i = 0; i < count; i++)
        print_pair(pairs[i]);
    for (size_t i = first; i <= last; i++)
        printf("        vec_store(out + %zu * columns + c, k%zu);\n", i - first, i);
    printf("    }\n}\n");
}

static void print_table(const char *kind)
{
    printf("\nstatic order_lines *const %s_lines[ORDER_LINES + 1] = {\n    NULL,\n", kind);
    for (size_t n = 1; n <= ORDER_LINES; n++)
        printf("#if LINES >= %zu\n    [%zu] = %s_%zu,\n#endif\n", n, n, kind, n);
    printf("};\n");
}

int main(void)
{
    fputs(head, stdout);
    for (size_t n = 1; n <= ORDER_LINES; n++) {
        printf("\n#if LINES >= %zu\n", n);
        print_function("median", n, (n - 1) / 2, n / 2);
        print_function("sort", n, 0, n - 1);
        puts("#endif");
    }
    print_table("median");
    print_table("sort");
    return fflush(stdout) != 0 || ferror(stdout);
}
