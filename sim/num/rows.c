/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/num/rows.h"
#include "sim/num/dispatch.h"
#include "sim/num/rows_avx512.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* Columns of one unit of work; columns whose sums are kept in registers together; how many floats ahead a row
 * is fetched, because the processor's own prefetcher does not follow this many streams. */
enum { BLOCK = 1024, WIDE = 16, AHEAD = 128, LANES = 16 };

static size_t block_end(size_t from, size_t d)
{
    return d - from < BLOCK ? d : from + BLOCK;
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

/* Stretches that the widest vectors do, squares only when not NULL; returns the columns done. */
static size_t widest_stretches(const float *const *rows, size_t count, size_t from, size_t width,
                               double *mean, double *squares)
{
    size_t k = 0;
    if (!rows_avx512_usable())
        return 0;
    for (; k + ROWS_AVX512_WIDE <= width; k += ROWS_AVX512_WIDE)
        rows_avx512_mean_squares(rows, count, from + k, AHEAD, mean + k,
                                 squares == NULL ? NULL : squares + k);
    return k;
}

static void block_mean(const float *const *rows, size_t count, size_t from, size_t width, double *mean)
{
    size_t k = widest_stretches(rows, count, from, width, mean, NULL);
    for (; k + WIDE <= width; k += WIDE)
        wide_mean(rows, count, from + k, mean + k);
    narrow_mean(rows, count, from + k, width - k, mean + k);
}

static void block_combine(const float *const *rows, size_t count, size_t from, size_t width,
                          const double *weights, double *sum)
{
    size_t k = 0;
    for (; k + WIDE <= width; k += WIDE)
        wide_combine(rows, count, from + k, weights, sum + k);
    narrow_combine(rows, count, from + k, width - k, weights, sum + k);
}

void rows_combine(const float *const *rows, size_t count, size_t d, const double *weights, float *out)
{
#pragma omp parallel for schedule(static)
    for (size_t from = 0; from < d; from += BLOCK) {
        double sum[BLOCK];
        size_t width = block_end(from, d) - from;
        if (weights == NULL)
            block_mean(rows, count, from, width, sum);
        else
            block_combine(rows, count, from, width, weights, sum);
        for (size_t k = 0; k < width; k++)
            out[from + k] = (float)sum[k];
    }
}

/* The rows of a stretch are still in the first-level cache when the squares are taken. */
static void block_mean_squares(const float *const *rows, size_t count, size_t from, size_t width,
                               double *mean, double *squares)
{
    size_t k = widest_stretches(rows, count, from, width, mean, squares);
    for (; k + WIDE <= width; k += WIDE) {
        wide_mean(rows, count, from + k, mean + k);
        wide_squares(rows, count, from + k, mean + k, squares + k);
    }
    narrow_mean(rows, count, from + k, width - k, mean + k);
    narrow_squares(rows, count, from + k, width - k, mean + k, squares + k);
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
static size_t group_columns(size_t d)
{
    size_t blocks = (d + BLOCK - 1) / BLOCK, per_group = (blocks + ROWS_GROUPS - 1) / ROWS_GROUPS;
    return per_group * BLOCK;
}

static double add_up(const double *partial, size_t count)
{
    double sum = 0;
    for (size_t g = 0; g < count; g++)
        sum += partial[g];
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
    double centre[BLOCK], squares[BLOCK];
    size_t step = group_columns(spread->d), from = group * step, until = from + step;
    from = from < first ? first : from;
    until = until < end ? until : end;
    for (; from < until; from += BLOCK) {
        size_t width = block_end(from, until) - from;
        block_mean_squares(rows, spread->count, from - first, width, centre, squares);
        for (size_t k = 0; k < width; k++)
            mean[from - first + k] = (float)centre[k];
        spread->squares[group] += add_up(squares, width);
    }
}

void rows_spread_add(struct rows_spread *spread, const float *const *rows, size_t count, size_t from,
                     size_t width, float *mean)
{
    spread->count = count;
#pragma omp parallel for schedule(static)
    for (size_t group = 0; group < ROWS_GROUPS; group++)
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

NUM_CLONES static double stretch_dot_norm2(const float *restrict a, const float *restrict b, size_t d,
                                           double *norm2)
{
    double dots[LANES] = {0}, squares[LANES] = {0};
    size_t k = 0;
    for (; k + LANES <= d; k += LANES)
        for (size_t l = 0; l < LANES; l++) {
            dots[l] += (double)a[k + l] * (double)b[k + l];
            squares[l] += (double)a[k + l] * (double)a[k + l];
        }
    for (size_t l = 0; k + l < d; l++) {
        dots[l] += (double)a[k + l] * (double)b[k + l];
        squares[l] += (double)a[k + l] * (double)a[k + l];
    }
    *norm2 = lane_sum(squares);
    return lane_sum(dots);
}

double rows_dot_norm2(const float *a, const float *b, size_t d, double *norm2)
{
    return stretch_dot_norm2(a, b, d, norm2);
}

/* Numbers whose marks are widened, and whose signs are counted in 32 bits, at a time. */
enum { COUNTED = 1024 };

typedef float lane_floats __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int32_t lane_counts __attribute__((vector_size(4 * LANES), may_alias));

/* As stretch_dot of the numbers with themselves, from `lanes` on; d a multiple of LANES, at most COUNTED. A
 * comparison is -1 where it holds. */
NUM_CLONES static void stretch_norm2_signs(const float *restrict a, const char *restrict marks, size_t d,
                                           double *restrict lanes, struct rows_signs *signs)
{
    lane_counts wide[COUNTED / LANES], positive = {0}, negative = {0};
    int32_t *counted = (int32_t *)wide;
    double sums[LANES];
    memcpy(sums, lanes, sizeof sums);
    for (size_t k = 0; k < d; k++)
        counted[k] = marks[k];
    for (size_t k = 0; k < d; k += LANES) {
        lane_floats values = *(const lane_floats *)(a + k);
        positive += (values > 0) & wide[k / LANES];
        negative += (values < 0) & wide[k / LANES];
        for (size_t l = 0; l < LANES; l++)
            sums[l] += (double)a[k + l] * (double)a[k + l];
    }
    memcpy(lanes, sums, sizeof sums);
    for (size_t l = 0; l < LANES; l++) {
        signs->positive += (uint64_t)positive[l];
        signs->negative += (uint64_t)negative[l];
    }
}

double rows_norm2_signs(const float *a, const char *marks, size_t d, struct rows_signs *signs)
{
    double lanes[LANES] = {0};
    size_t full = d / LANES * LANES;
    *signs = (struct rows_signs){0};
    for (size_t k = 0; k < full; k += COUNTED)
        stretch_norm2_signs(a + k, marks + k, full - k < COUNTED ? full - k : COUNTED, lanes, signs);
    for (size_t k = full; k < d; k++) {
        lanes[k - full] += (double)a[k] * (double)a[k];
        signs->positive += marks[k] != 0 && a[k] > 0;
        signs->negative += marks[k] != 0 && a[k] < 0;
    }
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

NUM_CLONES static void stretch_accumulate(const float *restrict a, size_t d, double keep, double factor,
                                          float *restrict sum)
{
    for (size_t k = 0; k < d; k++)
        sum[k] = (float)(keep * (double)sum[k] + factor * (double)a[k]);
}

void rows_accumulate(const float *a, size_t d, double keep, double factor, float *sum)
{
    stretch_accumulate(a, d, keep, factor, sum);
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
