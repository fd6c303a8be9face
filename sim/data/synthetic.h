/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the generated data sets share: a random stream per sample, so that samples can be made in any order by
 * any number of threads, and balanced labels. Sample i of a split depends on (seed, split, i) alone, so a
 * longer data set begins with the shorter one.
 */
#ifndef SIM_DATA_SYNTHETIC_H
#define SIM_DATA_SYNTHETIC_H

#include "sim/api/byz_param.h"
#include "sim/num/rng.h"
#include <stddef.h>
#include <stdint.h>

enum synthetic_stream {
    SYNTHETIC_TRAIN, /* id: sample */
    SYNTHETIC_TEST,
    SYNTHETIC_TRUTH, /* centres, true parameters */
    SYNTHETIC_TRAIN_LABELS,
    SYNTHETIC_TEST_LABELS,
};

/* Starts the stream of one sample, of the truth, or of one block of labels. */
void synthetic_start(struct rng *rng, uint64_t seed, enum synthetic_stream stream, uint64_t id);

/* Fills labels (count) with blocks that hold every class once, each in a random order of its own. `stream` is
 * one of the two label streams; `scratch` has room for `classes` entries. */
void synthetic_labels(uint64_t seed, enum synthetic_stream stream, size_t classes, uint32_t *scratch,
                      size_t count, int32_t *labels);

/* The knobs "train", "test" and "seed" of a generated data set, for its table: members of those names of the
 * parameters. `what` is drawn ("samples"), at most `most` of them; `named` is what the seed names. */
#define SYNTHETIC_COUNT(params, member, first, most, text)                                                   \
    {                                                                                                        \
        .name = #member, .type = BYZ_COUNT, .offset = offsetof(params, member), .initial = (first),          \
        .min = 1, .max = (most), .doc = text                                                                 \
    }
#define SYNTHETIC_KNOBS(params, train_first, test_first, most, what, named)                                  \
    SYNTHETIC_COUNT(params, train, train_first, most, "Training " what " to draw."),                         \
        SYNTHETIC_COUNT(params, test, test_first, most, "Test " what " to draw."),                           \
    {                                                                                                        \
        .name = "seed", .type = BYZ_COUNT, .offset = offsetof(params, seed), .initial = 1, .min = 0,         \
        .max = BYZ_COUNT_MOST, .doc = "Names " named "; the seed of the experiment does not change it."      \
    }

#endif
