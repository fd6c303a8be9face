/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON into structs: a walk over the tables of a section that collects every mistake and always leaves a
 * result. */
#include "sim/config/read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const cJSON *config_read_member(const cJSON *json, const char *name)
{
    return cJSON_IsObject(json) ? cJSON_GetObjectItemCaseSensitive(json, name) : NULL;
}

static const struct byz_descriptor *find_initial(const struct config_key *key)
{
    return key->initial == NULL ? NULL : byz_family_find(key->family, key->initial);
}

/* Releases a kind that was made for a variant that is not to be. */
static void release(const struct byz_descriptor *kind)
{
    if (kind != NULL && kind->release != NULL)
        kind->release(kind);
}

/* Sets *out to the kind with default parameters; NULL chooses nothing. */
static void choose(struct config_reader *r, const cJSON *item, const struct byz_descriptor *kind,
                   struct byz_variant *out)
{
    *out = (struct byz_variant){.kind = kind};
    if (kind == NULL || kind->params_size == 0)
        return;
    out->params = calloc(1, kind->params_size);
    if (out->params == NULL) {
        release(kind);
        out->kind = NULL;
        config_read_mistake(r, item, false, "out of memory");
        return;
    }
    if (kind->params_image != NULL)
        memcpy(out->params, kind->params_image, kind->params_size);
    byz_param_defaults(kind->params, kind->param_count, out->params);
}

/* The kind that a word or an object names; NULL after a mistake. */
static const struct byz_descriptor *named_kind(struct config_reader *r, const struct byz_family *family,
                                               const cJSON *item)
{
    const cJSON *name = cJSON_IsObject(item) ? config_read_member(item, "name") : item;
    if (name == NULL) {
        config_read_missing_name(r, family, item);
        return NULL;
    }
    size_t old = cJSON_IsObject(item) ? config_read_enter(r, "name") : r->path.length;
    const struct byz_descriptor *kind =
        cJSON_IsString(name) ? byz_family_find(family, name->valuestring) : NULL;
    if (kind == NULL)
        config_read_unknown_name(r, family, name, name != item);
    config_read_leave(r, old);
    return kind;
}

/* The kind that the file behind "plugin" holds; NULL after a mistake. */
static const struct byz_descriptor *plugin_kind(struct config_reader *r, const struct config_key *key,
                                                const cJSON *item)
{
    const cJSON *file = config_read_member(item, "plugin"), *name = config_read_member(item, "name");
    const cJSON *isolated = config_read_member(item, "isolated"), *sum = config_read_member(item, "sha256");
    const struct byz_descriptor *kind = NULL;
    struct err err = {0};
    struct text directory = {0};
    config_source_directory(r->source, file, &directory);
    const struct config_plugin plugin = {.file = cJSON_IsString(file) ? file->valuestring : "",
                                         .directory = text_string(&directory),
                                         .sha256 = cJSON_IsString(sum) ? sum->valuestring : NULL,
                                         .isolated = cJSON_IsBool(isolated) ? cJSON_IsTrue(isolated) : -1};
    size_t old = config_read_enter(r, "plugin");
    if (key->open == NULL)
        config_read_no_plugins(r, file, key->family);
    else if (!cJSON_IsString(file))
        config_read_wrong_type(r, file, "a string, the name of a file");
    else if (key->open(&plugin, &kind, &err) != ERR_OK)
        config_read_mistake(r, file, false, err.text);
    config_read_leave(r, old);
    if (kind != NULL && name != NULL && (!cJSON_IsString(name) || strcmp(name->valuestring, kind->name) != 0))
        config_read_other_name(r, name, kind->name);
    text_fini(&directory);
    return kind;
}

/* Reads a variant; `key` gives the family, what is chosen when nothing readable is there, and the common
 * knobs. */
static void read_variant(struct config_reader *r, const struct config_key *key, const cJSON *item,
                         struct byz_variant *out, void *common)
{
    const struct byz_descriptor *kind = item == NULL ? find_initial(key)
                                        : config_read_member(item, "plugin") != NULL
                                            ? plugin_kind(r, key, item)
                                            : named_kind(r, key->family, item);
    bool known = kind != NULL;
    if (item == NULL && key->initial == NULL)
        config_read_missing_key(r, key);
    choose(r, item, known ? kind : find_initial(key), out);
    byz_param_defaults(key->common, key->common_count, common);
    if (!cJSON_IsObject(item))
        return;
    config_read_knobs(r, key->common, key->common_count, item, common);
    if (known && out->kind != NULL) {
        config_read_knobs(r, kind->params, kind->param_count, item, out->params);
        config_read_unknown_keys(r, item,
                                 &(struct config_allowed){.knobs = kind->params,
                                                          .knob_count = kind->param_count,
                                                          .common = key->common,
                                                          .common_count = key->common_count,
                                                          .variant = kind->name});
    }
}

static void read_list(struct config_reader *r, const struct config_key *key, const cJSON *json,
                      struct byz_variants *out)
{
    *out = (struct byz_variants){0};
    bool list = json != NULL && cJSON_IsArray(json);
    int count = list ? cJSON_GetArraySize(json) : 0;
    if ((json != NULL && !list) || count > BYZ_VARIANTS_MOST)
        config_read_not_a_list(r, key, json, count);
    struct config_key item_key = {.family = key->family, .initial = key->initial};
    if (!list && key->initial != NULL)
        read_variant(r, &item_key, NULL, &out->items[out->count++], NULL);
    size_t index = 0;
    for (const cJSON *item = list ? json->child : NULL; item != NULL && index < BYZ_VARIANTS_MOST;
         item = item->next) {
        char number[24];
        snprintf(number, sizeof number, "%zu", index++);
        size_t old = config_read_enter(r, number);
        struct byz_variant *slot = &out->items[out->count];
        read_variant(r, &item_key, item, slot, NULL);
        out->count += slot->kind != NULL; /* an unreadable item leaves no gap */
        config_read_leave(r, old);
    }
}

