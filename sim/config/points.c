/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sweeps: the cartesian product of the "sweep" key, the last key varying fastest. */
#include "sim/config/points.h"

#include <stdlib.h>
#include <string.h>

enum { VALUES_MOST = 10000000 }; /* of all points together: about a gigabyte */

struct sweep {
    const struct config_source *source;
    struct config_errors *errors;
    const cJSON *json; /* the "sweep" object; NULL: none */
    size_t mistakes;
};

static void mistake(struct sweep *sweep, const cJSON *item, bool key, const char *path, const char *message)
{
    struct text full = {0};
    text_printf(&full, "sweep%s%s", path[0] == '\0' ? "" : ".", path);
    config_errors_at(sweep->errors, sweep->source, item, key, text_string(&full), message);
    text_fini(&full);
    sweep->mistakes++;
}

static void check_overlap(struct sweep *sweep, const cJSON *item)
{
    for (const cJSON *other = item->next; other != NULL; other = other->next) {
        bool inside = config_path_leads_into(item->string, other->string),
             outside = config_path_leads_into(other->string, item->string);
        if (!inside && !outside)
            continue;
        struct text message = {0};
        text_add(&message, inside ? "leads into " : "holds ");
        config_words_quote(&message, item->string);
        text_add(&message, ", which is swept too; sweep one of them");
        mistake(sweep, other, true, other->string, text_string(&message));
        text_fini(&message);
    }
}

static void check_values(struct sweep *sweep, const cJSON *item)
{
    struct text message = {0};
    const char *malformed = config_path_malformed(item->string);
    const cJSON *present = malformed == NULL ? config_path_find(sweep->source->root, item->string) : NULL;
    const char *option = present == NULL ? NULL : config_source_option_of(sweep->source, present);
    if (malformed != NULL)
        mistake(sweep, item, true, item->string, malformed);
    else if (config_path_leads_into("sweep", item->string))
        mistake(sweep, item, true, item->string, "a sweep cannot be swept");
    if (!cJSON_IsArray(item) || item->child == NULL) {
        text_printf(&message, "must be a list of at least one value; found %s",
                    cJSON_IsArray(item) ? "an empty list" : "");
        if (!cJSON_IsArray(item))
            config_words_found(&message, item);
        mistake(sweep, item, false, item->string, text_string(&message));
    }
    text_clear(&message);
    if (option != NULL) {
        text_printf(&message, "is swept and given by %s too; use --set 'sweep.%s=[...]' to change the sweep",
                    option, item->string);
        mistake(sweep, item, true, item->string, text_string(&message));
    }
    text_fini(&message);
}

static size_t count_values(const cJSON *item)
{
    size_t count = 1;
    for (const cJSON *child = item->child; child != NULL; child = child->next)
        count += count_values(child);
    return count;
}

/* Of the largest value of each swept path, together. */
static size_t count_largest(const cJSON *json)
{
    size_t sum = 0;
    for (const cJSON *list = json->child; list != NULL; list = list->next) {
        size_t largest = 0;
        for (const cJSON *value = list->child; value != NULL; value = value->next) {
            size_t count = count_values(value);
            largest = count > largest ? count : largest;
        }
        sum += largest;
    }
    return sum;
}

/* The number of points; 0 after a mistake. */
static size_t check_sweep(struct sweep *sweep)
{
    enum { PATHS_MOST = 64 };
    if (!cJSON_IsObject(sweep->json)) {
        struct text message = {0};
        text_add(&message, "must be an object of key paths and lists of values; found ");
        config_words_found(&message, sweep->json);
        mistake(sweep, sweep->json, false, "", text_string(&message));
        text_fini(&message);
        return 0;
    }
    if (cJSON_GetArraySize(sweep->json) > PATHS_MOST) {
        mistake(sweep, sweep->json, false, "", "holds more than 64 key paths");
        return 0;
    }
    size_t count = 1;
    for (const cJSON *item = sweep->json->child; item != NULL; item = item->next) {
        check_overlap(sweep, item);
        check_values(sweep, item);
        size_t values = cJSON_IsArray(item) ? (size_t)cJSON_GetArraySize(item) : 0;
        count = count > CONFIG_POINTS_MOST ? count : count * values; /* both below 2^20: no overflow */
    }
    if (sweep->mistakes > 0)
        return 0;
    size_t values =
        count_values(sweep->source->root) - count_values(sweep->json) + count_largest(sweep->json);
    if (count > CONFIG_POINTS_MOST)
        mistake(sweep, sweep->json, false, "", "makes more than 100000 points; split it into several files");
    else if (count * values > VALUES_MOST)
        mistake(sweep, sweep->json, false, "",
                "makes too many points for so long a file; split it into several files");
    return sweep->mistakes > 0 ? 0 : count;
}

