/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Heat maps as tables of coloured cells: they can be read aloud, printed and copied. */
#include "sim/base/mem.h"
#include "sim/page/markup.h"
#include "sim/page/sections.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PLACES_MOST = 60, PANELS_MOST = 16, MAPS_MOST = 8, SHADES = 10 };

struct cell {
    size_t settings, lacking; /* lacking: runs without the figure */
    double worst;
};

struct map {
    const struct survey *survey;
    const struct measure *measure;
    const struct axis *rows, *columns, *panels; /* panels may be NULL */
    const struct spread *means;                 /* (settings) */
    double low, high;
};

/* What a key stands for on an axis: the whole variant of a name. */
static void key_prefix(const char *key, struct text *out)
{
    size_t length = strlen(key);
    text_clear(out);
    text_append(out, key, length > 5 && strcmp(key + length - 5, ".name") == 0 ? length - 5 : length);
}

static struct cell cell_of(const struct map *map, size_t row, size_t column, size_t panel)
{
    struct cell cell = {.worst = (double)NAN};
    for (size_t s = 0; s < map->survey->settings.count; s++) {
        size_t r = map->survey->first[s];
        if (map->rows->place[r] != row || map->columns->place[r] != column ||
            (map->panels != NULL && map->panels->place[r] != panel))
            continue;
        double mean = map->means[s].mean;
        cell.settings++;
        cell.lacking += map->means[s].count == 0;
        if (isnan(cell.worst) || (map->measure->less_is_better ? mean > cell.worst : mean < cell.worst))
            cell.worst = mean;
    }
    return cell;
}

static void write_cell(const struct map *map, const struct cell *cell, struct text *out)
{
    struct text value = {0};
    if (cell->settings == 0) {
        text_add(out, "<td class=\"none\">–</td>");
        return;
    }
    double share = (cell->worst - map->low) / (map->high - map->low);
    int shade = isfinite(share) ? (int)lround(SHADES * fmin(1, fmax(0, share))) : -1;
    survey_value(map->measure, cell->worst, &value);
    text_printf(out, shade < 0 ? "<td class=\"none\">" : "<td class=\"h%d\">", shade);
    text_printf(out, "%s%s</td>", text_string(&value), cell->lacking > 0 ? "†" : "");
    text_fini(&value);
}

static bool leads_to(const char *prefix, const char *key)
{
    size_t length = strlen(prefix);
    return strncmp(prefix, key, length) == 0 && (key[length] == '.' || key[length] == '\0');
}

/* The title of an axis; "attack" alone for a variant with its parameters. */
static void write_title(const struct survey *survey, const struct axis *axis, struct text *out)
{
    struct axis named = *axis;
    struct text title = {0}, prefix = {0};
    if (axis->keys.count > 1)
        key_prefix(axis->keys.keys[0], &prefix);
    while (named.keys.count > 1 && leads_to(text_string(&prefix), named.keys.keys[named.keys.count - 1]))
        named.keys.count--;
    axis_title(&named, &survey->plain, &title);
    markup_short(out, text_string(&title));
    text_fini(&title);
    text_fini(&prefix);
}

static void write_panel(const struct map *map, size_t panel, struct text *out)
{
    text_add(out, "<div class=\"scroll\" tabindex=\"0\"><table class=\"heat\">");
    if (map->panels != NULL) {
        text_add(out, "<caption>");
        markup_short(out, map->panels->labels[panel]);
        text_add(out, "</caption>");
    }
    text_printf(out, "<thead><tr><td></td><th scope=\"colgroup\" colspan=\"%zu\">", map->columns->count);
    write_title(map->survey, map->columns, out);
    text_add(out, "</th></tr><tr><th class=\"corner\" scope=\"col\">");
    write_title(map->survey, map->rows, out);
    text_add(out, "</th>");
    for (size_t c = 0; c < map->columns->count; c++) {
        text_add(out, "<th scope=\"col\">");
        markup_short(out, map->columns->ticks[c]);
        text_add(out, "</th>");
    }
    text_add(out, "</tr></thead><tbody>\n");
    for (size_t r = 0; r < map->rows->count; r++) {
        text_add(out, "<tr><th scope=\"row\">");
        markup_short(out, map->rows->ticks[r]);
        text_add(out, "</th>");
        for (size_t c = 0; c < map->columns->count; c++) {
            struct cell cell = cell_of(map, r, c, panel);
            write_cell(map, &cell, out);
        }
        text_add(out, "</tr>\n");
    }
    text_add(out, "</tbody></table></div>");
}

