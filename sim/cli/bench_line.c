/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/cli/bench_line.h"

#include <stdio.h>

void bench_line_head(bool passes)
{
    printf("%-24s %6s %10s %4s %3s %12s ", "rule", "n", "d", "f", "thr", "min ms");
    if (passes)
        printf("%10s %6s %-9s %s\n", "passes ms", "ratio", "", "passes");
    else
        printf("%12s %8s %8s\n", "median ms", "GB/s", "of limit");
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

void bench_line_print(const struct bench_line *line, bool passes)
{
    const struct bench_case *what = line->what;
    double cost = line->bandwidth / line->rate;
    printf("%-24s %6zu %10zu %4zu %3zu %12.3f ", text_string(&line->name), what->n, what->d, what->f,
           what->threads, 1e3 * line->figures->seconds_min);
    if (passes)
        print_passes(line);
    else
        printf("%12.3f %8.1f %6.0f %%\n", 1e3 * line->figures->seconds_median, line->rate / 1e9, 100 / cost);
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
