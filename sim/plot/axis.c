/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/plot/axis.h"
#include "sim/base/mem.h"
#include "sim/plot/words.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

bool axis_is_below(const char *prefix, const char *key)
{
    if (prefix == NULL)
        return false;
    size_t length = strlen(prefix);
    return length == 0 || (strncmp(prefix, key, length) == 0 && (key[length] == '.' || key[length] == '\0'));
}

int axis_free_keys(const struct records *records, struct fields *left, struct err *err)
{
    struct fields all = {0};
    bool good = fields_of_configs(records, true, &all);
    for (size_t i = 0; good && i < all.count; i++)
        if (strcmp(all.keys[i], "seed") != 0)
            good = fields_add(left, all.keys[i]);
    fields_fini(&all);
    return good ? ERR_OK : err_set(err, ERR_MEMORY, "out of memory");
}

/* Moves the keys below the prefix from one list to the other. */
static bool move_keys(struct fields *from, const char *prefix, struct fields *to)
{
    size_t kept = 0;
    bool good = true;
    for (size_t i = 0; i < from->count; i++) {
        if (!axis_is_below(prefix, from->keys[i])) {
            from->keys[kept++] = from->keys[i];
            continue;
        }
        good = fields_add(to, from->keys[i]) && good;
        free(from->keys[i]);
    }
    from->count = kept;
    return good;
}

/* Part of a key behind its last dot, and whether it stands in the same object as the key before it. */
static const char *last_part(const char *key)
{
    const char *dot = strrchr(key, '.');
    return dot == NULL ? key : dot + 1;
}

static bool same_object(const char *a, const char *b)
{
    size_t x = (size_t)(last_part(a) - a), y = (size_t)(last_part(b) - b);
    return x == y && x > 0 && strncmp(a, b, x) == 0;
}

/* Names and lists of variants speak for themselves. */
static bool is_named(const cJSON *value, const char *key)
{
    return !cJSON_IsArray(value) && !cJSON_IsObject(value) && strcmp(last_part(key), "name") != 0;
}

enum form { AS_WRITTEN, AS_SHOWN };

static void add_value(const char *key, const cJSON *value, enum form form, struct text *out)
{
    const char *part = form == AS_SHOWN && words_brief(key) != NULL ? words_brief(key) : last_part(key);
    if (is_named(value, key))
        text_printf(out, "%s=", part);
    if (form == AS_SHOWN)
        words_value(key, value, out);
    else
        fields_words(value, out);
}

/* "sign flip scale=5, NNM": names and lists as they are, other values behind what they are called. As
 * written, the words are those of the configuration, which tell any two places apart. */
static void label_of(const struct axis *axis, const struct record *record, enum form form, struct text *out)
{
    const char *before = NULL;
    for (size_t k = 0; k < axis->keys.count; k++) {
        const char *key = axis->keys.keys[k];
        const cJSON *value = fields_find(record, key);
        if (value == NULL)
            continue;
        bool knob =
            before != NULL && same_object(before, key) && (form == AS_WRITTEN || words_brief(key) == NULL);
        if (before != NULL)
            text_add(out, knob ? " " : ", ");
        add_value(key, value, form, out);
        before = key;
    }
}

static double number_of(const struct axis *axis, const struct record *record)
{
    const cJSON *value = axis->keys.count == 1 ? fields_find(record, axis->keys.keys[0]) : NULL;
    return value != NULL && cJSON_IsNumber(value) ? value->valuedouble : (double)NAN;
}

/* The place with that label, a new one if need be; SIZE_MAX when memory runs out. */
static size_t place_of(struct axis *axis, const char *label, double number)
{
    for (size_t i = 0; i < axis->count; i++)
        if (strcmp(axis->labels[i], label) == 0)
            return i;
    char *copy = text_copy(label);
    if (copy == NULL)
        return SIZE_MAX;
    axis->labels[axis->count] = copy;
    axis->numbers[axis->count] = number;
    return axis->count++;
}

/* Numbers ascend; words stay in the order of the records. */
static void sort_places(struct axis *axis, size_t records)
{
    axis->numeric = axis->keys.count == 1;
    for (size_t i = 0; i < axis->count; i++)
        axis->numeric = axis->numeric && isfinite(axis->numbers[i]);
    for (size_t i = 0; axis->numeric && i < axis->count; i++)
        for (size_t j = i + 1; j < axis->count; j++) {
            if (axis->numbers[i] <= axis->numbers[j])
                continue;
            double number = axis->numbers[i];
            char *label = axis->labels[i];
            axis->numbers[i] = axis->numbers[j];
            axis->labels[i] = axis->labels[j];
            axis->numbers[j] = number;
            axis->labels[j] = label;
            for (size_t r = 0; r < records; r++)
                axis->place[r] = axis->place[r] == i ? j : axis->place[r] == j ? i : axis->place[r];
        }
}

/* What of a label is shown where the key's name stands elsewhere. */
static const char *without_key(const struct axis *axis, const char *label)
{
    const char *equals = strchr(label, '=');
    bool plain = axis->keys.count == 1 && strcmp(last_part(axis->keys.keys[0]), "name") != 0;
    return plain && equals != NULL ? equals + 1 : label;
}

/* Replaces the label of a place, as the configuration writes it, by what is shown: what --label says for
 * it, for what would be shown, or for that without the key. */
