/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Matrix products: every level against two naive twins, one in double precision and one in float that sums in
 * the order gemm.h promises and must agree to the bit; edges, strides, special values.
 */
#include "sim/num/gemm.h"
#include "sim/num/rng.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 256 };

struct product {
    bool transpose_a, transpose_b;
    size_t m, n, k, lda, ldb, ldc;
    float alpha, beta;
};

/* A matrix as it lies in memory, in a block of exactly its size, `offset` floats from its start; NaN in the
 * padding behind each row. */
struct matrix {
    float *block, *v;
    size_t rows, columns, ld;
};

static struct matrix matrix_new(size_t rows, size_t columns, size_t ld, size_t offset)
{
    size_t floats = rows == 0 ? 0 : (rows - 1) * ld + columns;
    struct matrix x = {.rows = rows, .columns = columns, .ld = ld};
    x.block = malloc((offset + floats) * sizeof(float) + 1);
    cr_assert_not_null(x.block);
    x.v = x.block + offset;
    for (size_t j = 0; j < offset + floats; j++)
        x.block[j] = NAN;
    return x;
}

static void matrix_fill(struct matrix *x, struct rng *rng)
{
    for (size_t i = 0; i < x->rows; i++)
        for (size_t j = 0; j < x->columns; j++)
            x->v[i * x->ld + j] = (float)rng_normal(rng);
}

/* Whether all padding is still NaN. */
static bool matrix_padded(const struct matrix *x)
{
    for (size_t i = 0; i + 1 < x->rows; i++)
        for (size_t j = x->columns; j < x->ld; j++)
            if (!isnan(x->v[i * x->ld + j]))
                return false;
    return true;
}

static bool same_bits(float x, float y)
{
    return memcmp(&x, &y, sizeof x) == 0 || (isnan(x) && isnan(y));
}

static float term_a(const struct product *p, const float *a, size_t i, size_t q)
{
    return p->transpose_a ? a[q * p->lda + i] : a[i * p->lda + q];
}

static float term_b(const struct product *p, const float *b, size_t q, size_t j)
{
    return p->transpose_b ? b[j * p->ldb + q] : b[q * p->ldb + j];
}

/* The twin that keeps the promised order; c: the element before. */
static float twin_float(const struct product *p, const float *a, const float *b, size_t i, size_t j, float c)
{
    size_t blocks = p->k > BLOCK ? (p->k + BLOCK - 1) / BLOCK : 1;
    for (size_t t = 0, q = 0; t < blocks; t++) {
        size_t end = q + (p->k - q) / (blocks - t);
        float sum = 0;
        for (; q < end; q++)
            sum += term_a(p, a, i, q) * term_b(p, b, q, j);
        float beta = t == 0 ? p->beta : 1;
        c = beta == 0 ? p->alpha * sum : beta * c + p->alpha * sum;
    }
    return c;
}

/* The twin in double; *size: the sum of the terms' magnitudes. */
static double twin_double(const struct product *p, const float *a, const float *b, size_t i, size_t j,
                          float c, double *size)
{
    double sum = 0;
    *size = 0;
    for (size_t q = 0; q < p->k; q++) {
        double term = (double)p->alpha * (double)term_a(p, a, i, q) * (double)term_b(p, b, q, j);
        sum += term;
        *size += fabs(term);
    }
    if (p->beta != 0) {
        sum += (double)p->beta * (double)c;
        *size += fabs((double)p->beta * (double)c);
    }
    return sum;
}

static void run(const struct gemm_level *level, const struct product *p, const float *a, const float *b,
                float *c)
{
    const struct gemm_task task = {.m = p->m,
                                   .n = p->n,
                                   .k = p->k,
                                   .a = a,
                                   .a_row = p->transpose_a ? 1 : p->lda,
                                   .a_step = p->transpose_a ? p->lda : 1,
                                   .b = b,
                                   .ldb = p->ldb,
                                   .transpose_b = p->transpose_b,
                                   .alpha = p->alpha,
                                   .beta = p->beta,
                                   .c = c,
                                   .ldc = p->ldc};
    level->product(&task);
}

