/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Heat maps: a final figure over two keys, the worst over the attacks in every cell (Byzantine workers
 * across, heterogeneity upward, one panel for each defence). */
#include "sim/base/mem.h"
#include "sim/plot/axis.h"
#include "sim/plot/measure.h"
#include "sim/plot/script.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { CELLS_MOST = 40 }; /* across, and upward */

struct heatmap {
    const struct plot_request *request;
    struct measure measure;
    struct axis x, y, over, panels;
    double *cells; /* (panels, y, x); NaN: no result */
    double least, greatest;
    size_t fewest, most;
};

/* The mean over the repetitions of one attack in one cell; *complete becomes false when one of them has no
 * number. */
static struct spread mean_of(const struct heatmap *map, size_t panel, size_t y, size_t x, size_t over,
                             double *values, bool *complete)
{
    const struct records *records = map->request->records;
    size_t count = 0;
    for (size_t r = 0; r < records->count; r++) {
        if (map->x.place[r] != x || map->y.place[r] != y || map->over.place[r] != over ||
            map->panels.place[r] != panel)
            continue;
        const cJSON *value = fields_find(&records->items[r], map->measure.name);
        if (value != NULL && cJSON_IsNumber(value))
            values[count++] = value->valuedouble;
        else
            *complete = false;
    }
    return measure_spread(values, count);
}

/* NaN without a result, and where a run diverged: no number is bad enough for that. */
static double worst_of(struct heatmap *map, size_t cell, double *values)
{
    size_t x = cell % map->x.count, y = cell / map->x.count % map->y.count;
    size_t panel = cell / map->x.count / map->y.count;
    double worst = (double)NAN;
    bool complete = true;
    for (size_t over = 0; over < map->over.count; over++) {
        struct spread spread = mean_of(map, panel, y, x, over, values, &complete);
        if (spread.count == 0)
            continue;
        bool worse = map->measure.less_is_better ? spread.mean > worst : spread.mean < worst;
        worst = isnan(worst) || worse ? spread.mean : worst;
        map->fewest = spread.count < map->fewest ? spread.count : map->fewest;
        map->most = spread.count > map->most ? spread.count : map->most;
    }
    return complete ? worst : (double)NAN;
}

static int fill(struct heatmap *map, struct err *err)
{
    size_t count = map->panels.count * map->y.count * map->x.count;
    double *values = mem_array(map->request->records->count, sizeof *values, err);
    map->cells = mem_array(count, sizeof *map->cells, err);
    map->least = (double)INFINITY;
    map->greatest = -(double)INFINITY;
    map->fewest = SIZE_MAX;
    for (size_t i = 0; values != NULL && map->cells != NULL && i < count; i++) {
        map->cells[i] = worst_of(map, i, values);
        map->least = fmin(map->least, map->cells[i]); /* NaN is passed over */
        map->greatest = fmax(map->greatest, map->cells[i]);
    }
    bool good = values != NULL && map->cells != NULL;
    mem_free(values);
    if (good && map->least > map->greatest)
        return err_set(err, ERR_CONFIG, "\"%s\" is no number in any result", map->measure.name);
    return good ? ERR_OK : ERR_MEMORY;
}

/* x, y, value, words, colour of the words; what is missing is a data set of its own. */
static void write_data(const struct heatmap *map, double low, double high, struct text *out)
{
    bool percent = strcmp(map->measure.name, "test_accuracy") == 0;
    for (size_t panel = 0; panel < map->panels.count; panel++) {
        text_printf(out, "$cells%zu << EOD\n", panel);
        for (size_t i = 0; i < map->y.count * map->x.count; i++) {
            double value = map->cells[panel * map->y.count * map->x.count + i];
            if (isnan(value))
                continue;
            bool light = (value - low) / (high - low) > 0.45;
            text_printf(out, percent ? "%zu %zu %.9g %.0f %d\n" : "%zu %zu %.9g %.3g %d\n", i % map->x.count,
                        i / map->x.count, value, percent ? 100 * value : value, light ? 0x000000 : 0xFFFFFF);
        }
        text_add(out, "EOD\n");
    }
}