static bool show_place(struct axis *axis, const struct plot_request *request, size_t place,
                       const struct record *example)
{
    struct text shown = {0};
    label_of(axis, example, request->as_written ? AS_WRITTEN : AS_SHOWN, &shown);
    const char *tick = without_key(axis, text_string(&shown));
    const char *const other[] = {axis->labels[place], tick};
    const char *label = words_renamed(request, text_string(&shown));
    for (size_t i = 0; i < 2 && label == text_string(&shown); i++) {
        const char *words = words_replaced(request, other[i]);
        label = words != other[i] ? words : label;
    }
    bool renamed = label != text_string(&shown), failed = shown.failed;
    char *label_copy = text_copy(label), *tick_copy = text_copy(renamed ? label : tick);
    text_fini(&shown);
    free(axis->labels[place]);
    axis->labels[place] = label_copy;
    axis->ticks[place] = tick_copy;
    return !failed && label_copy != NULL && tick_copy != NULL;
}

static bool show_places(struct axis *axis, const struct plot_request *request)
{
    bool good = true;
    for (size_t r = 0; good && r < request->records->count; r++)
        if (axis->ticks[axis->place[r]] == NULL)
            good = show_place(axis, request, axis->place[r], &request->records->items[r]);
    return good;
}

static bool place_records(struct axis *axis, const struct records *records)
{
    struct text label = {0};
    size_t room = records->count + 1;
    axis->labels = mem_array(room, sizeof *axis->labels, NULL);
    axis->ticks = mem_array(room, sizeof *axis->ticks, NULL);
    axis->numbers = mem_array(room, sizeof *axis->numbers, NULL);
    axis->place = mem_array(room, sizeof *axis->place, NULL);
    bool good = axis->labels != NULL && axis->ticks != NULL && axis->numbers != NULL && axis->place != NULL;
    for (size_t r = 0; good && r < records->count; r++) {
        text_clear(&label);
        label_of(axis, &records->items[r], AS_WRITTEN, &label);
        axis->place[r] = place_of(axis, text_string(&label), number_of(axis, &records->items[r]));
        good = !label.failed && axis->place[r] != SIZE_MAX;
    }
    text_fini(&label);
    return good;
}

int axis_take(struct axis *axis, const struct plot_request *request, struct fields *left, const char *prefix,
              bool required, struct err *err)
{
    const struct records *records = request->records;
    *axis = (struct axis){0};
    int rc = prefix == NULL || move_keys(left, prefix, &axis->keys) ? ERR_OK : ERR_MEMORY;
    if (rc == ERR_OK && required && axis->keys.count == 0) {
        rc = fields_check(records, prefix, err);
        if (rc == ERR_OK && !fields_add(&axis->keys, prefix))
            rc = ERR_MEMORY;
        if (rc == ERR_CONFIG)
            return rc;
    }
    if (rc != ERR_OK || !place_records(axis, records))
        return err_set(err, ERR_MEMORY, "out of memory");
    sort_places(axis, records->count);
    return show_places(axis, request) ? ERR_OK : err_set(err, ERR_MEMORY, "out of memory");
}

void axis_fini(struct axis *axis)
{
    for (size_t i = 0; axis->labels != NULL && i < axis->count; i++)
        free(axis->labels[i]);
    for (size_t i = 0; axis->ticks != NULL && i < axis->count; i++)
        free(axis->ticks[i]);
    mem_free(axis->labels);
    mem_free(axis->ticks);
    mem_free(axis->numbers);
    mem_free(axis->place);
    fields_fini(&axis->keys);
    *axis = (struct axis){0};
}

int axis_check_left(const struct fields *left, struct err *err)
{
    struct text names = {0};
    for (size_t i = 0; i < left->count && i < 5; i++)
        text_printf(&names, "%s%s", i > 0 ? ", " : "", left->keys[i]);
    int rc = left->count == 0 ? ERR_OK
                              : err_set(err, ERR_CONFIG,
                                        "the results differ in %s as well, and a mean over that would "
                                        "mislead: choose with --where, "
                                        "or show it with --series or --facet",
                                        text_string(&names));
    text_fini(&names);
    return rc;
}

void axis_title(const struct axis *axis, const struct plot_request *request, struct text *out)
{
    struct text title = {0};
    for (size_t k = 0; k < axis->keys.count; k++) {
        const char *key = axis->keys.keys[k];
        size_t length = strlen(key);
        if (length > 5 && strcmp(key + length - 5, ".name") == 0)
            length -= 5;
        const char *words = words_title(key, length);
        text_add(&title, k > 0 ? ", " : "");
        text_append(&title, words != NULL ? words : key, words != NULL ? strlen(words) : length);
    }
    text_add(out, words_renamed(request, text_string(&title)));
    text_fini(&title);
}

static bool has_heading(const struct axis *axis)
{
    const char *key = axis->keys.count == 1 ? axis->keys.keys[0] : "name";
    return strcmp(last_part(key), "name") != 0 && strcmp(key, "server.preaggregators") != 0;
}

void axis_heading(const struct axis *axis, const struct plot_request *request, struct text *out)
{
    if (!has_heading(axis))
        return;
    const char *key = axis->keys.keys[0], *brief = words_brief(key);
    text_add(out, words_renamed(request, brief != NULL ? brief : key));
}

char *const *axis_entries(const struct axis *axis)
{
    return has_heading(axis) ? axis->ticks : axis->labels;
}
