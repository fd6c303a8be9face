/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Duplicate: each round a known message is drawn at random and sent again, the same by all senders or one
 * draw each. Every copy is a perfectly honest message; yet b equal rows are each other's nearest neighbours
 * at distance 0, so rules that count neighbours pick them, and the honest variety is lost. (`mimic` copies
 * the same worker in every round.) Cost: b copies of d floats. Check: one known message: that one.
 */
#include "attacks/messages.h"
#include "sim/num/rng.h"

#include <string.h>

struct duplicate_params {
    bool shared;
};

static const struct byz_param duplicate_params[] = {
    {.name = "shared",
     .type = BYZ_FLAG,
     .offset = offsetof(struct duplicate_params, shared),
     .initial = 1,
     .doc = "All Byzantine workers copy the same message instead of drawing one each."},
};

static int duplicate_apply(const void *params, const struct byz_attack_input *in, float *const *out,
                           char reason[BYZ_REASON_SIZE])
{
    (void)reason;
    const struct duplicate_params *p = params;
    for (size_t i = 0; i < (p->shared ? 1 : in->senders); i++)
        memcpy(out[i], in->known[rng_below(in->rng, in->known_count)], in->d * sizeof *out[i]);
    if (p->shared)
        messages_repeat(in, out);
    return 0;
}

const struct byz_attack attack_duplicate = {
    .base = {.name = "duplicate",
             .doc = "The Byzantine workers send a copy of a known message, drawn anew each round. (mimic "
                    "copies the same worker in every round.)",
             .formula = "m = x_j, j drawn uniformly among the known messages in every round\n"
                        "(shared false: each sender draws its own)",
             .validity = "any n and b",
             .cost = "b copies, O(b d); no memory",
             .paper = "No single source; a memoryless relative of mimic (Karimireddy, He, Jaggi, ICLR "
                      "2022).",
             .resists = "Rules that look for near neighbours (krum, mva): b equal rows at distance 0 are "
                        "preferred, and one worker's noise is followed.",
             .breaks = "The mean, whose expectation stays the same while one worker gets b+1 votes; "
                       "averaging rules and nnm lose variance only. No filter can call the messages "
                       "dishonest.",
             .params = duplicate_params,
             .param_count = BYZ_LENGTH(duplicate_params),
             .params_size = sizeof(struct duplicate_params)},
    .knowledge = 1u << BYZ_OMNISCIENT | 1u << BYZ_COLLUDING,
    .default_knowledge = BYZ_OMNISCIENT,
    .coordinatewise = true,
    .apply = duplicate_apply,
};
