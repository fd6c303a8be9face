/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Order statistics over the rows of a matrix, for each column by itself: what the median and the trimmed mean
 * are made of. Values are compared as whole numbers whose order is that of the floats, with every NaN above
 * +Inf and -0 below +0; a column's values are sorted by Batcher's merge exchange (Knuth, TAOCP 3, 5.2.2 M),
 * sixteen or more columns at a time. Sums run over the kept values only, in sorted order: the result does not
 * depend on the order of the rows, and an attacker's 1e30 cannot cancel anything.
 *
 * Cost: O(n log^2 n) comparisons a column, one pass over the matrix.
 */
#ifndef SIM_NUM_ORDER_H
#define SIM_NUM_ORDER_H

#include <stddef.h>

/* Bytes of scratch the functions below need for n rows on `threads` threads. */
size_t order_scratch_bytes(size_t n, size_t threads);

enum order_even { ORDER_MID, ORDER_LOWER, ORDER_UPPER }; /* the median of an even number of values */

/* x (n, d), ld floats per row, n >= 1; out (d). scratch: order_scratch_bytes, 64-byte aligned. */
void order_median(const float *x, size_t n, size_t d, size_t ld, enum order_even even, void *scratch,
                  float *out);

/* Mean of the values ranked trim .. n-trim-1, trim < n/2. With `clamp`, instead the mean of all n values
 * after the trimmed ones are moved to the nearest kept one (the winsorized mean). */
void order_trimmed_mean(const float *x, size_t n, size_t d, size_t ld, size_t trim, int clamp, void *scratch,
                        float *out);

#endif
