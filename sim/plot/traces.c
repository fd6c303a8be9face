/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/plot/traces.h"
#include "sim/base/mem.h"

#include <math.h>

enum { POINTS_MARKED = 16 };

static const char bound_style[] = "linecolor rgb '%s' dashtype (14,7) linewidth 1.2";
static const char bound_words[] = "bound κ";

int traces_make(struct traces *traces, struct err *err)
{
    size_t count = traces->panels * traces->series->count;
    traces->items = mem_array(count, sizeof *traces->items, err);
    for (size_t i = 0; traces->items != NULL && i < count; i++)
        traces->items[i].kappa = (double)NAN;
    return traces->items == NULL ? ERR_MEMORY : ERR_OK;
}

void traces_fini(struct traces *traces)
{
    for (size_t i = 0; traces->items != NULL && i < traces->panels * traces->series->count; i++)
        mem_free(traces->items[i].rows);
    mem_free(traces->items);
    traces->items = NULL;
}

void traces_write_data(const struct traces *traces, struct text *out)
{
    for (size_t i = 0; i < traces->panels * traces->series->count; i++) {
        const struct trace *trace = &traces->items[i];
        text_printf(out, "$line%zu << EOD\n", i);
        for (size_t p = 0; p < trace->points; p++) {
            const double *row = &trace->rows[4 * p];
            if (isnan(row[1]))
                text_add(out, "\n");
            else
                text_printf(out, "%.17g %.9g %.9g %.9g\n", row[0], row[1], row[2], row[3]);
        }
        text_add(out, "EOD\n");
    }
}

/* Filled and empty circles, squares, triangles, ... */
static int sign_of(size_t series)
{
    static const int signs[SCRIPT_COLOURS] = {7, 5, 9, 13, 11, 6, 4, 8};
    return signs[series % SCRIPT_COLOURS];
}

static void write_style(const struct traces *traces, size_t series, bool points, struct text *out)
{
    if (traces->pointed)
        text_printf(out, "with linespoints pointtype %d pointsize 0.65 ", sign_of(series));
    else
        text_add(out, points ? "with linespoints pointtype 7 pointsize 0.45 " : "with lines ");
    text_printf(out, "linecolor rgb '%s' dashtype %zu linewidth 1.8", script_colour(series),
                script_dash(series));
}

static void write_mark_style(size_t mark, struct text *out)
{
    static const char *const dashes[] = {"(3,4)", "(9,4)", "(9,4,3,4)", "(2,2)"};
    /* gnuplot's svg draws neighbours of one colour and width as one path, whatever their dashes are. */
    text_printf(out, "linecolor rgb '#4444%zu' dashtype %s linewidth 1.3", 44 + mark,
                dashes[mark % (sizeof dashes / sizeof dashes[0])]);
}

static void write_marks(const struct plot_request *request, struct text *out)
{
    for (size_t m = 0; m < request->mark_count; m++) {
        double at = request->marks[m].at;
        text_printf(out, "set arrow %zu from %.9g, graph 0 to %.9g, graph 1 nohead back ", m + 1, at, at);
        write_mark_style(m, out);
        text_add(out, "\n");
    }
}

static bool has_points(const struct trace *trace)
{
    for (size_t p = 0; p < trace->points; p++)
        if (!isnan(trace->rows[4 * p + 1]))
            return true;
    return false;
}

void traces_write_panel(const struct traces *traces, size_t panel, struct text *out)
{
    size_t first = panel * traces->series->count;
    const char *before = "plot ";
    write_marks(traces->request, out);
    for (size_t s = 0; s < traces->series->count; s++) {
        const struct trace *trace = &traces->items[first + s];
        if (trace->runs < 2 || !has_points(trace))
            continue;
        text_printf(
            out,
            "%s$line%zu using 1:3:4 with filledcurves fillcolor rgb '%s' fillstyle transparent solid 0.18",
            before, first + s, script_colour(s));
        before = ", ";
    }
    for (size_t s = 0; s < traces->series->count; s++) {
        const struct trace *trace = &traces->items[first + s];
        if (!has_points(trace))
            continue;
        text_printf(out, "%s$line%zu using 1:2 ", before, first + s);
        write_style(traces, s, trace->points <= POINTS_MARKED, out);
        before = ", ";
        if (isfinite(trace->kappa)) {
            text_printf(out, ", %.9g with lines ", trace->kappa);
            text_printf(out, bound_style, script_colour(s));
        }
    }
    text_add(out, before[0] == 'p' ? "plot NaN\n" : "\n");
}

static bool shows_bound(const struct traces *traces)
{
    for (size_t i = 0; i < traces->panels * traces->series->count; i++)
        if (isfinite(traces->items[i].kappa))
            return true;
    return false;
}

size_t traces_legend_width(const struct traces *traces)
{
    struct text heading = {0};
    axis_heading(traces->series, traces->request, &heading);
    bool alone = traces->series->count <= 1;
    size_t width = alone ? 0
                         : script_legend_width(axis_entries(traces->series), traces->series->count,
                                               text_string(&heading));
    for (size_t m = 0; m < traces->request->mark_count; m++) {
        const char *const words[] = {traces->request->marks[m].words, bound_words};
        size_t wanted = script_legend_width((char *const *)words, 2, "");
        width = wanted > width ? wanted : width;
    }
    text_fini(&heading);
    return width;
}

void traces_write_legend(const struct traces *traces, const struct script_layout *layout, struct text *out)
{
    struct text entries = {0}, heading = {0};
    axis_heading(traces->series, traces->request, &heading);
    const char *between = "";
    for (size_t s = 0; traces->series->count > 1 && s < traces->series->count; s++) {
        text_printf(&entries, "%sNaN ", between);
        write_style(traces, s, false, &entries);
        text_add(&entries, " title ");
        script_quote_short(&entries, axis_entries(traces->series)[s], SCRIPT_LABEL_MOST);
        between = ", ";
    }
    if (shows_bound(traces)) {
        text_printf(&entries, "%sNaN with lines ", between);
        text_printf(&entries, bound_style, "#444444");
        text_printf(&entries, " title '%s'", bound_words);
        between = ", ";
    }
    for (size_t m = 0; m < traces->request->mark_count; m++) {
        text_printf(&entries, "%sNaN with lines ", between);
        write_mark_style(m, &entries);
        text_add(&entries, " title ");
        script_quote_short(&entries, traces->request->marks[m].words, SCRIPT_LABEL_MOST);
        between = ", ";
    }
    script_legend(out, layout, traces->series->count > 1 ? text_string(&heading) : "", text_string(&entries));
    text_fini(&entries);
    text_fini(&heading);
}
