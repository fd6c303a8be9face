/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Networks against a naive twin: plain loops in double precision, in the parameter order of PyTorch. The
 * twin's central differences have an error of about 1e-9, so the single-precision gradient is held to a tight
 * bound also where ReLU and max pooling have kinks.
 */
#include "sim/base/mem.h"
#include "tests/test_model.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

struct net {
    const char *name;
    size_t channels, height, width, classes;
    struct byz_counts convolutions, hidden;
    uint64_t kernel, padding, pool;
    bool tanh, bias;
    size_t count;
};

static struct model make_model(const struct net *net, void *params)
{
    const struct model_kind *kind = (const void *)byz_family_find(&model_family, net->name);
    byz_param_defaults(kind->base.params, kind->base.param_count, params);
    if (strcmp(net->name, "softmax") == 0) {
        *(bool *)test_model_knob(kind, params, "bias") = net->bias;
    } else {
        *(struct byz_counts *)test_model_knob(kind, params, "hidden") = net->hidden;
        *(int *)test_model_knob(kind, params, "activation") = net->tanh;
    }
    if (strcmp(net->name, "cnn") == 0) {
        *(struct byz_counts *)test_model_knob(kind, params, "channels") = net->convolutions;
        *(uint64_t *)test_model_knob(kind, params, "kernel") = net->kernel;
        *(uint64_t *)test_model_knob(kind, params, "padding") = net->padding;
        *(uint64_t *)test_model_knob(kind, params, "pool") = net->pool;
    }
    struct model model = {.kind = kind, .params = params};
    model.shape = (struct model_shape){.features = net->channels * net->height * net->width,
                                       .channels = net->channels,
                                       .height = net->height,
                                       .width = net->width,
                                       .classes = net->classes};
    char reason[BYZ_REASON_SIZE] = "";
    cr_assert_eq(kind->unsuitable(params, &model.shape, reason), 0, "%s", reason);
    return model;
}

enum { MOST = 1 << 14 }; /* values of a map of the twin */

struct map {
    size_t channels, height, width;
    double v[MOST];
};

static double activate(const struct net *net, double z)
{
    return net->tanh ? tanh(z) : fmax(z, 0);
}

static double twin_convolved(const struct net *net, const struct map *in, const double *w, size_t y, size_t x)
{
    double sum = 0;
    for (size_t c = 0; c < in->channels; c++)
        for (size_t i = 0; i < net->kernel; i++)
            for (size_t j = 0; j < net->kernel; j++) {
                size_t row = y + i - net->padding, column = x + j - net->padding; /* wraps to huge outside */
                if (row < in->height && column < in->width)
                    sum += w[(c * net->kernel + i) * net->kernel + j] *
                           in->v[(c * in->height + row) * in->width + column];
            }
    return sum;
}

/* One convolution with pooling: returns the parameters behind it. */
static const double *twin_convolve(const struct net *net, size_t out, const double *w, const struct map *in,
                                   struct map *to)
{
    size_t weights = in->channels * net->kernel * net->kernel, margin = 2 * net->padding + 1 - net->kernel;
    *to = (struct map){out, (in->height + margin) / net->pool, (in->width + margin) / net->pool, {0}};
    for (size_t o = 0; o < out; o++)
        for (size_t y = 0; y < to->height; y++)
            for (size_t x = 0; x < to->width; x++) {
                double most = -INFINITY;
                for (size_t k = 0; k < net->pool * net->pool; k++)
                    most = fmax(most, twin_convolved(net, in, w + o * weights, y * net->pool + k / net->pool,
                                                     x * net->pool + k % net->pool));
                to->v[(o * to->height + y) * to->width + x] = activate(net, most + w[out * weights + o]);
            }
    return w + out * (weights + 1);
}

static const double *twin_layer(size_t out, bool bias, const double *w, const struct map *in, struct map *to)
{
    size_t inputs = in->channels * in->height * in->width;
    *to = (struct map){out, 1, 1, {0}};
    for (size_t o = 0; o < out; o++) {
        to->v[o] = bias ? w[out * inputs + o] : 0;
        for (size_t i = 0; i < inputs; i++)
            to->v[o] += w[o * inputs + i] * in->v[i];
    }
    return w + out * (inputs + bias);
}

/* Cross entropy of one sample; its logits too. */
static double twin_sample(const struct net *net, const double *w, const float *x, int32_t label,
                          double *logits)
{
    static struct map maps[2];
    size_t now = 0;
    maps[0] = (struct map){net->channels, net->height, net->width, {0}};
    for (size_t i = 0; i < net->channels * net->height * net->width; i++)
        maps[0].v[i] = (double)x[i];
    for (size_t l = 0; l < net->convolutions.count; l++, now = !now)
        w = twin_convolve(net, (size_t)net->convolutions.values[l], w, &maps[now], &maps[!now]);
    for (size_t l = 0; l < net->hidden.count; l++, now = !now) {
        w = twin_layer((size_t)net->hidden.values[l], true, w, &maps[now], &maps[!now]);
        for (size_t u = 0; u < net->hidden.values[l]; u++)
            maps[!now].v[u] = activate(net, maps[!now].v[u]);
    }
    twin_layer(net->classes, net->bias, w, &maps[now], &maps[!now]);
    double sum = 0;
    for (size_t k = 0; k < net->classes; k++) {
        logits[k] = maps[!now].v[k];
        sum += exp(logits[k]);
    }
    return log(sum) - logits[label];
}

