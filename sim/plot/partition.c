/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the data is spread: the samples of each class that each worker holds. */
#include "sim/base/mem.h"
#include "sim/plot/axis.h"
#include "sim/plot/plot.h"
#include "sim/plot/script.h"
#include "sim/plot/workers.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { CLASSES_NAMED = 20 };

struct partition {
    const struct plot_request *request;
    struct axis panels;
    size_t workers, classes;
    double greatest;
    bool several_seeds;
};

static const cJSON *counts_of(const struct record *record)
{
    const cJSON *partition = cJSON_GetObjectItemCaseSensitive(record->json, "partition");
    return cJSON_GetObjectItemCaseSensitive(partition, "label_counts");
}

static const struct record *example_of(const struct partition *partition, size_t panel)
{
    size_t r = 0;
    while (partition->panels.place[r] != panel)
        r++;
    return &partition->request->records->items[r];
}

/* A row for each worker: the classes piled up, class c from column 2 + c to column 3 + c. */
static void write_data(struct partition *partition, size_t panel, struct text *out)
{
    const cJSON *worker = NULL, *count = NULL;
    size_t w = 0;
    text_printf(out, "$panel%zu << EOD\n", panel);
    cJSON_ArrayForEach(worker, counts_of(example_of(partition, panel)))
    {
        double sum = 0;
        text_printf(out, "%zu 0", w++);
        cJSON_ArrayForEach(count, worker)
        {
            sum += cJSON_IsNumber(count) ? count->valuedouble : 0;
            text_printf(out, " %.9g", sum);
        }
        text_add(out, "\n");
        partition->greatest = fmax(partition->greatest, sum);
        size_t classes = (size_t)cJSON_GetArraySize(worker);
        partition->classes = classes > partition->classes ? classes : partition->classes;
    }
    text_add(out, "EOD\n");
    partition->workers = w > partition->workers ? w : partition->workers;
}

static size_t classes_of(const struct partition *partition, size_t panel)
{
    const cJSON *first = cJSON_GetArrayItem(counts_of(example_of(partition, panel)), 0);
    return (size_t)cJSON_GetArraySize(first);
}

/* Byzantine workers stand on a grey ground. */
static void write_ground(const struct partition *partition, size_t panel, struct text *out)
{
    const struct record *example = example_of(partition, panel);
    text_add(out, "unset object\n");
    for (size_t w = 0; w < partition->workers; w++)
        if (workers_byzantine(example->json, w))
            text_printf(out,
                        "set object %zu rectangle from first %.2f, graph 0 to first %.2f, graph 1 behind "
                        "fillcolor rgb "
                        "'#E6E6E6' fillstyle solid noborder\n",
                        w + 1, (double)w - 0.5, (double)w + 0.5);
}

static void write_panel(const struct partition *partition, size_t panel, struct text *out)
{
    char colour[8];
    size_t classes = classes_of(partition, panel);
    write_ground(partition, panel, out);
    text_add(out, "plot ");
    for (size_t c = 0; c < classes; c++) {
        script_class_colour(c, partition->classes, colour);
        text_printf(out,
                    "%s$panel%zu using 1:%zu:($1-0.42):($1+0.42):%zu:%zu with boxxyerror fillcolor rgb '%s'",
                    c > 0 ? ", " : "", panel, c + 2, c + 2, c + 3, colour);
    }
    text_add(out, "\n");
}

static void write_legend(const struct partition *partition, const struct script_layout *layout,
                         struct text *out)
{
    struct text entries = {0};
    char colour[8];
    size_t step = (partition->classes + CLASSES_NAMED - 1) / CLASSES_NAMED;
    for (size_t c = 0; c < partition->classes; c += step) {
        script_class_colour(c, partition->classes, colour);
        text_printf(&entries, "%sNaN with boxes fillcolor rgb '%s' title 'class %zu'", c > 0 ? ", " : "",
                    colour, c);
    }
    script_legend(out, layout, "", text_string(&entries));
    text_fini(&entries);
}

