/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `byzsim plot`: pictures of results. */
#include "sim/plot/plot.h"
#include "sim/api/byz_param.h"
#include "sim/base/text.h"
#include "sim/cli/cli.h"
#include "sim/cli/common.h"
#include "sim/report/search_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OUT, METRIC, X, Y, SERIES, FACET, OVER, RANGE, LOG, LOG_X, MARK, WHERE, TITLE, LABEL, SIZE };

static const struct cli_option options[] = {
    [OUT] = {"out", "FILE", "the picture: .svg, .png, .pdf, or .gp for the gnuplot script"},
    [METRIC] = {"metric", "KEY", "what is shown (default: the test accuracy; of text, bits per character)"},
    [X] = {"x", "KEY",
           "bars: the groups (default server); trend, heatmap: across (heatmap: workers.byzantine)"},
    [Y] = {"y", "KEY", "heatmap: upward (default data)"},
    [SERIES] = {"series", "KEY", "curves, trend, bars: the colours (default: lines all, bars attack)"},
    [FACET] = {"facet", "KEY", "a panel for each of its values"},
    [OVER] = {"over", "KEY", "heatmap: the worst of these (default attack)"},
    [RANGE] = {"range", "LOW:HIGH", "the axis of the metric (default: honest, accuracies 0:1)"},
    [LOG] = {"log", NULL, "curves, trend: a logarithmic axis for the metric"},
    [LOG_X] = {"log-x", NULL, "trend: a logarithmic axis for the number across"},
    [MARK] = {"mark", "X[=TEXT]",
              "curves, trend: a vertical line there, told in the legend; may be repeated"},
    [WHERE] = {"where", "KEY=VALUE", "only results that meet this; also !=, <, <=, >, >=; may be repeated"},
    [TITLE] = {"title", "TEXT", "the title (default: the name of the experiment)"},
    [LABEL] = {"label", "OLD=NEW", "other words for a part of the plot, e.g. krum=Krum; may be repeated"},
    [SIZE] = {"size", "WxH", "width and height in pixels (default: as the panels need)"},
};

#define KINDS "curves, trend, heatmap, bars, selection, partition or halving"

struct command_line {
    const struct plot_kind *kind;
    struct plot_request request;
    struct plot_labels labels;
    struct common_list paths, conditions;
    const char *out;
};

/* Options that not every kind has; 0: all have it. */
static unsigned flag_of(int option)
{
    static const unsigned flags[] = {
        [METRIC] = PLOT_METRIC, [X] = PLOT_X,       [Y] = PLOT_Y,         [SERIES] = PLOT_SERIES,
        [FACET] = PLOT_FACET,   [OVER] = PLOT_OVER, [RANGE] = PLOT_RANGE, [LOG] = PLOT_LOG,
        [LOG_X] = PLOT_LOG_X,   [MARK] = PLOT_MARK};
    return option >= 0 && option < (int)BYZ_LENGTH(flags) ? flags[option] : 0;
}

static int unknown_kind(const struct cli_command *command, const char *word)
{
    const char *names[8];
    size_t count = 0;
    for (const struct plot_kind *kind; count < BYZ_LENGTH(names) && (kind = plot_at(count)) != NULL; count++)
        names[count] = kind->name;
    const char *near = text_nearest(word, names, count);
    if (near != NULL)
        return cli_misused(command, "unknown kind of plot \"%s\"; did you mean \"%s\"?", word, near);
    return cli_misused(command, "unknown kind of plot \"%s\": " KINDS, word);
}

static int take_word(const struct cli_walk *walk, struct command_line *line)
{
    if (line->kind == NULL) {
        line->kind = plot_find(walk->value);
        return line->kind != NULL ? CLI_OK : unknown_kind(walk->command, walk->value);
    }
    if (!common_list_add(&line->paths, walk->value))
        return cli_misused(walk->command, "too many at once: at most %d; name a folder", COMMON_LIST_MOST);
    return CLI_OK;
}

static int take_range(const struct cli_walk *walk, struct plot_request *request)
{
    char *end = NULL;
    request->low = strtod(walk->value, &end);
    bool good = end != walk->value && *end == ':';
    const char *second = good ? end + 1 : walk->value;
    request->high = strtod(second, &end);
    request->has_range = good && end != second && *end == '\0' && request->low < request->high &&
                         request->high - request->low < 1e300;
    return request->has_range
               ? CLI_OK
               : cli_misused(walk->command, "--range %s: LOW:HIGH is needed, for example 0.5:1", walk->value);
}

/* "14" or "14=where the mean reverses". */
static int take_mark(const struct cli_walk *walk, struct plot_request *request)
{
    char *end = NULL;
    double at = strtod(walk->value, &end);
    bool good =
        end != walk->value && (*end == '\0' || (*end == '=' && end[1] != '\0')) && at > -1e300 && at < 1e300;
    if (!good)
        return cli_misused(walk->command, "--mark %s: X or X=TEXT is needed, for example 4='all of them'",
                           walk->value);
    if (request->mark_count >= PLOT_MARKS_MOST)
        return cli_misused(walk->command, "too many marks: at most %d", PLOT_MARKS_MOST);
    request->marks[request->mark_count++] = (struct plot_mark){at, *end == '=' ? end + 1 : walk->value};
    return CLI_OK;
}

static int take_label(const struct cli_walk *walk, struct plot_labels *labels)
{
    const char *equals = strchr(walk->value, '=');
    if (equals == NULL || equals == walk->value)
        return cli_misused(walk->command, "--label %s: OLD=NEW is needed, for example krum=Krum",
                           walk->value);
    if (labels->count >= PLOT_LABELS_MOST)
        return cli_misused(walk->command, "too many labels: at most %d", PLOT_LABELS_MOST);
    labels->items[labels->count++].text = walk->value;
    return CLI_OK;
}

