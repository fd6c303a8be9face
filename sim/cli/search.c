/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/cli/search.h"
#include "sim/app/estimate.h"
#include "sim/app/search_result.h"
#include "sim/base/mem.h"
#include "sim/cli/cli.h"
#include "sim/cli/plan.h"
#include "sim/config/config.h"
#include "sim/num/machine.h"
#include "sim/report/fields.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_MOST = 10, FAILURES_SHOWN = 10, WORD = 28 };

/* "krum", "0.05", {"name":"krum","neighbours":3}: a value in a word. */
static void value_words(const cJSON *value, char out[WORD])
{
    struct text text = {0};
    bool variant = cJSON_IsObject(value) && cJSON_GetArraySize(value) > 1;
    char *json = variant ? config_render(value, false) : NULL;
    if (json != NULL)
        text_add(&text, json);
    else
        fields_words(value, &text);
    bool cut = text.length >= WORD;
    snprintf(out, WORD, "%.*s%s", cut ? WORD - 4 : WORD - 1, text_string(&text), cut ? "..." : "");
    cJSON_free(json);
    text_fini(&text);
}

static void objective_words(const struct search *search, double objective, char out[WORD])
{
    if (isnan(objective))
        snprintf(out, WORD, "-");
    else if (search->config.objective == SEARCH_LOSS)
        snprintf(out, WORD, "%.4g", objective);
    else
        snprintf(out, WORD, "%.2f %%", 100 * objective);
}

static unsigned long long rounds_of(const struct search *search, size_t trial)
{
    size_t last = search->trials[trial].count - 1;
    const struct rungs_bracket *bracket = &search->rungs.brackets[search->trials[trial].bracket];
    const struct sweep_run *run = &search->sweep.runs[search_run_of(search, trial, 0, 0)];
    return last + 1 == bracket->count ? run->experiment.settings.rounds : bracket->rungs[last].rounds;
}

/* Whether trial a stands before trial b in the table: it came further, or is better there. */
static bool is_before(const struct search *search, size_t a, size_t b)
{
    const struct search_trial *x = &search->trials[a], *y = &search->trials[b];
    bool loss = search->config.objective == SEARCH_LOSS;
    if ((x->fate == SEARCH_COMPLETED) != (y->fate == SEARCH_COMPLETED))
        return x->fate == SEARCH_COMPLETED;
    if (x->fate != SEARCH_COMPLETED && rounds_of(search, a) != rounds_of(search, b))
        return rounds_of(search, a) > rounds_of(search, b);
    double p = search_objective(x), q = search_objective(y);
    if (isnan(p) || isnan(q))
        return !isnan(p);
    return p != q ? (loss ? p < q : p > q) : a < b;
}

/* The best trials, at most SHOWN_MOST; returns how many. */
static size_t best_trials(const struct search *search, size_t best[SHOWN_MOST])
{
    size_t count = 0;
    for (size_t t = 0; t < search->rungs.trials; t++) {
        size_t at = count;
        if (search->trials[t].count == 0)
            continue;
        while (at > 0 && is_before(search, t, best[at - 1]))
            at--;
        if (at == SHOWN_MOST)
            continue;
        count += count < SHOWN_MOST;
        memmove(&best[at + 1], &best[at], (count - 1 - at) * sizeof *best);
        best[at] = t;
    }
    return count;
}

/* Columns of the table are as wide as their widest word. */
static int width_of(const struct search *search, const size_t *best, size_t count, const cJSON *key)
{
    size_t width = strlen(key->string);
    for (size_t i = 0; i < count; i++) {
        char word[WORD];
        value_words(cJSON_GetObjectItemCaseSensitive(search->trials[best[i]].values, key->string), word);
        width = strlen(word) > width ? strlen(word) : width;
    }
    return (int)width + 2;
}

