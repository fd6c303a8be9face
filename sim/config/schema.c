/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The tables as JSON Schema (2020-12, https://json-schema.org/draft/2020-12), for editors that complete and
 * check while one types. Families are written once, under $defs. It accepts what config_read accepts, but for
 * three things that a schema cannot say: BYZ_TEXT counts bytes, sweep paths must not lead into each other,
 * and a sweep may supply what is required (so with a sweep no section requires anything).
 */
#include "sim/config/internal.h"
#include "sim/config/search.h"

#include <ctype.h>
#include <string.h>

struct builder {
    cJSON *defs;
    bool with_sweep, failed;
};

/* Adds `value` (taken over) and returns it; a failure latches. */
static cJSON *add(struct builder *b, cJSON *object, const char *name, cJSON *value)
{
    if (object != NULL && value != NULL && cJSON_AddItemToObject(object, name, value))
        return value;
    cJSON_Delete(value);
    b->failed = true;
    return NULL;
}

static cJSON *append(struct builder *b, cJSON *array, cJSON *value)
{
    if (array != NULL && value != NULL && cJSON_AddItemToArray(array, value))
        return value;
    cJSON_Delete(value);
    b->failed = true;
    return NULL;
}

static void add_string(struct builder *b, cJSON *object, const char *name, const char *string)
{
    add(b, object, name, cJSON_CreateString(string));
}

static void add_number(struct builder *b, cJSON *object, const char *name, double number)
{
    add(b, object, name, cJSON_CreateNumber(number));
}

static cJSON *new_object(struct builder *b, const char *type, const char *doc)
{
    cJSON *object = cJSON_CreateObject();
    if (doc != NULL)
        add_string(b, object, "description", doc);
    if (type != NULL)
        add_string(b, object, "type", type);
    return object;
}

static void add_range(struct builder *b, cJSON *schema, const struct byz_param *param, bool whole)
{
    if (param->min == BYZ_ABOVE_ZERO)
        add_number(b, schema, "exclusiveMinimum", 0);
    else if (whole && param->min < 0)
        add_number(b, schema, "minimum", 0);
    else if (param->min > -DBL_MAX)
        add_number(b, schema, "minimum", param->min);
    if (whole && !(param->max < BYZ_COUNT_MOST))
        add_number(b, schema, "maximum", BYZ_COUNT_MOST);
    else if (param->max < DBL_MAX)
        add_number(b, schema, "maximum", param->max);
}

static void add_enum(struct builder *b, cJSON *schema, const char *const *choices)
{
    cJSON *list = add(b, schema, "enum", cJSON_CreateArray());
    for (size_t k = 0; choices[k] != NULL; k++)
        append(b, list, cJSON_CreateString(choices[k]));
}

/* The default, written as config_render writes it. */
static void add_default(struct builder *b, cJSON *schema, const struct byz_param *param)
{
    struct text words = {0};
    if (param->initial_word != NULL || param->type == BYZ_TEXT) {
        add_string(b, schema, "default", param->initial_word == NULL ? "" : param->initial_word);
    } else {
        config_words_default(&words, param);
        add(b, schema, "default", words.failed ? NULL : cJSON_Parse(text_string(&words)));
    }
    text_fini(&words);
}

static void add_type(struct builder *b, cJSON *schema, const struct byz_param *param)
{
    cJSON *inner;
    bool whole;
    switch (param->type) {
    case BYZ_REAL:
    case BYZ_COUNT:
        add_string(b, schema, "type", param->type == BYZ_REAL ? "number" : "integer");
        add_range(b, schema, param, param->type == BYZ_COUNT);
        break;
    case BYZ_FLAG:
        add_string(b, schema, "type", "boolean");
        break;
    case BYZ_CHOICE:
        add_enum(b, schema, param->choices);
        break;
    case BYZ_REAL_OR_CHOICE:
    case BYZ_COUNT_OR_CHOICE:
        whole = param->type == BYZ_COUNT_OR_CHOICE;
        inner = add(b, schema, "oneOf", cJSON_CreateArray());
        add_range(b, append(b, inner, new_object(b, whole ? "integer" : "number", NULL)), param, whole);
        add_enum(b, append(b, inner, cJSON_CreateObject()), param->choices);
        break;
    case BYZ_COUNTS:
        add_string(b, schema, "type", "array");
        add_number(b, schema, "maxItems", BYZ_COUNTS_MOST);
        add_range(b, add(b, schema, "items", new_object(b, "integer", NULL)), param, true);
        break;
    case BYZ_TEXT:
        add_string(b, schema, "type", "string");
        add_number(b, schema, "maxLength", BYZ_TEXT_SIZE - 1);
        inner = add(b, schema, "not", cJSON_CreateObject());
        add_string(b, inner, "pattern", "[\\u0000-\\u001f\\u007f]");
        break;
    }
}

static void add_knob(struct builder *b, cJSON *properties, const struct byz_param *param)
{
    cJSON *schema = add(b, properties, param->name, new_object(b, NULL, param->doc));
    add_type(b, schema, param);
    add_default(b, schema, param);
}

static void add_ref(struct builder *b, cJSON *schema, const char *def, const char *inner)
{
    struct text ref = {0};
    text_printf(&ref, inner == NULL ? "#/$defs/%s" : "#/$defs/%s/$defs/%s", def, inner);
    add(b, schema, "$ref", ref.failed ? NULL : cJSON_CreateString(ref.data));
    text_fini(&ref);
}

/* The object form of one variant, its common knobs as references into the family's definition. */
static void add_variant(struct builder *b, cJSON *forms, const char *def, const struct config_key *key,
                        const struct byz_descriptor *kind)
{
    cJSON *schema = append(b, forms, new_object(b, "object", kind->doc));
    add_string(b, schema, "title", kind->name);
    cJSON *properties = add(b, schema, "properties", cJSON_CreateObject());
    cJSON *name = add(b, properties, "name", cJSON_CreateObject());
    add_string(b, name, "const", kind->name);
    for (size_t i = 0; i < kind->param_count; i++)
        add_knob(b, properties, &kind->params[i]);
    for (size_t i = 0; i < key->common_count; i++)
        add_ref(b, add(b, properties, key->common[i].name, cJSON_CreateObject()), def, key->common[i].name);
    append(b, add(b, schema, "required", cJSON_CreateArray()), cJSON_CreateString("name"));
    add(b, schema, "additionalProperties", cJSON_CreateBool(false));
}

/* A plugin: its knobs are known to nobody before it is opened. */
static void add_plugin(struct builder *b, cJSON *forms)
{
    cJSON *schema =
        append(b, forms, new_object(b, "object", "A plugin, with its own knobs (docs/plugins.md)."));
    add_string(b, schema, "title", "plugin");
    cJSON *properties = add(b, schema, "properties", cJSON_CreateObject());
    add(b, properties, "plugin",
        new_object(b, "string", "Its file (.c, .so or .py), relative to the configuration's folder."));
    add(b, properties, "sha256",
        new_object(b, "string", "What the SHA-256 of the file must be; results write it down."));
    add(b, properties, "isolated",
        new_object(b, "boolean", "Whether it runs in a sandboxed process of its own."));
    append(b, add(b, schema, "required", cJSON_CreateArray()), cJSON_CreateString("plugin"));
}

static void fill_family(struct builder *b, cJSON *schema, const char *def, const struct config_key *key)
{
    cJSON *forms = add(b, schema, "oneOf", cJSON_CreateArray());
    cJSON *words = add(b, append(b, forms, cJSON_CreateObject()), "enum", cJSON_CreateArray());
    for (size_t i = 0; i < key->family->count; i++)
        append(b, words, cJSON_CreateString(key->family->at(i)->name));
    for (size_t i = 0; i < key->family->count; i++)
        add_variant(b, forms, def, key, key->family->at(i));
    if (key->open != NULL)
        add_plugin(b, forms);
    if (key->common_count == 0)
        return;
    cJSON *common = add(b, schema, "$defs", cJSON_CreateObject());
    for (size_t i = 0; i < key->common_count; i++)
        add_knob(b, common, &key->common[i]);
}

/* A name under $defs for the family with these common knobs: letters and digits only, so that it can stand in
 * a reference; with the knobs' names when there are any. */
static void def_name(struct text *out, const struct config_key *key)
{
    text_add(out, key->family->name);
    for (size_t i = 0; i < key->common_count; i++)
        text_printf(out, "_%s", key->common[i].name);
    for (size_t i = 0; i < out->length; i++)
        if (!isalnum((unsigned char)out->data[i]))
            out->data[i] = '_';
}

/* Points `schema` to the family's definition, which is made when it is not there yet. */
static void add_family(struct builder *b, cJSON *schema, const struct config_key *key)
{
    struct text def = {0};
    def_name(&def, key);
    b->failed |= def.failed;
    if (!b->failed && cJSON_GetObjectItemCaseSensitive(b->defs, def.data) == NULL)
        fill_family(b, add(b, b->defs, def.data, cJSON_CreateObject()), def.data, key);
    if (!b->failed)
        add_ref(b, schema, def.data, NULL);
    text_fini(&def);
}

static bool requires_something(const struct config_section *section)
{
    for (size_t i = 0; i < section->key_count; i++) {
        const struct config_key *key = &section->keys[i];
        if (key->type == CONFIG_SECTION ? requires_something(key->section)
                                        : key->type == CONFIG_VARIANT && key->initial == NULL)
            return true;
    }
    return false;
}

static void fill_section(struct builder *b, cJSON *schema, const struct config_section *section);

static void add_key(struct builder *b, cJSON *properties, const struct config_key *key)
{
    cJSON *schema = add(b, properties, key->name, new_object(b, NULL, key->doc)), *list;
    switch (key->type) {
    case CONFIG_SECTION:
        fill_section(b, schema, key->section);
        break;
    case CONFIG_VARIANT:
        add_family(b, schema, key);
        if (key->initial != NULL)
            add_string(b, schema, "default", key->initial);
        break;
    case CONFIG_VARIANT_LIST:
        add_string(b, schema, "type", "array");
        add_number(b, schema, "maxItems", BYZ_VARIANTS_MOST);
        add_family(b, add(b, schema, "items", cJSON_CreateObject()),
                   &(struct config_key){.family = key->family, .initial = key->initial});
        list = add(b, schema, "default", cJSON_CreateArray());
        if (key->initial != NULL)
            append(b, list, cJSON_CreateString(key->initial));
        break;
    case CONFIG_SECTION_LIST:
        add_string(b, schema, "type", "array");
        add_number(b, schema, "maxItems", (double)key->most);
        fill_section(b, add(b, schema, "items", cJSON_CreateObject()), key->section);
        add(b, schema, "default", cJSON_CreateArray());
        break;
    case CONFIG_RAW:
        break;
    }
}

static void fill_section(struct builder *b, cJSON *schema, const struct config_section *section)
{
    if (section->doc != NULL && !cJSON_HasObjectItem(schema, "description"))
        add_string(b, schema, "description", section->doc);
    add_string(b, schema, "type", "object");
    cJSON *properties = add(b, schema, "properties", cJSON_CreateObject());
    for (size_t i = 0; i < section->knob_count; i++)
        add_knob(b, properties, &section->knobs[i]);
    for (size_t i = 0; i < section->key_count; i++)
        add_key(b, properties, &section->keys[i]);
    add(b, schema, "additionalProperties", cJSON_CreateBool(false));
    if (b->with_sweep || !requires_something(section))
        return;
    cJSON *required = add(b, schema, "required", cJSON_CreateArray());
    for (size_t i = 0; i < section->key_count; i++) {
        struct config_section alone = {.keys = &section->keys[i], .key_count = 1};
        if (requires_something(&alone))
            append(b, required, cJSON_CreateString(section->keys[i].name));
    }
}

static void add_sweep(struct builder *b, cJSON *schema)
{
    cJSON *properties = cJSON_GetObjectItemCaseSensitive(schema, "properties");
    cJSON *sweep =
        add(b, properties, "sweep",
            new_object(b, "object",
                       "Key paths and the values each takes; every combination is a run of its own."));
    cJSON *names = add(b, sweep, "propertyNames", cJSON_CreateObject());
    add_string(b, names, "pattern", "^(?!sweep(\\.|$))[^.]+(\\.[^.]+)*$");
    cJSON *values = add(b, sweep, "additionalProperties", new_object(b, "array", NULL));
    add_number(b, values, "minItems", 1);
}

/* {name: [low, high]} */
static void add_range_form(struct builder *b, cJSON *forms, const char *name, const char *doc, bool whole,
                           bool positive)
{
    cJSON *form = append(b, forms, new_object(b, "object", doc));
    cJSON *pair =
        add(b, add(b, form, "properties", cJSON_CreateObject()), name, new_object(b, "array", NULL));
    cJSON *bound = add(b, pair, "items", new_object(b, whole ? "integer" : "number", NULL));
    if (positive)
        add_number(b, bound, "exclusiveMinimum", 0);
    add_number(b, pair, "minItems", 2);
    add_number(b, pair, "maxItems", 2);
    append(b, add(b, form, "required", cJSON_CreateArray()), cJSON_CreateString(name));
    add(b, form, "additionalProperties", cJSON_CreateBool(false));
}

static void fill_space(struct builder *b, cJSON *space)
{
    add_string(b, space, "type", "object");
    add_number(b, space, "minProperties", 1);
    add_number(b, space, "maxProperties", SEARCH_DIMENSIONS_MOST);
    cJSON *names = add(b, space, "propertyNames", cJSON_CreateObject());
    add_string(b, names, "pattern",
               "^(?!(search|sweep|name|seed|attack|data\\.validation)(\\.|$))(?!data$)[^.]+(\\.[^.]+)*$");
    cJSON *forms =
        add(b, add(b, space, "additionalProperties", cJSON_CreateObject()), "oneOf", cJSON_CreateArray());
    cJSON *list = append(b, forms, new_object(b, "array", "These values."));
    add_number(b, list, "minItems", 1);
    add(b, list, "uniqueItems", cJSON_CreateBool(true));
    add_range_form(b, forms, "uniform", "Any number from the first to the second.", false, false);
    add_range_form(b, forms, "log_uniform", "The same, with a uniform logarithm.", false, true);
    add_range_form(b, forms, "integers", "Any whole number from the first to the second.", true, false);
}

static void add_search(struct builder *b, cJSON *schema)
{
    cJSON *properties = cJSON_GetObjectItemCaseSensitive(schema, "properties");
    cJSON *search = add(b, properties, "search", cJSON_CreateObject());
    fill_section(b, search, &config_search_section);
    cJSON *keys = cJSON_GetObjectItemCaseSensitive(search, "properties");
    cJSON *attacks = cJSON_GetObjectItemCaseSensitive(keys, "attacks");
    cJSON *attack = cJSON_GetObjectItemCaseSensitive(properties, "attack");
    fill_space(b, cJSON_GetObjectItemCaseSensitive(keys, "space"));
    add_string(b, attacks, "type", "array");
    add_number(b, attacks, "minItems", 1);
    cJSON *reference = cJSON_GetObjectItemCaseSensitive(attack, "$ref");
    cJSON *items = add(b, attacks, "items", cJSON_CreateObject());
    if (reference != NULL)
        add(b, items, "$ref", cJSON_Duplicate(reference, true));
    append(b, add(b, search, "required", cJSON_CreateArray()), cJSON_CreateString("space"));
}

cJSON *config_schema(const struct config_section *section, const char *title, bool with_sweep)
{
    struct builder b = {.defs = cJSON_CreateObject(), .with_sweep = with_sweep};
    cJSON *schema = cJSON_CreateObject();
    add_string(&b, schema, "$schema", "https://json-schema.org/draft/2020-12/schema");
    add_string(&b, schema, "title", title);
    fill_section(&b, schema, section);
    if (with_sweep) {
        add_sweep(&b, schema);
        add_search(&b, schema);
    }
    if (cJSON_GetArraySize(b.defs) > 0)
        add(&b, schema, "$defs", b.defs);
    else
        cJSON_Delete(b.defs);
    if (b.failed) {
        cJSON_Delete(schema);
        schema = NULL;
    }
    return schema;
}
