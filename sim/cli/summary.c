/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/cli/summary.h"
#include "sim/report/result.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WORD = 48 };

/* What stands for a variant: its name, or the file of its plugin without the folder. NULL: it is none. */
static const char *variant_word(const cJSON *value)
{
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(value, "name");
    const cJSON *plugin = cJSON_GetObjectItemCaseSensitive(value, "plugin");
    const char *slash = cJSON_IsString(plugin) ? strrchr(plugin->valuestring, '/') : NULL;
    if (cJSON_IsString(name))
        return name->valuestring;
    return slash != NULL ? slash + 1 : cJSON_IsString(plugin) ? plugin->valuestring : NULL;
}

/* "alie", "krum", "3": a swept value in a word. A variant is told by its name, and by what sets it apart. */
static void value_words(const cJSON *value, char out[WORD])
{
    const char *name = variant_word(value);
    const cJSON *second = name == NULL ? NULL : value->child->next;
    char *text = NULL;
    if (cJSON_IsString(value))
        snprintf(out, WORD, "%s", value->valuestring);
    else if (name != NULL && second == NULL)
        snprintf(out, WORD, "%s", name);
    else if (name != NULL && (text = cJSON_PrintUnformatted(second)) != NULL)
        snprintf(out, WORD, "%.22s %.10s=%.10s", name, second->string, text);
    else if ((text = cJSON_PrintUnformatted(value)) != NULL)
        snprintf(out, WORD, "%s", text);
    cJSON_free(text);
}

static bool has_result(const struct sweep_run *run)
{
    return run->state == SWEEP_FINISHED || run->state == SWEEP_KEPT;
}

static void outcome_words(const struct sweep_run *run, char out[WORD])
{
    if (!has_result(run))
        snprintf(out, WORD, "%s", run->state == SWEEP_FAILED ? "failed" : "-");
    else if (run->status == SIMULATION_DIVERGED)
        snprintf(out, WORD, "diverged");
    else if (isfinite(run->test_accuracy))
        snprintf(out, WORD, "%.2f %%%s", 100 * run->test_accuracy,
                 run->status == SIMULATION_STOPPED ? "*" : "");
    else
        snprintf(out, WORD, "%.4g", isfinite(run->parameter_error) ? run->parameter_error : run->train_loss);
}

/* Runs come in the order of the product, the last key fastest: the number of values of the second key. */
static size_t inner_count(const struct sweep *sweep)
{
    size_t count = 1;
    const cJSON *first = sweep->runs[0].swept->child;
    while (count < sweep->count && cJSON_Compare(first, sweep->runs[count].swept->child, true))
        count++;
    return count;
}

/* A column is as wide as its title and as "diverged*". */
static size_t column_width(const char *title)
{
    size_t width = strlen(title);
    return width < 10 ? 12 : width + 2;
}

static const char *measure_words(const struct sweep *sweep)
{
    for (size_t i = 0; i < sweep->count; i++)
        if (isfinite(sweep->runs[i].test_accuracy))
            return "test accuracy";
    for (size_t i = 0; i < sweep->count; i++)
        if (isfinite(sweep->runs[i].parameter_error))
            return "distance of the parameters from the true ones";
    return "training loss";
}

static void print_table(const struct sweep *sweep)
{
    size_t inner = inner_count(sweep), outer = sweep->count / inner;
    const cJSON *keys = sweep->runs[0].swept->child;
    char word[WORD], title[WORD];
    printf("%s after the last round; down: %s, across: %s\n\n%-20s", measure_words(sweep), keys->next->string,
           keys->string, "");
    for (size_t o = 0; o < outer; o++) {
        value_words(sweep->runs[o * inner].swept->child, title);
        printf("%*s", (int)column_width(title), title);
    }
    printf("\n");
    for (size_t i = 0; i < inner; i++) {
        value_words(sweep->runs[i].swept->child->next, word);
        printf("%-20s", word);
        for (size_t o = 0; o < outer; o++) {
            value_words(sweep->runs[o * inner].swept->child, title);
            outcome_words(&sweep->runs[o * inner + i], word);
            printf("%*s", (int)column_width(title), word);
        }
        printf("\n");
    }
}

static void print_lines(const struct sweep *sweep)
{
    char word[WORD];
    printf("%s after the last round\n\n", measure_words(sweep));
    for (size_t i = 0; i < sweep->count; i++) {
        outcome_words(&sweep->runs[i], word);
        printf("%-60s %12s\n", sweep->runs[i].experiment.run_name, word);
    }
}

/* Where the results lie: those that there are. */
static void print_place(const struct sweep *sweep)
{
    size_t written = 0;
    for (size_t i = 0; i < sweep->count; i++)
        written += has_result(&sweep->runs[i]);
    if (written == 0)
        printf("\nresults: none\n");
    else if (sweep->count == 1)
        printf("\nresults: %s/%s\n", sweep->directory, sweep->runs[0].file);
    else if (written < sweep->count)
        printf("\nresults: %s/*.json (%zu of %zu runs), index: %s/sweep.json\n", sweep->directory, written,
               sweep->count, sweep->directory);
    else
        printf("\nresults: %s/*.json (%zu runs), index: %s/sweep.json\n", sweep->directory, written,
               sweep->directory);
}

void summary_print(const struct sweep *sweep)
{
    printf("\n");
    if (cJSON_GetArraySize(sweep->runs[0].swept) == 2)
        print_table(sweep);
    else
        print_lines(sweep);
    print_place(sweep);
}
