/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "attacks/search.h"
#include "attacks/messages.h"
#include "sim/num/rows.h"

#include <math.h>
#include <stdio.h>

/* A defence that clips answers every large factor alike, up to the rounding of single precision; a squared
 * distance that grows by less than this is no gain, so a plateau does not lead the search on. */
static const double plateau = 1e-6;

const struct byz_param search_table[SEARCH_PARAMS] = {
    {.name = "evaluations",
     .type = BYZ_COUNT,
     .offset = offsetof(struct search_params, evaluations),
     .initial = 20,
     .min = 1,
     .max = 1e6,
     .doc = "How often the defence is run each round, the starting factor included."},
    {.name = "start",
     .type = BYZ_REAL,
     .offset = offsetof(struct search_params, start),
     .min = -DBL_MAX,
     .max = DBL_MAX,
     .doc = "Factor that is tried first."},
    {.name = "step",
     .type = BYZ_REAL,
     .offset = offsetof(struct search_params, step),
     .initial = 10,
     .min = BYZ_ABOVE_ZERO,
     .max = DBL_MAX,
     .doc = "First step of the factor; doubled while steps help."},
    {.name = "ratio",
     .type = BYZ_REAL,
     .offset = offsetof(struct search_params, ratio),
     .initial = 0.8,
     .min = BYZ_ABOVE_ZERO,
     .max = 1,
     .doc = "What the step is multiplied by in each evaluation after the first that did not help."},
};

/* What a trial needs: n row pointers, then mean, deviation and answer of d floats each. */
struct search {
    const struct byz_attack_input *in;
    search_shape *shape;
    const float **rows;
    float *mean, *std, *answer, *message;
};

size_t search_scratch(const void *params, size_t n, size_t d, size_t threads)
{
    (void)params, (void)threads;
    return n * sizeof(const float *) + 3 * d * sizeof(float);
}

static struct search search_begin(const struct byz_attack_input *in, search_shape *shape, float *message)
{
    const float **rows = in->scratch;
    float *mean = (float *)(void *)(rows + in->n);
    struct search search = {in, shape, rows, mean, mean + in->d, mean + 2 * in->d, message};
    for (size_t i = 0; i < in->n; i++)
        rows[i] = i < in->known_count ? in->known[i] : message;
    rows_mean_std(in->known, in->known_count, in->d, 1, search.mean, search.std);
    return search;
}

/* ||F - mean||^2 for that factor; minus infinity where the defence has no answer, or would discard the
 * message as malformed. */
static double reached(const struct search *search, double factor)
{
    const struct byz_attack_input *in = search->in;
    search->shape(search->mean, search->std, in->d, factor, search->message);
    if (!rows_finite(search->message, in->d) ||
        in->defend(in->defender, search->rows, in->n, search->answer) != 0)
        return -(double)INFINITY;
    return rows_distance2(search->answer, search->mean, in->d);
}

int search_send(const void *params, const struct byz_attack_input *in, search_shape *shape, float *const *out,
                char reason[BYZ_REASON_SIZE])
{
    const struct search_params *p = params;
    struct search search = search_begin(in, shape, out[0]);
    double best = p->start, step = p->step, most = reached(&search, best);
    bool expanding = true;
    for (uint64_t used = 1; used < p->evaluations; used++) {
        double distance = reached(&search, best + step);
        bool better = distance > most * (1 + plateau);
        if (better) {
            best += step;
            most = distance;
        }
        expanding = expanding && better;
        step *= expanding ? 2 : p->ratio;
    }
    if (!(most >= 0)) {
        snprintf(reason, BYZ_REASON_SIZE, "the defence has no answer to any of %llu trials",
                 (unsigned long long)p->evaluations);
        return 1;
    }
    shape(search.mean, search.std, in->d, best, out[0]);
    messages_repeat(in, out);
    return 0;
}
