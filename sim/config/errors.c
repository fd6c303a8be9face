/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of mistakes: one line each, no line twice, the first CONFIG_ERRORS_KEPT kept. */
#include "sim/config/internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void config_errors_fini(struct config_errors *errors)
{
    text_fini(&errors->text);
    free(errors->seen);
    *errors = (struct config_errors){0};
}

/* FNV-1a, 64 bits; never 0. (Fowler, Noll, Vo; the empty string gives cbf29ce484222325.) */
static unsigned long long hash_of(const char *string)
{
    unsigned long long hash = 0xcbf29ce484222325u;
    for (; *string != '\0'; string++)
        hash = (hash ^ (unsigned char)*string) * 0x100000001b3u;
    return hash == 0 ? 1 : hash;
}

static unsigned long long *slot_of(unsigned long long *table, size_t capacity, unsigned long long hash)
{
    size_t at = (size_t)hash & (capacity - 1);
    while (table[at] != 0 && table[at] != hash)
        at = (at + 1) & (capacity - 1);
    return &table[at];
}

static bool grow(struct config_errors *errors)
{
    size_t capacity = errors->seen_capacity == 0 ? 64 : errors->seen_capacity * 2;
    unsigned long long *table = calloc(capacity, sizeof *table);
    if (table == NULL)
        return false;
    for (size_t i = 0; i < errors->seen_capacity; i++)
        if (errors->seen[i] != 0)
            *slot_of(table, capacity, errors->seen[i]) = errors->seen[i];
    free(errors->seen);
    errors->seen = table;
    errors->seen_capacity = capacity;
    return true;
}

/* True for a report that was not there before. Without memory every report counts as new. */
static bool remember(struct config_errors *errors, const char *report)
{
    if (errors->count * 2 >= errors->seen_capacity && !grow(errors))
        return true;
    unsigned long long hash = hash_of(report), *slot = slot_of(errors->seen, errors->seen_capacity, hash);
    bool fresh = *slot == 0;
    *slot = hash;
    return fresh;
}

void config_errors_add(struct config_errors *errors, const char *report)
{
    if (!remember(errors, report))
        return;
    if (errors->count++ >= CONFIG_ERRORS_KEPT)
        return;
    if (errors->text.length > 0)
        text_add(&errors->text, "\n");
    size_t start = errors->text.length;
    text_add(&errors->text, report);
    for (size_t i = start; i < errors->text.length; i++) {
        unsigned char byte = (unsigned char)errors->text.data[i];
        if (byte < 0x20 || byte == 0x7f)
            errors->text.data[i] = '?';
    }
}

static const struct config_place *place_of(const struct config_source *source, const cJSON *item)
{
    if (source == NULL || item == NULL || item->valueint <= 0 ||
        (size_t)item->valueint >= source->place_count)
        return NULL;
    return &source->places[item->valueint];
}

void config_errors_place(struct text *out, const struct config_source *source, const cJSON *item, bool key)
{
    const struct config_place *place = place_of(source, item);
    if (place == NULL && source != NULL)
        text_printf(out, "%s: ", source->label);
    else if (place != NULL && place->option != NULL)
        text_printf(out, "%s: ", place->option);
    else if (place != NULL)
        text_printf(out, "%s:%u:%u: ", source->label, key ? place->key_line : place->line,
                    key ? place->key_column : place->column);
}

void config_errors_at(struct config_errors *errors, const struct config_source *source, const cJSON *item,
                      bool key, const char *path, const char *message)
{
    struct text line = {0};
    config_errors_place(&line, source, item, key);
    if (path[0] != '\0')
        text_printf(&line, "%s: ", path);
    text_add(&line, message);
    config_errors_add(errors,
                      line.failed ? "out of memory while a mistake was reported" : text_string(&line));
    text_fini(&line);
}

void config_mistake(struct config_errors *errors, const struct config_source *source, const cJSON *json,
                    const char *path, const char *format, ...)
{
    char message[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    config_errors_at(errors, source, config_path_nearest(json, path), false, path, message);
}
