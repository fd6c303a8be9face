/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/model/glm.h"
#include "sim/base/mem.h"
#include "sim/model/dot.h"
#include "sim/model/init.h"
#include "sim/model/loss.h"

enum { TILE = 256 };

size_t glm_dimension(const struct glm *glm)
{
    return glm->features + glm->bias;
}

size_t glm_scratch_bytes(size_t count)
{
    return mem_round_up(count * sizeof(float));
}

void glm_initialise(const struct glm *glm, enum model_init init, struct rng *rng, float *w)
{
    const struct init_layer layer = {
        .weights = glm->features, .biases = glm->bias, .fan_in = glm->features, .fan_out = 1};
    init_fill_convex(&layer, init, rng, w);
}

void glm_predict(const struct glm *glm, const float *w, size_t count, const float *x, float *out)
{
    double bias = glm->bias ? (double)w[glm->features] : 0;
    for (size_t i = 0; i < count; i++)
        out[i] = (float)(dot_product(glm->features, x + i * glm->features, w) + bias);
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

void glm_columns(const struct glm *glm, const struct model_batch *batch, const float *r, size_t from,
                 size_t width, float *g)
{
    size_t end = from + width < glm->features ? from + width : glm->features;
    for (size_t j = from; j < end; j += TILE) {
        size_t tile = end - j < TILE ? end - j : TILE;
        weigh_columns(batch->count, tile, r, batch->x + j, glm->features, g + (j - from));
    }
    double sum = 0;
    for (size_t i = 0; i < batch->count; i++)
        sum += (double)r[i];
    if (from + width > glm->features)
        g[glm->features - from] = (float)sum;
}

static double derive(const struct glm *glm, const float *w, const struct model_batch *batch, float *slope)
{
    glm_predict(glm, w, batch->count, batch->x, slope);
    return loss_derive(glm->loss, batch, slope);
}

void glm_residuals(const struct glm *glm, const float *w, const struct model_batch *batch, float *r)
{
    derive(glm, w, batch, r);
}

double glm_gradient(const struct glm *glm, const float *w, const struct model_batch *batch, void *scratch,
                    float *g)
{
    float *slope = scratch;
    double mean = derive(glm, w, batch, slope);
    glm_columns(glm, batch, slope, 0, glm_dimension(glm), g);
    return mean;
}
