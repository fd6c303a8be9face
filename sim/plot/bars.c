/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Grouped bars: a final figure, one group for each rule, one colour for each attack. */
#include "sim/base/mem.h"
#include "sim/plot/axis.h"
#include "sim/plot/measure.h"
#include "sim/plot/script.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

enum { GROUPS_MOST = 60, BARS_LABELLED = 18 };

struct bars {
    const struct plot_request *request;
    struct measure measure;
    struct axis groups, series, panels;
    struct spread *spreads; /* (panels, groups, series) */
    double least, greatest;
    size_t fewest, most;
    bool incomplete; /* a run has no number */
};

static struct spread *spread_at(const struct bars *bars, size_t panel, size_t group, size_t series)
{
    return &bars->spreads[(panel * bars->groups.count + group) * bars->series.count + series];
}

/* The runs behind one bar. Without a number in one of them, as after a divergence, there is no bar: the mean
 * of the others would flatter. */
static struct spread spread_of(struct bars *bars, size_t panel, size_t group, size_t series, double *values)
{
    const struct records *records = bars->request->records;
    size_t count = 0;
    bool complete = true;
    for (size_t r = 0; r < records->count; r++) {
        if (bars->series.place[r] != series || bars->groups.place[r] != group ||
            bars->panels.place[r] != panel)
            continue;
        const cJSON *value = fields_find(&records->items[r], bars->measure.name);
        complete = complete && value != NULL && cJSON_IsNumber(value);
        values[count++] = complete ? value->valuedouble : 0;
    }
    bars->incomplete |= !complete;
    return measure_spread(values, complete ? count : 0);
}

static int fill(struct bars *bars, struct err *err)
{
    size_t cells = bars->panels.count * bars->groups.count * bars->series.count;
    double *values = mem_array(bars->request->records->count, sizeof *values, err);
    bars->spreads = mem_array(cells, sizeof *bars->spreads, err);
    for (size_t i = 0; values != NULL && bars->spreads != NULL && i < cells; i++)
        bars->spreads[i] =
            spread_of(bars, i / bars->series.count / bars->groups.count,
                      i / bars->series.count % bars->groups.count, i % bars->series.count, values);
    bool good = values != NULL && bars->spreads != NULL;
    mem_free(values);
    return good ? ERR_OK : ERR_MEMORY;
}

/* An interval does not leave what the figure can be. */
static double clip_above(const struct bars *bars, double value)
{
    return isfinite(bars->measure.high) ? fmin(value, bars->measure.high) : value;
}

static double clip_below(const struct bars *bars, double value)
{
    return isfinite(bars->measure.low) ? fmax(value, bars->measure.low) : value;
}

static void survey(struct bars *bars)
{
    bars->least = 0;
    bars->greatest = -(double)INFINITY;
    bars->fewest = SIZE_MAX;
    for (size_t i = 0; i < bars->panels.count * bars->groups.count * bars->series.count; i++) {
        const struct spread *spread = &bars->spreads[i];
        if (spread->count == 0)
            continue;
        bars->least = fmin(bars->least, spread->mean - (spread->mean < 0 ? spread->half : 0));
        bars->greatest = fmax(bars->greatest, clip_above(bars, spread->mean + spread->half));
        bars->fewest = spread->count < bars->fewest ? spread->count : bars->fewest;
        bars->most = spread->count > bars->most ? spread->count : bars->most;
    }
}

/* Accuracies above bars are percentages, other figures have three digits. */
static void write_value(const struct bars *bars, double value, struct text *out)
{
    if (strcmp(bars->measure.name, "test_accuracy") == 0)
        text_printf(out, "%.0f", 100 * value);
    else
        text_printf(out, "%.3g", value);
}

/* place, mean, low, high, label above; only for bars that there are. */
static void write_data(const struct bars *bars, struct text *out)
{
    size_t series_count = bars->series.count;
    double width = 0.84 / (double)series_count;
    for (size_t panel = 0; panel < bars->panels.count; panel++)
        for (size_t s = 0; s < series_count; s++) {
            text_printf(out, "$bars%zu << EOD\n", panel * series_count + s);
            for (size_t g = 0; g < bars->groups.count; g++) {
                const struct spread *spread = spread_at(bars, panel, g, s);
                if (spread->count == 0)
                    continue;
                double place = (double)g + ((double)s - 0.5 * (double)(series_count - 1)) * width;
                text_printf(out, "%.6f %.9g %.9g %.9g ", place, spread->mean,
                            clip_below(bars, spread->mean - spread->half),
                            clip_above(bars, spread->mean + spread->half));
                write_value(bars, spread->mean, out);
                text_add(out, "\n");
            }
            text_add(out, "EOD\n");
        }
}

