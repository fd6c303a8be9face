/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/num/rows.h"
#include "sim/num/dispatch.h"
#include "sim/num/rows_avx512.h"
#include "sim/num/rows_far.h"

#include <math.h>
#include <string.h>

/* Columns of one unit of work; columns whose sums are kept in registers together; how many floats ahead a row
 * is fetched, because the processor's own prefetcher does not follow this many streams. */
enum { BLOCK = 1024, WIDE = 16, AHEAD = 128, LANES = 16 };

static size_t least_of(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t step_of(bool far)
{
    return far ? ROWS_FAR : BLOCK;
}

void rows_of_matrix(const float *x, size_t n, size_t ld, const float **pointers)
{
    for (size_t i = 0; i < n; i++)
        pointers[i] = x + i * ld;
}

/* Eight columns of a row as they lie in memory, and eight sums. A stretch is WIDE / 8 such groups; a column's
 * rows are added one after the other, here and in the narrow versions below, so its bits do not depend on
 * where a block begins. */
typedef float column_floats __attribute__((vector_size(32), aligned(4), may_alias));
typedef double column_sums __attribute__((vector_size(64), aligned(8), may_alias));
enum { GROUP = 8, GROUPS_WIDE = WIDE / GROUP };

#define LOAD_GROUP(row, g) __builtin_convertvector(*(const column_floats *)((row) + GROUP * (g)), column_sums)

/* Both cache lines of the row's stretch that comes AHEAD floats later. */
static inline void fetch_ahead(const float *row)
{
    for (size_t k = 0; k < WIDE; k += LANES)
        __builtin_prefetch(row + AHEAD + k);
}

NUM_CLONES static void wide_mean(const float *const *rows, size_t count, size_t from, double *mean)
{
    column_sums sum[GROUPS_WIDE] = {{0}};
    for (size_t i = 0; i < count; i++) {
        const float *row = rows[i] + from;
        fetch_ahead(row);
        for (size_t g = 0; g < GROUPS_WIDE; g++)
            sum[g] += LOAD_GROUP(row, g);
    }
    for (size_t g = 0; g < GROUPS_WIDE; g++)
        *(column_sums *)(mean + GROUP * g) = sum[g] / (double)count;
}

NUM_CLONES static void wide_squares(const float *const *rows, size_t count, size_t from, const double *mean,
                                    double *squares)
{
    column_sums sum[GROUPS_WIDE] = {{0}}, centre[GROUPS_WIDE];
    memcpy(centre, mean, sizeof centre);
    for (size_t i = 0; i < count; i++) {
        const float *row = rows[i] + from;
        for (size_t g = 0; g < GROUPS_WIDE; g++) {
            column_sums difference = LOAD_GROUP(row, g) - centre[g];
            sum[g] += difference * difference;
        }
    }
    memcpy(squares, sum, sizeof sum);
}

NUM_CLONES static void wide_combine(const float *const *rows, size_t count, size_t from,
                                    const double *weights, double *out)
{
    column_sums sum[GROUPS_WIDE] = {{0}};
    for (size_t i = 0; i < count; i++) {
        if (weights[i] == 0)
            continue;
        const float *row = rows[i] + from;
        fetch_ahead(row);
        for (size_t g = 0; g < GROUPS_WIDE; g++)
            sum[g] += weights[i] * LOAD_GROUP(row, g);
    }
    memcpy(out, sum, sizeof sum);
}

/* The same where the rows lie in the caches: wider stretches and a shorter way ahead keep more of the
 * processor busy, which from memory costs more than it brings. */
enum { NEAR_WIDE = 32, NEAR_AHEAD = 64, NEAR_BYTES = 24 << 20 };

static inline void fetch_near(const float *row)
{
    for (size_t k = 0; k < NEAR_WIDE; k += LANES)
        __builtin_prefetch(row + NEAR_AHEAD + k);
}

NUM_CLONES static void near_mean(const float *const *rows, size_t count, size_t from, double *restrict mean)
{
    double sum[NEAR_WIDE] = {0};
    for (size_t i = 0; i < count; i++) {
        const float *restrict row = rows[i] + from;
        fetch_near(row);
        for (size_t k = 0; k < NEAR_WIDE; k++)
            sum[k] += (double)row[k];
    }
    for (size_t k = 0; k < NEAR_WIDE; k++)
        mean[k] = sum[k] / (double)count;
}

NUM_CLONES static void near_combine(const float *const *rows, size_t count, size_t from,
                                    const double *weights, double *restrict out)
{
    double sum[NEAR_WIDE] = {0};
    for (size_t i = 0; i < count; i++) {
        if (weights[i] == 0)
            continue;
        const float *restrict row = rows[i] + from;
        fetch_near(row);
        for (size_t k = 0; k < NEAR_WIDE; k++)
            sum[k] += weights[i] * (double)row[k];
    }
    memcpy(out, sum, sizeof sum);
}

/* The same for the columns behind the last full stretch of WIDE. */
static void narrow_mean(const float *const *rows, size_t count, size_t from, size_t width, double *mean)
{
    memset(mean, 0, width * sizeof *mean);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < width; k++)
            mean[k] += (double)rows[i][from + k];
    for (size_t k = 0; k < width; k++)
        mean[k] /= (double)count;
}

