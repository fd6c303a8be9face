/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/app/sweep.h"
#include "sim/app/estimate.h"
#include "sim/app/run.h"
#include "sim/base/file.h"
#include "sim/base/lock.h"
#include "sim/num/machine.h"
#include "sim/report/index.h"
#include "sim/report/result.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* {"path": value} for each of the keys, as the point has it. */
static cJSON *swept_values(const cJSON *keys, const cJSON *json)
{
    cJSON *values = cJSON_CreateObject();
    const cJSON *key = NULL;
    cJSON_ArrayForEach(key, keys)
    {
        const cJSON *value = config_value_at(json, key->string);
        if (value != NULL)
            cJSON_AddItemToObject(values, key->string, cJSON_Duplicate(value, true));
    }
    return values;
}

static int read_point(struct sweep_run *run, const struct config_source *source,
                      const struct config_point *point, const cJSON *keys, struct config_errors *errors)
{
    run->train_loss = run->test_loss = run->test_accuracy = run->parameter_error = (double)NAN;
    run->validation_loss = run->validation_accuracy = (double)NAN;
    int rc = experiment_read(&run->experiment, source, point, errors);
    if (rc != ERR_OK)
        return rc;
    run->until = run->experiment.settings.rounds;
    struct text file = {0};
    text_printf(&file, "%s.json", run->experiment.run_name);
    run->file = file.data;
    run->swept = swept_values(keys, point->json);
    return file.failed || run->swept == NULL ? ERR_MEMORY : ERR_OK;
}

int sweep_read_points(struct sweep *sweep, const struct config_source *source,
                      const struct config_points *points, const cJSON *keys, const char *out,
                      struct config_errors *errors)
{
    *sweep = (struct sweep){.runs = calloc(points->count, sizeof *sweep->runs)};
    pthread_mutex_init(&sweep->lock, NULL);
    int rc = sweep->runs == NULL ? ERR_MEMORY : ERR_OK;
    for (size_t i = 0; sweep->runs != NULL && i < points->count; i++) {
        int problem = read_point(&sweep->runs[i], source, &points->items[i], keys, errors);
        rc = problem != ERR_OK ? problem : rc;
        sweep->count++;
    }
    if (rc == ERR_OK)
        sweep->directory = file_join(out, sweep->runs[0].experiment.settings.name);
    return rc == ERR_OK && sweep->directory == NULL ? ERR_MEMORY : rc;
}

int sweep_read(struct sweep *sweep, const struct config_source *source, const char *out,
               struct config_errors *errors)
{
    struct config_points points = {0};
    const cJSON *keys = cJSON_GetObjectItemCaseSensitive(config_source_root(source), "sweep");
    *sweep = (struct sweep){0};
    int rc = config_points_expand(source, &points, errors);
    if (rc == ERR_OK)
        rc = sweep_read_points(sweep, source, &points, keys, out, errors);
    config_points_free(&points);
    return rc;
}

