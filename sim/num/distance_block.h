/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The body of a distance kernel, compiled once for each instruction set. Before including it, define
 *   DISTANCE_TARGET     the attribute that chooses the instruction set,
 *   DISTANCE_WIDTH      floats in a register: 4, 8 or 16,
 *   DISTANCE_BLOCK      rows in a block: 3 or 5,
 *   DISTANCE_ADD_SQUARE(lanes, d)   lanes + d * d in one rounding.
 * Without them it is the kernel that runs everywhere. Order of summation: distance_kernel.h.
 */
#ifndef SIM_NUM_DISTANCE_BLOCK_H
#define SIM_NUM_DISTANCE_BLOCK_H

#include "sim/num/distance_kernel.h"

#include <stdint.h>
#include <string.h>

#ifndef DISTANCE_TARGET
#define DISTANCE_TARGET
#define DISTANCE_WIDTH                4
#define DISTANCE_BLOCK                3
#define DISTANCE_ADD_SQUARE(lanes, d) block_add_square(lanes, d)
#define DISTANCE_BY_HAND
#endif

typedef float block_lanes __attribute__((vector_size(4 * DISTANCE_WIDTH), aligned(4), may_alias));

enum { BLOCK_PAIRS = DISTANCE_BLOCK * DISTANCE_BLOCK };

#define BLOCK_INLINE DISTANCE_TARGET static inline __attribute__((always_inline))
#define BLOCK_APART  DISTANCE_TARGET static __attribute__((noinline, unused))

#if defined(DISTANCE_BY_HAND) && defined(__FP_FAST_FMAF)
BLOCK_INLINE block_lanes block_add_square(block_lanes sum, block_lanes d)
{
    for (size_t l = 0; l < DISTANCE_WIDTH; l++)
        sum[l] = __builtin_fmaf(d[l], d[l], sum[l]);
    return sum;
}
#elif defined(DISTANCE_BY_HAND)
/* sum + d * d in one rounding, sum >= 0. The square is exact in double; the double sum is rounded to odd (its
 * last bit tells that something is missing), so that rounding it once more to float cannot go wrong. */
BLOCK_INLINE block_lanes block_add_square(block_lanes sum, block_lanes d)
{
    block_lanes result = {0};
    for (size_t l = 0; l < DISTANCE_WIDTH; l++) {
        double square = (double)d[l] * (double)d[l], before = (double)sum[l], total = square + before;
        double back = total - square, missing = (square - (total - back)) + (before - back);
        int64_t bits;
        memcpy(&bits, &total, sizeof bits);
        bits += ((missing > 0) - (missing < 0)) & ((bits & 1) - 1);
        memcpy(&total, &bits, sizeof bits);
        result[l] = (float)total;
    }
    return result;
}
#endif

/* Adds up to DISTANCE_CHAIN squares of each pair, in the lanes from a and b on. To be inlined with constant
 * rows, columns and diagonal; then the accumulators live in registers. */
BLOCK_INLINE void block_chain(const float *a, const float *b, size_t rows, size_t columns, bool diagonal,
                              size_t ld, size_t width, block_lanes *sum)
{
    for (size_t at = 0; at < width; at += DISTANCE_LANES) {
        block_lanes mine[DISTANCE_BLOCK];
        for (size_t r = 0; r < rows; r++)
            mine[r] = *(const block_lanes *)(a + r * ld + at);
        for (size_t c = 0; c < columns; c++) {
            block_lanes other = diagonal ? mine[c] : *(const block_lanes *)(b + c * ld + at);
            for (size_t r = 0; r < (diagonal ? c : rows); r++) {
                block_lanes difference = mine[r] - other;
                sum[r * DISTANCE_BLOCK + c] = DISTANCE_ADD_SQUARE(sum[r * DISTANCE_BLOCK + c], difference);
            }
        }
    }
}

typedef double block_eight __attribute__((vector_size(64), aligned(8), may_alias));
typedef double block_four __attribute__((vector_size(32), aligned(8), may_alias));
typedef double block_two __attribute__((vector_size(16), aligned(8), may_alias));

/* The `sums` of a kernel. */
DISTANCE_TARGET static inline void block_sums(const float *lane, double *out)
{
    for (size_t p = 0; p < BLOCK_PAIRS; p++) {
        double sum[DISTANCE_LANES];
        for (size_t l = 0; l < DISTANCE_LANES; l++)
            sum[l] = (double)lane[p * DISTANCE_LANES + l];
        *(block_eight *)sum += *(block_eight *)(sum + 8);
        *(block_four *)sum += *(block_four *)(sum + 4);
        *(block_two *)sum += *(block_two *)(sum + 2);
        out[p] = sum[0] + sum[1];
    }
}

/* The pairs of a whole block, with names for all that has to stay in registers. */
#if DISTANCE_BLOCK == 5
#define BLOCK_ROWS(M)      M(0) M(1) M(2) M(3) M(4)
#define BLOCK_COLUMN(M, c) M(0, c) M(1, c) M(2, c) M(3, c) M(4, c)
#define BLOCK_CROSS(M)                                                                                       \
    BLOCK_COLUMN(M, 0) BLOCK_COLUMN(M, 1) BLOCK_COLUMN(M, 2) BLOCK_COLUMN(M, 3) BLOCK_COLUMN(M, 4)
