/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/report/result.h"
#include "tests/data/scratch.h"
#include "tests/test_simulation_fixture.h"

#include <criterion/criterion.h>
#include <math.h>

static const char text[] =
    "{'rounds': 6, 'workers': {'count': 7, 'byzantine': 2, 'batch_size': 4}, 'data': {'dataset':"
    " {'name': 'blobs', 'train': 70, 'test': 30, 'features': 5, 'classes': 3}, 'partition':"
    " 'dirichlet'}, 'attack': {'name': 'nan', 'every': 2}, 'server': {'aggregator': 'krum'},"
    " 'evaluation': {'every': 2}}";

static cJSON *result_of(struct simulation_fixture *fixture, const char *config)
{
    simulation_fixture_init(fixture, config);
    simulation_fixture_start(fixture);
    simulation_fixture_finish(fixture);
    const struct result_run run = {.simulation = fixture->simulation,
                                   .resolved = fixture->experiment.resolved,
                                   .identity = fixture->experiment.identity,
                                   .label = "a-label",
                                   .seconds = 2,
                                   .started = 1700000000};
    cJSON *json = result_json(&run);
    cr_assert_not_null(json);
    return json;
}

static const cJSON *at(const cJSON *json, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
    cr_assert_not_null(item, "no \"%s\"", key);
    return item;
}

static double number_at(const cJSON *json, const char *key)
{
    cr_assert(cJSON_IsNumber(at(json, key)), "%s", key);
    return at(json, key)->valuedouble;
}

static void expect_column(const cJSON *list, const struct table *table, size_t column)
{
    cr_assert_eq((size_t)cJSON_GetArraySize(list), table->rows, "%s", table->names[column]);
    for (size_t r = 0; r < table->rows; r++) {
        const cJSON *item = cJSON_GetArrayItem(list, (int)r);
        double value = table_at(table, r, column);
        cr_assert(isfinite(value) ? cJSON_IsNumber(item) && item->valuedouble == value : cJSON_IsNull(item),
                  "%s, row %zu", table->names[column], r);
    }
}

Test(result, holds_the_tables_column_by_column)
{
    struct simulation_fixture fixture;
    cJSON *json = result_of(&fixture, text);
    const struct simulation *s = fixture.simulation;
    for (size_t c = 0; c < EVAL_PLAIN_COLUMNS; c++)
        expect_column(at(at(json, "metrics"), s->evaluations.names[c]), &s->evaluations, c);
    for (size_t c = 0; c < ROUND_COLUMNS; c++)
        expect_column(at(at(json, "per_round"), s->rounds.names[c]), &s->rounds, c);
    cr_assert_eq(number_at(at(json, "final"), "train_loss"), table_at(&s->evaluations, 3, EVAL_TRAIN_LOSS));
    cr_assert_eq(number_at(at(json, "final"), "dropped_messages"), 6);
    cr_assert_eq(number_at(at(json, "final"), "bytes_sent"), 6 * 2 * 7 * 18 * 4.0);
    cr_assert_eq(number_at(json, "rounds_completed"), 6);
    cr_assert_eq(number_at(json, "parameters"), 18);
    cJSON_Delete(json);
    simulation_fixture_fini(&fixture);
}

Test(result, tells_who_attacked_who_was_selected_and_who_holds_what)
{
    struct simulation_fixture fixture;
    cJSON *json = result_of(&fixture, text);
    const cJSON *partition = at(json, "partition"), *weights = at(at(json, "selection"), "mean_weight");
    double samples = 0, labels = 0, weight = 0;
    for (int worker = 0; worker < 7; worker++) {
        const cJSON *row = cJSON_GetArrayItem(at(partition, "label_counts"), worker);
        samples += cJSON_GetArrayItem(at(partition, "sizes"), worker)->valuedouble;
        weight += cJSON_GetArrayItem(weights, worker)->valuedouble;
        for (int c = 0; c < 3; c++)
            labels += cJSON_GetArrayItem(row, c)->valuedouble;
    }
    cr_assert_eq(samples, 70.0);
    cr_assert_eq(labels, 70.0);
    cr_assert_float_eq(weight, 1, 1e-12);
    cr_assert_eq(number_at(at(json, "selection"), "rounds"), 6);
    cr_assert_eq(cJSON_GetArraySize(at(at(json, "adversary"), "workers")), 2);
    cr_assert_eq(cJSON_GetArrayItem(at(at(json, "adversary"), "workers"), 0)->valuedouble, 5.0);
    cr_assert_str_eq(cJSON_GetStringValue(at(at(json, "adversary"), "knowledge")), "own");
    cJSON_Delete(json);
    simulation_fixture_fini(&fixture);
}

/* Accuracies of the classes, weighed by their test samples, make up the accuracy. */
Test(result, class_accuracies_add_up)
{
    struct simulation_fixture fixture;
    cJSON *json = result_of(&fixture, text);
    double right = 0;
    for (int c = 0; c < 3; c++) {
        size_t count = 0;
        for (size_t i = 0; i < fixture.dataset.test.count; i++)
            count += fixture.dataset.test.labels[i] == c;
        right += (double)count * cJSON_GetArrayItem(at(at(json, "final"), "class_accuracy"), c)->valuedouble;
    }
    cr_assert_float_eq(right / 30, number_at(at(json, "final"), "test_accuracy"), 1e-12);
    cJSON_Delete(json);
    simulation_fixture_fini(&fixture);
}