static void compare(const char *name, const struct product *p, const struct matrix *a, const struct matrix *b,
                    const struct matrix *before, const struct matrix *c)
{
    for (size_t i = 0; i < p->m; i++)
        for (size_t j = 0; j < p->n; j++) {
            float got = c->v[i * p->ldc + j], old = before->v[i * p->ldc + j];
            double size, precise = twin_double(p, a->v, b->v, i, j, old, &size);
            bool close = fabs((double)got - precise) <= 2e-6 * size;
            bool exact = same_bits(got, twin_float(p, a->v, b->v, i, j, old));
            cr_assert(close && exact,
                      "%s (%d%d) %zu x %zu x %zu, alpha %g beta %g: (%zu, %zu) is %.9g, not %.9g", name,
                      p->transpose_a, p->transpose_b, p->m, p->n, p->k, (double)p->alpha, (double)p->beta, i,
                      j, (double)got, precise);
        }
    cr_assert(matrix_padded(c), "%s writes behind the rows of c", name);
}

/* All levels on one random product, with `pad` floats behind each row and blocks `offset` floats off. */
static void try_product(struct product p, size_t pad, size_t offset, struct rng *rng)
{
    size_t a_rows = p.transpose_a ? p.k : p.m, a_columns = p.transpose_a ? p.m : p.k;
    size_t b_rows = p.transpose_b ? p.n : p.k, b_columns = p.transpose_b ? p.k : p.n;
    p.lda = a_columns + pad;
    p.ldb = b_columns + pad;
    p.ldc = p.n + pad;
    struct matrix a = matrix_new(a_rows, a_columns, p.lda, offset);
    struct matrix b = matrix_new(b_rows, b_columns, p.ldb, offset / 2);
    struct matrix before = matrix_new(p.m, p.n, p.ldc, 0);
    matrix_fill(&a, rng);
    matrix_fill(&b, rng);
    if (p.beta != 0) /* otherwise NaN, which must not be read */
        matrix_fill(&before, rng);
    const struct gemm_level *level;
    for (size_t l = 0; (level = gemm_level_at(l)) != NULL; l++) {
        if (!level->available())
            continue;
        struct matrix c = matrix_new(p.m, p.n, p.ldc, offset / 3);
        for (size_t i = 0; i < p.m; i++)
            memcpy(c.v + i * p.ldc, before.v + i * p.ldc, p.n * sizeof(float));
        run(level, &p, a.v, b.v, c.v);
        compare(level->name, &p, &a, &b, &before, &c);
        free(c.block);
    }
    free(a.block);
    free(b.block);
    free(before.block);
}

static const float factors[] = {0, 1, -0.5f};

Test(gemm, small_value)
{
    const float a[] = {1, 2, 3, 4}, b[] = {5, 6, 7, 8};
    float c[4];
    gemm(false, false, 2, 2, 2, 1, a, 2, b, 2, 0, c, 2);
    cr_assert(c[0] == 19 && c[1] == 22 && c[2] == 43 && c[3] == 50);
    gemm(true, false, 2, 2, 2, 1, a, 2, b, 2, 0, c, 2);
    cr_assert(c[0] == 26 && c[1] == 30 && c[2] == 38 && c[3] == 44);
    gemm(false, true, 2, 2, 2, 1, a, 2, b, 2, 0, c, 2);
    cr_assert(c[0] == 17 && c[1] == 23 && c[2] == 39 && c[3] == 53);
    gemm(true, true, 2, 2, 2, 2, a, 2, b, 2, 1, c, 2);
    cr_assert(c[0] == 17 + 46 && c[1] == 23 + 62 && c[2] == 39 + 68 && c[3] == 53 + 92);
}

