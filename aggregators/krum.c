/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Krum: score s_i = sum of the q smallest distances from x_i to other rows; the output is the row of least
 * score, the lowest index on a tie. "paper": q = n-f-2 (Blanchard, El Mhamdi, Guerraoui, Stainer, "Machine
 * learning with adversaries: Byzantine tolerant gradient descent", NeurIPS 2017). "kappa": q = n-f-1, that is
 * the n-f nearest counting the row itself, the form of the (f, kappa) theory (Allouah et al., AISTATS 2023).
 * The score sums squared distances; published code also sums plain distances ("euclidean") and squares of
 * squares ("fourth"), which changes picks.
 *
 * Cost: one pass for the distances (shared), then O(n^2 log n).
 * Check: rows (1,2,3), (4,5,6), (7,8,9), f = 1, neighbours kappa: q = 1, all scores 27, the tie goes to
 * (1,2,3).
 */
#include "sim/api/byz_aggregator.h"
#include "sim/num/select.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PAPER, KAPPA };
enum { SQUARED, EUCLIDEAN, FOURTH };

struct krum_params {
    int neighbours, distance;
};

static const char *const neighbours_words[] = {"paper", "kappa", NULL};
static const char *const distance_words[] = {"squared", "euclidean", "fourth", NULL};

static const struct byz_param krum_params[] = {
    {.name = "neighbours",
     .type = BYZ_CHOICE,
     .offset = offsetof(struct krum_params, neighbours),
     .choices = neighbours_words,
     .initial_word = "paper",
     .doc = "Neighbours in a score: \"paper\" n-f-2 (needs n >= 2f+3), \"kappa\" n-f-1 (needs n > 2f)."},
    {.name = "distance",
     .type = BYZ_CHOICE,
     .offset = offsetof(struct krum_params, distance),
     .choices = distance_words,
     .initial_word = "squared",
     .doc = "What a score sums: squared distances, plain ones, or their fourth powers (as some published "
            "code does)."},
};

static int krum_unsuitable(const void *params, size_t n, size_t f, char reason[BYZ_REASON_SIZE])
{
    const struct krum_params *p = params;
    if (p->neighbours == PAPER && n < 2 * f + 3)
        snprintf(reason, BYZ_REASON_SIZE, "krum needs n >= 2f+3: n=%zu, f=%zu", n, f);
    else if (p->neighbours == KAPPA && n <= 2 * f)
        snprintf(reason, BYZ_REASON_SIZE, "krum with neighbours \"kappa\" needs n > 2f: n=%zu, f=%zu", n, f);
    else
        return 0;
    return 1;
}

static double krum_kappa(const void *params, size_t n, size_t f)
{
    const struct krum_params *p = params;
    if (p->neighbours != KAPPA || p->distance != SQUARED)
        return (double)NAN;
    return 6 * (1 + (double)f / (double)(n - 2 * f));
}

static size_t krum_scratch(const void *params, size_t n, size_t d, size_t threads)
{
    (void)params, (void)d, (void)threads;
    return n * sizeof(double) + select_krum_scratch_bytes(n);
}

static int krum_apply(const void *params, const struct byz_aggregator_input *in, float *out,
                      char reason[BYZ_REASON_SIZE])
{
    (void)reason;
    static const enum select_cost costs[] = {
        [SQUARED] = SELECT_SQUARED, [EUCLIDEAN] = SELECT_EUCLIDEAN, [FOURTH] = SELECT_FOURTH};
    const struct krum_params *p = params;
    size_t q = in->n - in->f - (p->neighbours == PAPER ? 2 : 1);
    double *scores = in->scratch;
    select_krum(in->distances, in->n, q, costs[p->distance], scores + in->n, scores);
    size_t winner = select_least(scores, in->n);
    memcpy(out, in->x + winner * in->ld, in->d * sizeof *out);
    if (in->report->weights != NULL)
        for (size_t i = 0; i < in->n; i++)
            in->report->weights[i] = i == winner;
    in->report->filled = in->report->weights != NULL;
    return 0;
}

const struct byz_aggregator aggregator_krum = {
    .base =
        {.name = "krum",
         .doc =
             "The message with the least sum of squared distances to its nearest neighbours (Blanchard, El "
             "Mhamdi, Guerraoui, Stainer, NeurIPS 2017). Needs n >= 2f+3. Two passes over the messages and "
             "O(n^2) distances. It returns a single message, so it keeps that worker's noise; with "
             "heterogeneous data it may follow one worker, and ALIE and IPM rows, close together, can win.",
         .params = krum_params,
         .param_count = BYZ_LENGTH(krum_params),
         .params_size = sizeof(struct krum_params)},
    .promises = BYZ_PERMUTATION | BYZ_TRANSLATION | BYZ_SCALE | BYZ_ORTHOGONAL | BYZ_RANGE | BYZ_PICKS_ROW |
                BYZ_TOLERANT | BYZ_REPORTS,
    .needs = BYZ_NEEDS_DISTANCES,
    .unsuitable = krum_unsuitable,
    .kappa = krum_kappa,
    .scratch_bytes = krum_scratch,
    .apply = krum_apply,
};
