/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Signs: every coordinate goes on as +1, 0 or -1; a NaN as 0, which votes for nothing. Bernstein, Wang,
 * Azizzadenesheli, Anandkumar, "signSGD: compressed optimisation for non-convex problems", ICML 2018.
 *
 * Each row that goes on is wholly its worker's, so the mix is the identity. Cost: one pass. Check: (-2, 0,
 * 0.5) gives (-1, 0, 1).
 */
#include "aggregators/norms.h"

static int sign_prepare(const void *params, const struct byz_aggregator_input *in, double *mix,
                        char reason[BYZ_REASON_SIZE])
{
    (void)params, (void)reason;
    norms_identity_mix(in->n, mix);
    return 0;
}

static void sign_columns(const void *params, const struct byz_aggregator_input *in, size_t from, size_t width,
                         float *out, size_t ld)
{
    (void)params;
    for (size_t i = 0; i < in->n; i++) {
        const float *row = in->x + i * in->ld + from;
        for (size_t k = 0; k < width; k++)
            out[i * ld + k] = (float)((row[k] > 0) - (row[k] < 0));
    }
}

const struct byz_preaggregator preaggregator_sign = {
    .base =
        {
            .name = "sign",
            .doc = "Every coordinate of a message becomes its sign, so a message needs two bits a "
                   "coordinate.",
            .formula = "y_ik = sign(x_ik), which is -1, 0 or 1; a NaN gives 0",
            .validity = "any n and f",
            .cost = "1 pass, O(n d); no memory",
            .paper = "Bernstein, Wang, Azizzadenesheli, Anandkumar, \"signSGD: compressed optimisation for "
                     "non-convex problems\", ICML 2018.",
            .resists = "Size: a Byzantine coordinate counts for one vote, however large.",
            .breaks = "A small honest coordinate counts as much as a large one, so skewed or heterogeneous "
                      "data stop short of the optimum.",
        },
    .coordinatewise = true,
    .keeps_rows = true,
    .in_place = true,
    .prepare = sign_prepare,
    .columns = sign_columns,
};