/* What a cell is the worst of, and the scale. */
static void write_note(const struct map *map, struct text *out)
{
    size_t most = 0, lacking = 0, runs = 0;
    struct text low = {0}, high = {0};
    for (size_t p = 0; p < (map->panels == NULL ? 1 : map->panels->count); p++)
        for (size_t i = 0; i < map->rows->count * map->columns->count; i++) {
            struct cell cell = cell_of(map, i / map->columns->count, i % map->columns->count, p);
            most = cell.settings > most ? cell.settings : most;
            lacking += cell.lacking;
        }
    for (size_t s = 0; s < map->survey->settings.count; s++)
        runs = map->means[s].count > runs ? map->means[s].count : runs;
    text_add(out, "<p class=\"note\">");
    if (most > 1)
        text_printf(out, "Each cell is the worst of up to %zu settings that share its row and column. ",
                    most);
    if (runs > 1)
        text_printf(out, "Values are means of up to %zu runs that differ in their seed. ", runs);
    if (lacking > 0)
        text_add(out, "† some runs ended without this figure. ");
    survey_value(map->measure, map->low, &low);
    survey_value(map->measure, map->high, &high);
    markup(out, "Colours: <span class=\"scale\">% ", text_string(&low));
    for (int shade = 0; shade <= SHADES; shade++)
        text_printf(out, "<i class=\"h%d\"></i>", shade);
    markup(out, " %</span></p>\n", text_string(&high));
    text_fini(&low);
    text_fini(&high);
}

static void write_map(const struct map *map, const char *heading, struct text *out)
{
    struct text title = {0};
    size_t panels = map->panels == NULL ? 1 : map->panels->count;
    survey_title(map->measure, &title);
    markup(out, "<figure><figcaption><h3>%: %</h3></figcaption>\n", heading, text_string(&title));
    text_fini(&title);
    if (map->rows->count > PLACES_MOST || map->columns->count > PLACES_MOST || panels > PANELS_MOST) {
        text_printf(
            out,
            "<p class=\"note\">%zu × %zu cells in %zu maps are too many to show here; <code>byzsim plot "
            "heatmap</code> with <code>--where</code> draws a part of them.</p></figure>\n",
            map->rows->count, map->columns->count, panels);
        return;
    }
    text_add(out, "<div class=\"maps\">");
    for (size_t p = 0; p < panels; p++)
        write_panel(map, p, out);
    text_add(out, "</div>");
    write_note(map, out);
    text_add(out, "</figure>\n");
}

static struct spread *means_of(const struct survey *survey, const char *key, struct err *err)
{
    struct spread *means = mem_array(survey->settings.count, sizeof *means, err);
    double *values = mem_array(survey->records->count, sizeof *values, err);
    for (size_t s = 0; means != NULL && values != NULL && s < survey->settings.count; s++)
        means[s] = survey_spread(survey, s, key, values);
    if (values == NULL) {
        mem_free(means);
        means = NULL;
    }
    mem_free(values);
    return means;
}

static void find_range(struct map *map)
{
    struct plot_request plain = {0};
    double least = (double)INFINITY, greatest = -(double)INFINITY;
    for (size_t s = 0; s < map->survey->settings.count; s++) {
        least = fmin(least, map->means[s].mean);
        greatest = fmax(greatest, map->means[s].mean);
    }
    measure_range(map->measure, &plain, least, greatest, &map->low, &map->high);
    map->high = isfinite(map->measure->high) ? map->high : greatest; /* the greatest value, without room */
    map->high = map->high > map->low ? map->high : map->low + 1;
}

