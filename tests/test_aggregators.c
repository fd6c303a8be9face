/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Aggregators on values that anyone can check by hand, and their refusals, reports and malformed rows. */
#include "tests/rules/rule.h"

static const float three[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};

Test(aggregators, three_rows)
{
    const double middle[] = {4, 5, 6}, first[] = {1, 2, 3};
    rule_expect("mean", 3, 3, three, 1, middle, 3);
    rule_expect("median", 3, 3, three, 1, middle, 3);
    rule_expect("trimmed_mean", 3, 3, three, 1, middle, 3);
    rule_expect("trimmed_mean", 3, 3, three, 0, middle, 3);
    rule_expect("krum:neighbours=kappa", 3, 3, three, 1, first, 3); /* all scores are 27: the lowest index */
}

Test(aggregators, median_of_an_even_number)
{
    const float column[] = {9, 1, 3, 2}, signs[] = {-0.0f, -1, 1, -0.0f};
    rule_expect("median", 4, 1, column, 1, (const double[]){2.5}, 1);
    rule_expect("median:even=mid", 4, 1, column, 1, (const double[]){2.5}, 1);
    rule_expect("median:even=lower", 4, 1, column, 1, (const double[]){2}, 1);
    rule_expect("median:even=upper", 4, 1, column, 1, (const double[]){3}, 1);
    rule_expect("median", 4, 1, signs, 1, (const double[]){0}, 1);
    rule_expect("median", 1, 1, column, 0, (const double[]){9}, 1);
}

Test(aggregators, trimmed_mean)
{
    const float column[] = {1, 100, 4, 7}, five[] = {9, 0, 3, 9, 0};
    rule_expect("trimmed_mean", 4, 1, column, 1, (const double[]){5.5}, 1);
    rule_expect("trimmed_mean:variant=winsorized", 4, 1, column, 1, (const double[]){5.5}, 1);
    rule_expect("trimmed_mean", 5, 1, five, 1, (const double[]){4}, 1);
    rule_expect("trimmed_mean:variant=winsorized", 5, 1, five, 1, (const double[]){4.2}, 1);
    rule_expect("trimmed_mean:trim=2", 5, 1, five, 1, (const double[]){3}, 1);
    rule_expect("trimmed_mean:trim=0", 5, 1, five, 1, (const double[]){4.2}, 1);
    rule_expect("trimmed_mean:trim=f", 5, 1, five, 2, (const double[]){3}, 1);
}

/* int(n * (f/n)) is not f for 63 pairs below 101: the trimmed values are counted, not taken as a fraction. */
Test(aggregators, trimmed_mean_trims_exactly_f)
{
    for (size_t n = 3; n <= 100; n++)
        for (size_t f = 1; 2 * f < n; f += 3) {
            float column[100];
            for (size_t i = 0; i < n; i++)
                column[i] = i < f ? 1e30f : i < 2 * f ? -1e30f : 1;
            rule_expect("trimmed_mean", n, 1, column, f, (const double[]){1}, 1);
        }
}

static void expect_pick(const char *words, size_t n, size_t d, const float *values, size_t f, size_t row)
{
    struct rule_answer answer;
    rule_apply(words, n, d, values, f, &answer);
    cr_assert(answer.answered && answer.has_shares, "%s: %s", words, answer.reason);
    for (size_t i = 0; i < n; i++)
        cr_expect_eq(answer.shares[i], i == row, "%s gives row %zu the weight %g", words, i,
                     answer.shares[i]);
    cr_expect(grid_same_bits(answer.out, values + row * d, d));
}

/* Positions 0 2 3 9 13.5: squared distances to the nearest others in rising order are
 * 0: 4 9 81, 2: 1 4 49, 3: 1 9 36, 9: 20.25 36 49, 13.5: 20.25 110.25 132.25. */
Test(aggregators, krum_neighbours)
{
    const float line[] = {0, 2, 3, 9, 13.5f};
    expect_pick("krum", 5, 1, line, 1, 1);                  /* q = 2: 13 5 10 56 130 */
    expect_pick("krum:neighbours=kappa", 5, 1, line, 1, 2); /* q = 3: 94 54 46 105 ... */
    expect_pick("krum", 5, 1, line, 0, 2);                  /* q = 3 */
    expect_pick("krum:neighbours=kappa", 5, 1, line, 2, 1); /* q = 2 */
}

