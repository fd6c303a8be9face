/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/report/result.h"
#include "sim/api/byz_attack.h"
#include "sim/base/file.h"
#include "sim/config/config.h"
#include "sim/report/environment.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SCHEMA = 1, RESULT_MOST = 1 << 30 };

/* NaN and infinity have no JSON number: null. */
static cJSON *number(double value)
{
    return isfinite(value) ? cJSON_CreateNumber(value) : cJSON_CreateNull();
}

static void add_number(cJSON *object, const char *name, double value)
{
    cJSON_AddItemToObject(object, name, number(value));
}

static cJSON *column(const struct table *table, size_t c)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t r = 0; r < table->rows; r++)
        cJSON_AddItemToArray(list, number(table_at(table, r, c)));
    return list;
}

static cJSON *columns(const struct table *table)
{
    cJSON *object = cJSON_CreateObject();
    for (size_t c = 0; c < table->columns; c++)
        cJSON_AddItemToObject(object, table->names[c], column(table, c));
    return object;
}

static cJSON *class_accuracies(const struct simulation *simulation)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t c = 0; c < simulation->dataset->classes; c++) {
        double count = (double)simulation->class_count[c];
        cJSON_AddItemToArray(list, number((double)simulation->class_correct[c] / count));
    }
    return list;
}

static double total_of(const struct table *table, size_t c)
{
    double sum = 0;
    for (size_t r = 0; r < table->rows; r++)
        sum += table_at(table, r, c);
    return sum;
}

static cJSON *final_json(const struct simulation *simulation)
{
    const struct table *evaluations = &simulation->evaluations;
    cJSON *json = cJSON_CreateObject();
    for (size_t c = 0; c < evaluations->columns; c++)
        add_number(json, evaluations->names[c],
                   evaluations->rows > 0 ? table_at(evaluations, evaluations->rows - 1, c) : (double)NAN);
    cJSON_AddItemToObject(json, "class_accuracy", class_accuracies(simulation));
    add_number(json, "skipped_rounds", (double)simulation->skipped);
    add_number(json, "dropped_messages", (double)simulation->dropped_total);
    add_number(json, "missing_messages", total_of(&simulation->rounds, ROUND_MISSING));
    add_number(json, "bytes_sent", total_of(&simulation->rounds, ROUND_BYTES));
    return json;
}

/* How much of the aggregate each worker was, on average over the rounds in which the rule says so. */
static cJSON *selection_json(const struct simulation *simulation)
{
    if (simulation->weight_rounds == 0)
        return cJSON_CreateNull();
    cJSON *json = cJSON_CreateObject(), *list = cJSON_CreateArray();
    for (size_t worker = 0; worker < simulation->n; worker++)
        cJSON_AddItemToArray(list,
                             number(simulation->weight_sum[worker] / (double)simulation->weight_rounds));
    add_number(json, "rounds", (double)simulation->weight_rounds);
    cJSON_AddItemToObject(json, "mean_weight", list);
    return json;
}

static cJSON *histogram_of(const struct simulation *simulation, size_t worker)
{
    const struct holdings *holdings = &simulation->holdings;
    size_t classes = simulation->dataset->classes;
    double *counts = mem_array(classes, sizeof *counts, NULL);
    if (counts == NULL)
        return NULL;
    size_t each = dataset_labels_each(simulation->dataset);
    for (size_t k = holdings->start[worker]; k < holdings->start[worker + 1]; k++)
        for (size_t i = 0; i < each; i++)
            counts[simulation->dataset->train.labels[holdings->samples[k] * each + i]]++;
    cJSON *list = cJSON_CreateDoubleArray(counts, (int)classes);
    mem_free(counts);
    return list;
}

static cJSON *partition_json(const struct simulation *simulation)
{
    cJSON *json = cJSON_CreateObject(), *sizes = cJSON_CreateArray(), *labels = cJSON_CreateArray();
    for (size_t worker = 0; worker < simulation->n; worker++) {
        cJSON_AddItemToArray(sizes, number((double)holdings_size(&simulation->holdings, worker)));
        if (simulation->dataset->classes > 0)
            cJSON_AddItemToArray(labels, histogram_of(simulation, worker));
    }
    cJSON_AddItemToObject(json, "sizes", sizes);
    cJSON_AddItemToObject(json, "label_counts", labels);
    if (simulation->holdings.holdout.validation > 0)
        add_number(json, "validation", (double)simulation->holdings.holdout.validation);
    return json;
}

static cJSON *adversary_json(const struct simulation *simulation)
{
    static const char *const levels[] = {"omniscient", "colluding", "own"};
    const struct settings *settings = simulation->settings;
    cJSON *json = cJSON_CreateObject(), *workers = cJSON_CreateArray();
    bool fixed = settings->attack.axes.members == MEMBERS_FIXED;
    for (size_t worker = simulation->n - simulation->b; fixed && worker < simulation->n; worker++)
        cJSON_AddItemToArray(workers, number((double)worker));
    cJSON_AddStringToObject(json, "knowledge", levels[settings_knowledge(settings)]);
    cJSON_AddItemToObject(json, "workers", workers);
    return json;
}

static cJSON *notes_json(const struct simulation *simulation)
{
    cJSON *list = cJSON_CreateArray();
    const char *line = text_string(&simulation->notes);
    while (*line != '\0') {
        size_t length = strcspn(line, "\n");
        char *copy = strndup(line, length);
        cJSON_AddItemToArray(list, cJSON_CreateString(copy == NULL ? "" : copy));
        free(copy);
        line += length + (line[length] == '\n');
    }
    return list;
}

