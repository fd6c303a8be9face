/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Means and squares of columns for processors with AVX-512, with the bits of those in rows.c: the compiler
 * converts eight floats to doubles in six instructions where the processor has one. */
#ifndef SIM_NUM_ROWS_AVX512_H
#define SIM_NUM_ROWS_AVX512_H

#include <stdbool.h>
#include <stddef.h>

/* Columns of one call. */
enum { ROWS_AVX512_WIDE = 64 };

/* This processor runs it, and this build contains it. */
bool rows_avx512_usable(void);

/* mean (ROWS_AVX512_WIDE) of the columns from `from` on. Floats `ahead` behind those read are fetched into
 * the cache. */
void rows_avx512_mean(const float *const *rows, size_t count, size_t from, size_t ahead, double *mean);

/* squares (ROWS_AVX512_WIDE): the sums of the squared differences from it. */
void rows_avx512_squares(const float *const *rows, size_t count, size_t from, const double *mean,
                         double *squares);

/* Rows that are read side by side, from some column on, and their weights. Their sums start from zero with
 * the `first` team, else from those kept; the last team leaves the sums over the divisor, a whole number,
 * rounded in out, which others have no use for (NULL). */
enum { ROWS_TEAM = 12 };
struct rows_team {
    const float *row[ROWS_TEAM];
    double weight[ROWS_TEAM], divisor;
    size_t size;
    bool first;
    float *out; /* (width); may be one of the rows */
};

/* sum (width) += weight[r] row[r], one row after the other; floats `ahead` behind those read are fetched.
 * Returns the columns done: all but the last few. */
size_t rows_avx512_add(const struct rows_team *team, size_t width, size_t ahead, double *sum);

/* rows_scale_past of all but the last few columns, where out begins a cache line; returns the columns done.
 */
size_t rows_avx512_scale_past(const float *a, size_t d, double factor, float *out);

#endif
