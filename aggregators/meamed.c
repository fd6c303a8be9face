/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * MeaMed, the mean around the median: per coordinate the mean of the n-f values nearest to the median (the
 * mean of the two middle values when n is even). Of two values at the same distance on either side the lower
 * one is nearer. Xie, Koyejo, Gupta, "Generalized Byzantine-tolerant SGD", arXiv 1802.10116, 2018.
 * Cost: one pass, O(n log^2 n) comparisons a coordinate: the sorted column gives the median and what is near.
 * Check: column (0,1,2,9,11), f = 2: median 2, nearest 2, 1, 0, mean 1; column (0,1,3,4), f = 1: median 2,
 * nearest 1, 3, then 0 before 4, mean 4/3.
 */
#include "sim/api/byz_aggregator.h"
#include "sim/num/order.h"

#include <stdio.h>

static int meamed_unsuitable(const void *params, size_t n, size_t f, char reason[BYZ_REASON_SIZE])
{
    (void)params;
    if (n >= 2 * f + 1)
        return 0;
    snprintf(reason, BYZ_REASON_SIZE, "meamed needs n >= 2f+1: n=%zu, f=%zu", n, f);
    return 1;
}

static size_t meamed_scratch(const void *params, size_t n, size_t d, size_t threads)
{
    (void)params, (void)d;
    return order_scratch_bytes(n, threads);
}

static int meamed_apply(const void *params, const struct byz_aggregator_input *in, float *out,
                        char reason[BYZ_REASON_SIZE])
{
    (void)params, (void)reason;
    order_mean_around_median(in->x, in->n, in->d, in->ld, in->n - in->f, in->scratch, out);
    return 0;
}

const struct byz_aggregator aggregator_meamed = {
    .base =
        {
            .name = "meamed",
            .doc = "Mean around the median: in every coordinate by itself, the mean of the values "
                   "nearest to the median. Less noisy than the median alone.",
            .formula = "m_k = median(x_1k, ..., x_nk), the two middle values averaged when n is even\n"
                       "out_k = mean of the n-f values x_ik nearest to m_k\n"
                       "of two values equally near, one on either side, the lower one is taken",
            .validity = "n >= 2f+1",
            .cost = "1 pass, O(n log^2 n) comparisons a coordinate; O(n) memory a thread",
            .paper = "Xie, Koyejo, Gupta, \"Generalized Byzantine-tolerant SGD\", arXiv 1802.10116, 2018.",
            .resists = "Values far away in any coordinate, of fewer than half of the workers.",
            .breaks = "Small coordinated shifts (alie) lie among the n-f nearest values and are all "
                      "averaged in.",
        },
    .promises = BYZ_PERMUTATION | BYZ_TRANSLATION | BYZ_SCALE | BYZ_RANGE | BYZ_COORDINATEWISE | BYZ_TOLERANT,
    .unsuitable = meamed_unsuitable,
    .scratch_bytes = meamed_scratch,
    .apply = meamed_apply,
};
