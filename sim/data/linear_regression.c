/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Linear regression with Rademacher features: x uniform in {-1, +1}^d, y = <x, w*> + N(0, noise^2). Yin,
 * Chen, Ramchandran, Bartlett, ICML 2018, Proposition 1. With the loss (y - <x, w>)^2 / 2 the gradient of one
 * sample has mean w - w* and variance (trace of the covariance) (d - 1) ||w - w*||^2 + d noise^2. Check: d =
 * 3, w - w* = (1, 0, 0), noise = 0.5: variance 2 * 1 + 3 * 0.25 = 2.75.
 */
#include "sim/base/mem.h"
#include "sim/data/registry.h"
#include "sim/data/synthetic.h"

struct params {
    uint64_t dimension, train, test, seed;
    double noise;
    struct byz_real_or_choice truth;
};

static const char *const truth_words[] = {"normal", NULL};

static const struct byz_param knobs[] = {
    {.name = "dimension",
     .type = BYZ_COUNT,
     .offset = offsetof(struct params, dimension),
     .initial = 20,
     .min = 1,
     .max = 1000000,
     .doc = "Number of features d."},
    {.name = "noise",
     .type = BYZ_REAL,
     .offset = offsetof(struct params, noise),
     .initial = 1,
     .min = 0,
     .max = 1e6,
     .doc = "Standard deviation of the noise on a target."},
    {.name = "truth",
     .type = BYZ_REAL_OR_CHOICE,
     .offset = offsetof(struct params, truth),
     .min = -1e6,
     .max = 1e6,
     .choices = truth_words,
     .initial_word = "normal",
     .doc =
         "Entries of the true parameters w*: one number for all, or \"normal\" to draw each from N(0, 1)."},
    SYNTHETIC_KNOBS(struct params, 10000, 2000, 100000000, "samples", "the data set"),
};

static void draw_truth(const struct params *params, float *truth)
{
    struct rng rng;
    synthetic_start(&rng, params->seed, SYNTHETIC_TRUTH, 0);
    for (size_t j = 0; j < params->dimension; j++)
        truth[j] = (float)(params->truth.choice < 0 ? params->truth.value : rng_normal(&rng));
}

/* One sample: 64 signs come from one draw of 64 bits. Returns <x, w*>. */
static double draw_features(struct rng *rng, size_t d, const float *truth, float *x)
{
    double product = 0;
    uint64_t bits = 0;
    for (size_t j = 0; j < d; j++, bits >>= 1) {
        if (j % 64 == 0)
            bits = rng_bits(rng);
        x[j] = bits & 1 ? 1.0f : -1.0f;
        product += (double)(x[j] * truth[j]);
    }
    return product;
}

static int draw_split(const struct params *params, enum synthetic_stream stream, size_t count,
                      const float *truth, struct samples *split, struct err *err)
{
    size_t d = params->dimension;
    int rc = dataset_allocate(split, count, d, DATASET_VALUES | DATASET_TARGETS, err);
    if (rc != ERR_OK)
        return rc;
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < count; i++) {
        struct rng rng;
        synthetic_start(&rng, params->seed, stream, i);
        double product = draw_features(&rng, d, truth, split->values + i * d);
        split->targets[i] = (float)(product + params->noise * rng_normal(&rng));
    }
    return ERR_OK;
}

static int load(const void *given, const struct data_places *places, struct dataset *out, struct err *err)
{
    const struct params *params = given;
    (void)places;
    out->features = out->truth_size = params->dimension;
    out->truth = mem_array(params->dimension, sizeof *out->truth, err);
    if (out->truth == NULL)
        return ERR_MEMORY;
    draw_truth(params, out->truth);
    int rc = draw_split(params, SYNTHETIC_TRAIN, params->train, out->truth, &out->train, err);
    if (rc == ERR_OK)
        rc = draw_split(params, SYNTHETIC_TEST, params->test, out->truth, &out->test, err);
    return rc;
}

const struct dataset_kind dataset_linear_regression = {
    .base = {.name = "linear_regression",
             .doc = "Regression with features in {-1, +1}, targets <x, w*> + N(0, noise^2) and known w*. The "
                    "gradient "
                    "of the squared loss has variance (d-1) ||w-w*||^2 + d noise^2 (Yin, Chen, Ramchandran, "
                    "Bartlett, ICML 2018, Proposition 1).",
             .params = knobs,
             .param_count = BYZ_LENGTH(knobs),
             .params_size = sizeof(struct params)},
    .load = load,
};
