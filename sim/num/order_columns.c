/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/num/order_columns.h"

#if defined(__x86_64__) && defined(__GNUC__)

#include <math.h>
#include <string.h>

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,popcnt"))),           \
                             apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,popcnt,prefer-vector-width=512")
#endif

#include <immintrin.h>

typedef __m512i vec;

enum {
    LANES = 16,
    AHEAD = 64,               /* floats fetched ahead in every row */
    MIDDLE = ORDER_LINES / 2, /* keys below the wanted one in the last network, at the most */
    GUESSES = 3,              /* bounds taken from a straight line before keys themselves serve */
};

/* --- keys --- */

static inline vec keys_of(const float *from)
{
    vec bits = _mm512_loadu_si512(from), sign = _mm512_srai_epi32(bits, 31);
    bits = _mm512_ternarylogic_epi32(bits, sign, _mm512_set1_epi32(0x7FFFFFFF), 0x78);
    return _mm512_sub_epi32(bits, _mm512_set1_epi32((int32_t)ORDER_KEY_SHIFT));
}

/* The bits of the floats. */
static inline vec bits_of(vec keys)
{
    vec bits = _mm512_add_epi32(keys, _mm512_set1_epi32((int32_t)ORDER_KEY_SHIFT));
    return _mm512_ternarylogic_epi32(bits, _mm512_srai_epi32(bits, 31), _mm512_set1_epi32(0x7FFFFFFF), 0x78);
}

/* --- columns --- */

/* Rows become columns: r (LANES). */
static inline void transpose(vec *r)
{
    vec s[LANES];
    for (size_t i = 0; i < LANES; i += 4) {
        vec a = _mm512_unpacklo_epi32(r[i], r[i + 1]), b = _mm512_unpackhi_epi32(r[i], r[i + 1]);
        vec c = _mm512_unpacklo_epi32(r[i + 2], r[i + 3]), d = _mm512_unpackhi_epi32(r[i + 2], r[i + 3]);
        s[i] = _mm512_unpacklo_epi64(a, c);
        s[i + 1] = _mm512_unpackhi_epi64(a, c);
        s[i + 2] = _mm512_unpacklo_epi64(b, d);
        s[i + 3] = _mm512_unpackhi_epi64(b, d);
    }
    for (size_t i = 0; i < 4; i++) {
        vec a = _mm512_shuffle_i32x4(s[i], s[i + 4], 0x88), b = _mm512_shuffle_i32x4(s[i], s[i + 4], 0xDD);
        vec c = _mm512_shuffle_i32x4(s[i + 8], s[i + 12], 0x88),
            d = _mm512_shuffle_i32x4(s[i + 8], s[i + 12], 0xDD);
        r[i] = _mm512_shuffle_i32x4(a, c, 0x88);
        r[i + 4] = _mm512_shuffle_i32x4(b, d, 0x88);
        r[i + 8] = _mm512_shuffle_i32x4(a, c, 0xDD);
        r[i + 12] = _mm512_shuffle_i32x4(b, d, 0xDD);
    }
}

void order_columns_load(const float *x, size_t n, size_t ld, size_t width, int32_t *tile)
{
    size_t stride = order_padded(n);
    for (size_t i = 0; i < n; i += LANES)
        for (size_t at = 0; at < width; at += LANES) {
            vec rows[LANES];
            for (size_t k = 0; k < LANES; k++) {
                const float *row = x + (i + k < n ? i + k : n - 1) * ld + at;
                _mm_prefetch((const char *)((uintptr_t)row + AHEAD * sizeof(float)), _MM_HINT_T0);
                rows[k] = keys_of(row);
            }
            transpose(rows);
            for (size_t l = 0; l < LANES; l++)
                _mm512_storeu_si512(tile + (at + l) * stride + i, rows[l]);
        }
}

/* --- selection --- */

/* A column and those of its keys that lie between low and high, both included: `inside` of them, the wanted
 * one among them, `below` keys are less. */
struct column {
    const int32_t *keys; /* (n) */
    int32_t *candidates; /* room for LANES more than there are keys */
    size_t n, rank, below, inside;
    int32_t low, high;
};

