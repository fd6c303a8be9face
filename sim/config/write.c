/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The resolved configuration: filled structs back to JSON, every knob written out (but for brief ones). */
#include "sim/config/internal.h"

static cJSON *write_counts(const struct byz_counts *list)
{
    cJSON *array = cJSON_CreateArray();
    for (size_t k = 0; array != NULL && k < list->count; k++) {
        cJSON *number = cJSON_CreateNumber((double)list->values[k]);
        if (number == NULL || !cJSON_AddItemToArray(array, number)) {
            cJSON_Delete(number);
            cJSON_Delete(array);
            array = NULL;
        }
    }
    return array;
}

cJSON *config_write_knob(const struct byz_param *param, const void *params)
{
    const void *field = (const char *)params + param->offset;
    const struct byz_real_or_choice *either = field;
    const struct byz_count_or_choice *whole = field;
    switch (param->type) {
    case BYZ_REAL:
        return cJSON_CreateNumber(*(const double *)field);
    case BYZ_COUNT:
        return cJSON_CreateNumber((double)*(const uint64_t *)field);
    case BYZ_FLAG:
        return cJSON_CreateBool(*(const bool *)field);
    case BYZ_CHOICE:
        return cJSON_CreateString(param->choices[*(const int *)field]);
    case BYZ_REAL_OR_CHOICE:
        return either->choice < 0 ? cJSON_CreateNumber(either->value)
                                  : cJSON_CreateString(param->choices[either->choice]);
    case BYZ_COUNT_OR_CHOICE:
        return whole->choice < 0 ? cJSON_CreateNumber((double)whole->value)
                                 : cJSON_CreateString(param->choices[whole->choice]);
    case BYZ_COUNTS:
        return write_counts(field);
    case BYZ_TEXT:
        return cJSON_CreateString(field);
    }
    return NULL;
}

/* Adds `value` (taken over) under `name`; false when it is NULL or memory runs out. */
static bool add(cJSON *object, const char *name, cJSON *value)
{
    if (value != NULL && cJSON_AddItemToObject(object, name, value))
        return true;
    cJSON_Delete(value);
    return false;
}

static bool add_knobs(cJSON *object, const struct byz_param *table, size_t count, const void *params)
{
    for (size_t i = 0; i < count; i++) {
        cJSON *value = config_write_knob(&table[i], params);
        if (table[i].brief && cJSON_IsNumber(value) && value->valuedouble == table[i].initial)
            cJSON_Delete(value);
        else if (!add(object, table[i].name, value))
            return false;
    }
    return true;
}

cJSON *config_write_variant(const struct byz_variant *variant)
{
    cJSON *object = cJSON_CreateObject();
    const struct byz_descriptor *kind = variant->kind;
    if (object == NULL || kind == NULL)
        return object;
    if (!add(object, "name", cJSON_CreateString(kind->name)) ||
        !add_knobs(object, kind->params, kind->param_count, variant->params)) {
        cJSON_Delete(object);
        return NULL;
    }
    return object;
}

static cJSON *write_list(const struct byz_variants *list)
{
    cJSON *array = cJSON_CreateArray();
    for (size_t i = 0; array != NULL && i < list->count; i++) {
        cJSON *item = config_write_variant(&list->items[i]);
        if (item == NULL || !cJSON_AddItemToArray(array, item)) {
            cJSON_Delete(item);
            cJSON_Delete(array);
            array = NULL;
        }
    }
    return array;
}

static cJSON *write_items(const struct config_key *key, const struct config_items *list)
{
    cJSON *array = cJSON_CreateArray();
    for (size_t i = 0; array != NULL && i < list->count; i++) {
        cJSON *item = config_write(key->section, (const char *)list->items + i * key->item_size);
        if (item == NULL || !cJSON_AddItemToArray(array, item)) {
            cJSON_Delete(item);
            cJSON_Delete(array);
            array = NULL;
        }
    }
    return array;
}

/* A variant nobody chose (only possible after mistakes) is left out. */
static bool add_key(cJSON *object, const struct config_key *key, const char *in)
{
    const void *field = in + key->offset;
    const struct byz_variant *variant = field;
    if (key->type == CONFIG_SECTION)
        return add(object, key->name, config_write(key->section, field));
    if (key->type == CONFIG_VARIANT_LIST)
        return add(object, key->name, write_list(field));
    if (key->type == CONFIG_SECTION_LIST)
        return add(object, key->name, write_items(key, field));
    if (key->type == CONFIG_RAW || variant->kind == NULL)
        return true;
    cJSON *item = config_write_variant(variant);
    if (item != NULL && !add_knobs(item, key->common, key->common_count, in + key->common_offset)) {
        cJSON_Delete(item);
        return false;
    }
    return add(object, key->name, item);
}

cJSON *config_write(const struct config_section *section, const void *in)
{
    cJSON *object = cJSON_CreateObject();
    bool fine = object != NULL && add_knobs(object, section->knobs, section->knob_count, in);
    for (size_t i = 0; fine && i < section->key_count; i++)
        fine = add_key(object, &section->keys[i], in);
    if (!fine) {
        cJSON_Delete(object);
        object = NULL;
    }
    return object;
}
