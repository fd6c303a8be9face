/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/page/survey.h"
#include "sim/base/mem.h"
#include "sim/config/config.h"

#include <math.h>
#include <string.h>

/* Candidates, the main one first where there is one. */
static const char *const keys[SURVEY_MEASURES] = {
    "test_bits_per_character", "test_accuracy", "parameter_error",  "test_loss",       "train_loss",
    "attack_success_rate",     "error_ratio",   "cosine_to_honest", "byzantine_weight"};

static bool is_there(const struct records *records, const char *key)
{
    static const char *const tables[] = {"final", "metrics", "per_round"};
    for (size_t i = 0; i < records->count; i++)
        for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++) {
            const cJSON *table = cJSON_GetObjectItemCaseSensitive(records->items[i].json, tables[t]);
            const cJSON *value = cJSON_GetObjectItemCaseSensitive(table, key), *item = NULL;
            if (cJSON_IsNumber(value))
                return true;
            cJSON_ArrayForEach(item, value)
            {
                if (cJSON_IsNumber(item))
                    return true;
            }
        }
    return false;
}

static void find_measures(struct survey *survey)
{
    struct plot_request request = {.records = survey->records};
    for (size_t i = 0; i < SURVEY_MEASURES; i++) {
        if (!is_there(survey->records, keys[i]))
            continue;
        request.metric = keys[i];
        struct measure measure = measure_of(&request);
        if (strcmp(keys[i], "attack_success_rate") == 0)
            measure = (struct measure){keys[i], "attack success rate", 0, 1, true};
        survey->measures[survey->measure_count++] = measure;
    }
}

/* The axis of everything that differs at a key and below it. */
static int take(struct axis *axis, const struct plot_request *plain, const char *prefix, struct err *err)
{
    struct fields varied = {0};
    bool good = fields_of_configs(plain->records, true, &varied);
    int rc = good ? axis_take(axis, plain, &varied, prefix, false, err)
                  : err_set(err, ERR_MEMORY, "out of memory");
    fields_fini(&varied);
    return rc;
}

/* Settings, and the attack and the rest of each. */
static int take_settings(struct survey *survey, struct err *err)
{
    struct fields left = {0};
    int rc = axis_free_keys(survey->records, &left, err);
    if (rc == ERR_OK)
        rc = axis_take(&survey->attacks, &survey->plain, &left, "attack", false, err);
    if (rc == ERR_OK)
        rc = axis_take(&survey->others, &survey->plain, &left, "", false, err);
    fields_fini(&left);
    if (rc == ERR_OK)
        rc = axis_free_keys(survey->records, &left, err);
    if (rc == ERR_OK)
        rc = axis_take(&survey->settings, &survey->plain, &left, "", false, err);
    fields_fini(&left);
    return rc;
}

static int find_first(struct survey *survey, struct err *err)
{
    survey->first = mem_array(survey->settings.count, sizeof *survey->first, err);
    for (size_t r = survey->records->count; survey->first != NULL && r-- > 0;)
        survey->first[survey->settings.place[r]] = r;
    return survey->first == NULL ? ERR_MEMORY : ERR_OK;
}

int survey_make(struct survey *survey, const struct records *records, struct err *err)
{
    survey->records = records;
    survey->plain.records = records;
    find_measures(survey);
    int rc = differences_find(&survey->differences, records, err);
    if (rc == ERR_OK)
        rc = take_settings(survey, err);
    if (rc == ERR_OK)
        rc = find_first(survey, err);
    if (rc == ERR_OK &&
        (survey->columns = mem_array(survey->differences.count, sizeof *survey->columns, err)) == NULL)
        rc = ERR_MEMORY;
    const struct plot_request written = {.records = records, .as_written = true};
    for (size_t k = 0; rc == ERR_OK && k < survey->differences.count; k++)
        rc = take(&survey->columns[k], &written, survey->differences.items[k].key, err);
    return rc;
}

void survey_fini(struct survey *survey)
{
    for (size_t k = 0; survey->columns != NULL && k < survey->differences.count; k++)
        axis_fini(&survey->columns[k]);
    mem_free(survey->columns);
    mem_free(survey->first);
    axis_fini(&survey->settings);
    axis_fini(&survey->attacks);
    axis_fini(&survey->others);
    differences_fini(&survey->differences);
}

const char *survey_label(const struct survey *survey, size_t record)
{
    const char *label = survey->settings.labels[survey->settings.place[record]];
    const cJSON *name = config_value_at(survey->records->items[record].json, "config.name");
    if (label[0] != '\0')
        return label;
    return cJSON_IsString(name) ? name->valuestring : "all runs";
}

double survey_figure(const struct record *record, const char *key)
{
    const cJSON *final = cJSON_GetObjectItemCaseSensitive(record->json, "final");
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(final, key);
    return cJSON_IsNumber(value) ? value->valuedouble : (double)NAN;
}

struct spread survey_spread(const struct survey *survey, size_t setting, const char *key, double *values)
{
    size_t count = 0;
    for (size_t r = 0; r < survey->records->count; r++) {
        double value = survey_figure(&survey->records->items[r], key);
        if (survey->settings.place[r] == setting && isfinite(value))
            values[count++] = value;
    }
    return measure_spread(values, count);
}

bool survey_is_percent(const struct measure *measure)
{
    return strcmp(measure->name, "test_accuracy") == 0 || strcmp(measure->name, "attack_success_rate") == 0;
}

void survey_title(const struct measure *measure, struct text *out)
{
    text_printf(out, "%s%s", measure->label, survey_is_percent(measure) ? ", %" : "");
}

void survey_value(const struct measure *measure, double value, struct text *out)
{
    if (!isfinite(value))
        text_add(out, "–");
    else if (survey_is_percent(measure))
        text_printf(out, "%.2f", 100 * value);
    else
        text_printf(out, "%.4g", value);
}

const char *survey_string(const struct record *record, const char *key)
{
    const char *string = cJSON_GetStringValue(config_value_at(record->json, key));
    return string == NULL ? "" : string;
}
