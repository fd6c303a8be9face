/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The largest eigenvalue and its vector, against GSL's solver and on matrices with repeated eigenvalues. */
#include "sim/num/eigen.h"
#include "tests/num/cloud.h"

#include <gsl/gsl_eigen.h>

enum { MOST = 60 };

static void symmetric(double *matrix, size_t n, double factor, uint64_t seed)
{
    struct rng rng;
    rng_start(&rng, seed, RNG_TEST, n, 3);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++)
            matrix[i * n + j] = matrix[j * n + i] = factor * rng_normal(&rng);
}

static double by_gsl(const double *matrix, size_t n)
{
    gsl_matrix *copy = gsl_matrix_alloc(n, n);
    gsl_vector *values = gsl_vector_alloc(n);
    gsl_eigen_symm_workspace *space = gsl_eigen_symm_alloc(n);
    for (size_t i = 0; i < n * n; i++)
        copy->data[i] = matrix[i];
    gsl_eigen_symm(copy, values, space);
    double largest = gsl_vector_max(values);
    gsl_eigen_symm_free(space);
    gsl_vector_free(values);
    gsl_matrix_free(copy);
    return largest;
}

/* The value is GSL's; the vector has length 1 and A v = value v, up to rounding of the largest entry. */
static void check(const double *matrix, size_t n)
{
    static double work[MOST * MOST], scratch[6 * MOST];
    double vector[MOST], size = 0, length = 0, wanted = by_gsl(matrix, n);
    cr_assert_leq(eigen_scratch_bytes(n), sizeof scratch);
    for (size_t i = 0; i < n * n; i++)
        size = fmax(size, fabs(matrix[i]));
    memcpy(work, matrix, n * n * sizeof *work);
    double value = eigen_largest(work, n, scratch, vector), slack = 4e-15 * (double)n * size;
    cr_assert(grid_near(value, wanted, slack), "n=%zu: %.17g, not %.17g", n, value, wanted);
    for (size_t i = 0; i < n; i++) {
        double sum = 0;
        for (size_t j = 0; j < n; j++)
            sum += matrix[i * n + j] * vector[j];
        cr_assert(grid_near(sum, value * vector[i], slack), "n=%zu: A v is %.17g, not %.17g", n, sum,
                  value * vector[i]);
        length += vector[i] * vector[i];
    }
    cr_assert(grid_near(length, 1, 1e-14));
    memcpy(work, matrix, n * n * sizeof *work);
    cr_assert(eigen_all_below(work, n, value + 1e-12 * (double)n * size + 1e-300));
    memcpy(work, matrix, n * n * sizeof *work);
    cr_assert_not(eigen_all_below(work, n, value - 1e-12 * (double)n * size));
}

Test(eigen, two_by_two)
{
    double matrix[] = {2, 1, 1, 2}, vector[2], scratch[12];
    check(matrix, 2);
    cr_expect(grid_near(eigen_largest(matrix, 2, scratch, vector), 3, 1e-15));
    cr_expect(grid_near(fabs(vector[0]), sqrt(0.5), 1e-15));
    cr_expect(grid_near(vector[0], vector[1], 1e-15));
}

Test(eigen, random_matrices)
{
    static double matrix[MOST * MOST];
    static const double factors[] = {1, 1e-150, 1e150, -1};
    for (size_t n = 1; n <= MOST; n += n < 12 ? 1 : 7)
        for (size_t f = 0; f < 4; f++) {
            symmetric(matrix, n, factors[f], n + f);
            check(matrix, n);
        }
}

/* Multiples of the identity, nothing, blocks, one direction, negative ones, a pattern of signs. */
Test(eigen, repeated_values)
{
    double matrix[64];
    for (size_t n = 1; n <= 8; n++)
        for (int kind = 0; kind < 6; kind++) {
            for (size_t i = 0; i < n; i++)
                for (size_t j = 0; j < n; j++) {
                    const double values[] = {i == j ? 3 : 0,         0,
                                             i / 2 == j / 2 ? 1 : 0, (double)((i + 1) * (j + 1)),
                                             i == j ? -2 : 0,        (i + j) % 2 ? -1 : 1};
                    matrix[i * n + j] = values[kind];
                }
            check(matrix, n);
        }
}

/* The rounding errors that are left of a matrix of rank one shrink with every reflection. */
Test(eigen, rank_one)
{
    static double matrix[MOST * MOST];
    for (size_t n = 2; n <= MOST; n++) {
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < n; j++)
                matrix[i * n + j] = (i < n - n / 5 ? -1.0 : 4.0) * (j < n - n / 5 ? -1.0 : 4.0) / 3;
        check(matrix, n);
    }
}
