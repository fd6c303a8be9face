/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Curves: a figure against the rounds, one line for each setting, with the band of its repetitions. */
#include "sim/base/mem.h"
#include "sim/plot/axis.h"
#include "sim/plot/measure.h"
#include "sim/plot/script.h"
#include "sim/plot/traces.h"
#include "sim/plot/words.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { POINTS_MOST = 200 };

struct curves {
    const struct plot_request *request;
    struct measure measure;
    struct axis panels, series;
    struct traces traces;
    double least, greatest, last_round;
    size_t fewest, most, block; /* block: rounds that were averaged into a point */
};

/* The table that has the measure: evaluations or rounds. */
static const cJSON *table_of(const struct record *record, const char *name)
{
    const cJSON *metrics = cJSON_GetObjectItemCaseSensitive(record->json, "metrics");
    return cJSON_GetObjectItemCaseSensitive(metrics, name) != NULL
               ? metrics
               : cJSON_GetObjectItemCaseSensitive(record->json, "per_round");
}

static const cJSON *column_of(const struct record *record, const char *table, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(table_of(record, table), name);
}

/* Adds one run to the sums of a line, (length, 3) round, sum, sum of squares. The line ends where the first
 * of its runs ends or has no number: the mean of those that are left would flatter. Returns the new length.
 */
static size_t add_run(const struct record *record, const char *name, bool first, double *sums, size_t length)
{
    const cJSON *values = column_of(record, name, name), *rounds = column_of(record, name, "round");
    const cJSON *value = values == NULL ? NULL : values->child,
                *round = rounds == NULL ? NULL : rounds->child;
    size_t i = 0;
    for (; i < length && value != NULL && round != NULL; i++, value = value->next, round = round->next) {
        double *sum = &sums[3 * i];
        if (!cJSON_IsNumber(value) || !cJSON_IsNumber(round) || (!first && sum[0] != round->valuedouble))
            break;
        sum[0] = round->valuedouble;
        sum[1] += value->valuedouble;
        sum[2] += value->valuedouble * value->valuedouble;
    }
    return i;
}

static size_t longest_column(const struct curves *curves)
{
    size_t most = 0;
    for (size_t r = 0; r < curves->request->records->count; r++) {
        int size = cJSON_GetArraySize(
            column_of(&curves->request->records->items[r], curves->measure.name, curves->measure.name));
        most = (size_t)size > most ? (size_t)size : most;
    }
    return most;
}

/* Sums into points; blocks of rounds become one, so that thousands of rounds make a line and no cloud. */
static void fill_rows(struct trace *trace, size_t together, const double *sums, size_t length,
                      const struct measure *measure)
{
    double n = (double)trace->runs, block = (double)together;
    trace->points = length / together;
    for (size_t p = 0; p < trace->points; p++) {
        double *row = &trace->rows[4 * p], mean = 0, half = 0;
        for (size_t i = p * together; i < (p + 1) * together; i++) {
            double m = sums[3 * i + 1] / n, squares = sums[3 * i + 2] - n * m * m;
            mean += m / block;
            half += measure_half(squares > 0 ? squares : 0, trace->runs) / block;
        }
        row[0] = sums[3 * (p * together + together / 2)];
        row[1] = mean;
        row[2] = isfinite(measure->low) ? fmax(measure->low, mean - half) : mean - half;
        row[3] = isfinite(measure->high) ? fmin(measure->high, mean + half) : mean + half;
    }
}

static bool shows_kappa(const struct curves *curves)
{
    return strcmp(curves->measure.name, "error_ratio") == 0;
}

static double kappa_of(const struct record *record)
{
    const cJSON *kappa = cJSON_GetObjectItemCaseSensitive(record->json, "kappa");
    return cJSON_IsNumber(kappa) ? kappa->valuedouble : (double)NAN;
}

