/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pre-aggregators on values that anyone can check by hand, their refusals and their mixing matrices. */
#include "tests/rules/rule.h"

#include "sim/num/distance.h"

static const float three[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};

Test(preaggregators, nnm)
{
    const double mixed[] = {2.5, 3.5, 4.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5};
    rule_expect("nnm |", 3, 3, three, 1, mixed, 9);
    rule_expect("nnm |", 3, 3, three, 0, (const double[]){4, 5, 6, 4, 5, 6, 4, 5, 6}, 9);
    /* A row is among its own nearest even where others are identical to it: rows 0, 0, 0 keep two of three.
     */
    rule_expect("nnm |", 3, 1, (const float[]){2, 2, 5}, 1, (const double[]){2, 2, 3.5}, 3);
}

Test(preaggregators, nnm_keeps_malformed_rows_out_of_the_others)
{
    const float rows[] = {1, NAN, 2, INFINITY, 3};
    struct rule_answer answer;
    rule_apply("nnm |", 5, 1, rows, 2, &answer);
    cr_assert(answer.answered);
    cr_expect_eq(answer.out[0], 2);
    cr_expect(isnan(answer.out[1]));
    cr_expect_eq(answer.out[2], 2);
    cr_expect_not(isfinite(answer.out[3]));
    cr_expect_eq(answer.out[4], 2);
}

Test(preaggregators, bucketing)
{
    const float column[] = {0, 2, 4, 6, 9};
    struct rule_answer answer;
    rule_expect("bucketing:shuffle=false |", 5, 1, column, 0, (const double[]){1, 5, 9}, 3);
    rule_apply("bucketing:shuffle=false |", 5, 1, column, 0, &answer);
    cr_expect_eq(answer.rows, 3);
    rule_expect("bucketing:shuffle=false,remainder=drop |", 5, 1, column, 0, (const double[]){1, 5}, 2);
    rule_apply("bucketing:shuffle=false,remainder=drop |", 5, 1, column, 0, &answer);
    cr_expect_eq(answer.rows, 2);
    rule_expect("bucketing:shuffle=false,size=1 |", 5, 1, column, 0, (const double[]){0, 2, 4, 6, 9}, 5);
    rule_expect("bucketing:shuffle=false,size=3 |", 5, 1, column, 0, (const double[]){2, 7.5}, 2);
    rule_expect("bucketing:size=100 |", 5, 1, column, 0, (const double[]){4.2}, 1);
}

/* Every row lands in one bucket, buckets differ from round to round, and a round always gives the same. */
Test(preaggregators, bucketing_shuffles_anew_each_round)
{
    enum { N = 12, ROUNDS = 300 };
    struct defence_settings settings;
    struct defence defence;
    struct defence_outcome outcome;
    struct err err = {0};
    struct grid grid = grid_empty(N, 1);
    size_t together = 0;
    omp_set_num_threads(1);
    for (size_t i = 0; i < N; i++)
        grid_row(&grid, i)[0] = (float)(1 << i);
    rule_settings("bucketing |", &settings);
    cr_assert_eq(defence_init(&defence, &settings, N, 1, grid.ld, &err), 0);
    for (size_t turn = 0; turn < 2 * ROUNDS; turn++) {
        const struct defence_input in = {.x = grid.x, .n = N, .f = 1, .seed = 4, .round = turn % ROUNDS};
        static float first[ROUNDS];
        double sum = 0;
        defence_run(&defence, &in, NULL, &outcome);
        cr_assert(outcome.answered && outcome.row_count == N / 2);
        for (size_t i = 0; i < N / 2; i++) {
            float row = 2 * outcome.rows[i * grid.ld];
            sum += (double)row;
            together += turn < ROUNDS && row == 3; /* rows 0 and 1 in one bucket: once in 11 rounds */
        }
        cr_assert_eq(sum, (1 << N) - 1);
        if (turn < ROUNDS)
            first[turn] = outcome.rows[0];
        cr_assert_eq(outcome.rows[0], first[turn % ROUNDS]);
    }
    cr_expect(together > 10 && together < 50, "rows 0 and 1 met in %zu of %d rounds", together, ROUNDS);
    defence_fini(&defence);
    rule_release(&settings);
    grid_fini(&grid);
}

Test(preaggregators, clipping)
{
    const double two[] = {0.53452248, 1.06904497, 1.60356745, 0.91168461, 1.13960576,
                          1.36752692, 1.00514142, 1.14873305, 1.29232469};
    const float line[] = {1, -2, 3, -10}, odd[] = {5, -1, 3};
    rule_expect("clipping |", 3, 3, three, 0, two, 9);
    rule_expect("clipping:threshold=3.75 |", 3, 3, three, 0, (const double[]){1, 2, 3}, 3);
    rule_expect("clipping:threshold=2 |", 4, 1, line, 0, (const double[]){1, -2, 2, -2}, 4);
    rule_expect("clipping:threshold=0 |", 4, 1, line, 0, (const double[]){0, 0, 0, 0}, 4);
    rule_expect("clipping:threshold=median |", 4, 1, line, 0, (const double[]){1, -2, 2.5, -2.5}, 4);
    rule_expect("clipping:threshold=median |", 3, 1, odd, 0, (const double[]){3, -1, 3}, 3);
}

