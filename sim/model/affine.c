/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/model/affine.h"
#include "sim/model/init.h"
#include "sim/num/dispatch.h"
#include "sim/num/gemm.h"

size_t affine_dimension(struct affine layer)
{
    return layer.out * (layer.in + 1);
}

float *affine_initialise(struct affine layer, enum model_init init, struct rng *rng, float *w)
{
    const struct init_layer shape = {
        .weights = layer.out * layer.in, .biases = layer.out, .fan_in = layer.in, .fan_out = layer.out};
    return init_fill(&shape, init, rng, w);
}

/* y (count, out) += b in every row. */
NUM_CLONES static void add_to_rows(size_t count, size_t out, const float *restrict b, float *restrict y)
{
    for (size_t i = 0; i < count; i++)
        for (size_t u = 0; u < out; u++)
            y[i * out + u] += b[u];
}

/* b += the rows of y (count, out). */
NUM_CLONES static void add_rows(size_t count, size_t out, const float *restrict y, float *restrict b)
{
    for (size_t i = 0; i < count; i++)
        for (size_t u = 0; u < out; u++)
            b[u] += y[i * out + u];
}

void affine_forward(struct affine layer, size_t count, const float *w, const float *x, float *restrict y)
{
    gemm(false, true, count, layer.out, layer.in, 1, x, layer.in, w, layer.in, 0, y, layer.out);
    add_to_rows(count, layer.out, w + layer.out * layer.in, y);
}

void affine_backward(struct affine layer, size_t count, const float *w, const float *x,
                     const float *restrict dy, float *restrict g, float *dx)
{
    gemm(true, false, layer.out, layer.in, count, 1, dy, layer.out, x, layer.in, 1, g, layer.in);
    add_rows(count, layer.out, dy, g + layer.out * layer.in);
    if (dx != NULL)
        gemm(false, false, count, layer.in, layer.out, 1, dy, layer.out, w, layer.in, 0, dx, layer.in);
}
