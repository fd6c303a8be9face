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
#include "sim/num/rows.h"
#include "sim/num/select.h"

#include <math.h>
#include <stdio.h>

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

/* Proposition 1 of the paper. */
static double krum_eta(const void *params, size_t n, size_t f)
{
    const struct krum_params *p = params;
    if (p->neighbours != PAPER || p->distance != SQUARED)
        return (double)NAN;
    double rows = (double)n, bad = (double)f;
    double swayed = bad * (rows - bad - 2) + bad * bad * (rows - bad - 1);
    return sqrt(2 * (rows - bad + swayed / (rows - 2 * bad - 2)));
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
    rows_copy(in->x + winner * in->ld, in->d, out);
    if (in->report->weights != NULL)
        for (size_t i = 0; i < in->n; i++)
            in->report->weights[i] = i == winner;
    in->report->filled = in->report->weights != NULL;
    return 0;
}

const struct byz_aggregator aggregator_krum = {
    .base =
        {.name = "krum",
         .doc = "The one message with the least sum of squared distances to its nearest neighbours. "
                "\"kappa\" is the form of the (f, kappa) theory and of ByzFL; published code also sums "
                "plain distances or fourth powers, which changes picks.",
         .formula =
             "D_ij = ||x_i - x_j||^2\n"
             "s_i = sum of the q least D_ij, j != i\n"
             "out = the x_i of least s_i, the lowest i on a tie\n"
             "q = n-f-2 (\"paper\") or n-f-1 (\"kappa\": the n-f nearest counting itself)\n"
             "distance \"euclidean\" sums sqrt(D_ij), \"fourth\" sums D_ij^2\n"
             "eta^2 = 2 (n-f + (f (n-f-2) + f^2 (n-f-1)) / (n-2f-2)) for \"paper\" with squared distances\n"
             "kappa <= 6 (1 + f/(n-2f)) for \"kappa\" with squared distances",
         .validity = "n >= 2f+3; with neighbours \"kappa\" n > 2f",
         .cost = "1 pass for the distances, O(n^2 d), then O(n^2 log n) and a copy; O(n^2) memory",
         .paper = "Blanchard, El Mhamdi, Guerraoui, Stainer, \"Machine learning with adversaries: "
                  "Byzantine tolerant gradient descent\", NeurIPS 2017. The \"kappa\" form: Allouah et "
                  "al., \"Fixing by mixing\", AISTATS 2023.",
         .resists = "Far messages of any kind: with 33 % of Gaussian workers (std 200) it learns about as "
                    "without attack (Blanchard et al., figure 4).",
         .breaks = "It keeps one worker's noise. Rows close together near the honest ones win: ALIE "
                   "takes an MNIST network from 96 to 79 % (n=51, b=12), IPM with factor 0.1 leaves "
                   "CIFAR-10 at 10 % (n=25, b=11). On label-sorted MNIST with mimic 37 % remain; one "
                   "coordinate may be wrong by about the honest distance, which grows with sqrt(d).",
         .params = krum_params,
         .param_count = BYZ_LENGTH(krum_params),
         .params_size = sizeof(struct krum_params)},
    .promises = BYZ_PERMUTATION | BYZ_TRANSLATION | BYZ_SCALE | BYZ_ORTHOGONAL | BYZ_RANGE | BYZ_PICKS_ROW |
                BYZ_TOLERANT | BYZ_REPORTS,
    .needs = BYZ_NEEDS_DISTANCES,
    .unsuitable = krum_unsuitable,
    .kappa = krum_kappa,
    .eta = krum_eta,
    .scratch_bytes = krum_scratch,
    .apply = krum_apply,
};
