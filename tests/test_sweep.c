/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sweeps on a disk: the index, what --resume keeps and what it runs again, jobs side by side. */
#include "sim/app/sweep.h"
#include "sim/report/result.h"
#include "tests/data/scratch.h"

#include <criterion/criterion.h>
#include <omp.h>
#include <sys/stat.h>

#define BASE                                                                                                 \
    "'rounds': 5, 'workers': {'count': 7, 'byzantine': 1}, 'evaluation': {'every': 2}, 'data': {'dataset': " \
    "{'name': "                                                                                              \
    "'blobs', 'train': 70, 'test': 30, 'features': 4, 'classes': 3}}"

static const char four[] = "{'name': 'four', " BASE ", 'attack': 'sign_flip',"
                           " 'sweep': {'seed': [1, 2], 'server.aggregator': ['mean', 'median']}}";
static const char one[] = "{'name': 'one', " BASE "}";

struct stage {
    char *out;
    struct config_source *source;
    struct config_errors errors;
    struct sweep sweep;
    struct datasets datasets;
    atomic_bool stop;
    struct sweep_options options;
};

static void stage_open(struct stage *stage, const char *text)
{
    const struct data_places nowhere = {0};
    struct err err = {0};
    char *json = text_copy(text);
    for (char *c = json; *c != '\0'; c++)
        *c = *c == '\'' ? '"' : *c;
    stage->source = config_source_parse("test", json, strlen(json), &stage->errors);
    cr_assert_eq(sweep_read(&stage->sweep, stage->source, stage->out, &stage->errors), ERR_OK, "%s",
                 text_string(&stage->errors.text));
    cr_assert_eq(datasets_init(&stage->datasets, &nowhere, &err), ERR_OK);
    stage->stop = false;
    stage->options = (struct sweep_options){.threads = 1, .jobs = 1, .stop = &stage->stop};
    free(json);
}

static void stage_close(struct stage *stage)
{
    sweep_fini(&stage->sweep);
    datasets_fini(&stage->datasets);
    config_source_free(stage->source);
    config_errors_fini(&stage->errors);
}

static void stage_run(struct stage *stage)
{
    struct err err = {0};
    cr_assert_eq(sweep_run_all(&stage->sweep, &stage->datasets, &stage->options, &err), ERR_OK, "%s",
                 err.text);
}

/* All of a sweep from the text to the files, in `out`. */
static void run_text(char *out, const char *text, size_t jobs)
{
    struct stage stage = {.out = out};
    stage_open(&stage, text);
    stage.options.jobs = stage.options.threads = jobs;
    stage_run(&stage);
    for (size_t i = 0; i < stage.sweep.count; i++)
        cr_assert_eq(stage.sweep.runs[i].state, SWEEP_FINISHED, "%s", stage.sweep.runs[i].err.text);
    stage_close(&stage);
}

static char *read_file(const char *directory, const char *name)
{
    char *path = scratch_path(directory, name), *bytes = NULL;
    size_t length = 0;
    struct err err = {0};
    cr_assert_eq(file_read(path, 1 << 24, &bytes, &length, &err), ERR_OK, "%s", err.text);
    free(path);
    return bytes;
}

/* A result without what differs from run to run. */
static char *read_stable(const char *directory, const char *name)
{
    char *bytes = read_file(directory, name), *end = strstr(bytes, "\"environment\"");
    cr_assert_not_null(end);
    *end = '\0';
    return bytes;
}

static void expect_same_results(struct stage *stage, const char *a, const char *b)
{
    for (size_t i = 0; i < stage->sweep.count; i++) {
        char *x = read_stable(a, stage->sweep.runs[i].file), *y = read_stable(b, stage->sweep.runs[i].file);
        cr_assert_str_eq(x, y, "%s", stage->sweep.runs[i].file);
        free(x);
        free(y);
    }
    char *x = read_file(a, "sweep.json"), *y = read_file(b, "sweep.json");
    cr_assert_str_eq(x, y);
    free(x);
    free(y);
}

static const char *string_at(const cJSON *json, const char *key)
{
    const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, key));
    cr_assert_not_null(value, "no string \"%s\"", key);
    return value;
}