void sweep_fini(struct sweep *sweep)
{
    for (size_t i = 0; i < sweep->count; i++) {
        experiment_fini(&sweep->runs[i].experiment);
        free(sweep->runs[i].file);
        cJSON_Delete(sweep->runs[i].swept);
    }
    if (sweep->runs != NULL)
        pthread_mutex_destroy(&sweep->lock);
    free(sweep->runs);
    free(sweep->directory);
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

/* What the threads of a sweep share; all but the constants is guarded by the sweep's lock. */
struct crew {
    struct sweep *sweep;
    struct datasets *datasets;
    const struct sweep_options *options;
    cJSON *others; /* entries of the index for results of other configurations */
    size_t jobs;
    size_t next, pending, running, busy; /* run to look at, runs to start, runs and threads at work */
    bool full;                           /* no space is left: nothing new is started */
};

static int write_index(struct crew *crew, struct err *err)
{
    struct sweep *sweep = crew->sweep;
    struct index index = {0};
    for (size_t i = 0; i < sweep->count; i++) {
        const struct sweep_run *run = &sweep->runs[i];
        bool there = run->state == SWEEP_FINISHED || run->state == SWEEP_KEPT;
        const double none = (double)NAN; /* the figures of a run at work are its thread's */
        index_add(&index, &(struct index_entry){.label = run->experiment.label,
                                                .file = run->file,
                                                .identity = run->experiment.identity,
                                                .status = there ? result_status_word(run->status)
                                                          : run->state == SWEEP_FAILED ? "failed"
                                                                                       : "pending",
                                                .error = run->state == SWEEP_FAILED ? run->err.text : "",
                                                .swept = run->swept,
                                                .train_loss = there ? run->train_loss : none,
                                                .test_loss = there ? run->test_loss : none,
                                                .test_accuracy = there ? run->test_accuracy : none,
                                                .parameter_error = there ? run->parameter_error : none});
    }
    return index_write(&index, crew->others, sweep->runs[0].experiment.settings.name, sweep->directory, err);
}

/* The next run and its share of the threads that are free, split over the jobs that wait for one: the last
 * runs of a sweep get the threads of the jobs that have ended. False when there is nothing to start. */
static bool take_run(struct crew *crew, size_t *index, size_t *threads)
{
    if (crew->pending == 0 || crew->full || atomic_load(crew->options->stop))
        return false;
    size_t seats = crew->jobs - crew->running, takers = crew->pending < seats ? crew->pending : seats;
    size_t unused = crew->options->threads > crew->busy ? crew->options->threads - crew->busy : 0;
    *threads = (unused + takers - 1) / takers;
    *threads = *threads < 1 ? 1 : *threads;
    while (crew->sweep->runs[crew->next].state != SWEEP_PENDING || crew->sweep->runs[crew->next].resting)
        crew->next++;
    *index = crew->next++;
    crew->pending--;
    crew->running++;
    crew->busy += *threads;
    return true;
}

static void run_one(struct crew *crew, size_t index)
{
    struct sweep *sweep = crew->sweep;
    struct sweep_run *run = &sweep->runs[index];
    const struct sweep_events *events = &crew->options->events;
    run->state = SWEEP_RUNNING;
    if (events->started != NULL)
        events->started(events->context, sweep, index);
    pthread_mutex_unlock(&sweep->lock);

    enum sweep_state state = run_experiment(sweep, index, crew->datasets, crew->options);

    pthread_mutex_lock(&sweep->lock);
    run->state = state;
    /* The results themselves are safe; an index that cannot be written is told at the end. */
    struct err err = {0};
    if (write_index(crew, &err) != ERR_OK)
        sweep->index_error = err;
    else
        sweep->index_error = (struct err){0};
    crew->full |= run->err.code == ERR_FULL || err.code == ERR_FULL;
    if (events->ended != NULL)
        events->ended(events->context, sweep, index);
}

static void *work(void *argument)
{
    struct crew *crew = argument;
    size_t index, threads;
    pthread_mutex_lock(&crew->sweep->lock);
    while (take_run(crew, &index, &threads)) {
        omp_set_num_threads((int)threads);
        run_one(crew, index);
        crew->running--;
        crew->busy -= threads;
    }
    pthread_mutex_unlock(&crew->sweep->lock);
    return NULL;
}

/* A yardstick that cannot be measured (there is no memory for it) is left out: nothing depends on it. */
static void measure_peaks(size_t threads, struct profile_peaks *peaks)
{
    struct err ignored = {0};
    *peaks = (struct profile_peaks){.threads = threads};
    omp_set_num_threads((int)threads);
    if (machine_product_rate(threads, &peaks->flops, &ignored) != ERR_OK)
        peaks->flops = 0;
    if (machine_read_bandwidth(&peaks->bytes, &ignored) != ERR_OK)
        peaks->bytes = 0;
}

/* Data that is missing, and memory that is too small, are told once and before anything runs. */
static int prepare(const struct crew *crew, struct err *err)
{
    struct sweep *sweep = crew->sweep;
    const struct dataset *ignored = NULL;
    int rc = ERR_OK;
    for (size_t i = 0; rc == ERR_OK && i < sweep->count; i++)
        rc = datasets_get(crew->datasets, &sweep->runs[i].experiment.settings.data.dataset, &ignored, err);
    if (rc == ERR_OK && crew->options->profile)
        measure_peaks(crew->options->threads, &sweep->peaks);
    if (rc != ERR_OK || crew->jobs == 1)
        return rc;
    omp_set_num_threads((int)(crew->options->threads / crew->jobs) + 1); /* at most that many for each */
    return estimate_check_memory(sweep, crew->datasets, crew->jobs, err);
}

static bool is_ours(const void *context, const char *file)
{
    const struct sweep *sweep = context;
    for (size_t i = 0; i < sweep->count; i++)
        if (strcmp(sweep->runs[i].file, file) == 0)
            return true;
    return false;
}

static int run_crew(struct crew *crew, struct err *err)
{
    if (crew->jobs == 1) {
        work(crew);
        return ERR_OK;
    }
    pthread_t *threads = calloc(crew->jobs, sizeof *threads);
    size_t started = 0;
    while (threads != NULL && started < crew->jobs &&
           pthread_create(&threads[started], NULL, work, crew) == 0)
        started++;
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    free(threads);
    return started > 0 ? ERR_OK : err_set(err, ERR_MEMORY, "no thread could be started; use --jobs 1");
}

static bool is_kept(const struct crew *crew, size_t index)
{
    const struct sweep_stages *stages = crew->options->stages;
    if (!crew->options->resume)
        return false;
    return run_keep(crew->sweep, index) ||
           (stages != NULL && stages->known(stages->context, crew->sweep, index));
}

/* What is complete already, before anything starts: so the index and the time left are right from the
 * beginning. */
static void keep_results(struct crew *crew)
{
    struct sweep *sweep = crew->sweep;
    const struct sweep_events *events = &crew->options->events;
    crew->next = crew->pending = 0;
    for (size_t i = 0; i < sweep->count && !atomic_load(crew->options->stop); i++) {
        if (sweep->runs[i].resting)
            continue;
        sweep->runs[i].state = SWEEP_PENDING;
        sweep->runs[i].err = (struct err){0};
        if (!is_kept(crew, i)) {
            crew->pending++;
            continue;
        }
        sweep->runs[i].state = SWEEP_KEPT;
        if (!sweep->runs[i].paused)
            run_forget_checkpoint(sweep, i);
        if (events->ended != NULL)
            events->ended(events->context, sweep, i);
    }
}

static int run_stage(struct crew *crew, bool *more, struct err *err)
{
    const struct sweep_stages *stages = crew->options->stages;
    *more = false;
    keep_results(crew);
    int rc = write_index(crew, err);
    if (rc == ERR_OK)
        rc = run_crew(crew, err);
    if (rc == ERR_OK && stages != NULL)
        rc = stages->next(stages->context, crew->sweep, more, err);
    return rc;
}

/* In a folder of one's own: nobody else's temporary files and no other index can be there. */
static int run_locked(struct crew *crew, const struct lock *lock, struct err *err)
{
    bool more = true;
    if (lock->held)
        file_remove_temporaries(crew->sweep->directory);
    crew->others = index_others(crew->sweep->directory, is_ours, crew->sweep);
    int rc = crew->others == NULL ? err_set(err, ERR_MEMORY, "out of memory") : ERR_OK;
    while (rc == ERR_OK && more)
        rc = run_stage(crew, &more, err);
    cJSON_Delete(crew->others);
    return rc;
}

size_t sweep_jobs(const struct sweep *sweep, const struct sweep_options *options)
{
    size_t jobs = options->jobs < sweep->count ? options->jobs : sweep->count;
    return jobs < 1 ? 1 : jobs;
}

int sweep_run_all(struct sweep *sweep, struct datasets *datasets, const struct sweep_options *options,
                  struct err *err)
{
    struct crew crew = {.sweep = sweep, .datasets = datasets, .options = options};
    struct lock lock = {.fd = -1};
    crew.jobs = sweep_jobs(sweep, options);
    int rc = prepare(&crew, err);
    if (rc == ERR_OK)
        rc = file_make_directory(sweep->directory, err);
    if (rc == ERR_OK)
        rc = lock_take(&lock, sweep->directory, err);
    if (rc == ERR_OK)
        rc = run_locked(&crew, &lock, err);
    lock_release(&lock);
    return rc;
}
