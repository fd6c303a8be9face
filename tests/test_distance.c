/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All pairwise distances against a loop in double: nearly equal rows, tiny, huge and malformed ones. */
#include "sim/num/distance.h"
#include "sim/num/distance_kernel.h"
#include "tests/num/grid.h"

#include <omp.h>

static void *scratch_for(size_t n, size_t d)
{
    void *scratch = mem_array(distance_scratch_bytes(n, d), 1, NULL);
    cr_assert_not_null(scratch);
    return scratch;
}

static double naive(const struct grid *grid, size_t i, size_t j)
{
    double sum = 0;
    for (size_t k = 0; k < grid->d; k++) {
        double difference = (double)grid_row(grid, i)[k] - (double)grid_row(grid, j)[k];
        sum += difference * difference;
    }
    return isnan(sum) ? INFINITY : sum;
}

static double *distances_by(const struct distance_kernel *kernel, const struct grid *grid)
{
    size_t n = grid->n;
    double *out = mem_array(n * n, sizeof *out, NULL);
    void *scratch = scratch_for(n, grid->d);
    cr_assert_not_null(out);
    memset(out, 0xFF, n * n * sizeof *out);
    if (kernel == NULL)
        distance_squared(grid->x, n, grid->d, grid->ld, scratch, out);
    else
        distance_squared_by(kernel, grid->x, n, grid->d, grid->ld, scratch, out);
    mem_free(scratch);
    return out;
}

static double *distances_of(const struct grid *grid)
{
    return distances_by(NULL, grid);
}

static void check_grid(const struct grid *grid, double relative)
{
    size_t n = grid->n;
    double *out = distances_of(grid);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            double wanted = i == j ? 0 : naive(grid, i, j), got = out[i * n + j];
            cr_assert_eq(got, out[j * n + i]);
            cr_assert(grid_near(got, wanted, relative * wanted), "n=%zu d=%zu (%zu, %zu): %a, not %a", n,
                      grid->d, i, j, got, wanted);
        }
    mem_free(out);
}

Test(distance, matches_a_plain_loop)
{
    omp_set_num_threads(1);
    for (size_t n = 1; n <= 40; n += n < 8 ? 1 : 4)
        for (const size_t *d = grid_widths; *d != 0; d++)
            for (int kind = 0; kind < GRID_KINDS; kind++) {
                struct grid grid = grid_make(n, *d, (enum grid_kind)kind, 3);
                check_grid(&grid, 1e-6);
                grid_fini(&grid);
            }
    const size_t shapes[][2] = {{5, 511}, {5, 512}, {5, 513}, {4, 1025}, {3, 30000}, {100, 20}, {300, 3}};
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++)
        for (int kind = 0; kind < GRID_KINDS; kind++) {
            struct grid grid = grid_make(shapes[s][0], shapes[s][1], (enum grid_kind)kind, 4);
            check_grid(&grid, 1e-6);
            grid_fini(&grid);
        }
}

/* Any number of rows: full and partial blocks and tiles, of one tile and of several. */
Test(distance, any_number_of_rows)
{
    omp_set_num_threads(2);
    for (size_t n = 1; n <= 130; n += n > 12 && n % 60 > 6 ? 3 : 1) {
        struct grid grid = grid_make(n, 135, GRID_NORMAL, 11);
        check_grid(&grid, 1e-7);
        grid_fini(&grid);
    }
}

/* Where a Gram product has no digit left: gradients of late training. */
Test(distance, nearly_equal_rows)
{
    const float apart[] = {1e-3f, 1e-5f};
    const size_t widths[] = {100, 129, 700, 3000, 20000};
    omp_set_num_threads(1);
    for (size_t w = 0; w < sizeof widths / sizeof widths[0]; w++)
        for (size_t a = 0; a < 2; a++) {
            struct grid grid = grid_make(13, widths[w], GRID_NORMAL, 5);
            struct rng rng;
            rng_start(&rng, 6, RNG_TEST, a, 0);
            for (size_t i = 1; i < grid.n; i++)
                for (size_t k = 0; k < grid.d; k++)
                    grid_row(&grid, i)[k] = grid.x[k] + apart[a] * (float)rng_normal(&rng);
            check_grid(&grid, 1e-7);
            grid_fini(&grid);
        }
}

/* The worst for short floats: all differences are the same, and so is every rounding. */
Test(distance, constant_differences)
{
    omp_set_num_threads(1);
    struct grid grid = grid_make(40, 4096, GRID_NORMAL, 12);
    for (size_t i = 0; i < grid.n; i++)
        for (size_t k = 1; k < grid.d; k++)
            grid_row(&grid, i)[k] = grid_row(&grid, i)[0];
    check_grid(&grid, 4.5e-7);
    grid_fini(&grid);
}