#define BLOCK_UPPER(M) M(0, 1) M(0, 2) M(1, 2) M(0, 3) M(1, 3) M(2, 3) M(0, 4) M(1, 4) M(2, 4) M(3, 4)
#else
#define BLOCK_ROWS(M)      M(0) M(1) M(2)
#define BLOCK_COLUMN(M, c) M(0, c) M(1, c) M(2, c)
#define BLOCK_CROSS(M)     BLOCK_COLUMN(M, 0) BLOCK_COLUMN(M, 1) BLOCK_COLUMN(M, 2)
#define BLOCK_UPPER(M)     M(0, 1) M(0, 2) M(1, 2)
#endif

#define BLOCK_START(r, c) block_lanes sum##r##c = {0};
#define BLOCK_LOAD(r)     block_lanes mine##r = *(const block_lanes *)(a + (r)*ld + at);
#define BLOCK_PAIR(r, c)                                                                                     \
    difference = mine##r - other;                                                                            \
    sum##r##c = DISTANCE_ADD_SQUARE(sum##r##c, difference);
#define BLOCK_AGAINST(c)                                                                                     \
    other = *(const block_lanes *)(b + (c)*ld + at);                                                         \
    BLOCK_COLUMN(BLOCK_PAIR, c)
#define BLOCK_WITHIN(r, c)                                                                                   \
    difference = mine##r - mine##c;                                                                          \
    sum##r##c = DISTANCE_ADD_SQUARE(sum##r##c, difference);
#define BLOCK_TAKE(r, c) *(block_lanes *)(total + ((r)*DISTANCE_BLOCK + (c)) * DISTANCE_LANES) += sum##r##c;

/* total += the squares of one chain of each pair of two blocks. */
BLOCK_APART void chain_cross(const float *a, const float *b, size_t ld, size_t width, float *total)
{
    block_lanes other, difference;
    BLOCK_CROSS(BLOCK_START)
    for (size_t at = 0; at < width; at += DISTANCE_LANES) {
        BLOCK_ROWS(BLOCK_LOAD)
        BLOCK_ROWS(BLOCK_AGAINST)
    }
    BLOCK_CROSS(BLOCK_TAKE)
}

/* The same of the pairs within a block. */
BLOCK_APART void chain_upper(const float *a, size_t ld, size_t width, float *total)
{
    block_lanes difference;
    BLOCK_UPPER(BLOCK_START)
    for (size_t at = 0; at < width; at += DISTANCE_LANES) {
        BLOCK_ROWS(BLOCK_LOAD)
        BLOCK_UPPER(BLOCK_WITHIN)
    }
    BLOCK_UPPER(BLOCK_TAKE)
}

/* The same of some of the rows and columns. */
BLOCK_INLINE void chain_some(const float *a, const float *b, size_t rows, size_t columns, bool diagonal,
                             size_t ld, size_t width, float *total)
{
    block_lanes sum[BLOCK_PAIRS] = {{0}};
    block_chain(a, b, rows, columns, diagonal, ld, width, sum);
    for (size_t c = 0; c < columns; c++)
        for (size_t r = 0; r < (diagonal ? c : rows); r++)
            *(block_lanes *)(total + (r * DISTANCE_BLOCK + c) * DISTANCE_LANES) +=
                sum[r * DISTANCE_BLOCK + c];
}

/* The `cross` of a kernel. The whole blocks are functions of their own: inlined, registers run out. */
DISTANCE_TARGET static inline void block_cross(const float *a, const float *b, size_t columns, size_t ld,
                                               size_t width, float *total)
{
    for (size_t lane = 0; lane < DISTANCE_LANES;
         lane += DISTANCE_WIDTH, a += DISTANCE_WIDTH, b += DISTANCE_WIDTH, total += DISTANCE_WIDTH) {
        if (columns == DISTANCE_BLOCK)
            chain_cross(a, b, ld, width, total);
        else if (columns == 1)
            chain_some(a, b, DISTANCE_BLOCK, 1, false, ld, width, total);
        else if (columns == 2)
            chain_some(a, b, DISTANCE_BLOCK, 2, false, ld, width, total);
#if DISTANCE_BLOCK > 3
        else if (columns == 3)
            chain_some(a, b, DISTANCE_BLOCK, 3, false, ld, width, total);
        else
            chain_some(a, b, DISTANCE_BLOCK, 4, false, ld, width, total);
#endif
    }
}

/* The `diagonal` of a kernel. */
DISTANCE_TARGET static inline void block_diagonal(const float *a, size_t rows, size_t ld, size_t width,
                                                  float *total)
{
    for (size_t lane = 0; lane < DISTANCE_LANES;
         lane += DISTANCE_WIDTH, a += DISTANCE_WIDTH, total += DISTANCE_WIDTH) {
        if (rows == DISTANCE_BLOCK)
            chain_upper(a, ld, width, total);
        else if (rows == 2)
            chain_some(a, a, 2, 2, true, ld, width, total);
#if DISTANCE_BLOCK > 3
        else if (rows == 3)
            chain_some(a, a, 3, 3, true, ld, width, total);
        else if (rows == 4)
            chain_some(a, a, 4, 4, true, ld, width, total);
#endif
    }
}

#endif