static double twin_loss(const struct net *net, const double *w, const struct model_batch *batch,
                        const float *out)
{
    double sum = 0, logits[16];
    size_t features = net->channels * net->height * net->width;
    for (size_t i = 0; i < batch->count; i++) {
        sum += twin_sample(net, w, batch->x + i * features, batch->labels[i], logits);
        for (size_t k = 0; out != NULL && k < net->classes; k++)
            cr_assert_float_eq((double)out[i * net->classes + k], logits[k], 2e-6 * (1 + fabs(logits[k])));
    }
    return sum / (double)batch->count;
}

static const struct net nets[] = {
    {.name = "softmax", .channels = 7, .height = 1, .width = 1, .classes = 4, .bias = true, .count = 7},
    {.name = "softmax", .channels = 9, .height = 1, .width = 1, .classes = 2, .bias = false, .count = 1},
    {.name = "mlp",
     .channels = 6,
     .height = 1,
     .width = 1,
     .classes = 3,
     .hidden = {2, {5, 4}},
     .tanh = true,
     .bias = true,
     .count = 7},
    {.name = "mlp",
     .channels = 11,
     .height = 1,
     .width = 1,
     .classes = 10,
     .hidden = {3, {17, 9, 12}},
     .bias = true,
     .count = 33},
    {.name = "mlp",
     .channels = 5,
     .height = 1,
     .width = 1,
     .classes = 3,
     .hidden = {1, {8}},
     .bias = true,
     .count = 1},
    {.name = "mlp", .channels = 5, .height = 1, .width = 1, .classes = 3, .bias = true, .count = 7},
    {.name = "cnn",
     .channels = 1,
     .height = 12,
     .width = 12,
     .classes = 3,
     .convolutions = {2, {3, 4}},
     .hidden = {1, {6}},
     .kernel = 3,
     .pool = 2,
     .bias = true,
     .count = 7},
    {.name = "cnn",
     .channels = 3,
     .height = 9,
     .width = 11,
     .classes = 4,
     .convolutions = {2, {5, 2}},
     .kernel = 3,
     .padding = 1,
     .pool = 2,
     .tanh = true,
     .bias = true,
     .count = 3},
    {.name = "cnn",
     .channels = 2,
     .height = 6,
     .width = 5,
     .classes = 2,
     .convolutions = {3, {3, 9, 2}},
     .hidden = {2, {5, 3}},
     .kernel = 2,
     .padding = 0,
     .pool = 1,
     .tanh = true,
     .bias = true,
     .count = 1},
    {.name = "cnn",
     .channels = 1,
     .height = 20,
     .width = 20,
     .classes = 3,
     .convolutions = {1, {4}},
     .hidden = {1, {3}},
     .kernel = 5,
     .padding = 2,
     .pool = 3,
     .bias = true,
     .count = 33}, /* two blocks of images */
    {.name = "cnn",
     .channels = 3,
     .height = 8,
     .width = 7,
     .classes = 3,
     .convolutions = {2, {4, 3}},
     .hidden = {1, {5}},
     .kernel = 3,
     .padding = 1,
     .pool = 2,
     .bias = true,
     .count = 64},
};

static void check_coordinates(const struct net *net, const struct model_batch *batch, double *w,
                              const float *g, size_t dimension)
{
    double scale = 0, h = 1e-6;
    for (size_t j = 0; j < dimension; j++)
        scale = fmax(scale, fabs((double)g[j]));
    cr_assert_gt(scale, 1e-3);
    for (size_t j = 0; j<dimension; j += dimension> 400 ? dimension / 150 : 1) {
        double kept = w[j];
        w[j] = kept + h;
        double above = twin_loss(net, w, batch, NULL);
        w[j] = kept - h;
        double below = twin_loss(net, w, batch, NULL);
        w[j] = kept;
        cr_assert_float_eq((double)g[j], (above - below) / (2 * h), 3e-6 * scale,
                           "%s: coordinate %zu: %g, twin %g", net->name, j, (double)g[j],
                           (above - below) / (2 * h));
    }
}

