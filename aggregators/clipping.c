/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Static clipping: a row longer than the threshold is scaled down to it; "median" takes the median norm of
 * the rows. Cost: one pass for the norms, one to write. Check: row (1,2,3), threshold 2: norm sqrt(14), so
 * (1,2,3) * 2/3.7417 = (0.5345, 1.0690, 1.6036).
 */
#include "aggregators/norms.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics.h>
#include <string.h>

enum { MEDIAN_NORM };

struct clipping_params {
    struct byz_real_or_choice threshold;
};

static const char *const threshold_words[] = {"median", NULL};

static const struct byz_param clipping_params[] = {
    {.name = "threshold",
     .type = BYZ_REAL_OR_CHOICE,
     .offset = offsetof(struct clipping_params, threshold),
     .initial = 2,
     .max = DBL_MAX,
     .choices = threshold_words,
     .doc = "Norm to which longer messages are scaled; \"median\": the median norm of the round's messages."},
};

static size_t clipping_scratch(const void *params, size_t n, size_t d, size_t threads)
{
    (void)params, (void)d, (void)threads;
    return 2 * n * sizeof(double);
}

static int clipping_prepare(const void *params, const struct byz_aggregator_input *in, double *mix,
                            char reason[BYZ_REASON_SIZE])
{
    (void)reason;
    const struct clipping_params *p = params;
    double *norms = in->scratch, *sorted = norms + in->n, limit = p->threshold.value;
    norms_of_rows(in, norms);
    if (p->threshold.choice == MEDIAN_NORM) {
        memcpy(sorted, norms, in->n * sizeof *norms);
        gsl_sort(sorted, 1, in->n);
        limit = gsl_stats_median_from_sorted_data(sorted, 1, in->n);
    }
    norms_to_factors(in, limit, NULL, norms, mix);
    return 0;
}

static void clipping_columns(const void *params, const struct byz_aggregator_input *in, size_t from,
                             size_t width, float *out, size_t ld)
{
    (void)params;
    norms_columns(in, in->scratch, from, width, out, ld);
}

const struct byz_preaggregator preaggregator_clipping = {
    .base = {.name = "clipping",
             .doc = "Messages longer than a threshold are scaled down to it.",
             .formula = "y_i = x_i min(1, threshold / ||x_i||)\n"
                        "threshold \"median\": the median of ||x_1||, ..., ||x_n||\n"
                        "a row of infinite norm, or with a NaN, becomes zero",
             .validity = "any n and f",
             .cost = "2 passes, O(n d); O(n) memory",
             .paper =
                 "Pascanu, Mikolov, Bengio, \"On the difficulty of training recurrent neural networks\", "
                 "ICML 2013, for clipping by norm; as a defence it is common practice.",
             .resists = "Long messages: bounds what one worker can do to a mean.",
             .breaks = "Direction is left as it is, so short reversed messages pass; a threshold fixed in "
                       "advance also shortens honest messages, and loses the robustness guarantee of the "
                       "rule behind (Allouah et al., ICLR 2025).",
             .params = clipping_params,
             .param_count = BYZ_LENGTH(clipping_params),
             .params_size = sizeof(struct clipping_params)},
    .keeps_rows = true,
    .in_place = true,
    .scratch_bytes = clipping_scratch,
    .prepare = clipping_prepare,
    .columns = clipping_columns,
};