static void read_section(struct config_reader *r, const struct config_section *section, const cJSON *json,
                         char *out);
static void read_key(struct config_reader *r, const struct config_key *key, const cJSON *item, char *out);

static void read_items(struct config_reader *r, const struct config_key *key, const cJSON *json,
                       struct config_items *out)
{
    *out = (struct config_items){0};
    int count = cJSON_IsArray(json) ? cJSON_GetArraySize(json) : 0;
    if ((json != NULL && !cJSON_IsArray(json)) || (size_t)count > key->most) {
        config_read_not_items(r, key, json, count);
        return;
    }
    out->items = count > 0 ? calloc((size_t)count, key->item_size) : NULL;
    if (count > 0 && out->items == NULL) {
        config_read_mistake(r, json, false, "out of memory");
        return;
    }
    const struct config_key one = {.type = CONFIG_SECTION, .section = key->section};
    for (const cJSON *item = json == NULL ? NULL : json->child; item != NULL; item = item->next) {
        char number[24];
        snprintf(number, sizeof number, "%zu", out->count);
        size_t old = config_read_enter(r, number);
        read_key(r, &one, item, (char *)out->items + out->count++ * key->item_size);
        config_read_leave(r, old);
    }
}

static void read_key(struct config_reader *r, const struct config_key *key, const cJSON *item, char *out)
{
    bool quiet = r->quiet;
    switch (key->type) {
    case CONFIG_SECTION:
        if (item != NULL && !cJSON_IsObject(item)) {
            config_read_wrong_type(r, item, "an object");
            item = NULL;
            r->quiet = true;
        }
        read_section(r, key->section, item, out + key->offset);
        r->quiet = quiet;
        break;
    case CONFIG_VARIANT:
        read_variant(r, key, item, (void *)(out + key->offset), out + key->common_offset);
        break;
    case CONFIG_VARIANT_LIST:
        read_list(r, key, item, (void *)(out + key->offset));
        break;
    case CONFIG_SECTION_LIST:
        read_items(r, key, item, (void *)(out + key->offset));
        break;
    case CONFIG_RAW:
        break;
    }
}

static void read_section(struct config_reader *r, const struct config_section *section, const cJSON *json,
                         char *out)
{
    const cJSON *outer = r->anchor;
    byz_param_defaults(section->knobs, section->knob_count, out);
    if (json != NULL) {
        r->anchor = json;
        struct config_allowed allowed = {.knobs = section->knobs, .knob_count = section->knob_count};
        allowed.keys = section->keys;
        allowed.key_count = section->key_count;
        allowed.beside = section->beside;
        config_read_unknown_keys(r, json, &allowed);
        config_read_knobs(r, section->knobs, section->knob_count, json, out);
    }
    for (size_t i = 0; i < section->key_count; i++) {
        size_t old = config_read_enter(r, section->keys[i].name);
        read_key(r, &section->keys[i], config_read_member(json, section->keys[i].name), out);
        config_read_leave(r, old);
    }
    r->anchor = outer;
}

int config_read(const struct config_section *section, const struct config_source *source, const cJSON *json,
                void *out, struct config_errors *errors)
{
    struct config_reader r = {.source = source, .errors = errors, .root = section, .anchor = json};
    if (json != NULL && !cJSON_IsObject(json)) {
        config_read_wrong_type(&r, json, "an object");
        json = NULL;
        r.quiet = true;
    }
    read_section(&r, section, json, out);
    text_fini(&r.path);
    return r.mistakes == 0 ? ERR_OK : ERR_CONFIG;
}

size_t config_read_variant_item(const struct config_key *key, const struct config_source *source,
                                const cJSON *item, struct byz_variant *out, struct config_errors *errors)
{
    struct config_reader r = {.source = source, .errors = errors, .anchor = item};
    const struct config_key alone = {.family = key->family, .open = key->open};
    read_variant(&r, &alone, item, out, NULL);
    text_fini(&r.path);
    return r.mistakes;
}

void config_variant_release(struct byz_variant *variant)
{
    free(variant->params);
    release(variant->kind);
    *variant = (struct byz_variant){0};
}

void config_release(const struct config_section *section, void *out)
{
    for (size_t i = 0; i < section->key_count; i++) {
        const struct config_key *key = &section->keys[i];
        void *field = (char *)out + key->offset;
        if (key->type == CONFIG_SECTION) {
            config_release(key->section, field);
        } else if (key->type == CONFIG_VARIANT) {
            config_variant_release(field);
        } else if (key->type == CONFIG_SECTION_LIST) {
            struct config_items *list = field;
            for (size_t k = 0; k < list->count; k++)
                config_release(key->section, (char *)list->items + k * key->item_size);
            free(list->items);
            *list = (struct config_items){0};
        } else if (key->type == CONFIG_VARIANT_LIST) {
            struct byz_variants *list = field;
            for (size_t k = 0; k < list->count; k++)
                config_variant_release(&list->items[k]);
            list->count = 0;
        }
    }
}
