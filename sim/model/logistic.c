/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Binary logistic regression: z = x . w [+ b], labels y in {0, 1}, loss log(1 + exp(z)) - y z, gradient mean
 * over the batch of (1 / (1 + exp(-z)) - y) (x[, 1]). Parameters: w (features), then b when bias is set. Cox,
 * "The regression analysis of binary sequences", J. R. Stat. Soc. B 20 (1958) 215-242.
 *
 * Check: w = 0: loss log 2 = 0.6931 on any data, gradient (1/2 - y) x for one sample.
 */
#include "sim/model/glm.h"
#include "sim/model/kinds.h"
#include "sim/model/shape.h"

static const struct byz_param table[] = {
    {.name = "bias",
     .type = BYZ_FLAG,
     .offset = offsetof(struct glm_params, bias),
     .initial = 1,
     .doc = "Whether a constant is added to the logit and learned as the last parameter."},
};

static int unsuitable(const void *params, const struct model_shape *shape, char reason[BYZ_REASON_SIZE])
{
    (void)params;
    if (shape->classes > 2 && shape->sequence == 0)
        return shape_refuse(
            reason,
            "logistic separates 2 classes, but the data set has %zu; use model softmax or a data set "
            "with 2 classes",
            shape->classes);
    return shape_need_classes("logistic", shape, reason) ||
           shape_need_fitting("logistic", shape, (double)shape->features + 1, reason);
}

static double gradient(const void *params, const struct model_shape *shape, const float *w,
                       const struct model_batch *batch, void *scratch, float *g)
{
    return glm_gradient(MODEL_LOGISTIC, params, shape, w, batch, scratch, g);
}

static void residuals(const void *params, const struct model_shape *shape, const float *w,
                      const struct model_batch *batch, void *scratch, float *r)
{
    (void)scratch;
    glm_residuals(MODEL_LOGISTIC, params, shape, w, batch, r);
}

const struct model_kind model_logistic = {
    .base = {.name = "logistic",
             .doc = "Logistic regression for two classes (Cox, J. R. Stat. Soc. B 20, 1958): one weight per "
                    "feature, "
                    "then the bias when there is one; label 1 is predicted when the logit is positive.",
             .params = table,
             .param_count = BYZ_LENGTH(table),
             .params_size = sizeof(struct glm_params)},
    .loss = MODEL_LOGISTIC,
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
