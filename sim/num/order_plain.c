/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernels of order_kernels.h for any processor: 4 keys a vector, which the compiler maps to what is
 * there. */
#include "sim/num/order_kernels.h"

typedef int32_t vec __attribute__((vector_size(16)));
typedef double vecd;

enum { LANES = 4, WIDE = 1 };
#define LINES          16
#define COUNT_FROM     700
#define NAME           "plain"
#define FENCE          (void)0
#define FETCH(address) __builtin_prefetch((const void *)(address), 0, 2)

static inline vec vec_all(int32_t value)
{
    return (vec){value, value, value, value};
}

static inline vec vec_load(const int32_t *from)
{
    vec a;
    __builtin_memcpy(&a, from, sizeof a);
    return a;
}

static inline void vec_store(int32_t *to, vec a)
{
    __builtin_memcpy(to, &a, sizeof a);
}

static inline vec vec_pick(vec mask, vec a, vec b)
{
    return (mask & a) | (~mask & b);
}

static inline vec vec_min(vec a, vec b)
{
    return vec_pick(a < b, a, b);
}

static inline vec vec_max(vec a, vec b)
{
    return vec_pick(a < b, b, a);
}

static inline vec vec_keys(const float *from)
{
    typedef uint32_t uvec __attribute__((vector_size(16)));
    uvec shift = {ORDER_KEY_SHIFT, ORDER_KEY_SHIFT, ORDER_KEY_SHIFT, ORDER_KEY_SHIFT};
    vec bits;
    __builtin_memcpy(&bits, from, sizeof bits);
    bits ^= (bits >> 31) & vec_all(0x7FFFFFFF);
    return (vec)((uvec)bits - shift);
}

static inline vec vec_count_above(vec count, vec key, vec pivot)
{
    return count - (key > pivot);
}

static inline vec vec_min_above(vec least, vec key, vec pivot)
{
    return vec_min(least, vec_pick(key > pivot, key, vec_all(INT32_MAX)));
}

static inline vec vec_max_upto(vec greatest, vec key, vec pivot)
{
    return vec_max(greatest, vec_pick(key > pivot, vec_all(INT32_MIN), key));
}

/* Every NaN is the same. */
static inline float plain_nan(float value)
{
    return value == value ? value : __builtin_nanf("");
}

static inline void vec_store_values(float *to, vec keys, int stream)
{
    (void)stream;
    for (int l = 0; l < LANES; l++)
        to[l] = plain_nan(order_key_value(keys[l]) + 0.0f);
}

static inline void vec_store_middles(float *to, vec low, vec high, int stream)
{
    (void)stream;
    for (int l = 0; l < LANES; l++) {
        float a = order_key_value(low[l]), b = order_key_value(high[l]), sum = a + 0.0f + b;
        to[l] = plain_nan(__builtin_isinf(sum) ? a * 0.5f + b * 0.5f : sum * 0.5f);
    }
}

static inline vecd vecd_all(double value)
{
    return value;
}

static inline vecd vecd_load(const double *from)
{
    return *from;
}

static inline void vecd_store(double *to, vecd a)
{
    *to = a;
}

static inline vecd vecd_add(vecd a, vecd b)
{
    return a + b;
}

static inline void vecd_values(const int32_t *keys, vecd *first, vecd *second)
{
    *first = (double)order_key_value(keys[0]);
    *second = (double)order_key_value(keys[1]);
}

static inline void vecd_floats(const float *from, vecd *first, vecd *second)
{
    *first = (double)from[0];
    *second = (double)from[1];
}

static inline void vecd_quotients(float *to, vecd a, vecd b, vecd divisor, vecd inverse, int stream)
{
    const vecd values[] = {a, b};
    (void)inverse, (void)stream;
    for (int v = 0; v < 2; v++)
        to[v] = plain_nan((float)(values[v] / divisor));
}

typedef int lanes;

static inline lanes vecd_moves(vecd low, vecd high, vecd centre)
{
    return high - centre < centre - low;
}

static inline int lanes_any(lanes a, lanes b)
{
    return a || b;
}

static inline int lanes_all(lanes a, lanes b)
{
    return a && b;
}

static inline vecd vecd_count(vecd count, lanes counted)
{
    return count + counted;
}

static inline vecd vecd_add_where(vecd sum, lanes where, vecd value)
{
    return where ? sum + value : sum;
}

static inline vecd vecd_add_unless(vecd sum, lanes where, vecd value)
{
    return where ? sum : sum + value;
}

static inline vecd vecd_inside(vecd place, vecd first, vecd end, vecd value)
{
    return place >= first && place < end ? value : 0;
}

#include "sim/num/order_body.inc"

const struct order_kernels *order_kernels_plain(void)
{
    return &kernels;
}
