/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every variant there is, in a tiny run: the same bits at 1, 2, 3 and 8 threads, and on a second run. */
#include "aggregators/registry.h"
#include "attacks/registry.h"
#include "sim/core/simulation.h"
#include "sim/data/dataset.h"
#include "sim/data/partition.h"
#include "sim/model/model.h"
#include "tests/test_simulation_fixture.h"

#include <criterion/criterion.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>

/* Several blocks of coordinates (4 * 300 > 1024) and several chunks of evaluation (600 > 256).
 */
#define BLOBS "{'name': 'blobs', 'train': 600, 'test': 300, 'classes': 4, 'features': 16}"
#define WIDE  "{'name': 'blobs', 'train': 600, 'test': 300, 'classes': 4, 'features': 300}"

/* False with the reason when the configuration is refused or does not fit the data. */
static bool prepare(struct simulation_fixture *fixture, const char *text, char **reason)
{
    struct err err = {0};
    if (!simulation_fixture_read(fixture, text, reason))
        return false;
    free(*reason);
    int rc = simulation_fixture_load(fixture, &err);
    if (rc == ERR_OK)
        rc = simulation_create(&fixture->simulation, &fixture->experiment.settings, &fixture->dataset, &err);
    *reason = text_copy(err.text);
    return rc == ERR_OK;
}

/* Runs it with one thread, then with several, which also make the data again where `load` says so. */
static bool same_at_any_threads(const char *what, const char *text, bool load, char **reason)
{
    static const int counts[] = {2, 3, 8};
    struct simulation_fixture fixture;
    struct err err = {0};
    if (!prepare(&fixture, text, reason)) {
        simulation_fixture_fini(&fixture);
        return false;
    }
    simulation_fixture_finish(&fixture);
    struct simulation *reference = fixture.simulation;
    for (size_t i = 0; i < BYZ_LENGTH(counts); i++) {
        char name[128];
        snprintf(name, sizeof name, "%s with %d threads", what, counts[i]);
        omp_set_num_threads(counts[i]);
        if (load)
            cr_assert_eq(simulation_fixture_load(&fixture, &err), ERR_OK, "%s", err.text);
        fixture.simulation = NULL;
        simulation_fixture_start(&fixture);
        cr_assert_eq(fixture.simulation->threads, (size_t)counts[i]);
        simulation_fixture_finish(&fixture);
        simulation_fixture_expect_same(reference, fixture.simulation, name);
        simulation_free(fixture.simulation);
    }
    fixture.simulation = reference;
    simulation_fixture_fini(&fixture);
    return true;
}

static void configure(char text[1024], size_t b, const char *data, const char *model, const char *attack,
                      const char *server)
{
    snprintf(text, 1024,
             "{'rounds': 3, 'workers': {'count': 11, 'byzantine': %zu, 'batch_size': 4, 'momentum': 0.5},"
             " 'data': {%s}, 'model': %s, 'attack': %s, 'server': {%s, 'learning_rate': 0.05},"
             " 'evaluation': {'every': 2}}",
             b, data, model, attack, server);
}

static void expect_deterministic(const char *what, const char *text)
{
    char *reports = NULL;
    bool done = same_at_any_threads(what, text, false, &reports);
    cr_assert(done, "%s: %s", what, reports);
    free(reports);
}

/* Two attacked rows of eleven; a rule that this is too much for is tried with none. */
Test(simulation_determinism, every_aggregator)
{
    for (size_t i = 0; i < aggregator_family.count; i++) {
        char text[1024], server[128], *reports = NULL;
        const char *name = aggregator_family.at(i)->name;
        snprintf(server, sizeof server, "'aggregator': '%s'", name);
        configure(text, 2, "'dataset': " WIDE, "'softmax'", "'alie'", server);
        if (same_at_any_threads(name, text, false, &reports)) {
            free(reports);
            continue;
        }
        free(reports);
        configure(text, 0, "'dataset': " WIDE, "'softmax'", "'none'", server);
        expect_deterministic(name, text);
    }
}

Test(simulation_determinism, every_preaggregator)
{
    for (size_t i = 0; i < preaggregator_family.count; i++) {
        char text[1024], server[128];
        const char *name = preaggregator_family.at(i)->name;
        snprintf(server, sizeof server, "'preaggregators': ['%s', 'nnm'], 'aggregator': 'trimmed_mean'",
                 name);
        configure(text, 2, "'dataset': " WIDE, "'softmax'", "'gaussian'", server);
        expect_deterministic(name, text);
    }
}

Test(simulation_determinism, every_attack)
{
    for (size_t i = 0; i < attack_family.count; i++) {
        char text[1024], attack[128];
        const char *name = attack_family.at(i)->name;
        snprintf(attack, sizeof attack, "{'name': '%s', 'members': 'redrawn', 'every': 2}", name);
        configure(text, 2, "'dataset': " WIDE, "'softmax'", attack,
                  "'aggregator': 'median', 'missing': 'last'");
        expect_deterministic(name, text);
    }
}

Test(simulation_determinism, every_partition)
{
    for (size_t i = 0; i < partition_family.count; i++) {
        char text[1024], data[256];
        const char *name = partition_family.at(i)->name;
        snprintf(data, sizeof data, "'dataset': " BLOBS ", 'partition': '%s'", name);
        configure(text, 2, data, "'softmax'", "'sign_flip'", "'aggregator': 'krum'");
        expect_deterministic(name, text);
    }
}