static void write_ticks(const struct axis *axis, const char *which, struct text *out)
{
    text_printf(out, "set %stics scale 0 (", which);
    for (size_t i = 0; i < axis->count; i++) {
        text_add(out, i > 0 ? ", " : "");
        script_quote_short(out, axis->ticks[i], SCRIPT_LABEL_MOST);
        text_printf(out, " %zu", i);
    }
    text_add(out, ")\n");
}

static bool has_cells(const struct heatmap *map, size_t panel)
{
    size_t count = map->y.count * map->x.count;
    for (size_t i = 0; i < count; i++)
        if (!isnan(map->cells[panel * count + i]))
            return true;
    return false;
}

static void write_panel(const struct heatmap *map, size_t panel, bool words, struct text *out)
{
    text_add(
        out,
        "set object 1 rectangle from graph 0,0 to graph 1,1 behind fillcolor rgb '#E8E8E8' fillstyle solid "
        "noborder\n");
    if (!has_cells(map, panel)) {
        text_add(out, "plot NaN\n");
        return;
    }
    text_printf(
        out, "plot $cells%zu using 1:2:(0.485):(0.485):3 with boxxyerror fillcolor palette fillstyle solid",
        panel);
    if (words)
        text_printf(out, ", $cells%zu using 1:2:4:5 with labels textcolor rgb variable", panel);
    text_add(out, "\n");
}

/* The colour scale stands where other plots have their legend. */
static void write_scale(const struct script_layout *layout, double low, double high, struct text *out)
{
    double width = (double)layout->width;
    text_add(out, "set palette defined (0 '#440154', 1 '#3B528B', 2 '#21918C', 3 '#5EC962', 4 '#FDE725')\n");
    text_printf(
        out,
        "set cbrange [%.9g:%.9g]\nset colorbox vertical user origin screen %.5f,%.5f size screen %.5f,%.5f\n"
        "set cbtics scale 0.5\n",
        low, high, (width - (double)layout->legend_width + 10) / width, 0.25, 16 / width, 0.5);
}

static bool is_complete(const struct heatmap *map)
{
    for (size_t i = 0; i < map->panels.count * map->y.count * map->x.count; i++)
        if (isnan(map->cells[i]))
            return false;
    return true;
}

static void add_note(struct text *out, const char *words)
{
    text_printf(out, "%s%s", out->length > 0 ? "; " : "", words);
}

static void write_note(const struct heatmap *map, struct text *out)
{
    struct text part = {0};
    if (map->over.count > 1) {
        text_printf(&part, "each cell: the worst over %zu values of ", map->over.count);
        axis_title(&map->over, map->request, &part);
        add_note(out, text_string(&part));
    }
    if (map->most > 1) {
        text_clear(&part);
        text_printf(&part, "means of %zu runs", map->most);
        add_note(out, text_string(&part));
    }
    if (strcmp(map->measure.name, "test_accuracy") == 0)
        add_note(out, "numbers: per cent");
    if (!is_complete(map))
        add_note(out, "grey: no result, or a run diverged");
    text_fini(&part);
}