Test(sweep, the_index_lists_every_run_with_its_swept_values)
{
    struct stage stage = {.out = scratch_make()};
    stage_open(&stage, four);
    stage_run(&stage);
    char *bytes = read_file(stage.sweep.directory, "sweep.json");
    cJSON *index = cJSON_Parse(bytes), *runs = cJSON_GetObjectItemCaseSensitive(index, "runs");
    cr_assert_str_eq(string_at(index, "name"), "four");
    cr_assert_eq(cJSON_GetArraySize(runs), 4);
    for (int i = 0; i < 4; i++) {
        const struct sweep_run *run = &stage.sweep.runs[i];
        const cJSON *entry = cJSON_GetArrayItem(runs, i);
        const cJSON *swept = cJSON_GetObjectItemCaseSensitive(entry, "swept");
        cr_assert_str_eq(string_at(entry, "file"), run->file);
        cr_assert_str_eq(string_at(entry, "label"), run->experiment.label);
        cr_assert_str_eq(string_at(entry, "config_sha256"), run->experiment.identity);
        cr_assert_str_eq(string_at(entry, "status"), "completed");
        cr_assert_eq(cJSON_GetObjectItemCaseSensitive(swept, "seed")->valuedouble, 1 + i / 2);
        cr_assert_str_eq(string_at(swept, "server.aggregator"), i % 2 == 0 ? "mean" : "median");
        cr_assert_eq(cJSON_GetObjectItemCaseSensitive(entry, "test_accuracy")->valuedouble,
                     run->test_accuracy);
        cJSON *result = NULL;
        struct err err = {0};
        char *path = scratch_path(stage.sweep.directory, run->file);
        cr_assert_eq(result_read(path, run->experiment.identity, &result, &err), ERR_OK, "%s", err.text);
        cr_assert_str_eq(string_at(result, "label"), run->experiment.label);
        cJSON_Delete(result);
        free(path);
    }
    cJSON_Delete(index);
    free(bytes);
    scratch_remove(stage.out);
    stage_close(&stage);
}

Test(sweep, two_jobs_give_the_bytes_of_one)
{
    char *first = scratch_make(), *second = scratch_make();
    run_text(first, four, 1);
    run_text(second, four, 3);
    struct stage stage = {.out = first};
    stage_open(&stage, four);
    char *a = scratch_path(first, "four"), *b = scratch_path(second, "four");
    expect_same_results(&stage, a, b);
    free(a);
    free(b);
    stage_close(&stage);
    scratch_remove(first);
    scratch_remove(second);
}

/* Number of the file on the disk: a file that is written anew gets another. */
static ino_t inode_of(const struct stage *stage, size_t index)
{
    struct stat info;
    char *path = scratch_path(stage->sweep.directory, stage->sweep.runs[index].file);
    cr_assert_eq(stat(path, &info), 0);
    free(path);
    return info.st_ino;
}

static void overwrite(const struct stage *stage, size_t index, const char *bytes, size_t length)
{
    scratch_write(stage->sweep.directory, stage->sweep.runs[index].file, bytes, length);
}

/* Puts `to` in the place of `from`, once. */
static void edit(const struct stage *stage, size_t index, const char *from, const char *to)
{
    struct text text = {0};
    char *bytes = read_file(stage->sweep.directory, stage->sweep.runs[index].file), *at = strstr(bytes, from);
    cr_assert_not_null(at);
    text_append(&text, bytes, (size_t)(at - bytes));
    text_add(&text, to);
    text_add(&text, at + strlen(from));
    overwrite(stage, index, text.data, text.length);
    text_fini(&text);
    free(bytes);
}