static void check_net(const struct net *net)
{
    char params[1024] __attribute__((aligned(16)));
    struct model model = make_model(net, params);
    size_t d = model_dimension(&model), n = net->count;
    float *w = mem_array(d, sizeof *w, NULL), *g = mem_array(d, sizeof *g, NULL);
    float *x = mem_array(n * model.shape.features, sizeof *x, NULL),
          *out = mem_array(n * 16, sizeof *out, NULL);
    double *twin = mem_array(d, sizeof *twin, NULL);
    void *scratch = mem_array(model_scratch_bytes(&model, n), 1, NULL);
    int32_t labels[64];
    struct rng rng;
    rng_start(&rng, 1, RNG_TEST, 0, 0);
    for (size_t j = 0; j < d; j++)
        twin[j] = (double)(w[j] = (float)(0.4 * rng_normal(&rng)));
    for (size_t j = 0; j < n * model.shape.features; j++)
        x[j] = (float)rng_normal(&rng);
    for (size_t i = 0; i < n; i++)
        labels[i] = (int32_t)rng_below(&rng, net->classes);
    struct model_batch batch = {.count = n, .x = x, .labels = labels};
    memset(scratch, 0xff,
           model_scratch_bytes(&model, n)); /* NaNs: nothing may depend on what was there before */
    model.kind->predict(params, &model.shape, w, n, x, scratch, out);
    double loss = model_gradient(&model, w, &batch, scratch, g);
    cr_assert_float_eq(loss, twin_loss(net, twin, &batch, out), 2e-6 * (1 + loss));
    check_coordinates(net, &batch, twin, g, d);
    mem_free(w), mem_free(g), mem_free(x), mem_free(out), mem_free(twin), mem_free(scratch);
}

Test(model_network, softmax_agrees_with_naive_twin)
{
    for (size_t k = 0; k < 2; k++)
        check_net(&nets[k]);
}

Test(model_network, mlp_agrees_with_naive_twin)
{
    for (size_t k = 2; k < 6; k++)
        check_net(&nets[k]);
}

Test(model_network, cnn_agrees_with_naive_twin)
{
    for (size_t k = 6; k < BYZ_LENGTH(nets); k++)
        check_net(&nets[k]);
}

/* Loss, norm of the gradient g and sum_j (j + 1)/d g_j of torch 1.13 in float64 for the same layers (Conv2d,
 * ReLU, MaxPool2d, Flatten, Linear, Tanh; cross_entropy) at w_j = 0.3 sin(j + 1) in the order of
 * Module.parameters(), inputs x_j = cos(0.7 j), labels i mod classes, 4 samples. */
static void check_torch(const struct net *net, size_t dimension, double loss, double norm, double moment)
{
    char params[1024] __attribute__((aligned(16)));
    struct model model = make_model(net, params);
    size_t d = model_dimension(&model), values = 4 * model.shape.features;
    float *w = mem_array(2 * d + values, sizeof *w, NULL), *g = w + d, *x = g + d;
    void *scratch = mem_array(model_scratch_bytes(&model, 4), 1, NULL);
    int32_t labels[4];
    double squares = 0, weighted = 0;
    cr_assert_eq(d, dimension);
    for (size_t j = 0; j < d; j++)
        w[j] = (float)(0.3 * sin((double)j + 1));
    for (size_t j = 0; j < values; j++)
        x[j] = (float)cos(0.7 * (double)j);
    for (size_t i = 0; i < 4; i++)
        labels[i] = (int32_t)(i % net->classes);
    struct model_batch batch = {.count = 4, .x = x, .labels = labels};
    double found = model_gradient(&model, w, &batch, scratch, g);
    for (size_t j = 0; j < d; j++) {
        squares += (double)g[j] * (double)g[j];
        weighted += (double)(j + 1) / (double)d * (double)g[j];
    }
    cr_assert_float_eq(found, loss, 2e-6 * loss, "loss %.9g", found);
    cr_assert_float_eq(sqrt(squares), norm, 5e-6 * norm, "norm %.9g", sqrt(squares));
    cr_assert_float_eq(weighted, moment, 1e-5 * (norm + fabs(moment)), "moment %.9g", weighted);
    mem_free(w);
    mem_free(scratch);
}

Test(model_network, values_of_torch)
{
    check_torch(&(struct net){.name = "mlp",
                              .channels = 7,
                              .height = 1,
                              .width = 1,
                              .classes = 3,
                              .hidden = {2, {6, 5}},
                              .tanh = true},
                101, 1.108668062, 0.4388213016, 0.102176824);
    check_torch(&(struct net){.name = "cnn",
                              .channels = 2,
                              .height = 9,
                              .width = 10,
                              .classes = 3,
                              .convolutions = {2, {3, 4}},
                              .hidden = {1, {6}},
                              .kernel = 3,
                              .padding = 1,
                              .pool = 2},
                292, 1.086444707, 0.2042284989, -0.0245770954);
    check_torch(&(struct net){.name = "cnn",
                              .channels = 1,
                              .height = 28,
                              .width = 28,
                              .classes = 10,
                              .convolutions = {2, {20, 50}},
                              .hidden = {1, {500}},
                              .kernel = 5,
                              .pool = 2},
                431080, 13.48684146, 275.5972472, 1523.279688);
}
