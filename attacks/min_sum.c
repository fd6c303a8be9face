/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Min-sum: m = mu - gamma p with the largest gamma for which the squared distances from m to the known
 * messages sum to no more than those from the most outlying of them: sum_i ||m - x_i||^2 <= max_i sum_j ||x_i
 * - x_j||^2. p: the standard deviation of each coordinate, mu/||mu||, or sign(mu). The root of one quadratic.
 * Shejwalkar, Houmansadr, "Manipulating the Byzantine", NDSS 2021. Cost: the known_count^2/2 distances
 * between known messages. Check: rows (0), (2), std: 2 + 2 (gamma sqrt 2)^2 <= 4, gamma = 1/sqrt 2, m = 0.
 */
#include "attacks/deviation.h"
#include "attacks/messages.h"

static double largest_factor(const struct deviation *measured, size_t count)
{
    double most = 0, spread = 0, along = 0;
    for (size_t i = 0; i < count; i++) {
        most = measured->total[i] > most ? measured->total[i] : most;
        spread += measured->spread[i];
        along += measured->along[i];
    }
    return deviation_root((double)count * measured->length, along, most - spread);
}

static int min_sum_apply(const void *params, const struct byz_attack_input *in, float *const *out,
                         char reason[BYZ_REASON_SIZE])
{
    (void)reason;
    deviation_send(params, in, largest_factor, out);
    return 0;
}

const struct byz_attack attack_min_sum = {
    .base = {.name = "min_sum",
             .doc = "The mean of the known messages moved against a direction as far as its distances to "
                    "them sum to no more than those of the most outlying of them.",
             .formula = "m = mu - gamma p, over the known messages, with the largest gamma such that\n"
                        "sum_i ||m - x_i||^2 <= max_i sum_j ||x_i - x_j||^2\n"
                        "p = standard deviation of each coordinate (\"std\", n-1 form), mu/||mu||\n"
                        "    (\"unit\") or sign(mu) (\"sign\"); gamma from the root of a quadratic",
             .validity = "2 known messages",
             .cost = "1 pass for h^2/2 distances among h known messages, O(h^2 d); d floats",
             .paper = "Shejwalkar, Houmansadr, \"Manipulating the Byzantine: optimizing model poisoning "
                      "attacks and defenses for federated learning\", NDSS 2021.",
             .resists = "Filters by sums of distances (krum, multi_krum), and the median: 28 % on CIFAR-10 "
                        "(n=50, b=10; published notebooks). Mostly nearer to the honest messages than "
                        "min_max.",
             .breaks = "dnc and other spectral rules see the common direction; little variance among honest "
                       "messages leaves it no room.",
             .params = deviation_table,
             .param_count = DEVIATION_PARAMS,
             .params_size = sizeof(struct deviation_params)},
    .knowledge = 1u << BYZ_OMNISCIENT | 1u << BYZ_COLLUDING,
    .default_knowledge = BYZ_OMNISCIENT,
    .least_known = 2,
    .scratch_bytes = deviation_scratch,
    .apply = min_sum_apply,
};
