/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/app/experiment.h"
#include "tests/test_simulation_fixture.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static char *reports_of(const char *text)
{
    struct simulation_fixture fixture;
    char *reports = NULL;
    cr_assert_not(simulation_fixture_read(&fixture, text, &reports), "%s is accepted", text);
    simulation_fixture_fini(&fixture);
    return reports;
}

static void read_good(struct simulation_fixture *fixture, const char *text)
{
    char *reports = NULL;
    bool good = simulation_fixture_read(fixture, text, &reports);
    cr_assert(good, "%s\n%s", text, reports);
    free(reports);
}

/* One mistake a text: exactly one report, at that line and column, that begins with the key path. */
static void expect_report(const char *text, const char *place, const char *path, const char *part)
{
    char *reports = reports_of(text);
    size_t at = strlen(place);
    cr_assert(strncmp(reports, place, at) == 0, "%s\nis not at %s", reports, place);
    cr_assert(strncmp(reports + at, path, strlen(path)) == 0, "%s\ndoes not name %s", reports, path);
    cr_assert_not_null(strstr(reports, part), "%s\ndoes not say \"%s\"", reports, part);
    cr_assert_null(strchr(reports, '\n'), "more than one report:\n%s", reports);
    free(reports);
}

Test(experiment, a_name_that_is_no_folder)
{
    static const char *const names[] = {"../x", "a/b", ".hidden", "-o", "a b", "caf\xc3\xa9"};
    for (size_t i = 0; i < BYZ_LENGTH(names); i++) {
        struct text text = {0};
        text_printf(&text, "{'name': '%s'}", names[i]);
        expect_report(text.data,
                      "test:1:10: ", "name: ", "cannot name a folder: use 1 to 100 letters, digits");
        text_fini(&text);
    }
    expect_report("{'name': ''}", "test:1:10: ", "name: ", "cannot name a folder");
    struct text text = {0}; /* 101 letters */
    text_printf(&text, "{'name': '%0101d'}", 1);
    expect_report(text.data, "test:1:10: ", "name: ", "000...\" cannot name a folder");
    text_fini(&text);
}

Test(experiment, more_byzantine_workers_than_there_can_be)
{
    expect_report("{'workers': {'count': 4,\n 'byzantine': 4}, 'server': {'declared_byzantine': 0}}",
                  "test:2:15: ", "workers.byzantine: ", "4 of 4 workers: at least one must be honest");
    expect_report("{'workers': {'count': 4},\n 'server': {'declared_byzantine': 4}}",
                  "test:2:35: ", "server.declared_byzantine: ", "less than the number of workers");
}

Test(experiment, redrawn_members_without_common_data)
{
    expect_report("{'workers': {'count': 9, 'byzantine': 2}, 'data': {'holders': 'honest'},\n"
                  " 'attack': {'name': 'nan', 'members': 'redrawn'}}",
                  "test:2:39: ", "attack.members: ", "needs data.holders \"all\"");
}

Test(experiment, a_rule_that_does_not_apply)
{
    expect_report(
        "{'workers': {'count': 10, 'byzantine': 4}, 'attack': 'nan',\n 'server': {'aggregator': 'krum'}}",
        "test:2:27: ", "server.aggregator: ", "krum needs n >= 2f+3: n=10, f=4");
    expect_report("{'workers': {'count': 10},\n 'server': {'declared_byzantine': 5, 'aggregator': 'median'}}",
                  "test:2:52: ", "server.aggregator: ", "n=10, f=5");
    expect_report(
        "{'workers': {'count': 10}, 'server': {'declared_byzantine': 3,\n 'preaggregators': ['bucketing'],\n"
        " 'aggregator': 'median'}}",
        "test:3:16: ", "server.aggregator: ", "(10 messages became 5 rows before it)");
}

/* The mistake is told at the list, not at an aggregator that would be fine. */
Test(experiment, a_preaggregator_that_does_not_apply)
{
    expect_report(
        "{'workers': {'count': 10}, 'server': {'declared_byzantine': 5,\n 'preaggregators': ['nnm'],\n"
        " 'aggregator': 'mean'}}",
        "test:2:20: ", "server.preaggregators: ", "nnm needs n > 2f: n=10, f=5");
    expect_report("{'workers': {'count': 10}, 'server': {'declared_byzantine': 3,\n"
                  " 'preaggregators': ['bucketing', 'nnm']}}",
                  "test:2:20: ", "server.preaggregators: ", "nnm needs n > 2f: n=5, f=3");
}

Test(experiment, weights_that_nobody_honours)
{
    expect_report("{'server': {'weights': 'samples',\n 'aggregator': 'median'}}",
                  "test:1:24: ", "server.weights: ", "median has no weighted form; use \"equal\"");
    expect_report("{'server': {'weights': 'samples',\n 'preaggregators': ['nnm']}}",
                  "test:1:24: ", "server.weights: ", "pre-aggregation has no weighted form; use \"equal\"");
}

Test(experiment, attacks_that_do_not_apply)
{
    expect_report(
        "{'workers': {'count': 9, 'byzantine': 2},\n 'attack': {'name': 'alie', 'knowledge': 'own'}}",
        "test:2:42: ", "attack.knowledge: ",
        "alie does not work with \"own\"; it works with \"omniscient\", "
        "\"colluding\"");
    expect_report(
        "{'workers': {'count': 9, 'byzantine': 1},\n 'attack': {'name': 'alie', 'knowledge': 'colluding'}}",
        "test:2:12: ", "attack: ", "alie needs 2 known messages");
    expect_report("{'workers': {'count': 9, 'byzantine': 5},\n 'attack': 'alie'}",
                  "test:2:12: ", "attack: ", "no automatic z at n=9, b=5");
}

