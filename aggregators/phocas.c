/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Phocas: per coordinate the mean of the n-f values nearest to the trimmed mean, which drops the f smallest
 * and the f largest values. Of two values at the same distance on either side the lower one is nearer. Xie,
 * Koyejo, Gupta, "Phocas: dimensional Byzantine-resilient stochastic gradient descent", arXiv 1805.09682,
 * 2018. Cost: one pass, O(n log^2 n) comparisons a coordinate.
 * Check: column (0,1,2,9,11), f = 1: trimmed mean 4, distances 4, 3, 2, 5, 7, mean of 0, 1, 2, 9 = 3; f = 2:
 * trimmed mean 2, mean of 0, 1, 2 = 1.
 */
#include "sim/api/byz_aggregator.h"
#include "sim/num/order.h"

#include <stdio.h>

static int phocas_unsuitable(const void *params, size_t n, size_t f, char reason[BYZ_REASON_SIZE])
{
    (void)params;
    if (n >= 2 * f + 1)
        return 0;
    snprintf(reason, BYZ_REASON_SIZE, "phocas needs n >= 2f+1: n=%zu, f=%zu", n, f);
    return 1;
}

static size_t phocas_scratch(const void *params, size_t n, size_t d, size_t threads)
{
    (void)params, (void)d;
    return order_scratch_bytes(n, threads);
}

static int phocas_apply(const void *params, const struct byz_aggregator_input *in, float *out,
                        char reason[BYZ_REASON_SIZE])
{
    (void)params, (void)reason;
    order_mean_around_trimmed_mean(in->x, in->n, in->d, in->ld, in->n - in->f, in->f, in->scratch, out);
    return 0;
}

const struct byz_aggregator aggregator_phocas = {
    .base =
        {
            .name = "phocas",
            .doc = "In every coordinate by itself, the mean of the values nearest to the trimmed mean.",
            .formula = "t_k = trimmed mean of x_1k, ..., x_nk without the f smallest and f largest\n"
                       "out_k = mean of the n-f values x_ik nearest to t_k\n"
                       "of two values equally near, one on either side, the lower one is taken",
            .validity = "n >= 2f+1",
            .cost = "1 pass, O(n log^2 n) comparisons a coordinate; O(n) memory a thread",
            .paper = "Xie, Koyejo, Gupta, \"Phocas: dimensional Byzantine-resilient stochastic gradient "
                     "descent\", arXiv 1805.09682, 2018.",
            .resists = "Values far away in any coordinate, of fewer than half of the workers; it keeps more "
                       "honest values than the trimmed mean.",
            .breaks = "Small coordinated shifts (alie) lie among the n-f nearest values and are averaged "
                      "in.",
        },
    .promises = BYZ_PERMUTATION | BYZ_TRANSLATION | BYZ_SCALE | BYZ_RANGE | BYZ_COORDINATEWISE | BYZ_TOLERANT,
    .unsuitable = phocas_unsuitable,
    .scratch_bytes = phocas_scratch,
    .apply = phocas_apply,
};
