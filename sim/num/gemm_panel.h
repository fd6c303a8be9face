/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Vectors of one level of gemm.h, and panels: copies of LANES or 2 LANES columns of op(b), row after row, as
 * the tiles of gemm_kernel.h read them. A transposed b is read four floats of LANES rows at a time and turned
 * in registers.
 */
#ifndef SIM_NUM_GEMM_PANEL_H
#define SIM_NUM_GEMM_PANEL_H

#include "sim/num/gemm.h"

#if defined(GEMM_LANES)
#include <immintrin.h>
#endif

#ifndef GEMM_LANES
#define GEMM_LANES 4
#define GEMM_ROWS  4
#define GEMM_TARGET
#endif
#ifdef __clang__
#define GEMM_UNROLL _Pragma("clang loop unroll(full)")
#else
#define GEMM_UNROLL _Pragma("GCC unroll 16")
#endif
#define GEMM_INLINE static inline GEMM_TARGET __attribute__((always_inline))

enum {
    LANES = GEMM_LANES,
    ROWS = GEMM_ROWS,
    PANEL = 2 * LANES, /* columns computed together */
    BLOCK = GEMM_WHOLE /* the longest sum in registers; part of the definition of gemm */
};

/* Vectors anywhere in an array of floats. */
typedef float vector __attribute__((vector_size(sizeof(float) * LANES)));
typedef float loose_vector
    __attribute__((vector_size(sizeof(float) * LANES), aligned(sizeof(float)), may_alias));
typedef float loose_four __attribute__((vector_size(4 * sizeof(float)), aligned(sizeof(float)), may_alias));
typedef float any_four __attribute__((vector_size(4 * sizeof(float)), aligned(1), may_alias));

/* Where the rows of b start: at[r] when at is there, else r * ld, floats behind `from`. */
struct source {
    const float *from;
    const size_t *at;
    size_t ld;
};

GEMM_INLINE size_t source_row(const struct source *b, size_t r)
{
    return b->at != NULL ? b->at[r] : r * b->ld;
}

/* panel (k, vectors * LANES) = the first floats of k rows of b: a row is `vectors` whole vectors. */
GEMM_INLINE void copy_whole(const size_t vectors, size_t k, const struct source *b, float *panel)
{
    for (size_t p = 0; p < k; p++)
        GEMM_UNROLL
    for (size_t v = 0; v < vectors; v++)
        *(loose_vector *)(void *)(panel + (p * vectors + v) * LANES) =
            *(const loose_vector *)(const void *)(b->from + source_row(b, p) + v * LANES);
}

/* panel (k, ld) = b (k, width), zeros behind. */
static GEMM_TARGET __attribute__((unused)) void copy_panel(size_t k, size_t width, const struct source *b,
                                                           float *panel, size_t ld)
{
    if (width == PANEL)
        copy_whole(2, k, b, panel);
    else if (width == LANES)
        copy_whole(1, k, b, panel);
    else
        for (size_t p = 0; p < k; p++, panel += ld) {
            const float *row = b->from + source_row(b, p);
            size_t j = 0;
            for (; j < width; j++)
                panel[j] = row[j];
            for (; j < ld; j++)
                panel[j] = 0;
        }
}

/* A vector from at[0], at[4], ...: four floats of every fourth row. */
GEMM_INLINE vector load_fours(const uint8_t *const *at, size_t offset)
{
#define GEMM_FOUR(i) (*(const any_four *)(const void *)(at[i] + offset))
#if GEMM_LANES == 4
    return GEMM_FOUR(0);
#elif GEMM_LANES == 8
    return _mm256_insertf128_ps(_mm256_castps128_ps256(GEMM_FOUR(0)), GEMM_FOUR(4), 1);
#else
    __m512 fours = _mm512_castps128_ps512(GEMM_FOUR(0));
    fours = _mm512_insertf32x4(fours, GEMM_FOUR(4), 1);
    fours = _mm512_insertf32x4(fours, GEMM_FOUR(8), 2);
    return _mm512_insertf32x4(fours, GEMM_FOUR(12), 3);
#endif
#undef GEMM_FOUR
}

/* x and y with the same shuffle in every four of lanes; 0 to 3 number those of x, LANES up those of y. */
#define GEMM_QUAD(o, i, j, k, l) (i) + (o), (j) + (o), (k) + (o), (l) + (o)
#if GEMM_LANES == 4
#define GEMM_SHUFFLE(x, y, i, j, k, l) __builtin_shufflevector(x, y, GEMM_QUAD(0, i, j, k, l))
#elif GEMM_LANES == 8
#define GEMM_SHUFFLE(x, y, i, j, k, l)                                                                       \
    __builtin_shufflevector(x, y, GEMM_QUAD(0, i, j, k, l), GEMM_QUAD(4, i, j, k, l))
#else
#define GEMM_SHUFFLE(x, y, i, j, k, l)                                                                       \
    __builtin_shufflevector(x, y, GEMM_QUAD(0, i, j, k, l), GEMM_QUAD(4, i, j, k, l),                        \
                            GEMM_QUAD(8, i, j, k, l), GEMM_QUAD(12, i, j, k, l))
#endif

/* turned (4, LANES) = transpose of LANES rows of four floats, `offset` bytes behind where the rows start. */
GEMM_INLINE void turn_four(const uint8_t *const at[LANES], size_t offset, vector turned[4])
{
    vector r[4], low[2], high[2];
    GEMM_UNROLL
    for (size_t q = 0; q < 4; q++)
        r[q] = load_fours(at + q, offset);
    GEMM_UNROLL
    for (size_t h = 0; h < 2; h++) {
        low[h] = GEMM_SHUFFLE(r[2 * h], r[2 * h + 1], 0, LANES, 1, LANES + 1);
        high[h] = GEMM_SHUFFLE(r[2 * h], r[2 * h + 1], 2, LANES + 2, 3, LANES + 3);
    }
    turned[0] = GEMM_SHUFFLE(low[0], low[1], 0, 1, LANES, LANES + 1);
    turned[1] = GEMM_SHUFFLE(low[0], low[1], 2, 3, LANES + 2, LANES + 3);
    turned[2] = GEMM_SHUFFLE(high[0], high[1], 0, 1, LANES, LANES + 1);
    turned[3] = GEMM_SHUFFLE(high[0], high[1], 2, 3, LANES + 2, LANES + 3);
}

/* panel (k, ld) = transpose of b (width, k); the columns behind repeat the last. */
static GEMM_TARGET __attribute__((unused)) void turn_panel(size_t k, size_t width, const struct source *b,
                                                           float *panel, size_t ld)
{
    for (size_t j = 0; j < ld; j += LANES) {
        const uint8_t *at[LANES];
        size_t p = 0;
        for (size_t i = 0; i < LANES; i++)
            at[i] = (const uint8_t *)(b->from + source_row(b, j + i < width ? j + i : width - 1));
        for (; p + 4 <= k; p += 4) {
            vector turned[4];
            turn_four(at, p * sizeof(float), turned);
            GEMM_UNROLL
            for (size_t q = 0; q < 4; q++)
                *(loose_vector *)(void *)(panel + (p + q) * ld + j) = turned[q];
        }
        for (; p < k; p++)
            for (size_t i = 0; i < LANES; i++)
                panel[p * ld + j + i] = ((const float *)(const void *)at[i])[p];
    }
}

#undef GEMM_QUAD
#undef GEMM_SHUFFLE

#endif
