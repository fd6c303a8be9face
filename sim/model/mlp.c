/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Multilayer perceptron: fully connected layers with an activation after each but the last, cross entropy
 * under the softmax. Layout, formulas and cost: dense.h. Rumelhart, Hinton, Williams, "Learning
 * representations by back-propagating errors", Nature 323 (1986) 533-536.
 *
 * Check: hidden [100] on MNIST has 79,510 parameters, hidden [200, 100] has 178,110.
 */
#include "sim/model/dense.h"
#include "sim/model/kinds.h"
#include "sim/model/shape.h"

struct params {
    struct byz_counts hidden;
    int activation;
};

static const uint64_t usual_hidden[] = {100, 0};

static const struct byz_param table[] = {
    {.name = "hidden",
     .type = BYZ_COUNTS,
     .offset = offsetof(struct params, hidden),
     .min = 1,
     .max = 1e6,
     .initial_counts = usual_hidden,
     .doc = "Units of the hidden layers, from the first to the last; an empty list leaves one linear layer."},
    {.name = "activation",
     .type = BYZ_CHOICE,
     .offset = offsetof(struct params, activation),
     .choices = dense_activation_words,
     .initial_word = "relu",
     .doc = "Function applied to every hidden unit."},
};

static struct dense_stack stack_of(const void *params, const struct model_shape *shape)
{
    const struct params *knobs = params;
    return dense_build(shape->features, &knobs->hidden, shape->classes, knobs->activation);
}

static int unsuitable(const void *params, const struct model_shape *shape, char reason[BYZ_REASON_SIZE])
{
    struct dense_stack stack = stack_of(params, shape);
    return shape_need_classes("mlp", shape, reason) ||
           shape_need_fitting("mlp", shape, dense_dimension_estimate(&stack), reason);
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
    dense_initialise(&stack, init, rng, w);
}

static double gradient(const void *params, const struct model_shape *shape, const float *w,
                       const struct model_batch *batch, void *scratch, float *g)
{
    struct dense_stack stack = stack_of(params, shape);
    return dense_gradient(&stack, w, dense_samples(batch), batch, scratch, g, NULL);
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

const struct model_kind model_mlp = {
    .base =
        {.name = "mlp",
         .doc =
             "Multilayer perceptron (Rumelhart, Hinton, Williams, Nature 323, 1986): fully connected layers "
             "under a softmax and the cross entropy. The parameters are each layer's weights (outputs, "
             "inputs), "
             "then its biases, from the first layer to the last, as PyTorch orders them.",
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
    .flops = flops,
    .predict = predict,
};
