/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fused multiply-add that plain processors do by hand, against the one of the C library. */
#include "sim/num/distance_block.h"
#include "tests/num/grid.h"

static void check(float sum, float d)
{
    block_lanes sums = {sum, sum, 1, 0}, squares = {d, -d, d, d};
    block_lanes got = block_add_square(sums, squares);
    float wanted[] = {fmaf(d, d, sum), fmaf(d, d, sum), fmaf(d, d, 1), fmaf(d, d, 0)};
    for (int l = 0; l < 4; l++)
        cr_assert(got[l] == wanted[l] || (isnan(got[l]) && isnan(wanted[l])), "%a + (%a)^2: %a, not %a",
                  (double)sum, (double)d, (double)got[l], (double)wanted[l]);
}

Test(distance_block, any_numbers)
{
    struct rng rng;
    rng_start(&rng, 1, RNG_TEST, 0, 0);
    for (int k = 0; k < 100000; k++) {
        int size = (int)rng_below(&rng, 170) - 85;
        float d = ldexpf((float)rng_normal(&rng), size);
        check(ldexpf(fabsf((float)rng_normal(&rng)), 2 * size + (int)rng_below(&rng, 60) - 30), d);
    }
    const float special[] = {0, 1e-45f, 1e-38f, 1, 1e19f, 3e38f, INFINITY, NAN};
    for (size_t a = 0; a < 8; a++)
        for (size_t b = 0; b < 8; b++)
            check(special[a], special[b]);
}

/* Squares of 24 bits and sums that together lie a hair above the middle between two floats, so little that
 * the sum in double cannot tell: rounding twice would go down where it must go up. */
Test(distance_block, nothing_is_rounded_twice)
{
    size_t found = 0;
    for (uint64_t d = 0xC00001; d < 0x1000000; d++) {
        uint64_t middle = (uint64_t)1 << 23, left = d * d % (2 * middle);
        if (left >= middle || middle - left >= 1 << 14)
            continue;
        float sum = (float)(middle - left) + 0x1p-8f;
        check(sum, (float)d);
        double twice = (double)d * (double)d + (double)sum;
        found += (float)twice != fmaf((float)d, (float)d, sum);
    }
    cr_expect_gt(found, 100, "%zu cases only", found);
}
