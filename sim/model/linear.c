/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Least squares: loss (x . w [+ b] - t)^2 / 2, gradient mean over the batch of (x . w [+ b] - t) (x[, 1]).
 * Parameters: w (features), then b when bias is set. Gauss, "Theoria motus corporum coelestium", 1809.
 *
 * Check: w = (1, 2), x = (3, 4), t = 10: loss 0.5, gradient (3, 4).
 */
#include "sim/model/glm.h"
#include "sim/model/kinds.h"
#include "sim/model/shape.h"

static const struct byz_param table[] = {
    {.name = "bias",
     .type = BYZ_FLAG,
     .offset = offsetof(struct glm_params, bias),
     .doc = "Whether a constant is added to the prediction and learned as the last parameter."},
};

static int unsuitable(const void *params, const struct model_shape *shape, char reason[BYZ_REASON_SIZE])
{
    (void)params;
    return shape_need_targets("linear", shape, reason) ||
           shape_need_fitting("linear", shape, (double)shape->features + 1, reason);
}

static double gradient(const void *params, const struct model_shape *shape, const float *w,
                       const struct model_batch *batch, void *scratch, float *g)
{
    return glm_gradient(MODEL_SQUARED, params, shape, w, batch, scratch, g);
}

static void residuals(const void *params, const struct model_shape *shape, const float *w,
                      const struct model_batch *batch, void *scratch, float *r)
{
    (void)scratch;
    glm_residuals(MODEL_SQUARED, params, shape, w, batch, r);
}

const struct model_kind model_linear = {
    .base = {.name = "linear",
             .doc = "Least squares: half the squared error of a linear prediction of one real target. The "
                    "parameters "
                    "are one weight per feature, then the bias when there is one.",
             .params = table,
             .param_count = BYZ_LENGTH(table),
             .params_size = sizeof(struct glm_params)},
    .loss = MODEL_SQUARED,
    .unsuitable = unsuitable,
    .dimension = glm_dimension,
    .outputs = glm_outputs,
    .scratch_bytes = glm_scratch_bytes,
    .initialise = glm_initialise,
    .gradient = gradient,
    .flops = glm_flops,
    .residual_floats = glm_residual_floats,
    .residuals = residuals,
    .columns = glm_columns,
    .predict = glm_predict,
};
