/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rounds by blocks of columns give the bits of the whole message matrix, for everything that can work so. */
#include "aggregators/registry.h"
#include "attacks/registry.h"
#include "sim/core/blocks.h"
#include "sim/core/memory.h"
#include "tests/test_simulation_fixture.h"

#include <criterion/criterion.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* softmax: 4 * 701 = 2804 parameters, three blocks whose ends cut the rows of the weights. */
#define BLOBS "'dataset': {'name': 'blobs', 'train': 200, 'test': 60, 'classes': 4, 'features': 700}"

/* Blocks as narrow as they can be. */
static void recompute(struct simulation_fixture *fixture)
{
    fixture->experiment.settings.workers.storage = STORAGE_RECOMPUTE;
    fixture->experiment.settings.workers.block_megabytes = 0;
}

/* Puts infinities into the last feature of some samples, where the data has values. */
static void spoil(struct dataset *dataset, size_t every)
{
    for (size_t i = 0; i < dataset->train.count; i += every)
        dataset->train.values[(i + 1) * dataset->features - 1] = INFINITY;
}

/* Runs it whole and by blocks, every so many samples `spoiled` (0: none), at one thread and at three; returns
 * how many rounds dropped a message. */
static size_t expect_same_bits(const char *what, const char *text, size_t spoiled)
{
    struct simulation_fixture fixture;
    size_t dropping = 0;
    simulation_fixture_init(&fixture, text);
    if (spoiled > 0)
        spoil(&fixture.dataset, spoiled);
    omp_set_num_threads(2);
    simulation_fixture_start(&fixture);
    simulation_fixture_finish(&fixture);
    struct simulation *whole = fixture.simulation;
    cr_assert_eq(whole->block, whole->d);
    recompute(&fixture);
    for (int threads = 1; threads <= 3; threads += 2) {
        char name[128];
        snprintf(name, sizeof name, "%s by blocks, %d threads", what, threads);
        omp_set_num_threads(threads);
        fixture.simulation = NULL;
        simulation_fixture_start(&fixture);
        cr_assert_leq(2 * fixture.simulation->block, fixture.simulation->d + BLOCKS_UNIT, "%s", what);
        cr_assert_lt(fixture.simulation->block, fixture.simulation->d, "%s", what);
        simulation_fixture_finish(&fixture);
        simulation_fixture_expect_same(whole, fixture.simulation, name);
        simulation_free(fixture.simulation);
    }
    for (size_t r = 0; r < whole->rounds.rows; r++)
        dropping += table_at(&whole->rounds, r, ROUND_DROPPED) > 0;
    fixture.simulation = whole;
    simulation_fixture_fini(&fixture);
    return dropping;
}

static void configure(char text[1024], const char *workers, const char *data, const char *model,
                      const char *attack, const char *server)
{
    snprintf(text, 1024,
             "{'rounds': 3, 'workers': {'count': 11, 'byzantine': 2, 'batch_size': 4%s}, 'data': {%s},"
             " 'model': %s, 'attack': %s, 'server': {%s, 'learning_rate': 0.05}, 'evaluation': {'every': 2}}",
             workers, data, model, attack, server);
}

/* Whether the experiment can work by blocks. */
static bool suits(const char *text)
{
    struct simulation_fixture fixture;
    char reason[BYZ_REASON_SIZE] = "", *reports = NULL;
    bool read = simulation_fixture_read(&fixture, text, &reports);
    free(reports);
    fixture.experiment.settings.workers.storage = STORAGE_RECOMPUTE;
    bool good = read && blocks_unsuitable(&fixture.experiment.settings, reason) == 0;
    cr_assert(!read || good || strstr(reason, "storage \"full\"") != NULL, "%s", reason);
    simulation_fixture_fini(&fixture);
    return good;
}

Test(blocks, every_rule_that_works_by_coordinates)
{
    size_t done = 0;
    for (size_t i = 0; i < aggregator_family.count; i++) {
        char text[1024], server[128];
        const struct byz_aggregator *rule = (const void *)aggregator_family.at(i);
        snprintf(server, sizeof server, "'aggregator': '%s'", rule->base.name);
        configure(text, "", BLOBS, "'softmax'", "'alie'", server);
        bool good = suits(text);
        cr_assert(!good || (rule->promises & BYZ_COORDINATEWISE), "%s", rule->base.name);
        if (good)
            expect_same_bits(rule->base.name, text, 0);
        done += good;
    }
    cr_assert_geq(done, 6, "%zu", done);
}