Test(preaggregators, clipping_of_huge_and_malformed_rows)
{
    const float rows[] = {3e38f, -3e38f, NAN, 1, INFINITY, -INFINITY, 3, 4, 0, 0};
    const double two[] = {1.4142135623730951, -1.4142135623730951, 0, 0, 0, 0, 1.2, 1.6, 0, 0};
    rule_expect("clipping |", 5, 2, rows, 0, two, 10);
    /* Norms 0 5 4.2e38 Inf Inf: the median clips what is infinite, without a direction, to nothing. */
    const double median[] = {3e38f, -3e38f, 0, 0, 0, 0, 3, 4, 0, 0};
    rule_expect("clipping:threshold=median |", 5, 2, rows, 0, median, 10);
    struct rule_answer answer;
    const float mostly[] = {NAN, INFINITY, 1};
    rule_apply("clipping:threshold=median |", 3, 1, mostly, 0, &answer);
    cr_expect(isnan(answer.out[0]) && isinf(answer.out[1]), "nothing is longer than an infinite threshold");
}

Test(preaggregators, arc)
{
    const double third[] = {1, 2, 3, 4, 5, 6, 4.41004009, 5.04004582, 5.67005155};
    rule_expect("arc |", 3, 3, three, 1, third, 9);
    rule_expect("arc |", 3, 3, three, 0, (const double[]){1, 2, 3, 4, 5, 6, 7, 8, 9}, 9);
    /* Equal norms are not shortened; a malformed row keeps nothing. */
    rule_expect("arc |", 3, 1, (const float[]){5, -5, 5}, 1, (const double[]){5, -5, 5}, 3);
    rule_expect("arc |", 3, 1, (const float[]){NAN, 4, -5}, 1, (const double[]){0, 4, -5}, 3);
}

/* k = floor(2 (f/n) (n-f)) rows lose length. */
Test(preaggregators, arc_shortens_k_rows)
{
    static const size_t table[][3] = {{10, 1, 1},   {10, 2, 3},   {10, 3, 4},   {13, 3, 4},    {15, 3, 4},
                                      {17, 4, 6},   {17, 8, 8},   {20, 4, 6},   {25, 5, 8},    {25, 11, 12},
                                      {50, 10, 16}, {51, 12, 18}, {51, 24, 25}, {100, 10, 18}, {100, 20, 32}};
    for (size_t row = 0; row < sizeof table / sizeof table[0]; row++) {
        size_t n = table[row][0], f = table[row][1], k = table[row][2], shortened = 0;
        float column[100];
        struct rule_answer answer;
        for (size_t i = 0; i < n; i++)
            column[i] = (float)((i * 37 + 11) % 101 + 1) * (i % 2 == 0 ? 1.0f : -1.0f);
        rule_apply("arc |", n, 1, column, f, &answer);
        for (size_t i = 0; i < n; i++)
            shortened += fabsf(answer.out[i]) < fabsf(column[i]);
        cr_expect_eq(shortened, k, "(%zu, %zu): %zu rows, not %zu", n, f, shortened, k);
    }
}

Test(preaggregators, refusals_name_the_numbers)
{
    rule_expect_reason("nnm |", 4, 2, "nnm needs n > 2f: n=4, f=2");
    rule_expect_reason("nnm |", 5, 2, "");
    rule_expect_reason("arc |", 4, 2, "arc needs n > 2f: n=4, f=2");
    rule_expect_reason("clipping |", 1, 1, "");
    rule_expect_reason("bucketing:size=4,remainder=drop |", 3, 0, "bucketing leaves no bucket: n=3, size=4");
    rule_expect_reason("bucketing:size=4 |", 3, 0, "");
    rule_expect_reason("clipping | mean", 0, 0, "no message is left to aggregate");
}

/* The rule behind sees ceil(n/size) rows and the same f. */
Test(preaggregators, bucketing_feasibility)
{
    rule_expect_reason("bucketing:size=2 | krum", 25, 5, "");
    rule_expect_reason("bucketing:size=3 | krum", 25, 5,
                       "krum needs n >= 2f+3: n=9, f=5 (25 messages became 9 rows before it)");
    rule_expect_reason("bucketing:size=3 | median", 25, 5,
                       "median needs n >= 2f+1: n=9, f=5 (25 messages became 9 rows before it)");
    rule_expect_reason("bucketing:size=2 | krum", 24, 5,
                       "krum needs n >= 2f+3: n=12, f=5 (24 messages became 12 rows before it)");
    rule_expect_reason("bucketing:size=2 | median", 24, 5, "");
    rule_expect_reason("bucketing:size=3 | krum", 20, 2, "");
    rule_expect_reason("bucketing:size=3 | trimmed_mean", 20, 3, "");
    rule_expect_reason("bucketing:size=2 | krum", 53, 12, "");
    rule_expect_reason("bucketing:size=2 | median", 17, 4, "");
    rule_expect_reason("bucketing:size=2 nnm | median", 8, 2, "nnm needs n > 2f: n=4, f=2");
}

