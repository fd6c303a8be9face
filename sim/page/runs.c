/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of runs, and the configuration of each. */
#include "sim/config/config.h"
#include "sim/page/markup.h"
#include "sim/page/sections.h"
#include "sim/report/fields.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A heading that a script can make sortable: plain words without one. */
static void write_heading(const char *title, bool number, struct text *out)
{
    text_printf(out, "<th scope=\"col\"%s>", number ? " class=\"number\"" : "");
    markup_short(out, title);
    text_add(out, "</th>");
}

static bool is_shown(const struct survey *survey, const struct measure *measure)
{
    for (size_t r = 0; r < survey->records->count; r++)
        if (isfinite(survey_figure(&survey->records->items[r], measure->name)))
            return true;
    return false;
}

static void write_headings(const struct survey *survey, struct text *out)
{
    struct text title = {0};
    text_add(out, "<thead><tr>");
    write_heading("run", true, out);
    for (size_t k = 0; k < survey->differences.count; k++)
        write_heading(survey->differences.items[k].key, survey->columns[k].numeric, out);
    write_heading("status", false, out);
    for (size_t m = 0; m < survey->measure_count; m++) {
        if (!is_shown(survey, &survey->measures[m]))
            continue;
        text_clear(&title);
        survey_title(&survey->measures[m], &title);
        write_heading(text_string(&title), true, out);
    }
    write_heading("rounds", true, out);
    write_heading("time, s", true, out);
    text_add(out, "</tr></thead>\n");
    text_fini(&title);
}

static void write_number(const cJSON *value, struct text *out)
{
    if (cJSON_IsNumber(value))
        text_printf(out, "<td class=\"number\">%.4g</td>", value->valuedouble);
    else
        text_add(out, "<td class=\"number\">–</td>");
}

static void write_row(const struct survey *survey, size_t r, const bool *shown, struct text *out)
{
    const struct record *record = &survey->records->items[r];
    struct text value = {0};
    text_printf(out, "<tr><td class=\"number\"><a href=\"#run-%zu\">%zu</a></td>", r + 1, r + 1);
    for (size_t k = 0; k < survey->differences.count; k++) {
        const struct axis *column = &survey->columns[k];
        text_add(out, column->numeric ? "<td class=\"number\">" : "<td>");
        const char *tick = column->ticks[column->place[r]];
        markup_short(out, tick[0] == '\0' ? "–" : tick);
        text_add(out, "</td>");
    }
    const char *status = survey_string(record, "status");
    text_printf(out, "<td%s>", strcmp(status, "completed") == 0 ? "" : " class=\"bad\"");
    markup_short(out, status);
    text_add(out, "</td>");
    for (size_t m = 0; m < survey->measure_count; m++) {
        text_clear(&value);
        survey_value(&survey->measures[m], survey_figure(record, survey->measures[m].name), &value);
        if (shown[m])
            markup(out, "<td class=\"number\">%</td>", text_string(&value));
    }
    const cJSON *rounds = cJSON_GetObjectItemCaseSensitive(record->json, "rounds_completed");
    text_printf(out, "<td class=\"number\">%.0f</td>", cJSON_IsNumber(rounds) ? rounds->valuedouble : 0);
    write_number(config_value_at(record->json, "timing.seconds"), out);
    text_add(out, "</tr>\n");
    text_fini(&value);
}

void page_runs(const struct survey *survey, struct text *out)
{
    bool shown[SURVEY_MEASURES];
    for (size_t m = 0; m < survey->measure_count; m++)
        shown[m] = is_shown(survey, &survey->measures[m]);
    text_add(out, "<section id=\"runs\"><h2>Runs</h2>\n<div id=\"filter\"></div>\n"
                  "<div class=\"scroll tall\" tabindex=\"0\" role=\"region\" aria-label=\"Table of runs\">"
                  "<table id=\"table\">\n");
    write_headings(survey, out);
    text_add(out, "<tbody>\n");
    for (size_t r = 0; r < survey->records->count; r++)
        write_row(survey, r, shown, out);
    text_add(out, "</tbody></table></div></section>\n");
}

static void write_common(const struct survey *survey, struct text *out)
{
    char *json = markup_visible_json(survey->differences.common, true);
    bool alone = survey->records->count == 1;
    text_add(out, alone ? "<h3>The configuration</h3>\n" : "<h3>What all runs have in common</h3>\n");
    text_add(out,
             "<p>To repeat a run, save this as <code>common.json</code> and give the command of the run. The "
             "figures come out the same, to the bit, with the version named below and the same mathematical "
             "library.</p>\n<pre id=\"common\" tabindex=\"0\">");
    markup_text(out, json == NULL ? "" : json);
    text_add(out, "</pre>\n");
    out->failed = out->failed || json == NULL;
    free(json);
}

static void write_pair(const char *name, const char *words, struct text *out)
{
    if (words[0] != '\0')
        markup(out, "<dt>%</dt><dd>%</dd>\n", name, words);
}

static void write_differences(const struct survey *survey, size_t r, struct text *out)
{
    for (size_t k = 0; k < survey->differences.count; k++) {
        const cJSON *value = survey->differences.items[k].values[r];
        char *json = value == NULL ? NULL : markup_visible_json(value, false);
        if (json != NULL)
            markup(out, "<dt class=\"key\">%</dt><dd><code>%</code></dd>\n", survey->differences.items[k].key,
                   json);
        free(json);
    }
}

static void write_run(const struct survey *survey, size_t r, struct text *out)
{
    const struct record *record = &survey->records->items[r];
    const cJSON *notes = cJSON_GetObjectItemCaseSensitive(record->json, "notes"), *note = NULL;
    struct text command = {0};
    text_printf(out, "<details class=\"run\" id=\"run-%zu\"><summary>%zu ", r + 1, r + 1);
    markup_short(out, survey_label(survey, r));
    text_add(out, "</summary><dl>\n");
    write_differences(survey, r, out);
    write_pair("file", record->path, out);
    write_pair("status", survey_string(record, "status"), out);
    write_pair("reason", survey_string(record, "reason"), out);
    write_pair("digest", survey_string(record, "digest"), out);
    write_pair("SHA-256 of the configuration", survey_string(record, "config_sha256"), out);
    cJSON_ArrayForEach(note, notes)
    {
        struct text words = {0};
        fields_words(note, &words);
        write_pair("note", text_string(&words), out);
        text_fini(&words);
    }
    text_add(&command, "byzsim run common.json");
    differences_words(&survey->differences, r, &command);
    markup(out, "</dl><pre class=\"command\" tabindex=\"0\">%</pre></details>\n", text_string(&command));
    out->failed = out->failed || command.failed;
    text_fini(&command);
}

void page_configurations(const struct survey *survey, struct text *out)
{
    text_add(out, "<section id=\"configurations\"><h2>Configurations</h2>\n");
    write_common(survey, out);
    text_add(
        out,
        "<h3>Each run</h3>\n<p>First what it does not share with all the others, then how it ended and the "
        "command that repeats it.</p>\n");
    for (size_t r = 0; r < survey->records->count; r++)
        write_run(survey, r, out);
    text_add(out, "</section>\n");
}
