/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Assignments of the command line: --set key.path=value, and a variant's short form name:key=value,key=value.
 */
#include "sim/config/internal.h"

#include <stdlib.h>
#include <string.h>

static cJSON *plain_string(const char *words, size_t length)
{
    char *copy = malloc(length + 1);
    if (copy == NULL)
        return NULL;
    memcpy(copy, words, length);
    copy[length] = '\0';
    cJSON *item = cJSON_CreateString(copy);
    free(copy);
    return item;
}

/* The first key given twice in an object of the tree, or NULL. */
static const char *duplicate_in(const cJSON *item)
{
    const char *found = NULL;
    for (const cJSON *child = item->child; child != NULL && found == NULL; child = child->next) {
        if (cJSON_IsObject(item) && cJSON_GetObjectItemCaseSensitive(item, child->string) != child)
            return child->string;
        found = duplicate_in(child);
    }
    return found;
}

cJSON *config_set_value(const char *words, size_t length, const char **why)
{
    enum { MOST = 1 << 16 };
    cJSON *item = NULL;
    bool json = length > 0 && strchr("{[\"", words[0]) != NULL;
    *why = "out of memory";
    if (length > MOST) {
        *why = "the value is longer than 65536 bytes";
    } else if (text_utf8_valid(words, length) < length) {
        *why = "the value is not valid UTF-8";
    } else if (config_scan(NULL, "", words, length, NULL) == 0) {
        item = cJSON_ParseWithLength(words, length);
        if (item != NULL && duplicate_in(item) != NULL) {
            *why = "the value holds an object with the same key twice";
            cJSON_Delete(item);
            item = NULL;
        }
    } else if (json) {
        *why = "the value is not valid JSON; put it in single quotes to keep the shell from changing it";
    } else {
        item = plain_string(words, length);
    }
    return item;
}

static int refuse(struct config_errors *errors, const char *option, const char *message)
{
    struct text line = {0};
    text_printf(&line, "%s: %s", option, message);
    config_errors_add(errors, text_string(&line));
    text_fini(&line);
    return ERR_CONFIG;
}

/* The object under `name`, made when it is missing; NULL when something else is there. */
static cJSON *object_in(cJSON *parent, const char *name, int place)
{
    cJSON *object = cJSON_GetObjectItemCaseSensitive(parent, name);
    if (object == NULL && (object = cJSON_AddObjectToObject(parent, name)) != NULL)
        object->valueint = place;
    return cJSON_IsObject(object) ? object : NULL;
}

/* Puts the value under the one key `path` of the object. */
static bool put_key(cJSON *object, const char *name, const char *path, cJSON *value, struct text *why)
{
    if (object == NULL) {
        text_printf(why, "\"%s\" is no object", name);
        cJSON_Delete(value);
        return false;
    }
    if (cJSON_GetObjectItemCaseSensitive(object, path) != NULL)
        return cJSON_ReplaceItemInObjectCaseSensitive(object, path, value);
    return cJSON_AddItemToObject(object, path, value);
}

/* Puts the value at the path; "sweep.a.b" has the one key "a.b" within "sweep", and so has
 * "search.space.a.b" within the space. */
static bool put(cJSON *root, const char *path, cJSON *value, struct text *why)
{
    static const char sweep[] = "sweep.", space[] = "search.space.";
    if (strncmp(path, sweep, sizeof sweep - 1) == 0)
        return put_key(object_in(root, "sweep", value->valueint), "sweep", path + sizeof sweep - 1, value,
                       why);
    if (strncmp(path, space, sizeof space - 1) == 0)
        return put_key(object_in(object_in(root, "search", value->valueint), "space", value->valueint),
                       "search.space", path + sizeof space - 1, value, why);
    return config_path_put(root, path, value, why);
}

int config_source_set(struct config_source *source, const char *assignment, struct config_errors *errors)
{
    int place = config_source_option(source, "--set ", assignment), rc = ERR_OK;
    if (place == 0)
        return refuse(errors, "--set", "out of memory");
    const char *option = source->places[place].option, *equals = strchr(assignment, '='), *why = NULL;
    if (equals == NULL)
        return refuse(errors, option, "no \"=\" in it; write --set key.path=value");
    struct text path = {0}, reason = {0};
    text_append(&path, assignment, (size_t)(equals - assignment));
    if (text_utf8_valid(text_string(&path), path.length) < path.length)
        why = "the key path is not valid UTF-8";
    if (why == NULL)
        why = config_path_malformed(text_string(&path));
    cJSON *value = why != NULL ? NULL : config_set_value(equals + 1, strlen(equals + 1), &why);
    if (value == NULL) {
        rc = refuse(errors, option, why);
        goto out;
    }
    config_source_mark(value, place);
    if (!put(source->root, text_string(&path), value, &reason))
        rc = refuse(errors, option, text_string(&reason));
out:
    text_fini(&path);
    text_fini(&reason);
    return rc;
}

