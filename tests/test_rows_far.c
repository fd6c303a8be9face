/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kernels over rows by the widest vectors, and over rows far apart in memory, against the plain ones: the
 * same bits. */
#include "sim/num/rows.h"
#include "sim/num/rows_avx512.h"
#include "sim/num/rows_far.h"
#include "tests/num/grid.h"

#include <omp.h>

enum { MOST_ROWS = 64 };

static bool same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

/* A column alone is done by plain code, together with others by the widest vectors there are. */
Test(rows_far, a_columns_bits_do_not_depend_on_those_beside_it)
{
    enum { N = 32, D = 2117 }; /* a division by 32 is exact */
    const float *rows[N], *single[N];
    static float mean[D], std[D], combined[D];
    for (int kind = 0; kind < GRID_KINDS; kind++) {
        struct grid grid = grid_make(N, D, (enum grid_kind)kind, 3);
        rows_of_matrix(grid.x, N, grid.ld, rows);
        rows_mean_std(rows, N, D, 1, mean, std);
        rows_combine(rows, N, D, NULL, combined);
        double variance = rows_mean_variance(rows, N, D, mean), sum = 0;
        for (size_t k = 0; k < D; k++) {
            float alone[3];
            for (size_t i = 0; i < N; i++)
                single[i] = rows[i] + k;
            rows_mean_std(single, N, 1, 1, &alone[0], &alone[1]);
            rows_combine(single, N, 1, NULL, &alone[2]);
            sum += N * rows_mean_variance(single, N, 1, &alone[0]);
            cr_assert(same(alone[0], (double)mean[k]), "%a and %a", (double)alone[0], (double)mean[k]);
            cr_assert(same(alone[1], (double)std[k]), "%a and %a", (double)alone[1], (double)std[k]);
            cr_assert(same(alone[2], (double)combined[k]));
        }
        cr_assert(same(sum / N, variance) || fabs(sum / N - variance) < 1e-12 * variance, "%a", variance);
        grid_fini(&grid);
    }
}

/* Each square by itself: in a sum over columns the last bits of one vanish. */
Test(rows_far, squares_of_the_widest_vectors)
{
    enum { N = 32, D = 10 * ROWS_AVX512_WIDE };
    const float *rows[N], *single[N];
    double mean[ROWS_AVX512_WIDE], squares[ROWS_AVX512_WIDE];
    struct grid grid = grid_make(N, D, GRID_NORMAL, 4);
    if (!rows_avx512_usable())
        cr_skip_test("this processor has no AVX-512");
    rows_of_matrix(grid.x, N, grid.ld, rows);
    for (size_t from = 0; from < D; from += ROWS_AVX512_WIDE) {
        rows_avx512_mean(rows, N, from, 0, mean);
        rows_avx512_squares(rows, N, from, mean, squares);
        for (size_t k = 0; k < ROWS_AVX512_WIDE; k++) {
            float centre;
            for (size_t i = 0; i < N; i++)
                single[i] = rows[i] + from + k;
            cr_assert_eq(squares[k], N * rows_mean_variance(single, N, 1, &centre));
            cr_assert_eq((float)mean[k], centre);
        }
    }
    grid_fini(&grid);
}