static int take_size(const struct cli_walk *walk, struct plot_request *request)
{
    int used = 0;
    bool good = sscanf(walk->value, "%5zux%5zu%n", &request->width, &request->height, &used) == 2 &&
                walk->value[used] == '\0' && request->width >= 200 && request->height >= 150 &&
                request->width <= 10000 && request->height <= 10000;
    return good ? CLI_OK
                : cli_misused(walk->command, "--size %s: WxH is needed, from 200x150 to 10000x10000",
                              walk->value);
}

static int take(const struct cli_walk *walk, int option, struct command_line *line)
{
    struct plot_request *request = &line->request;
    const char **const words[] = {
        [OUT] = &line->out,      [METRIC] = &request->metric, [X] = &request->x,
        [Y] = &request->y,       [SERIES] = &request->series, [FACET] = &request->facet,
        [OVER] = &request->over, [TITLE] = &request->title,   [SIZE] = NULL};
    if (option == CLI_WORD)
        return take_word(walk, line);
    if (option < 0)
        return CLI_USAGE;
    unsigned flag = flag_of(option);
    if (flag != 0 && line->kind == NULL)
        return cli_misused(walk->command, "the kind of plot comes first: byzsim plot curves ...");
    if (flag != 0 && !(line->kind->options & flag))
        return cli_misused(walk->command, "%s has no --%s", line->kind->name, options[option].name);
    if (option == WHERE)
        return common_list_add(&line->conditions, walk->value)
                   ? CLI_OK
                   : cli_misused(walk->command, "too many conditions");
    if (option == RANGE)
        return take_range(walk, request);
    if (option == SIZE)
        return take_size(walk, request);
    if (option == MARK)
        return take_mark(walk, request);
    if (option == LABEL)
        return take_label(walk, &line->labels);
    if (option == LOG)
        request->logarithmic = true;
    else if (option == LOG_X)
        request->logarithmic_x = true;
    else
        *words[option] = walk->value;
    return CLI_OK;
}

/* The search in the one path that is named, and its runs, which need not all be there. */
static int read_search(const struct command_line *line, struct records *records, cJSON **search)
{
    struct err err = {0};
    if (line->paths.count > 1 || line->conditions.count > 0) {
        err_set(&err, ERR_CONFIG, "%s draws one search, with all its trials: name its folder and no --where",
                line->kind->name);
        return cli_failed(&err);
    }
    if (search_file_read(line->paths.items[0], search, &err) != ERR_OK)
        return cli_failed(&err);
    return records_read(records, line->paths.items, 1, NULL, &err) == ERR_OK ? CLI_OK : cli_failed(&err);
}

static int draw(struct command_line *line)
{
    struct records records = {0};
    struct plot_request request = line->request;
    struct err err = {0};
    cJSON *search = NULL;
    int status = plot_check_path(line->out, &err) == ERR_OK ? CLI_OK : cli_failed(&err);
    if (status == CLI_OK)
        status = line->kind->options & PLOT_SEARCH
                     ? read_search(line, &records, &search)
                     : common_records(&records, &line->paths, &line->conditions, request.metric);
    request.records = &records;
    request.labels = &line->labels;
    request.search = search;
    if (status == CLI_OK && plot_draw(line->kind, &request, line->out, &err) != ERR_OK)
        status = cli_failed(&err);
    cJSON_Delete(search);
    records_fini(&records);
    text_fini(&line->labels.seen);
    return status;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct cli_walk walk = {.command = command, .argc = argc, .argv = argv};
    struct command_line line = {0};
    int option, status = CLI_OK;
    while (status == CLI_OK && (option = cli_next(&walk)) != CLI_END) {
        if (option == CLI_HELP)
            return CLI_OK;
        status = take(&walk, option, &line);
    }
    if (status != CLI_OK)
        return status;
    if (line.kind == NULL)
        return cli_misused(command, "a kind of plot is needed: " KINDS);
    if (line.paths.count == 0)
        return cli_misused(command, "a result file or a folder of results is needed");
    if (line.out == NULL)
        return cli_misused(command, "-o FILE is needed: where the picture goes");
    return draw(&line);
}

const struct cli_command cli_plot = {
    .name = "plot",
    .summary = "draw results with gnuplot",
    .arguments = "curves|trend|heatmap|bars|selection|partition|halving FILE|DIR... -o FILE [options]",
    .details =
        "Draws result files and those in folders:\n\n"
        "  curves     a figure against the rounds, with the confidence band of the seeds; with --metric\n"
        "             error_ratio the theoretical bound kappa beside it\n"
        "  trend      a final figure against a number of the configuration, with the band of the seeds\n"
        "  heatmap    a final figure over two keys, the worst over the attacks in each cell\n"
        "  bars       final figures as grouped bars: rules across, attacks in colour\n"
        "  selection  who was selected: the mean weight of each worker in the aggregate\n"
        "  partition  how the data is spread: samples of each class at each worker\n"
        "  halving    a search: the objective of each trial against its rounds, up to where it was "
        "dropped\n\n"
        "Lines, groups and panels come from what differs between the results; runs that differ in their "
        "seed\n"
        "alone are repetitions. KEY is a key of the configuration (attack, workers.byzantine), or of a "
        "figure.\n\n"
        "  byzsim plot bars results/demo -o demo.svg\n"
        "  byzsim plot curves results/demo --where attack.name=alie --range 0.5:1 -o alie.png\n"
        "  byzsim plot trend results/session-declared-f --mark 4='attackers' -o declared-f.svg",
    .options = options,
    .option_count = BYZ_LENGTH(options),
    .run = run,
};
