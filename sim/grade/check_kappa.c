/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Worst-case kappa: the greatest ||F(x) - mean_S||^2 / (1/|S| sum_S ||x_i - mean_S||^2) over subsets S of
 * n - f rows (Allouah et al., AISTATS 2023) that a search finds: random inputs first, among them many with
 * ties and far rows, then changes of the worst one so far. What it finds is a lower bound of the constant.
 */
#include "sim/base/mem.h"
#include "sim/grade/trials.h"
#include "sim/num/rng.h"

#include <math.h>
#include <string.h>

struct kappa_params {
    uint64_t rows, malicious, trials;
    double full, none;
};

enum { COLUMNS = 2, LD = 16, ROWS_MOST = 16, MALICIOUS_MOST = 7 };

#define P(field) offsetof(struct kappa_params, field)
static const struct byz_param params[] = {
    {.name = "full",
     .type = BYZ_REAL,
     .offset = P(full),
     .initial = 2,
     .min = BYZ_ABOVE_ZERO,
     .max = 1e12,
     .doc = "Greatest ratio that earns full points."},
    {.name = "none",
     .type = BYZ_REAL,
     .offset = P(none),
     .initial = 100,
     .min = BYZ_ABOVE_ZERO,
     .max = 1e12,
     .doc = "Ratio from which nothing is earned; in between, points fall with its logarithm."},
    {.name = "rows",
     .type = BYZ_COUNT,
     .offset = P(rows),
     .initial = 7,
     .min = 3,
     .max = ROWS_MOST,
     .doc = "Rows, n."},
    {.name = "malicious",
     .type = BYZ_COUNT,
     .offset = P(malicious),
     .initial = 2,
     .min = 1,
     .max = MALICIOUS_MOST,
     .doc = "Malicious rows, f."},
    {.name = "trials",
     .type = BYZ_COUNT,
     .offset = P(trials),
     .initial = 1000,
     .min = 1,
     .max = 1e6,
     .doc = "Inputs that the search tries."},
};

static void validate(const void *given, const struct assignment *assignment, struct text *why)
{
    const struct kappa_params *p = given;
    (void)assignment;
    if (2 * p->malicious >= p->rows)
        text_add(why,
                 "\"malicious\" must be fewer than half of \"rows\": no rule has a finite constant there");
    else if (!(p->none > p->full))
        text_add(why, "\"none\" must be greater than \"full\": a small ratio is good");
}

/* ||F - mean_S||^2 over the variance of S, what float rounding can do taken off. */
static double ratio_of(const float *x, size_t n, const float *out, unsigned members)
{
    double count = __builtin_popcount(members), squared = 0, variance = 0, size = 0;
    for (size_t k = 0; k < COLUMNS; k++) {
        double mean = 0;
        for (size_t i = 0; i < n; i++)
            mean += members >> i & 1 ? (double)x[i * LD + k] / count : 0;
        squared += ((double)out[k] - mean) * ((double)out[k] - mean);
        for (size_t i = 0; i < n; i++)
            if (members >> i & 1) {
                double value = (double)x[i * LD + k];
                variance += (value - mean) * (value - mean) / count;
                size = fmax(size, fabs(value));
            }
    }
    double excess = fmax(0, sqrt(squared) - 1e-5 * size);
    return excess > 0 ? excess * excess / variance : 0;
}

static double worst_ratio(const float *x, size_t n, size_t f, const float *out)
{
    double worst = 0;
    for (unsigned members = 0; members < 1u << n; members++)
        if ((size_t)__builtin_popcount(members) == n - f)
            worst = fmax(worst, ratio_of(x, n, out, members));
    return worst;
}

static void fill(float *x, size_t n, struct rng *rng)
{
    static const float values[3][4] = {{0, 1, 0, 1}, {0, 1, 1e6f, -1e6f}, {0, 1, 2, 100}};
    uint64_t kind = rng_below(rng, 4);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < COLUMNS; k++)
            x[i * LD + k] = kind == 3 ? (float)rng_normal(rng) : values[kind][rng_below(rng, 4)];
}