/* Goes on to the next combination, the last path first; behind the last one everything starts again. */
static void advance(const cJSON *json, const cJSON **chosen, size_t dimensions)
{
    const cJSON *list =
        json == NULL || json->child == NULL ? NULL : json->child->prev; /* cJSON: the last child */
    for (size_t k = dimensions; k-- > 0 && list != NULL; list = list->prev) {
        if (chosen[k]->next != NULL) {
            chosen[k] = chosen[k]->next;
            return;
        }
        chosen[k] = list->child;
    }
}

static int fill_point(struct sweep *sweep, const cJSON *base, const cJSON *const *chosen,
                      struct config_point *point)
{
    struct text why = {0};
    size_t before = sweep->mistakes, k = 0;
    point->json = cJSON_Duplicate(base, true);
    if (point->json == NULL)
        mistake(sweep, NULL, false, "", "out of memory");
    const cJSON *item = point->json == NULL || sweep->json == NULL ? NULL : sweep->json->child;
    for (; item != NULL; item = item->next, k++) {
        cJSON *value = cJSON_Duplicate(chosen[k], true);
        text_clear(&why);
        if (value == NULL)
            mistake(sweep, item, true, item->string, "out of memory");
        else if (!config_path_put(point->json, item->string, value, &why))
            mistake(sweep, item, true, item->string, text_string(&why));
    }
    text_fini(&why);
    return sweep->mistakes > before ? ERR_CONFIG : ERR_OK;
}

static int fill_points(struct sweep *sweep, const cJSON *base, struct config_points *points)
{
    size_t dimensions = sweep->json == NULL ? 0 : (size_t)cJSON_GetArraySize(sweep->json);
    const cJSON **chosen = calloc(dimensions + 1, sizeof *chosen);
    int rc = chosen == NULL ? ERR_MEMORY : ERR_OK;
    size_t k = 0;
    const cJSON *list = sweep->json == NULL ? NULL : sweep->json->child;
    for (; rc == ERR_OK && list != NULL; list = list->next)
        chosen[k++] = list->child;
    for (size_t i = 0; rc == ERR_OK && i < points->count; i++) {
        rc = fill_point(sweep, base, chosen, &points->items[i]);
        advance(sweep->json, chosen, dimensions);
    }
    free(chosen);
    return rc == ERR_OK ? config_labels_fill(sweep->json, points) : rc;
}

int config_points_expand(const struct config_source *source, struct config_points *points,
                         struct config_errors *errors)
{
    *points = (struct config_points){0};
    struct sweep sweep = {.source = source, .errors = errors};
    sweep.json = cJSON_GetObjectItemCaseSensitive(source->root, "sweep");
    size_t count = sweep.json == NULL ? 1 : check_sweep(&sweep);
    if (count == 0)
        return ERR_CONFIG;
    cJSON *base = cJSON_Duplicate(source->root, true);
    points->items = calloc(count, sizeof *points->items);
    points->count = points->items == NULL ? 0 : count;
    cJSON_DeleteItemFromObjectCaseSensitive(base, "sweep");
    int rc = base == NULL || points->items == NULL ? ERR_MEMORY : fill_points(&sweep, base, points);
    if (rc == ERR_MEMORY)
        mistake(&sweep, sweep.json, false, "", "out of memory");
    if (rc != ERR_OK)
        config_points_free(points);
    cJSON_Delete(base);
    return rc;
}

void config_points_free(struct config_points *points)
{
    for (size_t i = 0; i < points->count; i++) {
        free(points->items[i].label);
        cJSON_Delete(points->items[i].json);
    }
    free(points->items);
    *points = (struct config_points){0};
}
