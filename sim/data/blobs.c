/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Gaussian clusters, one per class: x = centre of class + std * N(0, I). The entries of the centres are drawn
 * from N(0, separation^2 / (2 features)), so that E ||centre_a - centre_b||^2 = separation^2 for any two
 * classes. Check: two classes at distance D are told apart by the best rule with error Phi(-D / (2 std)).
 */
#include "sim/base/mem.h"
#include "sim/data/registry.h"
#include "sim/data/synthetic.h"

#include <math.h>

struct params {
    uint64_t features, classes, train, test, seed;
    double separation, std;
};

static const struct byz_param knobs[] = {
    {.name = "features",
     .type = BYZ_COUNT,
     .offset = offsetof(struct params, features),
     .initial = 20,
     .min = 1,
     .max = 1000000,
     .doc = "Dimension of a sample."},
    {.name = "classes",
     .type = BYZ_COUNT,
     .offset = offsetof(struct params, classes),
     .initial = 10,
     .min = 2,
     .max = 100000,
     .doc = "Number of clusters."},
    {.name = "separation",
     .type = BYZ_REAL,
     .offset = offsetof(struct params, separation),
     .initial = 5,
     .min = 0,
     .max = 1e6,
     .doc = "Root mean square distance between two centres."},
    {.name = "std",
     .type = BYZ_REAL,
     .offset = offsetof(struct params, std),
     .initial = 1,
     .min = 0,
     .max = 1e6,
     .doc = "Standard deviation of every coordinate around its centre."},
    SYNTHETIC_KNOBS(struct params, 10000, 2000, 100000000, "samples", "the data set"),
};

/* centres: (classes, features) */
static void draw_centres(const struct params *params, float *centres)
{
    double scale = params->separation / sqrt(2.0 * (double)params->features);
    for (size_t k = 0; k < params->classes; k++) {
        struct rng rng;
        synthetic_start(&rng, params->seed, SYNTHETIC_TRUTH, k);
        for (size_t j = 0; j < params->features; j++)
            centres[k * params->features + j] = (float)(scale * rng_normal(&rng));
    }
}

static void draw_samples(const struct params *params, enum synthetic_stream stream, const float *centres,
                         struct samples *split)
{
    size_t features = params->features;
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < split->count; i++) {
        struct rng rng;
        synthetic_start(&rng, params->seed, stream, i);
        const float *centre = centres + (size_t)split->labels[i] * features;
        for (size_t j = 0; j < features; j++)
            split->values[i * features + j] = (float)((double)centre[j] + params->std * rng_normal(&rng));
    }
}

static int load(const void *given, const struct data_places *places, struct dataset *out, struct err *err)
{
    const struct params *params = given;
    (void)places;
    out->features = params->features;
    out->classes = params->classes;
    const unsigned holds = DATASET_VALUES | DATASET_LABELS;
    int rc = dataset_allocate(&out->train, params->train, params->features, holds, err);
    if (rc == ERR_OK)
        rc = dataset_allocate(&out->test, params->test, params->features, holds, err);
    if (rc == ERR_OK)
        rc = dataset_check_size(params->classes, params->features * sizeof(float), err);
    if (rc != ERR_OK)
        return rc;
    float *centres = mem_array(params->classes, params->features * sizeof *centres, err);
    uint32_t *order = mem_array(params->classes, sizeof *order, err);
    if (centres == NULL || order == NULL) {
        rc = ERR_MEMORY;
        goto out;
    }
    draw_centres(params, centres);
    synthetic_labels(params->seed, SYNTHETIC_TRAIN_LABELS, params->classes, order, params->train,
                     out->train.labels);
    synthetic_labels(params->seed, SYNTHETIC_TEST_LABELS, params->classes, order, params->test,
                     out->test.labels);
    draw_samples(params, SYNTHETIC_TRAIN, centres, &out->train);
    draw_samples(params, SYNTHETIC_TEST, centres, &out->test);
out:
    mem_free(centres);
    mem_free(order);
    return rc;
}

const struct dataset_kind dataset_blobs = {
    .base = {.name = "blobs",
             .doc =
                 "Gaussian clusters, one per class, with random centres: the smallest classification problem "
                 "whose difficulty is known. Two classes at distance D have the best possible error "
                 "Phi(-D / (2 std)).",
             .params = knobs,
             .param_count = BYZ_LENGTH(knobs),
             .params_size = sizeof(struct params)},
    .load = load,
};
