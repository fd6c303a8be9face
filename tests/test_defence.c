/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "aggregators/registry.h"
#include "sim/base/mem.h"
#include "sim/core/defence.h"
#include "sim/num/rng.h"
#include "tests/test_simulation_fixture.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ROWS = 23, DIMENSION = 20, APART = 32 };

/* A defence over random rows, the first of them long enough to be clipped. */
struct bench {
    struct simulation_fixture fixture;
    struct defence defence;
    struct defence_outcome outcome;
    float *x, *out;
};

static void bench_init(struct bench *bench, const char *chain, const char *rule)
{
    char text[512];
    struct err err = {0};
    struct rng rng;
    snprintf(text, sizeof text,
             "{'workers': {'count': 40}, 'data': {'dataset': {'name': 'blobs', 'train': 40, 'test': 1}},"
             " 'server': {'preaggregators': [%s], 'aggregator': %s}}",
             chain, rule);
    simulation_fixture_init(&bench->fixture, text);
    bench->x = mem_array(ROWS * APART, sizeof *bench->x, &err);
    bench->out = mem_array(APART, sizeof *bench->out, &err);
    cr_assert(bench->x != NULL && bench->out != NULL);
    rng_start(&rng, 3, RNG_TEST, 0, 0);
    for (size_t i = 0; i < ROWS; i++)
        for (size_t k = 0; k < DIMENSION; k++)
            bench->x[i * APART + k] = (float)((i < 3 ? 4 : 1) * rng_normal(&rng) + 0.5);
    cr_assert_eq(defence_init(&bench->defence, &bench->fixture.experiment.settings.server.defence, ROWS,
                              DIMENSION, APART, &err),
                 ERR_OK, "%s", err.text);
}

static void bench_fini(struct bench *bench)
{
    defence_fini(&bench->defence);
    mem_free(bench->x);
    mem_free(bench->out);
    simulation_fixture_fini(&bench->fixture);
}

static void bench_run(struct bench *bench, size_t n, size_t f, uint64_t round)
{
    const struct defence_input in = {.x = bench->x, .n = n, .f = f, .seed = 9, .round = round};
    defence_run(&bench->defence, &in, bench->out, &bench->outcome);
}

/* shares (n) * x (n, d) against the output. */
static void expect_shares_explain(const struct bench *bench, size_t n, bool sum_to_one, const char *chain)
{
    const double *shares = bench->outcome.shares;
    double sum = 0;
    cr_assert(bench->outcome.answered, "%s: %s", chain, bench->outcome.reason);
    cr_assert(bench->outcome.has_shares, "%s", chain);
    for (size_t i = 0; i < n; i++)
        sum += shares[i];
    if (sum_to_one)
        cr_assert_float_eq(sum, 1, 1e-12, "%s: the shares sum to %.15g", chain, sum);
    else
        cr_assert_lt(sum, 1, "%s: what is clipped off belongs to nobody", chain);
    for (size_t k = 0; k < DIMENSION; k++) {
        double value = 0;
        for (size_t i = 0; i < n; i++)
            value += shares[i] * (double)bench->x[i * APART + k];
        cr_assert_float_eq(value, (double)bench->out[k], 1e-5, "%s, coordinate %zu: %g and %g", chain, k,
                           value, (double)bench->out[k]);
    }
}

Test(defence, shares_lead_the_output_back_to_the_input_rows)
{
    static const struct {
        const char *chain;
        bool clips;
    } chains[] = {{"", false},
                  {"'nnm'", false},
                  {"'bucketing'", false},
                  {"{'name': 'bucketing', 'size': 3, 'remainder': 'drop'}", false},
                  {"'nnm', 'bucketing'", false},
                  {"'bucketing', 'nnm'", false},
                  {"'nnm', 'nnm', 'nnm'", false},
                  {"{'name': 'bucketing', 'size': 1}, {'name': 'bucketing', 'size': 1}", false},
                  {"'clipping'", true},
                  {"'arc'", true},
                  {"'arc', 'nnm'", true},
                  {"'clipping', 'arc', 'nnm', 'bucketing'", true}};
    static const char *const rules[] = {"'mean'", "'krum'", "{'name': 'krum', 'neighbours': 'kappa'}"};
    for (size_t c = 0; c < BYZ_LENGTH(chains); c++)
        for (size_t r = 0; r < BYZ_LENGTH(rules); r++) {
            struct bench bench;
            bench_init(&bench, chains[c].chain, rules[r]);
            for (uint64_t round = 0; round < 3; round++) {
                bench_run(&bench, ROWS, 1, round);
                bool clipped =
                    chains[c].clips && r == 0; /* Krum may well choose a row that was not clipped */
                if (!chains[c].clips || clipped)
                    expect_shares_explain(&bench, ROWS, !clipped, chains[c].chain);
            }
            bench_run(&bench, ROWS - 2, 1,
                      3); /* fewer rows than there is room for, as after dropped messages */
            if (!chains[c].clips)
                expect_shares_explain(&bench, ROWS - 2, true, chains[c].chain);
            bench_fini(&bench);
        }
}

