/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Constant: every coordinate of every Byzantine message is `value`; also under the name `same_value`, from
 * Li, Xu, Chen, Giannakis, Ling, "RSA: Byzantine-robust stochastic aggregation methods for distributed
 * learning from heterogeneous datasets", AAAI 2019. Cost: b d stores. Check: value = 2.5: (2.5, 2.5, 2.5).
 */
#include "attacks/messages.h"

#include <float.h>

struct constant_params {
    double value;
};

static const struct byz_param constant_params[] = {
    {.name = "value",
     .type = BYZ_REAL,
     .offset = offsetof(struct constant_params, value),
     .initial = 100,
     .min = -(double)FLT_MAX,
     .max = (double)FLT_MAX,
     .doc = "Every coordinate of the message."},
};

static int constant_apply(const void *params, const struct byz_attack_input *in, float *const *out,
                          char reason[BYZ_REASON_SIZE])
{
    (void)reason;
    messages_constant(in, (float)((const struct constant_params *)params)->value, out);
    return 0;
}

const struct byz_attack attack_constant = {
    .base = {.name = "constant",
             .doc = "Every coordinate of the Byzantine messages has the same value.",
             .formula = "m_k = value\n"
                        "the plain mean becomes ((n-b) mu_k + b value)/n",
             .validity = "any n and b",
             .cost = "b d stores; no memory",
             .paper = "Li, Xu, Chen, Giannakis, Ling, \"RSA: Byzantine-robust stochastic aggregation methods "
                      "for distributed learning from heterogeneous datasets\", AAAI 2019 (same-value "
                      "attack).",
             .resists = "The mean, which moves by b value/n.",
             .breaks = "Robust rules: the message is |value| sqrt(d) long, and an extreme in every "
                       "coordinate.",
             .params = constant_params,
             .param_count = BYZ_LENGTH(constant_params),
             .params_size = sizeof(struct constant_params)},
    .knowledge = 1u << BYZ_OWN,
    .default_knowledge = BYZ_OWN,
    .blind = true,
    .coordinatewise = true,
    .apply = constant_apply,
};

const struct byz_attack attack_same_value = {
    .base =
        {.name = "same_value",
         .doc = "The same-value attack: `constant` under the name of its paper.",
         .formula = "m_k = value for every coordinate k",
         .validity = "any n and b",
         .cost = "O(b d) stores; no memory",
         .paper = "Li, Xu, Chen, Giannakis, Ling, \"RSA: Byzantine-robust stochastic aggregation methods for "
                  "distributed learning from heterogeneous datasets\", AAAI 2019",
         .resists = "The mean, which it carries away by b value/n in every coordinate.",
         .breaks =
             "Ranks, distances and norms see it once |value| sqrt(d) exceeds the length of honest messages. "
             "A softmax model does not mind: shifting all its weights alike leaves its output as it is.",
         .params = constant_params,
         .param_count = BYZ_LENGTH(constant_params),
         .params_size = sizeof(struct constant_params)},
    .knowledge = 1u << BYZ_OWN,
    .default_knowledge = BYZ_OWN,
    .blind = true,
    .coordinatewise = true,
    .apply = constant_apply,
};
