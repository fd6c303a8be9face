/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Order statistics over the rows of a matrix, for each column by itself: what the median, the trimmed mean
 * and the means around a centre are made of. Values are compared as whole numbers whose order is that of the
 * floats, with every NaN above +Inf and -0 below +0. Up to some 300 rows sixteen or more columns are sorted
 * at once by a pruned sorting network (network.h), which is straight-line code for few rows; the median of
 * more rows is found between bounds that draw together, by throwing away what lies outside (order_columns.h)
 * or by counting the values up to them. Sums run in double over the kept values only, in sorted order: the
 * result does not depend on the order of the rows, nor on the method, the instruction set or the number of
 * threads, and an attacker's 1e30 cannot cancel anything. A result that is not a number is the positive quiet
 * NaN.
 *
 * Cost: O(n log^2 n) comparisons a column, O(n) about when counting, one pass over the matrix.
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

/* Mean of the k values nearest to the median (ORDER_MID), or to the mean of the values ranked trim ..
 * n-trim-1, 1 <= k <= n: columns are sorted once for both. Of two values on the same side of the centre the
 * one towards it is nearer; of two on either side the one whose difference, in double, is smaller, and on
 * equal differences the lower value. NaN and infinities are taken only when fewer than k values are finite.
 */
void order_mean_around_median(const float *x, size_t n, size_t d, size_t ld, size_t k, void *scratch,
                              float *out);
void order_mean_around_trimmed_mean(const float *x, size_t n, size_t d, size_t ld, size_t k, size_t trim,
                                    void *scratch, float *out);

#endif
