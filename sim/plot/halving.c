/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A halving: the objective of each trial against its rounds, up to the rung where it was dropped. */
#include "sim/base/mem.h"
#include "sim/plot/measure.h"
#include "sim/plot/script.h"
#include "sim/plot/words.h"
#include "sim/report/fields.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { KINDS = 4, POINTS_MARKED = 12, VALUES_SHOWN = 80 };

/* In the order of drawing: what matters most lies on top. */
enum kind { DROPPED, FAILED, COMPLETED, WINNER };

static const struct look {
    const char *label, *style;
} looks[KINDS] = {
    [DROPPED] = {"dropped", "linecolor rgb '#B0B0B0' linewidth 1.1"},
    [FAILED] = {"failed", "linecolor rgb '#000000' linewidth 1.1 dashtype 2"},
    [COMPLETED] = {"trained to its end", "linecolor rgb '#0072B2' linewidth 1.6"},
    [WINNER] = {"winner", "linecolor rgb '#D55E00' linewidth 3.2"},
};

struct point {
    double rounds, objective;
};

struct line {
    enum kind kind;
    size_t bracket, count;
    struct point *points; /* (count) by rounds */
};

struct halving {
    const struct plot_request *request;
    const cJSON *brackets, *trials;
    const char *objective;
    double winner; /* number of the trial; 0: none */
    struct line *lines;
    size_t count, panels;
    double least, greatest, first, last; /* objectives, rounds */
};

static double number_of(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
}

static const char *word_of(const cJSON *object, const char *name)
{
    const char *word = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return word == NULL ? "" : word;
}

/* The result of a run, by the name of its file; NULL when it was not read. */
static const struct record *record_of(const struct halving *halving, const char *file)
{
    const struct records *records = halving->request->records;
    for (size_t r = 0; r < records->count; r++) {
        const char *slash = strrchr(records->items[r].path, '/');
        if (strcmp(slash != NULL ? slash + 1 : records->items[r].path, file) == 0)
            return &records->items[r];
    }
    return NULL;
}

static const cJSON *metric(const struct record *record, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(record->json, "metrics"), name);
}

/* The value of evaluation number `row` of a run; NaN where there is none. */
static double evaluation(const struct halving *halving, const cJSON *run, const char *name, int row)
{
    const struct record *record = record_of(halving, word_of(run, "file"));
    const cJSON *item = record == NULL ? NULL : cJSON_GetArrayItem(metric(record, name), row);
    return item != NULL && cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
}

/* The objective at evaluation number `row`: the worst over the attacks of the mean over the seeds, whose runs
 * follow each other. NaN unless all runs have it at the same round. */
static double objective_at(const struct halving *halving, const cJSON *runs, int row, double rounds)
{
    bool less = strcmp(halving->objective, "validation_loss") == 0;
    double worst = (double)NAN;
    const cJSON *run = runs->child;
    while (run != NULL) {
        const char *attack = word_of(run, "attack");
        double sum = 0, count = 0;
        for (; run != NULL && strcmp(word_of(run, "attack"), attack) == 0; run = run->next, count++) {
            double value = evaluation(halving, run, halving->objective, row);
            sum += evaluation(halving, run, "round", row) == rounds ? value : (double)NAN;
        }
        double mean = sum / count;
        if (isnan(mean))
            return mean;
        worst = isnan(worst) || (less ? mean > worst : mean < worst) ? mean : worst;
    }
    return worst;
}

/* Takes a point unless there is one of that round, or it cannot stand on the axes. */
static void add_point(struct halving *halving, struct line *line, double rounds, double objective)
{
    size_t at = line->count;
    if (!isfinite(objective) || !(rounds >= 1) || !isfinite(rounds))
        return;
    for (size_t p = 0; p < line->count; p++)
        if (line->points[p].rounds == rounds)
            return;
    for (; at > 0 && line->points[at - 1].rounds > rounds; at--)
        line->points[at] = line->points[at - 1];
    line->points[at] = (struct point){rounds, objective};
    line->count++;
    halving->least = fmin(halving->least, objective);
    halving->greatest = fmax(halving->greatest, objective);
    halving->first = fmin(halving->first, rounds);
    halving->last = fmax(halving->last, rounds);
}

static int fill_line(struct halving *halving, const cJSON *trial, struct line *line, struct err *err)
{
    const cJSON *rungs = cJSON_GetObjectItemCaseSensitive(trial, "rungs"), *rung = NULL,
                *runs = cJSON_GetObjectItemCaseSensitive(trial, "runs");
    const struct record *first =
        cJSON_IsArray(runs) && runs->child != NULL ? record_of(halving, word_of(runs->child, "file")) : NULL;
    int rows = first == NULL ? 0 : cJSON_GetArraySize(metric(first, "round"));
    double bracket = number_of(trial, "bracket");
    const char *status = word_of(trial, "status");
    line->kind = number_of(trial, "trial") == halving->winner ? WINNER
                 : strcmp(status, "completed") == 0           ? COMPLETED
                 : strcmp(status, "failed") == 0              ? FAILED
                                                              : DROPPED;
    line->bracket = bracket >= 0 && bracket < (double)halving->panels ? (size_t)bracket : 0;
    line->points = mem_array((size_t)(cJSON_GetArraySize(rungs) + rows) + 1, sizeof *line->points, err);
    if (line->points == NULL)
        return ERR_MEMORY;
    cJSON_ArrayForEach(rung, rungs)
    {
        add_point(halving, line, number_of(rung, "rounds"), number_of(rung, "objective"));
    }
    for (int row = 0; row < rows; row++) {
        double rounds = evaluation(halving, runs->child, "round", row);
        add_point(halving, line, rounds, objective_at(halving, runs, row, rounds));
    }
    return ERR_OK;
}

