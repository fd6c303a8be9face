/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Trends: a final figure against a number of the configuration, one line for each setting, with the band of
 * its repetitions. */
#include "sim/base/mem.h"
#include "sim/plot/measure.h"
#include "sim/plot/traces.h"
#include "sim/plot/words.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { TICK_ROOM = 30 /* pixels between ticks that stand at the values themselves */ };

struct trend {
    const struct plot_request *request;
    struct measure measure;
    struct axis x, series, panels;
    struct traces traces;
    double least, greatest;
    size_t fewest, most;
    bool incomplete; /* a run has no number */
};

/* The runs behind one point. Without a number in one of them, as after a divergence, there is no point: the
 * mean of the others would flatter. */
static struct spread spread_of(struct trend *trend, size_t panel, size_t series, size_t x, double *values)
{
    const struct records *records = trend->request->records;
    size_t count = 0, runs = 0;
    for (size_t r = 0; r < records->count; r++) {
        if (trend->panels.place[r] != panel || trend->series.place[r] != series || trend->x.place[r] != x)
            continue;
        const cJSON *value = fields_find(&records->items[r], trend->measure.name);
        runs++;
        if (value != NULL && cJSON_IsNumber(value))
            values[count++] = value->valuedouble;
    }
    trend->incomplete |= count < runs;
    if (runs > 0) {
        trend->fewest = runs < trend->fewest ? runs : trend->fewest;
        trend->most = runs > trend->most ? runs : trend->most;
    }
    return measure_spread(values, count == runs ? count : 0);
}

/* An interval does not leave what the figure can be. */
static void fill_row(struct trend *trend, double x, const struct spread *spread, double row[4])
{
    const struct measure *measure = &trend->measure;
    row[0] = x;
    row[1] = spread->mean;
    row[2] = spread->mean - spread->half;
    row[3] = spread->mean + spread->half;
    row[2] = isfinite(measure->low) ? fmax(measure->low, row[2]) : row[2];
    row[3] = isfinite(measure->high) ? fmin(measure->high, row[3]) : row[3];
    for (size_t k = 1; k < 4 && spread->count > 0; k++)
        if (!trend->request->logarithmic || row[k] > 0) {
            trend->least = fmin(trend->least, row[k]);
            trend->greatest = fmax(trend->greatest, row[k]);
        }
}

/* The places that a series has no run at are passed over; those where a run diverged break the line. */
static int fill_line(struct trend *trend, size_t panel, size_t series, double *values, struct err *err)
{
    struct trace *trace = &trend->traces.items[panel * trend->series.count + series];
    trace->rows = mem_array(4 * trend->x.count, sizeof *trace->rows, err);
    for (size_t x = 0; trace->rows != NULL && x < trend->x.count; x++) {
        bool any = false;
        for (size_t r = 0; r < trend->request->records->count; r++)
            any |=
                trend->panels.place[r] == panel && trend->series.place[r] == series && trend->x.place[r] == x;
        if (!any)
            continue;
        struct spread spread = spread_of(trend, panel, series, x, values);
        fill_row(trend, trend->x.numbers[x], &spread, &trace->rows[4 * trace->points++]);
        trace->runs = spread.count > trace->runs ? spread.count : trace->runs;
    }
    return trace->rows == NULL ? ERR_MEMORY : ERR_OK;
}

static int fill(struct trend *trend, struct err *err)
{
    double *values = mem_array(trend->request->records->count, sizeof *values, err);
    int rc = values == NULL ? ERR_MEMORY : traces_make(&trend->traces, err);
    trend->least = (double)INFINITY;
    trend->greatest = -(double)INFINITY;
    trend->fewest = SIZE_MAX;
    for (size_t i = 0; rc == ERR_OK && i < trend->panels.count * trend->series.count; i++)
        rc = fill_line(trend, i / trend->series.count, i % trend->series.count, values, err);
    mem_free(values);
    if (rc == ERR_OK && trend->least > trend->greatest)
        rc = err_set(err, ERR_CONFIG, "\"%s\" is no number in any result", trend->measure.name);
    return rc;
}

