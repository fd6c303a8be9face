/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules that work on every coordinate by itself: values by hand, plain twins, refusals. */
#include "tests/rules/naive.h"

Test(coordinate_rules, meamed_by_hand)
{
    rule_expect("meamed", 5, 1, (const float[]){9, 0, 2, 11, 1}, 2, (const double[]){1}, 1);
    rule_expect("meamed", 4, 1, (const float[]){4, 0, 3, 1}, 1, (const double[]){4.0 / 3}, 1);
    rule_expect("meamed", 4, 1, (const float[]){4, 0, 3, 1}, 0, (const double[]){2}, 1);
    rule_expect("meamed", 1, 1, (const float[]){4}, 0, (const double[]){4}, 1);
}

Test(coordinate_rules, phocas_by_hand)
{
    rule_expect("phocas", 5, 1, (const float[]){9, 0, 2, 11, 1}, 1, (const double[]){3}, 1);
    rule_expect("phocas", 5, 1, (const float[]){9, 0, 2, 11, 1}, 2, (const double[]){1}, 1);
    rule_expect("phocas", 5, 1, (const float[]){9, 0, 2, 11, 1}, 0, (const double[]){23.0 / 5}, 1);
}

Test(coordinate_rules, sign_majority_by_hand)
{
    const float rows[] = {3, 0, 0, NAN, -1, 5, 0, 1, -2, -7, 0.1f, 2};
    rule_expect("sign_majority", 3, 4, rows, 1, (const double[]){-1, 0, 1, 1}, 4);
    rule_expect("sign_majority", 3, 1, (const float[]){1e30f, -1e-30f, -1e-40f}, 1, (const double[]){-1}, 1);
    rule_expect("sign_majority", 2, 1, (const float[]){INFINITY, -INFINITY}, 0, (const double[]){0}, 1);
}

static void naive_sign_majority(const struct grid *grid, size_t f, double *out)
{
    (void)f;
    for (size_t k = 0; k < grid->d; k++) {
        size_t up = 0, down = 0;
        for (size_t i = 0; i < grid->n; i++) {
            up += grid_row(grid, i)[k] > 0;
            down += grid_row(grid, i)[k] < 0;
        }
        out[k] = up > down ? 1 : up < down ? -1 : 0;
    }
}

static void naive_meamed(const struct grid *grid, size_t f, double *out)
{
    double values[RULE_ROWS];
    for (size_t k = 0; k < grid->d; k++) {
        naive_column(grid, k, values);
        out[k] = naive_nearest_mean(values, grid->n, grid->n - f, naive_median(values, grid->n));
    }
}

/* The centre is rounded to float, as the rule's is: with whole numbers this decides between two sides. */
static void naive_phocas(const struct grid *grid, size_t f, double *out)
{
    double values[RULE_ROWS];
    for (size_t k = 0; k < grid->d; k++) {
        double sum = 0;
        naive_column(grid, k, values);
        qsort(values, grid->n, sizeof *values, naive_by_value);
        for (size_t i = f; i < grid->n - f; i++)
            sum += values[i];
        out[k] = naive_nearest_mean(values, grid->n, grid->n - f,
                                    (double)(float)(sum / (double)(grid->n - 2 * f)));
    }
}

Test(coordinate_rules, twins)
{
    static const struct {
        const char *words;
        naive_twin *twin;
    } table[] = {{"meamed", naive_meamed}, {"phocas", naive_phocas}, {"sign_majority", naive_sign_majority}};
    for (size_t t = 0; t < BYZ_LENGTH(table); t++) {
        size_t compared = naive_compare(table[t].words, table[t].twin, 0, false) +
                          naive_compare(table[t].words, table[t].twin, 9, false) +
                          naive_compare(table[t].words, table[t].twin, 3, false);
        cr_expect_geq(compared, 200);
    }
}

Test(coordinate_rules, malformed_values_are_left_out)
{
    rule_expect("meamed", 5, 1, (const float[]){NAN, 0, 2, INFINITY, 1}, 2, (const double[]){1}, 1);
    rule_expect("phocas", 5, 1, (const float[]){NAN, 0, 2, INFINITY, 1}, 2, (const double[]){1}, 1);
}

Test(coordinate_rules, refusals)
{
    rule_expect_reason("meamed", 4, 2, "meamed needs n >= 2f+1: n=4, f=2");
    rule_expect_reason("meamed", 5, 2, "");
    rule_expect_reason("phocas", 4, 2, "phocas needs n >= 2f+1: n=4, f=2");
    rule_expect_reason("phocas", 5, 2, "");
    rule_expect_reason("sign_majority", 4, 2, "sign_majority needs n >= 2f+1: n=4, f=2");
    rule_expect_reason("sign_majority", 5, 2, "");
}

Test(coordinate_rules, threads)
{
    naive_expect_same_threads("meamed", 23, 4);
    naive_expect_same_threads("phocas", 23, 4);
    naive_expect_same_threads("sign_majority", 23, 4);
    naive_expect_same_threads("nnm | meamed", 23, 4);
    naive_expect_same_threads("nnm | sign_majority", 23, 4);
}