Test(experiment, all_mistakes_of_a_text_are_reported_together)
{
    char *reports =
        reports_of("{'name': '../x', 'seed': -1, 'workers': {'count': 5, 'byzantine': 2, 'momentun': 0.9},"
                   " 'attack': {'name': 'nan', 'knowledge': 'omniscient'},"
                   " 'server': {'aggregator': 'krum', 'weights': 'samples'}}");
    static const char *const paths[] = {": name: ",        ": seed: ",           "momentun",
                                        "did you mean",    "attack.knowledge: ", "server.aggregator: ",
                                        "server.weights: "};
    for (size_t i = 0; i < BYZ_LENGTH(paths); i++)
        cr_assert_not_null(strstr(reports, paths[i]), "%s\nis missing in\n%s", paths[i], reports);
    free(reports);
}

/* Allowed and probably not meant: a warning, no mistake. */
Test(experiment, an_attack_without_effect_warns)
{
    struct simulation_fixture fixture;
    read_good(&fixture, "{'workers': {'count': 10, 'byzantine': 2}, 'attack': 'alie'}");
    cr_assert_not_null(strstr(text_string(&fixture.experiment.warnings), "no attack at all"));
    simulation_fixture_fini(&fixture);
    read_good(&fixture, "{'workers': {'count': 25, 'byzantine': 5}, 'attack': 'alie'}");
    cr_assert_str_empty(text_string(&fixture.experiment.warnings));
    simulation_fixture_fini(&fixture);
}

static void identity_of(const char *text, char identity[EXPERIMENT_IDENTITY_SIZE])
{
    struct simulation_fixture fixture;
    read_good(&fixture, text);
    memcpy(identity, fixture.experiment.identity, EXPERIMENT_IDENTITY_SIZE);
    cr_assert_eq(strspn(identity, "0123456789abcdef"), 64);
    cr_assert_not_null(strstr(fixture.experiment.run_name, "experiment-"));
    cr_assert(strncmp(fixture.experiment.run_name + strlen("experiment-"), identity, 8) == 0);
    simulation_fixture_fini(&fixture);
}

/* Spelling, order and defaults written out do not matter; every setting does. */
Test(experiment, the_identity_is_of_the_settings_not_of_the_text)
{
    static const char *const same[] = {
        "{'workers': {'count': 10}, 'seed': 1}",
        "{ 'seed':1.0,\n\t'workers': {'count': 1e1}, 'server': {'aggregator': {'name': 'mean'}}}",
        "{'attack': 'none', 'workers': {'count': 10, 'momentum': 0}, 'server': {'preaggregators': []}}"};
    static const char *const others[] = {
        "{'workers': {'count': 10}, 'seed': 2}",
        "{'workers': {'count': 11}}",
        "{'workers': {'count': 10, 'batch_size': 31}}",
        "{'workers': {'count': 10, 'momentum_form': 'sum'}}",
        "{'workers': {'count': 10, 'local_steps': 2}}",
        "{'workers': {'count': 10}, 'rounds': 299}",
        "{'workers': {'count': 10}, 'server': {'learning_rate': 0.10000000000000002}}",
        "{'workers': {'count': 10}, 'server': {'preaggregators': ['nnm']}}",
        "{'workers': {'count': 10}, 'server': {'preaggregators': ['nnm', 'arc']}}",
        "{'workers': {'count': 10}, 'server': {'preaggregators': ['arc', 'nnm']}}",
        "{'workers': {'count': 10}, 'server': {'nonfinite': 'keep'}}",
        "{'workers': {'count': 10}, 'data': {'holders': 'honest'}}",
        "{'workers': {'count': 10}, 'data': {'dataset': {'name': 'digits', 'seed': 2}}}",
        "{'workers': {'count': 10}, 'model': {'name': 'softmax', 'l2': 0.01}}",
        "{'workers': {'count': 10}, 'attack': {'name': 'none', 'start': 1}}",
        "{'workers': {'count': 10}, 'evaluation': {'every': 21}}"};
    char first[EXPERIMENT_IDENTITY_SIZE], all[BYZ_LENGTH(others)][EXPERIMENT_IDENTITY_SIZE];
    identity_of(same[0], first);
    for (size_t i = 1; i < BYZ_LENGTH(same); i++) {
        identity_of(same[i], all[0]);
        cr_assert_str_eq(all[0], first, "%s", same[i]);
    }
    for (size_t i = 0; i < BYZ_LENGTH(others); i++) {
        identity_of(others[i], all[i]);
        cr_assert_str_neq(all[i], first, "%s", others[i]);
        for (size_t k = 0; k < i; k++)
            cr_assert_str_neq(all[i], all[k], "%s and %s", others[i], others[k]);
    }
}

/* The resolved configuration, fed back in, resolves to itself. */
Test(experiment, the_resolved_configuration_is_a_fixed_point)
{
    struct simulation_fixture fixture;
    char identity[EXPERIMENT_IDENTITY_SIZE];
    simulation_fixture_init(&fixture,
                            "{'workers': {'count': 11, 'byzantine': 2}, 'attack': {'name': 'alie', 'z': 1.1},"
                            " 'model': {'name': 'mlp', 'hidden': [7, 5]}, 'server': {'learning_rate': 0.3,"
                            " 'preaggregators': ['arc', {'name': 'bucketing', 'size': 1}]}}");
    char *text = config_render(fixture.experiment.resolved, true);
    identity_of(text, identity);
    cr_assert_str_eq(identity, fixture.experiment.identity);
    cJSON_free(text);
    simulation_fixture_fini(&fixture);
}
