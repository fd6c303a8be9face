/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/num/rng.h"

#include <criterion/criterion.h>
#include <gsl/gsl_randist.h>
#include <math.h>

Test(rng, philox_known_answer)
{
    struct rng rng;
    rng_start(&rng, 0, RNG_TEST, 0, 0);
    rng.state = (struct rng_state){.next = 4};
    uint64_t first = rng_bits(&rng), second = rng_bits(&rng);
    cr_assert_eq(first, 0x6627e8d5e169c58du);
    cr_assert_eq(second, 0xbc57ac4c9b00dbd8u);
}

Test(rng, streams_depend_on_every_part_of_their_name)
{
    struct rng a, b;
    const uint64_t names[][4] = {
        {2, RNG_TEST, 0, 0}, {1, RNG_BATCH, 0, 0}, {1, RNG_TEST, 1, 0}, {1, RNG_TEST, 0, 1}};
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
        rng_start(&a, 1, RNG_TEST, 0, 0);
        rng_start(&b, names[k][0], (enum rng_purpose)names[k][1], names[k][2], names[k][3]);
        cr_assert_neq(rng_bits(&a), rng_bits(&b));
    }
    rng_start(&a, 1, RNG_TEST, 7, 9);
    rng_start(&b, 1, RNG_TEST, 7, 9);
    for (int k = 0; k < 100; k++)
        cr_assert_eq(rng_bits(&a), rng_bits(&b));
}

Test(rng, moments_and_bounds)
{
    struct rng rng;
    rng_start(&rng, 3, RNG_TEST, 0, 0);
    double sum = 0, squares = 0;
    size_t counts[7] = {0};
    enum { DRAWS = 70000 };
    for (int k = 0; k < DRAWS; k++) {
        double z = rng_normal(&rng);
        sum += z;
        squares += z * z;
        counts[rng_below(&rng, 7)]++;
        double u = rng_real(&rng);
        cr_assert(u >= 0 && u < 1);
    }
    cr_assert_lt(fabs(sum / DRAWS), 4 / sqrt(DRAWS));
    cr_assert_lt(fabs(squares / DRAWS - 1), 4 * sqrt(2.0 / DRAWS));
    for (int k = 0; k < 7; k++)
        cr_assert_lt(fabs((double)counts[k] - DRAWS / 7.0), 4 * sqrt(DRAWS / 7.0));
}

/* Bits past the last full multiple of the bound are drawn again, whatever the bound. */
Test(rng, below_is_the_remainder_of_what_is_kept)
{
    const uint64_t bounds[] = {1,
                               2,
                               7,
                               UINT32_MAX,
                               (uint64_t)3 << 61,
                               INT64_MAX,
                               (uint64_t)1 << 63,
                               0 - (uint64_t)3,
                               UINT64_MAX,
                               ((uint64_t)1 << 63) + 5};
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
        struct rng plain, rng;
        uint64_t spare = (UINT64_MAX % bounds[i] + 1) % bounds[i];
        rng_start(&plain, 9, RNG_TEST, i, 0);
        rng_start(&rng, 9, RNG_TEST, i, 0);
        for (int k = 0; k < 200; k++) {
            uint64_t bits = rng_bits(&plain);
            while (bits > UINT64_MAX - spare)
                bits = rng_bits(&plain);
            cr_assert_eq(rng_below(&rng, bounds[i]), bits % bounds[i], "bound %zu, draw %d", i, k);
        }
    }
}

Test(rng, permutation_holds_every_index_once)
{
    struct rng rng;
    uint32_t order[100];
    bool seen[100] = {false};
    rng_start(&rng, 5, RNG_TEST, 0, 0);
    rng_permutation(&rng, 100, order);
    for (int k = 0; k < 100; k++) {
        cr_assert_not(seen[order[k]]);
        seen[order[k]] = true;
    }
}

/* `count` different ones, every one as often as any other. */
Test(rng, subset)
{
    enum { OF = 7, ROUNDS = 7000 };
    struct rng rng;
    char marks[OF];
    size_t times[OF] = {0};
    rng_start(&rng, 1, RNG_TEST, 3, 0);
    for (size_t round = 0; round < ROUNDS; round++) {
        size_t marked = 0;
        rng_subset(&rng, 3, OF, marks);
        for (size_t k = 0; k < OF; k++) {
            marked += marks[k] == 1;
            times[k] += marks[k] == 1;
        }
        cr_assert_eq(marked, 3);
    }
    for (size_t k = 0; k < OF; k++) /* 3000 times, with a deviation of 41 */
        cr_expect(times[k] > 2800 && times[k] < 3200, "%zu was marked %zu times", k, times[k]);
    rng_subset(&rng, OF, OF, marks);
    cr_expect_arr_eq(marks, "\1\1\1\1\1\1\1", OF);
}

/* A subset and a permutation draw rng_below's numbers one after the other, from any place in the stream, and
 * leave it behind the last. */
Test(rng, many_draws_are_those_of_one_after_the_other)
{
    enum { MOST = 300 };
    for (uint32_t before = 0; before < 9; before++)
        for (size_t count = 0; count <= MOST; count += count < 40 ? 1 : 65) {
            struct rng plain, rng, again;
            uint64_t set[(MOST + 63) / 64];
            char marks[MOST], wanted_marks[MOST] = {0};
            uint32_t order[MOST], wanted[MOST];
            rng_start(&plain, 9, RNG_TEST, before, 0);
            rng_start(&rng, 9, RNG_TEST, before, 0);
            rng_start(&again, 9, RNG_TEST, before, 0);
            for (uint32_t k = 0; k < before; k++) {
                gsl_rng_get(&again.gsl);
                cr_assert_eq(gsl_rng_get(&plain.gsl), gsl_rng_get(&rng.gsl));
            }
            rng_subset_bits(&again, count, MOST, set);
            for (size_t k = MOST - count; k < MOST; k++) {
                size_t pick = (size_t)rng_below(&plain, k + 1);
                wanted_marks[wanted_marks[pick] ? k : pick] = 1;
            }
            rng_subset(&rng, count, MOST, marks);
            cr_assert_arr_eq(marks, wanted_marks, MOST);
            for (size_t k = 0; k < MOST; k++)
                cr_assert_eq(set[k / 64] >> k % 64 & 1, (uint64_t)marks[k]);
            for (size_t i = 0; i < count; i++)
                wanted[i] = (uint32_t)i;
            for (size_t i = count; i > 1; i--) {
                size_t j = (size_t)rng_below(&plain, i);
                uint32_t kept = wanted[i - 1];
                wanted[i - 1] = wanted[j];
                wanted[j] = kept;
            }
            rng_permutation(&rng, count, order);
            cr_assert_arr_eq(order, wanted, count * sizeof *order);
            for (uint32_t k = 0; k < 9; k++)
                cr_assert_eq(gsl_rng_get(&plain.gsl), gsl_rng_get(&rng.gsl), "%u before, %zu drawn", before,
                             count);
        }
}
