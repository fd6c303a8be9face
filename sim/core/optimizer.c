/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each optimiser is a few lines of arithmetic on every coordinate, so they share a file. */
#include "sim/core/optimizer.h"
#include "sim/num/dispatch.h"
#include "sim/num/rows.h"

#include <math.h>
#include <omp.h>

/* Parts are whole numbers of so many coordinates; of fewer than two, waking a thread is not worth it. */
enum { BLOCK = 1024 };

bool optimizer_step(const struct optimizer *optimizer, const void *params, const struct optimizer_input *in,
                    float *state, float *w)
{
    size_t parts = (size_t)omp_get_max_threads(), wide = (in->d / parts + BLOCK) / BLOCK * BLOCK;
    bool finite = true;
#pragma omp parallel for schedule(static) reduction(&& : finite) if (in->d > 2 * BLOCK)
    for (size_t from = 0; from < in->d; from += wide) {
        size_t end = in->d - from < wide ? in->d : from + wide;
        optimizer->step(params, in, from, end, state, w);
        finite = finite && rows_finite(w + from, end - from);
    }
    return finite;
}

/* g of one coordinate. */
static inline float direction(float clip, float decay, float aggregate, float w)
{
    return clip * aggregate + decay * w;
}

static size_t sgd_arrays(double momentum)
{
    return momentum > 0;
}

NUM_CLONES static void sgd_step(const void *params, const struct optimizer_input *in, size_t from, size_t end,
                                float *restrict v, float *restrict w)
{
    (void)params;
    const float *restrict aggregate = in->aggregate;
    float rate = (float)in->rate, beta = (float)in->momentum, clip = in->clip, decay = in->weight_decay;
    for (size_t k = from; v != NULL && k < end; k++) {
        v[k] = beta * v[k] + direction(clip, decay, aggregate[k], w[k]);
        w[k] -= rate * v[k];
    }
    for (size_t k = from; v == NULL && k < end; k++)
        w[k] -= rate * direction(clip, decay, aggregate[k], w[k]);
}

static const struct optimizer optimizer_sgd = {
    .base = {.name = "sgd",
             .doc = "Steps along the aggregate, with server.momentum if it is given (Polyak, 1964).",
             .formula = "v <- momentum v + g,  w <- w - learning_rate v\n"
                        "g = clipped aggregate + weight_decay w",
             .cost = "one pass over d coordinates; d floats with momentum",
             .paper = "Robbins, Monro, \"A stochastic approximation method\", Ann. Math. Statist. 22, 1951"},
    .momentum = true,
    .arrays = sgd_arrays,
    .step = sgd_step,
};

struct adam_params {
    double beta1, beta2, epsilon;
    bool bias_correction;
};

static const struct byz_param adam_params[] = {
    {.name = "beta1",
     .type = BYZ_REAL,
     .offset = offsetof(struct adam_params, beta1),
     .initial = 0.9,
     .max = 0.999999,
     .doc = "Decay of the mean of g."},
    {.name = "beta2",
     .type = BYZ_REAL,
     .offset = offsetof(struct adam_params, beta2),
     .initial = 0.999,
     .max = 0.999999,
     .doc = "Decay of the mean of g^2."},
    {.name = "epsilon",
     .type = BYZ_REAL,
     .offset = offsetof(struct adam_params, epsilon),
     .initial = 1e-8,
     .min = 1e-30,
     .max = 1e6,
     .doc = "Added to the root, against division by zero; large values bring the step near that of sgd."},
    {.name = "bias_correction",
     .type = BYZ_FLAG,
     .offset = offsetof(struct adam_params, bias_correction),
     .initial = 1,
     .doc = "Whether both means are divided by 1 - beta^t, as their start from zero asks for."},
};

static size_t adam_arrays(double momentum)
{
    (void)momentum;
    return 2;
}

/* 1 - beta^t, or 1. */
static double correction(const struct adam_params *p, double beta, uint64_t t)
{
    return p->bias_correction ? 1 - pow(beta, (double)t) : 1;
}

