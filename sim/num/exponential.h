/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * exp, the logistic function and the hyperbolic tangent of many numbers, the same bits on every processor and
 * with every C library.
 *
 * Check: e^0 = 1, e^-1 = 0.36787945, e^-104 = 0; the logistic function of 0 is 0.5, of 100 1; tanh 1 =
 * 0.7615942, tanh -30 = -1; NaN gives NaN.
 */
#ifndef SIM_NUM_EXPONENTIAL_H
#define SIM_NUM_EXPONENTIAL_H

#include <stddef.h>

/* x (count) = e^x, to a relative error below 2^-30 before it is rounded: nearly all are the floats nearest to
 * the truth. */
void exponential_powers(size_t count, float *x);

/* x (count) = 1 / (1 + e^-x), within two units in the last place. */
void exponential_sigmoids(size_t count, float *x);

/* x (count) = tanh x, within 1.5 units in the last place: for every float the bits of fdlibm's tanhf, that of
 * the GNU C library up to 2.36 at least. */
void exponential_tangents(size_t count, float *x);

#endif
