/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sentences for what can be wrong in a configuration. */
#include "sim/config/read.h"

#include <stdlib.h>
#include <string.h>

enum { SHORT_LIST = 12, LONG_LIST = 64 };

size_t config_read_enter(struct config_reader *r, const char *part)
{
    size_t old = r->path.length;
    text_printf(&r->path, old == 0 ? "%s" : ".%s", part);
    return old;
}

void config_read_leave(struct config_reader *r, size_t length)
{
    if (r->path.data != NULL && length <= r->path.length) {
        r->path.length = length;
        r->path.data[length] = '\0';
    }
}

void config_read_mistake(struct config_reader *r, const cJSON *item, bool key, const char *message)
{
    if (r->quiet)
        return;
    r->mistakes++;
    config_errors_at(r->errors, r->source, item == NULL ? r->anchor : item, key, text_string(&r->path),
                     message);
}

void config_read_wrong_type(struct config_reader *r, const cJSON *item, const char *allowed)
{
    struct text message = {0};
    text_printf(&message, "must be %s; found ", allowed);
    config_words_found(&message, item);
    config_read_mistake(r, item, false, text_string(&message));
    text_fini(&message);
}

void config_read_wrong_value(struct config_reader *r, const cJSON *item, const struct byz_param *param)
{
    struct text message = {0};
    size_t count = 0;
    text_add(&message, "must be ");
    config_words_allowed(&message, param, item);
    text_add(&message, "; found ");
    config_words_found(&message, item);
    if (param->type == BYZ_COUNTS && cJSON_IsArray(item))
        text_printf(&message, " of %d", cJSON_GetArraySize(item));
    if (param->type == BYZ_TEXT && cJSON_IsString(item) && strlen(item->valuestring) >= BYZ_TEXT_SIZE)
        text_printf(&message, " of %zu bytes", strlen(item->valuestring));
    while (param->choices != NULL && param->choices[count] != NULL)
        count++;
    if (count > 0 && cJSON_IsString(item))
        config_words_suggest(&message, item->valuestring, param->choices, count);
    config_read_mistake(r, item, false, text_string(&message));
    text_fini(&message);
}

/* The names of a family, to be freed. NULL when memory runs out or there are none. */
static const char **names_of(const struct byz_family *family)
{
    const char **names = calloc(family->count + 1, sizeof *names);
    for (size_t i = 0; names != NULL && i < family->count; i++)
        names[i] = family->at(i)->name;
    return names;
}

static void add_names(struct text *message, const struct byz_family *family)
{
    const char **names = names_of(family);
    if (names != NULL)
        config_words_list(message, names, family->count, LONG_LIST);
    free(names);
}

void config_read_missing_key(struct config_reader *r, const struct config_key *key)
{
    struct text message = {0};
    text_printf(&message, "is missing; it chooses the %s (", key->family->name);
    add_names(&message, key->family);
    text_add(&message, ")");
    config_read_mistake(r, NULL, false, text_string(&message));
    text_fini(&message);
}

void config_read_missing_name(struct config_reader *r, const struct byz_family *family, const cJSON *item)
{
    struct text message = {0};
    text_printf(&message, "\"name\" is missing; it chooses the %s (", family->name);
    add_names(&message, family);
    text_add(&message, ")");
    config_read_mistake(r, item, false, text_string(&message));
    text_fini(&message);
}

void config_read_unknown_name(struct config_reader *r, const struct byz_family *family, const cJSON *name,
                              bool in_object)
{
    struct text message = {0};
    const char **names = names_of(family);
    size_t count = names == NULL ? 0 : family->count;
    if (cJSON_IsString(name)) {
        config_words_quote(&message, name->valuestring);
        text_printf(&message, " is no %s", family->name);
        bool near = config_words_suggest(&message, name->valuestring, names, count);
        text_add(&message, near ? " (" : "; choose one of these (");
    } else {
        text_printf(&message, "must be a string%s that names the %s; found ",
                    in_object ? "" : " or an object", family->name);
        config_words_found(&message, name);
        text_add(&message, " (");
    }
    config_words_list(&message, names, count, LONG_LIST);
    text_add(&message, ")");
    config_read_mistake(r, name, false, text_string(&message));
    text_fini(&message);
    free(names);
}

void config_read_no_plugins(struct config_reader *r, const cJSON *item, const struct byz_family *family)
{
    struct text message = {0};
    text_printf(&message, "no %s is a plugin; only aggregators and attacks can be (choose by \"name\")",
                family->name);
    config_read_mistake(r, item, true, text_string(&message));
    text_fini(&message);
}

void config_read_other_name(struct config_reader *r, const cJSON *item, const char *name)
{
    struct text message = {0};
    text_printf(&message,
                "the plugin in this file is called \"%s\"; leave \"name\" out, or leave out \"plugin\"; "
                "found ",
                name);
    config_words_found(&message, item);
    config_read_mistake(r, item, false, text_string(&message));
    text_fini(&message);
}

