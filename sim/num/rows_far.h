/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sums of rows that lie far apart in memory, which delivers lines of two dozen rows in turn at a third of its
 * speed. The sums of a few thousand columns stay in the cache instead, and teams of rows come in long runs.
 * The bits are those of rows_combine.
 */
#ifndef SIM_NUM_ROWS_FAR_H
#define SIM_NUM_ROWS_FAR_H

#include "sim/num/rows_avx512.h"

/* Columns of one run. */
enum { ROWS_FAR = 4096 };

/* Whether `count` rows of d floats are so many bytes that this pays. */
bool rows_far(size_t count, size_t d);

/* out (width, at most ROWS_FAR) = sum_i weights[i] rows[i][k] of the columns k from `from` on; weights NULL:
 * the mean. Rows of weight 0 are not read. */
void rows_far_combine(const float *const *rows, size_t count, size_t from, size_t width,
                      const double *weights, double *out);

/* rows_avx512_add of columns from .. width - 1, for any processor. */
void rows_far_add(const struct rows_team *team, size_t from, size_t width, double *sum);

#endif
