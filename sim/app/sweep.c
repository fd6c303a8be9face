/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/app/sweep.h"
#include "sim/app/run.h"
#include "sim/base/file.h"
#include "sim/report/index.h"
#include "sim/report/result.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* {"path": value} for each key of the document's "sweep", as the point has it. */
static cJSON *swept_values(const struct config_source *source, const cJSON *json)
{
    cJSON *values = cJSON_CreateObject(), *key = NULL;
    const cJSON *sweep = cJSON_GetObjectItemCaseSensitive(config_source_root(source), "sweep");
    cJSON_ArrayForEach(key, sweep)
    {
        const cJSON *value = config_value_at(json, key->string);
        if (value != NULL)
            cJSON_AddItemToObject(values, key->string, cJSON_Duplicate(value, true));
    }
    return values;
}

static int read_point(struct sweep_run *run, const struct config_source *source,
                      const struct config_point *point, struct config_errors *errors)
{
    run->train_loss = run->test_loss = run->test_accuracy = run->parameter_error = (double)NAN;
    int rc = experiment_read(&run->experiment, source, point, errors);
    if (rc != ERR_OK)
        return rc;
    struct text file = {0};
    text_printf(&file, "%s.json", run->experiment.run_name);
    run->file = file.data;
    run->swept = swept_values(source, point->json);
    return file.failed || run->swept == NULL ? ERR_MEMORY : ERR_OK;
}

int sweep_read(struct sweep *sweep, const struct config_source *source, const char *out,
               struct config_errors *errors)
{
    struct config_points points = {0};
    *sweep = (struct sweep){0};
    pthread_mutex_init(&sweep->lock, NULL);
    int rc = config_points_expand(source, &points, errors);
    if (rc == ERR_OK && (sweep->runs = calloc(points.count, sizeof *sweep->runs)) == NULL)
        rc = ERR_MEMORY;
    for (size_t i = 0; sweep->runs != NULL && i < points.count; i++) {
        int problem = read_point(&sweep->runs[i], source, &points.items[i], errors);
        rc = problem != ERR_OK ? problem : rc;
        sweep->count++;
    }
    if (rc == ERR_OK)
        sweep->directory = file_join(out, sweep->runs[0].experiment.settings.name);
    config_points_free(&points);
    return rc == ERR_OK && sweep->directory == NULL ? ERR_MEMORY : rc;
}

void sweep_fini(struct sweep *sweep)
{
    for (size_t i = 0; i < sweep->count; i++) {
        experiment_fini(&sweep->runs[i].experiment);
        free(sweep->runs[i].file);
        cJSON_Delete(sweep->runs[i].swept);
    }
    free(sweep->runs);
    free(sweep->directory);
    pthread_mutex_destroy(&sweep->lock);
    *sweep = (struct sweep){0};
}

int sweep_rehearse(struct sweep *sweep, struct datasets *datasets, struct err *err)
{
    for (size_t i = 0; i < sweep->count; i++) {
        const struct settings *settings = &sweep->runs[i].experiment.settings;
        const struct dataset *dataset = NULL;
        struct simulation *simulation = NULL;
        int rc = datasets_get(datasets, &settings->data.dataset, &dataset, err);
        if (rc == ERR_OK)
            rc = simulation_create(&simulation, settings, dataset, err);
        simulation_free(simulation);
        if (rc != ERR_OK && sweep->count > 1)
            err_wrap(err, "%s", sweep->runs[i].experiment.run_name);
        if (rc != ERR_OK)
            return rc;
    }
    return ERR_OK;
}

/* What the threads of a sweep share. */
struct crew {
    struct sweep *sweep;
    struct datasets *datasets;
    const struct sweep_options *options;
    size_t threads; /* of each run */
    atomic_size_t next;
};

static void write_index(struct crew *crew)
{
    struct sweep *sweep = crew->sweep;
    struct index index = {0};
    struct err err = {0};
    for (size_t i = 0; i < sweep->count; i++) {
        const struct sweep_run *run = &sweep->runs[i];
        bool there = run->state == SWEEP_FINISHED || run->state == SWEEP_KEPT;
        index_add(&index, &(struct index_entry){.label = run->experiment.label,
                                                .file = run->file,
                                                .identity = run->experiment.identity,
                                                .status = there ? result_status_word(run->status)
                                                          : run->state == SWEEP_FAILED ? "failed"
                                                                                       : "pending",
                                                .error = run->err.text,
                                                .swept = run->swept,
                                                .train_loss = run->train_loss,
                                                .test_loss = run->test_loss,
                                                .test_accuracy = run->test_accuracy,
                                                .parameter_error = run->parameter_error});
    }
    /* The results themselves are safe; an index that cannot be written is told with the run that just ended.
     */
    if (index_write(&index, sweep->runs[0].experiment.settings.name, sweep->directory, &err) != ERR_OK)
        sweep->index_error = err;
}

static void run_one(struct crew *crew, size_t index)
{
    struct sweep *sweep = crew->sweep;
    struct sweep_run *run = &sweep->runs[index];
    const struct sweep_events *events = &crew->options->events;
    pthread_mutex_lock(&sweep->lock);
    run->state = SWEEP_RUNNING;
    if (events->started != NULL)
        events->started(events->context, sweep, index);
    pthread_mutex_unlock(&sweep->lock);

    enum sweep_state state = run_experiment(sweep, index, crew->datasets, crew->options);

    pthread_mutex_lock(&sweep->lock);
    run->state = state;
    write_index(crew);
    if (events->ended != NULL)
        events->ended(events->context, sweep, index);
    pthread_mutex_unlock(&sweep->lock);
}

static void *work(void *argument)
{
    struct crew *crew = argument;
    omp_set_num_threads((int)crew->threads);
    for (;;) {
        size_t index = atomic_fetch_add(&crew->next, 1);
        if (index >= crew->sweep->count || atomic_load(crew->options->stop))
            return NULL;
        run_one(crew, index);
    }
}

/* Data that is missing is told once and before anything runs. */
static int load_data(struct sweep *sweep, struct datasets *datasets, struct err *err)
{
    const struct dataset *ignored = NULL;
    int rc = ERR_OK;
    for (size_t i = 0; rc == ERR_OK && i < sweep->count; i++)
        rc = datasets_get(datasets, &sweep->runs[i].experiment.settings.data.dataset, &ignored, err);
    return rc;
}

int sweep_run_all(struct sweep *sweep, struct datasets *datasets, const struct sweep_options *options,
                  struct err *err)
{
    int rc = load_data(sweep, datasets, err);
    if (rc == ERR_OK)
        rc = file_make_directory(sweep->directory, err);
    if (rc != ERR_OK)
        return rc;
    size_t jobs = options->jobs < sweep->count ? options->jobs : sweep->count;
    jobs = jobs < 1 ? 1 : jobs;
    struct crew crew = {.sweep = sweep, .datasets = datasets, .options = options};
    crew.threads = options->threads / jobs < 1 ? 1 : options->threads / jobs;
    if (jobs == 1) {
        work(&crew);
        return ERR_OK;
    }
    pthread_t *threads = calloc(jobs, sizeof *threads);
    size_t started = 0;
    while (threads != NULL && started < jobs && pthread_create(&threads[started], NULL, work, &crew) == 0)
        started++;
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    free(threads);
    return started > 0 ? ERR_OK : err_set(err, ERR_MEMORY, "no thread could be started; use --jobs 1");
}
