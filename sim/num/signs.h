/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Votes of signs, column by column. A zero and a NaN have none. */
#ifndef SIM_NUM_SIGNS_H
#define SIM_NUM_SIGNS_H

#include <stddef.h>

/* out[k] = sign of the sum of the signs of column k, which is -1, 0 or 1. x (n, d), ld floats per row; n
 * below 2^31. */
void signs_majority(const float *x, size_t n, size_t d, size_t ld, float *out);

#endif
