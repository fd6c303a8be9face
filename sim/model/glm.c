/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/model/glm.h"
#include "sim/base/mem.h"
#include "sim/model/dot.h"
#include "sim/model/init.h"
#include "sim/model/loss.h"

enum { TILE = 256 };

static bool has_bias(const void *params)
{
    const struct glm_params *knobs = params;
    return knobs->bias;
}

size_t glm_dimension(const void *params, const struct model_shape *shape)
{
    return shape->features + has_bias(params);
}

size_t glm_outputs(const void *params, const struct model_shape *shape)
{
    (void)params, (void)shape;
    return 1;
}

size_t glm_scratch_bytes(const void *params, const struct model_shape *shape, size_t count)
{
    (void)params, (void)shape;
    return mem_round_up(count * sizeof(float));
}

void glm_initialise(const void *params, const struct model_shape *shape, enum model_init init,
                    struct rng *rng, float *w)
{
    const struct init_layer layer = {
        .weights = shape->features, .biases = has_bias(params), .fan_in = shape->features, .fan_out = 1};
    init_fill_convex(&layer, init, rng, w);
}

void glm_predict(const void *params, const struct model_shape *shape, const float *w, size_t count,
                 const float *x, void *scratch, float *out)
{
    size_t features = shape->features;
    double bias = has_bias(params) ? (double)w[features] : 0;
    (void)scratch;
    for (size_t i = 0; i < count; i++)
        out[i] = (float)(dot_product(features, x + i * features, w) + bias);
}

/* g (width) = sum_i slope_i x_i over a tile of columns; ld floats from one sample to the next. */
static void weigh_columns(size_t count, size_t width, const float *restrict slope, const float *restrict x,
                          size_t ld, float *restrict g)
{
    double sum[TILE] = {0};
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < width; j++)
            sum[j] += (double)slope[i] * (double)x[i * ld + j];
    for (size_t j = 0; j < width; j++)
        g[j] = (float)sum[j];
}

/* The derivatives at the outputs, one for each sample. */
size_t glm_residual_floats(const void *params, const struct model_shape *shape, size_t count)
{
    (void)params, (void)shape;
    return count;
}

void glm_columns(const void *params, const struct model_shape *shape, const struct model_batch *batch,
                 const float *r, size_t from, size_t width, float *g)
{
    size_t features = shape->features, end = from + width < features ? from + width : features;
    (void)params;
    for (size_t j = from; j < end; j += TILE) {
        size_t tile = end - j < TILE ? end - j : TILE;
        weigh_columns(batch->count, tile, r, batch->x + j, features, g + (j - from));
    }
    double sum = 0;
    for (size_t i = 0; i < batch->count; i++)
        sum += (double)r[i];
    if (from + width > features)
        g[features - from] = (float)sum;
}

static double derive(enum model_loss loss, const void *params, const struct model_shape *shape,
                     const float *w, const struct model_batch *batch, float *slope)
{
    glm_predict(params, shape, w, batch->count, batch->x, NULL, slope);
    return loss_derive(loss, batch, slope);
}

void glm_residuals(enum model_loss loss, const void *params, const struct model_shape *shape, const float *w,
                   const struct model_batch *batch, float *r)
{
    derive(loss, params, shape, w, batch, r);
}

double glm_gradient(enum model_loss loss, const void *params, const struct model_shape *shape, const float *w,
                    const struct model_batch *batch, void *scratch, float *g)
{
    float *slope = scratch;
    double mean = derive(loss, params, shape, w, batch, slope);
    glm_columns(params, shape, batch, slope, 0, glm_dimension(params, shape), g);
    return mean;
}

double glm_flops(const void *params, const struct model_shape *shape, size_t count)
{
    (void)params;
    return 4 * (double)count * (double)shape->features;
}
