/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/num/distance.h"
#include "sim/num/dispatch.h"
#include "sim/num/rows.h"

#include <math.h>
#include <string.h>

/* LANES float accumulators hold at most STRETCH / LANES squares each before they are added up in double. */
enum { LANES = 16, STRETCH = 512 };

/* Columns are cut into parts, each summed by one thread into its own triangle; the number of parts depends on
 * the shape alone and is small when triangles are large. */
static size_t part_count(size_t n, size_t d)
{
    size_t by_length = (d + 8191) / 8192, by_memory = ((size_t)1 << 22) / (n * n + 1) + 1;
    size_t parts = by_length < 64 ? by_length : 64;
    parts = parts < by_memory ? parts : by_memory;
    return parts < 1 ? 1 : parts;
}

static size_t triangle(size_t n)
{
    return n * (n - 1) / 2 + 1;
}

size_t distance_scratch_bytes(size_t n, size_t d)
{
    size_t most = 0;
    for (size_t rows = 1; rows <= n; rows++) { /* fewer rows may be cut into more parts */
        size_t sums = part_count(rows, d) * triangle(rows);
        most = sums > most ? sums : most;
    }
    return most * sizeof(double);
}

NUM_CLONES static double stretch_squared(const float *restrict a, const float *restrict b, size_t width)
{
    float lanes[LANES] = {0};
    size_t k = 0;
    for (; k + LANES <= width; k += LANES)
        for (size_t l = 0; l < LANES; l++) {
            float difference = a[k + l] - b[k + l];
            lanes[l] += difference * difference;
        }
    for (size_t l = 0; k + l < width; l++) {
        float difference = a[k + l] - b[k + l];
        lanes[l] += difference * difference;
    }
    double sum[8];
    for (size_t l = 0; l < 8; l++)
        sum[l] = (double)lanes[l] + (double)lanes[l + 8];
    return ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
}

/* Squares below the normal floats lose digits, at most 2^-150 each: a sum under this has not enough left. */
static const double least_exact = 0x1p-116;

static double careful_squared(const float *a, const float *b, size_t width)
{
    double sum = stretch_squared(a, b, width);
    if (isfinite(sum) && sum >= least_exact)
        return sum;
    if (sum == 0 && memcmp(a, b, width * sizeof *a) == 0) /* dead units: long runs of equal zeros */
        return 0;
    return rows_distance2(a, b, width);
}

/* One part: all pairs, a stretch at a time so that the rows stay in the cache. */
static void part_squared(const float *x, size_t n, size_t ld, size_t from, size_t to, double *sums)
{
    for (size_t at = from; at < to; at += STRETCH) {
        size_t width = to - at < STRETCH ? to - at : STRETCH, pair = 0;
        for (size_t i = 0; i < n; i++)
            for (size_t j = i + 1; j < n; j++)
                sums[pair++] += careful_squared(x + i * ld + at, x + j * ld + at, width);
    }
}

void distance_squared(const float *x, size_t n, size_t d, size_t ld, void *scratch, double *out)
{
    size_t parts = part_count(n, d), pairs = triangle(n);
    size_t step = ((d + parts - 1) / parts + STRETCH - 1) / STRETCH * STRETCH;
    double *sums = scratch;
    memset(sums, 0, parts * pairs * sizeof *sums);
#pragma omp parallel for schedule(dynamic)
    for (size_t part = 0; part < parts; part++) {
        size_t from = part * step, to = from + step < d ? from + step : d;
        if (from < to)
            part_squared(x, n, ld, from, to, sums + part * pairs);
    }
    size_t pair = 0;
    for (size_t i = 0; i < n; i++) {
        out[i * n + i] = 0;
        for (size_t j = i + 1; j < n; j++, pair++) {
            double sum = 0;
            for (size_t part = 0; part < parts; part++)
                sum += sums[part * pairs + pair];
            out[i * n + j] = out[j * n + i] = isnan(sum) ? INFINITY : sum;
        }
    }
}
