/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A little is enough: mu + sign z sigma, coordinate by coordinate, with mu and sigma over the known messages.
 * Baruch, Baruch, Goldberg, "A little is enough: circumventing defenses for distributed learning", NeurIPS
 * 2019. z "auto": s = floor(n/2) + 1 - b workers must be won over, z = Phi^-1((n-b-s)/(n-b)); "v1", the first
 * preprint's: z = Phi^-1((n-s)/n). The largest shift that still looks like an honest worker to a majority.
 * Cost: one pass over the known messages. Check: (n, b) = (50, 24): s = 2, z = 1.4261 (v1: 1.7507); (51, 12):
 * 0.3612; rows (1,2,3), (4,5,6), (7,8,9), z = 1.5, sign = 1: (8.5, 9.5, 10.5).
 */
#include "attacks/messages.h"
#include "sim/num/rows.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdio.h>

enum { AUTO, V1 };

struct alie_params {
    struct byz_real_or_choice z;
    double sign;
    uint64_t ddof;
};

static const char *const z_words[] = {"auto", "v1", NULL};

static const struct byz_param alie_params[] = {
    {.name = "z",
     .type = BYZ_REAL_OR_CHOICE,
     .offset = offsetof(struct alie_params, z),
     .min = -1e6,
     .max = 1e6,
     .choices = z_words,
     .initial_word = "auto",
     .doc = "Shift in standard deviations; \"auto\": the paper's formula from n and b, \"v1\": its first "
            "preprint's."},
    {.name = "sign",
     .type = BYZ_REAL,
     .offset = offsetof(struct alie_params, sign),
     .initial = -1,
     .min = -1,
     .max = 1,
     .doc = "Direction of the shift: -1 or 1."},
    {.name = "ddof",
     .type = BYZ_COUNT,
     .offset = offsetof(struct alie_params, ddof),
     .initial = 1,
     .max = 1,
     .doc = "The variance is divided by the number of messages minus this: 1 sample, 0 population."},
};

static double z_of(const struct alie_params *p, size_t n, size_t b)
{
    if (p->z.choice < 0)
        return p->z.value;
    double all = (double)n, honest = (double)(n - b), s = floor(all / 2) + 1 - (double)b;
    return gsl_cdf_ugaussian_Pinv(p->z.choice == AUTO ? (honest - s) / honest : (all - s) / all);
}

static int alie_unsuitable(const void *params, size_t n, size_t b, enum byz_knowledge knowledge,
                           size_t known_count, char reason[BYZ_REASON_SIZE])
{
    (void)knowledge;
    const struct alie_params *p = params;
    if (p->sign != 1 && p->sign != -1)
        snprintf(reason, BYZ_REASON_SIZE, "alie needs sign -1 or 1, not %g", p->sign);
    else if (messages_too_few("alie", 1 + (size_t)p->ddof, known_count, reason) != 0)
        return 1;
    else if (p->z.choice >= 0 && (b > n / 2 || !isfinite(z_of(p, n, b))))
        snprintf(reason, BYZ_REASON_SIZE,
                 "alie has no automatic z at n=%zu, b=%zu (it needs b <= n/2); give z a number", n, b);
    else
        return 0;
    return 1;
}

static void alie_warn(const void *params, size_t n, size_t b, char reason[BYZ_REASON_SIZE])
{
    const struct alie_params *p = params;
    double z = z_of(p, n, b);
    if (p->z.choice >= 0 && z <= 0)
        snprintf(reason, BYZ_REASON_SIZE,
                 "alie's automatic z is %.4g at n=%zu, b=%zu: no attack at all; give z a number", z, n, b);
}

static size_t alie_scratch(const void *params, size_t n, size_t d, size_t threads)
{
    (void)params, (void)n, (void)threads;
    return d * sizeof(float);
}

static int alie_apply(const void *params, const struct byz_attack_input *in, float *const *out,
                      char reason[BYZ_REASON_SIZE])
{
    (void)reason;
    const struct alie_params *p = params;
    double shift = p->sign * z_of(p, in->n, in->b);
    float *sigma = in->scratch;
    rows_mean_std(in->known, in->known_count, in->d, (unsigned)p->ddof, out[0], sigma);
    for (size_t k = 0; k < in->d; k++)
        out[0][k] = (float)((double)out[0][k] + shift * (double)sigma[k]);
    messages_repeat(in, out);
    return 0;
}

const struct byz_attack attack_alie = {
    .base = {.name = "alie",
             .doc = "A little is enough: the mean of the known messages shifted in every coordinate by so "
                    "few standard deviations that it passes for honest.",
             .formula = "m = mu + sign z sigma, coordinate by coordinate, over the known messages;\n"
                        "sigma divides by their number minus ddof\n"
                        "z \"auto\": Phi^-1((n-b-s)/(n-b)), s = floor(n/2) + 1 - b\n"
                        "z \"v1\":   Phi^-1((n-s)/n)",
             .validity = "1 + ddof known messages; z \"auto\", \"v1\": b <= n/2, no attack where z <= 0",
             .cost = "1 pass over the known messages, O(n d); d floats",
             .paper = "Baruch, Baruch, Goldberg, \"A little is enough: circumventing defenses for "
                      "distributed learning\", NeurIPS 2019.",
             .resists = "Median, trimmed mean, Krum, Bulyan. MNIST, n=51, b=12, z=1.5: 96 % without attack; "
                        "mean 91, trimmed mean 88, Bulyan 88, Krum 79 % (Baruch et al.). Strongest where "
                        "honest gradients vary much.",
             .breaks = "Worker momentum, which lowers the variance it hides in: with centered clipping at "
                       "beta 0.99, CIFAR-10 (n=25, b=5) is back at 89 %, with the median at 79 instead of 25 "
                       "% (Karimireddy et al., ICML 2021, logs). Larger batches do the same.",
             .params = alie_params,
             .param_count = BYZ_LENGTH(alie_params),
             .params_size = sizeof(struct alie_params)},
    .knowledge = 1u << BYZ_OMNISCIENT | 1u << BYZ_COLLUDING,
    .default_knowledge = BYZ_OMNISCIENT,
    .unsuitable = alie_unsuitable,
    .warn = alie_warn,
    .scratch_bytes = alie_scratch,
    .coordinatewise = true,
    .apply = alie_apply,
};
