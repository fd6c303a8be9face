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

/* mean (ROWS_AVX512_WIDE) of the columns from `from` on, and squares, when not NULL, the sums of the squared
 * differences from it. Floats `ahead` behind those read are fetched into the cache. */
void rows_avx512_mean_squares(const float *const *rows, size_t count, size_t from, size_t ahead, double *mean,
                              double *squares);

#endif
