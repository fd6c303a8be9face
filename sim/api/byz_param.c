/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/api/byz_param.h"

#include <string.h>

static int word_index(const struct byz_param *param)
{
    for (int k = 0; param->initial_word != NULL && param->choices[k] != NULL; k++)
        if (strcmp(param->choices[k], param->initial_word) == 0)
            return k;
    return -1;
}

static void set_default(const struct byz_param *param, char *field)
{
    switch (param->type) {
    case BYZ_REAL:
        *(double *)(void *)field = param->initial;
        break;
    case BYZ_COUNT:
        *(uint64_t *)(void *)field = (uint64_t)param->initial;
        break;
    case BYZ_FLAG:
        *(bool *)(void *)field = param->initial != 0;
        break;
    case BYZ_CHOICE: {
        int index = word_index(param);
        *(int *)(void *)field = index < 0 ? 0 : index;
        break;
    }
    case BYZ_REAL_OR_CHOICE: {
        struct byz_real_or_choice *value = (void *)field;
        value->choice = word_index(param);
        value->value = param->initial;
        break;
    }
    case BYZ_COUNT_OR_CHOICE: {
        struct byz_count_or_choice *value = (void *)field;
        value->choice = word_index(param);
        value->value = (uint64_t)param->initial;
        break;
    }
    case BYZ_COUNTS: {
        struct byz_counts *list = (void *)field;
        memset(list, 0, sizeof *list);
        for (; param->initial_counts != NULL && param->initial_counts[list->count] != 0; list->count++)
            list->values[list->count] = param->initial_counts[list->count];
        break;
    }
    case BYZ_TEXT:
        memset(field, 0, BYZ_TEXT_SIZE);
        if (param->initial_word != NULL)
            strncpy(field, param->initial_word, BYZ_TEXT_SIZE - 1);
        break;
    }
}

void byz_param_defaults(const struct byz_param *table, size_t count, void *params)
{
    for (size_t i = 0; i < count; i++)
        set_default(&table[i], (char *)params + table[i].offset);
}

const struct byz_descriptor *byz_family_find(const struct byz_family *family, const char *name)
{
    for (size_t i = 0; i < family->count; i++)
        if (strcmp(family->at(i)->name, name) == 0)
            return family->at(i);
    return NULL;
}
