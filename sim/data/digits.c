/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Handwritten-like digits, drawn on the spot: 28 x 28 grey pictures of ten classes that need no download. A
 * stand-in for MNIST (LeCun et al. 1998) of about the same difficulty for the same models. About 20
 * microseconds a picture.
 */
#include "sim/data/digits_draw.h"
#include "sim/data/registry.h"
#include "sim/data/synthetic.h"

enum { CLASSES = 10, PIXELS = DIGITS_DRAW_SIDE * DIGITS_DRAW_SIDE };

/* Mean and standard deviation of the pixels of the default training set, divided by 255. */
static const double pixel_mean = 0.1286, pixel_std = 0.2907;

struct params {
    uint64_t train, test, seed;
    int normalise;
    double difficulty;
};

static const char *const normalise_words[] = {"standard", "unit", NULL};

static const struct byz_param knobs[] = {
    SYNTHETIC_KNOBS(struct params, 10000, 2000, 10000000, "samples", "the data set"),
    {.name = "difficulty",
     .type = BYZ_REAL,
     .offset = offsetof(struct params, difficulty),
     .initial = 1,
     .min = 0,
     .max = 3,
     .doc = "Scales all distortions and the noise; 0 is clean handwriting, 1 about as hard as MNIST."},
    {.name = "normalise",
     .type = BYZ_CHOICE,
     .offset = offsetof(struct params, normalise),
     .choices = normalise_words,
     .initial_word = "standard",
     .doc =
         "Pixels as (0..1 - mean) / std of the default training set (\"standard\") or as 0..1 (\"unit\")."},
};

static int draw_split(const struct params *params, enum synthetic_stream stream, enum synthetic_stream labels,
                      size_t count, struct samples *split, struct err *err)
{
    uint32_t order[CLASSES];
    int rc = dataset_allocate(split, count, PIXELS, DATASET_BYTES | DATASET_LABELS, err);
    if (rc != ERR_OK)
        return rc;
    synthetic_labels(params->seed, labels, CLASSES, order, count, split->labels);
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < count; i++) {
        struct rng rng;
        synthetic_start(&rng, params->seed, stream, i);
        digits_draw(&rng, (int)split->labels[i], params->difficulty, split->bytes + i * PIXELS);
    }
    return ERR_OK;
}

static int load(const void *knobs_given, const struct data_places *places, struct dataset *out,
                struct err *err)
{
    const struct params *params = knobs_given;
    (void)places;
    out->features = PIXELS;
    out->channels = 1;
    out->height = out->width = DIGITS_DRAW_SIDE;
    out->classes = CLASSES;
    dataset_scale_channel(out, 0, params->normalise == 0, pixel_mean, pixel_std);
    int rc = draw_split(params, SYNTHETIC_TRAIN, SYNTHETIC_TRAIN_LABELS, params->train, &out->train, err);
    if (rc == ERR_OK)
        rc = draw_split(params, SYNTHETIC_TEST, SYNTHETIC_TEST_LABELS, params->test, &out->test, err);
    return rc;
}

const struct dataset_kind dataset_digits = {
    .base =
        {.name = "digits",
         .doc =
             "Handwritten-like digits drawn by the simulator: pen paths of the ten digits, randomly bent, "
             "slanted, scaled, shifted and inked. 28 x 28 grey pictures, 10 balanced classes, no download; "
             "about as hard as MNIST (LeCun, Bottou, Bengio, Haffner 1998) for the same models.",
         .params = knobs,
         .param_count = BYZ_LENGTH(knobs),
         .params_size = sizeof(struct params)},
    .load = load,
};
