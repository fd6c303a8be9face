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
    .base = {.name = "none", .doc = "The Byzantine workers behave honestly: the baseline without an attack."},
    .knowledge = 1u << BYZ_OWN,
    .default_knowledge = BYZ_OWN,
    .needs_own = none_needs_own,
    .apply = none_apply,
};
