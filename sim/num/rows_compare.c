/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/num/dispatch.h"
#include "sim/num/rows.h"

/* Numbers of the smallest part, and how many parts there are at most, whatever the number of threads. */
enum { LANES = 16, PART = 1024, PARTS = 64 };

/* Adds up lanes pairwise. */
static double lane_sum(const double lanes[LANES])
{
    double sum = 0;
    for (size_t l = 0; l < LANES / 2; l++)
        sum += lanes[l] + lanes[l + LANES / 2];
    return sum;
}

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
    struct rows_comparison parts[PARTS];
    size_t step = ((d + PART - 1) / PART + PARTS - 1) / PARTS * PART;
    size_t count = d == 0 ? 0 : (d + step - 1) / step;
    *out = (struct rows_comparison){0};
#pragma omp parallel for schedule(static) if (count > 2)
    for (size_t p = 0; p < count; p++)
        compare_part(a + p * step, b + p * step, p + 1 < count ? step : d - p * step, &parts[p]);
    for (size_t p = 0; p < count; p++) {
        out->norm2_a += parts[p].norm2_a;
        out->norm2_b += parts[p].norm2_b;
        out->inner += parts[p].inner;
        out->distance2 += parts[p].distance2;
    }
}
