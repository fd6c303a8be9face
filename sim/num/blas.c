/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/num/blas.h"

#include <cblas.h>

/* Present in OpenBLAS only; weak, so that any other CBLAS links as well. */
extern void openblas_set_num_threads(int threads) __attribute__((weak));
extern char *openblas_get_config(void) __attribute__((weak));

void blas_start(void)
{
    if (openblas_set_num_threads != NULL)
        openblas_set_num_threads(1);
}

const char *blas_name(void)
{
    return openblas_get_config != NULL ? openblas_get_config() : "CBLAS";
}

void blas_gemm(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, float alpha, const float *a,
               size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc)
{
    cblas_sgemm(CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans,
                transpose_b ? CblasTrans : CblasNoTrans, (int)m, (int)n, (int)k, alpha, a, (int)lda, b,
                (int)ldb, beta, c, (int)ldc);
}
