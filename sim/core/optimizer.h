/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Optimisers: how the server moves the parameters w, given the aggregate F of a round. */
#ifndef SIM_CORE_OPTIMIZER_H
#define SIM_CORE_OPTIMIZER_H

#include "sim/api/byz_param.h"
#include <stddef.h>
#include <stdint.h>

/* A step is taken along g = clip F + weight_decay w, whichever the optimiser. */
struct optimizer_input {
    size_t d;
    const float *aggregate; /* (d) F */
    float clip, weight_decay;
    double rate, momentum; /* learning rate of the round; server.momentum */
    uint64_t step;         /* 1, 2, ...: steps so far, this one included; skipped rounds do not count */
};

struct optimizer {
    struct byz_descriptor base;
    bool momentum; /* honours server.momentum; where not, it has to be 0 */
    /* Arrays of d floats that it keeps between steps; they begin as zeros. */
    size_t (*arrays)(double momentum);
    /* Moves coordinates from .. end - 1 of w (d); state (arrays, d). Called for disjoint coordinates by
     * several threads at once. */
    void (*step)(const void *params, const struct optimizer_input *in, size_t from, size_t end, float *state,
                 float *w);
};

/* The whole step, over the threads. Returns whether w is finite behind it. */
bool optimizer_step(const struct optimizer *optimizer, const void *params, const struct optimizer_input *in,
                    float *state, float *w);

extern const struct byz_family optimizer_family; /* of struct optimizer */

#endif
