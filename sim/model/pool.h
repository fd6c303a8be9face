/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Max pooling with equal size and stride, one row of windows of one channel at a time, of maps with the image
 * innermost: (rows, columns, images). All images of a pixel are treated alike, so pooling needs no shuffles.
 * A NaN is the largest value of its window; of equal values the first counts.
 *
 * Check: side 2 over the rows (1, 5), (7, 7) of one image: largest 7, number 2 of its window.
 */
#ifndef SIM_MODEL_POOL_H
#define SIM_MODEL_POOL_H

#include "sim/model/dense.h"
#include <stddef.h>
#include <stdint.h>

struct pool_row {
    size_t side, windows, images;
    enum dense_activation activation; /* s */
};

/* out (windows, images) = s(largest of each window + bias), of the rows z + r * stride, r < side, each
 * (windows * side, images); argmax (windows, images): its number, row by row, in the window. */
void pool_forward(const struct pool_row *row, const float *z, size_t stride, float bias, float *out,
                  uint16_t *argmax);

/* d (windows, images) = s'(before the activation) * d_out, where a = s(...): window w of a and d_out lies
 * w * step floats from their start; sums[16] += d, value j of the row to sum j % 16. */
void pool_derive(const struct pool_row *row, const float *a, const float *d_out, size_t step, float *d,
                 float sums[16]);

/* The derivative before pooling, into the rows dz + r * stride, r < side: d where argmax says, 0 elsewhere.
 */
void pool_backward(const struct pool_row *row, const float *d, const uint16_t *argmax, float *dz,
                   size_t stride);

#endif
