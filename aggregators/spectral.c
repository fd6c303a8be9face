/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "aggregators/spectral.h"
#include "sim/num/eigen.h"
#include "sim/num/rows.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

size_t spectral_sound_rows(const double *distances, size_t n, double *weights, char reason[BYZ_REASON_SIZE])
{
    size_t sound = 0;
    for (size_t i = 0; i < n; i++) {
        bool near = n == 1;
        for (size_t j = 0; j < n; j++)
            near = near || (j != i && isfinite(distances[i * n + j]));
        weights[i] = near;
        sound += near;
    }
    if (sound == 0)
        snprintf(reason, BYZ_REASON_SIZE, "no two messages are at a finite distance: n=%zu", n);
    return sound;
}

/* Scratch: the centred inner products (n, n), of which the eigenvalue takes a weighted copy (m, m); the rows
 * of positive weight (n); r and the eigenvector (n each); the solver's. */
size_t spectral_scratch_bytes(size_t n)
{
    return (2 * n * n + 2 * n) * sizeof(double) + n * sizeof(size_t) + eigen_scratch_bytes(n);
}

/* The mean squared distance from each row to the weighted ones; *middle: the weighted mean of that. */
static void mean_distances(const double *distances, size_t n, const double *weights, double *r,
                           double *middle)
{
    double total = 0, sum = 0;
    for (size_t i = 0; i < n; i++)
        total += weights[i];
    for (size_t i = 0; i < n; i++) {
        r[i] = 0;
        for (size_t j = 0; j < n; j++)
            r[i] += weights[j] > 0 ? weights[j] / total * distances[i * n + j] : 0;
        sum += weights[i] > 0 ? weights[i] / total * r[i] : 0;
    }
    *middle = sum;
}

double spectral_scores(const double *distances, size_t n, const double *weights, void *scratch,
                       double *scores)
{
    double *inner = scratch, *matrix = inner + n * n, *r = matrix + n * n, *vector = r + n, middle, total = 0;
    size_t *members = (size_t *)(void *)(vector + n), m = 0;
    mean_distances(distances, n, weights, r, &middle);
    for (size_t i = 0; i < n; i++) {
        total += weights[i];
        if (weights[i] > 0)
            members[m++] = i;
    }
    for (size_t i = 0; i < n; i++)
        for (size_t a = 0; a < m; a++)
            inner[i * m + a] = (r[i] + r[members[a]] - distances[i * n + members[a]] - middle) / 2;
    for (size_t a = 0; a < m; a++)
        for (size_t b = 0; b < m; b++)
            matrix[a * m + b] =
                inner[members[a] * m + b] * sqrt(weights[members[a]] / total * (weights[members[b]] / total));
    double value = eigen_largest(matrix, m, members + n, vector);
    for (size_t i = 0; i < n; i++) {
        double sum = 0;
        for (size_t a = 0; a < m; a++)
            sum += inner[i * m + a] * sqrt(weights[members[a]] / total) * vector[a];
        scores[i] = isnan(sum) ? INFINITY : value > 0 ? sum / value * sum : 0;
    }
    return value;
}

void spectral_mean(const struct byz_aggregator_input *in, double *weights, void *scratch, float *out)
{
    const float **rows = scratch;
    double total = 0;
    for (size_t i = 0; i < in->n; i++)
        total += weights[i];
    for (size_t i = 0; i < in->n; i++)
        weights[i] /= total;
    rows_of_matrix(in->x, in->n, in->ld, rows);
    rows_combine(rows, in->n, in->d, weights, out);
    if (in->report->weights != NULL)
        memcpy(in->report->weights, weights, in->n * sizeof *weights);
    in->report->filled = in->report->weights != NULL;
}

double spectral_subsets(size_t n, size_t f)
{
    double count = 1;
    size_t few = f < n - f ? f : n - f;
    for (size_t i = 1; i <= few; i++)
        count = count * (double)(n - few + i) / (double)i;
    return round(count);
}

void spectral_subset_mean(const struct byz_aggregator_input *in, const size_t *subset, size_t count,
                          void *scratch, float *out)
{
    double *weights = scratch;
    for (size_t i = 0; i < in->n; i++)
        weights[i] = 0;
    for (size_t i = 0; i < count; i++)
        weights[subset[i]] = 1;
    spectral_mean(in, weights, weights + in->n, out);
}