static void narrow_squares(const float *const *rows, size_t count, size_t from, size_t width,
                           const double *mean, double *squares)
{
    memset(squares, 0, width * sizeof *squares);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < width; k++) {
            double difference = (double)rows[i][from + k] - mean[k];
            squares[k] += difference * difference;
        }
}

static void narrow_combine(const float *const *rows, size_t count, size_t from, size_t width,
                           const double *weights, double *sum)
{
    memset(sum, 0, width * sizeof *sum);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; weights[i] != 0 && k < width; k++)
            sum[k] += weights[i] * (double)rows[i][from + k];
}

static void block_mean(const float *const *rows, size_t count, size_t from, size_t width, bool near,
                       double *mean)
{
    size_t k = 0;
    for (; near && k + NEAR_WIDE <= width; k += NEAR_WIDE)
        near_mean(rows, count, from + k, mean + k);
    for (; k + WIDE <= width; k += WIDE)
        wide_mean(rows, count, from + k, mean + k);
    narrow_mean(rows, count, from + k, width - k, mean + k);
}

static void block_combine(const float *const *rows, size_t count, size_t from, size_t width,
                          const double *weights, bool near, double *sum)
{
    size_t k = 0;
    for (; near && k + NEAR_WIDE <= width; k += NEAR_WIDE)
        near_combine(rows, count, from + k, weights, sum + k);
    for (; k + WIDE <= width; k += WIDE)
        wide_combine(rows, count, from + k, weights, sum + k);
    narrow_combine(rows, count, from + k, width - k, weights, sum + k);
}

NUM_CLONES static void round_sums(const double *restrict sum, size_t width, float *restrict out)
{
    for (size_t k = 0; k < width; k++)
        out[k] = (float)sum[k];
}

/* The widest vectors gain by runs wherever the rows lie. */
void rows_combine(const float *const *rows, size_t count, size_t d, const double *weights, float *out)
{
    bool near = count * d <= NEAR_BYTES / sizeof(float);
    bool far = rows_avx512_usable() || rows_far(count, d);
    size_t step = step_of(far);
#pragma omp parallel for schedule(static)
    for (size_t from = 0; from < d; from += step) {
        double sum[BLOCK];
        size_t width = least_of(d - from, step);
        if (far) {
            rows_far_combine(rows, count, from, width, weights, out + from);
            continue;
        }
        if (weights == NULL)
            block_mean(rows, count, from, width, near, sum);
        else
            block_combine(rows, count, from, width, weights, near, sum);
        round_sums(sum, width, out + from);
    }
}

/* The squares of a stretch are taken while its rows are still in the first-level cache. */
static void near_mean_squares(const float *const *rows, size_t count, size_t from, size_t width, double *mean,
                              double *squares)
{
    size_t k = 0;
    for (; rows_avx512_usable() && k + ROWS_AVX512_WIDE <= width; k += ROWS_AVX512_WIDE) {
        rows_avx512_mean(rows, count, from + k, AHEAD, mean + k);
        rows_avx512_squares(rows, count, from + k, mean + k, squares + k);
    }
    for (; k + WIDE <= width; k += WIDE) {
        wide_mean(rows, count, from + k, mean + k);
        wide_squares(rows, count, from + k, mean + k, squares + k);
    }
    narrow_mean(rows, count, from + k, width - k, mean + k);
    narrow_squares(rows, count, from + k, width - k, mean + k, squares + k);
}

