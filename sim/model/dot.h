/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inner product of two float vectors, in double precision and in one fixed order. */
#ifndef SIM_MODEL_DOT_H
#define SIM_MODEL_DOT_H

#include <stddef.h>

/* sum_j x_j y_j over `count` floats: eight interleaved partial sums, added pairwise. x and y may be the same.
 */
double dot_product(size_t count, const float *x, const float *y);

#endif
