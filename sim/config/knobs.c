/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One knob from JSON into its field, checked against its row of the table. */
#include "sim/config/read.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static bool in_range(const struct byz_param *param, const cJSON *item)
{
    if (!cJSON_IsNumber(item) || !isfinite(item->valuedouble))
        return false;
    double value = item->valuedouble;
    bool low = param->min == BYZ_ABOVE_ZERO ? value > 0 : value >= param->min;
    return low && value <= param->max;
}

/* Whole numbers are those of mathematics: 3, 3.0 and 3e0 are the same. */
static bool is_count(const struct byz_param *param, const cJSON *item)
{
    return in_range(param, item) && item->valuedouble >= 0 && item->valuedouble <= BYZ_COUNT_MOST &&
           item->valuedouble == floor(item->valuedouble);
}

static int choice_of(const struct byz_param *param, const cJSON *item)
{
    for (int k = 0; cJSON_IsString(item) && param->choices[k] != NULL; k++)
        if (strcmp(param->choices[k], item->valuestring) == 0)
            return k;
    return -1;
}

static bool is_text(const cJSON *item)
{
    if (!cJSON_IsString(item) || strlen(item->valuestring) >= BYZ_TEXT_SIZE)
        return false;
    for (const char *p = item->valuestring; *p != '\0'; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            return false;
    return true;
}

static void read_counts(struct config_reader *r, const struct byz_param *param, const cJSON *item,
                        struct byz_counts *out)
{
    if (!cJSON_IsArray(item) || cJSON_GetArraySize(item) > BYZ_COUNTS_MOST) {
        config_read_wrong_value(r, item, param);
        return;
    }
    struct byz_counts list = {0};
    struct byz_param one = *param;
    one.type = BYZ_COUNT;
    size_t before = r->mistakes, index = 0;
    for (const cJSON *child = item->child; child != NULL; child = child->next) {
        char number[24];
        snprintf(number, sizeof number, "%zu", index++);
        size_t old = config_read_enter(r, number);
        if (is_count(param, child))
            list.values[list.count++] = (uint64_t)child->valuedouble;
        else
            config_read_wrong_value(r, child, &one);
        config_read_leave(r, old);
    }
    if (r->mistakes == before)
        *out = list;
}

/* Writes a scalar knob; false when the value is not allowed. */
static bool read_scalar(const struct byz_param *param, const cJSON *item, void *field)
{
    struct byz_real_or_choice *either = field;
    int choice = -1;
    switch (param->type) {
    case BYZ_REAL:
        if (!in_range(param, item))
            return false;
        *(double *)field = item->valuedouble;
        return true;
    case BYZ_COUNT:
        if (!is_count(param, item))
            return false;
        *(uint64_t *)field = (uint64_t)item->valuedouble;
        return true;
    case BYZ_FLAG:
        if (!cJSON_IsBool(item))
            return false;
        *(bool *)field = cJSON_IsTrue(item);
        return true;
    case BYZ_CHOICE:
        choice = choice_of(param, item);
        if (choice < 0)
            return false;
        *(int *)field = choice;
        return true;
    case BYZ_REAL_OR_CHOICE:
        choice = choice_of(param, item);
        if (choice < 0 && !in_range(param, item))
            return false;
        *either = (struct byz_real_or_choice){.choice = choice,
                                              .value = choice < 0 ? item->valuedouble : param->initial};
        return true;
    case BYZ_COUNT_OR_CHOICE:
        choice = choice_of(param, item);
        if (choice < 0 && !is_count(param, item))
            return false;
        *(struct byz_count_or_choice *)field = (struct byz_count_or_choice){
            .choice = choice, .value = (uint64_t)(choice < 0 ? item->valuedouble : param->initial)};
        return true;
    case BYZ_TEXT:
        if (!is_text(item))
            return false;
        memset(field, 0, BYZ_TEXT_SIZE);
        memcpy(field, item->valuestring, strlen(item->valuestring));
        return true;
    case BYZ_COUNTS:
        break;
    }
    return false;
}

void config_read_knobs(struct config_reader *r, const struct byz_param *table, size_t count,
                       const cJSON *json, void *out)
{
    for (size_t i = 0; i < count; i++) {
        const cJSON *item = config_read_member(json, table[i].name);
        if (item == NULL)
            continue;
        size_t old = config_read_enter(r, table[i].name);
        void *field = (char *)out + table[i].offset;
        if (table[i].type == BYZ_COUNTS)
            read_counts(r, &table[i], item, field);
        else if (!read_scalar(&table[i], item, field))
            config_read_wrong_value(r, item, &table[i]);
        config_read_leave(r, old);
    }
}
