/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sorting networks by Knuth's 0-1 principle: a network that sorts all columns of zeros and ones sorts
 * everything. Up to 20 values all 2^n columns are tried, 64 at a time as the bits of a word. Beyond, two
 * facts carry the proof: the halves (even and odd places) are sorted by the same construction, so only
 * columns whose even and odd places are already sorted, and which the first step could have left, need to be
 * tried behind them: that is every pair of counts of ones (induction over n). The list being walked as built,
 * the whole network is run on all columns with one count of ones in each half in several orders as well.
 * Pruning changes no wanted output because it only drops outputs nobody reads: checked against the sorted
 * column.
 */
#include "sim/base/mem.h"
#include "sim/num/network.h"

#include <criterion/criterion.h>
#include <string.h>

enum { MOST = 127 };

static struct network_pair *sorter(size_t n, size_t *count)
{
    struct network_pair *pairs = mem_array(network_size(n) + 1, sizeof *pairs, NULL);
    cr_assert_not_null(pairs);
    network_sort(n, pairs);
    *count = network_size(n);
    return pairs;
}

/* Runs 64 columns of zeros and ones; outputs that are not kept become arbitrary. */
static void run(const struct network_pair *pairs, size_t count, uint64_t *wires)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t a = wires[pairs[i].low], b = wires[pairs[i].high];
        wires[pairs[i].low] = pairs[i].keep_low ? a & b : 0x5DEECE66D1234567u;
        wires[pairs[i].high] = pairs[i].keep_high ? a | b : ~0x5DEECE66D1234567u;
    }
}

/* Column c of the 64 of word w: wire i holds bit i of 64 w + c. */
static void all_columns(uint64_t *wires, size_t n, uint64_t word)
{
    static const uint64_t low_bits[] = {0xAAAAAAAAAAAAAAAA, 0xCCCCCCCCCCCCCCCC, 0xF0F0F0F0F0F0F0F0,
                                        0xFF00FF00FF00FF00, 0xFFFF0000FFFF0000, 0xFFFFFFFF00000000};
    for (size_t i = 0; i < n; i++)
        wires[i] = i < 6 ? low_bits[i] : word >> (i - 6) & 1 ? ~(uint64_t)0 : 0;
}

static void check_ranks(const uint64_t *in, const uint64_t *out, size_t n, size_t first, size_t last)
{
    for (size_t c = 0; c < 64; c++) {
        size_t ones = 0;
        for (size_t i = 0; i < n; i++)
            ones += in[i] >> c & 1;
        for (size_t i = first; i <= last; i++)
            cr_assert_eq(out[i] >> c & 1, i >= n - ones, "n=%zu rank %zu of %zu ones", n, i, ones);
    }
}

static void check_run(const struct network_pair *pairs, size_t count, const uint64_t *in, size_t n,
                      size_t first, size_t last)
{
    uint64_t out[MOST];
    memcpy(out, in, n * sizeof *in);
    run(pairs, count, out);
    check_ranks(in, out, n, first, last);
}

Test(network, sorts_all_columns_of_zeros_and_ones_up_to_20)
{
    for (size_t n = 1; n <= 20; n++) {
        size_t count;
        struct network_pair *pairs = sorter(n, &count);
        for (uint64_t word = 0; word < ((uint64_t)1 << n) / 64 + 1; word++) {
            uint64_t wires[20];
            all_columns(wires, n, word);
            run(pairs, count, wires);
            for (size_t i = 1; i < n; i++)
                cr_assert_eq(wires[i - 1] & ~wires[i], 0, "n=%zu: wires %zu and %zu", n, i - 1, i);
        }
        mem_free(pairs);
    }
}

static uint64_t mixed(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state ^ *state >> 29;
}

/* Columns with all shares of ones: column c of word w has about (64 w + c) / 64 of them. */
static void random_columns(uint64_t *wires, size_t n, uint64_t *state)
{
    memset(wires, 0, n * sizeof *wires);
    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < 64; c++)
            wires[i] |= (uint64_t)(mixed(state) >> 40 & 63 && (mixed(state) >> 40) % 64 <= c) << c;
}

/* Even places hold `even` ones at their end, odd places c ones, for 64 columns c from `from` on. */
static void sorted_halves(uint64_t *wires, size_t n, size_t even, size_t from)
{
    size_t evens = (n + 1) / 2, odds = n / 2;
    for (size_t i = 0; i < n; i += 2)
        wires[i] = i / 2 + even >= evens ? ~(uint64_t)0 : 0;
    for (size_t i = 1; i < n; i += 2) {
        wires[i] = 0;
        for (size_t c = 0; c < 64; c++)
            wires[i] |= (uint64_t)(i / 2 + from + c >= odds) << c;
    }
}

/* Induction: when both halves are sorted by a network that sorts, the comparators behind them must sort what
 * the first step allows: not fewer ones in the odd places, which hold the greater of each pair, and with an
 * odd n one 1 more at most in the even places. */
Test(network, repairs_all_sorted_halves)
{
    for (size_t n = 2; n <= MOST; n++) {
        size_t count, halves = n / 2 + network_size((n + 1) / 2) + network_size(n / 2);
        struct network_pair *pairs = sorter(n, &count);
        for (size_t even = 0; even <= (n + 1) / 2; even++) {
            size_t least = even > n % 2 ? even - n % 2 : 0;
            uint64_t wires[MOST];
            sorted_halves(wires, n, even, least);
            check_run(pairs + halves, count - halves, wires, n, 0, n - 1);
        }
        mem_free(pairs);
    }
}

static void check_pruned(size_t n, size_t first, size_t last, size_t words)
{
    unsigned char wanted[MOST];
    uint64_t wires[MOST], state = n * 1000 + first;
    size_t count;
    struct network_pair *pairs = sorter(n, &count);
    count = network_prune(pairs, count, n, first, last, wanted);
    for (size_t word = 0; word < words; word++) {
        random_columns(wires, n, &state);
        check_run(pairs, count, wires, n, first, last);
    }
    mem_free(pairs);
}

Test(network, pruning_leaves_the_wanted_ranks)
{
    for (size_t n = 1; n <= MOST; n++) {
        check_pruned(n, 0, n - 1, 2);
        check_pruned(n, (n - 1) / 2, n / 2, 4);
        check_pruned(n, n / 5, n - n / 5 - 1, 2);
        check_pruned(n, n - 1, n - 1, 1);
    }
}

static size_t operations(size_t n, size_t first, size_t last)
{
    unsigned char wanted[MOST];
    size_t count, operations = 0;
    struct network_pair *pairs = sorter(n, &count);
    count = network_prune(pairs, count, n, first, last, wanted);
    for (size_t i = 0; i < count; i++)
        operations += pairs[i].keep_low + pairs[i].keep_high;
    mem_free(pairs);
    return operations;
}

Test(network, sizes)
{
    cr_expect_eq(network_size(1), 0);
    cr_expect_eq(network_size(4), 5);
    cr_expect_eq(network_size(11), 37);
    cr_expect_eq(network_size(25), 138);
    cr_expect_eq(network_size(51), 408);
    cr_expect_eq(operations(51, 0, 50), 816);
    cr_expect_eq(operations(51, 25, 25), 540);
    cr_expect_eq(operations(51, 0, 0), 50);
}
