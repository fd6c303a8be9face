/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Searches on a disk: who goes on, trials that diverge or fail, going on after a stop. */
#include "sim/app/search.h"
#include "tests/data/scratch.h"

#include <criterion/criterion.h>
#include <math.h>

#define BASE                                                                                                 \
    "'rounds': 9, 'workers': {'count': 7, 'byzantine': 1, 'batch_size': 4}, 'evaluation': {'every': 4}, "    \
    "'data': {'dataset': {'name': 'blobs', 'train': 90, 'test': 40, 'features': 4, 'classes': 3, "           \
    "'separation': 2}, 'validation': 0.4}, "

static const char halving[] =
    "{'name': 'halving', " BASE
    "'server': {'schedule': 'cosine'}, 'search': {'first_rounds': 1, 'seeds': [1, 2],"
    " 'attacks': ['alie', 'sign_flip'], 'space': {'server.aggregator': ['median', 'mean', 'krum'], "
    "'server.learning_rate': [0.01, 0.1, 1]}}}";

/* The same with fewer runs. */
static const char small[] =
    "{'name': 'halving', " BASE "'server': {'schedule': 'cosine'}, 'search': {'first_rounds': 1, "
    "'attacks': ['alie', 'sign_flip'], 'space': {'server.aggregator': ['median', 'mean', 'krum']}}}";

struct stage {
    char *out;
    struct config_source *source;
    struct config_errors errors;
    struct search search;
    struct datasets datasets;
    atomic_bool stop;
    size_t ended, stop_behind; /* runs that have ended; stop behind so many, 0: never */
    uint64_t trained;          /* rounds that were really run */
    struct sweep_options options;
};

static void on_ended(void *context, const struct sweep *sweep, size_t index)
{
    struct stage *stage = context;
    const struct sweep_run *run = &sweep->runs[index];
    stage->ended += run->state == SWEEP_FINISHED;
    stage->trained += run->state == SWEEP_FINISHED ? run->rounds_done - run->rounds_resumed : 0;
    if (stage->stop_behind > 0 && stage->ended == stage->stop_behind)
        stage->stop = true;
}

static void stage_open(struct stage *stage, const char *text)
{
    const struct data_places nowhere = {0};
    struct err err = {0};
    char *json = text_copy(text);
    for (char *c = json; *c != '\0'; c++)
        *c = *c == '\'' ? '"' : *c;
    stage->source = config_source_parse("test", json, strlen(json), &stage->errors);
    cr_assert_eq(search_read(&stage->search, stage->source, stage->out, &stage->errors), ERR_OK, "%s",
                 text_string(&stage->errors.text));
    cr_assert_eq(datasets_init(&stage->datasets, &nowhere, &err), ERR_OK);
    stage->stop = false;
    stage->ended = 0;
    stage->options = (struct sweep_options){
        .threads = 1, .jobs = 1, .stop = &stage->stop, .events = {.context = stage, .ended = on_ended}};
    free(json);
}

static void stage_close(struct stage *stage)
{
    search_fini(&stage->search);
    datasets_fini(&stage->datasets);
    config_source_free(stage->source);
    config_errors_fini(&stage->errors);
}

static void stage_run(struct stage *stage)
{
    struct err err = {0};
    cr_assert_eq(search_run_all(&stage->search, &stage->datasets, &stage->options, &err), ERR_OK, "%s",
                 err.text);
}

static char *read_file(const char *directory, const char *name)
{
    char *path = scratch_path(directory, name), *bytes = NULL;
    size_t length = 0;
    struct err err = {0};
    cr_assert_eq(file_read(path, 1 << 24, &bytes, &length, &err), ERR_OK, "%s", err.text);
    free(path);
    char *end = strstr(bytes, "\"environment\"");
    if (end != NULL)
        *end = '\0';
    return bytes;
}

static void expect_same(const char *a, const char *b, const char *name)
{
    char *x = read_file(a, name), *y = read_file(b, name);
    cr_assert_str_eq(x, y, "%s", name);
    free(x);
    free(y);
}

