/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules that choose rows and average them: values by hand, plain twins, refusals, reports. */
#include "tests/rules/naive.h"

static void expect_shares(const char *words, size_t n, size_t d, const float *values, size_t f,
                          const double *shares)
{
    struct rule_answer answer;
    rule_apply(words, n, d, values, f, &answer);
    cr_assert(answer.answered && answer.has_shares, "%s: %s", words, answer.reason);
    for (size_t i = 0; i < n; i++)
        cr_expect_float_eq(answer.shares[i], shares[i], 1e-15, "%s: row %zu weighs %g, not %g", words, i,
                           answer.shares[i], shares[i]);
}

/* --- multi_krum ------------------------------------------------------------------------------------------
 */

Test(picking_rules, multi_krum_by_hand)
{
    const float line[] = {0, 2, 3, 9, 13.5f};
    rule_expect("multi_krum", 5, 1, line, 1, (const double[]){2.5}, 1);
    rule_expect("multi_krum:m=3", 5, 1, line, 1, (const double[]){5.0 / 3}, 1);
    rule_expect("multi_krum:m=1", 5, 1, line, 1, (const double[]){2}, 1);
    rule_expect("multi_krum:neighbours=kappa", 5, 1, line, 1, (const double[]){3.5}, 1);
    expect_shares("multi_krum", 5, 1, line, 1, (const double[]){0, 0.5, 0.5, 0, 0});
    expect_shares("multi_krum:neighbours=kappa", 5, 1, line, 1, (const double[]){.25, .25, .25, .25, 0});
}

/* Krum scores of the rows with alive[i]: sums of the q least squared distances to others of them. */
static void naive_scores(const struct grid *grid, const bool *alive, size_t q, double *scores)
{
    for (size_t i = 0; i < grid->n; i++) {
        double squared[RULE_ROWS];
        size_t others = 0;
        for (size_t j = 0; j < grid->n; j++)
            if (j != i && (alive == NULL || alive[j]))
                squared[others++] = naive_distance2(grid, i, j);
        qsort(squared, others, sizeof *squared, naive_by_value);
        scores[i] = 0;
        for (size_t j = 0; j < q; j++)
            scores[i] += squared[j];
    }
}

static void naive_multi_krum(const struct grid *grid, size_t f, double *out)
{
    double scores[RULE_ROWS];
    bool member[RULE_ROWS];
    naive_scores(grid, NULL, grid->n - f - 2, scores);
    naive_best(scores, grid->n, grid->n - f - 2, member);
    naive_mean(grid, member, out);
}

static void naive_multi_krum_kappa(const struct grid *grid, size_t f, double *out)
{
    double scores[RULE_ROWS];
    bool member[RULE_ROWS];
    naive_scores(grid, NULL, grid->n - f - 1, scores);
    naive_best(scores, grid->n, grid->n - f, member);
    naive_mean(grid, member, out);
}

Test(picking_rules, multi_krum_twins)
{
    naive_compare_all("multi_krum", naive_multi_krum);
    naive_compare_all("multi_krum:neighbours=kappa", naive_multi_krum_kappa);
}

Test(picking_rules, multi_krum_refusals)
{
    rule_expect_reason("multi_krum", 6, 2, "multi_krum needs n >= 2f+3: n=6, f=2");
    rule_expect_reason("multi_krum", 7, 2, "");
    rule_expect_reason("multi_krum:m=5", 7, 2, "");
    rule_expect_reason("multi_krum:m=6", 7, 2, "multi_krum needs m <= n-f: m=6, n=7, f=2");
    rule_expect_reason("multi_krum:neighbours=kappa", 4, 2,
                       "multi_krum with neighbours \"kappa\" needs n > 2f: n=4, f=2");
    rule_expect_reason("multi_krum:neighbours=kappa", 5, 2, "");
    rule_expect_reason("bucketing | multi_krum", 11, 2,
                       "multi_krum needs n >= 2f+3: n=6, f=2 (11 messages became 6 rows before it)");
}

/* --- bulyan ----------------------------------------------------------------------------------------------
 */

/* Positions 0 1 3 4 6 9 100; scores of what remains, step by step: q = 4: 62 39 23 30 46 ..., 3 goes;
 * q = 3: 53 35 29 (of 4) 38 98 ..., 4 goes; q = 2: 37 26 (of 1) 34 73 ..., 1 goes; q = 1: 36 9 9 ..., of 6
 * and 9 the lower index, 6, goes; q = 1: 81 81 ..., 0 goes. Median 3, nearest 3, 4, 1. */
Test(picking_rules, bulyan_by_hand)
{
    rule_expect("bulyan", 7, 1, (const float[]){0, 1, 3, 4, 6, 9, 100}, 1, (const double[]){8.0 / 3}, 1);
    rule_expect("bulyan", 3, 1, (const float[]){0, 1, 5}, 0, (const double[]){2}, 1);
}

static void naive_bulyan(const struct grid *grid, size_t f, double *out)
{
    size_t n = grid->n, theta = n - 2 * f;
    bool alive[RULE_ROWS];
    for (size_t i = 0; i < n; i++)
        alive[i] = true;
    for (size_t m = n; m > n - theta; m--) {
        double scores[RULE_ROWS];
        size_t q = m > f + 3 ? m - f - 2 : 1, best = n;
        naive_scores(grid, alive, q < m - 1 ? q : m - 1, scores);
        for (size_t i = 0; i < n; i++)
            if (alive[i] && (best == n || scores[i] < scores[best]))
                best = i;
        alive[best] = false;
    }
    for (size_t k = 0; k < grid->d; k++) {
        double values[RULE_ROWS];
        size_t count = 0;
        for (size_t i = 0; i < n; i++)
            if (!alive[i])
                values[count++] = (double)grid_row(grid, i)[k];
        out[k] = naive_nearest_mean(values, theta, theta - 2 * f, naive_median(values, theta));
    }
}

Test(picking_rules, bulyan_twin)
{
    size_t compared =
        naive_compare("bulyan", naive_bulyan, 0, false) + naive_compare("bulyan", naive_bulyan, 9, false) +
        naive_compare("bulyan", naive_bulyan, 3, false) + naive_compare("bulyan", naive_bulyan, 9, true);
    cr_expect_geq(compared, 100, "%zu", compared);
}

Test(picking_rules, bulyan_refusals)
{
    rule_expect_reason("bulyan", 10, 2, "bulyan needs n >= 4f+3: n=10, f=2");
    rule_expect_reason("bulyan", 11, 2, "");
    rule_expect_reason("bulyan", 2, 0, "bulyan needs n >= 4f+3: n=2, f=0");
}

Test(picking_rules, threads)
{
    static const char *const words[] = {"multi_krum", "bulyan", "nnm | bulyan"};
    for (size_t w = 0; w < BYZ_LENGTH(words); w++)
        naive_expect_same_threads(words[w], 23, 4);
}
