/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Single-precision matrix products, row-major, on the calling thread, without allocation.
 *
 *   c (m, n) = alpha * op(a) * op(b) + beta * c      op(a) (m, k), op(b) (k, n)
 *
 * The order of every sum is fixed by k alone: the k terms are cut into ceil(k / 256) blocks of nearly equal
 * length, each block is summed from its first term to its last with one rounding for each multiplication and
 * addition, and the block sums are added to beta * c in turn. So an element has the same bits on every
 * processor, in every tile, at every alignment. Numbers are treated as plain arithmetic does: 0 * inf is NaN.
 *
 * Cost: 2 m n k operations. Register tiles of a few rows by two vectors of columns, after Goto, van de Geijn,
 * "Anatomy of high-performance matrix multiplication", ACM Trans. Math. Software 34 (2008); op(a) is read in
 * place, op(b) is copied panel by panel where it is transposed or tall.
 *
 * Check: (1, 2; 3, 4) * (5, 6; 7, 8) = (19, 22; 43, 50).
 */
#ifndef SIM_NUM_GEMM_H
#define SIM_NUM_GEMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GEMM_WHOLE = 256 }; /* the largest k whose sums are not cut */

/* op transposes when the flag is set. lda, ldb, ldc: floats from one row to the next of the arrays as they
 * lie in memory. Sizes may be 0; c is not read while beta is 0, and does not overlap a or b. */
void gemm(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, float alpha, const float *a,
          size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc);

/* The same with alpha 1 and a in place, where row r of b as it lies in memory starts at b + at[r]: k rows of
 * n floats, or n rows of k floats when it is transposed. Rows may overlap, as the windows of a convolution
 * do. */
void gemm_rows(bool transpose_b, size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b,
               const size_t *at, float beta, float *c, size_t ldc);

/* Rows of bytes, as images lie in data sets: row r starts at from + row[r] * ld, and a byte stands for the
 * float byte * scale + shift. */
struct gemm_bytes {
    const uint8_t *from;
    const uint32_t *row;
    size_t ld;
    float scale, shift;
};

/* The same with a in place and b rows of bytes: what it would be with a matrix of their floats, which is
 * never made. */
void gemm_bytes(bool transpose_b, size_t m, size_t n, size_t k, float alpha, const float *a, size_t lda,
                const struct gemm_bytes *b, float beta, float *c, size_t ldc);

/* The arguments of one product. Element (i, p) of op(a) is a[i * a_row + p * a_step]. */
struct gemm_task {
    size_t m, n, k;
    const float *a;
    size_t a_row, a_step;
    const float *b;
    size_t ldb;
    const size_t *at;               /* where the rows of b start; NULL: ldb floats from one to the next */
    const struct gemm_bytes *bytes; /* b, where it is bytes; else NULL */
    bool transpose_b;
    float alpha, beta;
    float *c;
    size_t ldc;
};

/* The same source compiled for one instruction set. */
struct gemm_level {
    const char *name;
    bool (*available)(void); /* whether this processor has it */
    void (*product)(const struct gemm_task *task);
};

/* All levels, the fastest first; NULL behind the last, which is always available. */
const struct gemm_level *gemm_level_at(size_t index);

/* The one that gemm uses: the first available. */
const struct gemm_level *gemm_level(void);

extern const struct gemm_level gemm_avx512, gemm_avx2, gemm_base;

#endif
