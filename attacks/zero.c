/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Zero: every coordinate of the message is 0, what a worker sends that has nothing to say. Shrinks the plain
 * mean to (n-b)/n of the honest one; a rule that prefers small or central messages may stop learning
 * altogether. Cost: b d stores. Check: (0, 0, 0).
 */
#include "attacks/messages.h"

static int zero_apply(const void *params, const struct byz_attack_input *in, float *const *out,
                      char reason[BYZ_REASON_SIZE])
{
    (void)params, (void)reason;
    messages_constant(in, 0, out);
    return 0;
}

const struct byz_attack attack_zero = {
    .base =
        {
            .name = "zero",
            .doc = "Every coordinate of the Byzantine messages is 0: a worker with nothing to say.",
            .formula = "m = 0\n"
                       "the plain mean becomes mu (n-b)/n",
            .validity = "any n and b",
            .cost = "b d stores; no memory",
            .paper = "No single source: a silent worker.",
            .resists = "Rules that keep the shortest or the most central message (cge, krum) may pick it and "
                       "stand still.",
            .breaks = "The mean is only shortened by (n-b)/n, which a larger learning rate makes good.",
        },
    .knowledge = 1u << BYZ_OWN,
    .default_knowledge = BYZ_OWN,
    .blind = true,
    .coordinatewise = true,
    .apply = zero_apply,
};