Test(sweep, resume_keeps_what_is_complete_and_runs_the_rest)
{
    char *out = scratch_make(), *clean = scratch_make();
    run_text(out, four, 1);
    run_text(clean, four, 1);
    struct stage stage = {.out = out};
    stage_open(&stage, four);
    edit(&stage, 1, "\"status\": \"completed\"", "\"status\": \"stopped\"");
    overwrite(&stage, 2, "{\"schema\": 1", 12);
    char *last = scratch_path(stage.sweep.directory, stage.sweep.runs[3].file);
    cr_assert_eq(remove(last), 0);
    ino_t kept = inode_of(&stage, 0);
    stage.options.resume = true;
    stage_run(&stage);
    cr_assert_eq(stage.sweep.runs[0].state, SWEEP_KEPT);
    for (size_t i = 1; i < 4; i++)
        cr_assert_eq(stage.sweep.runs[i].state, SWEEP_FINISHED, "run %zu", i);
    cr_assert_eq(inode_of(&stage, 0), kept, "a complete result is written again");
    char *a = scratch_path(out, "four"), *b = scratch_path(clean, "four");
    expect_same_results(&stage, a, b);
    free(a);
    free(b);
    free(last);
    stage_close(&stage);
    scratch_remove(out);
    scratch_remove(clean);
}

/* One damage after the other to a single result. */
Test(sweep, resume_trusts_no_damaged_result)
{
    static const char *const edits[][2] = {{"\"config_sha256\": \"", "\"config_sha256\": \"0"},
                                           {"\"digest\"", "\"dig\""},
                                           {"\"final\": {", "\"fin\": {"},
                                           {"\"status\": \"completed\"", "\"status\": 1"},
                                           {"{", "["},
                                           {"{", ""}};
    char *out = scratch_make();
    run_text(out, one, 1);
    struct stage stage = {.out = out};
    stage_open(&stage, one);
    char *good = read_stable(stage.sweep.directory, stage.sweep.runs[0].file);
    for (size_t i = 0; i <= BYZ_LENGTH(edits); i++) {
        if (i < BYZ_LENGTH(edits))
            edit(&stage, 0, edits[i][0], edits[i][1]);
        else
            overwrite(&stage, 0, "", 0);
        stage.options.resume = true;
        stage_run(&stage);
        cr_assert_eq(stage.sweep.runs[0].state, SWEEP_FINISHED, "damage %zu is taken for a result", i);
        char *again = read_stable(stage.sweep.directory, stage.sweep.runs[0].file);
        cr_assert_str_eq(again, good);
        free(again);
        stage_run(&stage);
        cr_assert_eq(stage.sweep.runs[0].state, SWEEP_KEPT);
    }
    free(good);
    stage_close(&stage);
    scratch_remove(out);
}

Test(sweep, without_resume_everything_runs_again)
{
    char *out = scratch_make();
    run_text(out, one, 1);
    run_text(out, one, 1);
    scratch_remove(out);
}

/* Asked to stop after some rounds, whichever run that falls into. */
struct stopper {
    struct stage *stage;
    size_t rounds, after;
};

static void count_round(void *context, const struct sweep *sweep, size_t index)
{
    struct stopper *stopper = context;
    (void)sweep, (void)index;
    if (++stopper->rounds == stopper->after)
        atomic_store(&stopper->stage->stop, true);
}

/* Progress is told once before each of the five rounds and once behind the last, in each of the four runs: 24
 * times. The call in which the stop is asked for comes again when the run goes on. */
Test(sweep, stopped_anywhere_and_resumed_it_is_the_same_sweep)
{
    char *clean = scratch_make();
    run_text(clean, four, 1);
    char *b = scratch_path(clean, "four");
    for (size_t after = 1; after < 24; after += 3) {
        char *out = scratch_make();
        struct stage stage = {.out = out};
        struct stopper stopper = {.stage = &stage, .after = after};
        stage_open(&stage, four);
        stage.options.events = (struct sweep_events){.context = &stopper, .progress = count_round};
        stage_run(&stage);
        cr_assert_neq((int)stage.sweep.runs[3].status, SIMULATION_COMPLETED, "it was not stopped");
        stage_close(&stage);
        stage = (struct stage){.out = out};
        stage_open(&stage, four);
        stage.options.resume = true;
        stopper = (struct stopper){.stage = &stage};
        stage.options.events = (struct sweep_events){.context = &stopper, .progress = count_round};
        stage_run(&stage);
        cr_assert_eq(stopper.rounds, 25 - after, "%zu calls after %zu: it does not go on where it was",
                     stopper.rounds, after);
        char *a = scratch_path(out, "four");
        expect_same_results(&stage, a, b);
        free(a);
        stage_close(&stage);
        scratch_remove(out);
    }
    free(b);
    scratch_remove(clean);
}