/* Keys up to the higher bound, and of these those from the lower bound on. */
struct counts {
    size_t upto, inside;
};

struct bounds {
    vec low, high;
};

/* The next LANES keys, those of them that are `here`. */
static inline void filter_some(const int32_t *keys, __mmask16 here, struct bounds b, int32_t *to,
                               struct counts *found)
{
    vec key = _mm512_loadu_si512(keys);
    __mmask16 under = _mm512_mask_cmple_epi32_mask(here, key, b.high);
    __mmask16 within = _mm512_mask_cmpge_epi32_mask(under, key, b.low);
    _mm512_storeu_si512(to + found->inside, _mm512_maskz_compress_epi32(within, key));
    found->upto += (size_t)_mm_popcnt_u32(under);
    found->inside += (size_t)_mm_popcnt_u32(within);
}

static inline __mmask16 first_lanes(size_t count)
{
    return (__mmask16)((1u << count) - 1);
}

/* Copies the keys within low .. high to `to`, which may be `keys` itself, and writes up to LANES keys more.
 */
static inline struct counts filter(const int32_t *keys, size_t n, int32_t low, int32_t high, int32_t *to)
{
    struct bounds bounds = {_mm512_set1_epi32(low), _mm512_set1_epi32(high)};
    struct counts found = {0, 0};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        filter_some(keys + i, 0xFFFF, bounds, to, &found);
    filter_some(keys + i, first_lanes(n - i), bounds, to, &found);
    return found;
}

/* Fetches the candidates within low .. high anew; does the wanted key lie there? If not, nothing but the
 * candidates has changed, and *side tells whether it lies below (-1) or above. */
static int gather(struct column *c, int32_t low, int32_t high, int *side)
{
    struct counts found = filter(c->keys, c->n, low, high, c->candidates);
    *side = c->rank + found.inside < found.upto ? -1 : c->rank >= found.upto;
    if (*side != 0)
        return 0;
    c->low = low;
    c->high = high;
    c->below = found.upto - found.inside;
    c->inside = found.inside;
    return 1;
}

/* Bounds of all candidates where the wanted key lies on one side of low .. high. */
static void gather_beside(struct column *c, int32_t low, int32_t high, int side)
{
    int ignored;
    (void)gather(c, side < 0 ? c->low : high + 1, side < 0 ? low - 1 : c->high, &ignored);
}

static void start(struct column *c, int32_t low, int32_t high)
{
    int side;
    c->low = INT32_MIN;
    c->high = INT32_MAX;
    if (!gather(c, low, high, &side))
        gather_beside(c, low, high, side);
}

/* Leaves the candidates within low .. high, or those beside it, whichever the wanted key is among. */
static void narrow(struct column *c, int32_t low, int32_t high)
{
    struct counts found = filter(c->candidates, c->inside, low, high, c->candidates);
    size_t below = c->below + found.upto - found.inside;
    if (c->rank < below || c->rank >= below + found.inside) {
        gather_beside(c, low, high, c->rank < below ? -1 : 1);
        return;
    }
    c->low = low;
    c->high = high;
    c->below = below;
    c->inside = found.inside;
}

/* Is the wanted key found, or are so few left on either side that the network can find it? */
static int settled(const struct column *c)
{
    size_t before = c->rank - c->below;
    return c->low == c->high || (before < MIDDLE && c->inside - before <= MIDDLE);
}

/* The key a share of the way from the value of `low` to that of `high`. */
static int32_t along(const struct column *c, double share)
{
    double low = (double)order_key_value(c->low), high = (double)order_key_value(c->high);
    int32_t key;
    if (!(share > 0))
        return c->low;
    if (share >= 1)
        return c->high;
    if (isfinite(low) && isfinite(high))
        key = order_key_of((float)(low + (high - low) * share));
    else
        key = (int32_t)(c->low + (int64_t)(((double)c->high - (double)c->low) * share));
    return key < c->low ? c->low : key > c->high ? c->high : key;
}

/* Values are taken to lie evenly between the bounds, so that about the square root of their number is left on
 * either side of the wanted one; where that goes wrong, one of the keys is a bound, so that each try leaves
 * fewer. */