static int fill_lines(struct halving *halving, struct err *err)
{
    const cJSON *trial = NULL;
    int rc = ERR_OK;
    halving->lines = mem_array((size_t)cJSON_GetArraySize(halving->trials) + 1, sizeof *halving->lines, err);
    if (halving->lines == NULL)
        return ERR_MEMORY;
    cJSON_ArrayForEach(trial, halving->trials)
    {
        if (rc == ERR_OK)
            rc = fill_line(halving, trial, &halving->lines[halving->count++], err);
    }
    if (rc == ERR_OK && !isfinite(halving->first))
        rc = err_set(err, ERR_CONFIG, "no trial of the search has come to a rung yet");
    return rc;
}

static void write_data(const struct halving *halving, struct text *out)
{
    for (size_t i = 0; i < halving->count; i++) {
        text_printf(out, "$trial%zu << EOD\n", i + 1);
        for (size_t p = 0; p < halving->lines[i].count; p++)
            text_printf(out, "%.17g %.9g\n", halving->lines[i].points[p].rounds,
                        halving->lines[i].points[p].objective);
        text_add(out, "EOD\n");
    }
}

/* Where a trial ends: a dot at its last rung. Lines of few points show them all. */
static void write_panel(const struct halving *halving, size_t panel, struct text *out)
{
    const char *before = "plot ";
    for (int kind = 0; kind < KINDS; kind++)
        for (size_t i = 0; i < halving->count; i++) {
            const struct line *line = &halving->lines[i];
            if ((int)line->kind != kind || line->bracket != panel || line->count == 0)
                continue;
            text_printf(out, "%s$trial%zu using 1:2 with lines %s, ", before, i + 1, looks[kind].style);
            text_printf(out, "$trial%zu every ::%zu using 1:2 with points pointtype %d pointsize %s %s",
                        i + 1, line->count <= POINTS_MARKED && kind == WINNER ? (size_t)0 : line->count - 1,
                        kind == FAILED ? 2 : 7, kind == WINNER ? "0.7" : "0.4", looks[kind].style);
            before = ", ";
        }
    text_add(out, before[0] == 'p' ? "plot NaN\n" : "\n");
}

/* A line down at each rung of the bracket, and its rounds on the axis. */
static void write_rungs(const struct halving *halving, size_t panel, struct text *out)
{
    const cJSON *bracket = cJSON_GetArrayItem(halving->brackets, (int)panel), *rung = NULL;
    const char *comma = "";
    text_add(out, "unset arrow\nset xtics (");
    cJSON_ArrayForEach(rung, bracket)
    {
        double rounds = number_of(rung, "rounds");
        if (!(rounds >= 1))
            continue;
        text_printf(out, "%s'%.9g' %.9g", comma, rounds, rounds);
        comma = ", ";
    }
    text_add(out, comma[0] == '\0' ? "'1' 1)\n" : ")\n");
    cJSON_ArrayForEach(rung, bracket)
    {
        double rounds = number_of(rung, "rounds");
        if (rounds >= 1)
            text_printf(out,
                        "set arrow from %.9g, graph 0 to %.9g, graph 1 nohead back linecolor rgb '#999999' "
                        "dashtype 3 linewidth 0.9\n",
                        rounds, rounds);
    }
}

static void panel_title(const struct halving *halving, size_t panel, struct text *out)
{
    const cJSON *bracket = cJSON_GetArrayItem(halving->brackets, (int)panel);
    const cJSON *first = bracket == NULL ? NULL : bracket->child;
    text_clear(out);
    text_printf(out, "%g trials from %g rounds on", number_of(first, "trials"), number_of(first, "rounds"));
}

/* "winner: trial 7, server.aggregator=median; 26 % of the rounds of all trials". */
static void write_note(const struct halving *halving, struct text *out)
{
    const cJSON *winner = cJSON_GetObjectItemCaseSensitive(halving->request->search, "winner");
    const cJSON *budget = cJSON_GetObjectItemCaseSensitive(halving->request->search, "budget"), *value = NULL;
    struct text values = {0};
    double share = number_of(budget, "share");
    cJSON_ArrayForEach(value, cJSON_GetObjectItemCaseSensitive(winner, "values"))
    {
        const char *dot = strrchr(value->string, '.');
        text_printf(&values, ", %s=", dot != NULL ? dot + 1 : value->string);
        words_value(value->string, value, &values);
    }
    if (cJSON_IsObject(winner))
        text_printf(out, "winner: trial %g%s", halving->winner,
                    values.length <= VALUES_SHOWN ? text_string(&values) : "");
    text_fini(&values);
    if (isfinite(share))
        text_printf(out, "%s%.3g %% of the rounds of all trials to their ends", out->length > 0 ? "; " : "",
                    100 * share);
}

