/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every coordinate of the message is positive infinity: what a crashed or careless worker sends.
 * Under nonfinite "drop" the server discards the row; under "keep" it destroys every rule that sums it.
 */
#include "attacks/messages.h"

#include <math.h>

static int inf_apply(const void *params, const struct byz_attack_input *in, float *const *out,
                     char reason[BYZ_REASON_SIZE])
{
    (void)params, (void)reason;
    messages_constant(in, INFINITY, out);
    return 0;
}

const struct byz_attack attack_inf = {
    .base =
        {
            .name = "inf",
            .doc = "Every coordinate of the Byzantine messages is infinite: what an overflow leaves "
                   "behind.",
            .formula = "m_k = +infinity",
            .validity = "any n and b",
            .cost = "b d stores; no memory",
            .paper = "No single source: an overflow or a crash.",
            .resists =
                "Under server.nonfinite \"keep\", every rule that sums rows without choosing, the mean "
                "first of all.",
            .breaks = "server.nonfinite \"drop\", the default, discards the row; under \"keep\", rules that "
                      "order values or measure distances put it outside.",
        },
    .knowledge = 1u << BYZ_OWN,
    .default_knowledge = BYZ_OWN,
    .blind = true,
    .coordinatewise = true,
    .apply = inf_apply,
};