static int write_script(const struct heatmap *map, struct text *out, struct err *err)
{
    const struct plot_request *request = map->request;
    struct script_layout layout = {.format = request->format,
                                   .width = request->width,
                                   .height = request->height,
                                   .panels = map->panels.count,
                                   .legend_width = 84};
    struct text title = {0}, note = {0}, x = {0}, y = {0};
    double low, high;
    layout.panel_width = layout.panels == 1 ? 440 : 260;
    layout.panel_height = layout.panels == 1 ? 340 : 200;
    int rc = script_arrange(&layout, err);
    if (rc != ERR_OK)
        goto out;
    plot_title(request, &title);
    text_printf(&title, ": %s%s", map->over.count > 1 ? "worst-case " : "", map->measure.label);
    write_note(map, &note);
    axis_title(&map->x, request, &x);
    axis_title(&map->y, request, &y);
    measure_range(&map->measure, request, map->least, map->greatest, &low, &high);
    write_data(map, low, high, out);
    script_open(out, &layout, text_string(&title), text_string(&note));
    script_labels(out, &layout, text_string(&x), text_string(&y));
    write_scale(&layout, low, high, out);
    text_printf(out, "unset grid\nset border 0\nset xrange [-0.5:%.1f]\nset yrange [-0.5:%.1f]\n",
                (double)map->x.count - 0.5, (double)map->y.count - 0.5);
    write_ticks(&map->x, "x", out);
    bool words = layout.panel_width / map->x.count >= 26 && layout.panel_height / map->y.count >= 14;
    for (size_t p = 0; p < map->panels.count; p++) {
        script_panel(out, &layout, p, map->panels.labels[p]);
        if (p % layout.columns == 0)
            write_ticks(&map->y, "y", out);
        else
            text_add(out, "unset ytics\n");
        text_add(out, p > 0 ? "unset colorbox\n" : "");
        write_panel(map, p, words, out);
    }
out:
    text_fini(&title);
    text_fini(&note);
    text_fini(&x);
    text_fini(&y);
    return rc;
}

static bool varies_below(const struct fields *keys, const char *prefix)
{
    size_t length = strlen(prefix);
    for (size_t i = 0; i < keys->count; i++)
        if (strncmp(keys->keys[i], prefix, length) == 0)
            return true;
    return false;
}

static int take_axes(struct heatmap *map, struct err *err)
{
    const struct plot_request *request = map->request;
    const struct records *records = request->records;
    struct fields left = {0};
    int rc = axis_free_keys(records, &left, err);
    if (rc == ERR_OK && ((request->x == NULL && !varies_below(&left, "workers.byzantine")) ||
                         (request->y == NULL && !varies_below(&left, "data."))))
        rc = err_set(
            err, ERR_CONFIG,
            "a heat map needs two keys that differ, by default workers.byzantine and one of \"data\": name "
            "others with --x KEY and --y KEY");
    if (rc == ERR_OK)
        rc = axis_take(&map->x, request, &left, request->x == NULL ? "workers.byzantine" : request->x, true,
                       err);
    if (rc == ERR_OK)
        rc = axis_take(&map->y, request, &left, request->y == NULL ? "data" : request->y, true, err);
    if (rc == ERR_OK)
        rc = axis_take(&map->over, request, &left, request->over == NULL ? "attack" : request->over,
                       request->over != NULL, err);
    if (rc == ERR_OK)
        rc = axis_take(&map->panels, request, &left, request->facet == NULL ? "" : request->facet,
                       request->facet != NULL, err);
    if (rc == ERR_OK)
        rc = axis_check_left(&left, err);
    fields_fini(&left);
    if (rc == ERR_OK &&
        (map->x.count > CELLS_MOST || map->y.count > CELLS_MOST || map->panels.count > PLOT_PANELS_MOST))
        rc = err_set(
            err, ERR_CONFIG,
            "%zu x %zu cells in %zu panels are too many for one plot (at most %d x %d in %d): choose with "
            "--where",
            map->x.count, map->y.count, map->panels.count, CELLS_MOST, CELLS_MOST, PLOT_PANELS_MOST);
    return rc;
}

static int write(const struct plot_request *request, struct text *script, struct err *err)
{
    struct heatmap map = {.request = request, .measure = measure_of(request)};
    int rc = fields_check(request->records, map.measure.name, err);
    if (rc == ERR_OK)
        rc = take_axes(&map, err);
    if (rc == ERR_OK)
        rc = fill(&map, err);
    if (rc == ERR_OK)
        rc = write_script(&map, script, err);
    mem_free(map.cells);
    axis_fini(&map.x);
    axis_fini(&map.y);
    axis_fini(&map.over);
    axis_fini(&map.panels);
    return rc;
}

const struct plot_kind plot_heatmap = {
    .name = "heatmap",
    .summary = "a final figure over two keys, the worst over the attacks in each cell",
    .options = PLOT_METRIC | PLOT_X | PLOT_Y | PLOT_OVER | PLOT_FACET | PLOT_RANGE,
    .write = write,
};
