/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Kernels over a set of rows, each a pointer to d floats: means, spreads, weighted sums, norms. All of them
 * cut the columns into fixed blocks, give each block to one thread and add partial sums up in block order, so
 * results do not depend on the number of threads. Accumulation is in double.
 */
#ifndef SIM_NUM_ROWS_H
#define SIM_NUM_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* pointers[i] = x + i * ld for the n rows of a row-major matrix. */
void rows_of_matrix(const float *x, size_t n, size_t ld, const float **pointers);

/* out[k] = sum_i weights[i] rows[i][k]; weights NULL: the plain mean. Rows of weight 0 are not read. out may
 * be one of the rows. */
void rows_combine(const float *const *rows, size_t count, size_t d, const double *weights, float *out);

/* mean[k] and the standard deviation over the rows, divided by count - ddof (ddof 0 or 1, count > ddof). */
void rows_mean_std(const float *const *rows, size_t count, size_t d, unsigned ddof, float *mean, float *std);

/* mean[k] over the rows; returns (1/count) sum_i ||rows[i] - mean||^2. */
double rows_mean_variance(const float *const *rows, size_t count, size_t d, float *mean);

/* The same by columns that come in parts: rows_spread_start, then rows_spread_add of all d columns in
 * ascending order, each part but the last a multiple of 1024 wide (rows[i] points at its column `from`, mean
 * as well), then rows_spread_variance. The bits are those of rows_mean_variance. */
enum { ROWS_GROUPS = 256 };
struct rows_spread {
    size_t d, count;
    double squares[ROWS_GROUPS]; /* of groups of columns */
};
void rows_spread_start(struct rows_spread *spread, size_t d);
void rows_spread_add(struct rows_spread *spread, const float *const *rows, size_t count, size_t from,
                     size_t width, float *mean);
double rows_spread_variance(const struct rows_spread *spread);

/* Inner product, squared norm and squared distance of vectors of d floats. */
double rows_dot(const float *a, const float *b, size_t d);
double rows_norm2(const float *a, size_t d);
double rows_distance2(const float *a, const float *b, size_t d);

/* rows_dot of a and b, and rows_norm2 of a, in one reading. */
double rows_dot_norm2(const float *a, const float *b, size_t d, double *norm2);

/* Squared norms of a and of b, inner product and squared distance, in one reading. The sums are those of
 * parts, whose bits are not those of the functions above. */
struct rows_comparison {
    double norm2_a, norm2_b, inner, distance2;
};
void rows_compare(const float *a, const float *b, size_t d, struct rows_comparison *out);

/* How many numbers are above and below zero. */
struct rows_signs {
    uint64_t positive, negative;
};

/* rows_norm2, and the signs of a[k] where marks[k] is 1 (the others are 0) in the same reading. A NaN has no
 * sign. */
double rows_norm2_signs(const float *a, const char *marks, size_t d, struct rows_signs *signs);

/* out[k] = factor * a[k]; a and out may be the same. */
void rows_scale(const float *a, size_t d, double factor, float *out);

/* The same into memory, past the caches, where this can be done: for outputs that do not fit into them. A
 * factor of 1 copies. a and out do not overlap. */
void rows_scale_past(const float *a, size_t d, double factor, float *out);

/* out = a, by all threads; they do not overlap. */
void rows_copy(const float *a, size_t d, float *out);

/* sum[k] = keep * sum[k] + factor * a[k]. */
void rows_accumulate(const float *a, size_t d, double keep, double factor, float *sum);

/* No NaN and no infinity among the d floats. */
bool rows_finite(const float *a, size_t d);

#endif
