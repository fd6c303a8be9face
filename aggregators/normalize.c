/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Normalising: every row goes on with length 1, x_i / ||x_i||; a zero row stays zero. A row of infinite norm
 * or with a NaN has no direction: it becomes zero. What is left of a message is its direction (the idea
 * behind normalised and sign-based descent; Cutkosky, Mehta, "Momentum improves normalized SGD", ICML 2020).
 *
 * Each row that goes on is wholly its worker's, so the mix is the identity: weights of a rule behind are led
 * back to workers as they are. Cost: one pass for the norms, one to write. Check: (3,4) gives (0.6, 0.8).
 */
#include "aggregators/norms.h"

static size_t normalize_scratch(const void *params, size_t n, size_t d, size_t threads)
{
    (void)params, (void)d, (void)threads;
    return n * sizeof(double);
}

static int normalize_prepare(const void *params, const struct byz_aggregator_input *in, double *mix,
                             char reason[BYZ_REASON_SIZE])
{
    (void)params, (void)reason;
    double *factors = in->scratch;
    norms_of_rows(in, factors);
    for (size_t i = 0; i < in->n; i++)
        factors[i] = factors[i] > 0 ? 1 / factors[i] : 0;
    norms_identity_mix(in->n, mix);
    return 0;
}

static void normalize_columns(const void *params, const struct byz_aggregator_input *in, size_t from,
                              size_t width, float *out, size_t ld)
{
    (void)params;
    norms_columns(in, in->scratch, from, width, out, ld);
}

const struct byz_preaggregator preaggregator_normalize = {
    .base =
        {
            .name = "normalize",
            .doc = "Every message is scaled to length 1: what is left of it is its direction.",
            .formula = "y_i = x_i / ||x_i||\n"
                       "a zero row stays zero; a row of infinite norm, or with a NaN, becomes zero",
            .validity = "any n and f",
            .cost = "2 passes, O(n d); O(n) memory",
            .paper = "The idea of normalised descent: Cutkosky, Mehta, \"Momentum improves normalized SGD\", "
                     "ICML 2020.",
            .resists = "Size: long messages gain nothing.",
            .breaks = "Short honest messages, near the optimum mostly noise, are drawn out to the same "
                      "length, and a reversed message counts as much as an honest one.",
        },
    .keeps_rows = true,
    .in_place = true,
    .scratch_bytes = normalize_scratch,
    .prepare = normalize_prepare,
    .columns = normalize_columns,
};
