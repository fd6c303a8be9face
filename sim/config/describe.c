/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text for `describe`: what a variant does and which knobs it has, within 80 columns. */
#include "sim/config/internal.h"

#include <string.h>

enum { COLUMNS = 80 };

/* Characters, not bytes. */
static size_t width_of(const char *string, size_t length)
{
    size_t width = 0;
    for (size_t i = 0; i < length; i++)
        width += ((unsigned char)string[i] & 0xC0) != 0x80;
    return width;
}

/* Writes words with line breaks, each line behind `indent` blanks; `used` columns of the first line are
 * taken. A line break in the text stays one. */
static void wrap(struct text *out, const char *words, size_t indent, size_t used)
{
    bool fresh = true;
    while (*words != '\0') {
        size_t length = strcspn(words, " \n"), width = width_of(words, length);
        if (length > 0 && !fresh && used + 1 + width > COLUMNS) {
            text_printf(out, "\n%*s", (int)indent, "");
            used = indent;
            fresh = true;
        }
        if (length > 0) {
            text_printf(out, "%s%.*s", fresh ? "" : " ", (int)length, words);
            used += width + !fresh;
            fresh = false;
        }
        words += length;
        if (*words == '\n') {
            text_printf(out, "\n%*s", (int)indent, "");
            used = indent;
            fresh = true;
        }
        words += *words != '\0';
    }
    text_add(out, "\n");
}

static void add_knob(struct text *out, const struct byz_param *param, size_t width)
{
    struct text words = {0};
    config_words_allowed(&words, param, NULL);
    text_add(&words, "; default ");
    config_words_default(&words, param);
    text_printf(out, "  %-*s  ", (int)width, param->name);
    wrap(out, text_string(&words), width + 4, width + 4);
    text_printf(out, "%*s", (int)width + 4, "");
    wrap(out, param->doc == NULL ? "" : param->doc, width + 4, width + 4);
    text_fini(&words);
}

static size_t name_width(const struct byz_param *table, size_t count, size_t least)
{
    for (size_t i = 0; i < count; i++)
        least = strlen(table[i].name) > least ? strlen(table[i].name) : least;
    return least;
}

void config_describe(const struct byz_descriptor *kind, const struct byz_param *common, size_t common_count,
                     struct text *out)
{
    size_t width = name_width(kind->params, kind->param_count, name_width(common, common_count, 4));
    text_printf(out, "%s\n\n", kind->name);
    wrap(out, kind->doc == NULL ? "" : kind->doc, 0, 0);
    text_add(out, kind->param_count == 0 ? "\nNo knobs of its own.\n" : "\nKnobs\n");
    for (size_t i = 0; i < kind->param_count; i++)
        add_knob(out, &kind->params[i], width);
    if (common_count > 0)
        text_add(out, "\nKnobs that all of its kind have\n");
    for (size_t i = 0; i < common_count; i++)
        add_knob(out, &common[i], width);
}
