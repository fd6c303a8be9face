/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Generalised linear models with one output: z = x . w [+ b], of which the loss is a function (linear.c:
 * squared, logistic.c: logistic). Parameters: w (features), then b. All sums run in double precision in a
 * fixed order.
 */
#ifndef SIM_MODEL_GLM_H
#define SIM_MODEL_GLM_H

#include "sim/model/model.h"
#include <stdbool.h>

struct glm {
    size_t features;
    bool bias;
    enum model_loss loss;
};

/* features, and one for the bias. */
size_t glm_dimension(const struct glm *glm);

/* One float per sample. */
size_t glm_scratch_bytes(size_t count);

void glm_initialise(const struct glm *glm, enum model_init init, struct rng *rng, float *w);

/* As in struct model_kind. */
double glm_gradient(const struct glm *glm, const float *w, const struct model_batch *batch, void *scratch,
                    float *g);

/* The gradient by blocks of columns, as in struct model_kind: r (count) are the derivatives at the outputs.
 */
void glm_residuals(const struct glm *glm, const float *w, const struct model_batch *batch, float *r);
void glm_columns(const struct glm *glm, const struct model_batch *batch, const float *r, size_t from,
                 size_t width, float *g);
void glm_predict(const struct glm *glm, const float *w, size_t count, const float *x, float *out);

#endif
