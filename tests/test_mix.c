/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Means of subsets: the same bits as one rows_combine after the other, at any number of threads. */
#include "sim/num/mix.h"
#include "sim/num/rows.h"
#include "tests/num/grid.h"

#include <omp.h>

static size_t *random_members(size_t n, size_t m, size_t h)
{
    size_t *members = mem_array(m * h, sizeof *members, NULL);
    cr_assert_not_null(members);
    struct rng rng;
    rng_start(&rng, 1, RNG_TEST, n, h);
    for (size_t k = 0; k < m * h; k++)
        members[k] = rng_below(&rng, n);
    return members;
}

static void check_mix(const struct grid *grid, size_t m, size_t h)
{
    size_t *members = random_members(grid->n, m, h);
    struct grid got = grid_empty(m, grid->d), wanted = grid_empty(1, grid->d);
    const float **rows = mem_array(h, sizeof *rows, NULL);
    cr_assert_not_null(rows);
    mix_rows(&(struct mix){grid->n, m, h, members}, grid->x, grid->d, grid->ld, got.x, got.ld);
    for (size_t r = 0; r < m; r++) {
        for (size_t j = 0; j < h; j++)
            rows[j] = grid_row(grid, members[r * h + j]);
        rows_combine(rows, h, grid->d, NULL, wanted.x);
        cr_assert(grid_same_bits(grid_row(&got, r), wanted.x, grid->d), "n=%zu d=%zu m=%zu h=%zu row %zu",
                  grid->n, grid->d, m, h, r);
        for (size_t k = grid->d; k < grid->ld; k++)
            cr_assert(isnan(grid_row(&got, r)[k]));
    }
    grid_fini(&got);
    grid_fini(&wanted);
    mem_free(rows);
    mem_free(members);
}

Test(mix, same_bits_as_single_means)
{
    const size_t shapes[][2] = {{1, 5},    {2, 31},   {5, 32},   {7, 33},    {25, 100},
                                {128, 70}, {130, 65}, {515, 45}, {2050, 11}, {6, 9000}};
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++)
        for (int kind = 0; kind < GRID_KINDS; kind++)
            for (int threads = 1; threads <= 3; threads++) {
                omp_set_num_threads(threads);
                size_t n = shapes[s][0];
                struct grid grid = grid_make(n, shapes[s][1], (enum grid_kind)kind, 2);
                check_mix(&grid, n < 200 ? n : 20, n - n / 4);
                grid_fini(&grid);
            }
    struct grid grid = grid_make(9, 40, GRID_NORMAL, 3);
    check_mix(&grid, 3, 1);
    check_mix(&grid, 20, 2);
    grid_fini(&grid);
}

/* A tile taken out of the middle of the columns gives what the whole gives there. */
Test(mix, tiles_agree_with_the_whole)
{
    omp_set_num_threads(1);
    struct grid grid = grid_make(11, 300, GRID_NORMAL, 4), whole = grid_empty(11, 300),
                part = grid_empty(11, 80);
    size_t *members = random_members(11, 11, 8);
    struct mix mix = {11, 11, 8, members};
    mix_rows(&mix, grid.x, 300, grid.ld, whole.x, whole.ld);
    mix_tile(&mix, grid.x + 77, grid.ld, 80, part.x, part.ld);
    for (size_t r = 0; r < 11; r++)
        cr_expect(grid_same_bits(grid_row(&part, r), grid_row(&whole, r) + 77, 80));
    grid_fini(&grid);
    grid_fini(&whole);
    grid_fini(&part);
    mem_free(members);
}
