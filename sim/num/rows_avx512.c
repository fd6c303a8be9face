/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/num/rows_avx512.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#include <stdint.h>

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

TARGET void rows_avx512_mean(const float *const *rows, size_t count, size_t from, size_t ahead, double *mean)
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

TARGET void rows_avx512_squares(const float *const *rows, size_t count, size_t from, const double *mean,
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

/* sum / divisor, a whole number, as correctly rounded as by a division (sim/num/order_body.inc tells how). */
TARGET static inline __m512d quotient(__m512d sum, __m512d divisor, __m512d inverse)
{
    __m512d near = _mm512_mul_pd(sum, inverse), left = _mm512_fnmadd_pd(near, divisor, sum);
    return _mm512_mask3_fmadd_pd(left, inverse, near, _mm512_cmp_pd_mask(left, left, _CMP_ORD_Q));
}

/* Inlined with a constant size, so that each row is read by an instruction of its own. */
TARGET static inline __attribute__((always_inline)) size_t add_rows(const struct rows_team *team, size_t size,
                                                                    size_t width, size_t ahead, double *sum)
{
    const __m512d divisor = _mm512_set1_pd(team->divisor), inverse = _mm512_set1_pd(1 / team->divisor);
    __m512d weight[ROWS_TEAM];
    size_t k = 0;
    for (size_t r = 0; r < size; r++)
        weight[r] = _mm512_set1_pd(team->weight[r]);
    for (; k + LINE <= width; k += LINE) {
        __m512d low = _mm512_setzero_pd(), high = low;
        if (!team->first) {
            low = _mm512_loadu_pd(sum + k);
            high = _mm512_loadu_pd(sum + k + LANES);
        }
        for (size_t r = 0; r < size; r++) {
            const float *row = team->row[r] + k;
            __builtin_prefetch(row + ahead);
            low = _mm512_add_pd(low, _mm512_mul_pd(weight[r], load(row, 0)));
            high = _mm512_add_pd(high, _mm512_mul_pd(weight[r], load(row, 1)));
        }
        if (team->out == NULL) {
            _mm512_storeu_pd(sum + k, low);
            _mm512_storeu_pd(sum + k + LANES, high);
        } else {
            _mm256_storeu_ps(team->out + k, _mm512_cvtpd_ps(quotient(low, divisor, inverse)));
            _mm256_storeu_ps(team->out + k + LANES, _mm512_cvtpd_ps(quotient(high, divisor, inverse)));
        }
    }
    return k;
}

#define ADD_ROWS(size)                                                                                       \
    case size:                                                                                               \
        return add_rows(team, size, width, ahead, sum);

TARGET size_t rows_avx512_add(const struct rows_team *team, size_t width, size_t ahead, double *sum)
{
    switch (team->size) {
        ADD_ROWS(0)
        ADD_ROWS(1)
        ADD_ROWS(2)
        ADD_ROWS(3)
        ADD_ROWS(4)
        ADD_ROWS(5)
        ADD_ROWS(6)
        ADD_ROWS(7)
        ADD_ROWS(8)
        ADD_ROWS(9)
        ADD_ROWS(10)
        ADD_ROWS(11)
    default:
        return add_rows(team, ROWS_TEAM, width, ahead, sum);
    }
}

TARGET size_t rows_avx512_scale_past(const float *a, size_t d, double factor, float *out)
{
    const __m512d times = _mm512_set1_pd(factor);
    size_t k = 0;
    if ((uintptr_t)out % sizeof(__m512) != 0)
        return 0;
    for (; k + LINE <= d; k += LINE) {
        __m512 value = _mm512_loadu_ps(a + k);
        if (factor != 1) {
            __m256 low = _mm512_cvtpd_ps(_mm512_mul_pd(times, load(a + k, 0)));
            __m256 high = _mm512_cvtpd_ps(_mm512_mul_pd(times, load(a + k, 1)));
            value = _mm512_insertf32x8(_mm512_castps256_ps512(low), high, 1);
        }
        _mm512_stream_ps(out + k, value);
    }
    _mm_sfence(); /* others may read it behind the next barrier */
    return k;
}

#else

bool rows_avx512_usable(void)
{
    return false;
}

void rows_avx512_mean(const float *const *rows, size_t count, size_t from, size_t ahead, double *mean)
{
    (void)rows, (void)count, (void)from, (void)ahead, (void)mean;
}

void rows_avx512_squares(const float *const *rows, size_t count, size_t from, const double *mean,
                         double *squares)
{
    (void)rows, (void)count, (void)from, (void)mean, (void)squares;
}

size_t rows_avx512_add(const struct rows_team *team, size_t width, size_t ahead, double *sum)
{
    (void)team, (void)width, (void)ahead, (void)sum;
    return 0;
}

size_t rows_avx512_scale_past(const float *a, size_t d, double factor, float *out)
{
    (void)a, (void)d, (void)factor, (void)out;
    return 0;
}

#endif