Test(blocks, every_attack_that_works_by_coordinates)
{
    size_t done = 0, dropping = 0;
    for (size_t i = 0; i < attack_family.count; i++) {
        char text[1024], attack[128];
        const char *name = attack_family.at(i)->name;
        snprintf(attack, sizeof attack, "{'name': '%s', 'members': 'redrawn', 'every': 2}", name);
        configure(text, "", BLOBS, "'softmax'", attack, "'aggregator': 'trimmed_mean', 'missing': 'zero'");
        if (!suits(text))
            continue;
        dropping += expect_same_bits(name, text, 0) > 0;
        done++;
    }
    cr_assert_geq(done, 12, "%zu", done);
    cr_assert_geq(dropping, 2, "nan and inf are dropped");
}

Test(blocks, every_preaggregator_that_works_by_coordinates)
{
    static const char *const rules[] = {"median", "mean"};
    size_t done = 0;
    for (size_t i = 0; i < preaggregator_family.count; i++)
        for (size_t r = 0; r < BYZ_LENGTH(rules); r++) {
            char text[1024], server[160];
            const char *name = preaggregator_family.at(i)->name;
            snprintf(server, sizeof server, "'preaggregators': ['%s', 'sign'], 'aggregator': '%s'", name,
                     rules[r]);
            configure(text, "", BLOBS, "'softmax'", "'alie'", server);
            if (!suits(text))
                continue;
            expect_same_bits(name, text, 0);
            done++;
        }
    cr_assert_eq(done, 4, "sign and bucketing: %zu", done);
}

Test(blocks, every_model)
{
    static const char *const datasets[] = {
        "'dataset': {'name': 'linear_regression', 'dimension': 2500, 'train': 100, 'test': 30}",
        "'dataset': {'name': 'blobs', 'classes': 2, 'features': 2500, 'train': 100, 'test': 30}",
        "'dataset': {'name': 'quadratic', 'dimension': 2500, 'train': 100, 'test': 30}",
        "'dataset': {'name': 'words', 'length': 12, 'train': 100, 'test': 30}",
        "'dataset': {'name': 'digits', 'train': 100, 'test': 30}"};
    for (size_t i = 0; i < model_family.count; i++) {
        char text[1024], model[64];
        bool done = false;
        snprintf(model, sizeof model, "{'name': '%s', 'l2': 0.01}", model_family.at(i)->name);
        for (size_t k = 0; !done && k < BYZ_LENGTH(datasets); k++) {
            struct simulation_fixture fixture;
            struct err err = {0};
            configure(text, "", datasets[k], model, "'ipm'", "'aggregator': 'median'");
            simulation_fixture_init(&fixture, text);
            done = simulation_create(&fixture.simulation, &fixture.experiment.settings, &fixture.dataset,
                                     &err) == ERR_OK;
            simulation_fixture_fini(&fixture);
        }
        cr_assert(done, "%s", model);
        expect_same_bits(model, text, 0);
    }
}

/* What takes the whole gradient, or a worker's own samples, into account. */
Test(blocks, workers_of_every_kind)
{
    static const char *const workers[] = {", 'clip_norm': 0.5", ", 'local_steps': 3", ", 'batch_size': 0",
                                          ", 'sampling': 'replacement'",
                                          ", 'local_steps': 7, 'clip_norm': 1"};
    for (size_t i = 0; i < BYZ_LENGTH(workers); i++) {
        char text[1024];
        configure(text, workers[i], BLOBS ", 'partition': {'name': 'dirichlet', 'alpha': 0.3}",
                  "{'name': 'softmax', 'bias': false}", "'label_flip'",
                  "'aggregator': 'mean', 'weights': 'samples', 'optimizer': 'adam', 'clip_norm': 1");
        char *twice = strstr(text, "'batch_size': 4, 'batch_size'");
        if (twice != NULL)
            memset(twice, ' ', strlen("'batch_size': 4,"));
        expect_same_bits(workers[i], text, 0);
    }
}

/* Samples whose last feature is infinite: only the last block shows which rows are malformed, after the rule
 * has seen the first columns of them. */
