/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is held out for validation is seen by no one but the evaluation. */
#include "sim/core/holdings.h"
#include "sim/core/holdout.h"
#include "sim/report/result.h"
#include "tests/test_simulation_fixture.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { TRAIN = 103, MOST = 200 };

#define DATA_TEXT(more)                                                                                      \
    "{'rounds': 5, 'workers': {'count': 4, 'byzantine': 1}, 'evaluation': {'every': 5}, 'data': {'dataset':" \
    " {'name': 'blobs', 'train': 103, 'test': 50}" more "}}"

static void mark_held(const struct holdout *holdout, unsigned held[TRAIN])
{
    memset(held, 0, TRAIN * sizeof *held);
    for (size_t k = 0; k < holdout->validation; k++)
        held[holdout->numbers[holdout->training + k]]++;
}

Test(holdout, no_worker_holds_a_sample_of_it_and_none_is_lost)
{
    static const char *const texts[] = {
        DATA_TEXT(", 'validation': 0.2"), DATA_TEXT(", 'validation': 21, 'partition': 'sorted'"),
        DATA_TEXT(", 'validation': 0.2, 'partition': {'name': 'dirichlet', 'alpha': 1}"),
        DATA_TEXT(", 'validation': 0.2, 'holders': 'honest', 'partition': 'contiguous'")};
    for (size_t t = 0; t < sizeof texts / sizeof texts[0]; t++) {
        struct simulation_fixture fixture;
        unsigned held[TRAIN], seen[TRAIN] = {0};
        simulation_fixture_init(&fixture, texts[t]);
        simulation_fixture_start(&fixture);
        const struct holdings *holdings = &fixture.simulation->holdings;
        cr_assert_eq(holdings->holdout.validation, 21, "%s: %zu", texts[t], holdings->holdout.validation);
        cr_assert_eq(holdings->holdout.training, TRAIN - 21);
        mark_held(&holdings->holdout, held);
        for (size_t k = 0; k < holdings->start[4]; k++)
            seen[holdings->samples[k]]++;
        for (size_t i = 0; i < TRAIN; i++)
            cr_assert(held[i] == 0 ? seen[i] > 0 : held[i] == 1 && seen[i] == 0, "%s: sample %zu", texts[t],
                      i);
        for (size_t k = 0; k < fixture.simulation->train_subset_count; k++)
            cr_assert_eq(held[fixture.simulation->train_subset[k]], 0);
        simulation_fixture_fini(&fixture);
    }
}

Test(holdout, partitions_by_label_see_the_labels_of_what_is_left)
{
    struct simulation_fixture fixture;
    simulation_fixture_init(&fixture, DATA_TEXT(", 'validation': 0.3, 'partition': 'sorted'"));
    simulation_fixture_start(&fixture);
    const struct holdings *holdings = &fixture.simulation->holdings;
    const int32_t *labels = fixture.dataset.train.labels;
    for (size_t k = 1; k < holdings->start[4]; k++)
        cr_assert_leq(labels[holdings->samples[k - 1]], labels[holdings->samples[k]], "place %zu", k);
    simulation_fixture_fini(&fixture);
}

Test(holdout, another_seed_holds_out_others)
{
    unsigned held[2][TRAIN];
    static const char *const texts[] = {DATA_TEXT(", 'validation': 0.2"),
                                        DATA_TEXT(", 'validation': 0.2}, 'seed': 2, 'server': {")};
    for (size_t t = 0; t < 2; t++) {
        struct simulation_fixture fixture;
        simulation_fixture_init(&fixture, texts[t]);
        simulation_fixture_start(&fixture);
        mark_held(&fixture.simulation->holdings.holdout, held[t]);
        simulation_fixture_fini(&fixture);
    }
    cr_assert(memcmp(held[0], held[1], sizeof held[0]) != 0);
}

