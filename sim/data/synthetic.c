/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/data/synthetic.h"

void synthetic_start(struct rng *rng, uint64_t seed, enum synthetic_stream stream, uint64_t id)
{
    rng_start(rng, seed, RNG_DATASET, id, (uint64_t)stream);
}

void synthetic_labels(uint64_t seed, enum synthetic_stream stream, size_t classes, uint32_t *scratch,
                      size_t count, int32_t *labels)
{
    struct rng rng;
    for (size_t i = 0; i < count; i++) {
        if (i % classes == 0) {
            synthetic_start(&rng, seed, stream, i / classes);
            rng_permutation(&rng, classes, scratch);
        }
        labels[i] = (int32_t)scratch[i % classes];
    }
}