static int fill_line(struct curves *curves, size_t panel, size_t series, struct err *err)
{
    struct trace *trace = &curves->traces.items[panel * curves->series.count + series];
    size_t most = longest_column(curves), length = most;
    double *sums = mem_array(3 * most + 1, sizeof *sums, err);
    if (sums == NULL)
        return ERR_MEMORY;
    curves->block = most > POINTS_MOST ? (most + POINTS_MOST - 1) / POINTS_MOST : 1;
    for (size_t r = 0; r < curves->request->records->count; r++) {
        const struct record *record = &curves->request->records->items[r];
        if (curves->panels.place[r] != panel || curves->series.place[r] != series)
            continue;
        length = add_run(record, curves->measure.name, trace->runs == 0, sums, length);
        trace->kappa = trace->runs++ == 0 && shows_kappa(curves) ? kappa_of(record) : trace->kappa;
    }
    trace->rows = mem_array(4 * (length + 1), sizeof *trace->rows, err);
    if (trace->rows != NULL && trace->runs > 0)
        fill_rows(trace, curves->block, sums, length, &curves->measure);
    mem_free(sums);
    return trace->rows == NULL ? ERR_MEMORY : ERR_OK;
}

static void widen(struct curves *curves, double value)
{
    if (!isfinite(value) || (curves->request->logarithmic && value <= 0))
        return;
    curves->least = fmin(curves->least, value);
    curves->greatest = fmax(curves->greatest, value);
}

/* What all panels share: ranges, repetitions. */
static void survey(struct curves *curves)
{
    curves->least = (double)INFINITY;
    curves->greatest = -(double)INFINITY;
    curves->fewest = SIZE_MAX;
    for (size_t i = 0; i < curves->panels.count * curves->series.count; i++) {
        const struct trace *trace = &curves->traces.items[i];
        for (size_t p = 0; p < trace->points; p++) {
            widen(curves, trace->rows[4 * p + 1]);
            widen(curves, trace->rows[4 * p + 2]);
            widen(curves, trace->rows[4 * p + 3]);
            curves->last_round = fmax(curves->last_round, trace->rows[4 * p]);
        }
        if (trace->points > 0)
            widen(curves, trace->kappa);
        if (trace->runs > 0) {
            curves->fewest = trace->runs < curves->fewest ? trace->runs : curves->fewest;
            curves->most = trace->runs > curves->most ? trace->runs : curves->most;
        }
    }
}

/* An object whose keys may make panels: the variant of a name, or the key itself. */
static void panel_prefix(const char *key, struct text *out)
{
    size_t length = strlen(key);
    bool name = length > 5 && strcmp(key + length - 5, ".name") == 0;
    text_clear(out);
    text_append(out, key, name ? length - 5 : length);
}

/* The lines of one panel, and the panels, as asked for. */
static int take_axes(struct curves *curves, const char *facet, struct err *err)
{
    const struct plot_request *request = curves->request;
    struct fields left = {0};
    axis_fini(&curves->panels);
    axis_fini(&curves->series);
    int rc = axis_free_keys(request->records, &left, err);
    if (rc == ERR_OK && request->series != NULL)
        rc = axis_take(&curves->series, request, &left, request->series, true, err);
    if (rc == ERR_OK)
        rc = axis_take(&curves->panels, request, &left, facet == NULL && request->series != NULL ? "" : facet,
                       request->facet != NULL, err);
    if (rc == ERR_OK && request->series == NULL)
        rc = axis_take(&curves->series, request, &left, "", false, err);
    if (rc == ERR_OK)
        rc = axis_check_left(&left, err);
    fields_fini(&left);
    return rc;
}

static bool is_readable(const struct curves *curves, size_t lines)
{
    return curves->series.count <= lines && curves->panels.count <= PLOT_PANELS_MOST;
}

