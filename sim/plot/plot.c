/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/plot/plot.h"
#include "sim/base/file.h"
#include "sim/plot/gnuplot.h"
#include "sim/plot/words.h"
#include "sim/report/fields.h"

#include <string.h>

static const struct plot_kind *const kinds[] = {&plot_curves,    &plot_trend,     &plot_heatmap, &plot_bars,
                                                &plot_selection, &plot_partition, &plot_halving};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

const struct plot_kind *plot_at(size_t i)
{
    return i < KINDS ? kinds[i] : NULL;
}

const struct plot_kind *plot_find(const char *name)
{
    for (size_t i = 0; i < KINDS; i++)
        if (strcmp(kinds[i]->name, name) == 0)
            return kinds[i];
    return NULL;
}

static const char *format_of(const char *path)
{
    static const char *const formats[] = {"svg", "png", "pdf", "gp"};
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot != NULL && i < sizeof formats / sizeof formats[0]; i++)
        if (strcmp(dot + 1, formats[i]) == 0)
            return formats[i];
    return NULL;
}

int plot_check_path(const char *path, struct err *err)
{
    if (format_of(path) != NULL)
        return ERR_OK;
    return err_set(err, ERR_CONFIG,
                   "%s: the ending tells the format: .svg, .png, .pdf, or .gp for the gnuplot script", path);
}

void plot_title(const struct plot_request *request, struct text *out)
{
    struct fields names = {0};
    struct text word = {0};
    for (size_t i = 0; request->title == NULL && i < request->records->count; i++) {
        const cJSON *name = fields_find(&request->records->items[i], "config.name");
        text_clear(&word);
        if (name != NULL)
            fields_words(name, &word);
        (void)fields_add(&names, text_string(&word));
    }
    for (size_t i = 0; i < names.count && i < 3; i++)
        text_printf(out, "%s%s", i > 0 ? ", " : "", names.keys[i]);
    if (names.count > 3)
        text_add(out, ", ...");
    if (request->title != NULL)
        text_add(out, request->title);
    fields_fini(&names);
    text_fini(&word);
}

static const char script_head[] = "# SPDX-License-Identifier: GPL-3.0-or-later\n"
                                  "# A plot by byzsim. To change and draw it: gnuplot FILE.gp > FILE.svg\n";

int plot_draw(const struct plot_kind *kind, const struct plot_request *request, const char *path,
              struct err *err)
{
    struct text script = {0}, picture = {0};
    struct plot_request drawn = *request;
    const char *format = format_of(path);
    bool keep_script = format != NULL && strcmp(format, "gp") == 0;
    drawn.format = keep_script ? "svg" : format;
    int rc = plot_check_path(path, err);
    if (rc == ERR_OK && keep_script)
        text_add(&script, script_head);
    if (rc == ERR_OK)
        rc = kind->write(&drawn, &script, err);
    if (rc == ERR_OK)
        rc = words_check(&drawn, err);
    if (rc == ERR_OK && script.failed)
        rc = err_set(err, ERR_MEMORY, "out of memory for the plot");
    if (rc == ERR_OK && !keep_script)
        rc = gnuplot_draw(&script, &picture, err);
    const struct text *made = keep_script ? &script : &picture;
    if (rc == ERR_OK)
        rc = file_write(path, made->data, made->length, err);
    text_fini(&script);
    text_fini(&picture);
    return rc;
}