Test(gemm, random_sizes_up_to_40)
{
    struct rng rng;
    rng_start(&rng, 1, RNG_TEST, 0, 0);
    for (size_t t = 0; t < 3000; t++) {
        struct product p = {.transpose_a = t & 1,
                            .transpose_b = t & 2,
                            .m = rng_below(&rng, 41),
                            .n = rng_below(&rng, 41),
                            .k = rng_below(&rng, 41),
                            .alpha = factors[rng_below(&rng, 3)],
                            .beta = factors[rng_below(&rng, 3)]};
        try_product(p, rng_below(&rng, 4), rng_below(&rng, 7), &rng);
    }
}

Test(gemm, empty_and_single)
{
    struct rng rng;
    rng_start(&rng, 2, RNG_TEST, 0, 0);
    for (size_t t = 0; t < 8 * 4 * 9; t++) {
        struct product p = {.transpose_a = t & 8,
                            .transpose_b = t & 16,
                            .m = t & 1,
                            .n = t >> 1 & 1,
                            .k = t >> 2 & 1,
                            .alpha = factors[t / 32 % 3],
                            .beta = factors[t / 96 % 3]};
        try_product(p, t % 2, t % 5, &rng);
    }
}

/* Several blocks of k, several panels and tiles, and remainders of each. */
Test(gemm, large_odd_sizes)
{
    static const size_t sizes[][3] = {{100, 32, 784}, {101, 67, 531}, {13, 65, 1031}, {32, 10, 784},
                                      {37, 50, 257},  {3, 200, 256},  {67, 33, 512},  {1, 300, 300},
                                      {300, 1, 300},  {25, 20, 1500}};
    struct rng rng;
    rng_start(&rng, 3, RNG_TEST, 0, 0);
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
        for (size_t t = 0; t < 4; t++) {
            struct product p = {.transpose_a = t & 1,
                                .transpose_b = t & 2,
                                .m = sizes[s][0],
                                .n = sizes[s][1],
                                .k = sizes[s][2],
                                .alpha = factors[1 + t % 2],
                                .beta = factors[(s + t) % 3]};
            try_product(p, s % 3, s % 5, &rng);
        }
}

/* Rows of bytes, drawn with repetition, against the matrix of what they stand for; some columns of wider
 * rows. */
static void try_bytes(bool transpose_b, size_t m, size_t n, size_t k, struct rng *rng)
{
    enum { SAMPLES = 50, PAD = 3 };
    size_t rows = transpose_b ? n : k, columns = transpose_b ? k : n, ld = columns + 2 * PAD;
    uint8_t *block = malloc(SAMPLES * ld + 1);
    uint32_t *row = malloc((rows + 1) * sizeof *row);
    struct gemm_bytes bytes = {.from = block + PAD,
                               .row = row,
                               .ld = ld,
                               .scale = 1 / 255.0f,
                               .shift = rng_below(rng, 2) ? -0.3f : 0};
    struct matrix a = matrix_new(m, k, k, 0), b = matrix_new(rows, columns, columns, 0);
    matrix_fill(&a, rng);
    for (size_t j = 0; j < SAMPLES * ld; j++)
        block[j] = (uint8_t)rng_below(rng, 256);
    for (size_t r = 0; r < rows; r++) {
        row[r] = (uint32_t)rng_below(rng, SAMPLES);
        for (size_t j = 0; j < columns; j++)
            b.v[r * columns + j] = (float)bytes.from[row[r] * ld + j] * bytes.scale + bytes.shift;
    }
    struct matrix expected = matrix_new(m, n, n, 0);
    gemm(false, transpose_b, m, n, k, 1, a.v, k, b.v, columns, 0, expected.v, n);
    const struct gemm_level *level;
    for (size_t l = 0; (level = gemm_level_at(l)) != NULL; l++) {
        struct matrix c = matrix_new(m, n, n, 0);
        const struct gemm_task task = {.m = m,
                                       .n = n,
                                       .k = k,
                                       .a = a.v,
                                       .a_row = k,
                                       .a_step = 1,
                                       .bytes = &bytes,
                                       .transpose_b = transpose_b,
                                       .alpha = 1,
                                       .c = c.v,
                                       .ldc = n};
        if (level->available())
            level->product(&task);
        cr_assert(!level->available() || memcmp(c.v, expected.v, m * n * sizeof(float)) == 0,
                  "%s (%d) %zu x %zu x %zu", level->name, transpose_b, m, n, k);
        free(c.block);
    }
    free(expected.block);
    free(a.block);
    free(b.block);
    free(row);
    free(block);
}