static void settle(struct column *c)
{
    for (size_t guess = 0; !settled(c); guess++) {
        double inside = (double)c->inside, at = (double)(c->rank - c->below) + 0.5, margin = sqrt(inside) + 1;
        int32_t low = along(c, (at - margin) / inside), high = along(c, (at + margin) / inside);
        if (guess >= GUESSES || (low == c->low && high == c->high))
            low = high = c->candidates[c->inside / 2];
        narrow(c, low, high);
    }
    if (c->low == c->high && c->inside > 1) {
        c->candidates[0] = c->candidates[1] = c->low;
        c->inside = c->rank + 1 < c->below + c->inside ? 2 : 1;
        c->below = c->rank;
    }
}

static int32_t least_above(const int32_t *keys, size_t n, int32_t bound)
{
    vec least = _mm512_set1_epi32(INT32_MAX), most = _mm512_set1_epi32(bound);
    for (size_t i = 0; i < n; i += LANES) {
        __mmask16 here = n - i < LANES ? first_lanes(n - i) : (__mmask16)0xFFFF;
        vec key = _mm512_loadu_si512(keys + i);
        least = _mm512_mask_min_epi32(least, _mm512_mask_cmpgt_epi32_mask(here, key, most), least, key);
    }
    return _mm512_reduce_min_epi32(least);
}

/* Makes ORDER_LINES keys of the candidates of which the wanted one has rank MIDDLE - 1. */
static void fill_up(struct column *c)
{
    vec place = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    vec end = _mm512_set1_epi32((int32_t)c->inside);
    vec low_end = _mm512_set1_epi32((int32_t)(c->inside + MIDDLE - 1 - (c->rank - c->below)));
    for (size_t i = 0; i < ORDER_LINES; i += LANES) {
        vec pad = _mm512_mask_mov_epi32(_mm512_set1_epi32(INT32_MAX), _mm512_cmplt_epi32_mask(place, low_end),
                                        _mm512_set1_epi32(INT32_MIN));
        vec keys = _mm512_mask_loadu_epi32(pad, _mm512_cmplt_epi32_mask(place, end), c->candidates + i);
        _mm512_storeu_si512(c->candidates + i, keys);
        place = _mm512_add_epi32(place, _mm512_set1_epi32(LANES));
    }
}

/* rows (ORDER_LINES, LANES), as floats. */
static void to_rows(const int32_t *candidates, size_t stride, int32_t *rows)
{
    for (size_t i = 0; i < ORDER_LINES; i += LANES) {
        vec block[LANES];
        for (size_t l = 0; l < LANES; l++)
            block[l] = bits_of(_mm512_loadu_si512(candidates + l * stride + i));
        transpose(block);
        for (size_t k = 0; k < LANES; k++)
            _mm512_storeu_si512(rows + (i + k) * LANES, block[k]);
    }
}

void order_columns_select(const int32_t *tile, size_t n, size_t first, int more, const int32_t *sample,
                          size_t samples, order_lines *middle, int32_t *work, int32_t *out)
{
    size_t stride = order_padded(n), room = stride + LANES;
    size_t at = first * samples / n, margin = samples / 6;
    const int32_t *low = sample + (at > margin ? at - margin : 0) * LANES;
    const int32_t *high = sample + (at + margin < samples ? at + margin : samples - 1) * LANES;
    int32_t *candidates = work, *rows = candidates + LANES * room, found[2 * LANES];
    for (size_t l = 0; l < LANES; l++) {
        struct column c = {
            .keys = tile + l * stride, .candidates = candidates + l * room, .n = n, .rank = first};
        start(&c, low[l], high[l]);
        settle(&c);
        if (more && c.rank + 1 == c.below + c.inside)
            c.candidates[c.inside++] = least_above(c.keys, n, c.high);
        fill_up(&c);
    }
    to_rows(candidates, room, rows);
    middle((const float *)rows, LANES, LANES, found);
    memcpy(out, found, (more ? sizeof found : sizeof found / 2));
}

#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#endif
