/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/cli/bench_line.h"

#include <math.h>
#include <stdio.h>

/* What a rule reads and writes, a row as output, over what is read in that time; NAN for a kernel. */
static double moved(const struct bench_line *line)
{
    double n = (double)line->what->n;
    bool rule = line->what->defence != NULL && line->what->defence->aggregator.kind != NULL;
    return rule ? line->rate / line->bandwidth * (n + 1) / n : (double)NAN;
}

void bench_line_head(bool passes, bool scaling)
{
    printf("%-24s %6s %10s %4s %3s %12s ", "rule", "n", "d", "f", "thr", "min ms");
    if (passes)
        printf("%10s %6s %-9s %s\n", "passes ms", "ratio", "", "passes");
    else
        printf("%12s %8s %8s %8s%s\n", "median ms", "GB/s", "of limit", "moved",
               scaling ? "  speedup memory's" : "");
}

/* "2 update + distance" */
static void passes_words(const struct passes *passes, struct text *out)
{
    for (size_t kind = 0; kind < PASS_KINDS; kind++)
        if (passes->count[kind] > 1)
            text_printf(out, "%s%d %s", out->length > 0 ? " + " : "", passes->count[kind],
                        passes_name((enum pass)kind));
        else if (passes->count[kind] == 1)
            text_printf(out, "%s%s", out->length > 0 ? " + " : "", passes_name((enum pass)kind));
}

/* The time of the passes, what a call takes of it, and a mark above twice that. */
static void print_passes(const struct bench_line *line)
{
    struct text words = {0};
    double ratio = line->figures->seconds_min / line->needed;
    if (line->passes == NULL) {
        printf("%10s %6s\n", "-", "-");
        return;
    }
    passes_words(line->passes, &words);
    printf("%10.3f %6.2f %-9s %s\n", 1e3 * line->needed, ratio,
           ratio <= 2             ? ""
           : line->passes->search ? "search"
                                  : "above 2",
           text_string(&words));
    text_fini(&words);
}

/* The time and the bandwidth of one thread beside these. */
static void print_scaling(const struct bench_line *line)
{
    if (line->what->threads > 1 && line->alone > 0)
        printf(" %7.2fx %7.2fx", line->alone / line->figures->seconds_min,
               line->bandwidth / line->alone_bandwidth);
}

static void print_rates(const struct bench_line *line)
{
    printf("%12.3f %8.1f %6.0f %% ", 1e3 * line->figures->seconds_median, line->rate / 1e9,
           100 * line->rate / line->bandwidth);
    if (isnan(moved(line)))
        printf("%8s", "-");
    else
        printf("%6.0f %%", 100 * moved(line));
    print_scaling(line);
    putchar('\n');
}

void bench_line_print(const struct bench_line *line, bool passes)
{
    const struct bench_case *what = line->what;
    printf("%-24s %6zu %10zu %4zu %3zu %12.3f ", text_string(&line->name), what->n, what->d, what->f,
           what->threads, 1e3 * line->figures->seconds_min);
    if (passes)
        print_passes(line);
    else
        print_rates(line);
    fflush(stdout);
}

cJSON *bench_line_json(const struct bench_line *line)
{
    const struct bench_case *what = line->what;
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "rule", text_string(&line->name));
    cJSON_AddNumberToObject(json, "n", (double)what->n);
    cJSON_AddNumberToObject(json, "d", (double)what->d);
    cJSON_AddNumberToObject(json, "f", (double)what->f);
    cJSON_AddNumberToObject(json, "threads", (double)what->threads);
    cJSON_AddNumberToObject(json, "calls", (double)line->figures->calls);
    cJSON_AddNumberToObject(json, "seconds_min", line->figures->seconds_min);
    cJSON_AddNumberToObject(json, "seconds_median", line->figures->seconds_median);
    cJSON_AddNumberToObject(json, "gbytes_per_second", line->rate / 1e9);
    cJSON_AddNumberToObject(json, "read_bandwidth_gbytes_per_second", line->bandwidth / 1e9);
    cJSON_AddNumberToObject(json, "fraction_of_limit", line->rate / line->bandwidth);
    if (!isnan(moved(line)))
        cJSON_AddNumberToObject(json, "moved_fraction_of_limit", moved(line));
    if (what->threads > 1 && line->alone > 0) {
        cJSON_AddNumberToObject(json, "speedup", line->alone / line->figures->seconds_min);
        cJSON_AddNumberToObject(json, "memory_speedup", line->bandwidth / line->alone_bandwidth);
    }
    if (line->passes == NULL)
        return json;
    cJSON *passes = cJSON_AddObjectToObject(json, "passes");
    for (size_t kind = 0; kind < PASS_KINDS; kind++)
        if (line->passes->count[kind] > 0)
            cJSON_AddNumberToObject(passes, passes_name((enum pass)kind), line->passes->count[kind]);
    cJSON_AddNumberToObject(json, "passes_seconds", line->needed);
    cJSON_AddNumberToObject(json, "ratio", line->figures->seconds_min / line->needed);
    cJSON_AddBoolToObject(json, "search", line->passes->search);
    return json;
}