/* The first of these data sets that a model can learn. */
Test(simulation_determinism, every_model)
{
    static const char *const datasets[] = {
        "'dataset': {'name': 'linear_regression', 'dimension': 1500, 'train': 200, 'test': 300}",
        "'dataset': {'name': 'blobs', 'classes': 2, 'features': 1500, 'train': 200, 'test': 300}",
        "'dataset': {'name': 'quadratic', 'dimension': 1500, 'train': 200, 'test': 300}",
        "'dataset': {'name': 'words', 'length': 12, 'train': 100, 'test': 270}",
        "'dataset': {'name': 'digits', 'train': 100, 'test': 270}"};
    for (size_t i = 0; i < model_family.count; i++) {
        char text[1024], model[64], *reports = NULL;
        bool done = false;
        snprintf(model, sizeof model, "'%s'", model_family.at(i)->name);
        for (size_t k = 0; !done && k < BYZ_LENGTH(datasets); k++) {
            free(reports);
            configure(text, 2, datasets[k], model, "'ipm'", "'aggregator': 'trimmed_mean'");
            done = same_at_any_threads(model, text, false, &reports);
        }
        cr_assert(done, "%s learns none of the data sets: %s", model, reports);
        free(reports);
    }
}

/* Data sets that are made on the spot are made by several threads, too. */
Test(simulation_determinism, every_made_data_set)
{
    static const char *const models[] = {"'softmax'", "'linear'", "'quadratic'", "'gru'"};
    size_t made = 0;
    for (size_t i = 0; i < dataset_family.count; i++) {
        const struct dataset_kind *kind = (const void *)dataset_family.at(i);
        char text[1024], data[256], *reports = NULL;
        bool done = false;
        snprintf(data, sizeof data, "'dataset': {'name': '%s', 'train': 300, 'test': 100}", kind->base.name);
        for (size_t m = 0; kind->files == NULL && !done && m < BYZ_LENGTH(models); m++) {
            free(reports);
            configure(text, 1, data, models[m], "'ipm'", "'aggregator': 'median'");
            done = same_at_any_threads(kind->base.name, text, true, &reports);
        }
        free(reports);
        made += done;
    }
    cr_assert_geq(made, 5, "digits, blobs, linear_regression, quadratic and words need no files");
}

Test(simulation_determinism, every_knob_at_once)
{
    char text[1024];
    snprintf(
        text, sizeof text,
        "{'rounds': 4, 'seed': 7, 'workers': {'count': 11, 'byzantine': 2, 'batch_size': 4, 'local_steps': 2,"
        " 'momentum': 0.9, 'clip_norm': 1, 'sampling': 'replacement'}, 'data': {'dataset': " WIDE
        ", 'partition': 'dirichlet'}, 'model': {'name': 'mlp', 'hidden': [30], 'l2': 0.01},"
        " 'attack': {'name': 'nan', 'every': 3}, 'server': {'preaggregators': ['arc', 'nnm'],"
        " 'aggregator': 'krum', 'momentum': 0.5, 'weight_decay': 0.01, 'clip_norm': 2}}");
    expect_deterministic("every knob", text);
}

/* Another seed gives another run: the comparisons above would not see a simulation that ignores its streams.
 */
Test(simulation_determinism, another_seed_is_another_run)
{
    struct simulation_fixture fixture;
    uint64_t digests[3];
    char text[1024];
    configure(text, 2, "'dataset': " BLOBS, "'softmax'", "'gaussian'", "'aggregator': 'median'");
    for (size_t i = 0; i < 3; i++) {
        simulation_fixture_init(&fixture, text);
        fixture.experiment.settings.seed = 1 + i % 2;
        simulation_fixture_start(&fixture);
        simulation_fixture_finish(&fixture);
        digests[i] = fixture.simulation->digest;
        simulation_fixture_fini(&fixture);
    }
    cr_assert_neq(digests[0], digests[1]);
    cr_assert_eq(digests[0], digests[2]);
}

/* Gradients go straight into the momentum unless they are clipped; a limit that none reaches changes nothing.
 */
Test(simulation_determinism, momentum_within_the_product_or_behind_it)
{
    static const char *const forms[] = {"ema", "sum"};
    static const char *const data[] = {"'name': 'digits', 'train': 300, 'test': 10", "'name': 'blobs'"};
    static const char *const attacks[] = {"none", "label_flip"};
    for (size_t i = 0; i < 8; i++) {
        struct simulation_fixture folded, apart;
        char text[2][1024];
        for (size_t limit = 0; limit < 2; limit++)
            snprintf(
                text[limit], sizeof text[limit],
                "{'rounds': 6, 'workers': {'count': 5, 'byzantine': %zu, 'batch_size': 19, 'momentum': 0.9,"
                " 'momentum_form': '%s', 'clip_norm': %s}, 'data': {'dataset': {%s}},"
                " 'model': 'softmax', 'attack': '%s', 'server': {'aggregator': 'median'}}",
                i & 1, forms[i / 4], limit == 0 ? "0" : "1e30", data[i / 2 % 2], attacks[i & 1]);
        simulation_fixture_init(&folded, text[0]);
        simulation_fixture_init(&apart, text[1]);
        simulation_fixture_start(&folded);
        simulation_fixture_start(&apart);
        cr_assert(model_folds(&folded.simulation->model, 19));
        cr_assert_not(model_folds(&folded.simulation->model, GEMM_WHOLE + 1));
        simulation_fixture_finish(&folded);
        simulation_fixture_finish(&apart);
        simulation_fixture_expect_same(folded.simulation, apart.simulation, text[0]);
        cr_assert_eq(memcmp(folded.simulation->momentum, apart.simulation->momentum,
                            folded.simulation->ld * 5 * sizeof(float)),
                     0, "%s", text[0]);
        simulation_fixture_fini(&folded);
        simulation_fixture_fini(&apart);
    }
}