static void write_entry(const struct halving *halving, const char *style, const char *label, struct text *out)
{
    text_printf(out, "%sNaN with lines %s title ", out->length > 0 ? ", " : "", style);
    script_quote(out, words_renamed(halving->request, label));
}

static void write_legend(const struct halving *halving, const struct script_layout *layout, struct text *out)
{
    struct text entries = {0};
    for (int kind = KINDS; kind-- > 0;) {
        bool any = false;
        for (size_t i = 0; i < halving->count; i++)
            any |= (int)halving->lines[i].kind == kind;
        if (any)
            write_entry(halving, looks[kind].style, looks[kind].label, &entries);
    }
    write_entry(halving, "linecolor rgb '#999999' dashtype 3 linewidth 0.9", "rung", &entries);
    script_legend(out, layout, "", text_string(&entries));
    text_fini(&entries);
}

static int write_script(const struct halving *halving, struct text *out, struct err *err)
{
    const struct plot_request *request = halving->request;
    bool less = strcmp(halving->objective, "validation_loss") == 0;
    const struct measure measure = {
        halving->objective, less ? "validation loss, worst attack" : "validation accuracy, worst attack", 0,
        less ? (double)NAN : 1, less};
    struct script_layout layout = {.format = request->format,
                                   .width = request->width,
                                   .height = request->height,
                                   .panels = halving->panels,
                                   .legend_width = 180};
    struct text title = {0}, note = {0};
    double low, high;
    int rc = script_arrange(&layout, err);
    if (rc == ERR_OK) {
        text_add(&title, request->title != NULL ? request->title : word_of(request->search, "name"));
        write_note(halving, &note);
        write_data(halving, out);
        script_open(out, &layout, text_string(&title), text_string(&note));
        script_labels(out, &layout, words_renamed(request, "rounds (logarithmic)"),
                      words_renamed(request, measure.label));
        measure_range(&measure, request, halving->least, halving->greatest, &low, &high);
        text_printf(out, "set logscale x\nset xrange [%.9g:%.9g]\nset yrange [%.9g:%.9g]\n",
                    halving->first / 1.1, halving->last * 1.1, low, high);
        for (size_t p = 0; p < halving->panels; p++) {
            struct text name = {0};
            panel_title(halving, p, &name);
            write_rungs(halving, p, out);
            script_panel(out, &layout, p, text_string(&name));
            write_panel(halving, p, out);
            text_fini(&name);
        }
        write_legend(halving, &layout, out);
    }
    text_fini(&title);
    text_fini(&note);
    return rc;
}

static int check(const struct halving *halving, struct err *err)
{
    int rungs = 0;
    for (const cJSON *bracket = halving->brackets->child; bracket != NULL; bracket = bracket->next)
        rungs = cJSON_GetArraySize(bracket) > rungs ? cJSON_GetArraySize(bracket) : rungs;
    if (rungs < 2)
        return err_set(err, ERR_CONFIG,
                       "this search drops no trial on the way (method \"%s\"); draw its results with bars or "
                       "curves",
                       word_of(halving->request->search, "method"));
    if (halving->panels > PLOT_PANELS_MOST)
        return err_set(err, ERR_CONFIG, "%zu brackets are too many for one plot (at most %d)",
                       halving->panels, PLOT_PANELS_MOST);
    return ERR_OK;
}

static int write(const struct plot_request *request, struct text *script, struct err *err)
{
    struct halving halving = {.request = request,
                              .brackets = cJSON_GetObjectItemCaseSensitive(request->search, "brackets"),
                              .trials = cJSON_GetObjectItemCaseSensitive(request->search, "trials"),
                              .objective = word_of(request->search, "objective"),
                              .least = (double)INFINITY,
                              .greatest = -(double)INFINITY,
                              .first = (double)INFINITY};
    const cJSON *winner = cJSON_GetObjectItemCaseSensitive(request->search, "winner");
    halving.winner = cJSON_IsObject(winner) ? number_of(winner, "trial") : 0;
    halving.panels = (size_t)cJSON_GetArraySize(halving.brackets);
    int rc = check(&halving, err);
    if (rc == ERR_OK)
        rc = fill_lines(&halving, err);
    if (rc == ERR_OK)
        rc = write_script(&halving, script, err);
    for (size_t i = 0; halving.lines != NULL && i < halving.count; i++)
        mem_free(halving.lines[i].points);
    mem_free(halving.lines);
    return rc;
}

const struct plot_kind plot_halving = {
    .name = "halving",
    .summary = "a search: the objective of each trial against its rounds, up to where it was dropped",
    .options = PLOT_RANGE | PLOT_SEARCH,
    .write = write,
};
