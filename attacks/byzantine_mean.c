/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Byzantine mean: the message that makes the plain mean of all n messages equal a chosen vector u:
 * m = (n u - (n-b) mu)/b with u = scale mu + value (the value in every coordinate), mu the mean of the known
 * messages. Exact against `mean` when the attacker is omniscient; the proof that no linear rule stands even
 * one Byzantine worker (Blanchard, El Mhamdi, Guerraoui, Stainer, NeurIPS 2017, lemma 1). Cost: one pass over
 * the known messages. Check: rows (1,2,3), (4,5,6), (7,8,9), b = 2, scale = 0, value = 10: (19, 17.5, 16).
 */
#include "attacks/messages.h"

struct byzantine_mean_params {
    double scale, value;
};

static const struct byz_param byzantine_mean_params[] = {
    {.name = "scale",
     .type = BYZ_REAL,
     .offset = offsetof(struct byzantine_mean_params, scale),
     .initial = -1,
     .min = -DBL_MAX,
     .max = DBL_MAX,
     .doc = "The plain mean becomes this many times the honest mean, plus `value`."},
    {.name = "value",
     .type = BYZ_REAL,
     .offset = offsetof(struct byzantine_mean_params, value),
     .min = -DBL_MAX,
     .max = DBL_MAX,
     .doc = "What is added to every coordinate of the chosen mean."},
};

static int byzantine_mean_apply(const void *params, const struct byz_attack_input *in, float *const *out,
                                char reason[BYZ_REASON_SIZE])
{
    (void)reason;
    const struct byzantine_mean_params *p = params;
    double n = (double)in->n, b = (double)in->b;
    messages_scaled_mean(in, 1, out);
    for (size_t k = 0; k < in->d; k++)
        out[0][k] = (float)((double)out[0][k] * ((n * p->scale - (n - b)) / b) + n / b * p->value);
    messages_repeat(in, out);
    return 0;
}

const struct byz_attack attack_byzantine_mean = {
    .base = {.name = "byzantine_mean",
             .doc = "The message with which the plain mean of all workers becomes a chosen vector: "
                    "complete control of `mean`.",
             .formula = "m = (n u - (n-b) mu)/b,  u = scale mu + value (in every coordinate),\n"
                        "mu the mean of the known messages; then (1/n) ((n-b) mu + b m) = u",
             .validity = "any n and b; exact when omniscient",
             .cost = "1 pass over the known messages, O(n d); no memory",
             .paper = "Blanchard, El Mhamdi, Guerraoui, Stainer, \"Machine learning with adversaries: "
                      "Byzantine tolerant gradient descent\", NeurIPS 2017: lemma 1, no linear rule "
                      "withstands one Byzantine worker.",
             .resists = "The mean, wholly, with a single worker.",
             .breaks = "Every robust rule, unless b is near n/2: the message is some n/b times longer than "
                       "honest ones.",
             .params = byzantine_mean_params,
             .param_count = BYZ_LENGTH(byzantine_mean_params),
             .params_size = sizeof(struct byzantine_mean_params)},
    .knowledge = 1u << BYZ_OMNISCIENT | 1u << BYZ_COLLUDING,
    .default_knowledge = BYZ_OMNISCIENT,
    .coordinatewise = true,
    .apply = byzantine_mean_apply,
};