/* Bytes up to the next comma that stands in no bracket and no string. */
static size_t entry_length(const char *words)
{
    size_t at = 0;
    int depth = 0;
    bool quoted = false;
    for (; words[at] != '\0' && (words[at] != ',' || depth > 0 || quoted); at++) {
        if (words[at] == '"' && (at == 0 || words[at - 1] != '\\'))
            quoted = !quoted;
        else if (!quoted && strchr("[{", words[at]) != NULL)
            depth++;
        else if (!quoted && strchr("]}", words[at]) != NULL)
            depth--;
    }
    return at;
}

/* Adds "key=value" to the object. False with the reason in *why. */
static bool add_entry(cJSON *object, const char *words, size_t length, const char **why)
{
    const char *equals = memchr(words, '=', length);
    if (equals == NULL || equals == words) {
        *why = "each entry behind the colon is key=value";
        return false;
    }
    cJSON *key = plain_string(words, (size_t)(equals - words));
    cJSON *value = config_set_value(equals + 1, length - (size_t)(equals + 1 - words), why);
    bool fine = key != NULL && value != NULL;
    if (fine && cJSON_GetObjectItemCaseSensitive(object, key->valuestring) != NULL) {
        *why = "a key is given twice";
        fine = false;
    }
    if (fine && cJSON_AddItemToObject(object, key->valuestring, value))
        value = NULL;
    cJSON_Delete(key);
    cJSON_Delete(value);
    return fine;
}

/* Whether the command line names a file, which then holds a plugin. */
static bool is_file(const char *words, size_t length)
{
    static const char *const endings[] = {".c", ".so", ".py", ".dylib"};
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        size_t ending = strlen(endings[i]);
        if (length > ending && strncmp(words + length - ending, endings[i], ending) == 0)
            return true;
    }
    return memchr(words, '/', length) != NULL;
}

/* "name:key=value,..." as an object. NULL with the reason in *why. */
static cJSON *object_of_words(const char *words, const char **why)
{
    size_t name_length = strcspn(words, ":");
    cJSON *object = cJSON_CreateObject(), *name = plain_string(words, name_length);
    bool fine = object != NULL && name != NULL &&
                cJSON_AddItemToObject(object, is_file(words, name_length) ? "plugin" : "name", name);
    if (fine)
        name = NULL;
    const char *at = words + name_length;
    if (text_utf8_valid(words, strlen(words)) < strlen(words)) {
        *why = "not valid UTF-8";
        fine = false;
    }
    while (fine && *at != '\0') {
        at++; /* the colon or a comma */
        size_t length = entry_length(at);
        fine = add_entry(object, at, length, why);
        at += length;
    }
    if (!fine) {
        cJSON_Delete(object);
        cJSON_Delete(name);
        object = NULL;
    }
    return object;
}

int config_read_variant_of(const struct config_key *key, const char *words, struct byz_variant *out,
                           struct config_errors *errors)
{
    *out = (struct byz_variant){0};
    const char *why = "out of memory";
    struct config_source *source = config_source_create(words);
    int place = source == NULL ? 0 : config_source_option(source, "", words), rc = ERR_OK;
    cJSON *object = place == 0 ? NULL : object_of_words(words, &why);
    if (object == NULL) {
        rc = refuse(errors, place == 0 ? words : source->places[place].option, why);
    } else {
        config_source_mark(object, place);
        rc = config_read_variant_item(key, source, object, out, errors) == 0 ? ERR_OK : ERR_CONFIG;
    }
    cJSON_Delete(object);
    config_source_free(source);
    return rc;
}

int config_read_variant(const struct byz_family *family, const char *words, struct byz_variant *out,
                        struct config_errors *errors)
{
    return config_read_variant_of(&(struct config_key){.family = family}, words, out, errors);
}
