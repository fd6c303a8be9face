/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * FLTrust: the server holds clean data of its own, the root data, and computes a gradient g0 on it. A message
 * is trusted as far as it points the way of g0, TS_i = max(0, cos(x_i, g0)), and is brought to the length of
 * g0: out = sum_i TS_i (||g0|| / ||x_i||) x_i / sum_i TS_i. Cao, Fang, Liu, Gong, "FLTrust: Byzantine-robust
 * federated learning via trust bootstrapping", NDSS 2021.
 *
 * A row that is zero or malformed has no trust. No trust at all: there is no answer. The weights reported are
 * TS_i / sum TS, the shares by which the rows enter after they have been brought to one length.
 *
 * Cost: one pass for the angles, one to combine. Check: g0 = (1, 0); rows (3, 4), (0, 2), (2, 0) have trust
 * 0.6, 0, 1 and give (0.6 (0.6, 0.8) + (1, 0)) / 1.6 = (0.85, 0.3).
 */
#include "sim/api/byz_aggregator.h"
#include "sim/num/rows.h"

#include <math.h>
#include <stdio.h>

/* Columns whose sums are added up by themselves. */
enum { COLUMNS = 4096 };

struct fltrust_params {
    uint64_t root_samples;
};

static const struct byz_param fltrust_params[] = {
    {.name = "root_samples",
     .type = BYZ_COUNT,
     .offset = offsetof(struct fltrust_params, root_samples),
     .initial = 100,
     .min = 1,
     .max = BYZ_COUNT_MOST,
     .doc = "Clean samples that the server holds, drawn once from the training data; at most all of it."},
};

static size_t fltrust_samples(const void *params)
{
    return (size_t)((const struct fltrust_params *)params)->root_samples;
}

static size_t fltrust_scratch(const void *params, size_t n, size_t d, size_t threads)
{
    (void)params, (void)d, (void)threads;
    return n * (sizeof(float *) + 2 * sizeof(double));
}

/* The trust in a row, and the factor that brings it to the length of g0. */
static double trust(const float *row, const float *g0, size_t d, double length, double *factor)
{
    double inner = 0, squared = 0;
    for (size_t from = 0; from < d; from += COLUMNS) {
        size_t width = d - from < COLUMNS ? d - from : COLUMNS;
        double part;
        inner += rows_dot_norm2(row + from, g0 + from, width, &part);
        squared += part;
    }
    double cosine = inner / (sqrt(squared) * length);
    *factor = length / sqrt(squared);
    return isfinite(squared) && cosine > 0 ? cosine : 0;
}

static int fltrust_apply(const void *params, const struct byz_aggregator_input *in, float *out,
                         char reason[BYZ_REASON_SIZE])
{
    (void)params;
    size_t n = in->n;
    const float **rows = in->scratch, *g0 = in->facts.server_gradient;
    double *share = (double *)(void *)(rows + n), *factor = share + n, total = 0;
    double length = sqrt(rows_norm2(g0, in->d));
    if (!(length > 0 && isfinite(length))) {
        snprintf(reason, BYZ_REASON_SIZE, "fltrust: the length of the server's own gradient is %g", length);
        return 1;
    }
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < n; i++)
        share[i] = trust(in->x + i * in->ld, g0, in->d, length, &factor[i]);
    for (size_t i = 0; i < n; i++)
        total += share[i];
    if (!(total > 0)) {
        snprintf(reason, BYZ_REASON_SIZE,
                 "fltrust trusts none of the %zu messages: none points the way of the server's gradient", n);
        return 1;
    }
    for (size_t i = 0; i < n; i++) {
        share[i] /= total;
        if (in->report->weights != NULL)
            in->report->weights[i] = share[i];
        share[i] = share[i] > 0 ? share[i] * factor[i] : 0;
    }
    in->report->filled = in->report->weights != NULL;
    rows_of_matrix(in->x, n, in->ld, rows);
    rows_combine(rows, n, in->d, share, out);
    return 0;
}

const struct byz_aggregator aggregator_fltrust = {
    .base = {.name = "fltrust",
             .doc = "The server holds clean data of its own and trusts a message as far as it points the way "
                    "of the gradient on that data; all messages are brought to the length of that gradient. "
                    "The server's data is drawn from the training data, and its gradient is computed as a "
                    "worker's would be, without momentum.",
             .formula = "g0 = gradient on the server's root data\n"
                        "TS_i = max(0, cos(x_i, g0)), 0 for a zero or malformed row\n"
                        "out = sum_i TS_i (||g0|| / ||x_i||) x_i / sum_i TS_i\n"
                        "no answer when all TS_i are 0; the weights reported are TS_i / sum TS",
             .validity = "any n and f; the server must hold data of its own",
             .cost = "2 passes, and one more gradient a round; d floats for it",
             .paper = "Cao, Fang, Liu, Gong, \"FLTrust: Byzantine-robust federated learning via trust "
                      "bootstrapping\", NDSS 2021.",
             .resists = "Any number of Byzantine workers, even a majority: a message against the server's "
                        "gradient has no trust, and no message is longer than that gradient.",
             .breaks = "Root data unlike the workers' data, or too few samples of it: then honest messages "
                       "are distrusted. Messages at a small angle to the server's gradient keep their trust.",
             .params = fltrust_params,
             .param_count = BYZ_LENGTH(fltrust_params),
             .params_size = sizeof(struct fltrust_params)},
    .promises = BYZ_PERMUTATION | BYZ_TOLERANT | BYZ_REPORTS,
    .needs = BYZ_NEEDS_SERVER_GRADIENT,
    .rescales = true,
    .scratch_bytes = fltrust_scratch,
    .server_samples = fltrust_samples,
    .apply = fltrust_apply,
};
