/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sums of rows in long runs. Memory delivers lines of two dozen rows in turn at a third of its speed: so the
 * sums of a few thousand columns stay in the cache while teams of rows go by, each row read by an instruction
 * of its own, as the processor's prefetcher wants it. A single team needs no sums kept. The bits are those of
 * one row after the other.
 */
#ifndef SIM_NUM_ROWS_FAR_H
#define SIM_NUM_ROWS_FAR_H

#include "sim/num/rows_avx512.h"

/* Columns of one run. */
enum { ROWS_FAR = 4096 };

/* Whether `count` rows of d floats are so large that long runs pay in any case. */
bool rows_far(size_t count, size_t d);

/* out (width, at most ROWS_FAR) = sum_i weights[i] rows[i][k] of the columns k from `from` on; weights NULL:
 * the mean. Rows of weight 0 are not read. out may be the same columns of one of the rows. */
void rows_far_combine(const float *const *rows, size_t count, size_t from, size_t width,
                      const double *weights, float *out);

/* The mean before it is rounded. */
void rows_far_mean(const float *const *rows, size_t count, size_t from, size_t width, double *mean);

/* rows_avx512_add of columns from .. width - 1, for any processor. */
void rows_far_add(const struct rows_team *team, size_t from, size_t width, double *sum);

#endif
