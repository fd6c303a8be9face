/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * FABA: f times remove the row farthest from the mean of the rows that remain (the lowest index on a tie),
 * then average the rest. Xia, Tao, Hao, Li, "FABA: an algorithm for fast aggregation against Byzantine
 * attacks in distributed neural networks", IJCAI 2019.
 *
 * The m remaining rows have ||x_i - mean||^2 = (1/m) sum_j D_ij - (1/(2 m^2)) sum_jk D_jk, whose second term
 * is the same for all: the farthest row is that of the largest sum of squared distances to the others. Sums
 * are made anew after each removal, because taking 1e60 off again would leave no digit. A row with a NaN or
 * an infinity is farther than any other.
 *
 * Cost: one pass for the distances, O(n^2 f), one pass over n-f rows.
 * Check: positions 0 1 2 6 10, f = 2: the mean 3.8 is farthest from 10, then the mean 2.25 from 6; the rest
 * has mean 1.
 */
#include "aggregators/picks.h"
#include "sim/num/select.h"

#include <stdio.h>

static int faba_unsuitable(const void *params, size_t n, size_t f, char reason[BYZ_REASON_SIZE])
{
    (void)params;
    if (n >= 2 * f + 1)
        return 0;
    snprintf(reason, BYZ_REASON_SIZE, "faba needs n >= 2f+1: n=%zu, f=%zu", n, f);
    return 1;
}

static size_t faba_scratch(const void *params, size_t n, size_t d, size_t threads)
{
    (void)params, (void)d, (void)threads;
    return n * sizeof(size_t) + picks_scratch_bytes(n);
}

static int faba_apply(const void *params, const struct byz_aggregator_input *in, float *out,
                      char reason[BYZ_REASON_SIZE])
{
    (void)params, (void)reason;
    size_t *rest = in->scratch;
    select_without_farthest(in->distances, in->n, in->n - in->f, rest);
    picks_mean(in, rest, in->n - in->f, rest + in->n, out);
    return 0;
}

const struct byz_aggregator aggregator_faba = {
    .base =
        {
            .name = "faba",
            .doc = "Removes, f times, the message farthest from the mean of those that remain, and "
                   "averages the rest.",
            .formula = "R = all rows; f times remove from R the row of greatest ||x_i - mean_R||,\n"
                       "    the lowest index on a tie\n"
                       "out = mean_R",
            .validity = "n >= 2f+1",
            .cost = "2 passes: distances, O(n^2 d), and the mean; O(n^2 f); O(n^2) memory",
            .paper = "Xia, Tao, Hao, Li, \"FABA: an algorithm for fast aggregation against Byzantine "
                     "attacks in distributed neural networks\", IJCAI 2019.",
            .resists = "Scattered or far messages.",
            .breaks = "A group of Byzantine messages at one place pulls the mean towards itself and stays "
                      "(alie, ipm).",
        },
    .promises = BYZ_PERMUTATION | BYZ_TRANSLATION | BYZ_SCALE | BYZ_ORTHOGONAL | BYZ_RANGE | BYZ_TOLERANT |
                BYZ_REPORTS,
    .needs = BYZ_NEEDS_DISTANCES,
    .unsuitable = faba_unsuitable,
    .scratch_bytes = faba_scratch,
    .apply = faba_apply,
};
