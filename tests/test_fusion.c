/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A coordinate-wise rule behind a pre-aggregator is fed block by block, without a matrix between them. */
#include "sim/base/mem.h"
#include "sim/core/defence.h"
#include "tests/num/grid.h"
#include "tests/rules/rule.h"

#include <criterion/criterion.h>

enum { ROWS = 23, F = 4 };

/* Runs the defence; the rows it ends with, or the output as a single row. */
static struct grid outcome_of(const struct defence_settings *settings, const struct grid *grid,
                              double *shares)
{
    struct defence defence = {0};
    struct defence_outcome outcome;
    struct err err = {0};
    struct grid out = grid_empty(ROWS, grid->d);
    cr_assert_eq(defence_init(&defence, settings, grid->n, grid->d, grid->ld, &err), 0, "%s", err.text);
    const struct defence_input in = {.x = grid->x, .n = grid->n, .f = F, .seed = 1};
    defence_run(&defence, &in, out.x, &outcome);
    cr_assert(outcome.answered, "%s", outcome.reason);
    out.n = settings->aggregator.kind != NULL ? 1 : outcome.row_count;
    for (size_t i = 0; settings->aggregator.kind == NULL && i < out.n; i++)
        memcpy(grid_row(&out, i), outcome.rows + i * grid->ld, grid->d * sizeof(float));
    for (size_t i = 0; shares != NULL && outcome.has_shares && i < grid->n; i++)
        shares[i] = outcome.shares[i];
    defence_fini(&defence);
    return out;
}

static void expect_same_in_steps(const char *chain, const char *rule, size_t d)
{
    char words[128];
    struct defence_settings whole, stages, last;
    struct grid grid = grid_make(ROWS, d, GRID_NORMAL, 7);
    snprintf(words, sizeof words, "%s | %s", chain, rule);
    rule_settings(words, &whole);
    stages = whole;
    stages.aggregator = (struct byz_variant){0};
    last = (struct defence_settings){.aggregator = whole.aggregator};
    double shares[ROWS] = {0}, sum = 0;
    struct grid fused = outcome_of(&whole, &grid, shares), rows = outcome_of(&stages, &grid, NULL);
    struct grid stepped = outcome_of(&last, &rows, NULL);
    cr_expect(grid_same_bits(fused.x, stepped.x, d), "%s, d = %zu", words, d);
    for (size_t i = 0; i < ROWS; i++)
        sum += shares[i];
    cr_expect(strcmp(rule, "mean") != 0 || (sum > 0 && sum < 1 + 1e-9), "%s: shares sum to %g", words, sum);
    grid_fini(&grid);
    grid_fini(&fused);
    grid_fini(&rows);
    grid_fini(&stepped);
    rule_release(&whole);
}

Test(fusion, feeding_by_blocks_changes_no_bit)
{
    static const char *const chains[] = {"nnm", "bucketing", "clipping", "arc", "nnm bucketing clipping"};
    static const char *const rules[] = {"mean", "median", "trimmed_mean", "trimmed_mean:variant=winsorized"};
    static const size_t widths[] = {1, 31, 1000, 5003};
    for (size_t c = 0; c < BYZ_LENGTH(chains); c++)
        for (size_t r = 0; r < BYZ_LENGTH(rules); r++)
            for (size_t w = 0; w < BYZ_LENGTH(widths); w++)
                for (int threads = 1; threads <= 3; threads += 2) {
                    omp_set_num_threads(threads);
                    expect_same_in_steps(chains[c], rules[r], widths[w]);
                }
}
