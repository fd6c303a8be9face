/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Min-max: m = mu - gamma p with the largest gamma for which no known message is farther from m than the two
 * known messages farthest from each other: max_i ||m - x_i||^2 <= max_ij ||x_i - x_j||^2. p: the standard
 * deviation of each coordinate, mu/||mu||, or sign(mu). Each row bounds gamma by the root of a quadratic, so
 * gamma is found in closed form. Shejwalkar, Houmansadr, "Manipulating the Byzantine", NDSS 2021. Cost: the
 * known_count^2/2 distances between known messages. Check: rows (0), (2), std: mu = 1, p = sqrt 2, m = 0.
 */
#include "attacks/deviation.h"
#include "attacks/messages.h"

static double largest_factor(const struct deviation *measured, size_t count)
{
    double diameter = 0, least = 0;
    for (size_t i = 0; i < count; i++)
        diameter = measured->widest[i] > diameter ? measured->widest[i] : diameter;
    for (size_t i = 0; i < count; i++) {
        double factor = deviation_root(measured->length, measured->along[i], diameter - measured->spread[i]);
        least = i == 0 || factor < least ? factor : least;
    }
    return least;
}

static int min_max_apply(const void *params, const struct byz_attack_input *in, float *const *out,
                         char reason[BYZ_REASON_SIZE])
{
    (void)reason;
    deviation_send(params, in, largest_factor, out);
    return 0;
}

const struct byz_attack attack_min_max = {
    .base = {.name = "min_max",
             .doc = "The mean of the known messages moved against a direction as far as no known message "
                    "is farther from it than known messages are from each other.",
             .formula = "m = mu - gamma p, over the known messages, with the largest gamma such that\n"
                        "max_i ||m - x_i||^2 <= max_ij ||x_i - x_j||^2\n"
                        "p = standard deviation of each coordinate (\"std\", n-1 form), mu/||mu||\n"
                        "    (\"unit\") or sign(mu) (\"sign\"); gamma from the roots of quadratics",
             .validity = "2 known messages",
             .cost = "1 pass for h^2/2 distances among h known messages, O(h^2 d); d floats",
             .paper = "Shejwalkar, Houmansadr, \"Manipulating the Byzantine: optimizing model poisoning "
                      "attacks and defenses for federated learning\", NDSS 2021.",
             .resists = "Filters by distance (krum, mda), for which it passes as an outlying honest message, "
                        "and the median: 28 % on CIFAR-10 (n=50, b=10), where fang leaves 51 % (published "
                        "notebooks).",
             .breaks = "dnc and other spectral rules see the common direction; little variance among honest "
                       "messages leaves it no room.",
             .params = deviation_table,
             .param_count = DEVIATION_PARAMS,
             .params_size = sizeof(struct deviation_params)},
    .knowledge = 1u << BYZ_OMNISCIENT | 1u << BYZ_COLLUDING,
    .default_knowledge = BYZ_OMNISCIENT,
    .least_known = 2,
    .scratch_bytes = deviation_scratch,
    .apply = min_max_apply,
};
