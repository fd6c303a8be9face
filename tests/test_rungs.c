/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rungs and brackets, and who goes on. */
#include "sim/app/rungs.h"

#include <criterion/criterion.h>
#include <math.h>

static void expect_bracket(const struct rungs_bracket *bracket, size_t count, const size_t *trials,
                           const uint64_t *rounds)
{
    cr_assert_eq(bracket->count, count, "%zu", bracket->count);
    for (size_t i = 0; i < count; i++) {
        cr_expect_eq(bracket->rungs[i].trials, trials[i], "rung %zu: %zu trials", i,
                     bracket->rungs[i].trials);
        cr_expect_eq(bracket->rungs[i].rounds, rounds[i], "rung %zu", i);
    }
}

/* Table 1 of Li et al., JMLR 18 (2018): R = 81, eta = 3. */
Test(rungs, brackets_of_hyperband_are_those_of_the_papers_table)
{
    const struct config_search config = {.method = SEARCH_HYPERBAND, .reduction = 3, .first_rounds = 1};
    static const size_t trials[5][5] = {{81, 27, 9, 3, 1}, {27, 9, 3, 1}, {9, 3, 1}, {6, 2}, {5}};
    static const uint64_t rounds[] = {1, 3, 9, 27, 81};
    struct rungs rungs;
    rungs_plan(&config, 0, 81, &rungs);
    cr_assert_eq(rungs.bracket_count, 5);
    for (size_t b = 0; b < 5; b++)
        expect_bracket(&rungs.brackets[b], 5 - b, trials[b], rounds + b);
    cr_assert_eq(rungs.trials, 81 + 27 + 9 + 6 + 5);
    cr_assert_eq(rungs.brackets[4].first, 123);
    cr_assert_eq(rungs_visits(&rungs), 121 + 40 + 13 + 8 + 5);
    /* A trial is not trained again for the rounds that it has behind it. */
    cr_assert_eq(rungs_rounds(&rungs), (81 + 27 * 2 + 9 * 6 + 3 * 18 + 54) + (81 + 54 + 54 + 54) +
                                           (81 + 54 + 54) + (162 + 108) + 405);
}

Test(rungs, rungs_end_at_all_rounds_and_begin_at_the_least_or_above)
{
    const struct config_search config = {.method = SEARCH_HALVING, .reduction = 3, .first_rounds = 10};
    struct rungs rungs;
    rungs_plan(&config, 20, 100, &rungs);
    expect_bracket(&rungs.brackets[0], 3, (size_t[]){20, 6, 2}, (uint64_t[]){11, 33, 100});
    rungs_plan(&config, 2, 270, &rungs);
    expect_bracket(&rungs.brackets[0], 4, (size_t[]){2, 1, 1, 1}, (uint64_t[]){10, 30, 90, 270});
    cr_assert_eq(rungs_steps(29, 10, 3), 0);
    cr_assert_eq(rungs_steps(30, 10, 3), 1);
    cr_assert_eq(rungs_steps(89, 10, 3), 1);
    cr_assert_eq(rungs_steps(90, 10, 3), 2);
    cr_assert_eq(rungs_steps(10000000, 1, 2), 23);
    cr_assert_eq(rungs_steps(0, 1, 2), 0);
}

Test(rungs, a_grid_has_one_rung)
{
    const struct config_search config = {.method = SEARCH_GRID, .reduction = 3};
    struct rungs rungs;
    rungs_plan(&config, 7, 100, &rungs);
    cr_assert_eq(rungs.bracket_count, 1);
    expect_bracket(&rungs.brackets[0], 1, (size_t[]){7}, (uint64_t[]){100});
}

Test(rungs, of_equal_trials_the_first_goes_on_and_failed_ones_never)
{
    static const double scores[] = {0.5, (double)NAN, 0.7, 0.5, 0.7, -(double)INFINITY, 0.5};
    bool kept[7];
    cr_assert_eq(rungs_keep(scores, 7, 1, kept), 1);
    cr_assert(kept[2] && !kept[4]);
    cr_assert_eq(rungs_keep(scores, 7, 3, kept), 3);
    cr_assert(kept[0] && kept[2] && kept[4] && !kept[3] && !kept[6]);
    cr_assert_eq(rungs_keep(scores, 7, 7, kept), 6);
    cr_assert(kept[5] && !kept[1]);
    cr_assert_eq(rungs_keep((double[]){(double)NAN}, 1, 1, kept), 0);
    cr_assert_not(kept[0]);
}
