/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Adaptive robust clipping: the k = floor(2 (f/n) (n-f)) longest rows are scaled down to the norm of the
 * (k+1)-th. Allouah, Guerraoui, Gupta, Jellouli, Rizk, Stephan, "Adaptive gradient clipping for robust
 * federated learning", ICLR 2025. Cost: one pass for the norms, one to write. Check: (n, f) = (13,3) gives k
 * = 4, (25,5) gives 8, (51,12) gives 18. Rows (1,2,3), (4,5,6), (7,8,9), f = 1: the third row becomes
 * (4.41004009, 5.04004582, 5.67005155).
 */
#include "aggregators/norms.h"

#include <gsl/gsl_sort.h>
#include <stdio.h>

static int arc_unsuitable(const void *params, size_t n, size_t f, char reason[BYZ_REASON_SIZE])
{
    (void)params;
    if (n > 2 * f)
        return 0;
    snprintf(reason, BYZ_REASON_SIZE, "arc needs n > 2f: n=%zu, f=%zu", n, f);
    return 1;
}

static size_t arc_scratch(const void *params, size_t n, size_t d, size_t threads)
{
    (void)params, (void)d, (void)threads;
    return n * (sizeof(double) + sizeof(size_t) + sizeof(bool));
}

static int arc_prepare(const void *params, const struct byz_aggregator_input *in, double *mix,
                       char reason[BYZ_REASON_SIZE])
{
    (void)params, (void)reason;
    size_t n = in->n, k = 2 * in->f * (n - in->f) / n;
    double *norms = in->scratch;
    size_t *order = (size_t *)(void *)(norms + n);
    bool *shorten = (bool *)(order + n);
    norms_of_rows(in, norms);
    gsl_sort_index(order, norms, 1, n);
    for (size_t i = 0; i < n; i++)
        shorten[order[i]] = i >= n - k;
    norms_to_factors(in, norms[order[n - k - 1]], shorten, norms, mix);
    return 0;
}

static void arc_columns(const void *params, const struct byz_aggregator_input *in, size_t from, size_t width,
                        float *out, size_t ld)
{
    (void)params;
    norms_columns(in, in->scratch, from, width, out, ld);
}

const struct byz_preaggregator preaggregator_arc = {
    .base =
        {
            .name = "arc",
            .doc = "Adaptive robust clipping: the longest messages are scaled down to the norm of the "
                   "next longest. The threshold follows the messages; it goes before nnm.",
            .formula = "k = floor(2 (f/n) (n-f)), C = the (k+1)-th largest of ||x_1||, ..., ||x_n||\n"
                       "y_i = x_i C / ||x_i|| for the k longest rows, x_i for the others\n"
                       "a row of infinite norm, or with a NaN, among the k longest becomes zero",
            .validity = "n > 2f",
            .cost = "2 passes, O(n d + n log n); O(n) memory",
            .paper = "Allouah, Guerraoui, Gupta, Jellouli, Rizk, Stephan, \"Adaptive gradient clipping for "
                     "robust federated learning\", ICLR 2025.",
            .resists = "Long messages; keeps the (f, kappa)-robustness of the rule behind, up to a small "
                       "additive term, which clipping at a fixed threshold does not.",
            .breaks = "Short messages and shifts inside the honest spread (alie, ipm with a small factor) "
                      "are not touched: a robust rule must follow.",
        },
    .keeps_rows = true,
    .in_place = true,
    .unsuitable = arc_unsuitable,
    .scratch_bytes = arc_scratch,
    .prepare = arc_prepare,
    .columns = arc_columns,
};