/* From the least to the greatest value of the key and of the marks, with some room. */
static void x_range(const struct trend *trend, double *low, double *high)
{
    *low = trend->x.numbers[0];
    *high = trend->x.numbers[trend->x.count - 1];
    for (size_t m = 0; m < trend->request->mark_count; m++) {
        *low = fmin(*low, trend->request->marks[m].at);
        *high = fmax(*high, trend->request->marks[m].at);
    }
    if (trend->request->logarithmic_x) {
        double room = *high > *low ? pow(*high / *low, 0.02) : 2;
        *low /= room;
        *high *= room;
    } else {
        double room = *high > *low ? 0.02 * (*high - *low) : 1;
        *low -= room;
        *high += room;
    }
}

/* Ticks at the values when they do not crowd a panel of that width; otherwise gnuplot's own. */
static void write_x(const struct trend *trend, size_t panel_width, struct text *out)
{
    double low, high, last = -(double)INFINITY;
    bool logarithmic = trend->request->logarithmic_x, roomy = true;
    x_range(trend, &low, &high);
    for (size_t i = 0; i < trend->x.count; i++) {
        double value = trend->x.numbers[i];
        double at = logarithmic ? log(value / low) / log(high / low) : (value - low) / (high - low);
        roomy = roomy && (at - last) * (double)panel_width >= TICK_ROOM;
        last = at;
    }
    text_printf(out, "%sset xrange [%.9g:%.9g]\n", logarithmic ? "set logscale x\n" : "", low, high);
    if (!roomy)
        return;
    text_add(out, "set xtics (");
    for (size_t i = 0; i < trend->x.count; i++) {
        text_add(out, i > 0 ? ", " : "");
        script_quote_short(out, trend->x.ticks[i], SCRIPT_LABEL_MOST);
        text_printf(out, " %.17g", trend->x.numbers[i]);
    }
    text_add(out, ")\n");
}

static void write_note(const struct trend *trend, struct text *out)
{
    measure_note(trend->fewest, trend->most, "band", out);
    if (trend->incomplete)
        text_printf(out, "%sgap: a run diverged", out->length > 0 ? "; " : "");
    if (trend->request->logarithmic)
        text_printf(out, "%slogarithmic: values of 0 and below are not shown", out->length > 0 ? "; " : "");
}

static int write_script(const struct trend *trend, struct text *out, struct err *err)
{
    const struct plot_request *request = trend->request;
    struct script_layout layout = {.format = request->format,
                                   .width = request->width,
                                   .height = request->height,
                                   .panels = trend->panels.count,
                                   .legend_width = traces_legend_width(&trend->traces)};
    struct text title = {0}, note = {0}, x = {0};
    double low, high;
    int rc = script_arrange(&layout, err);
    if (rc != ERR_OK)
        return rc;
    plot_title(request, &title);
    axis_title(&trend->x, request, &x);
    write_note(trend, &note);
    traces_write_data(&trend->traces, out);
    script_open(out, &layout, text_string(&title), text_string(&note));
    script_labels(out, &layout, text_string(&x), trend->measure.label);
    measure_range(&trend->measure, request, trend->least, trend->greatest, &low, &high);
    write_x(trend, layout.panel_width, out);
    text_printf(out, "%sset yrange [%.9g:%.9g]\n", request->logarithmic ? "set logscale y\n" : "", low, high);
    for (size_t p = 0; p < trend->panels.count; p++) {
        script_panel(out, &layout, p, trend->panels.labels[p]);
        traces_write_panel(&trend->traces, p, out);
    }
    traces_write_legend(&trend->traces, &layout, out);
    text_fini(&title);
    text_fini(&note);
    text_fini(&x);
    return ERR_OK;
}

static bool is_numeric(const struct records *records, const char *key)
{
    for (size_t r = 0; r < records->count; r++)
        if (!cJSON_IsNumber(fields_find(&records->items[r], key)))
            return false;
    return true;
}

