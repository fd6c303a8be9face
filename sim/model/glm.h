/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Generalised linear models with one output: z = x . w [+ b], of which the loss is a function (linear.c:
 * squared, logistic.c: logistic). Parameters: w (features), then b. All sums run in double precision in a
 * fixed order. Cost of a gradient: 4 * count * features floating-point operations.
 *
 * The functions are those of struct model_kind; where the loss matters it comes first.
 */
#ifndef SIM_MODEL_GLM_H
#define SIM_MODEL_GLM_H

#include "sim/model/model.h"
#include <stdbool.h>

/* The knobs of either kind. */
struct glm_params {
    bool bias;
};

double glm_gradient(enum model_loss loss, const void *params, const struct model_shape *shape, const float *w,
                    const struct model_batch *batch, void *scratch, float *g);
void glm_residuals(enum model_loss loss, const void *params, const struct model_shape *shape, const float *w,
                   const struct model_batch *batch, float *r);

size_t glm_dimension(const void *params, const struct model_shape *shape);
size_t glm_outputs(const void *params, const struct model_shape *shape);
size_t glm_scratch_bytes(const void *params, const struct model_shape *shape, size_t count);
void glm_initialise(const void *params, const struct model_shape *shape, enum model_init init,
                    struct rng *rng, float *w);
size_t glm_residual_floats(const void *params, const struct model_shape *shape, size_t count);
void glm_columns(const void *params, const struct model_shape *shape, const struct model_batch *batch,
                 const float *r, size_t from, size_t width, float *g);
double glm_flops(const void *params, const struct model_shape *shape, size_t count);
void glm_predict(const void *params, const struct model_shape *shape, const float *w, size_t count,
                 const float *x, void *scratch, float *out);

#endif
