/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The one source of all levels of gemm.h: a file defines how many lanes a vector has, how many rows fit into
 * the registers, and the instruction set; then includes this and has a static function `product`.
 *
 * A tile is up to GEMM_ROWS rows by one or two vectors of columns, its sums in registers for a whole block of
 * k. Rows are dealt evenly to tiles, so no row is computed in vain; columns behind the last are computed
 * from padding in a copy of the panel and not stored. None of this touches the order of a sum.
 */
#ifndef SIM_NUM_GEMM_KERNEL_H
#define SIM_NUM_GEMM_KERNEL_H

#include "sim/num/gemm.h"
#include "sim/num/gemm_bytes.h"
#include "sim/num/gemm_panel.h"

#include <omp.h>

struct tile {
    const float *a; /* element (i, p) at a[i * a_row + p * a_step] */
    size_t a_row, a_step;
    const float *b; /* (k, vectors * LANES), ldb floats from row to row */
    size_t ldb, k;
    float alpha, beta;
    float *c;
    size_t ldc, width; /* columns of c that are there */
};

/* The first `count` < LANES floats of c = beta * c + alpha * sums: by fours, then one by one. */
GEMM_INLINE void blend_row(size_t count, float alpha, float beta, const float *sums, float *c)
{
    size_t j = 0;
    for (; j + 4 <= count; j += 4) {
        loose_four *to = (loose_four *)(void *)(c + j);
        loose_four scaled = alpha * *(const loose_four *)(const void *)(sums + j);
        if (beta != 0)
            scaled = beta * *to + scaled;
        *to = scaled;
    }
    for (size_t end = j + count % 4; j < end; j++) {
        float scaled = alpha * sums[j];
        c[j] = beta == 0 ? scaled : beta * c[j] + scaled;
    }
}

/* The columns of c from `from` on, fewer than LANES of them, from sums (rows, LANES). */
static GEMM_TARGET __attribute__((noinline)) void blend(size_t rows, size_t from, const struct tile *tile,
                                                        const float *sums)
{
    for (size_t i = 0; i < rows; i++)
        blend_row(tile->width - from, tile->alpha, tile->beta, sums + i * LANES,
                  tile->c + i * tile->ldc + from);
}

/* One column of vectors of a tile into c. */
GEMM_INLINE void store(const size_t rows, const size_t v, const struct tile *tile, vector sum[ROWS][2])
{
    float *to = tile->c + v * LANES;
    float alpha = tile->alpha, beta = tile->beta;
    if (tile->width < (v + 1) * LANES) {
        float part[ROWS * LANES];
        GEMM_UNROLL
        for (size_t i = 0; i < rows; i++)
            *(loose_vector *)(void *)(part + i * LANES) = sum[i][v];
        blend(rows, v * LANES, tile, part);
        return;
    }
    GEMM_UNROLL
    for (size_t i = 0; i < rows; i++) {
        loose_vector *c = (loose_vector *)(void *)(to + i * tile->ldc);
        vector scaled = alpha * sum[i][v];
        if (beta != 0)
            scaled = beta * *c + scaled;
        *c = scaled;
    }
}

/* One tile; inlined where rows and vectors are constants, so that the sums become registers. */
GEMM_INLINE void multiply(const size_t rows, const size_t vectors, const struct tile *tile)
{
    vector sum[ROWS][2];
    const float *a[ROWS], *b = tile->b;
    size_t step = tile->a_step, ldb = tile->ldb;
    GEMM_UNROLL
    for (size_t i = 0; i < rows; i++) {
        a[i] = tile->a + i * tile->a_row;
        sum[i][0] = sum[i][1] = (vector){0};
    }
    for (size_t p = 0; p < tile->k; p++, b += ldb) {
        vector y[2];
        GEMM_UNROLL
        for (size_t v = 0; v < vectors; v++)
            y[v] = *(const loose_vector *)(const void *)(b + v * LANES);
        GEMM_UNROLL
        for (size_t i = 0; i < rows; i++) {
            float x = a[i][p * step];
            GEMM_UNROLL
            for (size_t v = 0; v < vectors; v++)
                sum[i][v] += x * y[v];
        }
    }
    store(rows, 0, tile, sum);
    if (vectors == 2)
        store(rows, 1, tile, sum);
}

#define GEMM_CASE(rows, vectors)                                                                             \
    case rows:                                                                                               \
        multiply(rows, vectors, tile);                                                                       \
        break

static GEMM_TARGET __attribute__((noinline)) void multiply_narrow(size_t rows, const struct tile *tile)
{
    switch (rows) {
        GEMM_CASE(1, 1);
        GEMM_CASE(2, 1);
        GEMM_CASE(3, 1);
        GEMM_CASE(4, 1);
#if GEMM_ROWS >= 6
        GEMM_CASE(5, 1);
        GEMM_CASE(6, 1);
#endif
#if GEMM_ROWS >= 12
        GEMM_CASE(7, 1);
        GEMM_CASE(8, 1);
        GEMM_CASE(9, 1);
        GEMM_CASE(10, 1);
        GEMM_CASE(11, 1);
        GEMM_CASE(12, 1);
#endif
    }
}