/* Runs one pre-aggregator by itself and compares mix * x with the rows that it wrote. */
static void check_mix(const char *words, size_t n, size_t d, size_t f, uint64_t seed)
{
    struct byz_variant variant;
    rule_variant(&preaggregator_family, words, &variant);
    const struct byz_preaggregator *stage = (const void *)variant.kind;
    struct grid grid = grid_make(n, d, seed == 4 ? GRID_SAME : GRID_NORMAL, seed), out = grid_empty(n, d);
    double *distances = mem_array(n * n, sizeof *distances, NULL), *mix = mem_array(n * n, sizeof *mix, NULL);
    void *scratch =
        mem_array(stage->scratch_bytes(variant.params, n, d, 1) + distance_scratch_bytes(n, d), 1, NULL);
    struct byz_report report = {0};
    struct rng rng;
    char reason[BYZ_REASON_SIZE];
    cr_assert(distances != NULL && mix != NULL && scratch != NULL);
    memset(mix, 0xFF, n * n * sizeof *mix);
    distance_squared(grid.x, n, d, grid.ld, scratch, distances);
    rng_start(&rng, seed, RNG_TEST, 1, 0);
    const struct byz_aggregator_input in = {.n = n,
                                            .f = f,
                                            .d = d,
                                            .ld = grid.ld,
                                            .x = grid.x,
                                            .distances = distances,
                                            .rng = &rng,
                                            .scratch = scratch,
                                            .report = &report};
    cr_assert_eq(stage->prepare(variant.params, &in, mix, reason), 0);
    stage->columns(variant.params, &in, 0, d / 2, out.x, grid.ld);
    stage->columns(variant.params, &in, d / 2, d - d / 2, out.x + d / 2, grid.ld);
    size_t rows = stage->rows == NULL ? n : stage->rows(variant.params, n, f);
    for (size_t i = 0; i < n && rows == n; i++)
        cr_assert_gt(mix[i * n + i], 0, "%s: row %zu has no share in itself", words, i);
    for (size_t i = 0; i < rows; i++)
        for (size_t k = 0; k < d; k++) {
            double sum = 0;
            for (size_t j = 0; j < n; j++)
                sum += mix[i * n + j] * (double)grid_row(&grid, j)[k];
            cr_assert(grid_near(grid_row(&out, i)[k], sum, 1e-6), "%s: row %zu, column %zu", words, i, k);
        }
    mem_free(distances);
    mem_free(mix);
    mem_free(scratch);
    grid_fini(&grid);
    grid_fini(&out);
    config_variant_release(&variant);
}

Test(preaggregators, mix_times_input_is_output)
{
    static const char *const words[] = {"nnm",
                                        "arc",
                                        "clipping",
                                        "clipping:threshold=0.5",
                                        "bucketing",
                                        "clipping:threshold=median",
                                        "bucketing:size=3",
                                        "bucketing:size=4,remainder=drop"};
    omp_set_num_threads(1);
    for (size_t w = 0; w < sizeof words / sizeof words[0]; w++)
        for (uint64_t seed = 0; seed < 5; seed++) {
            check_mix(words[w], 11, 7, 3, seed);
            check_mix(words[w], 5, 1, 0, seed);
            check_mix(words[w], 20, 33, 9, seed);
        }
}

/* The shares that a rule gives to rows behind a chain lead back to the workers. */
Test(preaggregators, shares_behind_a_chain_lead_back_to_the_input)
{
    static const char *const words[] = {"nnm | mean", "bucketing nnm | krum", "arc nnm bucketing | mean",
                                        "clipping:threshold=1 bucketing:size=3 | krum:neighbours=kappa"};
    omp_set_num_threads(1);
    for (size_t w = 0; w < sizeof words / sizeof words[0]; w++) {
        struct defence_settings settings;
        struct rule_answer answer;
        struct grid grid = grid_make(17, 6, GRID_NORMAL, 3);
        rule_settings(words[w], &settings);
        rule_run(&settings, &grid, 2, NULL, &answer);
        cr_assert(answer.answered && answer.has_shares, "%s: %s", words[w], answer.reason);
        for (size_t k = 0; k < grid.d; k++) {
            double sum = 0;
            for (size_t i = 0; i < grid.n; i++)
                sum += answer.shares[i] * (double)grid_row(&grid, i)[k];
            cr_expect(grid_near(answer.out[k], sum, 1e-6), "%s: column %zu", words[w], k);
        }
        rule_release(&settings);
        grid_fini(&grid);
    }
}
