/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/app/run.h"
#include "sim/base/file.h"
#include "sim/core/checkpoint.h"
#include "sim/report/result.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CHECKPOINT_MOST = 0x7FFFFFFF };

struct job {
    struct sweep *sweep;
    size_t index;
    struct sweep_run *run;
    const struct sweep_options *options;
    struct simulation *simulation;
    char *result_path, *checkpoint_path;
    double begun, saved; /* monotonic seconds: of the run, of its last checkpoint */
    bool halted;         /* by the end of the stage, or by the user */
    struct err err;
};

static double now(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int save_checkpoint(struct job *job)
{
    struct text bytes = {0};
    int rc = checkpoint_save(job->simulation, job->run->experiment.identity, &bytes, &job->err);
    if (rc == ERR_OK)
        rc = file_write(job->checkpoint_path, bytes.data, bytes.length, &job->err);
    text_fini(&bytes);
    return rc;
}

/* A checkpoint that does not fit is no reason to do less than before: the run starts from its beginning. */
static void load_checkpoint(struct job *job, const struct dataset *dataset)
{
    char *bytes = NULL;
    size_t length = 0;
    struct err ignored = {0};
    if (!file_exists(job->checkpoint_path) ||
        file_read(job->checkpoint_path, CHECKPOINT_MOST, &bytes, &length, &ignored) != ERR_OK)
        return;
    if (checkpoint_load(job->simulation, job->run->experiment.identity, bytes, length, &ignored) != ERR_OK ||
        job->simulation->round > job->run->until) {
        simulation_free(job->simulation);
        simulation_create(&job->simulation, &job->run->experiment.settings, dataset, &job->err);
    }
    if (job->simulation != NULL)
        job->run->rounds_resumed = job->simulation->round;
    free(bytes);
}

static void on_progress(void *context, const struct simulation *simulation)
{
    struct job *job = context;
    const struct sweep_events *events = &job->options->events;
    pthread_mutex_lock(&job->sweep->lock);
    job->run->rounds_done = simulation->round;
    if (events->progress != NULL)
        events->progress(events->context, job->sweep, job->index);
    pthread_mutex_unlock(&job->sweep->lock);
}

/* A run without its checkpoint goes on: there may be space again when it ends. */
static void tell_trouble(struct job *job)
{
    const struct sweep_events *events = &job->options->events;
    pthread_mutex_lock(&job->sweep->lock);
    if (events->trouble != NULL)
        events->trouble(events->context, job->sweep, job->index, &job->err);
    pthread_mutex_unlock(&job->sweep->lock);
    job->err = (struct err){0};
}

static bool on_stop(void *context)
{
    struct job *job = context;
    double time = now(CLOCK_MONOTONIC);
    if (job->options->checkpoint_seconds > 0 && time - job->saved > job->options->checkpoint_seconds) {
        job->saved = time;
        if (save_checkpoint(job) != ERR_OK)
            tell_trouble(job);
    }
    job->run->paused = job->run->rounds_done == job->run->until;
    job->halted = job->run->paused || atomic_load(job->options->stop);
    return job->halted;
}

/* The figures of the last evaluation, for tables and the index. */
static void note_figures(struct sweep_run *run, const cJSON *final)
{
    const struct {
        const char *name;
        double *to;
    } figures[] = {
        {"train_loss", &run->train_loss},           {"test_loss", &run->test_loss},
        {"test_accuracy", &run->test_accuracy},     {"parameter_error", &run->parameter_error},
        {"validation_loss", &run->validation_loss}, {"validation_accuracy", &run->validation_accuracy}};
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(final, figures[i].name);
        *figures[i].to = cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
    }
}

static enum simulation_status status_of(const char *word)
{
    if (strcmp(word, "completed") == 0)
        return SIMULATION_COMPLETED;
    return strcmp(word, "diverged") == 0 ? SIMULATION_DIVERGED : SIMULATION_STOPPED;
}

static int write_result(struct job *job, double started)
{
    struct simulation *simulation = job->simulation;
    profile_enter(&simulation->profile, PROFILE_WRITING);
    struct result_run result = {.simulation = simulation,
                                .resolved = job->run->experiment.resolved,
                                .identity = job->run->experiment.identity,
                                .label = job->run->experiment.label,
                                .seconds = now(CLOCK_MONOTONIC) - job->begun,
                                .started = started};
    cJSON *json = result_json(&result);
    profile_pause(&simulation->profile);
    if (simulation->profile.on)
        result_add_profile(json, simulation, &job->sweep->peaks);
    profile_enter(&simulation->profile, PROFILE_WRITING);
    note_figures(job->run, cJSON_GetObjectItemCaseSensitive(json, "final"));
    int rc = result_write(json, job->result_path, &job->err);
    cJSON_Delete(json);
    profile_pause(&simulation->profile);
    job->run->profile = simulation->profile;
    job->run->threads = simulation->threads;
    job->run->status = simulation->status;
    return rc;
}

/* What a run that ends before its last round says of it. */
static void explain(const struct job *job)
{
    struct text *reason = &job->simulation->reason;
    if (!job->run->paused)
        return;
    text_clear(reason);
    text_printf(reason, "paused by the search after round %llu", (unsigned long long)job->run->until);
}

