/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Optimal IPM: -epsilon mu with the epsilon that carries the run's own defence farthest from the honest mean,
 * found by the line search of search.h. Shejwalkar, Houmansadr, NDSS 2021, for the idea of tailoring the
 * factor to a known rule; Xie, Koyejo, Gupta, UAI 2019, for the direction. Cost: `evaluations` aggregations a
 * round. Check: rows (1,2,3), (4,5,6), (7,8,9), b = 1 against nnm, clipping:threshold=2, trimmed_mean:
 * (-2.74877907, -3.43597384, -4.1231686).
 */
#include "attacks/messages.h"
#include "attacks/search.h"

static void shape(const float *mean, const float *std, size_t d, double factor, float *out)
{
    (void)std;
    for (size_t k = 0; k < d; k++)
        out[k] = (float)(-factor * (double)mean[k]);
}

static int optimal_ipm_apply(const void *params, const struct byz_attack_input *in, float *const *out,
                             char reason[BYZ_REASON_SIZE])
{
    return search_send(params, in, shape, out, reason);
}

const struct byz_attack attack_optimal_ipm = {
    .base = {.name = "optimal_ipm",
             .doc = "Inner-product manipulation with the factor that carries the run's own defence "
                    "farthest from the honest mean. The attacker knows the rule and tries it out.",
             .formula = "m(e) = -e mu, mu the mean of the honest messages\n"
                        "maximise ||F(pre(honest messages, b times m(e))) - mu|| over e:\n"
                        "  best = start; try best + step; while that helps, accept it, double step;\n"
                        "  from the first failure on step <- ratio step after every trial, and what\n"
                        "  helps is accepted; until `evaluations` are used",
             .validity = "2 known messages; a defence that answers at least one trial",
             .cost = "`evaluations` aggregations a round; n pointers and 3 d floats beside the defence",
             .paper = "Shejwalkar, Houmansadr, \"Manipulating the Byzantine\", NDSS 2021, for fitting the "
                      "factor to a known rule; Xie, Koyejo, Gupta, UAI 2019, for the direction.",
             .resists = "Every rule, as far as any factor goes; the mean without limit.",
             .breaks = "A mean that is small against the honest spread leaves it little to reverse; clipping "
                       "bounds what a large factor gains.",
             .params = search_table,
             .param_count = SEARCH_PARAMS,
             .params_size = sizeof(struct search_params)},
    .knowledge = 1u << BYZ_OMNISCIENT,
    .default_knowledge = BYZ_OMNISCIENT,
    .least_known = 2,
    .tries_defence = true,
    .scratch_bytes = search_scratch,
    .apply = optimal_ipm_apply,
};
