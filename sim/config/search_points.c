/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Trials of a search as points of a sweep: one for each attack and seed. */
#include "sim/config/points.h"
#include "sim/config/search.h"

#include <stdlib.h>

struct maker {
    const struct config_source *source;
    const struct config_search *search;
    struct config_errors *errors;
    cJSON *base;                 /* the configuration without its search */
    struct config_points inside; /* labels of the attacks and seeds of one trial; no configurations */
    size_t seeds;
    int digits; /* of the number of a trial */
};

static int refuse(const struct maker *maker, const char *path, const char *message)
{
    config_mistake(maker->errors, maker->source, maker->source->root, path, "%s", message);
    return ERR_CONFIG;
}

static int put(const struct maker *maker, cJSON *json, const char *path, cJSON *value)
{
    struct text why = {0}, full = {0};
    int rc = ERR_OK;
    text_printf(&full, "search.space.%s", path);
    if (value == NULL)
        rc = refuse(maker, text_string(&full), "out of memory");
    else if (!config_path_put(json, path, value, &why))
        rc = refuse(maker, text_string(&full), text_string(&why));
    text_fini(&why);
    text_fini(&full);
    return rc;
}

/* Values drawn from a range stand where the range does. */
static cJSON *placed(const struct maker *maker, const cJSON *value, const char *path)
{
    const cJSON *space = config_path_find(maker->source->root, "search.space");
    const cJSON *range = cJSON_GetObjectItemCaseSensitive(space, path);
    cJSON *copy = cJSON_Duplicate(value, true);
    if (copy != NULL && cJSON_IsObject(range))
        config_source_mark(copy, range->valueint);
    return copy;
}

static int fill(const struct maker *maker, const cJSON *trial, size_t number, size_t inner,
                struct config_point *point)
{
    const struct config_search *search = maker->search;
    struct text label = {0};
    const char *inside = maker->inside.items[inner].label;
    int rc = ERR_OK;
    point->json = cJSON_Duplicate(maker->base, true);
    if (point->json == NULL)
        return refuse(maker, "search", "out of memory");
    for (const cJSON *value = trial->child; rc == ERR_OK && value != NULL; value = value->next)
        rc = put(maker, point->json, value->string, placed(maker, value, value->string));
    if (rc == ERR_OK && search->attacks != NULL)
        rc = put(maker, point->json, "attack",
                 cJSON_Duplicate(cJSON_GetArrayItem(search->attacks, (int)(inner / maker->seeds)), true));
    if (rc == ERR_OK && search->seeds.count > 0)
        rc = put(maker, point->json, "seed",
                 cJSON_CreateNumber((double)search->seeds.values[inner % maker->seeds]));
    text_printf(&label, "trial%0*zu%s%s", maker->digits, number, inside[0] != '\0' ? "-" : "", inside);
    point->label = label.data;
    return rc != ERR_OK || !label.failed ? rc : refuse(maker, "search", "out of memory");
}

/* Labels of attacks and seeds, as those of a sweep over them. */
static int label(const struct config_search *search, bool with_seeds, struct config_points *labels)
{
    cJSON *sweep = cJSON_CreateObject(), *seeds = NULL;
    bool seeded = with_seeds && search->seeds.count > 0;
    labels->count = search->attacks == NULL ? 1 : (size_t)cJSON_GetArraySize(search->attacks);
    labels->count *= seeded ? search->seeds.count : 1;
    labels->items = calloc(labels->count, sizeof *labels->items);
    if (search->attacks != NULL)
        cJSON_AddItemToObject(sweep, "attack", cJSON_Duplicate(search->attacks, true));
    if (seeded && (seeds = cJSON_AddArrayToObject(sweep, "seed")) != NULL)
        for (size_t i = 0; i < search->seeds.count; i++)
            cJSON_AddItemToArray(seeds, cJSON_CreateNumber((double)search->seeds.values[i]));
    int rc = labels->items == NULL || sweep == NULL ? ERR_MEMORY : config_labels_fill(sweep, labels);
    cJSON_Delete(sweep);
    return rc;
}

int config_search_attacks(const struct config_search *search, struct config_points *labels)
{
    *labels = (struct config_points){0};
    return label(search, false, labels);
}

static int fill_all(const struct maker *maker, cJSON *const *trials, size_t count,
                    struct config_points *points)
{
    size_t inside = maker->inside.count;
    int rc = ERR_OK;
    points->items = calloc(count * inside, sizeof *points->items);
    if (points->items == NULL)
        return ERR_MEMORY;
    points->count = count * inside;
    for (size_t i = 0; rc == ERR_OK && i < points->count; i++)
        rc = fill(maker, trials[i / inside], i / inside + 1, i % inside, &points->items[i]);
    return rc;
}

int config_search_points(const struct config_source *source, const struct config_search *search,
                         cJSON *const *trials, size_t count, struct config_points *points,
                         struct config_errors *errors)
{
    struct maker maker = {.source = source, .search = search, .errors = errors, .digits = 1};
    *points = (struct config_points){0};
    for (size_t rest = count; rest >= 10; rest /= 10)
        maker.digits++;
    maker.seeds = search->seeds.count > 0 ? search->seeds.count : 1;
    maker.base = cJSON_Duplicate(source->root, true);
    cJSON_DeleteItemFromObjectCaseSensitive(maker.base, "search");
    int rc = maker.base == NULL ? ERR_MEMORY : label(search, true, &maker.inside);
    if (rc == ERR_OK && (double)count * (double)maker.inside.count > CONFIG_POINTS_MOST)
        rc = refuse(&maker, "search", "makes more than 100000 runs; use fewer trials, attacks or seeds");
    if (rc == ERR_OK)
        rc = fill_all(&maker, trials, count, points);
    if (rc == ERR_MEMORY)
        refuse(&maker, "search", "out of memory");
    cJSON_Delete(maker.base);
    config_points_free(&maker.inside);
    return rc;
}
