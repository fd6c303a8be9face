/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Initial parameters of one layer, for i inputs and o outputs of a unit:
 *
 *   usual            weights and biases uniform in +-1/sqrt(i) (LeCun, Bottou, Orr, Mueller 1998;
 * torch.nn.Linear) xavier_uniform   weights uniform in +-sqrt(6/(i+o)), biases 0 (Glorot, Bengio 2010);
 * xavier_normal: variance 2/(i+o) he_uniform       weights uniform in +-sqrt(6/i), biases 0 (He, Zhang, Ren,
 * Sun 2015); he_normal: variance 2/i
 *
 * Check: one input and one output, he_uniform: every weight lies in +-2.4495.
 */
#ifndef SIM_MODEL_INIT_H
#define SIM_MODEL_INIT_H

#include "sim/model/model.h"
#include <stddef.h>

struct init_layer {
    size_t weights, biases; /* how many, laid out in this order */
    size_t fan_in, fan_out; /* i and o; a convolution counts kernel * kernel inputs and outputs per channel */
};

/* Writes the weights, then the biases; draws from the stream in memory order. Returns the first float behind.
 */
float *init_fill(const struct init_layer *layer, enum model_init init, struct rng *rng, float *w);

/* As init_fill for models whose usual start is zero. */
float *init_fill_convex(const struct init_layer *layer, enum model_init init, struct rng *rng, float *w);

#endif
