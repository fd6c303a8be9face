/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words for reports and descriptions: what was found, what is allowed, which spelling is near. */
#include "sim/config/internal.h"

#include <stdio.h>
#include <string.h>

void config_words_quote(struct text *out, const char *string)
{
    enum { SHOWN = 60 };
    size_t length = strlen(string), cut = length > SHOWN ? SHOWN : length;
    while (cut < length && cut > 0 && ((unsigned char)string[cut] & 0xC0) == 0x80)
        cut--;
    text_add(out, "\"");
    for (size_t i = 0; i < cut; i++) {
        unsigned char byte = (unsigned char)string[i];
        if (byte == '\n')
            text_add(out, "\\n");
        else if (byte == '\t')
            text_add(out, "\\t");
        else if (byte < 0x20 || byte == 0x7f)
            text_printf(out, "\\u%04x", byte);
        else
            text_append(out, string + i, 1);
    }
    text_add(out, cut < length ? "...\"" : "\"");
}

void config_words_found(struct text *out, const cJSON *item)
{
    if (cJSON_IsString(item)) {
        text_add(out, "the string ");
        config_words_quote(out, item->valuestring);
    } else if (cJSON_IsNumber(item)) {
        config_render_number(out, item->valuedouble);
    } else if (cJSON_IsBool(item)) {
        text_add(out, cJSON_IsTrue(item) ? "true" : "false");
    } else {
        text_add(out, cJSON_IsObject(item) ? "an object" : cJSON_IsArray(item) ? "a list" : "null");
    }
}

/* " of at least 1 and at most 5"; nothing for bounds that only say "finite" or "exact". */
static void add_range(struct text *out, double min, double max, bool whole, bool show_exact)
{
    bool above = min == BYZ_ABOVE_ZERO, low = above || min > -DBL_MAX;
    bool high = whole ? max < BYZ_COUNT_MOST || show_exact : max < DBL_MAX;
    if (above) {
        text_add(out, " above 0");
    } else if (low) {
        text_add(out, " of at least ");
        config_render_number(out, min);
    }
    if (high) {
        text_add(out, low ? " and at most " : " of at most ");
        config_render_number(out, whole && max > BYZ_COUNT_MOST ? BYZ_COUNT_MOST : max);
    }
}

/* `"a", "b" or "c"` */
static void add_choices(struct text *out, const char *const *choices, bool or_before)
{
    for (size_t k = 0; choices[k] != NULL; k++) {
        bool last = choices[k + 1] == NULL;
        text_add(out, k == 0 ? "" : last ? " or " : ", ");
        if (k == 0 && or_before)
            text_add(out, last ? " or " : ", ");
        text_printf(out, "\"%s\"", choices[k]);
    }
}

void config_words_allowed(struct text *out, const struct byz_param *param, const cJSON *found)
{
    bool beyond = cJSON_IsNumber(found) && found->valuedouble > BYZ_COUNT_MOST;
    switch (param->type) {
    case BYZ_REAL:
    case BYZ_REAL_OR_CHOICE:
        text_add(out, "a number");
        add_range(out, param->min, param->max, false, false);
        if (param->type == BYZ_REAL_OR_CHOICE)
            add_choices(out, param->choices, true);
        break;
    case BYZ_COUNT:
    case BYZ_COUNT_OR_CHOICE:
        text_add(out, "a whole number");
        add_range(out, param->min, param->max, true, beyond);
        if (param->type == BYZ_COUNT_OR_CHOICE)
            add_choices(out, param->choices, true);
        break;
    case BYZ_FLAG:
        text_add(out, "true or false");
        break;
    case BYZ_CHOICE:
        add_choices(out, param->choices, false);
        break;
    case BYZ_COUNTS:
        text_printf(out, "a list of at most %d whole numbers", BYZ_COUNTS_MOST);
        add_range(out, param->min, param->max, true, beyond);
        break;
    case BYZ_TEXT:
        text_printf(out, "a string of at most %d bytes without control characters", BYZ_TEXT_SIZE - 1);
        break;
    }
}

void config_words_default(struct text *out, const struct byz_param *param)
{
    if (param->initial_word != NULL || param->type == BYZ_TEXT) {
        config_words_quote(out, param->initial_word == NULL ? "" : param->initial_word);
    } else if (param->type == BYZ_CHOICE) {
        config_words_quote(out, param->choices[0]);
    } else if (param->type == BYZ_FLAG) {
        text_add(out, param->initial != 0 ? "true" : "false");
    } else if (param->type == BYZ_COUNTS) {
        text_add(out, "[");
        for (size_t k = 0; param->initial_counts != NULL && param->initial_counts[k] != 0; k++)
            text_printf(out, "%s%llu", k == 0 ? "" : ", ", (unsigned long long)param->initial_counts[k]);
        text_add(out, "]");
    } else {
        config_render_number(out, param->initial);
    }
}

void config_words_list(struct text *out, const char *const *names, size_t count, size_t most)
{
    for (size_t i = 0; i < count && i < most; i++)
        text_printf(out, "%s%s", i == 0 ? "" : ", ", names[i]);
    if (count > most)
        text_add(out, ", ...");
}

bool config_words_suggest(struct text *out, const char *word, const char *const *names, size_t count)
{
    const char *near = text_nearest(word, names, count);
    if (near != NULL)
        text_printf(out, "; did you mean \"%s\"?", near);
    return near != NULL;
}