/* More lines than colours: panels by the first key that makes them readable. */
static int split(struct curves *curves, struct err *err)
{
    const struct plot_request *request = curves->request;
    struct fields keys = {0};
    struct text prefix = {0};
    bool done = is_readable(curves, TRACES_PLAIN) || request->facet != NULL || request->series != NULL;
    int rc = done ? ERR_OK : axis_free_keys(request->records, &keys, err);
    for (size_t k = 0; rc == ERR_OK && !done && k < keys.count; k++) {
        panel_prefix(keys.keys[k], &prefix);
        rc = take_axes(curves, text_string(&prefix), err);
        done = rc == ERR_OK && is_readable(curves, TRACES_PLAIN);
    }
    if (rc == ERR_OK && !done)
        rc = take_axes(curves, NULL, err);
    fields_fini(&keys);
    text_fini(&prefix);
    if (rc == ERR_OK && !is_readable(curves, TRACES_MOST))
        rc = err_set(
            err, ERR_CONFIG,
            "%zu lines in %zu panels are too many for one plot (at most %d in %d): choose with --where, or "
            "split with --facet KEY",
            curves->series.count, curves->panels.count, TRACES_MOST, PLOT_PANELS_MOST);
    return rc;
}

static void write_note(const struct curves *curves, struct text *out)
{
    measure_note(curves->fewest, curves->most, "band", out);
    if (curves->block > 1)
        text_printf(out, "%seach point is the mean of %zu rounds", out->length > 0 ? "; " : "",
                    curves->block);
    if (curves->request->logarithmic)
        text_printf(out, "%slogarithmic: values of 0 and below are not shown", out->length > 0 ? "; " : "");
}

static int write_script(const struct curves *curves, struct text *out, struct err *err)
{
    const struct plot_request *request = curves->request;
    struct script_layout layout = {.format = request->format,
                                   .width = request->width,
                                   .height = request->height,
                                   .panels = curves->panels.count};
    struct text title = {0}, note = {0};
    double low, high;
    layout.legend_width = traces_legend_width(&curves->traces);
    int rc = script_arrange(&layout, err);
    if (rc != ERR_OK)
        goto out;
    plot_title(request, &title);
    write_note(curves, &note);
    traces_write_data(&curves->traces, out);
    script_open(out, &layout, text_string(&title), text_string(&note));
    script_labels(out, &layout, words_renamed(request, "round"), curves->measure.label);
    measure_range(&curves->measure, request, curves->least, curves->greatest, &low, &high);
    text_printf(out, "%sset xrange [0:%.9g]\nset yrange [%.9g:%.9g]\n",
                request->logarithmic ? "set logscale y\n" : "",
                curves->last_round > 0 ? curves->last_round : 1, low, high);
    for (size_t p = 0; p < curves->panels.count; p++) {
        script_panel(out, &layout, p, curves->panels.labels[p]);
        traces_write_panel(&curves->traces, p, out);
    }
    traces_write_legend(&curves->traces, &layout, out);
out:
    text_fini(&title);
    text_fini(&note);
    return rc;
}

static int write(const struct plot_request *request, struct text *script, struct err *err)
{
    struct curves curves = {.request = request, .measure = measure_of(request)};
    int rc =
        longest_column(&curves) > 0
            ? take_axes(&curves, request->facet, err)
            : err_set(
                  err, ERR_CONFIG,
                  "no result has \"%s\" over the rounds; columns are those of \"metrics\" and \"per_round\" "
                  "in results/README.md, such as test_accuracy and error_ratio",
                  curves.measure.name);
    if (rc == ERR_OK)
        rc = split(&curves, err);
    size_t count = curves.panels.count * curves.series.count;
    curves.traces =
        (struct traces){.request = request, .series = &curves.series, .panels = curves.panels.count};
    if (rc == ERR_OK)
        rc = traces_make(&curves.traces, err);
    for (size_t i = 0; rc == ERR_OK && i < count; i++)
        rc = fill_line(&curves, i / curves.series.count, i % curves.series.count, err);
    if (rc == ERR_OK) {
        survey(&curves);
        rc = write_script(&curves, script, err);
    }
    traces_fini(&curves.traces);
    axis_fini(&curves.panels);
    axis_fini(&curves.series);
    return rc;
}

const struct plot_kind plot_curves = {
    .name = "curves",
    .summary = "a figure against the rounds, with the confidence band of the seeds",
    .options = PLOT_METRIC | PLOT_SERIES | PLOT_FACET | PLOT_RANGE | PLOT_LOG | PLOT_MARK,
    .write = write,
};