Test(gemm, bytes_are_what_they_stand_for)
{
    static const size_t sizes[][3] = {{10, 32, 784}, {10, 784, 32}, {100, 33, 784}, {13, 531, 300},
                                      {1, 1, 1},     {3, 17, 15},   {12, 64, 16},   {5, 31, 257}};
    struct rng rng;
    rng_start(&rng, 5, RNG_TEST, 0, 0);
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
        for (int transpose = 0; transpose < 2; transpose++)
            try_bytes(transpose, sizes[s][0], sizes[s][1], sizes[s][2], &rng);
    for (size_t t = 0; t < 600; t++)
        try_bytes(t & 1, rng_below(&rng, 30), rng_below(&rng, 70), rng_below(&rng, 70), &rng);
}

/* Every part of a product, cut out as a product of its own, has the same bits. */
Test(gemm, parts_have_the_bits_of_the_whole)
{
    enum { M = 45, N = 71, K = 300 };
    static float a[M * K], b[K * N], whole[M * N], part[M * N];
    struct rng rng;
    rng_start(&rng, 4, RNG_TEST, 0, 0);
    for (size_t j = 0; j < M * K; j++)
        a[j] = (float)rng_normal(&rng);
    for (size_t j = 0; j < K * N; j++)
        b[j] = (float)rng_normal(&rng);
    gemm(false, false, M, N, K, 1, a, K, b, N, 0, whole, N);
    for (size_t t = 0; t < 200; t++) {
        size_t i = rng_below(&rng, M), j = rng_below(&rng, N);
        size_t m = 1 + rng_below(&rng, M - i), n = 1 + rng_below(&rng, N - j);
        gemm(false, false, m, n, K, 1, a + i * K, K, b + j, N, 0, part, n);
        for (size_t r = 0; r < m; r++)
            cr_assert_eq(memcmp(part + r * n, whole + (i + r) * N + j, n * sizeof(float)), 0,
                         "%zu x %zu at (%zu, %zu), row %zu", m, n, i, j, r);
    }
}

/* Rows of b anywhere, also over one another, are as their copies one behind the other: to the bit, on all
 * levels. */
static void try_rows(bool transpose_b, size_t m, size_t n, size_t k, struct rng *rng)
{
    enum { SPACE = 600 };
    size_t rows = transpose_b ? n : k, columns = transpose_b ? k : n, at[400];
    struct matrix a = matrix_new(m, k, k, 0), b = matrix_new(1, columns + SPACE, columns + SPACE, 1);
    struct matrix copy = matrix_new(rows, columns, columns, 0), before = matrix_new(m, n, n, 0);
    matrix_fill(&a, rng);
    matrix_fill(&b, rng);
    matrix_fill(&before, rng);
    for (size_t r = 0; r < rows; r++) {
        at[r] = rng_below(rng, SPACE + 1);
        memcpy(copy.v + r * columns, b.v + at[r], columns * sizeof(float));
    }
    struct product p = {.transpose_b = transpose_b,
                        .m = m,
                        .n = n,
                        .k = k,
                        .lda = k,
                        .ldb = columns,
                        .ldc = n,
                        .alpha = 1,
                        .beta = 1};
    const struct gemm_level *level;
    struct matrix c = matrix_new(m, n, n, 0);
    for (size_t l = 0; (level = gemm_level_at(l)) != NULL; l++) {
        if (!level->available())
            continue;
        memcpy(c.v, before.v, m * n * sizeof(float));
        const struct gemm_task task = {.m = m,
                                       .n = n,
                                       .k = k,
                                       .a = a.v,
                                       .a_row = k,
                                       .a_step = 1,
                                       .b = b.v,
                                       .at = at,
                                       .transpose_b = transpose_b,
                                       .alpha = 1,
                                       .beta = 1,
                                       .c = c.v,
                                       .ldc = n};
        level->product(&task);
        compare(level->name, &p, &a, &copy, &before, &c);
    }
    struct matrix front = matrix_new(m, n, n, 0);
    memcpy(front.v, before.v, m * n * sizeof(float));
    gemm_rows(transpose_b, m, n, k, a.v, k, b.v, at, 1, front.v, n);
    cr_assert_eq(memcmp(front.v, c.v, m * n * sizeof(float)), 0);
    free(a.block), free(b.block), free(copy.block), free(before.block), free(c.block), free(front.block);
}

