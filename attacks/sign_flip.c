/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sign flip: -scale times the mean of the known messages, or -scale times the sender's own honest message.
 * `reverse` is the same with a scale of 100, under the name it has in Chen, Wang, Charles, Papailiopoulos,
 * "DRACO: Byzantine-resilient distributed training via redundant gradients", ICML 2018 (reversed gradient).
 * Cost: one pass over the known messages. Check: rows (1,2,3), (4,5,6), (7,8,9) give (-4,-5,-6), and
 * (-400,-500,-600) as `reverse`.
 */
#include "attacks/messages.h"
#include "sim/num/rows.h"

enum { MEAN, OWN };

struct sign_flip_params {
    double scale;
    int of;
};

static const char *const of_words[] = {"mean", "own", NULL};

static const struct byz_param sign_flip_params[] = {
    {.name = "scale",
     .type = BYZ_REAL,
     .offset = offsetof(struct sign_flip_params, scale),
     .initial = 1,
     .max = DBL_MAX,
     .doc = "Factor of the reversed vector."},
    {.name = "of",
     .type = BYZ_CHOICE,
     .offset = offsetof(struct sign_flip_params, of),
     .choices = of_words,
     .initial_word = "mean",
     .doc = "What is reversed: the mean of the known messages, or each sender's own honest message."},
};

/* `of` stays 0, the mean. */
static const struct byz_param reverse_params[] = {
    {.name = "scale",
     .type = BYZ_REAL,
     .offset = offsetof(struct sign_flip_params, scale),
     .initial = 100,
     .max = DBL_MAX,
     .doc = "Factor of the reversed mean."},
};

static bool sign_flip_needs_own(const void *params)
{
    return ((const struct sign_flip_params *)params)->of == OWN;
}

static int sign_flip_apply(const void *params, const struct byz_attack_input *in, float *const *out,
                           char reason[BYZ_REASON_SIZE])
{
    (void)reason;
    const struct sign_flip_params *p = params;
    if (p->of == MEAN) {
        messages_scaled_mean(in, -p->scale, out);
        return 0;
    }
    for (size_t i = 0; i < in->senders; i++)
        rows_scale(in->own[i], in->d, -p->scale, out[i]);
    return 0;
}

const struct byz_attack attack_sign_flip = {
    .base = {.name = "sign_flip",
             .doc = "The Byzantine workers send the reversed mean of the messages they know, or each its "
                    "own honest message reversed.",
             .formula = "m = -scale mu               (\"mean\": mu the mean of the known messages)\n"
                        "m_i = -scale x_i            (\"own\": x_i what sender i would have sent)\n"
                        "the plain mean of all becomes mu (n - b (1 + scale))/n for \"mean\"",
             .validity = "any n and b",
             .cost = "1 pass over the known messages, O(n d); no memory",
             .paper = "Li, Xu, Chen, Giannakis, Ling, \"RSA: Byzantine-robust stochastic aggregation methods "
                      "for distributed learning from heterogeneous datasets\", AAAI 2019.",
             .resists = "The mean, which reverses when scale exceeds (n-b)/b. Krum with momentum: 22 % on "
                        "CIFAR-10 at beta 0.99 (n=25, b=5; Karimireddy et al., ICML 2021, logs).",
             .breaks = "Median, trimmed mean, centered clipping and the geometric median stay at 82 % in "
                       "that experiment without momentum, near 86 % without attack. A large scale is seen by "
                       "every norm or distance.",
             .params = sign_flip_params,
             .param_count = BYZ_LENGTH(sign_flip_params),
             .params_size = sizeof(struct sign_flip_params)},
    .knowledge = 1u << BYZ_OMNISCIENT | 1u << BYZ_COLLUDING | 1u << BYZ_OWN,
    .default_knowledge = BYZ_OMNISCIENT,
    .needs_own = sign_flip_needs_own,
    .coordinatewise = true,
    .apply = sign_flip_apply,
};

const struct byz_attack attack_reverse = {
    .base = {.name = "reverse",
             .doc = "The reversed gradient of DRACO: sign_flip of the mean of the known messages with a "
                    "scale of 100.",
             .formula = "m = -scale * mean(known messages)",
             .validity = "any n and b",
             .cost = "1 pass over the known messages, O(n d); no memory",
             .paper =
                 "Chen, Wang, Charles, Papailiopoulos, \"DRACO: Byzantine-resilient distributed training "
                 "via redundant gradients\", ICML 2018",
             .resists =
                 "The mean: digits, softmax, n=11, b=3: 10 % instead of 87 %. Centered clipping at tau = "
                 "10 with momentum: 1 % there.",
             .breaks =
                 "Median: 76 % there; the message is 100 times as long as honest ones, so ranks, distances "
                 "and norms see it.",
             .params = reverse_params,
             .param_count = BYZ_LENGTH(reverse_params),
             .params_size = sizeof(struct sign_flip_params)},
    .knowledge = 1u << BYZ_OMNISCIENT | 1u << BYZ_COLLUDING | 1u << BYZ_OWN,
    .default_knowledge = BYZ_OMNISCIENT,
    .coordinatewise = true,
    .apply = sign_flip_apply,
};
