/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernels of order_kernels.h for processors with AVX-512: 16 keys a register, 32 registers. */
#include "sim/num/order_columns.h"
#include "sim/num/order_kernels.h"

#if defined(__x86_64__) && defined(__GNUC__)

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2"))),             \
                             apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx2,prefer-vector-width=512")
#endif

#include <immintrin.h>

typedef __m512i vec;
typedef __m512d vecd;

enum { LANES = 16, WIDE = 8 };
#define LINES          64
#define COUNT_FROM     288
#define NAME           "avx512"
#define FENCE          _mm_sfence()
#define FETCH(address) _mm_prefetch((const char *)(address), _MM_HINT_T0)
#define OWN_SELECTION  /* order_columns.h */

static inline vec vec_all(int32_t value)
{
    return _mm512_set1_epi32(value);
}

static inline vec vec_load(const int32_t *from)
{
    return _mm512_loadu_si512(from);
}

static inline void vec_store(int32_t *to, vec a)
{
    _mm512_storeu_si512(to, a);
}

static inline vec vec_min(vec a, vec b)
{
    return _mm512_min_epi32(a, b);
}

static inline vec vec_max(vec a, vec b)
{
    return _mm512_max_epi32(a, b);
}

static inline vec vec_keys(const float *from)
{
    vec bits = _mm512_loadu_si512(from), sign = _mm512_srai_epi32(bits, 31);
    bits = _mm512_ternarylogic_epi32(bits, sign, vec_all(0x7FFFFFFF), 0x78); /* bits ^ (sign & magnitude) */
    return _mm512_sub_epi32(bits, vec_all((int32_t)ORDER_KEY_SHIFT));
}

static inline __m512 vec_values(vec keys)
{
    vec bits = _mm512_add_epi32(keys, vec_all((int32_t)ORDER_KEY_SHIFT)), sign = _mm512_srai_epi32(bits, 31);
    bits = _mm512_ternarylogic_epi32(bits, sign, vec_all(0x7FFFFFFF), 0x78); /* bits ^ (sign & magnitude) */
    return _mm512_castsi512_ps(bits);
}

static inline void store_floats(float *to, __m512 value, int stream)
{
    __mmask16 unordered = _mm512_cmp_ps_mask(value, value, _CMP_UNORD_Q);
    value = _mm512_mask_mov_ps(value, unordered, _mm512_set1_ps(__builtin_nanf("")));
    if (stream)
        _mm512_stream_ps(to, value);
    else
        _mm512_storeu_ps(to, value);
}

static inline void vec_store_values(float *to, vec keys, int stream)
{
    store_floats(to, _mm512_add_ps(vec_values(keys), _mm512_setzero_ps()), stream);
}

static inline void vec_store_middles(float *to, vec low, vec high, int stream)
{
    __m512 a = vec_values(low), b = vec_values(high), half = _mm512_set1_ps(0.5f);
    __m512 sum = _mm512_add_ps(_mm512_add_ps(a, _mm512_setzero_ps()), b), middle = _mm512_mul_ps(sum, half);
    __mmask16 infinite = _mm512_fpclass_ps_mask(sum, 0x18);
    middle = _mm512_mask_add_ps(middle, infinite, _mm512_mul_ps(a, half), _mm512_mul_ps(b, half));
    store_floats(to, middle, stream);
}

static inline vecd vecd_all(double value)
{
    return _mm512_set1_pd(value);
}

static inline vecd vecd_load(const double *from)
{
    return _mm512_loadu_pd(from);
}

static inline void vecd_store(double *to, vecd a)
{
    _mm512_storeu_pd(to, a);
}

static inline vecd vecd_add(vecd a, vecd b)
{
    return _mm512_add_pd(a, b);
}

static inline void vecd_values(const int32_t *keys, vecd *first, vecd *second)
{
    __m512 values = vec_values(vec_load(keys));
    *first = _mm512_cvtps_pd(_mm512_castps512_ps256(values));
    *second = _mm512_cvtps_pd(_mm512_extractf32x8_ps(values, 1));
}

static inline void vecd_floats(const float *from, vecd *first, vecd *second)
{
    *first = _mm512_cvtps_pd(_mm256_loadu_ps(from));
    *second = _mm512_cvtps_pd(_mm256_loadu_ps(from + WIDE));
}

static inline vecd vecd_divided(vecd a, vecd divisor, vecd inverse)
{
    vecd near = _mm512_mul_pd(a, inverse), left = _mm512_fnmadd_pd(near, divisor, a);
    return _mm512_mask3_fmadd_pd(left, inverse, near, _mm512_cmp_pd_mask(left, left, _CMP_ORD_Q));
}

static inline void vecd_quotients(float *to, vecd a, vecd b, vecd divisor, vecd inverse, int stream)
{
    __m512 first = _mm512_castps256_ps512(_mm512_cvtpd_ps(vecd_divided(a, divisor, inverse)));
    __m512 value = _mm512_insertf32x8(first, _mm512_cvtpd_ps(vecd_divided(b, divisor, inverse)), 1);
    store_floats(to, value, stream);
}

typedef __mmask8 lanes;

static inline lanes vecd_moves(vecd low, vecd high, vecd centre)
{
    return _mm512_cmp_pd_mask(_mm512_sub_pd(high, centre), _mm512_sub_pd(centre, low), _CMP_LT_OQ);
}

static inline int lanes_any(lanes a, lanes b)
{
    return (a | b) != 0;
}

static inline int lanes_all(lanes a, lanes b)
{
    return (a & b) == 0xFF;
}

static inline vecd vecd_count(vecd count, lanes counted)
{
    return _mm512_mask_add_pd(count, counted, count, vecd_all(1));
}

static inline vecd vecd_add_where(vecd sum, lanes where, vecd value)
{
    return _mm512_mask_add_pd(sum, where, sum, value);
}

static inline vecd vecd_add_unless(vecd sum, lanes where, vecd value)
{
    return _mm512_mask_add_pd(sum, (lanes)~where, sum, value);
}

static inline vecd vecd_inside(vecd place, vecd first, vecd end, vecd value)
{
    __mmask8 inside = _mm512_cmp_pd_mask(place, first, _CMP_GE_OQ);
    return _mm512_maskz_mov_pd(_mm512_mask_cmp_pd_mask(inside, place, end, _CMP_LT_OQ), value);
}

#include "sim/num/order_body.inc"

static void select_ranks(const int32_t *tile, size_t n, size_t first, int more, const int32_t *sample,
                         size_t samples, int32_t *work, int32_t *out)
{
    order_columns_select(tile, n, first, more, sample, samples, middle_64, work, out);
}

static const struct order_kernels kernels = ORDER_KERNELS(order_columns_load);

#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

const struct order_kernels *order_kernels_avx512(void)
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                   __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")
               ? &kernels
               : NULL;
}

#else

const struct order_kernels *order_kernels_avx512(void)
{
    return NULL;
}

#endif
