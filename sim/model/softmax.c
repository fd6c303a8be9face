/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Multinomial logistic regression: logits W x [+ b], cross entropy under the softmax, gradient mean over the
 * batch of (softmax(W x + b) - e_y) x^T. Parameters: W (classes, features) row-major, then b (classes) when
 * bias is set. Cost: two matrix products of count * features * classes. Convex. Bishop, "Pattern Recognition
 * and Machine Learning", 2006, section 4.3.4.
 *
 * Check: w = 0: loss log(classes), whatever the data; MNIST has 7,850 parameters.
 */
#include "sim/model/dense.h"
#include "sim/model/kinds.h"
#include "sim/model/shape.h"

struct params {
    bool bias;
};

static const struct byz_param table[] = {
    {.name = "bias",
     .type = BYZ_FLAG,
     .offset = offsetof(struct params, bias),
     .initial = 1,
     .doc = "Whether each class has a constant, learned behind the weights."},
};

static struct dense_stack stack_of(const void *params, const struct model_shape *shape)
{
    const struct params *knobs = params;
    struct dense_stack stack = {.layers = 1, .bias = knobs->bias};
    stack.width[0] = shape->features;
    stack.width[1] = shape->classes;
    return stack;
}

static int unsuitable(const void *params, const struct model_shape *shape, char reason[BYZ_REASON_SIZE])
{
    struct dense_stack stack = stack_of(params, shape);
    return shape_need_classes("softmax", shape, reason) ||
           shape_need_fitting("softmax", shape, dense_dimension_estimate(&stack), reason);
}

static size_t dimension(const void *params, const struct model_shape *shape)
{
    struct dense_stack stack = stack_of(params, shape);
    return dense_dimension(&stack);
}

static size_t outputs(const void *params, const struct model_shape *shape)
{
    (void)params;
    return shape->classes;
}

static size_t scratch_bytes(const void *params, const struct model_shape *shape, size_t count)
{
    struct dense_stack stack = stack_of(params, shape);
    return dense_scratch_bytes(&stack, count);
}

static void initialise(const void *params, const struct model_shape *shape, enum model_init init,
                       struct rng *rng, float *w)
{
    struct dense_stack stack = stack_of(params, shape);
    dense_initialise(&stack, init == MODEL_INIT_USUAL ? MODEL_INIT_ZEROS : init, rng, w);
}

static double gradient(const void *params, const struct model_shape *shape, const float *w,
                       const struct model_batch *batch, void *scratch, float *g)
{
    struct dense_stack stack = stack_of(params, shape);
    return dense_gradient(&stack, w, dense_samples(batch), batch, scratch, g, NULL);
}

static void fold(const void *params, const struct model_shape *shape, const float *w,
                 const struct model_batch *batch, void *scratch, float keep, float fresh, float *g)
{
    struct dense_stack stack = stack_of(params, shape);
    dense_fold(&stack, w, batch, scratch, keep, fresh, g);
}

static size_t residual_floats(const void *params, const struct model_shape *shape, size_t count)
{
    (void)params;
    return count * shape->classes;
}

static void residuals(const void *params, const struct model_shape *shape, const float *w,
                      const struct model_batch *batch, void *scratch, float *r)
{
    struct dense_stack stack = stack_of(params, shape);
    dense_residuals(&stack, w, batch, scratch, r);
}

static void columns(const void *params, const struct model_shape *shape, const struct model_batch *batch,
                    const float *r, size_t from, size_t width, float *g)
{
    struct dense_stack stack = stack_of(params, shape);
    dense_columns(&stack, batch, r, from, width, g);
}

static double flops(const void *params, const struct model_shape *shape, size_t count)
{
    struct dense_stack stack = stack_of(params, shape);
    return dense_flops(&stack, count, false);
}

static void predict(const void *params, const struct model_shape *shape, const float *w, size_t count,
                    const float *x, void *scratch, float *out)
{
    struct dense_stack stack = stack_of(params, shape);
    dense_predict(&stack, w, count, (struct dense_inputs){.v = x, .by_sample = true}, scratch, out);
}

const struct model_kind model_softmax = {
    .base =
        {.name = "softmax",
         .doc = "Multinomial logistic regression: one row of weights per class under a softmax and the cross "
                "entropy; convex. The parameters are the weights (classes, features), then the biases.",
         .params = table,
         .param_count = BYZ_LENGTH(table),
         .params_size = sizeof(struct params)},
    .loss = MODEL_CROSS_ENTROPY,
    .reads_bytes = true,
    .unsuitable = unsuitable,
    .dimension = dimension,
    .outputs = outputs,
    .scratch_bytes = scratch_bytes,
    .initialise = initialise,
    .gradient = gradient,
    .fold = fold,
    .flops = flops,
    .residual_floats = residual_floats,
    .residuals = residuals,
    .columns = columns,
    .predict = predict,
};