/* The rows that the chain without its aggregator ends with: (count, DIMENSION), APART floats per row. */
static size_t rows_before_the_rule(const struct bench *bench, size_t n, size_t f, float *rows)
{
    struct defence_settings alone = bench->fixture.experiment.settings.server.defence;
    struct defence defence;
    struct defence_outcome outcome;
    struct err err = {0};
    alone.aggregator = (struct byz_variant){0};
    cr_assert_eq(defence_init(&defence, &alone, ROWS, DIMENSION, APART, &err), ERR_OK);
    const struct defence_input in = {.x = bench->x, .n = n, .f = f, .seed = 9};
    float untouched[APART] = {42};
    defence_run(&defence, &in, untouched, &outcome);
    cr_assert(outcome.answered && !outcome.has_shares);
    cr_assert_eq(untouched[0], 42.0f);
    memcpy(rows, outcome.rows, outcome.row_count * APART * sizeof *rows);
    size_t count = outcome.row_count;
    defence_fini(&defence);
    return count;
}

/* By hand: rows 0, 2, 4, 6, 9 in buckets of 2, mean of 1, 5, 9: shares 1/6 for each of four rows, 1/3 for the
 * last. */
Test(defence, a_chain_by_hand)
{
    struct bench bench;
    bench_init(&bench, "{'name': 'bucketing', 'shuffle': false}", "'mean'");
    const float column[] = {0, 2, 4, 6, 9};
    for (size_t i = 0; i < 5; i++)
        for (size_t k = 0; k < DIMENSION; k++)
            bench.x[i * APART + k] = column[i];
    bench_run(&bench, 5, 0, 0);
    float rows[ROWS * APART];
    cr_assert_eq(bench.outcome.row_count, 3);
    cr_assert_eq(rows_before_the_rule(&bench, 5, 0, rows), 3);
    cr_assert_float_eq((double)rows[0 * APART], 1, 1e-6);
    cr_assert_float_eq((double)rows[1 * APART], 5, 1e-6);
    cr_assert_float_eq((double)rows[2 * APART], 9, 1e-6);
    cr_assert_float_eq((double)bench.out[DIMENSION - 1], 5, 1e-6);
    for (size_t i = 0; i < 5; i++)
        cr_assert_float_eq(bench.outcome.shares[i], i < 4 ? 1 / 6.0 : 1 / 3.0, 1e-12);
    bench_fini(&bench);
}

Test(defence, stages_run_in_the_order_of_the_list)
{
    struct bench first, second;
    bench_init(&first, "{'name': 'clipping', 'threshold': 1}, 'nnm'", "'mean'");
    bench_init(&second, "'nnm', {'name': 'clipping', 'threshold': 1}", "'mean'");
    bench_run(&first, ROWS, 2, 0);
    bench_run(&second, ROWS, 2, 0);
    cr_assert(memcmp(first.out, second.out, DIMENSION * sizeof(float)) != 0);
    float rows[ROWS * APART];
    cr_assert_eq(rows_before_the_rule(&second, ROWS, 2, rows), ROWS);
    for (size_t i = 0; i < ROWS; i++) { /* clipped last: no row is longer */
        double norm2 = 0;
        for (size_t k = 0; k < DIMENSION; k++)
            norm2 += pow((double)rows[i * APART + k], 2);
        cr_assert_lt(norm2, 1 + 1e-5);
    }
    bench_fini(&first);
    bench_fini(&second);
}

Test(defence, input_rows_are_never_written_to)
{
    for (size_t i = 0; i < preaggregator_family.count; i++) {
        struct bench bench;
        char stage[64];
        float kept[ROWS * APART];
        snprintf(stage, sizeof stage, "'%s'", preaggregator_family.at(i)->name);
        bench_init(&bench, stage, "'mean'");
        memcpy(kept, bench.x, sizeof kept);
        bench_run(&bench, ROWS, 1, 0);
        cr_assert(bench.outcome.answered, "%s: %s", stage, bench.outcome.reason);
        cr_assert(memcmp(kept, bench.x, sizeof kept) == 0, "%s writes into its input", stage);
        bench_fini(&bench);
    }
}

/* Random stages draw from streams named by seed and round: the same round again is the same, another is not.
 */
Test(defence, a_round_can_be_repeated)
{
    struct bench bench;
    float first[DIMENSION];
    bench_init(&bench, "'bucketing'", "{'name': 'krum', 'neighbours': 'kappa'}");
    bench_run(&bench, ROWS, 1, 5);
    memcpy(first, bench.out, sizeof first);
    size_t different = 0;
    for (uint64_t round = 6; round < 16; round++) {
        bench_run(&bench, ROWS, 1, round);
        different += memcmp(first, bench.out, sizeof first) != 0;
    }
    cr_assert_gt(different, 5);
    bench_run(&bench, ROWS, 1, 5);
    cr_assert(memcmp(first, bench.out, sizeof first) == 0);
    bench_fini(&bench);
}

