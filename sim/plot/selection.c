/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who was selected: the mean weight that the rule gave to each worker. */
#include "sim/base/mem.h"
#include "sim/plot/axis.h"
#include "sim/plot/measure.h"
#include "sim/plot/script.h"
#include "sim/plot/workers.h"

#include <math.h>
#include <string.h>

struct selection {
    const struct plot_request *request;
    struct axis panels;
    size_t workers, most; /* workers: the most of any result; most: runs in a panel */
    double greatest;
};

static const cJSON *weights_of(const struct record *record)
{
    const cJSON *selection = cJSON_GetObjectItemCaseSensitive(record->json, "selection");
    return cJSON_GetObjectItemCaseSensitive(selection, "mean_weight");
}

/* Results of rules that do not tell weights have nothing to show. */
static int tells_weights(const void *context, const struct record *record)
{
    (void)context;
    return cJSON_GetArraySize(weights_of(record)) > 0;
}

/* The first run of a panel: it tells how many workers there are and which attack. */
static const struct record *example_of(const struct selection *selection, size_t panel)
{
    size_t r = 0;
    while (selection->panels.place[r] != panel)
        r++;
    return &selection->request->records->items[r];
}

/* One data set of honest workers and one of Byzantine ones: worker, mean, low, high over the runs. */
static void write_data(struct selection *selection, size_t panel, bool byzantine, double *values,
                       struct text *out)
{
    const struct records *records = selection->request->records;
    const struct record *example = example_of(selection, panel);
    size_t workers = (size_t)cJSON_GetArraySize(weights_of(example));
    text_printf(out, "$%s%zu << EOD\n", byzantine ? "byzantine" : "honest", panel);
    for (size_t w = 0; w < workers; w++) {
        size_t count = 0;
        for (size_t r = 0; r < records->count; r++) {
            const cJSON *weight = cJSON_GetArrayItem(weights_of(&records->items[r]), (int)w);
            if (selection->panels.place[r] == panel && cJSON_IsNumber(weight))
                values[count++] = weight->valuedouble;
        }
        struct spread spread = measure_spread(values, count);
        selection->most = count > selection->most ? count : selection->most;
        if (count > 0)
            selection->greatest = fmax(selection->greatest, spread.mean + spread.half);
        if (count > 0 && workers_byzantine(example->json, w) == byzantine)
            text_printf(out, "%zu %.9g %.9g %.9g\n", w, spread.mean, fmax(0, spread.mean - spread.half),
                        spread.mean + spread.half);
    }
    text_add(out, "EOD\n");
    selection->workers = workers > selection->workers ? workers : selection->workers;
}

static void write_panel(const struct selection *selection, size_t panel, struct text *out)
{
    static const char *const groups[] = {"honest", "byzantine"};
    const struct record *example = example_of(selection, panel);
    size_t workers = (size_t)cJSON_GetArraySize(weights_of(example)), attackers = 0;
    for (size_t w = 0; w < workers; w++)
        attackers += workers_byzantine(example->json, w);
    text_add(out, "plot ");
    for (size_t g = 0; g < 2; g++) {
        if ((g == 0 ? workers - attackers : attackers) == 0)
            continue;
        text_printf(out, "$%s%zu using 1:2 with boxes fillcolor rgb '%s', ", groups[g], panel,
                    script_colour(g));
        if (selection->most > 1)
            text_printf(out,
                        "$%s%zu using 1:3:(0):($4-$3) with vectors heads size graph 0.006,90 linecolor rgb "
                        "'#222222', ",
                        groups[g], panel);
    }
    text_printf(out, "%.9g with lines linecolor rgb '#222222' dashtype (14,7) linewidth 1.2\n",
                1 / (double)workers);
}

