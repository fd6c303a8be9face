/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/num/dispatch.h"
#include "sim/num/select.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* Distances between rows are good to this part of themselves. */
static const double precision = 0x1p-24;

/* The next weights, and the squared distances to the moving point. */
size_t select_weights_scratch_bytes(size_t n)
{
    return 2 * n * sizeof(double);
}

/* Sums that are kept in registers together. */
enum { WIDE = 32 };

/* sums[k] = sum_j weights[j] rows[j * n + k] for WIDE columns or fewer; rows without weight may be infinitely
 * far. */
NUM_CLONES static void wide_sums(const double *rows, size_t n, const double *weights, double *sums)
{
    double sum[WIDE] = {0};
    for (size_t j = 0; j < n; j++)
        if (weights[j] != 0)
            for (size_t k = 0; k < WIDE; k++)
                sum[k] += weights[j] * rows[j * n + k];
    memcpy(sums, sum, sizeof sum);
}

static void narrow_sums(const double *rows, size_t n, const double *weights, size_t width, double *sums)
{
    memset(sums, 0, width * sizeof *sums);
    for (size_t j = 0; j < n; j++)
        for (size_t k = 0; weights[j] != 0 && k < width; k++)
            sums[k] += weights[j] * rows[j * n + k];
}

/* sum_j weights[j] row[j]; rows without weight may be infinitely far. */
static double weighted_sum(const double *row, const double *weights, size_t n)
{
    double sum = 0;
    for (size_t j = 0; j < n; j++)
        if (weights[j] != 0)
            sum += weights[j] * row[j];
    return sum;
}

/* Beyond this uncertainty a squared distance is looked at more closely. */
static const double doubtful = 1e-3;

/* ||x_i - z||^2 as || sum_j w_j (x_j - x_i) ||^2, which the weight of row i itself has no part in: where that
 * is nearly all of the weight, z lies beside x_i and the sums of select_distances_to cancel. to_i: sum_j w_j
 * D_ij. */
static double without_own_weight(const double *distances, size_t n, const double *weights, size_t i,
                                 double to_i, double negligible, double *squared)
{
    double others = 0, spread = 0;
    for (size_t j = 0; j < n; j++) {
        double sum = 0;
        if (j == i || weights[j] == 0)
            continue;
        for (size_t k = 0; k < n; k++)
            if (k != i && weights[k] != 0)
                sum += weights[k] * distances[j * n + k];
        others += weights[j];
        spread += weights[j] * sum / 2;
    }
    double found = others * to_i - spread;
    *squared = found > 0 ? found : 0;
    return precision * (others * to_i + spread) / fmax(fmax(found, negligible), 0x1p-1022);
}

double select_distances_to(const double *distances, size_t n, const double *weights, double negligible,
                           double *squared)
{
    size_t i = 0;
    for (; i + WIDE <= n; i += WIDE) /* rows are columns, and columns can be added side by side */
        wide_sums(distances + i, n, weights, squared + i);
    narrow_sums(distances + i, n, weights, n - i, squared + i);
    double half_spread = weighted_sum(squared, weights, n) / 2, uncertainty = 0;
    for (i = 0; i < n; i++) {
        double size = squared[i] + half_spread, found = squared[i] - half_spread;
        if (isinf(squared[i])) /* infinitely far from a row with weight */
            continue;
        double doubt = precision * size / fmax(fmax(found, negligible), 0x1p-1022), to_i = squared[i];
        squared[i] = found > 0 ? found : 0; /* rounding can make it a little negative */
        if (doubt > doubtful)
            doubt = without_own_weight(distances, n, weights, i, to_i, negligible, &squared[i]);
        uncertainty = fmax(uncertainty, doubt);
    }
    return uncertainty;
}

/* Divides by the sum; false when there is none. */
static bool normalise(double *weights, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += weights[i];
    for (size_t i = 0; sum > 0 && i < n; i++)
        weights[i] /= sum;
    return sum > 0;
}

/* Equal weights of the rows that have another at finite distance. */
static bool start_from_mean(const double *distances, size_t n, double *weights)
{
    for (size_t i = 0; i < n; i++) {
        weights[i] = n == 1;
        for (size_t j = 0; j < n; j++)
            if (j != i && isfinite(distances[i * n + j]))
                weights[i] = 1;
    }
    return normalise(weights, n);
}

static bool weiszfeld(const double *squared, size_t n, double nu, double *weights)
{
    for (size_t i = 0; i < n; i++)
        weights[i] = isfinite(squared[i]) ? 1 / fmax(nu, sqrt(squared[i])) : 0;
    return normalise(weights, n);
}

static double largest_change(const double *a, const double *b, size_t n)
{
    double change = 0;
    for (size_t i = 0; i < n; i++)
        change = fmax(change, fabs(a[i] - b[i]));
    return change;
}

struct select_trace select_geometric_median(const double *distances, size_t n, const double *first, double nu,
                                            size_t iterations, double tolerance, void *scratch,
                                            double *weights)
{
    struct select_trace trace = {0};
    double *next = scratch, *squared = next + n, change = INFINITY;
    if (first == NULL && !start_from_mean(distances, n, weights))
        return trace;
    while (trace.iterations < iterations && !(tolerance > 0 && change <= tolerance)) {
        bool given = first != NULL && trace.iterations == 0;
        double doubt = given ? 0 : select_distances_to(distances, n, weights, nu * nu, squared);
        trace.uncertainty = fmax(trace.uncertainty, doubt);
        if (!weiszfeld(given ? first : squared, n, nu, next)) {
            memset(weights, 0, n * sizeof *weights);
            break;
        }
        change = given ? INFINITY : largest_change(weights, next, n);
        memcpy(weights, next, n * sizeof *weights);
        trace.iterations++;
    }
    return trace;
}

struct select_trace select_centered_clipping(const double *distances, size_t n, double tau, size_t iterations,
                                             void *scratch, double *weights)
{
    struct select_trace trace = {0};
    double *squared = scratch;
    memset(weights, 0, n * sizeof *weights);
    weights[n] = 1;
    for (; trace.iterations < iterations; trace.iterations++) {
        double moved = 0;
        trace.uncertainty =
            fmax(trace.uncertainty, select_distances_to(distances, n + 1, weights, tau * tau, squared));
        for (size_t i = 0; i < n; i++) { /* turned into the row's share of the step */
            double distance = sqrt(squared[i]);
            squared[i] = (distance <= tau ? 1 : tau / distance) / (double)n;
            moved += squared[i];
        }
        for (size_t j = 0; j <= n; j++)
            weights[j] = weights[j] * (1 - moved) + (j < n ? squared[j] : 0);
    }
    return trace;
}
