/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Samples for quadratic losses: each sample is a point c in R^d, and a model with loss sum_i h_i (w_i -
 * c_i)^2 / 2 has the mean of the points as its optimum whatever the curvatures h are. Points scatter around
 * the centre of their group; the group is the label, so that partitions by label give workers different
 * optima.
 *
 * noise_shape "inverse" gives coordinate i = 1..d the variance noise^2 * i. With curvatures h_i = 1/i the
 * gradient h_i (w_i - c_i) then has variance noise^2 / i: the noisy quadratic model of Zhang et al., NeurIPS
 * 2019. Check: noise 1, shape "inverse": coordinate 4 has standard deviation 2.
 */
#include "sim/base/mem.h"
#include "sim/data/registry.h"
#include "sim/data/synthetic.h"

#include <math.h>

enum noise_shape { WHITE, INVERSE };

struct params {
    uint64_t dimension, groups, train, test, seed;
    double noise, spread, centre;
    int noise_shape; /* enum noise_shape */
};

static const char *const shape_words[] = {"white", "inverse", NULL};

static const struct byz_param knobs[] = {
    {.name = "dimension",
     .type = BYZ_COUNT,
     .offset = offsetof(struct params, dimension),
     .initial = 100,
     .min = 1,
     .max = 1000000,
     .doc = "Dimension d of a point, and of the model."},
    {.name = "noise",
     .type = BYZ_REAL,
     .offset = offsetof(struct params, noise),
     .initial = 1,
     .min = 0,
     .max = 1e6,
     .doc = "Standard deviation of the first coordinate around the centre of its group."},
    {.name = "noise_shape",
     .type = BYZ_CHOICE,
     .offset = offsetof(struct params, noise_shape),
     .choices = shape_words,
     .initial_word = "white",
     .doc = "Variance of coordinate i = 1..d: noise^2 (\"white\") or noise^2 * i (\"inverse\", for "
            "curvatures 1/i)."},
    {.name = "groups",
     .type = BYZ_COUNT,
     .offset = offsetof(struct params, groups),
     .initial = 1,
     .min = 1,
     .max = 10000,
     .doc = "Groups of points with a centre of their own; the group is the label."},
    {.name = "spread",
     .type = BYZ_REAL,
     .offset = offsetof(struct params, spread),
     .initial = 1,
     .min = 0,
     .max = 1e6,
     .doc = "Root mean square distance of the group centres from their mean; of no effect with one group."},
    {.name = "centre",
     .type = BYZ_REAL,
     .offset = offsetof(struct params, centre),
     .initial = 1,
     .min = -1e6,
     .max = 1e6,
     .doc = "Every coordinate of the mean of the group centres, which is the optimum."},
    SYNTHETIC_KNOBS(struct params, 10000, 1000, 100000000, "points", "the data set"),
};

/* Random directions, moved so that their mean is exactly zero. centres: (groups, d). Returns the sum of
 * squares. */
static double draw_directions(const struct params *params, double *centres)
{
    size_t d = params->dimension, groups = params->groups;
    double squares = 0;
    for (size_t k = 0; k < groups; k++) {
        struct rng rng;
        synthetic_start(&rng, params->seed, SYNTHETIC_TRUTH, k);
        for (size_t j = 0; j < d; j++)
            centres[k * d + j] = rng_normal(&rng);
    }
    for (size_t j = 0; j < d; j++) {
        double mean = 0;
        for (size_t k = 0; k < groups; k++)
            mean += centres[k * d + j] / (double)groups;
        for (size_t k = 0; k < groups; k++) {
            double *entry = &centres[k * d + j];
            *entry -= mean;
            squares += *entry * *entry;
        }
    }
    return squares;
}

static void draw_centres(const struct params *params, double *centres)
{
    size_t entries = params->groups * params->dimension;
    double squares = draw_directions(params, centres);
    double scale = params->groups > 1 ? params->spread / sqrt(squares / (double)params->groups) : 0;
    for (size_t e = 0; e < entries; e++)
        centres[e] = params->centre + scale * centres[e];
}

static int draw_split(const struct params *params, int is_test, const double *centres, uint32_t *order,
                      struct samples *split, struct err *err)
{
    size_t d = params->dimension, count = is_test ? params->test : params->train;
    int rc = dataset_allocate(split, count, d, DATASET_VALUES | DATASET_LABELS, err);
    if (rc != ERR_OK)
        return rc;
    synthetic_labels(params->seed, is_test ? SYNTHETIC_TEST_LABELS : SYNTHETIC_TRAIN_LABELS, params->groups,
                     order, count, split->labels);
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < count; i++) {
        struct rng rng;
        synthetic_start(&rng, params->seed, is_test ? SYNTHETIC_TEST : SYNTHETIC_TRAIN, i);
        const double *centre = centres + (size_t)split->labels[i] * d;
        for (size_t j = 0; j < d; j++) {
            double std =
                params->noise_shape == INVERSE ? params->noise * sqrt((double)(j + 1)) : params->noise;
            split->values[i * d + j] = (float)(centre[j] + std * rng_normal(&rng));
        }
    }
    return ERR_OK;
}

static int load(const void *given, const struct data_places *places, struct dataset *out, struct err *err)
{
    const struct params *params = given;
    (void)places;
    int rc = dataset_check_size(params->groups, params->dimension * sizeof(double), err);
    if (rc != ERR_OK)
        return rc;
    out->features = out->truth_size = params->dimension;
    out->classes = params->groups;
    double *centres = mem_array(params->groups, params->dimension * sizeof *centres, err);
    uint32_t *order = mem_array(params->groups, sizeof *order, err);
    out->truth = mem_array(params->dimension, sizeof *out->truth, err);
    if (centres == NULL || order == NULL || out->truth == NULL) {
        rc = ERR_MEMORY;
        goto out;
    }
    for (size_t j = 0; j < params->dimension; j++)
        out->truth[j] = (float)params->centre;
    draw_centres(params, centres);
    rc = draw_split(params, 0, centres, order, &out->train, err);
    if (rc == ERR_OK)
        rc = draw_split(params, 1, centres, order, &out->test, err);
out:
    mem_free(centres);
    mem_free(order);
    return rc;
}

const struct dataset_kind dataset_quadratic = {
    .base =
        {.name = "quadratic",
         .doc =
             "Points in R^d for quadratic losses, normal around the centre of their group; the optimum is "
             "the "
             "mean of the centres. Groups are labels, so partitions by label give workers different optima; "
             "noise_shape \"inverse\" is the noisy quadratic model (Zhang et al., NeurIPS 2019).",
         .params = knobs,
         .param_count = BYZ_LENGTH(knobs),
         .params_size = sizeof(struct params)},
    .load = load,
};
