/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pre-aggregators that change every row by itself: normalize, sign, top_k. */
#include "tests/rules/rule.h"

Test(spectral_rows, normalize)
{
    const float rows[] = {3, 4, 0, 0, -1e30f, 0, NAN, 1, INFINITY, 1};
    rule_expect("normalize |", 5, 2, rows, 1, (const double[]){0.6, 0.8, 0, 0, -1, 0, 0, 0, 0, 0}, 10);
}

Test(spectral_rows, sign)
{
    const float rows[] = {-2, 0, 0.5f, -0.0f, NAN, -INFINITY, 1e-44f, -1e38f, INFINITY};
    rule_expect("sign |", 3, 3, rows, 1, (const double[]){-1, 0, 1, 0, 0, -1, 1, -1, 1}, 9);
}

Test(spectral_rows, top_k)
{
    const float row[] = {1, -3, 2, -2};
    rule_expect("top_k:k=2 |", 1, 4, row, 0, (const double[]){0, -3, 2, 0}, 4);
    rule_expect("top_k:k=1 |", 1, 4, row, 0, (const double[]){0, -3, 0, 0}, 4);
    rule_expect("top_k:k=3 |", 1, 4, row, 0, (const double[]){0, -3, 2, -2}, 4);
    rule_expect("top_k |", 1, 4, row, 0, (const double[]){1, -3, 2, -2}, 4);
}

static bool larger(float a, float b)
{
    return isnan(a) ? !isnan(b) : fabsf(a) > fabsf(b);
}

/* A coordinate stays when fewer than k are larger, or equal and before it. */
static void naive_top_k(const float *row, size_t d, size_t k, float *out)
{
    for (size_t c = 0; c < d; c++) {
        size_t before = 0;
        for (size_t other = 0; other < d; other++)
            before += larger(row[other], row[c]) || (other < c && !larger(row[c], row[other]));
        out[c] = before < k ? row[c] : 0;
    }
}

Test(spectral_rows, top_k_matches_a_plain_one)
{
    const enum grid_kind kinds[] = {GRID_NORMAL, GRID_TIED, GRID_DENORMAL, GRID_HUGE};
    const size_t ks[] = {1, 2, 7, 40, 1000};
    for (size_t kind = 0; kind < BYZ_LENGTH(kinds); kind++)
        for (size_t which = 0; which < BYZ_LENGTH(ks); which++) {
            struct grid grid = grid_make(3, 50, kinds[kind], which);
            struct defence_settings settings;
            struct rule_answer answer;
            float wanted[50];
            char words[32];
            grid_row(&grid, 1)[9] = NAN;
            snprintf(words, sizeof words, "top_k:k=%zu |", ks[which]);
            rule_settings(words, &settings);
            rule_run(&settings, &grid, 1, NULL, &answer);
            for (size_t i = 0; i < 3; i++) {
                naive_top_k(grid_row(&grid, i), 50, ks[which], wanted);
                cr_expect(grid_same_bits(answer.out + i * 50, wanted, 50), "%s kind %zu row %zu", words, kind,
                          i);
            }
            rule_release(&settings);
            grid_fini(&grid);
        }
}

/* A rule behind is fed by blocks of columns or from a whole matrix; weights lead back to the workers. */
Test(spectral_rows, in_front_of_rules)
{
    const float rows[] = {3, 4, -30, -40, 0.6f, 0.8f};
    struct rule_answer answer;
    rule_expect("normalize | median", 3, 2, rows, 1, (const double[]){0.6, 0.8}, 2);
    rule_expect("sign | mean", 3, 2, rows, 1, (const double[]){1.0 / 3, 1.0 / 3}, 2);
    rule_expect("top_k:k=1 | trimmed_mean", 3, 2, rows, 1, (const double[]){0, 0.8}, 2);
    rule_apply("normalize | krum:neighbours=kappa", 3, 2, rows, 1, &answer);
    cr_assert(answer.answered && answer.has_shares);
    cr_expect_eq(answer.shares[0], 1);
}
