/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * JSON text out of a tree. cJSON's own printer keeps 15 digits where a second look finds 17 necessary only
 * within a tolerance, so it can lose the last bit of a double; this one writes the shortest decimal that
 * reads back exactly.
 */
#include "sim/config/internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WIDTH = 100 };

struct renderer {
    struct text out;
    bool pretty;
};

void config_render_number(struct text *out, double value)
{
    char digits[32];
    if (!isfinite(value)) {
        text_add(out, "null");
    } else if (value == floor(value) && fabs(value) <= 9007199254740992.0) {
        text_printf(out, "%.0f", value);
    } else {
        text_number(digits, sizeof digits, value);
        text_add(out, digits);
    }
}

static void render_string(struct text *out, const char *string)
{
    static const char plain[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    text_add(out, "\"");
    while (*string != '\0') {
        size_t run = 0;
        while ((unsigned char)string[run] >= 0x20 && string[run] != '"' && string[run] != '\\')
            run++;
        text_append(out, string, run);
        string += run;
        if (*string == '\0')
            break;
        const char *escape = strchr(plain, *string);
        if (escape != NULL)
            text_printf(out, "\\%c", letters[escape - plain]);
        else
            text_printf(out, "\\u%04x", (unsigned char)*string);
        string++;
    }
    text_add(out, "\"");
}

static void new_line(struct renderer *r, size_t depth)
{
    if (!r->pretty)
        return;
    text_add(&r->out, "\n");
    for (size_t i = 0; i < depth; i++)
        text_add(&r->out, "  ");
}

static bool holds_only_scalars(const cJSON *list)
{
    for (const cJSON *child = list->child; child != NULL; child = child->next)
        if (child->child != NULL)
            return false;
    return true;
}

static void render(struct renderer *r, const cJSON *item, size_t depth);

/* Scalars side by side, as many to a line as fit. */
static void render_scalars(struct renderer *r, const cJSON *list, size_t depth)
{
    size_t open = r->out.length, start = open;
    bool broken = false;
    text_add(&r->out, "[");
    for (const cJSON *child = list->child; child != NULL; child = child->next) {
        size_t before = r->out.length;
        text_add(&r->out, child == list->child ? "" : r->pretty ? ", " : ",");
        render(r, child, depth);
        if (!r->pretty || r->out.failed || r->out.length - start + 2 * depth <= WIDTH || child == list->child)
            continue;
        /* Too wide: this item goes to the next line, in place of the blank behind the comma. */
        struct text item = {0};
        text_add(&item, r->out.data + before + 2);
        r->out.length = before + 1;
        new_line(r, depth + 1);
        start = r->out.length - 2 * depth;
        text_add(&r->out, text_string(&item));
        r->out.failed |= item.failed;
        text_fini(&item);
        broken = true;
    }
    if (broken)
        new_line(r, depth);
    text_add(&r->out, "]");
}

static void render_children(struct renderer *r, const cJSON *item, size_t depth)
{
    bool object = cJSON_IsObject(item);
    text_add(&r->out, object ? "{" : "[");
    for (const cJSON *child = item->child; child != NULL; child = child->next) {
        text_add(&r->out, child == item->child ? "" : ",");
        new_line(r, depth + 1);
        if (object) {
            render_string(&r->out, child->string);
            text_add(&r->out, r->pretty ? ": " : ":");
        }
        render(r, child, depth + 1);
    }
    if (item->child != NULL)
        new_line(r, depth);
    text_add(&r->out, object ? "}" : "]");
}

static void render(struct renderer *r, const cJSON *item, size_t depth)
{
    if (cJSON_IsNumber(item))
        config_render_number(&r->out, item->valuedouble);
    else if (cJSON_IsString(item))
        render_string(&r->out, item->valuestring);
    else if (cJSON_IsRaw(item))
        text_add(&r->out, item->valuestring);
    else if (cJSON_IsBool(item))
        text_add(&r->out, cJSON_IsTrue(item) ? "true" : "false");
    else if (cJSON_IsArray(item) && holds_only_scalars(item))
        render_scalars(r, item, depth);
    else if (cJSON_IsArray(item) || cJSON_IsObject(item))
        render_children(r, item, depth);
    else
        text_add(&r->out, "null");
}

char *config_render(const cJSON *json, bool pretty)
{
    struct renderer r = {.pretty = pretty};
    render(&r, json, 0);
    if (pretty)
        text_add(&r.out, "\n");
    if (r.out.failed)
        text_fini(&r.out);
    return r.out.data;
}
