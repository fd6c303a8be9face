/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Squared Euclidean distances between all rows of a matrix, by direct differences: a Gram product would lose
 * every digit when gradients nearly agree. Differences are float32 in short stretches and double across
 * stretches (all double below 129 columns): relative error about 1e-8, 4.5e-7 at the worst (constant
 * differences). A pair whose stretch overflows or underflows is done again in double, so 1e30 and 1e-30 keep
 * their digits. Identical rows give exactly 0, a row with a NaN or an infinity is infinitely far from every
 * other row. The order of summation depends on (n, d) alone, and all instruction sets give the same bits.
 *
 * Cost: n (n-1) / 2 * d differences; one pass over memory.
 */
#ifndef SIM_NUM_DISTANCE_H
#define SIM_NUM_DISTANCE_H

#include <stddef.h>

/* out (n, n), symmetric, zero diagonal: out[i * n + j] = ||x_i - x_j||^2. x (n, d), ld floats per row.
 * scratch: distance_scratch_bytes(n, d), 64-byte aligned; it is enough for fewer rows too. */
size_t distance_scratch_bytes(size_t n, size_t d);
void distance_squared(const float *x, size_t n, size_t d, size_t ld, void *scratch, double *out);

#endif