static cJSON *timing_json(const struct result_run *run)
{
    cJSON *json = cJSON_CreateObject();
    char started[32] = "";
    time_t seconds = (time_t)run->started;
    struct tm parts;
    if (gmtime_r(&seconds, &parts) != NULL)
        strftime(started, sizeof started, "%Y-%m-%dT%H:%M:%SZ", &parts);
    cJSON_AddStringToObject(json, "started", started);
    add_number(json, "seconds", run->seconds);
    add_number(json, "rounds_per_second", (double)run->simulation->rounds.rows / run->seconds);
    return json;
}

const char *result_status_word(enum simulation_status status)
{
    switch (status) {
    case SIMULATION_COMPLETED:
        return "completed";
    case SIMULATION_DIVERGED:
        return "diverged";
    default:
        return "stopped";
    }
}

cJSON *result_json(const struct result_run *run)
{
    const struct simulation *simulation = run->simulation;
    char digest[20];
    snprintf(digest, sizeof digest, "%016" PRIx64, simulation->digest);
    cJSON *json = cJSON_CreateObject();
    add_number(json, "schema", SCHEMA);
    cJSON_AddStringToObject(json, "label", run->label);
    cJSON_AddItemToObject(json, "config", cJSON_Duplicate(run->resolved, true));
    cJSON_AddStringToObject(json, "config_sha256", run->identity);
    cJSON_AddStringToObject(json, "status", result_status_word(simulation->status));
    cJSON_AddStringToObject(json, "reason", text_string(&simulation->reason));
    add_number(json, "rounds_completed", (double)simulation->round);
    add_number(json, "parameters", (double)simulation->d);
    cJSON_AddItemToObject(json, "final", final_json(simulation));
    cJSON_AddItemToObject(json, "metrics", columns(&simulation->evaluations));
    cJSON_AddItemToObject(json, "per_round", columns(&simulation->rounds));
    add_number(json, "kappa",
               defence_kappa(&simulation->settings->server.defence, simulation->n, simulation->f));
    cJSON_AddItemToObject(json, "selection", selection_json(simulation));
    cJSON_AddItemToObject(json, "adversary", adversary_json(simulation));
    cJSON_AddItemToObject(json, "partition", partition_json(simulation));
    cJSON_AddItemToObject(json, "notes", notes_json(simulation));
    cJSON_AddStringToObject(json, "digest", digest);
    cJSON_AddItemToObject(json, "environment", environment_json(simulation->threads));
    cJSON_AddItemToObject(json, "timing", timing_json(run));
    return json;
}

/* A rate beside the most that the machine gives the run's share of the measured threads. */
static void add_rate(cJSON *json, const char *name, double amount, double seconds, double peak)
{
    cJSON *rate = cJSON_AddObjectToObject(json, name);
    add_number(rate, "amount", amount);
    add_number(rate, "per_second", seconds > 0 ? amount / seconds : (double)NAN);
    add_number(rate, "peak_per_second", peak > 0 ? peak : (double)NAN);
}

void result_add_profile(cJSON *json, const struct simulation *simulation, const struct profile_peaks *peaks)
{
    const struct profile *profile = &simulation->profile;
    double share = peaks->threads > 0 ? (double)simulation->threads / (double)peaks->threads : 0;
    cJSON *timing = cJSON_GetObjectItemCaseSensitive(json, "timing");
    cJSON *part = cJSON_AddObjectToObject(timing, "profile");
    add_number(part, "rounds", (double)profile->rounds);
    cJSON *seconds = cJSON_AddObjectToObject(part, "seconds");
    for (enum profile_phase p = 0; p < PROFILE_PHASES; p++)
        add_number(seconds, profile_word(p), profile->seconds[p]);
    add_rate(part, "gradient_operations", profile->flops, profile->seconds[PROFILE_GRADIENTS],
             share * peaks->flops);
    add_rate(part, "aggregation_bytes", profile->bytes, profile->seconds[PROFILE_AGGREGATION],
             share * peaks->bytes);
}

int result_write(const cJSON *json, const char *path, struct err *err)
{
    char *bytes = json == NULL ? NULL : config_render(json, true);
    int rc = bytes == NULL ? err_set(err, ERR_MEMORY, "%s: out of memory while writing the result", path)
                           : file_write(path, bytes, strlen(bytes), err);
    cJSON_free(bytes);
    return rc;
}

static bool is_result(const cJSON *json)
{
    return cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(json, "final")) &&
           cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(json, "config")) &&
           cJSON_IsString(cJSON_GetObjectItemCaseSensitive(json, "status")) &&
           cJSON_IsString(cJSON_GetObjectItemCaseSensitive(json, "digest")) &&
           cJSON_IsString(cJSON_GetObjectItemCaseSensitive(json, "config_sha256"));
}

/* What speaks against it, NULL when nothing does. */
static const char *objection(const cJSON *json, const char *identity)
{
    if (json == NULL)
        return "is not JSON; it may have been cut short";
    if (!is_result(json))
        return "is JSON, but not a result of byzsim";
    const char *found = cJSON_GetObjectItemCaseSensitive(json, "config_sha256")->valuestring;
    return identity == NULL || strcmp(found, identity) == 0 ? NULL : "is the result of another configuration";
}

int result_read(const char *path, const char *identity, cJSON **json, struct err *err)
{
    char *bytes = NULL;
    size_t length = 0;
    int rc = file_read(path, RESULT_MOST, &bytes, &length, err);
    if (rc != ERR_OK)
        return rc;
    *json = cJSON_ParseWithLengthOpts(bytes, length + 1, NULL, true); /* nothing but space behind its end */
    free(bytes);
    const char *wrong = objection(*json, identity);
    if (wrong == NULL)
        return ERR_OK;
    cJSON_Delete(*json);
    *json = NULL;
    return err_set(err, ERR_DATA, "%s: %s", path, wrong);
}