void config_read_not_a_list(struct config_reader *r, const struct config_key *key, const cJSON *item,
                            int count)
{
    struct text message = {0};
    text_printf(&message, "must be a list of at most %d %s; found ", BYZ_VARIANTS_MOST, key->family->plural);
    config_words_found(&message, item);
    if (count > 0)
        text_printf(&message, " of %d", count);
    else if (cJSON_IsString(item) || cJSON_IsObject(item))
        text_add(&message, ", put it in [brackets]");
    config_read_mistake(r, item, false, text_string(&message));
    text_fini(&message);
}

void config_read_not_items(struct config_reader *r, const struct config_key *key, const cJSON *item,
                           int count)
{
    struct text message = {0};
    text_printf(&message, "must be a list of at most %zu objects; found ", key->most);
    config_words_found(&message, item);
    if (count > 0)
        text_printf(&message, " of %d", count);
    config_read_mistake(r, item, false, text_string(&message));
    text_fini(&message);
}

static size_t count_beside(const struct config_allowed *allowed)
{
    size_t count = 0;
    while (allowed->beside != NULL && allowed->beside[count] != NULL)
        count++;
    return count;
}

static size_t allowed_names(const struct config_allowed *allowed, const char **names)
{
    size_t count = 0;
    if (allowed->variant != NULL)
        names[count++] = "name";
    for (size_t i = 0; i < allowed->knob_count; i++)
        names[count++] = allowed->knobs[i].name;
    for (size_t i = 0; i < allowed->common_count; i++)
        names[count++] = allowed->common[i].name;
    for (size_t i = 0; i < allowed->key_count; i++)
        names[count++] = allowed->keys[i].name;
    for (size_t i = 0; i < count_beside(allowed); i++)
        names[count++] = allowed->beside[i];
    return count;
}

/* Writes the path of the knob or key of that name somewhere in the section; false when there is none. */
static bool find_elsewhere(const struct config_section *section, const char *name, struct text *path)
{
    size_t start = path->length;
    for (size_t i = 0; i < section->knob_count + section->key_count; i++) {
        const char *here =
            i < section->knob_count ? section->knobs[i].name : section->keys[i - section->knob_count].name;
        if (strcmp(here, name) == 0) {
            text_add(path, name);
            return true;
        }
    }
    for (size_t i = 0; i < section->key_count; i++) {
        if (section->keys[i].type != CONFIG_SECTION)
            continue;
        text_printf(path, "%s.", section->keys[i].name);
        if (find_elsewhere(section->keys[i].section, name, path))
            return true;
        path->length = start;
    }
    return false;
}

static void report_unknown_key(struct config_reader *r, const cJSON *item,
                               const struct config_allowed *allowed, const char *const *names, size_t count)
{
    struct text message = {0}, elsewhere = {0};
    text_add(&message, "unknown key");
    if (allowed->variant != NULL)
        text_printf(&message, " of \"%s\"", allowed->variant);
    bool near = text_nearest(item->string, names, count) != NULL;
    if (!near && r->root != NULL && find_elsewhere(r->root, item->string, &elsewhere)) {
        text_printf(&message, "; did you mean \"%s\"?", text_string(&elsewhere));
        near = true;
    } else {
        config_words_suggest(&message, item->string, names, count);
    }
    if (!near || count <= SHORT_LIST) {
        text_add(&message, near ? " (allowed: " : "; allowed: ");
        config_words_list(&message, names, count, LONG_LIST);
        text_add(&message, near ? ")" : "");
    }
    config_read_mistake(r, item, true, text_string(&message));
    text_fini(&message);
    text_fini(&elsewhere);
}

void config_read_unknown_keys(struct config_reader *r, const cJSON *json,
                              const struct config_allowed *allowed)
{
    size_t room =
               1 + allowed->knob_count + allowed->common_count + allowed->key_count + count_beside(allowed),
           i;
    const char **names = calloc(room, sizeof *names);
    size_t count = names == NULL ? 0 : allowed_names(allowed, names);
    for (const cJSON *child = json->child; names != NULL && child != NULL; child = child->next) {
        for (i = 0; i < count && strcmp(names[i], child->string) != 0; i++)
            continue;
        if (i < count)
            continue;
        struct text shown = {0};
        config_words_quote(&shown, child->string);
        size_t old = r->path.length;
        text_printf(&r->path, "%s%.*s", old == 0 ? "" : ".", (int)shown.length - 2, text_string(&shown) + 1);
        report_unknown_key(r, child, allowed, names, count);
        config_read_leave(r, old);
        text_fini(&shown);
    }
    free(names);
}
