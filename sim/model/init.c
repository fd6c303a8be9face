/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/model/init.h"

#include <math.h>
#include <string.h>

static void fill_zeros(size_t count, float *w)
{
    memset(w, 0, count * sizeof *w);
}

static void fill_uniform(size_t count, double bound, struct rng *rng, float *w)
{
    for (size_t i = 0; i < count; i++)
        w[i] = (float)(bound * (2 * rng_real(rng) - 1));
}

static void fill_normal(size_t count, double deviation, struct rng *rng, float *w)
{
    for (size_t i = 0; i < count; i++)
        w[i] = (float)(deviation * rng_normal(rng));
}

float *init_fill(const struct init_layer *layer, enum model_init init, struct rng *rng, float *w)
{
    double in = (double)layer->fan_in, both = in + (double)layer->fan_out;
    float *biases = w + layer->weights;
    fill_zeros(layer->biases, biases);
    switch (init) {
    case MODEL_INIT_USUAL:
        fill_uniform(layer->weights + layer->biases, 1 / sqrt(in), rng, w);
        break;
    case MODEL_INIT_ZEROS:
        fill_zeros(layer->weights, w);
        break;
    case MODEL_INIT_XAVIER_UNIFORM:
        fill_uniform(layer->weights, sqrt(6 / both), rng, w);
        break;
    case MODEL_INIT_XAVIER_NORMAL:
        fill_normal(layer->weights, sqrt(2 / both), rng, w);
        break;
    case MODEL_INIT_HE_UNIFORM:
        fill_uniform(layer->weights, sqrt(6 / in), rng, w);
        break;
    case MODEL_INIT_HE_NORMAL:
        fill_normal(layer->weights, sqrt(2 / in), rng, w);
        break;
    }
    return biases + layer->biases;
}

float *init_fill_convex(const struct init_layer *layer, enum model_init init, struct rng *rng, float *w)
{
    return init_fill(layer, init == MODEL_INIT_USUAL ? MODEL_INIT_ZEROS : init, rng, w);
}
