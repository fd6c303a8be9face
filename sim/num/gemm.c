/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/num/gemm.h"

static const struct gemm_level *const levels[] = {
#if defined(__x86_64__)
    &gemm_avx512,
    &gemm_avx2,
#endif
    &gemm_base,
};

enum { LEVELS = sizeof levels / sizeof levels[0] };

const struct gemm_level *gemm_level_at(size_t index)
{
    return index < LEVELS ? levels[index] : NULL;
}

const struct gemm_level *gemm_level(void)
{
    for (size_t index = 0; index + 1 < LEVELS; index++)
        if (levels[index]->available())
            return levels[index];
    return levels[LEVELS - 1];
}

void gemm(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, float alpha, const float *a,
          size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc)
{
    const struct gemm_task task = {.m = m,
                                   .n = n,
                                   .k = k,
                                   .a = a,
                                   .a_row = transpose_a ? 1 : lda,
                                   .a_step = transpose_a ? lda : 1,
                                   .b = b,
                                   .ldb = ldb,
                                   .transpose_b = transpose_b,
                                   .alpha = alpha,
                                   .beta = beta,
                                   .c = c,
                                   .ldc = ldc};
    gemm_level()->product(&task);
}

/* A product with a in place; b is still to be named. */
static struct gemm_task task_in_place(bool transpose_b, size_t m, size_t n, size_t k, const float *a,
                                      size_t lda)
{
    return (struct gemm_task){
        .m = m, .n = n, .k = k, .a = a, .a_row = lda, .a_step = 1, .transpose_b = transpose_b, .alpha = 1};
}

static void add_product(struct gemm_task *task, float beta, float *c, size_t ldc)
{
    task->beta = beta;
    task->c = c;
    task->ldc = ldc;
    gemm_level()->product(task);
}

void gemm_rows(bool transpose_b, size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b,
               const size_t *at, float beta, float *c, size_t ldc)
{
    struct gemm_task task = task_in_place(transpose_b, m, n, k, a, lda);
    task.b = b;
    task.at = at;
    add_product(&task, beta, c, ldc);
}

void gemm_bytes(bool transpose_b, size_t m, size_t n, size_t k, float alpha, const float *a, size_t lda,
                const struct gemm_bytes *b, float beta, float *c, size_t ldc)
{
    struct gemm_task task = task_in_place(transpose_b, m, n, k, a, lda);
    task.alpha = alpha;
    task.bytes = b;
    add_product(&task, beta, c, ldc);
}
