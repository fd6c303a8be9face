/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/num/rows_avx512.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512dq,avx512vl,avx512bw")))

enum { LANES = 8, GROUPS = ROWS_AVX512_WIDE / LANES, LINE = 16 };

bool rows_avx512_usable(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw");
}

TARGET static inline __m512d load(const float *row, size_t group)
{
    return _mm512_cvtps_pd(_mm256_loadu_ps(row + LANES * group));
}

TARGET static void find_mean(const float *const *rows, size_t count, size_t from, size_t ahead, double *mean)
{
    __m512d sum[GROUPS];
    for (size_t g = 0; g < GROUPS; g++)
        sum[g] = _mm512_setzero_pd();
    for (size_t i = 0; i < count; i++) {
        const float *row = rows[i] + from;
        for (size_t k = 0; k < ROWS_AVX512_WIDE; k += LINE)
            __builtin_prefetch(row + ahead + k);
        for (size_t g = 0; g < GROUPS; g++)
            sum[g] = _mm512_add_pd(sum[g], load(row, g));
    }
    for (size_t g = 0; g < GROUPS; g++)
        _mm512_storeu_pd(mean + LANES * g, _mm512_div_pd(sum[g], _mm512_set1_pd((double)count)));
}

/* The rows of the stretch are still in the first-level cache. */
TARGET static void find_squares(const float *const *rows, size_t count, size_t from, const double *mean,
                                double *squares)
{
    __m512d sum[GROUPS], centre[GROUPS];
    for (size_t g = 0; g < GROUPS; g++) {
        sum[g] = _mm512_setzero_pd();
        centre[g] = _mm512_loadu_pd(mean + LANES * g);
    }
    for (size_t i = 0; i < count; i++)
        for (size_t g = 0; g < GROUPS; g++) {
            __m512d difference = _mm512_sub_pd(load(rows[i] + from, g), centre[g]);
            sum[g] = _mm512_add_pd(sum[g], _mm512_mul_pd(difference, difference));
        }
    for (size_t g = 0; g < GROUPS; g++)
        _mm512_storeu_pd(squares + LANES * g, sum[g]);
}

void rows_avx512_mean_squares(const float *const *rows, size_t count, size_t from, size_t ahead, double *mean,
                              double *squares)
{
    find_mean(rows, count, from, ahead, mean);
    if (squares != NULL)
        find_squares(rows, count, from, mean, squares);
}

#else

bool rows_avx512_usable(void)
{
    return false;
}

void rows_avx512_mean_squares(const float *const *rows, size_t count, size_t from, size_t ahead, double *mean,
                              double *squares)
{
    (void)rows, (void)count, (void)from, (void)ahead, (void)mean, (void)squares;
}

#endif