Test(search, the_best_trial_wins_and_the_rest_is_dropped_on_the_way)
{
    struct stage stage = {.out = scratch_make()};
    stage_open(&stage, halving);
    stage_run(&stage);
    const struct search *search = &stage.search;
    size_t fates[4] = {0}, runs = search->sweep.count;
    cr_assert_eq(runs, 36);
    cr_assert(search->finished);
    for (size_t t = 0; t < 9; t++)
        fates[search->trials[t].fate]++;
    cr_assert_eq(fates[SEARCH_COMPLETED], 1);
    cr_assert_eq(fates[SEARCH_DROPPED], 8);
    cr_assert_eq(search->trials[search->winner].count, 3);
    cr_assert_eq(search_rounds(search), 4 * (9 * 1 + 3 * 2 + 1 * 6));
    cr_assert_eq(search_full_rounds(search), 36 * 9);
    cr_assert_eq(search_planned_rounds(search), search_rounds(search));
    cr_assert_eq((double)stage.trained, search_rounds(search), "nothing is trained twice: %llu",
                 (unsigned long long)stage.trained);
    cr_assert_eq(stage.ended, search_planned_runs(search));
    stage_close(&stage);
    scratch_remove(stage.out);
}

/* The objective by hand: the worst attack's mean over the seeds, of the figures of the runs. */
Test(search, the_objective_is_the_worst_attacks_mean_over_the_seeds)
{
    struct stage stage = {.out = scratch_make()};
    stage_open(&stage, halving);
    stage_run(&stage);
    const struct search *search = &stage.search;
    for (size_t t = 0; t < 9; t++)
        for (size_t k = 0; k < search->trials[t].count; k++) {
            double mean[2];
            for (size_t a = 0; a < 2; a++)
                mean[a] =
                    (search->runs[4 * t + 2 * a].figures[k] + search->runs[4 * t + 2 * a + 1].figures[k]) / 2;
            size_t worst = mean[1] < mean[0];
            cr_assert_eq(search->trials[t].objectives[k], mean[worst]);
            cr_assert_eq(search->trials[t].worst_attack[k], worst);
        }
    stage_close(&stage);
    scratch_remove(stage.out);
}

/* Stopped behind every single run in turn, and gone on with: the bytes of an undisturbed search. */
Test(search, a_stopped_search_goes_on_to_the_same_bytes)
{
    char *whole = scratch_make(), *parts = scratch_make();
    struct stage stage = {.out = whole};
    stage_open(&stage, small);
    stage_run(&stage);
    size_t stops = 0;
    uint64_t trained = 0;
    for (bool done = false; !done; stops++) {
        struct stage part = {.out = parts, .stop_behind = 1};
        stage_open(&part, small);
        part.options.resume = true;
        stage_run(&part);
        done = part.search.finished;
        trained += part.trained;
        cr_assert_lt(stops, 100);
        stage_close(&part);
        struct stage nothing = {.out = parts};
        stage_open(&nothing, small);
        nothing.options.resume = true;
        nothing.stop = true;
        if (!done)
            stage_run(&nothing); /* stopped before it has looked at anything: it forgets nothing */
        stage_close(&nothing);
    }
    cr_assert_geq(stops, search_planned_runs(&stage.search));
    cr_assert_eq((double)trained, search_rounds(&stage.search), "nothing is trained twice");
    char *a = scratch_path(whole, "halving"), *b = scratch_path(parts, "halving");
    for (size_t i = 0; i < stage.search.sweep.count; i++)
        expect_same(a, b, stage.search.sweep.runs[i].file);
    expect_same(a, b, "search.json");
    expect_same(a, b, "sweep.json");
    expect_same(a, b, "winner.json");
    stage_close(&stage);
    free(a);
    free(b);
    scratch_remove(whole);
    scratch_remove(parts);
}