/* A whole run is still in the second-level cache. */
static void far_mean_squares(const float *const *rows, size_t count, size_t from, size_t width, double *mean,
                             double *squares)
{
    size_t k = 0;
    rows_far_mean(rows, count, from, width, mean);
    for (; rows_avx512_usable() && k + ROWS_AVX512_WIDE <= width; k += ROWS_AVX512_WIDE)
        rows_avx512_squares(rows, count, from + k, mean + k, squares + k);
    for (; k + WIDE <= width; k += WIDE)
        wide_squares(rows, count, from + k, mean + k, squares + k);
    narrow_squares(rows, count, from + k, width - k, mean + k, squares + k);
}

/* Up to ROWS_FAR columns. */
static void mean_squares(const float *const *rows, size_t count, size_t from, size_t width, bool far,
                         double *mean, double *squares)
{
    (far ? far_mean_squares : near_mean_squares)(rows, count, from, width, mean, squares);
}

/* mean = centre; std = the root of squares / divisor. */
NUM_CLONES static void round_spreads(const double *restrict centre, const double *restrict squares,
                                     double divisor, size_t width, float *restrict mean, float *restrict std)
{
    for (size_t k = 0; k < width; k++) {
        mean[k] = (float)centre[k];
        std[k] = (float)sqrt(squares[k] / divisor);
    }
}

void rows_mean_std(const float *const *rows, size_t count, size_t d, unsigned ddof, float *mean, float *std)
{
    bool far = rows_far(count, d);
    size_t step = step_of(far);
#pragma omp parallel for schedule(static)
    for (size_t from = 0; from < d; from += step) {
        double centre[ROWS_FAR], squares[ROWS_FAR];
        size_t width = least_of(d - from, step);
        mean_squares(rows, count, from, width, far, centre, squares);
        round_spreads(centre, squares, (double)(count - ddof), width, mean + from, std + from);
    }
}

/* Sums of blocks are kept in groups, so that the partial sums fit on the stack for any d. */
static size_t group_columns(size_t d)
{
    size_t blocks = (d + BLOCK - 1) / BLOCK, per_group = (blocks + ROWS_GROUPS - 1) / ROWS_GROUPS;
    return per_group * BLOCK;
}

/* In LANES sums, which do not wait for each other. */
NUM_CLONES static double add_up(const double *partial, size_t count)
{
    double lanes[LANES] = {0}, sum = 0;
    size_t g = 0;
    for (; g + LANES <= count; g += LANES)
        for (size_t l = 0; l < LANES; l++)
            lanes[l] += partial[g + l];
    for (size_t l = 0; g + l < count; l++)
        lanes[l] += partial[g + l];
    for (size_t l = 0; l < LANES; l++)
        sum += lanes[l];
    return sum;
}

void rows_spread_start(struct rows_spread *spread, size_t d)
{
    *spread = (struct rows_spread){.d = d};
}

/* What of the columns from .. end - 1 lies in one group; the rows' first column is `first`. */
static void add_group(struct rows_spread *spread, const float *const *rows, size_t group, size_t first,
                      size_t end, float *mean)
{
    double centre[ROWS_FAR], squares[ROWS_FAR];
    bool far = rows_far(spread->count, end - first);
    size_t step = group_columns(spread->d), from = group * step, until = least_of(from + step, end);
    for (from = from < first ? first : from; from < until; from += step_of(far)) {
        size_t width = least_of(until - from, step_of(far));
        mean_squares(rows, spread->count, from - first, width, far, centre, squares);
        for (size_t k = 0; k < width; k++)
            mean[from - first + k] = (float)centre[k];
        for (size_t k = 0; k < width; k += BLOCK)
            spread->squares[group] += add_up(squares + k, least_of(width - k, BLOCK));
    }
}

void rows_spread_add(struct rows_spread *spread, const float *const *rows, size_t count, size_t from,
                     size_t width, float *mean)
{
    spread->count = count;
    size_t step = group_columns(spread->d), end = (from + width + step - 1) / step;
#pragma omp parallel for schedule(static)
    for (size_t group = from / step; group < end; group++)
        add_group(spread, rows, group, from, from + width, mean);
}

double rows_spread_variance(const struct rows_spread *spread)
{
    return add_up(spread->squares, ROWS_GROUPS) / (double)spread->count;
}

double rows_mean_variance(const float *const *rows, size_t count, size_t d, float *mean)
{
    struct rows_spread spread;
    rows_spread_start(&spread, d);
    rows_spread_add(&spread, rows, count, 0, d, mean);
    return rows_spread_variance(&spread);
}
