/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Omission: in each round a Byzantine worker sends nothing with the given probability, and otherwise its own
 * honest message; with probability 1 it has crashed. What the server makes of a missing message is
 * server.missing. The faults of Cristian, Aghili, Strong, Dolev, "Atomic broadcast: from simple message
 * diffusion to Byzantine agreement", FTCS 1985, between a crash and Byzantine behaviour. Cost: a copy. Check:
 * probability = 0 is `none`; probability = 1, server.missing = zero is the attack `zero`.
 */
#include "attacks/messages.h"
#include "sim/num/rng.h"

#include <string.h>

struct omission_params {
    double probability;
};

static const struct byz_param omission_params[] = {
    {.name = "probability",
     .type = BYZ_REAL,
     .offset = offsetof(struct omission_params, probability),
     .initial = 0.5,
     .max = 1,
     .doc = "Probability with which a Byzantine worker sends nothing in a round; 1: it has crashed."},
};

static bool omission_needs_own(const void *params)
{
    return ((const struct omission_params *)params)->probability < 1;
}

static int omission_apply(const void *params, const struct byz_attack_input *in, float *const *out,
                          char reason[BYZ_REASON_SIZE])
{
    (void)reason;
    const struct omission_params *p = params;
    for (size_t i = 0; i < in->senders; i++) {
        in->missing[i] = rng_real(in->rng) < p->probability;
        memcpy(out[i], in->own[i], in->d * sizeof *out[i]);
    }
    return 0;
}

const struct byz_attack attack_omission = {
    .base = {.name = "omission",
             .doc = "Each Byzantine worker sends nothing with the given probability, and its honest message "
                    "otherwise; server.missing says what the server makes of that.",
             .formula = "with probability `probability` no message, otherwise m_i = own_i",
             .validity = "any n and b",
             .cost = "a copy of d floats a sender; no memory",
             .paper = "Cristian, Aghili, Strong, Dolev, \"Atomic broadcast: from simple message diffusion to "
                      "Byzantine agreement\", FTCS 1985, for omission faults",
             .resists = "The mean under server.missing \"zero\" or \"last\", which takes shorter or staler "
                        "steps; cge keeps zeros first of all.",
             .breaks =
                 "server.missing \"drop\": the rule sees honest messages alone and is told a smaller f.",
             .params = omission_params,
             .param_count = BYZ_LENGTH(omission_params),
             .params_size = sizeof(struct omission_params)},
    .knowledge = 1u << BYZ_OWN,
    .default_knowledge = BYZ_OWN,
    .needs_own = omission_needs_own,
    .coordinatewise = true,
    .apply = omission_apply,
};
