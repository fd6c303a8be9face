/* SPDX-License-Identifier: GPL-3.0-or-later */
/* No attack: the Byzantine workers send what they would honestly have sent. The baseline of every comparison.
 */
#include "sim/api/byz_attack.h"

#include <string.h>

static bool none_needs_own(const void *params)
{
    (void)params;
    return true;
}

static int none_apply(const void *params, const struct byz_attack_input *in, float *const *out,
                      char reason[BYZ_REASON_SIZE])
{
    (void)params, (void)reason;
    for (size_t i = 0; i < in->senders; i++)
        memcpy(out[i], in->own[i], in->d * sizeof *out[i]);
    return 0;
}

const struct byz_attack attack_none = {
    .base =
        {
            .name = "none",
            .doc = "The Byzantine workers behave honestly: the baseline of every comparison.",
            .formula = "m_i = x_i, what sender i would honestly have sent",
            .validity = "any n and b",
            .cost = "a copy, O(b d); no memory",
            .paper = "No paper: the experiment without an attack.",
            .resists = "Nothing to get past; what a rule loses here, noise of a single message or a bias, is "
                       "the price of its robustness.",
            .breaks = "Nothing to stop.",
        },
    .knowledge = 1u << BYZ_OWN,
    .default_knowledge = BYZ_OWN,
    .needs_own = none_needs_own,
    .coordinatewise = true,
    .apply = none_apply,
};
