/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/report/index.h"
#include "sim/base/file.h"
#include "sim/config/config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void add_figure(cJSON *object, const char *name, double value)
{
    cJSON_AddItemToObject(object, name, isfinite(value) ? cJSON_CreateNumber(value) : cJSON_CreateNull());
}

void index_add(struct index *index, const struct index_entry *entry)
{
    cJSON *json = cJSON_CreateObject();
    if (index->runs == NULL)
        index->runs = cJSON_CreateArray();
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
    cJSON_AddItemToArray(index->runs, json);
}

int index_write(struct index *index, const char *name, const char *directory, struct err *err)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddNumberToObject(json, "schema", 1);
    cJSON_AddStringToObject(json, "name", name);
    cJSON_AddItemToObject(json, "runs", index->runs);
    index->runs = NULL;
    char *bytes = config_render(json, true), *path = file_join(directory, "sweep.json");
    int rc = bytes == NULL || path == NULL
                 ? err_set(err, ERR_MEMORY, "out of memory for the index of the sweep")
                 : file_write(path, bytes, strlen(bytes), err);
    cJSON_free(bytes);
    free(path);
    cJSON_Delete(json);
    return rc;
}
