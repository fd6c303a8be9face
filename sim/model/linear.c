/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Least squares: loss (x . w [+ b] - t)^2 / 2, gradient mean over the batch of (x . w [+ b] - t) (x[, 1]).
 * Parameters: w (features), then b when bias is set. Cost: 4 * count * features floating-point operations.
 * Gauss, "Theoria motus corporum coelestium", 1809.
 *
 * Check: w = (1, 2), x = (3, 4), t = 10: loss 0.5, gradient (3, 4).
 */
#include "sim/model/glm.h"
#include "sim/model/kinds.h"
#include "sim/model/shape.h"

struct params {
    bool bias;
};

static const struct byz_param table[] = {
    {.name = "bias",
     .type = BYZ_FLAG,
     .offset = offsetof(struct params, bias),
     .doc = "Whether a constant is added to the prediction and learned as the last parameter."},
};

static struct glm glm_of(const void *params, const struct model_shape *shape)
{
    const struct params *knobs = params;
    return (struct glm){.features = shape->features, .bias = knobs->bias, .loss = MODEL_SQUARED};
}

static int unsuitable(const void *params, const struct model_shape *shape, char reason[BYZ_REASON_SIZE])
{
    (void)params;
    return shape_need_targets("linear", shape, reason) ||
           shape_need_fitting("linear", shape, (double)shape->features + 1, reason);
}

static size_t dimension(const void *params, const struct model_shape *shape)
{
    struct glm glm = glm_of(params, shape);
    return glm_dimension(&glm);
}

static size_t outputs(const void *params, const struct model_shape *shape)
{
    (void)params;
    (void)shape;
    return 1;
}

static size_t scratch_bytes(const void *params, const struct model_shape *shape, size_t count)
{
    (void)params;
    (void)shape;
    return glm_scratch_bytes(count);
}

static void initialise(const void *params, const struct model_shape *shape, enum model_init init,
                       struct rng *rng, float *w)
{
    struct glm glm = glm_of(params, shape);
    glm_initialise(&glm, init, rng, w);
}

static double gradient(const void *params, const struct model_shape *shape, const float *w,
                       const struct model_batch *batch, void *scratch, float *g)
{
    struct glm glm = glm_of(params, shape);
    return glm_gradient(&glm, w, batch, scratch, g);
}

static size_t residual_floats(const void *params, const struct model_shape *shape, size_t count)
{
    (void)params, (void)shape;
    return count;
}

static void residuals(const void *params, const struct model_shape *shape, const float *w,
                      const struct model_batch *batch, void *scratch, float *r)
{
    struct glm glm = glm_of(params, shape);
    (void)scratch;
    glm_residuals(&glm, w, batch, r);
}

static void columns(const void *params, const struct model_shape *shape, const struct model_batch *batch,
                    const float *r, size_t from, size_t width, float *g)
{
    struct glm glm = glm_of(params, shape);
    glm_columns(&glm, batch, r, from, width, g);
}

static double flops(const void *params, const struct model_shape *shape, size_t count)
{
    (void)params;
    return 4 * (double)count * (double)shape->features;
}

static void predict(const void *params, const struct model_shape *shape, const float *w, size_t count,
                    const float *x, void *scratch, float *out)
{
    struct glm glm = glm_of(params, shape);
    (void)scratch;
    glm_predict(&glm, w, count, x, out);
}

const struct model_kind model_linear = {
    .base = {.name = "linear",
             .doc = "Least squares: half the squared error of a linear prediction of one real target. The "
                    "parameters "
                    "are one weight per feature, then the bias when there is one.",
             .params = table,
             .param_count = BYZ_LENGTH(table),
             .params_size = sizeof(struct params)},
    .loss = MODEL_SQUARED,
    .unsuitable = unsuitable,
    .dimension = dimension,
    .outputs = outputs,
    .scratch_bytes = scratch_bytes,
    .initialise = initialise,
    .gradient = gradient,
    .flops = flops,
    .residual_floats = residual_floats,
    .residuals = residuals,
    .columns = columns,
    .predict = predict,
};
