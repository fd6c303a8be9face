/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Inner-product manipulation: -epsilon times the mean of the known messages.
 * Xie, Koyejo, Gupta, "Fall of empires: breaking Byzantine-tolerant SGD by inner product manipulation", UAI
 * 2019. A plain mean becomes mu (n - b(1+epsilon))/n: it reverses for epsilon > (n-b)/b. A small epsilon
 * fools rules that pick small or central messages. Cost: one pass over the known messages. Check: rows
 * (1,2,3), (4,5,6), (7,8,9), epsilon = 2: (-8,-10,-12).
 */
#include "attacks/messages.h"

struct ipm_params {
    double epsilon;
};

static const struct byz_param ipm_params[] = {
    {.name = "epsilon",
     .type = BYZ_REAL,
     .offset = offsetof(struct ipm_params, epsilon),
     .initial = 0.1,
     .max = DBL_MAX,
     .doc = "Factor of the reversed mean; the plain mean reverses above (n-b)/b."},
};

static int ipm_apply(const void *params, const struct byz_attack_input *in, float *const *out,
                     char reason[BYZ_REASON_SIZE])
{
    (void)reason;
    messages_scaled_mean(in, -((const struct ipm_params *)params)->epsilon, out);
    return 0;
}

const struct byz_attack attack_ipm = {
    .base = {.name = "ipm",
             .doc = "Inner-product manipulation: the reversed mean, small enough to look central or large "
                    "enough to reverse the mean.",
             .formula = "m = -epsilon mu, mu the mean of the known messages\n"
                        "the plain mean of all becomes mu (n - b (1 + epsilon))/n",
             .validity = "any n and b",
             .cost = "1 pass over the known messages, O(n d); no memory",
             .paper = "Xie, Koyejo, Gupta, \"Fall of empires: breaking Byzantine-tolerant SGD by inner "
                      "product manipulation\", UAI 2019.",
             .resists = "Krum, median, trimmed mean and the geometric median at a small epsilon: they take "
                        "the short reversed vector for a central one (10 to 12 % on CIFAR-10 at epsilon 0.1, "
                        "n=25, b=11). The mean at epsilon above (n-b)/b.",
             .breaks = "Centered clipping: 82 % there, 90 % with momentum 0.99 (Karimireddy et al., ICML "
                       "2021, logs). At a small epsilon the mean only learns more slowly; a large epsilon is "
                       "far from the honest messages.",
             .params = ipm_params,
             .param_count = BYZ_LENGTH(ipm_params),
             .params_size = sizeof(struct ipm_params)},
    .knowledge = 1u << BYZ_OMNISCIENT | 1u << BYZ_COLLUDING | 1u << BYZ_OWN,
    .default_knowledge = BYZ_OMNISCIENT,
    .coordinatewise = true,
    .apply = ipm_apply,
};