/* A checkpoint of other settings, or no checkpoint at all, in the place of one. */
Test(sweep, a_foreign_checkpoint_is_not_used)
{
    char *out = scratch_make();
    run_text(out, one, 1);
    struct stage stage = {.out = out};
    stage_open(&stage, one);
    char *good = read_stable(stage.sweep.directory, stage.sweep.runs[0].file);
    struct text name = {0};
    text_printf(&name, "%s.checkpoint", stage.sweep.runs[0].experiment.run_name);
    scratch_write(stage.sweep.directory, name.data, "byzsim checkpoint 1", 20);
    overwrite(&stage, 0, "", 0);
    stage.options.resume = true;
    stage_run(&stage);
    char *again = read_stable(stage.sweep.directory, stage.sweep.runs[0].file);
    char *checkpoint = scratch_path(stage.sweep.directory, name.data);
    cr_assert_str_eq(again, good);
    cr_assert_not(file_exists(checkpoint), "it is removed when the run is complete");
    free(checkpoint);
    free(again);
    free(good);
    text_fini(&name);
    stage_close(&stage);
    scratch_remove(out);
}

Test(sweep, a_run_that_fails_does_not_stop_the_others)
{
    struct stage stage = {.out = scratch_make()};
    struct err err = {0};
    stage_open(&stage, "{'name': 'mixed', " BASE ", 'sweep': {'model': ['linear', 'softmax']}}");
    stage_run(&stage);
    cr_assert_eq(stage.sweep.runs[0].state, SWEEP_FAILED);
    cr_assert_not_null(strstr(stage.sweep.runs[0].err.text, "linear"), "%s", stage.sweep.runs[0].err.text);
    cr_assert_eq(stage.sweep.runs[1].state, SWEEP_FINISHED);
    char *bytes = read_file(stage.sweep.directory, "sweep.json");
    cJSON *index = cJSON_Parse(bytes), *runs = cJSON_GetObjectItemCaseSensitive(index, "runs");
    cr_assert_str_eq(string_at(cJSON_GetArrayItem(runs, 0), "status"), "failed");
    cr_assert_str_eq(string_at(cJSON_GetArrayItem(runs, 0), "error"), stage.sweep.runs[0].err.text);
    cr_assert_str_eq(string_at(cJSON_GetArrayItem(runs, 1), "status"), "completed");
    cJSON_Delete(index);
    free(bytes);
    cr_assert_eq(sweep_rehearse(&stage.sweep, &stage.datasets, &err), ERR_INVALID);
    cr_assert(strncmp(err.text, stage.sweep.runs[0].experiment.run_name, 10) == 0, "%s", err.text);
    scratch_remove(stage.out);
    stage_close(&stage);
}

/* So many mistakes, whose report holds both parts. */
static void expect_mistakes(const char *text, size_t count, const char *part, const char *other)
{
    struct config_errors errors = {0};
    struct sweep sweep = {0};
    struct config_source *source = config_source_parse("test", text, strlen(text), &errors);
    cr_assert_neq(sweep_read(&sweep, source, "", &errors), ERR_OK);
    cr_assert_eq(errors.count, count);
    cr_assert_not_null(strstr(text_string(&errors.text), part), "%s", text_string(&errors.text));
    cr_assert_not_null(strstr(text_string(&errors.text), other), "%s", text_string(&errors.text));
    sweep_fini(&sweep);
    config_source_free(source);
    config_errors_fini(&errors);
}

Test(sweep, a_misspelt_sweep_is_suggested)
{
    expect_mistakes("{\"serch\": {\"method\": \"grid\"}}", 1, "did you mean \"search\"?",
                    "evaluation, sweep, search)");
}

Test(sweep, every_point_with_a_mistake_is_reported)
{
    expect_mistakes("{\"sweep\": {\"server.declared_byzantine\": [0, 25, 30]}}", 2,
                    "test:1:45: ", "30 of 25 workers");
}