/* The one number that differs, where there is only one. */
static int choose_x(const struct trend *trend, const struct fields *left, const char **x, struct err *err)
{
    struct text names = {0};
    size_t count = 0;
    for (size_t k = 0; k < left->count; k++) {
        const char *key = left->keys[k];
        bool taken = axis_is_below(trend->request->facet, key) || axis_is_below(trend->request->series, key);
        if (taken || !is_numeric(trend->request->records, left->keys[k]))
            continue;
        *x = left->keys[k];
        text_printf(&names, "%s%s", count++ > 0 ? ", " : "", left->keys[k]);
    }
    int rc = ERR_OK;
    if (count == 0)
        rc = err_set(err, ERR_CONFIG,
                     "a trend needs a number that differs between the results, and there is none");
    else if (count > 1)
        rc = err_set(err, ERR_CONFIG, "more than one number differs: choose with --x: %s",
                     text_string(&names));
    text_fini(&names);
    return rc;
}

static int check(const struct trend *trend, struct err *err)
{
    if (!trend->x.numeric)
        return err_set(err, ERR_CONFIG, "--x %s: a trend needs one key that is a number in every result",
                       trend->request->x);
    if (trend->request->logarithmic_x && trend->x.numbers[0] <= 0)
        return err_set(err, ERR_CONFIG, "--log-x: %g has no place on a logarithmic axis; choose with --where",
                       trend->x.numbers[0]);
    for (size_t m = 0; m < trend->request->mark_count; m++)
        if (trend->request->logarithmic_x && trend->request->marks[m].at <= 0)
            return err_set(err, ERR_CONFIG, "--mark: %g has no place on a logarithmic axis",
                           trend->request->marks[m].at);
    if (trend->series.count > TRACES_MOST || trend->panels.count > PLOT_PANELS_MOST)
        return err_set(
            err, ERR_CONFIG,
            "%zu lines in %zu panels are too many for one plot (at most %d in %d): choose with --where, or "
            "split with --facet KEY",
            trend->series.count, trend->panels.count, TRACES_MOST, PLOT_PANELS_MOST);
    return ERR_OK;
}

/* One number across; what else differs makes lines, or panels where the lines were named. */
static int take_axes(struct trend *trend, struct err *err)
{
    const struct plot_request *request = trend->request;
    struct fields left = {0};
    const char *x = request->x, *facet = request->facet;
    char *key = NULL; /* the list of those that are left loses it */
    int rc = axis_free_keys(request->records, &left, err);
    if (rc == ERR_OK && x == NULL)
        rc = choose_x(trend, &left, &x, err);
    if (rc == ERR_OK && (key = text_copy(x)) == NULL)
        rc = err_set(err, ERR_MEMORY, "out of memory");
    if (rc == ERR_OK)
        rc = axis_take(&trend->x, request, &left, key, true, err);
    if (rc == ERR_OK && request->series != NULL)
        rc = axis_take(&trend->series, request, &left, request->series, true, err);
    if (rc == ERR_OK)
        rc = axis_take(&trend->panels, request, &left, facet == NULL && request->series != NULL ? "" : facet,
                       facet != NULL, err);
    if (rc == ERR_OK && request->series == NULL)
        rc = axis_take(&trend->series, request, &left, "", false, err);
    if (rc == ERR_OK)
        rc = axis_check_left(&left, err);
    fields_fini(&left);
    free(key);
    return rc;
}

static int write(const struct plot_request *request, struct text *script, struct err *err)
{
    struct trend trend = {.request = request, .measure = measure_of(request)};
    int rc = fields_check(request->records, trend.measure.name, err);
    if (rc == ERR_OK)
        rc = take_axes(&trend, err);
    if (rc == ERR_OK)
        rc = check(&trend, err);
    trend.traces = (struct traces){
        .request = request, .series = &trend.series, .panels = trend.panels.count, .pointed = true};
    if (rc == ERR_OK)
        rc = fill(&trend, err);
    if (rc == ERR_OK)
        rc = write_script(&trend, script, err);
    traces_fini(&trend.traces);
    axis_fini(&trend.x);
    axis_fini(&trend.series);
    axis_fini(&trend.panels);
    return rc;
}

const struct plot_kind plot_trend = {
    .name = "trend",
    .summary = "a final figure against a number of the configuration",
    .options =
        PLOT_METRIC | PLOT_X | PLOT_SERIES | PLOT_FACET | PLOT_RANGE | PLOT_LOG | PLOT_LOG_X | PLOT_MARK,
    .write = write,
};
