/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/num/blas.h"

#include <cblas.h>
#include <stdlib.h>
#include <string.h>

/* Present in OpenBLAS only; weak, so that any other CBLAS links as well. */
extern void openblas_set_num_threads(int threads) __attribute__((weak));
extern char *openblas_get_config(void) __attribute__((weak));
extern char *openblas_get_corename(void) __attribute__((weak));
extern void gotoblas_dynamic_init(void) __attribute__((weak));
extern void gotoblas_dynamic_quit(void) __attribute__((weak));

static bool has_avx512(void)
{
#if defined(__x86_64__) && defined(__GNUC__)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#else
    return false;
#endif
}

/* OpenBLAS chooses its kernels by the processor's model number and takes AVX2 ones for models younger than
 * itself: half the speed of the AVX-512 ones that the processor could run. The library's own switch for such
 * cases is a variable that it reads once, when it chooses; so set it and have it choose again. A choice of
 * the user stands. */
static void choose_kernels_again(void)
{
    if (openblas_get_corename == NULL || gotoblas_dynamic_init == NULL || gotoblas_dynamic_quit == NULL)
        return;
    if (getenv("OPENBLAS_CORETYPE") != NULL || strcmp(openblas_get_corename(), "Haswell") != 0 ||
        !has_avx512())
        return;
    if (setenv("OPENBLAS_CORETYPE", "SkylakeX", 1) != 0)
        return;
    gotoblas_dynamic_quit();
    gotoblas_dynamic_init();
}

void blas_start(void)
{
    choose_kernels_again();
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