static GEMM_TARGET __attribute__((noinline)) void multiply_wide(size_t rows, const struct tile *tile)
{
    switch (rows) {
        GEMM_CASE(1, 2);
        GEMM_CASE(2, 2);
        GEMM_CASE(3, 2);
        GEMM_CASE(4, 2);
#if GEMM_ROWS >= 6
        GEMM_CASE(5, 2);
        GEMM_CASE(6, 2);
#endif
#if GEMM_ROWS >= 12
        GEMM_CASE(7, 2);
        GEMM_CASE(8, 2);
        GEMM_CASE(9, 2);
        GEMM_CASE(10, 2);
        GEMM_CASE(11, 2);
        GEMM_CASE(12, 2);
#endif
    }
}

/* Points tile->b to columns j.. of op(b), rows p.. p + tile->k: in place, or a copy in `room` where the
 * columns lie across, are not whole vectors, have rows at no even distance, or would be read many times from
 * far apart. */
static GEMM_TARGET void place_panel(const struct gemm_task *task, size_t p, size_t j, struct tile *tile,
                                    float *room)
{
    size_t ld = tile->width > LANES ? PANEL : LANES, row = task->transpose_b ? j : p;
    struct source b = {task->b + (task->transpose_b ? p : j), NULL, task->ldb};
    bool often = task->m > 32 && tile->k > 64;
    if (task->at != NULL)
        b.at = task->at + row;
    else
        b.from += row * task->ldb;
    if (!task->transpose_b && tile->width == ld && !often && b.at == NULL) {
        tile->b = b.from;
        tile->ldb = task->ldb;
        return;
    }
    if (task->transpose_b)
        turn_panel(tile->k, tile->width, &b, room, ld);
    else
        copy_panel(tile->k, tile->width, &b, room, ld);
    tile->b = room;
    tile->ldb = ld;
}

/* The same of bytes, always a copy. `at` is for the rows, those of k staying for all columns. */
static GEMM_TARGET void place_bytes(const struct gemm_task *task, size_t p, size_t j, struct tile *tile,
                                    const uint8_t *at[BLOCK], float *room)
{
    size_t ld = tile->width > LANES ? PANEL : LANES;
    if (task->transpose_b) {
        point_rows(task->bytes, j, tile->width, ld, at);
        turn_bytes(tile->k, task->k, task->bytes, at, p, room, ld);
    } else {
        if (j == 0)
            point_rows(task->bytes, p, tile->k, tile->k, at);
        copy_bytes(tile->k, tile->width, task->bytes, at, j, room, ld);
    }
    tile->b = room;
    tile->ldb = ld;
}

/* All rows of a panel. */
static GEMM_TARGET void multiply_panel(size_t m, struct tile tile)
{
    size_t tiles = (m + ROWS - 1) / ROWS;
    for (size_t t = 0, left = m; t < tiles; t++) {
        size_t rows = left / (tiles - t);
        if (tile.width > LANES)
            multiply_wide(rows, &tile);
        else
            multiply_narrow(rows, &tile);
        tile.a += rows * tile.a_row;
        tile.c += rows * tile.ldc;
        left -= rows;
    }
}

/* What is written next is asked for meanwhile, to be written to: with several threads at work it may well lie
 * with another processor, which read it last. (Of many rows, other work hides the wait.) */
enum { CLAIMED_ROWS = 32 };
GEMM_INLINE void claim(size_t m, const float *c, size_t ldc)
{
    enum { LINE = 16 };
    for (size_t i = 0; i < m; i++)
        for (size_t l = 0; l < PANEL; l += LINE)
            __builtin_prefetch(c + i * ldc + l, 1);
}

/* Blocks of k outermost, so that a block of op(a) stays in the second-level cache for all panels. */
static GEMM_TARGET __attribute__((unused)) void product(const struct gemm_task *task)
{
    float room[BLOCK * PANEL] __attribute__((aligned(64)));
    const uint8_t *at[BLOCK];
    size_t blocks = task->k > BLOCK ? (task->k + BLOCK - 1) / BLOCK : 1;
    bool claims = task->m <= CLAIMED_ROWS && blocks == 1 && task->beta == 0 && omp_get_num_threads() > 1;
    for (size_t t = 0, p = 0; t < blocks; t++) {
        size_t k = (task->k - p) / (blocks - t);
        for (size_t j = 0; j < task->n; j += PANEL) {
            struct tile tile = {.a = task->a + p * task->a_step,
                                .a_row = task->a_row,
                                .a_step = task->a_step,
                                .k = k,
                                .alpha = task->alpha,
                                .beta = t == 0 ? task->beta : 1,
                                .c = task->c + j,
                                .ldc = task->ldc,
                                .width = task->n - j < PANEL ? task->n - j : PANEL};
            if (task->bytes != NULL)
                place_bytes(task, p, j, &tile, at, room);
            else
                place_panel(task, p, j, &tile, room);
            if (claims && j + 2 * PANEL <= task->n)
                claim(task->m, tile.c + PANEL, tile.ldc);
            multiply_panel(task->m, tile);
        }
        p += k;
    }
}

#undef GEMM_CASE
#undef GEMM_INLINE
#undef GEMM_UNROLL

#endif