static void print_table(const struct search *search, const size_t *best, size_t count)
{
    const cJSON *key = NULL, *keys = search->trials[0].values;
    char word[WORD];
    printf("%6s %8s %10s  %-16s", "trial", "rounds", "objective", "worst attack");
    cJSON_ArrayForEach(key, keys)
    {
        printf("%-*s", width_of(search, best, count, key), key->string);
    }
    printf("\n");
    for (size_t i = 0; i < count; i++) {
        const struct search_trial *trial = &search->trials[best[i]];
        objective_words(search, search_objective(trial), word);
        printf("%6zu %8llu %10s  %-16.15s", best[i] + 1, rounds_of(search, best[i]), word,
               trial->fate == SEARCH_FAILED ? "(failed)"
                                            : search_attack(search, trial->worst_attack[trial->count - 1]));
        cJSON_ArrayForEach(key, keys)
        {
            value_words(cJSON_GetObjectItemCaseSensitive(trial->values, key->string), word);
            printf("%-*s", width_of(search, best, count, key), word);
        }
        printf("\n");
    }
    if (search->rungs.trials > count)
        printf("%6s  (%zu more: see %s/search.json)\n", "...", search->rungs.trials - count,
               search->sweep.directory);
}

static void print_winner(const struct search *search)
{
    const struct search_trial *trial = &search->trials[search->winner];
    const cJSON *value = NULL;
    char word[WORD];
    double accuracy = (double)NAN, loss = (double)NAN;
    for (size_t a = 0; a < search->attacks.count; a++) {
        double right = search_test(search, a, false), cost = search_test(search, a, true);
        accuracy = a == 0 || right < accuracy ? right : accuracy;
        loss = a == 0 || cost > loss ? cost : loss;
    }
    printf("\nwinner: trial %zu", search->winner + 1);
    cJSON_ArrayForEach(value, trial->values)
    {
        value_words(value, word);
        printf("%s %s=%s", value == trial->values->child ? ":" : ",", value->string, word);
    }
    objective_words(search, search_objective(trial), word);
    printf("\n        validation %s %s; on the test data, which the search never looked at: ",
           search->config.objective == SEARCH_LOSS ? "loss" : "accuracy", word);
    if (isfinite(accuracy))
        printf("accuracy %.2f %%\n", 100 * accuracy);
    else
        printf("loss %.4g\n", loss);
}

void cli_search_summary(const struct search *search)
{
    static const char *const methods[] = {"grid search", "random search", "successive halving", "hyperband"};
    size_t best[SHOWN_MOST + 1], count = best_trials(search, best);
    double used = search_rounds(search), full = search_full_rounds(search);
    printf("\n%s: validation %s", methods[search->config.method],
           search->config.objective == SEARCH_LOSS ? "loss" : "accuracy");
    if (search->attacks.count > 1)
        printf(", the worst of %zu attacks", search->attacks.count);
    if (search->seeds > 1)
        printf(", mean of %zu seeds", search->seeds);
    printf("\n\n");
    if (count > 0)
        print_table(search, best, count);
    else
        printf("no rung is complete yet\n");
    if (search->winner < search->rungs.trials)
        print_winner(search);
    printf("\nrounds trained%s: %.0f, %.1f %% of the %.0f that every trial to its end would take\n",
           search->finished ? "" : " for complete rungs", used, full > 0 ? 100 * used / full : 0, full);
    printf("results: %s/search.json", search->sweep.directory);
    if (search->winner < search->rungs.trials)
        printf(", the winner's configuration: %s/winner.json", search->sweep.directory);
    printf("\n");
}

/* The first error of the trial's runs. */
static const char *error_of(const struct search *search, size_t trial)
{
    size_t first = search_run_of(search, trial, 0, 0), each = search->attacks.count * search->seeds;
    for (size_t i = first; i < first + each; i++)
        if (search->sweep.runs[i].state == SWEEP_FAILED)
            return search->sweep.runs[i].err.text;
    return "its objective is no number";
}

int cli_search_outcome(const struct search *search, bool interrupted)
{
    size_t failed = 0, shown = 0;
    for (size_t t = 0; t < search->rungs.trials; t++)
        failed += search->trials[t].fate == SEARCH_FAILED;
    if (failed > 0)
        fprintf(stderr, "%zu of %zu trials failed:\n", failed, search->rungs.trials);
    for (size_t t = 0; t < search->rungs.trials && shown < FAILURES_SHOWN; t++)
        if (search->trials[t].fate == SEARCH_FAILED && ++shown > 0)
            fprintf(stderr, "  trial %zu: %s\n", t + 1, error_of(search, t));
    if (!search->finished)
        fprintf(stderr, "the search is not finished; --resume goes on with it\n");
    if (interrupted)
        return CLI_INTERRUPTED;
    if (!search->finished)
        return CLI_FAILED;
    if (search->winner == search->rungs.trials)
        fprintf(stderr, "no trial was trained to its end: there is no winner\n");
    return search->winner < search->rungs.trials ? CLI_OK : CLI_FAILED;
}

