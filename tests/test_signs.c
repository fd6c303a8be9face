/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Votes of signs against plain loops, on ordinary and nasty values, at any number of threads. */
#include "sim/num/signs.h"
#include "tests/num/grid.h"

#include <omp.h>

static const size_t widths[] = {1, 15, 31, 32, 33, 100, 1023, 1024, 1057, 2100};

Test(signs, majority_matches_a_plain_count)
{
    float out[2100];
    for (int threads = 1; threads <= 3; threads++)
        for (size_t n = 1; n <= 12; n++)
            for (size_t w = 0; w < sizeof widths / sizeof widths[0]; w++) {
                enum grid_kind kind = (enum grid_kind)((n + w) % GRID_KINDS);
                struct grid grid = grid_make(n, widths[w], kind, 3);
                omp_set_num_threads(threads);
                signs_majority(grid.x, n, grid.d, grid.ld, out);
                for (size_t k = 0; k < grid.d; k++) {
                    int balance = 0;
                    for (size_t i = 0; i < n; i++) {
                        float value = grid.x[i * grid.ld + k];
                        balance += value > 0 ? 1 : value < 0 ? -1 : 0;
                    }
                    float wanted = balance > 0 ? 1 : balance < 0 ? -1 : 0;
                    cr_assert(grid_same_bits(&out[k], &wanted, 1), "n=%zu d=%zu k=%zu: %g, not %g", n, grid.d,
                              k, (double)out[k], (double)wanted);
                }
                grid_fini(&grid);
            }
}
