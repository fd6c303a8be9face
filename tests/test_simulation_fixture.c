/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/test_simulation_fixture.h"

#include <criterion/criterion.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

static char *quoted(const char *text)
{
    char *copy = text_copy(text);
    cr_assert_not_null(copy);
    for (char *c = copy; *c != '\0'; c++)
        *c = *c == '\'' ? '"' : *c;
    return copy;
}

bool simulation_fixture_read(struct simulation_fixture *fixture, const char *text, char **reports)
{
    omp_set_num_threads(1); /* tiny runs side by side: more threads only get in each other's way */
    *fixture = (struct simulation_fixture){0};
    struct config_errors errors = {0};
    char *json = quoted(text);
    fixture->source = config_source_parse("test", json, strlen(json), &errors);
    free(json);
    if (fixture->source != NULL && config_points_expand(fixture->source, &fixture->points, &errors) == ERR_OK)
        experiment_read(&fixture->experiment, fixture->source, &fixture->points.items[0], &errors);
    bool good = errors.count == 0;
    *reports = text_copy(text_string(&errors.text));
    config_errors_fini(&errors);
    return good;
}

int simulation_fixture_load(struct simulation_fixture *fixture, struct err *err)
{
    const struct byz_variant *variant = &fixture->experiment.settings.data.dataset;
    const struct dataset_kind *kind = (const void *)variant->kind;
    const struct data_places nowhere = {0};
    dataset_fini(&fixture->dataset);
    return kind->load(variant->params, &nowhere, &fixture->dataset, err);
}

void simulation_fixture_init(struct simulation_fixture *fixture, const char *text)
{
    char *reports = NULL;
    struct err err = {0};
    bool good = simulation_fixture_read(fixture, text, &reports);
    cr_assert(good, "%s\n%s", text, reports);
    free(reports);
    cr_assert_eq(simulation_fixture_load(fixture, &err), ERR_OK, "%s", err.text);
}

void simulation_fixture_fini(struct simulation_fixture *fixture)
{
    simulation_free(fixture->simulation);
    dataset_fini(&fixture->dataset);
    experiment_fini(&fixture->experiment);
    config_points_free(&fixture->points);
    config_source_free(fixture->source);
    *fixture = (struct simulation_fixture){0};
}

void simulation_fixture_start(struct simulation_fixture *fixture)
{
    struct err err = {0};
    simulation_free(fixture->simulation);
    fixture->simulation = NULL;
    int rc = simulation_create(&fixture->simulation, &fixture->experiment.settings, &fixture->dataset, &err);
    cr_assert_eq(rc, ERR_OK, "%s", err.text);
}

void simulation_fixture_finish(struct simulation_fixture *fixture)
{
    const struct simulation_hooks hooks = {0};
    struct err err = {0};
    cr_assert_eq(simulation_run(fixture->simulation, &hooks, &err), ERR_OK, "%s", err.text);
}

static void expect_same_table(const struct table *a, const struct table *b, const char *what)
{
    cr_assert_eq(a->rows, b->rows, "%s: %zu and %zu rows", what, a->rows, b->rows);
    cr_assert_eq(a->columns, b->columns, "%s", what);
    for (size_t r = 0; r < a->rows; r++)
        for (size_t c = 0; c < a->columns; c++) {
            double x = table_at(a, r, c), y = table_at(b, r, c);
            cr_assert(memcmp(&x, &y, sizeof x) == 0, "%s: row %zu, %s: %.17g and %.17g", what, r, a->names[c],
                      x, y);
        }
}

void simulation_fixture_expect_same(const struct simulation *a, const struct simulation *b, const char *what)
{
    expect_same_table(&a->evaluations, &b->evaluations, what);
    expect_same_table(&a->rounds, &b->rounds, what);
    cr_assert_eq(a->d, b->d, "%s", what);
    cr_assert(memcmp(a->parameters, b->parameters, a->d * sizeof(float)) == 0, "%s: other parameters", what);
    cr_assert_eq(a->digest, b->digest, "%s: other digest", what);
    cr_assert_str_eq(text_string(&a->notes), text_string(&b->notes), "%s", what);
    cr_assert(memcmp(a->weight_sum, b->weight_sum, a->n * sizeof(double)) == 0, "%s: other weights", what);
    cr_assert_eq(a->weight_rounds, b->weight_rounds, "%s", what);
    cr_assert_eq(a->skipped, b->skipped, "%s", what);
    cr_assert_eq(a->dropped_total, b->dropped_total, "%s", what);
    cr_assert_eq((int)a->status, (int)b->status, "%s", what);
}
