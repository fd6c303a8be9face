/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The median of an even number of rows is the mean of two floats, rounded once: of any two, whatever their
 * exponents. */
#include "sim/num/order.h"
#include "sim/num/order_run.h"
#include "tests/num/grid.h"

#include <omp.h>

enum { PAIRS = 200003 };

/* Floats of any bits; the second mostly near the first, so that sums cancel, round and overflow. */
static void fill(struct grid *grid)
{
    struct rng rng;
    rng_start(&rng, 11, RNG_TEST, 0, 0);
    for (size_t k = 0; k < PAIRS; k++) {
        uint32_t first = (uint32_t)rng_below(&rng, UINT64_C(1) << 32), second = first;
        switch (k % 6) {
        case 0:
            second = (uint32_t)rng_below(&rng, UINT64_C(1) << 32);
            break;
        case 1:
            second += (uint32_t)rng_below(&rng, 9);
            break;
        case 2:
            second = (second ^ 0x80000000u) + (uint32_t)rng_below(&rng, 5);
            break;
        case 3: /* around the greatest float */
            first = 0x7F7FFFFFu - (uint32_t)rng_below(&rng, 1 << 20);
            second = 0x7F7FFFFFu - (uint32_t)rng_below(&rng, 1 << 25);
            break;
        case 4: /* around the least */
            first = (uint32_t)rng_below(&rng, 1 << 25);
            second = (uint32_t)rng_below(&rng, 1 << 25) | 0x80000000u * (uint32_t)(k % 2);
            break;
        default:
            second = first ^ (uint32_t)rng_below(&rng, 1 << 25);
        }
        memcpy(grid_row(grid, 0) + k, &first, sizeof first);
        memcpy(grid_row(grid, 1) + k, &second, sizeof second);
    }
    const float corners[] = {0.0f,          -0.0f,          INFINITY, -INFINITY, NAN,
                             3.4028235e38f, -3.4028235e38f, 1e-45f,   -1e-45f};
    for (size_t k = 0; k < 81; k++) {
        grid_row(grid, 0)[k] = corners[k / 9];
        grid_row(grid, 1)[k] = corners[k % 9];
    }
}

Test(order_middle, of_any_two_floats)
{
    const struct order_kernels *const all[] = {order_kernels_plain(), order_kernels_avx2(),
                                               order_kernels_avx512()};
    struct grid grid = grid_empty(2, PAIRS);
    float *out = mem_array(PAIRS, sizeof *out, NULL);
    void *scratch = mem_array(order_scratch_bytes(2, 1), 1, NULL);
    omp_set_num_threads(1);
    fill(&grid);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct order_run run = {.kernels = all[i],
                                .x = grid.x,
                                .n = 2,
                                .d = PAIRS,
                                .ld = grid.ld,
                                .ranks = {.first = 0, .last = 1, .divisor = 2},
                                .scratch = scratch,
                                .out = out};
        if (all[i] == NULL)
            continue;
        order_run(&run);
        for (size_t k = 0; k < PAIRS; k++) {
            float a = grid_row(&grid, 0)[k], b = grid_row(&grid, 1)[k];
            float wanted = (float)((0.0 + (double)a + (double)b) / 2);
            cr_assert((isnan(wanted) && isnan(out[k])) || memcmp(&out[k], &wanted, sizeof wanted) == 0,
                      "%s: %a and %a give %a, not %a", all[i]->name, (double)a, (double)b, (double)out[k],
                      (double)wanted);
        }
    }
    mem_free(out);
    mem_free(scratch);
    grid_fini(&grid);
}
