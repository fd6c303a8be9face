/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Optimal ALIE: mu + z sigma with the z that carries the run's own defence farthest from the honest mean,
 * found by the line search of search.h. Shejwalkar, Houmansadr, NDSS 2021, for the idea of tailoring the
 * factor to a known rule; Baruch et al., NeurIPS 2019, for the direction. Cost: `evaluations` aggregations a
 * round. Check: rows (1,2,3), (4,5,6), (7,8,9), b = 1 against nnm, clipping:threshold=2, trimmed_mean:
 * (12.91985116, 13.91985116, 14.91985116).
 */
#include "attacks/messages.h"
#include "attacks/search.h"

static void shape(const float *mean, const float *std, size_t d, double factor, float *out)
{
    for (size_t k = 0; k < d; k++)
        out[k] = (float)((double)mean[k] + factor * (double)std[k]);
}

static int optimal_alie_apply(const void *params, const struct byz_attack_input *in, float *const *out,
                              char reason[BYZ_REASON_SIZE])
{
    return search_send(params, in, shape, out, reason);
}

const struct byz_attack attack_optimal_alie = {
    .base = {.name = "optimal_alie",
             .doc = "ALIE with the factor that carries the run's own defence farthest from the honest "
                    "mean. The attacker knows the rule and tries it out.",
             .formula = "m(z) = mu + z sigma, over the honest messages; sigma in the n-1 form\n"
                        "maximise ||F(pre(honest messages, b times m(z))) - mu|| over z:\n"
                        "  best = start; try best + step; while that helps, accept it, double step;\n"
                        "  from the first failure on step <- ratio step after every trial, and what\n"
                        "  helps is accepted; until `evaluations` are used",
             .validity = "2 known messages; a defence that answers at least one trial",
             .cost = "`evaluations` aggregations a round; n pointers and 3 d floats beside the defence",
             .paper = "Shejwalkar, Houmansadr, \"Manipulating the Byzantine\", NDSS 2021, for fitting the "
                      "factor to a known rule; Baruch, Baruch, Goldberg, NeurIPS 2019, for the direction.",
             .resists = "Every rule, as far as any factor goes; it reaches at least the better of its own "
                        "trials each round.",
             .breaks = "Little variance among honest messages (momentum, large batches, data alike). "
                       "Clipping, nnm and trimmed mean keep 91 to 98 % on MNIST with mild heterogeneity and "
                       "lose to it, sign_flip or optimal_ipm under extreme one: 21 to 87 % (10 honest, 1 to "
                       "4 Byzantine; ByzFL).",
             .params = search_table,
             .param_count = SEARCH_PARAMS,
             .params_size = sizeof(struct search_params)},
    .knowledge = 1u << BYZ_OMNISCIENT,
    .default_knowledge = BYZ_OMNISCIENT,
    .least_known = 2,
    .tries_defence = true,
    .scratch_bytes = search_scratch,
    .apply = optimal_alie_apply,
};
