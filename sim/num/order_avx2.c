/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernels of order_kernels.h for processors with AVX2 and FMA: 8 keys a register, 16 registers. */
#include "sim/num/order_kernels.h"

#if defined(__x86_64__) && defined(__GNUC__)

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif

#include <immintrin.h>

typedef __m256i vec;
typedef __m256d vecd;

enum { LANES = 8, WIDE = 4 };
#define LINES          32
#define COUNT_FROM     700
#define NAME           "avx2"
#define FENCE          _mm_sfence()
#define FETCH(address) _mm_prefetch((const char *)(address), _MM_HINT_T0)

static inline vec vec_all(int32_t value)
{
    return _mm256_set1_epi32(value);
}

static inline vec vec_load(const int32_t *from)
{
    return _mm256_loadu_si256((const __m256i_u *)(const void *)from);
}

static inline void vec_store(int32_t *to, vec a)
{
    _mm256_storeu_si256((__m256i_u *)(void *)to, a);
}

static inline vec vec_min(vec a, vec b)
{
    return _mm256_min_epi32(a, b);
}

static inline vec vec_max(vec a, vec b)
{
    return _mm256_max_epi32(a, b);
}

static inline vec vec_keys(const float *from)
{
    vec bits = _mm256_loadu_si256((const __m256i_u *)(const void *)from);
    vec flips = _mm256_srli_epi32(_mm256_srai_epi32(bits, 31), 1);
    return _mm256_sub_epi32(_mm256_xor_si256(bits, flips), vec_all((int32_t)ORDER_KEY_SHIFT));
}

static inline vec vec_count_above(vec count, vec key, vec pivot)
{
    return _mm256_sub_epi32(count, _mm256_cmpgt_epi32(key, pivot));
}

static inline vec vec_min_above(vec least, vec key, vec pivot)
{
    return vec_min(least, _mm256_blendv_epi8(vec_all(INT32_MAX), key, _mm256_cmpgt_epi32(key, pivot)));
}

static inline vec vec_max_upto(vec greatest, vec key, vec pivot)
{
    return vec_max(greatest, _mm256_blendv_epi8(key, vec_all(INT32_MIN), _mm256_cmpgt_epi32(key, pivot)));
}

static inline __m256 vec_values(vec keys)
{
    vec bits = _mm256_add_epi32(keys, vec_all((int32_t)ORDER_KEY_SHIFT));
    return _mm256_castsi256_ps(_mm256_xor_si256(bits, _mm256_srli_epi32(_mm256_srai_epi32(bits, 31), 1)));
}

static inline void store_floats(float *to, __m256 value, int stream)
{
    __m256 unordered = _mm256_cmp_ps(value, value, _CMP_UNORD_Q);
    value = _mm256_blendv_ps(value, _mm256_set1_ps(__builtin_nanf("")), unordered);
    if (stream)
        _mm256_stream_ps(to, value);
    else
        _mm256_storeu_ps(to, value);
}

static inline void vec_store_values(float *to, vec keys, int stream)
{
    store_floats(to, _mm256_add_ps(vec_values(keys), _mm256_setzero_ps()), stream);
}

static inline void vec_store_middles(float *to, vec low, vec high, int stream)
{
    __m256 a = vec_values(low), b = vec_values(high), half = _mm256_set1_ps(0.5f);
    __m256 sum = _mm256_add_ps(_mm256_add_ps(a, _mm256_setzero_ps()), b);
    __m256 magnitude = _mm256_andnot_ps(_mm256_set1_ps(-0.0f), sum);
    __m256 infinite = _mm256_cmp_ps(magnitude, _mm256_set1_ps(__builtin_inff()), _CMP_EQ_OQ);
    __m256 halves = _mm256_add_ps(_mm256_mul_ps(a, half), _mm256_mul_ps(b, half));
    store_floats(to, _mm256_blendv_ps(_mm256_mul_ps(sum, half), halves, infinite), stream);
}

static inline vecd vecd_all(double value)
{
    return _mm256_set1_pd(value);
}

static inline vecd vecd_load(const double *from)
{
    return _mm256_loadu_pd(from);
}

static inline void vecd_store(double *to, vecd a)
{
    _mm256_storeu_pd(to, a);
}

static inline vecd vecd_add(vecd a, vecd b)
{
    return _mm256_add_pd(a, b);
}

static inline void vecd_values(const int32_t *keys, vecd *first, vecd *second)
{
    __m256 values = vec_values(vec_load(keys));
    *first = _mm256_cvtps_pd(_mm256_castps256_ps128(values));
    *second = _mm256_cvtps_pd(_mm256_extractf128_ps(values, 1));
}

static inline void vecd_floats(const float *from, vecd *first, vecd *second)
{
    *first = _mm256_cvtps_pd(_mm_loadu_ps(from));
    *second = _mm256_cvtps_pd(_mm_loadu_ps(from + WIDE));
}

static inline vecd vecd_divided(vecd a, vecd divisor, vecd inverse)
{
    vecd near = _mm256_mul_pd(a, inverse), left = _mm256_fnmadd_pd(near, divisor, a);
    return _mm256_blendv_pd(near, _mm256_fmadd_pd(left, inverse, near),
                            _mm256_cmp_pd(left, left, _CMP_ORD_Q));
}

static inline void vecd_quotients(float *to, vecd a, vecd b, vecd divisor, vecd inverse, int stream)
{
    __m128 first = _mm256_cvtpd_ps(vecd_divided(a, divisor, inverse));
    __m256 value = _mm256_set_m128(_mm256_cvtpd_ps(vecd_divided(b, divisor, inverse)), first);
    store_floats(to, value, stream);
}

typedef __m256d lanes;

static inline lanes vecd_moves(vecd low, vecd high, vecd centre)
{
    return _mm256_cmp_pd(_mm256_sub_pd(high, centre), _mm256_sub_pd(centre, low), _CMP_LT_OQ);
}

static inline int lanes_any(lanes a, lanes b)
{
    return _mm256_movemask_pd(_mm256_or_pd(a, b)) != 0;
}

static inline int lanes_all(lanes a, lanes b)
{
    return _mm256_movemask_pd(_mm256_and_pd(a, b)) == 0xF;
}

static inline vecd vecd_count(vecd count, lanes counted)
{
    return _mm256_add_pd(count, _mm256_and_pd(counted, vecd_all(1)));
}

/* Adding a zero changes nothing, as no sum is a negative one. */
static inline vecd vecd_add_where(vecd sum, lanes where, vecd value)
{
    return _mm256_add_pd(sum, _mm256_and_pd(where, value));
}

static inline vecd vecd_add_unless(vecd sum, lanes where, vecd value)
{
    return _mm256_add_pd(sum, _mm256_andnot_pd(where, value));
}

static inline vecd vecd_inside(vecd place, vecd first, vecd end, vecd value)
{
    vecd inside = _mm256_cmp_pd(place, first, _CMP_GE_OQ);
    return _mm256_and_pd(value, _mm256_and_pd(inside, _mm256_cmp_pd(place, end, _CMP_LT_OQ)));
}

#include "sim/num/order_body.inc"

#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

const struct order_kernels *order_kernels_avx2(void)
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &kernels : NULL;
}

#else

const struct order_kernels *order_kernels_avx2(void)
{
    return NULL;
}

#endif