/* Positions 0 1 2 7 9 12 13, four neighbours: the sums of plain distances are 19 16 15 18 16 19 22, of
 * squares 135 102 79 90 78 135 174, of fourth powers 8979 5394 3043 2562 2754 10707 16194. */
Test(aggregators, krum_powers_of_the_distance)
{
    const float line[] = {0, 1, 2, 7, 9, 12, 13};
    expect_pick("krum:distance=euclidean", 7, 1, line, 1, 2);
    expect_pick("krum:distance=squared", 7, 1, line, 1, 4);
    expect_pick("krum:distance=fourth", 7, 1, line, 1, 3);
    expect_pick("krum:neighbours=kappa,distance=euclidean", 7, 1, line, 2, 2);
    expect_pick("krum:neighbours=kappa,distance=squared", 7, 1, line, 2, 4);
    expect_pick("krum:neighbours=kappa,distance=fourth", 7, 1, line, 2, 3);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Krum as the paper writes it; power: 1 plain distances, 2 squares, 4 fourth powers. */
static size_t naive_krum(const struct grid *grid, size_t neighbours, int power)
{
    size_t winner = 0;
    double best = INFINITY;
    for (size_t i = 0; i < grid->n; i++) {
        double squared[RULE_ROWS], score = 0;
        size_t others = 0;
        for (size_t j = 0; j < grid->n; j++) {
            double sum = 0;
            for (size_t k = 0; k < grid->d; k++)
                sum += pow((double)grid_row(grid, i)[k] - (double)grid_row(grid, j)[k], 2);
            if (j != i)
                squared[others++] = isnan(sum) ? INFINITY : sum;
        }
        qsort(squared, others, sizeof *squared, by_value);
        for (size_t j = 0; j < neighbours; j++)
            score += power == 1 ? sqrt(squared[j]) : power == 2 ? squared[j] : squared[j] * squared[j];
        if (score < best) {
            best = score;
            winner = i;
        }
    }
    return winner;
}

/* Small whole numbers: distances are exact and ties are many. */
Test(aggregators, krum_matches_a_plain_one_with_ties)
{
    static const char *const words[2][3] = {{"krum:distance=euclidean", "krum", "krum:distance=fourth"},
                                            {"krum:neighbours=kappa,distance=euclidean",
                                             "krum:neighbours=kappa",
                                             "krum:neighbours=kappa,distance=fourth"}};
    struct rule_answer answer;
    struct rng rng;
    omp_set_num_threads(1);
    rng_start(&rng, 1, RNG_TEST, 0, 0);
    for (size_t form = 0; form < 2; form++)
        for (size_t power = 0; power < 3; power++) {
            struct defence_settings settings;
            rule_settings(words[form][power], &settings);
            for (size_t n = form == 0 ? 3 : 1; n < 24; n++) {
                size_t f = rng_below(&rng, (form == 0 ? n - 3 : n - 1) / 2 + 1), d = 1 + n % 3;
                struct grid grid = grid_empty(n, d);
                for (size_t i = 0; i < n; i++)
                    for (size_t k = 0; k < d; k++)
                        grid_row(&grid, i)[k] = n % 7 == 3 && i == 2 ? NAN : (float)rng_below(&rng, 9) - 4;
                size_t row = naive_krum(&grid, n - f - (form == 0 ? 2 : 1), power == 2 ? 4 : 1 + (int)power);
                rule_run(&settings, &grid, f, NULL, &answer);
                cr_assert_eq(answer.shares[row], 1, "%s n=%zu f=%zu: not row %zu", words[form][power], n, f,
                             row);
                grid_fini(&grid);
            }
            rule_release(&settings);
        }
}

Test(aggregators, krum_never_picks_a_malformed_row)
{
    const float rows[] = {NAN, 0, 1, 1, INFINITY, 2, 1, 1.5f, 1.3f, 1, 0.9f, 1, 1.1f, 1};
    const float lost[] = {NAN, NAN, INFINITY, 1, 2};
    expect_pick("krum", 7, 2, rows, 2, 6);
    expect_pick("krum:neighbours=kappa", 5, 1, lost, 0, 0); /* every score is infinite: the lowest index */
}

Test(aggregators, mean_reports_and_honours_weights)
{
    struct defence_settings settings;
    struct rule_answer answer;
    struct grid grid = grid_of(3, 3, three);
    omp_set_num_threads(1);
    rule_settings("mean", &settings);
    rule_run(&settings, &grid, 1, (const double[]){1, 2, 5}, &answer);
    cr_assert(answer.answered && answer.has_shares);
    cr_expect_arr_eq(answer.shares, ((double[]){0.125, 0.25, 0.625}), 3 * sizeof(double));
    cr_expect_arr_eq(answer.out, ((float[]){5.5f, 6.5f, 7.5f}), 3 * sizeof(float));
    rule_run(&settings, &grid, 1, NULL, &answer);
    for (size_t i = 0; i < 3; i++)
        cr_expect_eq(answer.shares[i], 1.0 / 3);
    rule_release(&settings);
    grid_fini(&grid);
}

Test(aggregators, refusals_name_the_numbers)
{
    rule_expect_reason("mean", 1, 1, "");
    rule_expect_reason("median", 2, 1, "median needs n >= 2f+1: n=2, f=1");
    rule_expect_reason("median", 3, 1, "");
    rule_expect_reason("median", 1, 0, "");
    rule_expect_reason("trimmed_mean", 4, 2, "trimmed_mean needs n > 2 trim: n=4, trim=2, f=2");
    rule_expect_reason("trimmed_mean", 5, 2, "");
    rule_expect_reason("trimmed_mean:trim=3", 6, 1, "trimmed_mean needs n > 2 trim: n=6, trim=3, f=1");
    rule_expect_reason("trimmed_mean:trim=9007199254740991", 6, 1,
                       "trimmed_mean needs n > 2 trim: n=6, trim=9007199254740991, f=1");
    rule_expect_reason("krum", 6, 2, "krum needs n >= 2f+3: n=6, f=2");
    rule_expect_reason("krum", 7, 2, "");
    rule_expect_reason("krum", 2, 0, "krum needs n >= 2f+3: n=2, f=0");
    rule_expect_reason("krum:neighbours=kappa", 4, 2,
                       "krum with neighbours \"kappa\" needs n > 2f: n=4, f=2");
    rule_expect_reason("krum:neighbours=kappa", 5, 2, "");
    rule_expect_reason("krum:neighbours=kappa", 1, 0, "");
}

/* The greatest f that each rule admits. */
Test(aggregators, largest_admissible_f)
{
    static const size_t table[][3] = {{10, 3, 4},   {13, 5, 6},   {15, 6, 7},   {17, 7, 8},   {20, 8, 9},
                                      {25, 11, 12}, {50, 23, 24}, {51, 24, 25}, {100, 48, 49}};
    static const char *const words[] = {"krum", "median", "trimmed_mean", "krum:neighbours=kappa"};
    for (size_t rule = 0; rule < 4; rule++) {
        struct defence_settings settings;
        char reason[BYZ_REASON_SIZE];
        rule_settings(words[rule], &settings);
        for (size_t row = 0; row < sizeof table / sizeof table[0]; row++) {
            size_t n = table[row][0], f = table[row][rule == 0 ? 1 : 2];
            cr_expect_eq(defence_unsuitable(&settings, n, f, NULL, reason), 0, "%s (%zu, %zu)", words[rule],
                         n, f);
            cr_expect_neq(defence_unsuitable(&settings, n, f + 1, NULL, reason), 0, "%s (%zu, %zu)",
                          words[rule], n, f + 1);
        }
        rule_release(&settings);
    }
}

Test(aggregators, same_bits_at_any_number_of_threads)
{
    static const char *const words[] = {"mean", "median", "trimmed_mean:variant=winsorized", "krum",
                                        "nnm arc clipping:threshold=median bucketing | trimmed_mean"};
    struct rule_answer first, answer;
    struct grid grid = grid_make(23, RULE_COLUMNS, GRID_NORMAL, 2);
    for (size_t w = 0; w < sizeof words / sizeof words[0]; w++) {
        struct defence_settings settings;
        rule_settings(words[w], &settings);
        for (const int *threads = grid_threads; *threads != 0; threads++) {
            omp_set_num_threads(*threads);
            rule_run(&settings, &grid, 4, NULL, threads == grid_threads ? &first : &answer);
            if (threads != grid_threads)
                cr_expect_arr_eq(answer.out, first.out, sizeof first.out, "%s", words[w]);
        }
        cr_expect(first.answered, "%s: %s", words[w], first.reason);
        rule_release(&settings);
    }
    grid_fini(&grid);
}
