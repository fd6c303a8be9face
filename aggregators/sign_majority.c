/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Majority vote of signs: out_k = sign(sum_i sign(x_ik)), which is -1, 0 or 1; zeros and NaN do not vote, and
 * a drawn vote gives 0. Bernstein, Zhao, Azizzadenesheli, Anandkumar, "signSGD with majority vote is
 * communication efficient and fault tolerant", ICLR 2019. The length of the output is about sqrt(d) whatever
 * the gradients are: the learning rate is chosen for it.
 *
 * Cost: one pass. Check: columns (3,-1,-2), (0,5,-7), (0,0,0.1), (NaN,1,2) give -1, 0, 1, 1.
 */
#include "sim/api/byz_aggregator.h"
#include "sim/num/signs.h"

#include <stdio.h>

static int sign_majority_unsuitable(const void *params, size_t n, size_t f, char reason[BYZ_REASON_SIZE])
{
    (void)params;
    if (n >= 2 * f + 1)
        return 0;
    snprintf(reason, BYZ_REASON_SIZE, "sign_majority needs n >= 2f+1: n=%zu, f=%zu", n, f);
    return 1;
}

static int sign_majority_apply(const void *params, const struct byz_aggregator_input *in, float *out,
                               char reason[BYZ_REASON_SIZE])
{
    (void)params, (void)reason;
    signs_majority(in->x, in->n, in->d, in->ld, out);
    return 0;
}

const struct byz_aggregator aggregator_sign_majority = {
    .base =
        {
            .name = "sign_majority",
            .doc = "The majority vote of signs in every coordinate by itself (signSGD with majority "
                   "vote). The output has length about sqrt(d) whatever the gradients are: the learning "
                   "rate must be chosen for it.",
            .formula = "out_k = sign(sum_i sign(x_ik)), which is -1, 0 or 1\n"
                       "zeros and NaN do not vote; a drawn vote gives 0",
            .validity = "n >= 2f+1",
            .cost = "1 pass, O(n d); no memory",
            .paper = "Bernstein, Zhao, Azizzadenesheli, Anandkumar, \"signSGD with majority vote is "
                     "communication efficient and fault tolerant\", ICLR 2019.",
            .resists = "Size: no message counts for more than one vote, however long.",
            .breaks = "Where honest workers disagree about a sign, f coordinated votes decide; "
                      "heterogeneous data make that common.",
        },
    .promises = BYZ_PERMUTATION | BYZ_COORDINATEWISE,
    .unsuitable = sign_majority_unsuitable,
    .apply = sign_majority_apply,
};