Test(blocks, malformed_rows_found_late)
{
    static const char *const rules[] = {"median", "mean", "trimmed_mean"};
    for (size_t r = 0; r < BYZ_LENGTH(rules); r++) {
        char text[1024], server[64];
        snprintf(server, sizeof server, "'aggregator': '%s'", rules[r]);
        configure(text, "", "'dataset': {'name': 'quadratic', 'dimension': 2500, 'train': 200, 'test': 1}",
                  "'quadratic'", "'alie'", server);
        cr_assert_gt(expect_same_bits(rules[r], text, 20), 0);
    }
}

/* No message is left for the rule: the round is skipped, with one note. */
Test(blocks, skipped_rounds)
{
    char text[1024];
    configure(text, "", "'dataset': {'name': 'quadratic', 'dimension': 2500, 'train': 22, 'test': 1}",
              "'quadratic'", "'alie'", "'aggregator': 'trimmed_mean'");
    cr_assert_gt(expect_same_bits("skipped", text, 1), 0);
}

Test(blocks, widths)
{
    struct settings settings = {.workers = {.count = 10000, .block_megabytes = 256}};
    cr_assert_eq(blocks_width(&settings, 7850), 7850);
    cr_assert_eq(blocks_count(&settings, 7850), 1);
    settings.workers.storage = STORAGE_RECOMPUTE;
    cr_assert_eq(blocks_width(&settings, 7850), 6144); /* 245.8 MB */
    cr_assert_eq(blocks_count(&settings, 7850), 2);
    cr_assert_eq(blocks_width(&settings, 1000), 1000);
    cr_assert_eq(blocks_width(&settings, 6144), 6144);
    settings.workers.block_megabytes = 1;
    cr_assert_eq(blocks_width(&settings, 7850), 1024, "at least one unit");
    cr_assert_eq(blocks_count(&settings, 7850), 8);
    settings.workers.block_megabytes = 1000000;
    cr_assert_eq(blocks_width(&settings, 7850), 7850);
    cr_assert_eq(blocks_count(&settings, 7850), 1);
}

/* The plan of a run by blocks has no array of n times d. */
Test(blocks, memory_does_not_grow_with_n_times_d)
{
    struct simulation_fixture fixture;
    char text[1024];
    configure(text, "", BLOBS, "'softmax'", "'alie'", "'aggregator': 'median'");
    simulation_fixture_init(&fixture, text);
    struct settings *settings = &fixture.experiment.settings;
    settings->workers.count = 100000;
    settings->workers.byzantine = 100;
    double whole = memory_total(settings, &fixture.dataset);
    recompute(&fixture);
    double blocks = memory_total(settings, &fixture.dataset);
    cr_assert_gt(whole, 4.0 * 100000 * 2804);
    cr_assert_lt(blocks, 4.0 * 100000 * 1200, "%.0f", blocks);
    settings->workers.count = 11;
    settings->workers.byzantine = 2;
    simulation_fixture_fini(&fixture);
}

static void expect_refusal(const char *workers, const char *attack, const char *server, const char *words)
{
    struct simulation_fixture fixture;
    char text[1024], asked[128], *reports = NULL;
    snprintf(asked, sizeof asked, ", 'storage': 'recompute'%s", workers);
    configure(text, asked, BLOBS, "'softmax'", attack, server);
    cr_assert_not(simulation_fixture_read(&fixture, text, &reports), "%s", text);
    cr_assert_neq(strstr(reports, "workers.storage"), NULL, "%s", reports);
    cr_assert_neq(strstr(reports, words), NULL, "%s: %s", words, reports);
    free(reports);
    simulation_fixture_fini(&fixture);
}

Test(blocks, refuses_what_needs_whole_messages)
{
    const char *median = "'aggregator': 'median'";
    expect_refusal(", 'momentum': 0.9", "'none'", median, "workers.momentum");
    expect_refusal("", "'none'", "'aggregator': 'median', 'missing': 'last'", "server.missing");
    expect_refusal("", "'gaussian'", median, "gaussian");
    expect_refusal("", "'min_max'", median, "min_max");
    expect_refusal("", "'replay'", median, "replay");
    expect_refusal("", "'none'", "'aggregator': 'krum'", "krum");
    expect_refusal("", "'none'", "'aggregator': 'median', 'preaggregators': ['nnm']", "nnm");
    expect_refusal("", "'none'", "'aggregator': 'median', 'preaggregators': ['clipping']", "clipping");
}
