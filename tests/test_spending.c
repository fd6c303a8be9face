/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A defence that may overwrite its input gives the bytes of one that may not, and needs less memory. */
#include "tests/rules/rule.h"

enum { ROWS = 9, F = 2 };

/* What a defence gave: rows, or the output as a single row, and how the rows were mixed. */
struct given {
    struct grid rows;
    double shares[ROWS * ROWS];
};

static void run(struct defence *defence, const struct grid *grid, struct grid *out, struct given *given)
{
    struct defence_outcome outcome;
    const struct defence_input in = {
        .x = grid->x, .spent = defence->spends ? grid->x : NULL, .n = ROWS, .f = F, .seed = 3};
    defence_run(defence, &in, out->x, &outcome);
    cr_assert(outcome.answered, "%s", outcome.reason);
    bool single = defence->settings->aggregator.kind != NULL;
    given->rows = grid_empty(single ? 1 : outcome.row_count, grid->d);
    for (size_t i = 0; i < given->rows.n; i++)
        memcpy(grid_row(&given->rows, i), single ? out->x : outcome.rows + i * grid->ld,
               grid->d * sizeof(float));
    if (outcome.has_shares)
        memcpy(given->shares, outcome.shares, ROWS * sizeof(double));
    else if (outcome.mix != NULL)
        memcpy(given->shares, outcome.mix, outcome.row_count * ROWS * sizeof(double));
}

static struct given apart(const struct defence_settings *settings, const struct grid *grid)
{
    struct defence defence;
    struct err err = {0};
    struct grid out = grid_empty(1, grid->d);
    struct given given = {.shares = {0}};
    cr_assert_eq(defence_init(&defence, settings, ROWS, grid->d, grid->ld, &err), 0, "%s", err.text);
    run(&defence, grid, &out, &given);
    defence_fini(&defence);
    grid_fini(&out);
    return given;
}

/* On a copy, which is lost. *touched: whether any of its values changed. */
static struct given spending(const struct defence_settings *settings, const struct grid *grid, bool *touched)
{
    struct defence defence;
    struct err err = {0};
    struct grid copy = grid_empty(ROWS, grid->d), out = grid_empty(1, grid->d);
    struct given given = {.shares = {0}};
    size_t bytes = ROWS * grid->ld * sizeof(float);
    memcpy(copy.x, grid->x, bytes);
    cr_assert_eq(defence_init_spending(&defence, settings, ROWS, grid->d, grid->ld, &err), 0, "%s", err.text);
    run(&defence, &copy, &out, &given);
    *touched = memcmp(copy.x, grid->x, bytes) != 0;
    for (size_t i = 0; i < ROWS; i++)
        for (size_t k = grid->d; k < grid->ld; k++)
            cr_assert(isnan(copy.x[i * grid->ld + k]), "a value behind row %zu was written", i);
    defence_fini(&defence);
    grid_fini(&copy);
    grid_fini(&out);
    return given;
}

static bool same(const struct given *a, const struct given *b)
{
    return a->rows.n == b->rows.n && memcmp(a->shares, b->shares, sizeof a->shares) == 0 &&
           memcmp(a->rows.x, b->rows.x, a->rows.n * a->rows.ld * sizeof(float)) == 0;
}

/* Whether both ways give the same bytes, of values of this kind. */
static bool both_ways_alike(const struct defence_settings *settings, enum grid_kind kind, size_t d,
                            bool *touched)
{
    struct grid grid = grid_make(ROWS, d, kind, 5);
    for (size_t k = 0; k < d; k++) /* rows of different lengths: some are clipped */
        grid_row(&grid, k % ROWS)[k] *= 3;
    struct given first = apart(settings, &grid), second = spending(settings, &grid, touched);
    bool alike = same(&first, &second);
    grid_fini(&grid);
    grid_fini(&first.rows);
    grid_fini(&second.rows);
    return alike;
}

static const char *const chains[] = {
    "clipping |",
    "clipping:threshold=median |",
    "arc |",
    "normalize |",
    "sign |",
    "top_k:k=1 |",
    "clipping | krum",
    "arc | mean",
    "arc | median",
    "arc nnm | krum",
    "nnm arc | krum",
    "nnm clipping nnm arc |",
    "arc clipping normalize sign | mean",
    "nnm nnm nnm | krum",
    "bucketing arc bucketing |",
    "| krum",
};

Test(spending, gives_the_same_bytes)
{
    static const size_t widths[] = {1, 17, 5003, 9001};
    for (size_t c = 0; c < BYZ_LENGTH(chains); c++)
        for (int kind = 0; kind < GRID_KINDS; kind++)
            for (size_t w = 0; w < BYZ_LENGTH(widths); w++) {
                struct defence_settings settings;
                bool touched;
                rule_settings(chains[c], &settings);
                omp_set_num_threads(1 + (int)(w % 3));
                cr_expect(both_ways_alike(&settings, (enum grid_kind)kind, widths[w], &touched),
                          "%s: kind %d, d = %zu", chains[c], kind, widths[w]);
                cr_expect(!touched || defence_overwrites(&settings), "%s", chains[c]);
                cr_expect(touched || kind != GRID_NORMAL || widths[w] < 5000 ||
                              !defence_overwrites(&settings),
                          "%s: kind %d, d = %zu: nothing was written over", chains[c], kind, widths[w]);
                rule_release(&settings);
            }
}

/* Every pre-aggregator that promises it, under its own name; one that promises wrongly is caught. */
Test(spending, every_promise_holds_and_a_wrong_one_shows)
{
    size_t promised = 0;
    for (size_t i = 0; i < preaggregator_family.count; i++) {
        const struct byz_preaggregator *stage = (const void *)preaggregator_family.at(i);
        struct byz_preaggregator liar = *stage;
        struct defence_settings settings;
        bool touched;
        rule_settings("|", &settings);
        rule_variant(&preaggregator_family, stage->base.name, &settings.preaggregators.items[0]);
        settings.preaggregators.count = 1;
        promised += stage->in_place;
        if (stage->in_place)
            cr_expect(both_ways_alike(&settings, GRID_NORMAL, 5003, &touched), "%s", stage->base.name);
        else if (stage->rows == NULL) {
            liar.in_place = true;
            settings.preaggregators.items[0].kind = &liar.base;
            cr_expect_not(both_ways_alike(&settings, GRID_NORMAL, 5003, &touched), "%s", stage->base.name);
            settings.preaggregators.items[0].kind = &stage->base;
        }
        rule_release(&settings);
    }
    cr_expect_geq(promised, 5);
}

Test(spending, needs_no_second_matrix)
{
    static const struct {
        const char *chain;
        double matrices; /* spared */
    } cases[] = {{"| krum", 0},         {"clipping | krum", 1}, {"arc clipping | krum", 1},
                 {"nnm arc | krum", 0}, {"arc | median", 0},    {"arc nnm nnm nnm | krum", 0},
                 {"arc nnm | krum", 1}};
    enum { N = 100, D = 10000, LD = 10000 };
    for (size_t c = 0; c < BYZ_LENGTH(cases); c++) {
        struct defence_settings settings;
        rule_settings(cases[c].chain, &settings);
        double spared =
            defence_memory(&settings, N, D, LD, false) - defence_memory(&settings, N, D, LD, true);
        cr_expect_float_eq(spared, cases[c].matrices * N * LD * sizeof(float), 0.5, "%s: %g", cases[c].chain,
                           spared);
        rule_release(&settings);
    }
}