static bool has_data(const struct bars *bars, size_t panel, size_t series)
{
    for (size_t g = 0; g < bars->groups.count; g++)
        if (spread_at(bars, panel, g, series)->count > 0)
            return true;
    return false;
}

static bool is_labelled(const struct bars *bars)
{
    return bars->groups.count * bars->series.count <= BARS_LABELLED;
}

static void write_panel(const struct bars *bars, size_t panel, struct text *out)
{
    const char *before = "plot ";
    for (size_t s = 0; s < bars->series.count; s++) {
        size_t number = panel * bars->series.count + s;
        if (!has_data(bars, panel, s))
            continue;
        text_printf(out, "%s$bars%zu using 1:2 with boxes fillcolor rgb '%s'", before, number,
                    script_colour(s));
        before = ", ";
        if (bars->most > 1)
            text_printf(out,
                        ", $bars%zu using 1:3:(0):($4-$3) with vectors heads size graph 0.006,90 linecolor "
                        "rgb '#222222' "
                        "linewidth 0.9",
                        number);
        if (is_labelled(bars))
            text_printf(out, ", $bars%zu using 1:4:5 with labels offset 0,0.6 textcolor rgb '#333333'",
                        number);
    }
    text_add(out, before[0] == 'p' ? "plot NaN\n" : "\n");
}

/* Names below the groups, slanted when they would touch. Returns the room they need. */
static size_t write_ticks(const struct bars *bars, size_t panel_width, struct text *out)
{
    size_t longest = script_legend_width(bars->groups.ticks, bars->groups.count, "");
    longest = longest > 56 ? longest - 56 : 0;
    bool slanted = longest > panel_width / bars->groups.count;
    text_printf(out, "set xtics scale 0 %s (", slanted ? "rotate by 30 right" : "norotate");
    for (size_t g = 0; g < bars->groups.count; g++) {
        text_add(out, g > 0 ? ", " : "");
        script_quote_short(out, bars->groups.ticks[g], SCRIPT_LABEL_MOST);
        text_printf(out, " %zu", g);
    }
    text_add(out, ")\n");
    return slanted ? 40 + longest / 2 : 0;
}

static void write_legend(const struct bars *bars, const struct script_layout *layout, struct text *out)
{
    struct text entries = {0}, heading = {0};
    axis_heading(&bars->series, bars->request, &heading);
    for (size_t s = 0; s < bars->series.count; s++) {
        text_printf(&entries, "%sNaN with boxes fillcolor rgb '%s' title ", s > 0 ? ", " : "",
                    script_colour(s));
        script_quote_short(&entries, axis_entries(&bars->series)[s], SCRIPT_LABEL_MOST);
    }
    script_legend(out, layout, text_string(&heading), text_string(&entries));
    text_fini(&entries);
    text_fini(&heading);
}

static int write_script(const struct bars *bars, struct text *out, struct err *err)
{
    const struct plot_request *request = bars->request;
    struct script_layout layout = {.format = request->format,
                                   .width = request->width,
                                   .height = request->height,
                                   .panels = bars->panels.count,
                                   .row_labels = true};
    struct text title = {0}, note = {0}, ticks = {0}, x = {0};
    double low, high;
    axis_heading(&bars->series, request, &x);
    layout.legend_width =
        script_legend_width(axis_entries(&bars->series), bars->series.count, text_string(&x));
    text_clear(&x);
    layout.bottom = write_ticks(bars, layout.panels == 1 ? 560 : 300, &ticks);
    int rc = script_arrange(&layout, err);
    if (rc != ERR_OK)
        goto out;
    plot_title(request, &title);
    axis_title(&bars->groups, request, &x);
    measure_note(bars->fewest, bars->most, "interval", &note);
    if (is_labelled(bars) && strcmp(bars->measure.name, "test_accuracy") == 0)
        text_printf(&note, "%snumbers: per cent", note.length > 0 ? "; " : "");
    if (bars->incomplete)
        text_printf(&note, "%sno bar: a run diverged", note.length > 0 ? "; " : "");
    write_data(bars, out);
    script_open(out, &layout, text_string(&title), text_string(&note));
    script_labels(out, &layout, text_string(&x), bars->measure.label);
    measure_range(&bars->measure, request, bars->least, bars->greatest, &low, &high);
    text_printf(out, "set boxwidth %.6f absolute\nset xrange [-0.6:%.6f]\nset yrange [%.9g:%.9g]\n%s",
                0.8 / (double)bars->series.count, (double)bars->groups.count - 0.4, low,
                request->has_range ? high : high + 0.06 * (high - low), text_string(&ticks));
    if (!request->has_range && low == 0 && high == 1)
        text_add(out, "set ytics 0,0.2,1\n");
    for (size_t p = 0; p < bars->panels.count; p++) {
        script_panel(out, &layout, p, bars->panels.labels[p]);
        write_panel(bars, p, out);
    }
    write_legend(bars, &layout, out);
out:
    text_fini(&title);
    text_fini(&note);
    text_fini(&ticks);
    text_fini(&x);
    return rc;
}