Test(gemm, rows_of_b_anywhere)
{
    struct rng rng;
    rng_start(&rng, 5, RNG_TEST, 0, 0);
    for (size_t t = 0; t < 200; t++)
        try_rows(t & 1, 1 + rng_below(&rng, 60), 1 + rng_below(&rng, 80), 1 + rng_below(&rng, 80), &rng);
    for (size_t t = 0; t < 2; t++)
        try_rows(t & 1, 50, t & 1 ? 300 : 67, t & 1 ? 531 : 390, &rng);
}

/* 0 * inf is NaN, and a NaN reaches its own row or column of c, nothing else; also in the last, partial tile.
 */
Test(gemm, special_values)
{
    enum { M = 14, N = 37, K = 5 };
    const struct gemm_level *level;
    for (size_t l = 0; (level = gemm_level_at(l)) != NULL; l++) {
        if (!level->available())
            continue;
        float a[M * K], b[K * N], c[M * N];
        for (size_t j = 0; j < M * K; j++)
            a[j] = 0;
        for (size_t j = 0; j < K * N; j++)
            b[j] = 1;
        a[13 * K + 2] = NAN;
        b[4 * N + 36] = INFINITY;
        struct product p = {.m = M, .n = N, .k = K, .lda = K, .ldb = N, .ldc = N, .alpha = 1};
        run(level, &p, a, b, c);
        for (size_t i = 0; i < M; i++)
            for (size_t j = 0; j < N; j++)
                cr_assert_eq(isnan(c[i * N + j]) != 0, i == 13 || j == 36, "%s (%zu, %zu)", level->name, i,
                             j);
    }
}

/* An infinite c times beta 1 stays, and beta 0 forgets a NaN. */
Test(gemm, old_values)
{
    const float a[] = {1}, b[] = {2};
    float c[] = {INFINITY};
    gemm(false, false, 1, 1, 1, 1, a, 1, b, 1, 1, c, 1);
    cr_assert(isinf(c[0]));
    c[0] = NAN;
    gemm(false, false, 1, 1, 1, 1, a, 1, b, 1, 0, c, 1);
    cr_assert_eq(c[0], 2);
    c[0] = 3;
    gemm(false, false, 1, 1, 0, 1, a, 1, b, 1, -0.5f, c, 1);
    cr_assert_eq(c[0], -1.5f);
}

Test(gemm, levels)
{
    size_t count = 0;
    while (gemm_level_at(count) != NULL)
        count++;
    cr_assert_geq(count, 1);
    cr_assert(gemm_level_at(count - 1)->available());
    cr_assert_str_eq(gemm_level_at(count - 1)->name, "base");
    cr_assert_null(gemm_level_at(count + 1));
    const struct gemm_level *first = gemm_level();
    for (size_t l = 0; gemm_level_at(l) != first; l++)
        cr_assert_not(gemm_level_at(l)->available());
}
