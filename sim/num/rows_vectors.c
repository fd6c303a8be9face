/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The part of rows.h that works on single rows. */
#include "sim/num/dispatch.h"
#include "sim/num/rows.h"
#include "sim/num/rows_avx512.h"

#include <string.h>

enum { LANES = 16 };

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

/* Numbers of the smallest part, and how many parts there are at most. */
enum { PART = 1024, PARTS = 64 };

NUM_CLONES static void compare_part(const float *restrict a, const float *restrict b, size_t d,
                                    struct rows_comparison *out)
{
    double of_a[LANES] = {0}, of_b[LANES] = {0}, inner[LANES] = {0}, apart[LANES] = {0};
    size_t k = 0;
    for (; k + LANES <= d; k += LANES)
        for (size_t l = 0; l < LANES; l++) {
            double x = (double)a[k + l], y = (double)b[k + l];
            of_a[l] += x * x;
            of_b[l] += y * y;
            inner[l] += x * y;
            apart[l] += (x - y) * (x - y);
        }
    for (size_t l = 0; k + l < d; l++) {
        double x = (double)a[k + l], y = (double)b[k + l];
        of_a[l] += x * x;
        of_b[l] += y * y;
        inner[l] += x * y;
        apart[l] += (x - y) * (x - y);
    }
    *out = (struct rows_comparison){lane_sum(of_a), lane_sum(of_b), lane_sum(inner), lane_sum(apart)};
}

void rows_compare(const float *a, const float *b, size_t d, struct rows_comparison *out)
{
    size_t step = ((d + PART - 1) / PART + PARTS - 1) / PARTS * PART;
    size_t count = d == 0 ? 0 : (d + step - 1) / step;
    *out = (struct rows_comparison){0};
    for (size_t p = 0; p < count; p++) {
        struct rows_comparison part;
        compare_part(a + p * step, b + p * step, p + 1 < count ? step : d - p * step, &part);
        out->norm2_a += part.norm2_a;
        out->norm2_b += part.norm2_b;
        out->inner += part.inner;
        out->distance2 += part.distance2;
    }
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
        counted[k] = (unsigned char)marks[k];
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

void rows_scale_past(const float *a, size_t d, double factor, float *out)
{
    size_t done = rows_avx512_usable() ? rows_avx512_scale_past(a, d, factor, out) : 0;
    if (factor == 1)
        memcpy(out + done, a + done, (d - done) * sizeof *out);
    else
        stretch_scale(a + done, d - done, factor, out + done);
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

/* Floats of one unit of work: less is copied sooner than another thread is woken. */
enum { COPIED = 16384 };

void rows_copy(const float *a, size_t d, float *out)
{
#pragma omp parallel for schedule(static) if (d > COPIED)
    for (size_t from = 0; from < d; from += COPIED)
        memcpy(out + from, a + from, (d - from < COPIED ? d - from : COPIED) * sizeof *out);
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
