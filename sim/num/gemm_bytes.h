/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Panels of floats made of rows of bytes, for one level of gemm.h. A transposed panel is turned as bytes
 * first, strip by strip: LANES bytes for each of the k rows. What bytes stand for is found out on the way
 * into the panel.
 */
#ifndef SIM_NUM_GEMM_BYTES_H
#define SIM_NUM_GEMM_BYTES_H

#include "sim/num/gemm_panel.h"

#include <string.h>

typedef int32_t numbers __attribute__((vector_size(sizeof(int32_t) * LANES)));
typedef uint8_t octets __attribute__((vector_size(4 * LANES)));

/* What LANES bytes stand for. */
GEMM_INLINE vector byte_values(const uint8_t *bytes, float scale, float shift)
{
#if GEMM_LANES == 4
    numbers wide = {bytes[0], bytes[1], bytes[2], bytes[3]};
#elif GEMM_LANES == 8
    numbers wide = (numbers)_mm256_cvtepu8_epi32(_mm_loadl_epi64((const void *)bytes));
#else
    numbers wide = (numbers)_mm512_cvtepu8_epi32(_mm_loadu_si128((const void *)bytes));
#endif
    return __builtin_convertvector(wide, vector) * scale + shift;
}

/* at[0 .. count - 1]: where rows of b start, from row `first` on; the last of `there` is repeated. */
GEMM_INLINE void point_rows(const struct gemm_bytes *b, size_t first, size_t there, size_t count,
                            const uint8_t **at)
{
    for (size_t i = 0; i < count; i++)
        at[i] = b->from + b->row[first + (i < there ? i : there - 1)] * b->ld;
}

/* panel (k, vectors * LANES) = whole vectors of columns, from column j on. */
GEMM_INLINE void copy_whole_bytes(const size_t vectors, size_t k, const struct gemm_bytes *b,
                                  const uint8_t *const *at, size_t j, float *panel)
{
    float scale = b->scale, shift = b->shift;
    for (size_t p = 0; p < k; p++) {
        const uint8_t *row = at[p] + j;
        GEMM_UNROLL
        for (size_t v = 0; v < vectors; v++)
            *(loose_vector *)(void *)(panel + (p * vectors + v) * LANES) =
                byte_values(row + v * LANES, scale, shift);
    }
}

/* panel (k, ld) = k rows from column j on, zeros behind the last. */
static GEMM_TARGET __attribute__((unused)) void copy_bytes(size_t k, size_t width, const struct gemm_bytes *b,
                                                           const uint8_t *const *at, size_t j, float *panel,
                                                           size_t ld)
{
    if (width == PANEL)
        copy_whole_bytes(2, k, b, at, j, panel);
    else if (width == LANES)
        copy_whole_bytes(1, k, b, at, j, panel);
    else
        for (size_t p = 0; p < k; p++, panel += ld)
            for (size_t i = 0; i < ld; i++)
                panel[i] = i < width ? (float)at[p][j + i] * b->scale + b->shift : 0;
}

/* LANES rows of four bytes become four rows of LANES bytes: first within every four rows, then the fours. */
GEMM_INLINE octets turn_octets(octets x)
{
#define GEMM_TURN(o)                                                                                         \
    (o), (o) + 4, (o) + 8, (o) + 12, (o) + 1, (o) + 5, (o) + 9, (o) + 13, (o) + 2, (o) + 6, (o) + 10,        \
        (o) + 14, (o) + 3, (o) + 7, (o) + 11, (o) + 15
#if GEMM_LANES == 4
    return __builtin_shufflevector(x, x, GEMM_TURN(0));
#elif GEMM_LANES == 8
    numbers fours = (numbers)__builtin_shufflevector(x, x, GEMM_TURN(0), GEMM_TURN(16));
    return (octets)__builtin_shufflevector(fours, fours, 0, 4, 1, 5, 2, 6, 3, 7);
#else
    numbers fours =
        (numbers)__builtin_shufflevector(x, x, GEMM_TURN(0), GEMM_TURN(16), GEMM_TURN(32), GEMM_TURN(48));
    return (octets)__builtin_shufflevector(fours, fours, GEMM_TURN(0));
#endif
#undef GEMM_TURN
}

enum { SIXTEEN = 16 }; /* columns that are turned together */

/* strip (k, LANES) = transpose of LANES rows from column p on. Four bytes are first moved as if they were a
 * float. The last sixteen columns may do some again. */
GEMM_INLINE void turn_strip(size_t k, const uint8_t *const at[LANES], size_t p, uint8_t *strip)
{
    for (size_t some = 0; k >= SIXTEEN && some < k; some += SIXTEEN) {
        size_t here = some + SIXTEEN < k ? some : k - SIXTEEN;
        vector turned[4];
        turn_four(at, p + here, turned);
        GEMM_UNROLL
        for (size_t q = 0; q < 4; q++) {
            octets four = turn_octets((octets)turned[q]);
            memcpy(strip + (here + 4 * q) * LANES, &four, sizeof four);
        }
    }
    for (size_t some = 0; k < SIXTEEN && some < k; some++)
        for (size_t i = 0; i < LANES; i++)
            strip[some * LANES + i] = at[i][p + some];
}

/* Samples lie scattered over a data set: what is not fetched ahead is waited for. */
GEMM_INLINE void fetch_bytes(size_t count, const uint8_t *const *at, size_t from, size_t end)
{
    enum { LINE = 64 };
    for (size_t i = 0; i < count; i++)
        for (size_t p = from; p < end; p += LINE)
            __builtin_prefetch(at[i] + p);
}

/* panel (k, vectors * LANES) = transpose of rows from column p on. */
GEMM_INLINE void turn_whole_bytes(const size_t vectors, size_t k, const struct gemm_bytes *b,
                                  const uint8_t *const *at, size_t p, float *panel)
{
    uint8_t strips[2][BLOCK * LANES] __attribute__((aligned(64)));
    float scale = b->scale, shift = b->shift;
    for (size_t v = 0; v < vectors; v++)
        turn_strip(k, at + v * LANES, p, strips[v]);
    for (size_t q = 0; q < k; q++)
        GEMM_UNROLL
    for (size_t v = 0; v < vectors; v++)
        *(loose_vector *)(void *)(panel + (q * vectors + v) * LANES) =
            byte_values(strips[v] + q * LANES, scale, shift);
}

/* panel (k, ld) = transpose of ld rows from column p on, of `length` columns that will be asked for. */
static GEMM_TARGET __attribute__((unused)) void turn_bytes(size_t k, size_t length,
                                                           const struct gemm_bytes *b,
                                                           const uint8_t *const *at, size_t p, float *panel,
                                                           size_t ld)
{
    fetch_bytes(ld, at, p == 0 ? 0 : p + k, p + 2 * k < length ? p + 2 * k : length);
    if (ld == PANEL)
        turn_whole_bytes(2, k, b, at, p, panel);
    else
        turn_whole_bytes(1, k, b, at, p, panel);
}

#endif
