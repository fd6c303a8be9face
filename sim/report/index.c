/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/report/index.h"
#include "sim/base/file.h"
#include "sim/config/config.h"

#include "sim/report/result.h"

#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { INDEX_MOST = 1 << 28 };

static const char index_name[] = "sweep.json";

bool index_is_other(const char *file)
{
    return strcmp(file, index_name) == 0 || strcmp(file, "search.json") == 0 ||
           strcmp(file, "winner.json") == 0;
}

static double figure_of(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
}

static const char *string_of(const cJSON *object, const char *name)
{
    const char *string = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return string == NULL ? "" : string;
}

static void add_figure(cJSON *object, const char *name, double value)
{
    cJSON_AddItemToObject(object, name, isfinite(value) ? cJSON_CreateNumber(value) : cJSON_CreateNull());
}

static cJSON *entry_json(const struct index_entry *entry)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "label", entry->label);
    cJSON_AddStringToObject(json, "file", entry->file);
    cJSON_AddStringToObject(json, "config_sha256", entry->identity);
    cJSON_AddItemToObject(json, "swept", cJSON_Duplicate(entry->swept, true));
    cJSON_AddStringToObject(json, "status", entry->status);
    if (entry->error[0] != '\0')
        cJSON_AddStringToObject(json, "error", entry->error);
    add_figure(json, "train_loss", entry->train_loss);
    add_figure(json, "test_loss", entry->test_loss);
    add_figure(json, "test_accuracy", entry->test_accuracy);
    add_figure(json, "parameter_error", entry->parameter_error);
    return json;
}

void index_add(struct index *index, const struct index_entry *entry)
{
    if (index->runs == NULL)
        index->runs = cJSON_CreateArray();
    cJSON_AddItemToArray(index->runs, entry_json(entry));
}

cJSON *index_read(const char *path)
{
    char *bytes = NULL;
    size_t length = 0;
    cJSON *json = NULL;
    if (file_exists(path) && file_read(path, INDEX_MOST, &bytes, &length, NULL) == ERR_OK)
        json = cJSON_ParseWithLength(bytes, length);
    free(bytes);
    return json;
}

/* The runs of the index that is there; an index that cannot be read is none. */
static cJSON *present_runs(const char *directory)
{
    char *path = file_join(directory, index_name);
    cJSON *json = path == NULL ? NULL : index_read(path);
    cJSON *runs = cJSON_DetachItemFromObjectCaseSensitive(json, "runs");
    cJSON_Delete(json);
    free(path);
    return runs;
}

/* What the index says about a file, when that cannot have changed since. */
static cJSON *known_entry(const cJSON *runs, const char *file)
{
    const cJSON *run = NULL;
    cJSON_ArrayForEach(run, runs)
    {
        const char *status = string_of(run, "status");
        if (strcmp(string_of(run, "file"), file) == 0 &&
            (strcmp(status, "completed") == 0 || strcmp(status, "diverged") == 0))
            return cJSON_Duplicate(run, true);
    }
    return NULL;
}

/* An entry from the result itself; NULL when the file is none. */
static cJSON *entry_of_result(const char *directory, const char *file)
{
    char *path = file_join(directory, file);
    cJSON *result = NULL, *swept = cJSON_CreateObject(), *json = NULL;
    if (path != NULL && swept != NULL && result_read(path, NULL, &result, NULL) == ERR_OK) {
        const cJSON *final = cJSON_GetObjectItemCaseSensitive(result, "final");
        json = entry_json(&(struct index_entry){.label = string_of(result, "label"),
                                                .file = file,
                                                .identity = string_of(result, "config_sha256"),
                                                .status = string_of(result, "status"),
                                                .error = "",
                                                .swept = swept,
                                                .train_loss = figure_of(final, "train_loss"),
                                                .test_loss = figure_of(final, "test_loss"),
                                                .test_accuracy = figure_of(final, "test_accuracy"),
                                                .parameter_error = figure_of(final, "parameter_error")});
    }
    cJSON_Delete(result);
    cJSON_Delete(swept);
    free(path);
    return json;
}

static int is_candidate(const struct dirent *entry)
{
    const char *end = strrchr(entry->d_name, '.');
    return end != NULL && strcmp(end, ".json") == 0 && !index_is_other(entry->d_name);
}

cJSON *index_others(const char *directory, bool (*ours)(const void *context, const char *file),
                    const void *context)
{
    struct dirent **names = NULL;
    cJSON *others = cJSON_CreateArray(), *runs = present_runs(directory);
    int count = scandir(directory, &names, is_candidate, alphasort);
    for (int i = 0; i < count; i++) {
        const char *file = names[i]->d_name;
        cJSON *entry = ours(context, file) ? NULL : known_entry(runs, file);
        if (entry == NULL && !ours(context, file))
            entry = entry_of_result(directory, file);
        cJSON_AddItemToArray(others, entry); /* NULL is not added */
        free(names[i]);
    }
    free(names);
    cJSON_Delete(runs);
    return others;
}

int index_write(struct index *index, const cJSON *others, const char *name, const char *directory,
                struct err *err)
{
    const cJSON *other = NULL;
    cJSON_ArrayForEach(other, others)
    {
        cJSON_AddItemToArray(index->runs, cJSON_Duplicate(other, true));
    }
    cJSON *json = cJSON_CreateObject();
    cJSON_AddNumberToObject(json, "schema", 1);
    cJSON_AddStringToObject(json, "name", name);
    cJSON_AddItemToObject(json, "runs", index->runs);
    index->runs = NULL;
    char *bytes = config_render(json, true), *path = file_join(directory, index_name);
    int rc = bytes == NULL || path == NULL
                 ? err_set(err, ERR_MEMORY, "out of memory for the index of the sweep")
                 : file_write(path, bytes, strlen(bytes), err);
    cJSON_free(bytes);
    free(path);
    cJSON_Delete(json);
    return rc;
}