/* Teams of every size, rows without weight among them. */
Test(rows_far, far_sums_are_those_of_one_row_after_the_other)
{
    enum { N = 40, D = 3 * 64 + 21, FROM = 3 };
    struct grid grid = grid_make(N, D + FROM, GRID_SPECIAL, 6);
    const float *rows[N];
    float out[D];
    double weights[N], wanted[D], mean[D];
    for (size_t i = 0; i < N; i++) {
        rows[i] = grid.x + i * grid.ld;
        weights[i] = i % 5 == 0 ? 0 : 1.0 / (double)(i + 3);
    }
    for (size_t count = 1; count <= N; count++)
        for (int weighted = 0; weighted < 2; weighted++) {
            memset(wanted, 0, sizeof wanted);
            for (size_t i = 0; i < count; i++)
                for (size_t k = 0; k < D; k++)
                    wanted[k] += weighted == 0    ? (double)rows[i][FROM + k]
                                 : weights[i] > 0 ? weights[i] * (double)rows[i][FROM + k]
                                                  : 0;
            for (size_t k = 0; k < D && weighted == 0; k++)
                wanted[k] /= (double)count;
            rows_far_combine(rows, count, FROM, D, weighted ? weights : NULL, out);
            rows_far_mean(rows, count, FROM, D, mean);
            for (size_t k = 0; k < D; k++) {
                cr_assert(same((double)out[k], (double)(float)wanted[k]), "%zu rows, column %zu: %a and %a",
                          count, k, (double)out[k], wanted[k]);
                cr_assert(weighted || same(mean[k], wanted[k]), "%zu rows, column %zu", count, k);
            }
        }
    grid_fini(&grid);
}

/* Either way to add a team, be it the first, the last, both or neither. */
Test(rows_far, teams_of_the_widest_vectors)
{
    enum { D = 5 * 64 };
    struct grid grid = grid_make(ROWS_TEAM, D, GRID_SPECIAL, 8);
    double sum[2][D];
    float out[2][D];
    if (!rows_avx512_usable())
        cr_skip_test("this processor has no AVX-512");
    for (size_t size = 0; size <= ROWS_TEAM; size++)
        for (int place = 0; place < 4; place++) {
            struct rows_team team = {
                .size = size, .first = place % 2 == 0, .divisor = (double)(3 * size + 7)};
            for (size_t r = 0; r < size; r++) {
                team.row[r] = grid.x + r * grid.ld;
                team.weight[r] = 1.0 / (double)(r + 3);
            }
            for (size_t k = 0; k < D; k++)
                sum[0][k] = sum[1][k] = 1 / (double)(k + 1);
            team.out = place < 2 ? NULL : out[0];
            cr_assert_eq(rows_avx512_add(&team, D, 64, sum[0]), D);
            team.out = place < 2 ? NULL : out[1];
            rows_far_add(&team, 0, D, sum[1]);
            for (size_t k = 0; k < D; k++)
                cr_assert(place < 2 ? same(sum[0][k], sum[1][k]) : same((double)out[0][k], (double)out[1][k]),
                          "a team of %zu, column %zu", size, k);
        }
    grid_fini(&grid);
}

/* So many columns that runs are long, of rows that share their memory, give what some of the columns give. */
Test(rows_far, far_rows_as_near_ones)
{
    enum { N = 61, D = 1000003, PART = 8192 };
    struct grid grid = grid_make(1, D + N, GRID_NORMAL, 7);
    const float *rows[N], *part[N];
    float *mean = mem_array(D, sizeof *mean, NULL), *std = mem_array(D, sizeof *std, NULL), near[2][PART];
    cr_assert(rows_far(N, D) && !rows_far(N, PART));
    for (size_t i = 0; i < N; i++)
        rows[i] = grid.x + i;
    rows_mean_std(rows, N, D, 1, mean, std);
    double variance = rows_mean_variance(rows, N, D, mean), squares = 0;
    for (size_t from = 0; from < D; from += PART) {
        size_t width = D - from < PART ? D - from : PART;
        for (size_t i = 0; i < N; i++)
            part[i] = rows[i] + from;
        rows_mean_std(part, N, width, 1, near[0], near[1]);
        cr_assert(grid_same_bits(near[0], mean + from, width) && grid_same_bits(near[1], std + from, width));
        squares += rows_mean_variance(part, N, width, near[0]);
        cr_assert(grid_same_bits(near[0], mean + from, width));
        rows_combine(part, N, width, NULL, near[1]);
        cr_assert(grid_same_bits(near[0], near[1], width));
    }
    cr_expect_float_eq(variance, squares, 1e-12 * squares);
    rows_combine(rows, N, D, NULL, std);
    cr_expect(grid_same_bits(mean, std, D));
    mem_free(mean);
    mem_free(std);
    grid_fini(&grid);
}