static int write_script(struct selection *selection, double *values, struct text *out, struct err *err)
{
    const struct plot_request *request = selection->request;
    struct script_layout layout = {.format = request->format,
                                   .width = request->width,
                                   .height = request->height,
                                   .panels = selection->panels.count,
                                   .legend_width = 150};
    struct text title = {0}, note = {0}, legend = {0};
    int rc = script_arrange(&layout, err);
    if (rc != ERR_OK)
        goto out;
    for (size_t p = 0; p < selection->panels.count; p++) {
        write_data(selection, p, false, values, out);
        write_data(selection, p, true, values, out);
    }
    plot_title(request, &title);
    measure_note(selection->most, selection->most, "interval", &note);
    const char *redrawn = workers_note(request->records->items[0].json);
    text_printf(&note, "%s%s", note.length > 0 && redrawn[0] != '\0' ? "; " : "", redrawn);
    script_open(out, &layout, text_string(&title), text_string(&note));
    script_labels(out, &layout, "worker", "mean weight in the aggregate");
    workers_axis(out, selection->workers, layout.panel_width);
    text_printf(out, "set boxwidth 0.8 absolute\nset yrange [0:%.9g]\n",
                selection->greatest > 0 ? 1.08 * selection->greatest : 1);
    for (size_t p = 0; p < selection->panels.count; p++) {
        script_panel(out, &layout, p, selection->panels.labels[p]);
        write_panel(selection, p, out);
    }
    text_printf(&legend,
                "NaN with boxes fillcolor rgb '%s' title 'honest', NaN with boxes fillcolor rgb '%s' title "
                "'Byzantine', "
                "NaN with lines linecolor rgb '#222222' dashtype (14,7) linewidth 1.2 title 'equal weights'",
                script_colour(0), script_colour(1));
    script_legend(out, &layout, "", text_string(&legend));
out:
    text_fini(&legend);
    text_fini(&title);
    text_fini(&note);
    return rc;
}

static int take_axes(struct selection *selection, struct err *err)
{
    const struct plot_request *request = selection->request;
    struct fields left = {0};
    int rc = axis_free_keys(request->records, &left, err);
    if (rc == ERR_OK)
        rc = axis_take(&selection->panels, request, &left, "", false, err);
    fields_fini(&left);
    if (rc == ERR_OK && selection->panels.count > PLOT_PANELS_MOST)
        rc =
            err_set(err, ERR_CONFIG, "%zu panels are too many for one plot (at most %d): choose with --where",
                    selection->panels.count, PLOT_PANELS_MOST);
    return rc;
}

/* The records of the request are the caller's: this is a list of those that have something to show. */
static int choose(const struct plot_request *request, struct records *chosen, struct err *err)
{
    chosen->items = mem_array(request->records->count, sizeof *chosen->items, err);
    for (size_t r = 0; chosen->items != NULL && r < request->records->count; r++)
        if (tells_weights(NULL, &request->records->items[r]))
            chosen->items[chosen->count++] = request->records->items[r];
    if (chosen->items == NULL)
        return ERR_MEMORY;
    return chosen->count > 0
               ? ERR_OK
               : err_set(err, ERR_CONFIG,
                         "no result tells weights: rules that select or weight messages do (krum, mda, "
                         "geometric_median), rules that work by coordinate (median) do not");
}

static int write(const struct plot_request *request, struct text *script, struct err *err)
{
    struct records chosen = {0};
    struct plot_request with_weights = *request;
    struct selection selection = {.request = &with_weights};
    int rc = choose(request, &chosen, err);
    with_weights.records = &chosen;
    if (rc == ERR_OK)
        rc = take_axes(&selection, err);
    double *values = rc == ERR_OK ? mem_array(chosen.count, sizeof *values, err) : NULL;
    if (values != NULL)
        rc = write_script(&selection, values, script, err);
    rc = rc == ERR_OK && values == NULL ? ERR_MEMORY : rc;
    mem_free(values);
    mem_free(chosen.items);
    axis_fini(&selection.panels);
    return rc;
}

const struct plot_kind plot_selection = {
    .name = "selection",
    .summary = "who was selected: the mean weight of each worker in the aggregate",
    .options = 0,
    .write = write,
};