/* Rounds that an earlier process has trained already. */
static double rounds_behind(struct search *search, bool resume)
{
    cJSON *earlier = resume ? search_result_read(search) : NULL;
    const cJSON *budget = cJSON_GetObjectItemCaseSensitive(earlier, "budget");
    const cJSON *rounds = cJSON_GetObjectItemCaseSensitive(budget, "rounds");
    double done = cJSON_IsNumber(rounds) ? rounds->valuedouble : 0;
    cJSON_Delete(earlier);
    double planned = search_planned_rounds(search);
    return done < planned ? done : planned;
}

static void print_rungs(const struct search *search)
{
    size_t each = search->attacks.count * search->seeds;
    printf("%7s %5s %7s %8s %7s %12s\n", "bracket", "rung", "trials", "rounds", "runs", "to train");
    for (size_t b = 0; b < search->rungs.bracket_count; b++) {
        const struct rungs_bracket *bracket = &search->rungs.brackets[b];
        for (size_t k = 0; k < bracket->count; k++) {
            uint64_t before = k > 0 ? bracket->rungs[k - 1].rounds : 0;
            size_t runs = bracket->rungs[k].trials * each;
            double rounds = (double)(bracket->rungs[k].rounds - before) * (double)runs;
            printf("%7zu %5zu %7zu %8llu %7zu %12.0f\n", b, k, bracket->rungs[k].trials,
                   (unsigned long long)bracket->rungs[k].rounds, runs,
                   search->rungs.bracket_count == 1 && bracket->count == 1 ? search_full_rounds(search)
                                                                           : rounds);
        }
    }
}

static void print_totals(struct search *search, const struct estimate *estimates,
                         const struct sweep_options *options, double memory)
{
    char need[PLAN_WORD], there[PLAN_WORD], time[PLAN_WORD];
    size_t jobs = sweep_jobs(&search->sweep, options), count = search->sweep.count;
    double planned = search_planned_rounds(search), behind = rounds_behind(search, options->resume);
    double round = 0, evaluation = 0, every = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t distance = search->sweep.runs[i].experiment.settings.evaluation.every;
        round += estimates[i].round / (double)count;
        evaluation += estimates[i].evaluation / (double)count;
        every += distance > 0 ? 1 / (double)distance / (double)count : 0;
    }
    double evaluations = (planned - behind) * every + 2 * (double)search_planned_runs(search);
    plan_memory_words(need, memory);
    plan_memory_words(there, machine_memory().bytes);
    plan_time_words(time, ((planned - behind) * round + evaluations * evaluation) / (double)jobs);
    printf(
        "\n%zu trials under %zu attack%s with %zu seed%s in %s/: %.0f rounds, %.1f %% of the %.0f of every "
        "trial to its end",
        search->rungs.trials, search->attacks.count, search->attacks.count == 1 ? "" : "s", search->seeds,
        search->seeds == 1 ? "" : "s", search->sweep.directory, planned,
        100 * planned / search_full_rounds(search), search_full_rounds(search));
    if (behind > 0)
        printf("; %.0f are done", behind);
    printf("\n%zu run%s at a time on %zu thread%s: about %s, %s of %s memory (data included)\nNothing was "
           "written.\n",
           jobs, jobs == 1 ? "" : "s", options->threads, options->threads == 1 ? "" : "s", time, need, there);
}

int cli_search_plan(struct search *search, struct datasets *datasets, const struct sweep_options *options)
{
    struct err err = {0};
    size_t jobs = sweep_jobs(&search->sweep, options);
    double memory = 0;
    struct estimate *estimates = mem_array(search->sweep.count, sizeof *estimates, &err);
    int rc = estimates == NULL ? ERR_MEMORY : search_check_data(search, datasets, &err);
    if (rc == ERR_OK)
        rc = estimate_sweep(&search->sweep, datasets, options, estimates, &err);
    if (rc == ERR_OK)
        rc = estimate_memory(&search->sweep, datasets, jobs, &memory, &err);
    if (rc == ERR_OK) {
        print_rungs(search);
        print_totals(search, estimates, options, memory);
        rc = jobs > 1 ? estimate_check_memory(&search->sweep, datasets, jobs, &err) : ERR_OK;
    }
    mem_free(estimates);
    return rc == ERR_OK ? CLI_OK : cli_failed(&err);
}