/* Rules across, attacks in colour, everything else in panels; what differs least is never left out. */
static int take_axes(struct bars *bars, struct err *err)
{
    const struct plot_request *request = bars->request;
    const struct records *records = request->records;
    struct fields left = {0};
    int rc = axis_free_keys(records, &left, err);
    bool attacks = false;
    for (size_t k = 0; rc == ERR_OK && k < left.count; k++)
        attacks |= strncmp(left.keys[k], "attack.", 7) == 0;
    if (rc == ERR_OK && request->facet != NULL)
        rc = axis_take(&bars->panels, request, &left, request->facet, true, err);
    if (rc == ERR_OK && request->series != NULL)
        rc = axis_take(&bars->series, request, &left, request->series, true, err);
    if (rc == ERR_OK)
        rc = axis_take(&bars->groups, request, &left, request->x == NULL ? "server" : request->x,
                       request->x != NULL, err);
    if (rc == ERR_OK && request->series == NULL)
        rc = axis_take(&bars->series, request, &left, attacks && request->facet == NULL ? "attack" : "",
                       false, err);
    if (rc == ERR_OK && request->x == NULL && bars->groups.keys.count == 0) {
        axis_fini(&bars->groups); /* no rule differs: the colours' keys go below the bars instead */
        bars->groups = bars->series;
        bars->series = (struct axis){0};
        rc = axis_take(&bars->series, request, &left, NULL, false, err);
    }
    if (rc == ERR_OK && request->facet == NULL)
        rc = axis_take(&bars->panels, request, &left, "", false, err);
    if (rc == ERR_OK)
        rc = axis_check_left(&left, err);
    fields_fini(&left);
    return rc;
}

static int check(const struct bars *bars, struct err *err)
{
    bool any = false;
    for (size_t r = 0; r < bars->request->records->count; r++)
        any |= cJSON_IsNumber(fields_find(&bars->request->records->items[r], bars->measure.name));
    if (!any) {
        int rc = fields_check(bars->request->records, bars->measure.name, err);
        return rc != ERR_OK
                   ? rc
                   : err_set(err, ERR_CONFIG, "\"%s\" is no number in any result", bars->measure.name);
    }
    if (bars->groups.count > GROUPS_MOST || bars->series.count > SCRIPT_COLOURS ||
        bars->panels.count > PLOT_PANELS_MOST)
        return err_set(
            err, ERR_CONFIG,
            "%zu groups of %zu bars in %zu panels are too many for one plot (at most %d, %d and %d): "
            "choose with --where, or arrange with --x, --series and --facet",
            bars->groups.count, bars->series.count, bars->panels.count, GROUPS_MOST, SCRIPT_COLOURS,
            PLOT_PANELS_MOST);
    return ERR_OK;
}

static int write(const struct plot_request *request, struct text *script, struct err *err)
{
    struct bars bars = {.request = request, .measure = measure_of(request)};
    int rc = take_axes(&bars, err);
    if (rc == ERR_OK)
        rc = check(&bars, err);
    if (rc == ERR_OK)
        rc = fill(&bars, err);
    if (rc == ERR_OK) {
        survey(&bars);
        rc = write_script(&bars, script, err);
    }
    mem_free(bars.spreads);
    axis_fini(&bars.groups);
    axis_fini(&bars.series);
    axis_fini(&bars.panels);
    return rc;
}

const struct plot_kind plot_bars = {
    .name = "bars",
    .summary = "final figures as grouped bars: rules across, attacks in colour",
    .options = PLOT_METRIC | PLOT_X | PLOT_SERIES | PLOT_FACET | PLOT_RANGE,
    .write = write,
};