/* The keys that a map may have on an axis. */
static const char *const axes[] = {"server.aggregator", "server.preaggregators", "attack",
                                   "workers.byzantine"};
enum { RULE, BEFORE, ATTACK, BYZANTINE };

/* Rules: the aggregator with its pre-aggregators. */
static int take_rules(const struct survey *survey, struct fields *left, struct axis *out, struct err *err)
{
    struct fields rules = {0}, kept = {0};
    bool good = true;
    for (size_t i = 0; i < left->count; i++)
        good =
            fields_add(leads_to(axes[RULE], left->keys[i]) || leads_to(axes[BEFORE], left->keys[i]) ? &rules
                                                                                                    : &kept,
                       left->keys[i]) &&
            good;
    fields_fini(left);
    *left = kept;
    int rc = good ? axis_take(out, &survey->plain, &rules, "", false, err)
                  : err_set(err, ERR_MEMORY, "out of memory");
    fields_fini(&rules);
    return rc;
}

static void compose(const struct map *base, const char *heading, const struct axis *rows,
                    const struct axis *columns, const struct axis *panels, struct text *out)
{
    struct map map = *base;
    map.rows = rows;
    map.columns = columns;
    map.panels = panels;
    write_map(&map, heading, out);
}

/* Rules against each further key in turn. */
static int write_further(const struct map *map, const struct axis *rules, struct fields *left,
                         struct text *out, struct err *err)
{
    struct text prefix = {0};
    int rc = ERR_OK;
    for (size_t i = 0; rc == ERR_OK && i < MAPS_MOST && left->count > 0; i++) {
        struct axis axis = {0};
        key_prefix(left->keys[0], &prefix);
        rc = axis_take(&axis, &map->survey->plain, left, text_string(&prefix), true, err);
        if (rc == ERR_OK && axis.count > 1)
            compose(map, "Worst case", rules, &axis, NULL, out);
        axis_fini(&axis);
    }
    text_fini(&prefix);
    return rc;
}

static int write_maps(const struct map *map, struct text *out, struct err *err)
{
    struct axis rules = {0}, attacks = {0}, byzantine = {0}, data = {0};
    struct fields left = {0};
    const struct records *records = map->survey->records;
    int rc = axis_free_keys(records, &left, err);
    if (rc == ERR_OK)
        rc = take_rules(map->survey, &left, &rules, err);
    if (rc == ERR_OK)
        rc = axis_take(&attacks, &map->survey->plain, &left, axes[ATTACK], false, err);
    if (rc == ERR_OK)
        rc = axis_take(&byzantine, &map->survey->plain, &left, axes[BYZANTINE], false, err);
    if (rc == ERR_OK)
        rc = axis_take(&data, &map->survey->plain, &left, "data", false, err);
    if (rc == ERR_OK && rules.count * attacks.count > 1)
        compose(map, "Rule and attack", &rules, &attacks, NULL, out);
    if (rc == ERR_OK && byzantine.count > 1 && data.count > 1)
        compose(map, "Worst case", &data, &byzantine, rules.count > 1 ? &rules : NULL, out);
    else if (rc == ERR_OK && byzantine.count * data.count > 1)
        compose(map, "Worst case", &rules, byzantine.count > 1 ? &byzantine : &data, NULL, out);
    if (rc == ERR_OK)
        rc = write_further(map, &rules, &left, out, err);
    fields_fini(&left);
    axis_fini(&rules);
    axis_fini(&attacks);
    axis_fini(&byzantine);
    axis_fini(&data);
    return rc;
}

int page_heat(const struct survey *survey, struct text *out, struct err *err)
{
    if (survey->measure_count == 0 || survey->settings.count < 2)
        return ERR_OK;
    struct map map = {.survey = survey, .measure = &survey->measures[0]};
    struct spread *means = means_of(survey, map.measure->name, err);
    if (means == NULL)
        return ERR_MEMORY;
    map.means = means;
    find_range(&map);
    text_add(out, "<section id=\"heat\"><h2>Heat maps</h2>\n");
    int rc = write_maps(&map, out, err);
    text_add(out, "</section>\n");
    mem_free(means);
    return rc;
}