/* A search that lost its search.json trains again what it must, to the same end. */
Test(search, the_results_alone_are_enough_to_go_on)
{
    char *whole = scratch_make(), *parts = scratch_make();
    struct stage first = {.out = whole}, part = {.out = parts, .stop_behind = 41}, last = {.out = parts};
    stage_open(&first, halving);
    stage_run(&first);
    stage_open(&part, halving);
    stage_run(&part);
    cr_assert_not(part.search.finished);
    stage_close(&part);
    char *a = scratch_path(whole, "halving"), *b = scratch_path(parts, "halving");
    char *ledger = scratch_path(b, "search.json");
    cr_assert_eq(remove(ledger), 0);
    stage_open(&last, halving);
    last.options.resume = true;
    stage_run(&last);
    expect_same(a, b, "search.json");
    expect_same(a, b, "sweep.json");
    stage_close(&first);
    stage_close(&last);
    free(ledger);
    free(a);
    free(b);
    scratch_remove(whole);
    scratch_remove(parts);
}

/* What search.json knows does not stand for a result that is gone. */
Test(search, a_result_that_is_gone_is_made_again_and_no_other)
{
    char *whole = scratch_make(), *parts = scratch_make();
    struct stage first = {.out = whole}, again = {.out = parts}, last = {.out = parts};
    stage_open(&first, halving);
    stage_run(&first);
    stage_open(&again, halving);
    stage_run(&again);
    size_t dropped = first.search.winner == 0 ? 1 : 0;
    const char *file = first.search.sweep.runs[search_run_of(&first.search, dropped, 0, 0)].file;
    char *a = scratch_path(whole, "halving"), *b = scratch_path(parts, "halving");
    char *gone = scratch_path(b, file);
    cr_assert_eq(remove(gone), 0);
    stage_open(&last, halving);
    last.options.resume = true;
    stage_run(&last);
    expect_same(a, b, file);
    expect_same(a, b, "search.json");
    cr_assert_eq(last.trained, last.search.runs[search_run_of(&last.search, dropped, 0, 0)].rounds[0]);
    stage_close(&first);
    stage_close(&again);
    stage_close(&last);
    free(gone);
    free(a);
    free(b);
    scratch_remove(whole);
    scratch_remove(parts);
}

Test(search, a_diverged_run_has_accuracy_0_and_infinite_loss)
{
    static const char *const objectives[] = {"validation_accuracy", "validation_loss"};
    for (size_t o = 0; o < 2; o++) {
        struct stage stage = {.out = scratch_make()};
        struct text text = {0};
        text_printf(&text,
                    "{'name': 'diverged', " BASE
                    "'attack': 'nan', 'server': {'nonfinite': 'keep'}, 'search': {'objective': '%s', "
                    "'first_rounds': 3, 'space': {'server.aggregator': ['mean', 'median', 'krum']}}}",
                    objectives[o]);
        stage_open(&stage, text_string(&text));
        stage_run(&stage);
        const struct search *search = &stage.search;
        cr_assert_eq(search->sweep.runs[0].status, SIMULATION_DIVERGED);
        cr_assert(search->runs[0].ended);
        if (o == 0)
            cr_assert_eq(search->trials[0].objectives[0], 0);
        else
            cr_assert(isinf(search->trials[0].objectives[0]) && search->trials[0].objectives[0] > 0);
        cr_assert_neq(search->winner, 0);
        cr_assert_eq(search->trials[search->winner].fate, SEARCH_COMPLETED);
        stage_close(&stage);
        text_fini(&text);
        scratch_remove(stage.out);
    }
}

Test(search, a_diverged_run_that_goes_on_is_not_run_again)
{
    struct stage stage = {.out = scratch_make()};
    stage_open(&stage, "{'name': 'lost', " BASE "'attack': 'nan', 'server': {'nonfinite': 'keep'}, 'search': "
                       "{'first_rounds': 3, 'space': {'server.learning_rate': [1, 2, 3]}}}");
    stage_run(&stage);
    const struct search *search = &stage.search;
    cr_assert_eq(search->winner, 0);
    cr_assert_eq(search->trials[0].count, 2);
    cr_assert_eq(search->trials[0].objectives[1], 0);
    cr_assert_eq(search->runs[0].rounds[1], 1);
    cr_assert_eq(stage.ended, 3);
    cr_assert_eq(search_test(search, 0, false), 0);
    cr_assert(isinf(search_test(search, 0, true)));
    stage_close(&stage);
    scratch_remove(stage.out);
}