static void check_kernels(const struct grid *grid)
{
    double *wanted = distances_by(&distance_plain, grid);
    for (size_t k = 0; k < DISTANCE_KERNELS; k++) {
        const struct distance_kernel *kernel = distance_kernels[k];
        if (kernel == &distance_plain || !kernel->usable())
            continue;
        double *out = distances_by(kernel, grid);
        cr_assert_arr_eq(out, wanted, grid->n * grid->n * sizeof *out, "%s: n=%zu d=%zu", kernel->name,
                         grid->n, grid->d);
        mem_free(out);
    }
    mem_free(wanted);
}

Test(distance, same_bits_by_every_kernel)
{
    const size_t shapes[][2] = {{2, 129}, {3, 144}, {4, 4100}, {5, 500},  {6, 160},  {7, 1000},
                                {8, 130}, {9, 300}, {16, 700}, {62, 150}, {65, 144}, {11, 9000}};
    omp_set_num_threads(2);
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++)
        for (int kind = 0; kind < GRID_KINDS; kind++) {
            struct grid grid = grid_make(shapes[s][0], shapes[s][1], (enum grid_kind)kind, 13);
            check_kernels(&grid);
            for (size_t k = 0; k < grid.n * grid.ld; k++) /* squares among the smallest floats */
                grid.x[k] *= 1e-19f;
            check_kernels(&grid);
            grid_fini(&grid);
        }
}

/* Squares of 1e-20 are below the normal floats, those of 1e30 beyond the largest. */
Test(distance, tiny_and_huge_rows_lose_no_digits)
{
    const float sizes[] = {1e-15f, 1e-18f, 1e-20f, 1e-25f, 1e-38f, 1e15f, 1e18f, 1e19f, 1e25f, 1e30f, 1e37f};
    omp_set_num_threads(1);
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        struct grid grid = grid_make(6, 700, GRID_NORMAL, 7);
        for (size_t i = 0; i < grid.n; i++)
            for (size_t k = 0; k < grid.d; k++)
                grid_row(&grid, i)[k] *= sizes[s];
        check_grid(&grid, 1e-6);
        grid_fini(&grid);
    }
}

Test(distance, identical_rows_are_at_zero)
{
    omp_set_num_threads(1);
    struct grid grid = grid_make(9, 1037, GRID_SAME, 8);
    for (size_t k = 0; k < 3; k++)
        for (size_t i = 0; i < grid.n; i++)
            grid_row(&grid, i)[k * 500] = (const float[]){3e38f, 1e-45f, -0.0f}[k];
    double *out = distances_of(&grid);
    for (size_t k = 0; k < grid.n * grid.n; k++)
        cr_assert_eq(out[k], 0);
    mem_free(out);
    grid_fini(&grid);
}

Test(distance, malformed_rows_are_infinitely_far)
{
    const float bad[] = {NAN, INFINITY, -INFINITY, INFINITY};
    omp_set_num_threads(1);
    struct grid grid = grid_make(7, 600, GRID_NORMAL, 9);
    for (size_t i = 0; i < 4; i++)
        grid_row(&grid, i)[i * 190] = bad[i];
    memcpy(grid_row(&grid, 3), grid_row(&grid, 1), 600 * sizeof(float)); /* equal infinities: far as well */
    double *out = distances_of(&grid);
    for (size_t i = 0; i < 7; i++)
        for (size_t j = 0; j < 7; j++) {
            double got = out[i * 7 + j];
            cr_expect(i == j           ? got == 0
                      : i < 4 || j < 4 ? got == (double)INFINITY
                                       : isfinite(got),
                      "(%zu, %zu): %g", i, j, got);
        }
    mem_free(out);
    grid_fini(&grid);
}

Test(distance, same_bits_at_any_number_of_threads)
{
    enum { N = 63, D = 20000 };
    struct grid grid = grid_make(N, D, GRID_NORMAL, 10);
    double *first = NULL;
    for (const int *threads = grid_threads; *threads != 0; threads++) {
        omp_set_num_threads(*threads);
        double *out = distances_of(&grid);
        if (first != NULL)
            cr_expect_arr_eq(out, first, N * N * sizeof *out, "%d threads", *threads);
        mem_free(first);
        first = out;
    }
    mem_free(first);
    grid_fini(&grid);
}

/* A round in which malformed messages were dropped computes distances of fewer rows in the same scratch. */
Test(distance, scratch_is_enough_for_fewer_rows)
{
    size_t before = 0;
    for (size_t n = 1; n < 3000; n++) {
        size_t bytes = distance_scratch_bytes(n, 1000000);
        cr_assert_geq(bytes, before, "%zu rows need %zu bytes, %zu rows %zu", n, bytes, n - 1, before);
        before = bytes;
    }
}
