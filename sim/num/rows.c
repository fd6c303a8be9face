/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/num/rows.h"
#include "sim/num/dispatch.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* Columns of one unit of work: its double accumulators stay in the first-level cache. */
enum { BLOCK = 1024, LANES = 16 };

static size_t block_end(size_t from, size_t d)
{
    return d - from < BLOCK ? d : from + BLOCK;
}

void rows_of_matrix(const float *x, size_t n, size_t ld, const float **pointers)
{
    for (size_t i = 0; i < n; i++)
        pointers[i] = x + i * ld;
}

/* sum[k] += weight * row[k] for `width` columns. */
NUM_CLONES static void add_scaled(const float *restrict row, double weight, size_t width,
                                  double *restrict sum)
{
    for (size_t k = 0; k < width; k++)
        sum[k] += weight * (double)row[k];
}

/* squares[k] += (row[k] - mean[k])^2. */
NUM_CLONES static void add_squares(const float *restrict row, const double *restrict mean, size_t width,
                                   double *restrict squares)
{
    for (size_t k = 0; k < width; k++) {
        double difference = (double)row[k] - mean[k];
        squares[k] += difference * difference;
    }
}

static void block_mean(const float *const *rows, size_t count, size_t from, size_t width, double *mean)
{
    memset(mean, 0, width * sizeof *mean);
    for (size_t i = 0; i < count; i++)
        add_scaled(rows[i] + from, 1.0, width, mean);
    for (size_t k = 0; k < width; k++)
        mean[k] /= (double)count;
}

void rows_combine(const float *const *rows, size_t count, size_t d, const double *weights, float *out)
{
#pragma omp parallel for schedule(static)
    for (size_t from = 0; from < d; from += BLOCK) {
        double sum[BLOCK];
        size_t width = block_end(from, d) - from;
        if (weights == NULL) {
            block_mean(rows, count, from, width, sum);
        } else {
            memset(sum, 0, width * sizeof *sum);
            for (size_t i = 0; i < count; i++)
                if (weights[i] != 0)
                    add_scaled(rows[i] + from, weights[i], width, sum);
        }
        for (size_t k = 0; k < width; k++)
            out[from + k] = (float)sum[k];
    }
}

static void block_mean_squares(const float *const *rows, size_t count, size_t from, size_t width,
                               double *mean, double *squares)
{
    block_mean(rows, count, from, width, mean);
    memset(squares, 0, width * sizeof *squares);
    for (size_t i = 0; i < count; i++)
        add_squares(rows[i] + from, mean, width, squares);
}

void rows_mean_std(const float *const *rows, size_t count, size_t d, unsigned ddof, float *mean, float *std)
{
#pragma omp parallel for schedule(static)
    for (size_t from = 0; from < d; from += BLOCK) {
        double centre[BLOCK], squares[BLOCK];
        size_t width = block_end(from, d) - from;
        block_mean_squares(rows, count, from, width, centre, squares);
        for (size_t k = 0; k < width; k++) {
            mean[from + k] = (float)centre[k];
            std[from + k] = (float)sqrt(squares[k] / (double)(count - ddof));
        }
    }
}

/* Sums of blocks are kept in groups, so that the partial sums fit on the stack for any d. */
enum { GROUPS = 256 };

static size_t group_columns(size_t d)
{
    size_t blocks = (d + BLOCK - 1) / BLOCK, per_group = (blocks + GROUPS - 1) / GROUPS;
    return per_group * BLOCK;
}

static double add_up(const double *partial, size_t count)
{
    double sum = 0;
    for (size_t g = 0; g < count; g++)
        sum += partial[g];
    return sum;
}

double rows_mean_variance(const float *const *rows, size_t count, size_t d, float *mean)
{
    double partial[GROUPS] = {0};
    size_t step = group_columns(d);
#pragma omp parallel for schedule(static)
    for (size_t group = 0; group < GROUPS; group++) {
        double centre[BLOCK], squares[BLOCK];
        for (size_t from = group * step; from < (group + 1) * step && from < d; from += BLOCK) {
            size_t width = block_end(from, d) - from;
            block_mean_squares(rows, count, from, width, centre, squares);
            for (size_t k = 0; k < width; k++)
                mean[from + k] = (float)centre[k];
            partial[group] += add_up(squares, width);
        }
    }
    return add_up(partial, GROUPS) / (double)count;
}

static double lane_sum(const double lanes[LANES])
{
    double sum[8];
    for (size_t l = 0; l < 8; l++)
        sum[l] = lanes[l] + lanes[l + 8];
    return ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
}

/* sum_k a[k] b[k] of one stretch, in LANES accumulators. */
NUM_CLONES static double stretch_dot(const float *restrict a, const float *restrict b, size_t d)
{
    double lanes[LANES] = {0};
    size_t k = 0;
    for (; k + LANES <= d; k += LANES)
        for (size_t l = 0; l < LANES; l++)
            lanes[l] += (double)a[k + l] * (double)b[k + l];
    for (size_t l = 0; k + l < d; l++)
        lanes[l] += (double)a[k + l] * (double)b[k + l];
    return lane_sum(lanes);
}

NUM_CLONES static double stretch_distance2(const float *restrict a, const float *restrict b, size_t d)
{
    double lanes[LANES] = {0};
    size_t k = 0;
    for (; k + LANES <= d; k += LANES)
        for (size_t l = 0; l < LANES; l++) {
            double difference = (double)a[k + l] - (double)b[k + l];
            lanes[l] += difference * difference;
        }
    for (size_t l = 0; k + l < d; l++) {
        double difference = (double)a[k + l] - (double)b[k + l];
        lanes[l] += difference * difference;
    }
    return lane_sum(lanes);
}

double rows_dot(const float *a, const float *b, size_t d)
{
    return stretch_dot(a, b, d);
}

double rows_norm2(const float *a, size_t d)
{
    return stretch_dot(a, a, d);
}

double rows_distance2(const float *a, const float *b, size_t d)
{
    return stretch_distance2(a, b, d);
}

NUM_CLONES static void stretch_scale(const float *a, size_t d, double factor, float *out)
{
    for (size_t k = 0; k < d; k++)
        out[k] = (float)(factor * (double)a[k]);
}

void rows_scale(const float *a, size_t d, double factor, float *out)
{
    stretch_scale(a, d, factor, out);
}

/* All-ones exponents mark NaN and infinity; the test is on bits, so that no compiler option can fold it away.
 */
NUM_CLONES static uint32_t worst_exponent(const float *a, size_t d)
{
    uint32_t worst = 0;
    for (size_t k = 0; k < d; k++) {
        uint32_t bits;
        memcpy(&bits, &a[k], sizeof bits);
        uint32_t exponent = bits & 0x7F800000u;
        worst = exponent > worst ? exponent : worst;
    }
    return worst;
}

bool rows_finite(const float *a, size_t d)
{
    return worst_exponent(a, d) != 0x7F800000u;
}
