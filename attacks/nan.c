/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every coordinate of the message is not-a-number: what a crashed or careless worker sends.
 * Under nonfinite "drop" the server discards the row; under "keep" it destroys every rule that sums it.
 */
#include "attacks/messages.h"

#include <math.h>

static int nan_apply(const void *params, const struct byz_attack_input *in, float *const *out,
                     char reason[BYZ_REASON_SIZE])
{
    (void)params, (void)reason;
    messages_constant(in, NAN, out);
    return 0;
}

const struct byz_attack attack_nan = {
    .base =
        {
            .name = "nan",
            .doc = "Every coordinate of the Byzantine messages is not-a-number: what a crashed or "
                   "careless worker sends.",
            .formula = "m_k = NaN",
            .validity = "any n and b",
            .cost = "b d stores; no memory",
            .paper = "No single source: a crash.",
            .resists =
                "Under server.nonfinite \"keep\", every rule that sums rows without choosing, the mean "
                "first of all.",
            .breaks =
                "server.nonfinite \"drop\", the default, discards the row; under \"keep\", a NaN counts "
                "as above +infinity in an order and as infinitely far in a distance.",
        },
    .knowledge = 1u << BYZ_OWN,
    .default_knowledge = BYZ_OWN,
    .blind = true,
    .coordinatewise = true,
    .apply = nan_apply,
};