/* One row of the worst input moves: a little, far away, or onto another row. */
static void change(float *x, const float *from, size_t n, struct rng *rng)
{
    memcpy(x, from, n * LD * sizeof *x);
    float *row = x + rng_below(rng, n) * LD;
    const float *other = x + rng_below(rng, n) * LD;
    double step = pow(10, 4 * rng_real(rng) - 3);
    uint64_t how = rng_below(rng, 4);
    for (size_t k = 0; k < COLUMNS; k++)
        row[k] = how == 0 ? other[k] : (float)((double)row[k] + step * rng_normal(rng));
}

struct search {
    const struct kappa_params *p;
    struct trials trials;
    struct cases_case item; /* x, n, f, d, ld alone are used */
    float x[ROWS_MOST * LD], worst_x[ROWS_MOST * LD];
    double worst;
};

static int try_input(struct search *search, size_t trial, struct rng *rng, struct err *err)
{
    struct host_outcome outcome;
    float out[LD];
    size_t n = search->item.n;
    if (search->worst > 0 && trial % 2 == 1)
        change(search->x, search->worst_x, n, rng);
    else
        fill(search->x, n, rng);
    int rc = trials_call(&search->trials, &search->item, trial, out, &outcome, err);
    if (rc == ERR_OK && outcome.verdict != HOST_OK) {
        trials_no_answer(&search->trials, &search->item, &outcome);
    } else if (rc == ERR_OK) {
        double ratio = worst_ratio(search->x, n, search->item.f, out);
        trials_right(&search->trials);
        if (isnan(ratio) || ratio > search->worst) {
            search->worst = isnan(ratio) ? INFINITY : ratio;
            memcpy(search->worst_x, search->x, sizeof search->x);
        }
    }
    return rc;
}

static void conclude(const struct search *search, struct check_result *result)
{
    const struct kappa_params *p = search->p;
    if (search->trials.failed) {
        check_outcome(result, &search->trials.first);
        return;
    }
    double worst = fmax(search->worst, 1e-12);
    result->value = search->worst;
    check_share(result, check_between(worst, p->none, p->full, true));
    text_printf(&result->message, "The worst ratio found is %.3g; full points up to %g, none from %g on.\n",
                search->worst, p->full, p->none);
}

static int run(const void *given, const struct check_context *context, struct check_result *result,
               struct err *err)
{
    struct search search = {.p = given, .trials = {.context = context, .result = result}};
    struct rng rng;
    int rc = ERR_OK;
    search.item = (struct cases_case){
        .n = (size_t)search.p->rows, .f = (size_t)search.p->malicious, .d = COLUMNS, .ld = LD, .x = search.x};
    result->value = (double)NAN;
    rng_start(&rng, context->seed, RNG_TEST, 0, 0);
    host_row_begin();
    for (size_t trial = 0; rc == ERR_OK && trial < search.p->trials && !search.trials.failed; trial++)
        rc = try_input(&search, trial, &rng, err);
    host_row_end();
    if (rc == ERR_OK)
        conclude(&search, result);
    return rc;
}

const struct check check_kappa = {
    .base = {.name = "kappa",
             .doc =
                 "The worst ratio ||F - mean_S||^2 / variance_S over all S of n-f rows that a search finds "
                 "stays small: (f, kappa)-robustness (Allouah, Farhadkhani, Guerraoui, Gupta, Pinot, "
                 "Stephan, AISTATS 2023), for rules whose right answer nobody prescribes.",
             .params = params,
             .param_count = BYZ_LENGTH(params),
             .params_size = sizeof(struct kappa_params)},
    .figure = "worst ratio to the honest variance",
    .least_is_first = true,
    .built = true,
    .validate = validate,
    .run = run,
};
