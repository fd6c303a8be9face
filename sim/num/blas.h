/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one door to the CBLAS: row-major single-precision matrix products on the calling thread alone. */
#ifndef SIM_NUM_BLAS_H
#define SIM_NUM_BLAS_H

#include <stdbool.h>
#include <stddef.h>

/* Keeps the library from starting threads of its own: parallelism is over workers, and a product split over a
 * varying number of threads would change bits. Call once, before any product. */
void blas_start(void);

/* The library's own description of itself ("OpenBLAS 0.3.21 ..."), or "CBLAS" when it has none. */
const char *blas_name(void);

/* c (m, n) = alpha * op(a) * op(b) + beta * c; op(a) is (m, k), op(b) is (k, n); op transposes when the flag
 * is set. lda, ldb, ldc: floats from one row to the next of the arrays as they lie in memory. All sizes are
 * at least 1 and at most 2^31 - 1, the caller's promise. c is not read while beta is 0. */
void blas_gemm(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, float alpha, const float *a,
               size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc);

#endif