Test(holdout, the_servers_own_data_is_none_of_it)
{
    struct simulation_fixture fixture;
    unsigned held[TRAIN];
    simulation_fixture_init(
        &fixture,
        DATA_TEXT(", 'validation': 0.5}, 'server': {'aggregator': {'name': 'fltrust', 'root_samples': 100}"));
    simulation_fixture_start(&fixture);
    const struct simulation *s = fixture.simulation;
    mark_held(&s->holdings.holdout, held);
    cr_assert_eq(s->known.samples, s->holdings.holdout.training, "%zu", s->known.samples);
    for (size_t k = 0; k < s->known.samples; k++)
        cr_assert_eq(held[s->known.root[k]], 0);
    simulation_fixture_fini(&fixture);
}

/* The figures are those of the very samples: scored by hand through a test split made of them. */
Test(holdout, its_loss_and_accuracy_are_those_of_the_samples)
{
    struct simulation_fixture fixture;
    simulation_fixture_init(&fixture, DATA_TEXT(", 'validation': 40"));
    simulation_fixture_start(&fixture);
    simulation_fixture_finish(&fixture);
    const struct simulation *s = fixture.simulation;
    const struct holdout *holdout = &s->holdings.holdout;
    const struct thread_room *room = &s->rooms[0];
    const uint32_t *numbers = holdout->numbers + holdout->training;
    dataset_gather(s->dataset, &s->dataset->train, numbers, 40, room->x, room->labels, room->targets);
    const struct model_batch batch = {
        .count = 40, .x = room->x, .labels = room->labels, .targets = room->targets};
    struct model_score score =
        model_evaluate(&s->model, s->parameters, &batch, room->scratch, NULL, NULL, NULL);
    size_t last = s->evaluations.rows - 1;
    cr_assert_eq(s->evaluations.columns, EVAL_COLUMNS);
    cr_assert_float_eq(table_at(&s->evaluations, last, EVAL_VALIDATION_LOSS), score.loss / 40, 1e-12);
    cr_assert_eq(table_at(&s->evaluations, last, EVAL_VALIDATION_ACCURACY), (double)score.correct / 40);
    simulation_fixture_fini(&fixture);
}

Test(holdout, without_it_columns_and_resolved_configuration_are_as_ever)
{
    static const char *const texts[] = {DATA_TEXT(""), DATA_TEXT(", 'validation': 0")};
    char identity[EXPERIMENT_IDENTITY_SIZE] = "";
    for (size_t t = 0; t < 2; t++) {
        struct simulation_fixture fixture;
        simulation_fixture_init(&fixture, texts[t]);
        simulation_fixture_start(&fixture);
        cr_assert_eq(fixture.simulation->evaluations.columns, EVAL_PLAIN_COLUMNS);
        cr_assert_null(config_value_at(fixture.experiment.resolved, "data.validation"));
        cr_assert(t == 0 || strcmp(identity, fixture.experiment.identity) == 0);
        memcpy(identity, fixture.experiment.identity, sizeof identity);
        simulation_fixture_fini(&fixture);
    }
}

static void expect_refused(const char *text, const char *reason)
{
    struct simulation_fixture fixture;
    struct err err = {0};
    simulation_fixture_init(&fixture, text);
    int rc = simulation_create(&fixture.simulation, &fixture.experiment.settings, &fixture.dataset, &err);
    cr_assert_neq(rc, ERR_OK, "%s", text);
    cr_assert_not_null(strstr(err.text, reason), "%s: %s", text, err.text);
    simulation_fixture_fini(&fixture);
}

Test(holdout, what_leaves_nothing_to_train_on_is_refused)
{
    expect_refused(DATA_TEXT(", 'validation': 103"), "103 of the 103 training samples");
    struct simulation_fixture fixture;
    char *reports = NULL;
    cr_assert_not(simulation_fixture_read(&fixture, DATA_TEXT(", 'validation': 1.5"), &reports));
    cr_assert_not_null(strstr(reports, "1.5 is neither a fraction below 1 nor a whole number"), "%s",
                       reports);
    free(reports);
    simulation_fixture_fini(&fixture);
}
