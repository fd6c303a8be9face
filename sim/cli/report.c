/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `byzsim report`: results as one page. */
#include "sim/api/byz_param.h"
#include "sim/base/text.h"
#include "sim/cli/cli.h"
#include "sim/cli/common.h"
#include "sim/page/page.h"

#include <stdio.h>
#include <string.h>

enum { OUT, WHERE, TITLE, CHART_JS, PLAIN };

static const struct cli_option options[] = {
    [OUT] = {"out", "FILE", "the page, a .html file"},
    [WHERE] = {"where", "KEY=VALUE", "only results that meet this; also !=, <, <=, >, >=; may be repeated"},
    [TITLE] = {"title", "TEXT", "the title (default: the names of the experiments)"},
    [CHART_JS] = {"chart-js", "FILE", "Chart.js 3 or 4 in one file (default: that of libjs-chart.js)"},
    [PLAIN] = {"plain", NULL, "no interactive charts, a smaller file"},
};

struct command_line {
    struct common_list paths, conditions;
    const char *out, *title, *chart_js;
    bool plain;
};

static int take(const struct cli_walk *walk, int option, struct command_line *line)
{
    switch (option) {
    case CLI_WORD:
    case WHERE:
        if (!common_list_add(option == WHERE ? &line->conditions : &line->paths, walk->value))
            return cli_misused(walk->command, "too many at once: at most %d; name a folder",
                               COMMON_LIST_MOST);
        return CLI_OK;
    case OUT:
        line->out = walk->value;
        return CLI_OK;
    case TITLE:
        line->title = walk->value;
        return CLI_OK;
    case CHART_JS:
        line->chart_js = walk->value;
        return CLI_OK;
    case PLAIN:
        line->plain = true;
        return CLI_OK;
    default:
        return CLI_USAGE;
    }
}

/* A page under the name of a result would take its place. */
static bool is_page(const char *path)
{
    const char *end = strrchr(path, '.');
    return end != NULL && (strcmp(end, ".html") == 0 || strcmp(end, ".htm") == 0);
}

static int misuse(const struct cli_command *command, const struct command_line *line)
{
    if (line->paths.count == 0)
        return cli_misused(command, "a result file or a folder of results is needed");
    if (line->out == NULL)
        return cli_misused(command, "-o FILE is needed: where the page goes");
    if (!is_page(line->out))
        return cli_misused(command, "-o %s: the page is HTML, name a .html file", line->out);
    if (line->plain && line->chart_js != NULL)
        return cli_misused(command, "--plain and --chart-js exclude each other");
    return CLI_OK;
}

static void tell(const struct command_line *line, const struct records *records,
                 const struct library *library)
{
    printf("%s: %zu runs", line->out, records->count);
    if (records->problem_count > 0)
        printf(", %zu file%s could not be used", records->problem_count,
               records->problem_count == 1 ? "" : "s");
    printf("\n");
    if (library->bytes == NULL && !line->plain)
        fprintf(stderr, "no interactive charts: Chart.js was not found (Debian and Ubuntu: apt-get install "
                        "libjs-chart.js; "
                        "elsewhere --chart-js FILE)\n");
}

static int write_page(const struct command_line *line)
{
    struct records records = {0};
    struct library library = {0};
    struct err err = {0};
    struct page_request request = {.records = &records, .title = line->title, .library = &library};
    int status = CLI_OK;
    if (!line->plain && library_read(&library, line->chart_js, &err) != ERR_OK)
        status = cli_refused(&err);
    if (status == CLI_OK)
        status = common_records(&records, &line->paths, &line->conditions, page_series);
    if (status == CLI_OK && page_write(&request, line->out, &err) != ERR_OK)
        status = cli_failed(&err);
    if (status == CLI_OK)
        tell(line, &records, &library);
    library_fini(&library);
    records_fini(&records);
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
    if (status == CLI_OK)
        status = misuse(command, &line);
    return status == CLI_OK ? write_page(&line) : status;
}

const struct cli_command cli_report = {
    .name = "report",
    .summary = "write results as one self-contained page",
    .arguments = "FILE|DIR... -o FILE.html [--where KEY=VALUE]... [options]",
    .details =
        "Writes an HTML file with a summary, heat maps, curves, a sortable table of the runs, the "
        "configuration\n"
        "of each with the command that repeats it, and the environment. It loads nothing from elsewhere and\n"
        "reads without JavaScript too; with it, and with Chart.js (Debian: libjs-chart.js) on this machine "
        "when\n"
        "the page is written, it has interactive charts. Files that are no results are told on standard "
        "error\n"
        "and in the page.\n\n"
        "  byzsim report results/demo -o demo.html\n"
        "  byzsim report results/first results/demo --where workers.byzantine=5 -o both.html",
    .options = options,
    .option_count = BYZ_LENGTH(options),
    .run = run,
};