static void write_note(const struct partition *partition, struct text *out)
{
    const cJSON *json = partition->request->records->items[0].json;
    bool attackers = false;
    for (size_t w = 0; w < partition->workers; w++)
        attackers |= workers_byzantine(json, w);
    if (attackers)
        text_add(out, "grey ground: Byzantine workers");
    if (partition->several_seeds)
        text_printf(out, "%sthe first of several seeds is shown", out->length > 0 ? "; " : "");
}

static int write_script(struct partition *partition, struct text *out, struct err *err)
{
    const struct plot_request *request = partition->request;
    struct script_layout layout = {.format = request->format,
                                   .width = request->width,
                                   .height = request->height,
                                   .panels = partition->panels.count,
                                   .legend_width = 112};
    struct text title = {0}, note = {0};
    int rc = script_arrange(&layout, err);
    if (rc != ERR_OK)
        goto out;
    for (size_t p = 0; p < partition->panels.count; p++)
        write_data(partition, p, out);
    plot_title(request, &title);
    write_note(partition, &note);
    script_open(out, &layout, text_string(&title), text_string(&note));
    script_labels(out, &layout, "worker", "training samples");
    workers_axis(out, partition->workers, layout.panel_width);
    text_printf(out, "set yrange [0:%.9g]\n", partition->greatest > 0 ? 1.04 * partition->greatest : 1);
    for (size_t p = 0; p < partition->panels.count; p++) {
        script_panel(out, &layout, p, partition->panels.labels[p]);
        write_panel(partition, p, out);
    }
    write_legend(partition, &layout, out);
out:
    text_fini(&title);
    text_fini(&note);
    return rc;
}

/* What changes a partition; rules and attacks do not. */
static int keep_data_keys(struct fields *left, struct fields *kept, struct err *err)
{
    static const char *const prefixes[] = {"data.", "workers.count", "workers.byzantine"};
    bool good = true;
    for (size_t k = 0; k < left->count; k++)
        for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
            if (strncmp(left->keys[k], prefixes[i], strlen(prefixes[i])) == 0)
                good = fields_add(kept, left->keys[k]) && good;
    return good ? ERR_OK : err_set(err, ERR_MEMORY, "out of memory");
}

static int take_axes(struct partition *partition, struct err *err)
{
    const struct plot_request *request = partition->request;
    struct fields left = {0}, kept = {0};
    int rc = axis_free_keys(request->records, &left, err);
    if (rc == ERR_OK)
        rc = keep_data_keys(&left, &kept, err);
    if (rc == ERR_OK)
        rc = axis_take(&partition->panels, request, &kept, "", false, err);
    fields_fini(&left);
    fields_fini(&kept);
    if (rc == ERR_OK && partition->panels.count > PLOT_PANELS_MOST)
        rc =
            err_set(err, ERR_CONFIG, "%zu panels are too many for one plot (at most %d): choose with --where",
                    partition->panels.count, PLOT_PANELS_MOST);
    return rc;
}

static int check(struct partition *partition, struct err *err)
{
    const struct records *records = partition->request->records;
    const cJSON *first = fields_find(&records->items[0], "config.seed");
    for (size_t r = 0; r < records->count; r++)
        partition->several_seeds |=
            !cJSON_Compare(first, fields_find(&records->items[r], "config.seed"), true);
    for (size_t p = 0; p < partition->panels.count; p++)
        if (classes_of(partition, p) == 0)
            return err_set(err, ERR_CONFIG, "%s: its data has no classes to count",
                           example_of(partition, p)->path);
    return ERR_OK;
}

static int write(const struct plot_request *request, struct text *script, struct err *err)
{
    struct partition partition = {.request = request};
    int rc = take_axes(&partition, err);
    if (rc == ERR_OK)
        rc = check(&partition, err);
    if (rc == ERR_OK)
        rc = write_script(&partition, script, err);
    axis_fini(&partition.panels);
    return rc;
}

const struct plot_kind plot_partition = {
    .name = "partition",
    .summary = "how the data is spread: samples of each class at each worker",
    .options = 0,
    .write = write,
};