Test(result, what_is_not_finite_is_null)
{
    struct simulation_fixture fixture;
    cJSON *json =
        result_of(&fixture, "{'rounds': 6, 'workers': {'count': 3, 'byzantine': 1}, 'data': {'dataset':"
                            " {'name': 'blobs', 'train': 30, 'test': 10}}, 'attack': 'nan',"
                            " 'server': {'nonfinite': 'keep'}}");
    cr_assert_str_eq(cJSON_GetStringValue(at(json, "status")), "diverged");
    cr_assert_not_null(strstr(cJSON_GetStringValue(at(json, "reason")), "non-finite in round 0"));
    cr_assert(cJSON_IsNull(at(at(json, "final"), "train_loss")));
    cr_assert(cJSON_IsNull(at(json, "kappa")), "the mean's is infinite");
    char *bytes = config_render(json, true);
    cJSON *again = cJSON_Parse(bytes);
    cr_assert(cJSON_Compare(json, again, true), "the text reads back as the same JSON");
    cJSON_Delete(again);
    cJSON_free(bytes);
    cJSON_Delete(json);
    simulation_fixture_fini(&fixture);
}

/* More than 100 unusual rounds: the first 100 are told, all are counted. */
Test(result, notes_are_told_up_to_a_hundred)
{
    struct simulation_fixture fixture;
    cJSON *json =
        result_of(&fixture, "{'rounds': 130, 'workers': {'count': 5, 'byzantine': 3}, 'data': {'dataset':"
                            " {'name': 'blobs', 'train': 30, 'test': 10}}, 'attack': 'nan',"
                            " 'server': {'aggregator': 'krum', 'declared_byzantine': 1}}");
    const cJSON *notes = at(json, "notes");
    cr_assert_eq(cJSON_GetArraySize(notes), 100);
    cr_assert_str_eq(cJSON_GetArrayItem(notes, 99)->valuestring,
                     "round 99: skipped: krum needs n >= 2f+3: n=2, f=0");
    cr_assert_eq(number_at(at(json, "final"), "skipped_rounds"), 130);
    cr_assert(cJSON_IsNull(at(json, "selection")));
    cJSON_Delete(json);
    simulation_fixture_fini(&fixture);
}

static int read_back(const char *path, const char *identity, struct err *err)
{
    cJSON *json = NULL;
    *err = (struct err){0};
    int rc = result_read(path, identity, &json, err);
    cr_assert_eq(json == NULL, rc != ERR_OK);
    cJSON_Delete(json);
    return rc;
}

Test(result, is_read_back_by_its_identity_only)
{
    struct simulation_fixture fixture;
    struct err err = {0};
    char *folder = scratch_make(), *path = scratch_path(folder, "r.json");
    cJSON *json = result_of(&fixture, text);
    cr_assert_eq(result_write(json, path, &err), ERR_OK, "%s", err.text);
    cr_assert_eq(read_back(path, fixture.experiment.identity, &err), ERR_OK, "%s", err.text);
    cr_assert_eq(read_back(path, NULL, &err), ERR_OK, "%s", err.text);
    cr_assert_eq(read_back(path, "another", &err), ERR_DATA);
    cr_assert_not_null(strstr(err.text, path), "%s", err.text);
    cJSON_DeleteItemFromObject(json, "final");
    cr_assert_eq(result_write(json, path, &err), ERR_OK);
    cr_assert_eq(read_back(path, NULL, &err), ERR_DATA);
    scratch_write(folder, "r.json", "[]", 2);
    cr_assert_eq(read_back(path, NULL, &err), ERR_DATA);
    scratch_write(folder, "r.json", "", 0);
    cr_assert_eq(read_back(path, NULL, &err), ERR_DATA);
    cr_assert_eq(remove(path), 0);
    cr_assert_eq(read_back(path, NULL, &err), ERR_IO);
    cJSON_Delete(json);
    simulation_fixture_fini(&fixture);
    free(path);
    scratch_remove(folder);
}

/* Anything behind the end shows that the file is not what was written. */
Test(result, text_behind_the_end_is_refused)
{
    struct simulation_fixture fixture;
    struct err err = {0};
    char *folder = scratch_make(), *path = scratch_path(folder, "r.json");
    cJSON *json = result_of(&fixture, text);
    char *bytes = config_render(json, true);
    struct text longer = {0};
    text_printf(&longer, "%s\n%s", bytes, bytes);
    scratch_write(folder, "r.json", longer.data, longer.length);
    cr_assert_eq(read_back(path, fixture.experiment.identity, &err), ERR_DATA);
    text_clear(&longer);
    text_printf(&longer, "%s\n", bytes);
    scratch_write(folder, "r.json", longer.data, longer.length);
    cr_assert_eq(read_back(path, fixture.experiment.identity, &err), ERR_OK);
    text_fini(&longer);
    cJSON_free(bytes);
    cJSON_Delete(json);
    simulation_fixture_fini(&fixture);
    free(path);
    scratch_remove(folder);
}

Test(result, a_status_has_a_word)
{
    cr_assert_str_eq(result_status_word(SIMULATION_COMPLETED), "completed");
    cr_assert_str_eq(result_status_word(SIMULATION_DIVERGED), "diverged");
    cr_assert_str_eq(result_status_word(SIMULATION_STOPPED), "stopped");
}