/* With 54 samples left, 60 workers cannot all have one. */
Test(search, a_trial_that_fails_is_marked_and_the_search_goes_on)
{
    struct stage stage = {.out = scratch_make()};
    stage_open(&stage, "{'name': 'failing', " BASE
                       "'search': {'first_rounds': 3, 'space': {'workers.count': [60, 7, 9]}}}");
    stage_run(&stage);
    const struct search *search = &stage.search;
    cr_assert(search->finished);
    cr_assert_eq(search->trials[0].fate, SEARCH_FAILED);
    cr_assert(isnan(search_objective(&search->trials[0])));
    cr_assert_neq(search->winner, 0);
    cr_assert_lt(search->winner, 3);
    char *directory = scratch_path(stage.out, "failing"), *bytes = read_file(directory, "search.json");
    cr_assert_not_null(strstr(bytes, "\"status\": \"failed\""));
    cr_assert_not_null(strstr(bytes, "\"error\": "));
    free(bytes);
    free(directory);
    stage_close(&stage);
    scratch_remove(stage.out);
}

Test(search, without_a_trial_that_comes_to_its_end_there_is_no_winner)
{
    struct stage stage = {.out = scratch_make()};
    stage_open(&stage, "{'name': 'failing', " BASE
                       "'search': {'method': 'grid', 'space': {'workers.count': [60, 61]}}}");
    stage_run(&stage);
    cr_assert(stage.search.finished);
    cr_assert_eq(stage.search.winner, stage.search.rungs.trials);
    stage_close(&stage);
    scratch_remove(stage.out);
}

static void expect_refused(const char *text, const char *report)
{
    struct stage stage = {.out = text_copy("x")};
    char *json = text_copy(text);
    for (char *c = json; *c != '\0'; c++)
        *c = *c == '\'' ? '"' : *c;
    stage.source = config_source_parse("test", json, strlen(json), &stage.errors);
    cr_assert_neq(search_read(&stage.search, stage.source, stage.out, &stage.errors), ERR_OK, "%s", text);
    cr_assert_not_null(strstr(text_string(&stage.errors.text), report), "%s\n%s", text,
                       text_string(&stage.errors.text));
    search_fini(&stage.search);
    config_source_free(stage.source);
    config_errors_fini(&stage.errors);
    free(stage.out);
    free(json);
}

Test(search, what_makes_no_search_is_refused)
{
    expect_refused("{'search': {'method': 'grid', 'space': {'seed.x': [1]}}, 'wrokers': 1}",
                   "did you mean \"workers\"?");
    expect_refused("{'search': {'method': 'grid', 'space': {'server.momentum': [0, 0.5]}}}",
                   "data.validation: a search needs samples for validation");
    expect_refused(
        "{" BASE "'search': {'first_rounds': 4, 'space': {'server.momentum': [0, 0.5]}}}",
        "search.first_rounds: 4 rounds leave no rung below all 9 of them with reduction 3; use at most 3");
    expect_refused("{'rounds': 2, 'search': {'first_rounds': 1, 'space': {'server.momentum': [0, 0.5]}}}",
                   "rounds: are too few for a halving");
    expect_refused("{" BASE
                   "'search': {'method': 'hyperband', 'first_rounds': 1, 'space': {'server.momentum': "
                   "[0, 0.5]}}}",
                   "has 2 combinations, and hyperband begins 15 trials");
    expect_refused("{" BASE
                   "'search': {'first_rounds': 1, 'attacks': ['alei'], 'space': {'server.momentum': [0, "
                   "2]}}}",
                   "did you mean \"alie\"?");
}
