/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Data for the charts, as columns: lines that share their rounds name one list of them. */
#include "sim/page/markup.h"
#include "sim/page/sections.h"

#include <math.h>
#include <string.h>

enum { GRIDS_LOOKED_AT = 8 };

static void write_measures(const struct survey *survey, struct text *out)
{
    struct text title = {0};
    text_add(out, "\"measures\":[");
    for (size_t m = 0; m < survey->measure_count; m++) {
        const struct measure *measure = &survey->measures[m];
        text_clear(&title);
        survey_title(measure, &title);
        text_printf(out, "%s{\"key\":", m > 0 ? "," : "");
        markup_json_string(out, measure->name);
        text_add(out, ",\"title\":");
        markup_json_string(out, text_string(&title));
        text_printf(out, ",\"scale\":%d,\"low\":", survey_is_percent(measure) ? 100 : 1);
        markup_json_number(out, measure->low);
        text_add(out, ",\"high\":");
        markup_json_number(out, measure->high);
        text_add(out, "}");
    }
    text_add(out, "],\n");
    text_fini(&title);
}

static void write_settings(const struct survey *survey, struct text *out)
{
    struct text label = {0};
    text_add(out, "\"settings\":[");
    for (size_t s = 0; s < survey->settings.count; s++) {
        text_clear(&label);
        text_add(&label, survey_label(survey, survey->first[s]));
        text_add(out, s > 0 ? "," : "");
        markup_json_string(out, text_string(&label));
    }
    text_add(out, "],\n\"runs\":[");
    for (size_t r = 0; r < survey->records->count; r++)
        text_printf(out, "%s%zu", r > 0 ? "," : "", survey->settings.place[r]);
    text_add(out, "],\n");
    text_fini(&label);
}

/* The bound on the error ratio of each setting, null where none is known. */
static void write_bounds(const struct survey *survey, struct text *out)
{
    text_add(out, "\"kappa\":[");
    for (size_t s = 0; s < survey->settings.count; s++) {
        const struct record *record = &survey->records->items[survey->first[s]];
        const cJSON *kappa = cJSON_GetObjectItemCaseSensitive(record->json, "kappa");
        text_add(out, s > 0 ? "," : "");
        markup_json_number(out, cJSON_IsNumber(kappa) ? kappa->valuedouble : (double)NAN);
    }
    text_add(out, "],\n");
}

/* The final figures of every run. */
static void write_final(const struct survey *survey, struct text *out)
{
    text_add(out, "\"final\":{");
    for (size_t m = 0; m < survey->measure_count; m++) {
        text_add(out, m > 0 ? ",\n" : "");
        markup_json_string(out, survey->measures[m].name);
        text_add(out, ":[");
        for (size_t r = 0; r < survey->records->count; r++) {
            text_add(out, r > 0 ? "," : "");
            markup_json_number(out, survey_figure(&survey->records->items[r], survey->measures[m].name));
        }
        text_add(out, "]");
    }
    text_add(out, "},\n");
}

static bool same_rounds(const struct line *a, const struct line *b)
{
    bool same = a->points == b->points;
    for (size_t p = 0; same && p < a->points; p++)
        same = a->rows[4 * p] == b->rows[4 * p];
    return same;
}

static void write_column(const struct line *line, size_t column, struct text *out)
{
    text_add(out, "[");
    for (size_t p = 0; p < line->points; p++) {
        text_add(out, p > 0 ? "," : "");
        if (column == 0)
            text_printf(out, "%.15g", line->rows[4 * p]);
        else
            markup_json_number(out, line->rows[4 * p + column]);
    }
    text_add(out, "]");
}

/* The distinct lists of rounds, and which of them each line has. */
static void write_rounds(const struct lines *lines, struct text *out)
{
    size_t recent[GRIDS_LOOKED_AT] = {0},
           grids = 0; /* settings whose rounds are the grid k, k modulo the length */
    struct text places = {0};
    text_add(out, "\"rounds\":[");
    for (size_t s = 0; s < lines->count; s++) {
        size_t kept = grids < GRIDS_LOOKED_AT ? grids : GRIDS_LOOKED_AT, back = 1;
        while (back <= kept &&
               !same_rounds(&lines->items[s], &lines->items[recent[(grids - back) % GRIDS_LOOKED_AT]]))
            back++;
        size_t grid = back <= kept ? grids - back : grids;
        if (grid == grids) {
            text_add(out, grids > 0 ? "," : "");
            write_column(&lines->items[s], 0, out);
            recent[grids++ % GRIDS_LOOKED_AT] = s;
        }
        text_printf(&places, "%s%zu", s > 0 ? "," : "", grid);
    }
    text_printf(out, "],\"grid\":[%s]", text_string(&places));
    out->failed = out->failed || places.failed;
    text_fini(&places);
}

static void write_lines(const struct lines *lines, struct text *out)
{
    static const char *const names[] = {NULL, "mean", "low", "high"};
    bool repeated = false;
    write_rounds(lines, out);
    for (size_t s = 0; s < lines->count; s++)
        repeated |= lines->items[s].runs >= LINES_BAND_LEAST;
    for (size_t column = 1; column < (repeated ? 4 : 2); column++) {
        text_printf(out, ",\n\"%s\":[", names[column]);
        for (size_t s = 0; s < lines->count; s++) {
            text_add(out, s > 0 ? "," : "");
            if (column == 1 || lines->items[s].runs >= LINES_BAND_LEAST)
                write_column(&lines->items[s], column, out);
            else
                text_add(out, "[]");
        }
        text_add(out, "]");
    }
}

int page_data(const struct survey *survey, struct text *out, size_t *thinned, struct err *err)
{
    int rc = ERR_OK;
    *thinned = 1;
    text_add(out, "{");
    write_measures(survey, out);
    write_settings(survey, out);
    write_bounds(survey, out);
    write_final(survey, out);
    text_add(out, "\"curves\":{");
    for (size_t m = 0; rc == ERR_OK && m < survey->measure_count; m++) {
        struct lines lines = {0};
        rc = lines_make(&lines, survey, &survey->measures[m], err);
        if (rc == ERR_OK) {
            text_add(out, m > 0 ? ",\n" : "");
            markup_json_string(out, survey->measures[m].name);
            text_add(out, ":{");
            write_lines(&lines, out);
            text_add(out, "}");
            *thinned = lines.thinned > *thinned ? lines.thinned : *thinned;
        }
        lines_fini(&lines);
    }
    text_add(out, "}}");
    return rc;
}