Test(defence, without_an_aggregator_it_ends_with_the_rows)
{
    struct bench bench;
    float rows[ROWS * APART], x[ROWS * APART];
    bench_init(&bench, "'nnm', 'bucketing'", "'krum'");
    bench_run(&bench, ROWS, 1, 0);
    cr_assert_eq(rows_before_the_rule(&bench, ROWS, 1, rows), 12);
    memcpy(x, bench.outcome.rows, 12 * APART * sizeof *x);
    for (size_t i = 0; i < 12; i++)
        cr_assert(memcmp(rows + i * APART, x + i * APART, DIMENSION * sizeof(float)) == 0);
    bench_fini(&bench);
}

static void expect_refusal(const char *chain, const char *rule, size_t n, size_t f,
                           const char *const parts[3])
{
    struct bench bench;
    char reason[BYZ_REASON_SIZE] = "";
    bench_init(&bench, chain, rule);
    const struct defence_settings *settings = &bench.fixture.experiment.settings.server.defence;
    cr_assert_neq(defence_unsuitable(settings, n, f, NULL, reason), 0, "[%s] %s at n=%zu, f=%zu", chain, rule,
                  n, f);
    for (size_t i = 0; i < 3 && parts[i] != NULL; i++)
        cr_assert_not_null(strstr(reason, parts[i]), "\"%s\" does not say \"%s\"", reason, parts[i]);
    bench.out[0] = 42;
    bench_run(&bench, n, f, 0);
    cr_assert_not(bench.outcome.answered);
    cr_assert_str_eq(bench.outcome.reason, reason);
    cr_assert_eq(bench.out[0], 42.0f, "out is written though there is no answer");
    bench_fini(&bench);
}

Test(defence, a_refusal_names_the_stage_and_the_numbers_it_saw)
{
    expect_refusal("", "'krum'", 10, 4, (const char *const[3]){"krum", "n=10", "f=4"});
    expect_refusal("", "'mean'", 0, 0, (const char *const[3]){"no message is left"});
    expect_refusal("'nnm'", "'mean'", 10, 5, (const char *const[3]){"nnm", "n=10", "f=5"});
    expect_refusal("'bucketing'", "'median'", 10, 3,
                   (const char *const[3]){"median", "n=5", "10 messages became 5"});
    expect_refusal("'bucketing', 'nnm'", "'mean'", 10, 3, (const char *const[3]){"nnm", "n=5", "f=3"});
    expect_refusal("'bucketing', 'bucketing', 'bucketing'", "'krum'", 11, 0,
                   (const char *const[3]){"krum", "n=2", "11 messages became 2"});
    expect_refusal("{'name': 'bucketing', 'size': 6, 'remainder': 'drop'}", "'mean'", 5, 0,
                   (const char *const[3]){"bucketing", "n=5", "size=6"});
}

Test(defence, says_how_many_rows_the_aggregator_sees)
{
    struct bench bench;
    char reason[BYZ_REASON_SIZE] = "";
    size_t rows = 0;
    bench_init(&bench, "{'name': 'bucketing', 'size': 3}, 'nnm', {'name': 'bucketing', 'remainder': 'drop'}",
               "'mean'");
    const struct defence_settings *settings = &bench.fixture.experiment.settings.server.defence;
    cr_assert_eq(defence_unsuitable(settings, 11, 1, &rows, reason), 0, "%s", reason);
    cr_assert_eq(rows, 2, "11 in buckets of 3: 4, of 2: 2; got %zu", rows);
    bench_run(&bench, 11, 1, 0);
    cr_assert_eq(bench.outcome.row_count, 2);
    bench_fini(&bench);
}

static double kappa_of(const char *chain, const char *rule, size_t n, size_t f)
{
    struct bench bench;
    bench_init(&bench, chain, rule);
    double kappa = defence_kappa(&bench.fixture.experiment.settings.server.defence, n, f);
    bench_fini(&bench);
    return kappa;
}

/* Trimmed mean at (10, 2): f/(n-2f) = 1/3; behind nnm 8 * 2/8 * (1/3 + 1) = 8/3. */
Test(defence, kappa_of_chains)
{
    cr_assert_float_eq(kappa_of("", "'trimmed_mean'", 10, 2), 1 / 3.0, 1e-12);
    cr_assert_float_eq(kappa_of("'nnm'", "'trimmed_mean'", 10, 2), 8 / 3.0, 1e-12);
    cr_assert_float_eq(kappa_of("", "'median'", 5, 1), 1, 1e-12);
    cr_assert_float_eq(kappa_of("'nnm'", "'median'", 5, 1), 8 / 4.0 * 2, 1e-12);
    cr_assert_eq(kappa_of("", "'mean'", 10, 0), 0.0);
    cr_assert(isinf(kappa_of("", "'mean'", 10, 1)));
    cr_assert(isnan(kappa_of("'nnm', 'nnm'", "'trimmed_mean'", 10, 2)), "two mixings: none is published");
    cr_assert(isnan(kappa_of("'clipping'", "'trimmed_mean'", 10, 2)));
    cr_assert(isnan(kappa_of("'arc', 'nnm'", "'trimmed_mean'", 10, 2)));
    cr_assert(isnan(kappa_of("", "'krum'", 10, 4)), "not even defined there");
    cr_assert(isnan(kappa_of("", "'krum'", 11, 2)), "none is published for the paper's neighbours");
}
