/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/report/records.h"
#include "sim/base/file.h"
#include "sim/report/index.h"
#include "sim/report/result.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { DEPTH_MOST = 16 }; /* of folders: deeper ones are a circle of links */

/* Whether a name is one of those that commas separate. */
static bool is_listed(const char *names, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = names; at != NULL; at = strchr(at, ',') == NULL ? NULL : strchr(at, ',') + 1)
        if (strncmp(at, name, length) == 0 && (at[length] == ',' || at[length] == '\0'))
            return true;
    return false;
}

static void drop_rounds(cJSON *json, const char *series)
{
    cJSON *rounds = cJSON_GetObjectItemCaseSensitive(json, "per_round"), *next;
    for (cJSON *item = rounds == NULL ? NULL : rounds->child; item != NULL; item = next) {
        next = item->next;
        if (series == NULL || (!is_listed(series, item->string) && strcmp(item->string, "round") != 0))
            cJSON_Delete(cJSON_DetachItemViaPointer(rounds, item));
    }
}

static int add(struct records *records, const char *path, cJSON *json, struct err *err)
{
    char *copy = text_copy(path);
    if (records->count == records->capacity) {
        size_t capacity = records->capacity == 0 ? 64 : 2 * records->capacity;
        struct record *items = realloc(records->items, capacity * sizeof *items);
        if (items != NULL) {
            records->items = items;
            records->capacity = capacity;
        }
    }
    if (copy == NULL || records->count == records->capacity) {
        free(copy);
        cJSON_Delete(json);
        return err_set(err, ERR_MEMORY, "%s: out of memory", path);
    }
    records->items[records->count++] = (struct record){.path = copy, .json = json};
    return ERR_OK;
}

static int read_file(struct records *records, const char *path, const char *series, struct err *err)
{
    struct err problem = {0};
    cJSON *json = NULL;
    if (result_read(path, NULL, &json, &problem) != ERR_OK) {
        text_printf(&records->problems, "%s\n", problem.text);
        records->problem_count++;
        return ERR_OK;
    }
    drop_rounds(json, series);
    return add(records, path, json, err);
}

static int is_shown(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static bool is_candidate(const char *name)
{
    const char *end = strrchr(name, '.');
    return end != NULL && strcmp(end, ".json") == 0 && !index_is_other(name) &&
           strcmp(name, "schema.json") != 0;
}

/* A run that the index knows and the folder does not hold: it failed, or its turn has not come. */
static void note_unfinished(struct records *records, const char *folder, const cJSON *run)
{
    static const char *const keys[] = {"label", "status", "error"};
    cJSON *entry = cJSON_CreateObject();
    if (records->unfinished == NULL)
        records->unfinished = cJSON_CreateArray();
    cJSON_AddStringToObject(entry, "folder", folder);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const char *word = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(run, keys[i]));
        cJSON_AddStringToObject(entry, keys[i], word == NULL ? "" : word);
    }
    if (!cJSON_AddItemToArray(records->unfinished, entry))
        cJSON_Delete(entry);
}

/* Names of the files in the order of the folder's index, which is that of the experiment's author; what the
 * index does not know comes last. */
static void sort_by_index(struct records *records, const char *folder, struct dirent **names, int count)
{
    char *path = file_join(folder, "sweep.json");
    cJSON *index = path == NULL ? NULL : index_read(path);
    const cJSON *run = NULL;
    int placed = 0;
    cJSON_ArrayForEach(run, cJSON_GetObjectItemCaseSensitive(index, "runs"))
    {
        const char *file = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(run, "file"));
        int at = placed;
        while (file != NULL && at < count && strcmp(names[at]->d_name, file) != 0)
            at++;
        if (file == NULL || at >= count) {
            if (cJSON_IsObject(run))
                note_unfinished(records, folder, run);
            continue;
        }
        struct dirent *found = names[at];
        memmove(&names[placed + 1], &names[placed], (size_t)(at - placed) * sizeof *names);
        names[placed++] = found;
    }
    cJSON_Delete(index);
    free(path);
}

static int read_folder(struct records *records, const char *path, const char *series, int depth,
                       struct err *err)
{
    struct dirent **names = NULL;
    int count = scandir(path, &names, is_shown, alphasort), rc = ERR_OK;
    if (count < 0)
        rc = err_set(err, ERR_IO, "%s: cannot be read: %s", path, strerror(errno));
    else
        sort_by_index(records, path, names, count);
    for (int i = 0; i < count; i++) {
        struct stat info;
        char *full = rc == ERR_OK ? file_join(path, names[i]->d_name) : NULL;
        if (rc == ERR_OK && full == NULL)
            rc = err_set(err, ERR_MEMORY, "%s: out of memory", path);
        else if (full != NULL && stat(full, &info) == 0 && S_ISDIR(info.st_mode) && depth < DEPTH_MOST)
            rc = read_folder(records, full, series, depth + 1, err);
        else if (full != NULL && is_candidate(names[i]->d_name))
            rc = read_file(records, full, series, err);
        free(full);
        free(names[i]);
    }
    free(names);
    return rc;
}

int records_read(struct records *records, const char *const *paths, size_t count, const char *series,
                 struct err *err)
{
    int rc = ERR_OK;
    for (size_t i = 0; rc == ERR_OK && i < count; i++) {
        struct stat info;
        if (stat(paths[i], &info) != 0)
            rc = err_set(err, ERR_IO, "%s: cannot be read: %s", paths[i], strerror(errno));
        else if (S_ISDIR(info.st_mode))
            rc = read_folder(records, paths[i], series, 0, err);
        else
            rc = read_file(records, paths[i], series, err);
    }
    return rc;
}

static void record_fini(struct record *record)
{
    free(record->path);
    cJSON_Delete(record->json);
}

void records_filter(struct records *records, int (*keep)(const void *context, const struct record *record),
                    const void *context)
{
    size_t kept = 0;
    for (size_t i = 0; i < records->count; i++) {
        if (keep(context, &records->items[i]))
            records->items[kept++] = records->items[i];
        else
            record_fini(&records->items[i]);
    }
    records->count = kept;
}

void records_fini(struct records *records)
{
    for (size_t i = 0; i < records->count; i++)
        record_fini(&records->items[i]);
    free(records->items);
    text_fini(&records->problems);
    cJSON_Delete(records->unfinished);
    *records = (struct records){0};
}
