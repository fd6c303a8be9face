/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Key paths ("server.preaggregators.0.size"): looking up and putting values into a tree. */
#include "sim/config/internal.h"

#include <stdlib.h>
#include <string.h>

enum { PART_SIZE = 128, PARTS_MOST = CONFIG_DEPTH_MOST };

/* Copies the next part into `part`; the rest of the path, or NULL behind the last part. */
static const char *next_part(const char *path, char part[PART_SIZE])
{
    size_t length = strcspn(path, "."), kept = length < PART_SIZE ? length : PART_SIZE - 1;
    memcpy(part, path, kept);
    part[kept] = '\0';
    return path[length] == '.' ? path + length + 1 : NULL;
}

bool config_path_leads_into(const char *outer, const char *inner)
{
    size_t length = strlen(outer);
    return strncmp(outer, inner, length) == 0 && (inner[length] == '.' || inner[length] == '\0');
}

const char *config_path_malformed(const char *path)
{
    size_t parts = 0;
    if (path[0] == '\0')
        return "the key path is empty";
    for (const char *at = path; at != NULL; parts++) {
        size_t length = strcspn(at, ".");
        if (length == 0)
            return "the key path has an empty part";
        if (length >= PART_SIZE)
            return "the key path has a part of more than 127 bytes";
        at = at[length] == '.' ? at + length + 1 : NULL;
    }
    return parts > PARTS_MOST ? "the key path has more than 64 parts" : NULL;
}

/* "0" -> 0, "12" -> 12; -1 for anything else and above 9999. */
static int index_of(const char *part)
{
    size_t length = strlen(part);
    if (length == 0 || length > 4 || strspn(part, "0123456789") != length || (part[0] == '0' && length > 1))
        return -1;
    return (int)strtol(part, NULL, 10);
}

static cJSON *child_of(const cJSON *item, const char *part)
{
    if (cJSON_IsObject(item))
        return cJSON_GetObjectItemCaseSensitive(item, part);
    if (cJSON_IsArray(item) && index_of(part) >= 0)
        return cJSON_GetArrayItem(item, index_of(part));
    return NULL;
}

cJSON *config_path_find(const cJSON *root, const char *path)
{
    char part[PART_SIZE];
    cJSON *item = NULL;
    const cJSON *at = root;
    while (path != NULL) {
        path = next_part(path, part);
        item = child_of(at, part);
        if (item == NULL)
            return NULL;
        at = item;
    }
    return item;
}

const cJSON *config_path_nearest(const cJSON *root, const char *path)
{
    char part[PART_SIZE];
    const cJSON *item = root;
    while (path != NULL && item != NULL) {
        path = next_part(path, part);
        const cJSON *child = child_of(item, part);
        if (child == NULL)
            break;
        item = child;
    }
    return item;
}

/* Turns "krum" into {"name": "krum"} in place; both keep the word's place. */
static bool wrap_word(cJSON *item)
{
    cJSON *name = cJSON_CreateString(item->valuestring);
    if (name == NULL)
        return false;
    name->valueint = item->valueint;
    char *word = item->valuestring;
    item->valuestring = NULL;
    item->type = (item->type & ~0xFF) | cJSON_Object;
    if (!cJSON_AddItemToObject(item, "name", name)) {
        item->type = (item->type & ~0xFF) | cJSON_String;
        item->valuestring = word;
        cJSON_Delete(name);
        return false;
    }
    cJSON_free(word);
    return true;
}

/* Hangs `value` into `parent` under `part`; the value is taken over unless it fails. */
static bool attach(cJSON *parent, const char *part, cJSON *value)
{
    bool exists = child_of(parent, part) != NULL;
    if (cJSON_IsObject(parent))
        return exists ? cJSON_ReplaceItemInObjectCaseSensitive(parent, part, value)
                      : cJSON_AddItemToObject(parent, part, value);
    return exists ? cJSON_ReplaceItemInArray(parent, index_of(part), value)
                  : cJSON_AddItemToArray(parent, value);
}

static bool explain(struct text *why, const cJSON *item, const char *part)
{
    if (cJSON_IsArray(item)) {
        text_printf(why, "\"%s\" is no item of a list of %d; items are numbered from 0", part,
                    cJSON_GetArraySize(item));
    } else {
        text_printf(why, "\"%s\" leads into ", part);
        config_words_found(why, item);
        text_add(why, ", which has no keys");
    }
    return false;
}

/* Whether `part` can name something in `item`, be it there already or not; a word is made an object for it.
 */
static bool can_hold(cJSON *item, const char *part, struct text *why)
{
    if (cJSON_IsObject(item))
        return true;
    if (cJSON_IsArray(item) && index_of(part) >= 0 && index_of(part) <= cJSON_GetArraySize(item))
        return true;
    if (cJSON_IsString(item))
        return wrap_word(item);
    return explain(why, item, part);
}

/* Wraps `value` into the containers that the parts of `path` name: "a.0.b" -> {"a": [{"b": value}]}. */
static cJSON *wrap_in_path(const char *path, cJSON *value)
{
    char part[PART_SIZE];
    const char *rest = next_part(path, part);
    cJSON *inner = rest == NULL ? value : wrap_in_path(rest, value);
    if (inner == NULL)
        return NULL;
    cJSON *outer = strcmp(part, "0") == 0 ? cJSON_CreateArray() : cJSON_CreateObject();
    if (outer == NULL || !attach(outer, part, inner)) {
        cJSON_Delete(outer);
        cJSON_Delete(inner);
        return NULL;
    }
    outer->valueint = inner->valueint;
    return outer;
}

bool config_path_put(cJSON *root, const char *path, cJSON *value, struct text *why)
{
    char part[PART_SIZE];
    cJSON *item = root, *child;
    for (;;) {
        const char *rest = next_part(path, part);
        if (!can_hold(item, part, why))
            break;
        child = child_of(item, part);
        if (rest != NULL && child != NULL) {
            item = child;
            path = rest;
            continue;
        }
        if (rest != NULL)
            value = wrap_in_path(rest, value);
        if (value != NULL && attach(item, part, value))
            return true;
        break;
    }
    if (why->length == 0)
        text_add(why, "out of memory");
    cJSON_Delete(value);
    return false;
}

const cJSON *config_value_at(const cJSON *json, const char *path)
{
    return config_path_find(json, path);
}