/* Runs the simulation to its end, to that of the stage or to the user's stop; these two leave a checkpoint
 * before the last evaluation: going on from it gives the file of an undisturbed run. */
static int simulate(struct job *job, const struct dataset *dataset)
{
    double started = now(CLOCK_REALTIME);
    const struct simulation_hooks hooks = {.context = job, .progress = on_progress, .stop = on_stop};
    int rc = simulation_create(&job->simulation, &job->run->experiment.settings, dataset, &job->err);
    if (rc == ERR_OK && (job->options->resume || job->run->paused)) {
        load_checkpoint(job, dataset);
        rc = (int)job->err.code;
    }
    job->run->paused = false;
    job->begun = job->saved = now(CLOCK_MONOTONIC);
    if (rc == ERR_OK)
        job->simulation->profile.on = job->options->profile;
    if (rc == ERR_OK)
        rc = simulation_run(job->simulation, &hooks, &job->err);
    if (rc != ERR_OK)
        return rc;
    bool stopped = job->simulation->status == SIMULATION_STOPPED && job->halted;
    job->run->halted = stopped && !job->run->paused;
    explain(job);
    if (stopped)
        rc = save_checkpoint(job);
    if (stopped && rc == ERR_OK)
        rc = simulation_evaluate(job->simulation, &job->err);
    if (rc == ERR_OK)
        rc = write_result(job, started);
    if (rc == ERR_OK && !stopped && file_exists(job->checkpoint_path) && unlink(job->checkpoint_path) != 0)
        simulation_note(job->simulation, "the checkpoint could not be removed");
    return rc;
}

static char *path_of(const struct sweep *sweep, const struct sweep_run *run, const char *suffix)
{
    struct text path = {0};
    text_printf(&path, "%s/%s%s", sweep->directory, run->experiment.run_name, suffix);
    return path.data;
}

/* Whether the result is what this stage would leave: complete, or, for a pause, stopped at that very round.
 */
static bool is_of_stage(const struct sweep_run *run)
{
    if (run->until == run->experiment.settings.rounds)
        return run->status != SIMULATION_STOPPED;
    return run->status == SIMULATION_STOPPED
               ? run->rounds_done == run->until
               : run->status == SIMULATION_DIVERGED && run->rounds_done <= run->until;
}

bool run_keep(struct sweep *sweep, size_t index)
{
    struct sweep_run *run = &sweep->runs[index];
    char *path = path_of(sweep, run, ".json");
    cJSON *json = NULL;
    bool kept = false;
    if (path != NULL && file_exists(path) &&
        result_read(path, run->experiment.identity, &json, NULL) == ERR_OK) {
        const cJSON *rounds = cJSON_GetObjectItemCaseSensitive(json, "rounds_completed");
        run->status = status_of(cJSON_GetObjectItemCaseSensitive(json, "status")->valuestring);
        run->rounds_done = cJSON_IsNumber(rounds) ? (uint64_t)rounds->valuedouble : 0;
        kept = is_of_stage(run);
    }
    if (kept)
        run->paused = run->status == SIMULATION_STOPPED;
    if (kept)
        note_figures(run, cJSON_GetObjectItemCaseSensitive(json, "final"));
    cJSON_Delete(json);
    free(path);
    return kept;
}

void run_forget_checkpoint(struct sweep *sweep, size_t index)
{
    char *path = path_of(sweep, &sweep->runs[index], ".checkpoint");
    if (path != NULL)
        (void)unlink(path);
    free(path);
}

uint64_t run_resumes_at(struct sweep *sweep, size_t index, const struct dataset *dataset)
{
    struct sweep_run *run = &sweep->runs[index];
    struct job job = {.sweep = sweep, .index = index, .run = run};
    job.checkpoint_path = path_of(sweep, run, ".checkpoint");
    run->rounds_resumed = 0;
    if (job.checkpoint_path != NULL && file_exists(job.checkpoint_path) &&
        simulation_create(&job.simulation, &run->experiment.settings, dataset, &job.err) == ERR_OK)
        load_checkpoint(&job, dataset);
    simulation_free(job.simulation);
    free(job.checkpoint_path);
    return run->rounds_resumed;
}

enum sweep_state run_experiment(struct sweep *sweep, size_t index, struct datasets *datasets,
                                const struct sweep_options *options)
{
    struct sweep_run *run = &sweep->runs[index];
    struct job job = {.sweep = sweep, .index = index, .run = run, .options = options};
    const struct dataset *dataset = NULL;
    int rc = ERR_OK;
    run->rounds_done = run->rounds_resumed = 0;
    run->halted = false;
    job.result_path = path_of(sweep, run, ".json");
    job.checkpoint_path = path_of(sweep, run, ".checkpoint");
    if (job.result_path == NULL || job.checkpoint_path == NULL) {
        rc = err_set(&job.err, ERR_MEMORY, "out of memory");
    } else {
        rc = datasets_get(datasets, &run->experiment.settings.data.dataset, &dataset, &job.err);
        if (rc == ERR_OK)
            rc = simulate(&job, dataset);
    }
    if (rc != ERR_OK)
        run->err = job.err;
    simulation_free(job.simulation);
    experiment_rest(&run->experiment);
    free(job.result_path);
    free(job.checkpoint_path);
    return rc == ERR_OK ? SWEEP_FINISHED : SWEEP_FAILED;
}
