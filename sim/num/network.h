/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sorting networks: a fixed list of comparators that sorts any n values, whatever they are, so that many
 * columns are sorted at once without a branch. The list is the pairwise network (I. Parberry, The pairwise
 * sorting network, Parallel Processing Letters 2, 1992): compare neighbours, sort the lesser and the greater
 * of each pair by the same method, then repair by comparators of span 2^j - 1. A network that need only
 * deliver some ranks is pruned from its end: comparators without a wanted output go, and of those with one
 * only that one is kept.
 *
 * Size: n (log2 n)^2 / 4 comparators about: 37 for n = 11, 138 for n = 25, 408 for n = 51; the median alone
 * takes 540 minima and maxima instead of 816 at n = 51. tools/network.c makes straight-line code of it.
 */
#ifndef SIM_NUM_NETWORK_H
#define SIM_NUM_NETWORK_H

#include <stddef.h>
#include <stdint.h>

/* Moves the lesser of two values to `low` and the greater to `high`, low < high. */
struct network_pair {
    uint32_t low : 31, keep_low : 1; /* keep: is that output used by anything that follows? */
    uint32_t high : 31, keep_high : 1;
};

/* Comparators of the sorting network for n values, n < 2^31. */
size_t network_size(size_t n);

/* Writes the network_size(n) comparators in order. */
void network_sort(size_t n, struct network_pair *pairs);

/* Keeps of `count` comparators, in place and in order, those on which the outputs first .. last depend; the
 * pruned network delivers these ranks and leaves anything in the other places. wanted: n bytes of scratch.
 * Returns how many are left. */
size_t network_prune(struct network_pair *pairs, size_t count, size_t n, size_t first, size_t last,
                     unsigned char *wanted);

#endif
