/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "aggregators/picks.h"
#include "sim/num/rows.h"
#include "sim/num/select.h"

#include <math.h>
#include <string.h>

void picks_distances(const struct byz_aggregator_input *in, const float *centre, double *squared)
{
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < in->n; i++) {
        const float *row = in->x + i * in->ld;
        double found = centre == NULL ? rows_norm2(row, in->d) : rows_distance2(row, centre, in->d);
        squared[i] = isnan(found) ? INFINITY : found;
    }
}

size_t picks_scratch_bytes(size_t n)
{
    return n * (sizeof(float *) + sizeof(size_t)) + select_best_scratch_bytes(n);
}

void picks_mean(const struct byz_aggregator_input *in, const size_t *picks, size_t count, void *scratch,
                float *out)
{
    const float **rows = scratch;
    double *weights = in->report->weights;
    for (size_t k = 0; k < count; k++)
        rows[k] = in->x + picks[k] * in->ld;
    rows_combine(rows, count, in->d, NULL, out);
    in->report->filled = weights != NULL;
    if (weights == NULL)
        return;
    memset(weights, 0, in->n * sizeof *weights);
    for (size_t k = 0; k < count; k++)
        weights[picks[k]] = 1.0 / (double)count;
}

void picks_mean_of_best(const struct byz_aggregator_input *in, const double *scores, size_t m, void *scratch,
                        float *out)
{
    const float **rows = scratch;
    size_t *picks = (size_t *)(void *)(rows + in->n);
    select_best(scores, in->n, m, picks + in->n, picks);
    picks_mean(in, picks, m, rows, out);
}