NUM_CLONES static void adam_step(const void *params, const struct optimizer_input *in, size_t from,
                                 size_t end, float *restrict state, float *restrict w)
{
    const struct adam_params *p = params;
    const float *restrict aggregate = in->aggregate;
    float *restrict m = state, *restrict v = state + in->d, clip = in->clip, decay = in->weight_decay;
    float beta1 = (float)p->beta1, fresh1 = (float)(1 - p->beta1);
    float beta2 = (float)p->beta2, fresh2 = (float)(1 - p->beta2), epsilon = (float)p->epsilon;
    float rate = (float)(in->rate / correction(p, p->beta1, in->step));
    float share = (float)(1 / correction(p, p->beta2, in->step));
    for (size_t k = from; k < end; k++) {
        float g = direction(clip, decay, aggregate[k], w[k]);
        m[k] = beta1 * m[k] + fresh1 * g;
        v[k] = beta2 * v[k] + fresh2 * g * g;
        w[k] -= rate * m[k] / (sqrtf(share * v[k]) + epsilon);
    }
}

static const struct optimizer optimizer_adam = {
    .base =
        {.name = "adam",
         .doc = "Steps whose length every coordinate sets by its own history: the mean of g over the root of "
                "the mean of g^2 (Kingma, Ba, ICLR 2015). At a server: FedAdam (Reddi et al., ICLR 2021), "
                "there with beta2 0.99, epsilon 1e-3 and no bias correction. Weight decay is part of g, "
                "not decoupled.",
         .formula = "m <- beta1 m + (1 - beta1) g,  v <- beta2 v + (1 - beta2) g^2\n"
                    "w <- w - learning_rate m/(1 - beta1^t) / (sqrt(v/(1 - beta2^t)) + epsilon)\n"
                    "g = clipped aggregate + weight_decay w;  t = 1, 2, ... counts the steps",
         .validity = "server.momentum 0",
         .cost = "one pass over d coordinates; 2 d floats",
         .paper = "Kingma, Ba, \"Adam: a method for stochastic optimization\", ICLR 2015; Reddi, Charles, "
                  "Zaheer, Garrett, Rush, Konecny, Kumar, McMahan, \"Adaptive federated optimization\", ICLR "
                  "2021",
         .params = adam_params,
         .param_count = BYZ_LENGTH(adam_params),
         .params_size = sizeof(struct adam_params)},
    .arrays = adam_arrays,
    .step = adam_step,
};

struct adagrad_params {
    double epsilon;
};

static const struct byz_param adagrad_params[] = {
    {.name = "epsilon",
     .type = BYZ_REAL,
     .offset = offsetof(struct adagrad_params, epsilon),
     .initial = 1e-10,
     .min = 1e-30,
     .max = 1e6,
     .doc = "Added to the root, against division by zero."},
};

static size_t adagrad_arrays(double momentum)
{
    (void)momentum;
    return 1;
}

NUM_CLONES static void adagrad_step(const void *params, const struct optimizer_input *in, size_t from,
                                    size_t end, float *restrict v, float *restrict w)
{
    const float *restrict aggregate = in->aggregate;
    float clip = in->clip, decay = in->weight_decay;
    float rate = (float)in->rate, epsilon = (float)((const struct adagrad_params *)params)->epsilon;
    for (size_t k = from; k < end; k++) {
        float g = direction(clip, decay, aggregate[k], w[k]);
        v[k] += g * g;
        w[k] -= rate * g / (sqrtf(v[k]) + epsilon);
    }
}

static const struct optimizer optimizer_adagrad = {
    .base = {.name = "adagrad",
             .doc =
                 "Every coordinate's steps shrink with the sum of its squares so far (Duchi, Hazan, Singer, "
                 "JMLR 2011). At a server: FedAdagrad without its momentum (Reddi et al., ICLR 2021). Weight "
                 "decay is part of g, not decoupled.",
             .formula = "v <- v + g^2,  w <- w - learning_rate g / (sqrt(v) + epsilon)\n"
                        "g = clipped aggregate + weight_decay w",
             .validity = "server.momentum 0",
             .cost = "one pass over d coordinates; d floats",
             .paper =
                 "Duchi, Hazan, Singer, \"Adaptive subgradient methods for online learning and stochastic "
                 "optimization\", JMLR 12, 2011; Reddi et al., \"Adaptive federated optimization\", ICLR "
                 "2021",
             .params = adagrad_params,
             .param_count = BYZ_LENGTH(adagrad_params),
             .params_size = sizeof(struct adagrad_params)},
    .arrays = adagrad_arrays,
    .step = adagrad_step,
};

static const struct optimizer *const optimizers[] = {&optimizer_sgd, &optimizer_adam, &optimizer_adagrad};

static const struct byz_descriptor *optimizer_at(size_t index)
{
    return &optimizers[index]->base;
}

const struct byz_family optimizer_family = {"optimizer", "optimizers", BYZ_LENGTH(optimizers), optimizer_at};
