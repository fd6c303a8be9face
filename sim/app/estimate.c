/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/app/estimate.h"
#include "sim/app/run.h"
#include "sim/base/file.h"
#include "sim/core/memory.h"
#include "sim/num/machine.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>

enum { MEASURED_MOST = 100, ROUNDS_MOST = 512 };

static const double seconds_in_all = 10, memory_share = 0.9;

/* Times of one simulation: a run's rounds and evaluations, which differ by orders of magnitude. What else
 * the machine does makes some rounds many times longer, so single rounds are kept, of which the median
 * counts. */
struct watch {
    double allowance;          /* seconds to spend on rounds */
    double first, last;        /* when the first round began, when the last one ended */
    double cold;               /* of the first round, in which memory is touched for the first time */
    double times[ROUNDS_MOST]; /* of later rounds without an evaluation, */
    size_t count;
    double evaluated; /* and the least of those with one; infinite without */
    size_t evaluations;
    uint64_t rounds;
};

static void note_round(struct watch *watch, double seconds, bool evaluated)
{
    if (watch->rounds == 1)
        watch->cold = seconds;
    else if (evaluated)
        watch->evaluated = fmin(watch->evaluated, seconds);
    else if (watch->count < ROUNDS_MOST)
        watch->times[watch->count++] = seconds;
}

static void on_progress(void *context, const struct simulation *simulation)
{
    struct watch *watch = context;
    double now = machine_seconds();
    if (simulation->round == 0)
        watch->first = now;
    if (simulation->round > watch->rounds) {
        watch->rounds = simulation->round;
        note_round(watch, now - watch->last, simulation->evaluations.rows > watch->evaluations);
    }
    watch->evaluations = simulation->evaluations.rows;
    watch->last = now;
}

static bool on_stop(void *context)
{
    const struct watch *watch = context;
    return watch->rounds > 0 && watch->last - watch->first > watch->allowance;
}

struct rates {
    double round, evaluation; /* seconds */
};

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Without a later round of its kind, the first one, or one less its evaluation, has to do. */
static void take_rates(struct watch *watch, double evaluation, struct rates *rates)
{
    qsort(watch->times, watch->count, sizeof *watch->times, ascending);
    rates->evaluation = evaluation;
    if (watch->count > 0)
        rates->round = watch->times[watch->count / 2];
    else
        rates->round = isfinite(watch->evaluated) ? fmax(0, watch->evaluated - evaluation) : watch->cold;
    if (watch->count > 0 && isfinite(watch->evaluated))
        rates->evaluation = fmin(evaluation, fmax(0, watch->evaluated - rates->round));
}

static int measure(const struct settings *settings, const struct dataset *dataset, double allowance,
                   struct rates *rates, struct err *err)
{
    struct simulation *simulation = NULL;
    struct watch watch = {.allowance = allowance, .evaluated = (double)INFINITY};
    const struct simulation_hooks hooks = {.context = &watch, .progress = on_progress, .stop = on_stop};
    int rc = simulation_create(&simulation, settings, dataset, err);
    double begun = machine_seconds();
    if (rc == ERR_OK)
        rc = simulation_run(simulation, &hooks, err);
    if (rc == ERR_OK)
        take_rates(&watch, watch.first - begun, rates);
    simulation_free(simulation);
    return rc;
}

static double seconds_left(const struct settings *settings, uint64_t done, const struct rates *rates)
{
    double left = settings->rounds > done ? (double)(settings->rounds - done) : 0;
    double evaluations = settings->evaluation.every > 0 ? left / (double)settings->evaluation.every : 1;
    return left * rates->round + (evaluations + (done == 0)) * rates->evaluation;
}

static int estimate_run(struct sweep *sweep, size_t index, struct datasets *datasets, bool resume,
                        struct estimate *out, struct err *err)
{
    const struct sweep_run *run = &sweep->runs[index];
    const struct dataset *dataset = NULL;
    char *path = file_join(sweep->directory, run->file);
    int rc = path == NULL ? err_set(err, ERR_MEMORY, "out of memory")
                          : datasets_get(datasets, &run->experiment.settings.data.dataset, &dataset, err);
    *out = (struct estimate){0};
    if (rc == ERR_OK) {
        const struct settings *settings = &run->experiment.settings;
        struct model model = simulation_model(settings, dataset);
        out->memory = memory_total(settings, dataset);
        out->blocks = blocks_count(settings, model_dimension(&model));
        out->recomputed = !blocks_keep_residuals(settings);
        out->kept = resume && run_keep(sweep, index);
        out->replaced = !resume && file_exists(path);
        out->rounds_done = resume && !out->kept ? run_resumes_at(sweep, index, dataset) : 0;
    }
    free(path);
    return rc;
}

int estimate_sweep(struct sweep *sweep, struct datasets *datasets, const struct sweep_options *options,
                   struct estimate *out, struct err *err)
{
    size_t jobs = sweep_jobs(sweep, options), stride = (sweep->count + MEASURED_MOST - 1) / MEASURED_MOST;
    size_t measured = sweep->count / stride + 1;
    double allowance = seconds_in_all / (double)measured;
    struct rates rates = {0};
    size_t pending = 0;
    int rc = ERR_OK;
    omp_set_num_threads(options->threads / jobs < 1 ? 1 : (int)(options->threads / jobs));
    for (size_t i = 0; rc == ERR_OK && i < sweep->count; i++) {
        const struct settings *settings = &sweep->runs[i].experiment.settings;
        const struct dataset *dataset = NULL;
        rc = estimate_run(sweep, i, datasets, options->resume, &out[i], err);
        out[i].measured = rc == ERR_OK && !out[i].kept && pending++ % stride == 0;
        if (out[i].measured) {
            rc = datasets_get(datasets, &settings->data.dataset, &dataset, err);
            if (rc == ERR_OK)
                rc = measure(settings, dataset, allowance < 0.5 ? allowance : 0.5, &rates, err);
        }
        out[i].round = rates.round;
        out[i].evaluation = rates.evaluation;
        out[i].seconds = out[i].kept ? 0 : seconds_left(settings, out[i].rounds_done, &rates);
        if (rc != ERR_OK)
            err_wrap(err, "%s", sweep->runs[i].experiment.run_name);
    }
    return rc;
}

double estimate_seconds(const struct estimate *runs, size_t count, size_t jobs)
{
    double *free_at = calloc(jobs, sizeof *free_at), end = 0, sum = 0;
    for (size_t i = 0; i < count; i++) {
        size_t first = 0;
        sum += runs[i].seconds;
        for (size_t j = 1; free_at != NULL && j < jobs; j++)
            first = free_at[j] < free_at[first] ? j : first;
        if (free_at == NULL)
            continue;
        free_at[first] += runs[i].seconds;
        end = free_at[first] > end ? free_at[first] : end;
    }
    bool known = free_at != NULL;
    free(free_at);
    return known ? end : sum / (double)jobs;
}

static int descending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

/* The needs of all runs, largest first; owned by the caller (mem_free). */
static int needs(struct sweep *sweep, struct datasets *datasets, double **out, struct err *err)
{
    double *list = mem_array(sweep->count, sizeof *list, err);
    int rc = list == NULL ? ERR_MEMORY : ERR_OK;
    for (size_t i = 0; rc == ERR_OK && i < sweep->count; i++) {
        const struct settings *settings = &sweep->runs[i].experiment.settings;
        const struct dataset *dataset = NULL;
        rc = datasets_get(datasets, &settings->data.dataset, &dataset, err);
        if (rc == ERR_OK)
            list[i] = memory_total(settings, dataset);
    }
    if (rc == ERR_OK)
        qsort(list, sweep->count, sizeof *list, descending);
    else
        mem_free(list);
    *out = rc == ERR_OK ? list : NULL;
    return rc;
}

int estimate_memory(struct sweep *sweep, struct datasets *datasets, size_t jobs, double *bytes,
                    struct err *err)
{
    double *list = NULL;
    int rc = needs(sweep, datasets, &list, err);
    if (rc != ERR_OK)
        return rc;
    *bytes = datasets_bytes(datasets);
    for (size_t i = 0; i < jobs && i < sweep->count; i++)
        *bytes += list[i];
    mem_free(list);
    return ERR_OK;
}

/* The error of the first run that does not even fit alone. */
static int refuse_single(struct sweep *sweep, struct datasets *datasets, struct err *err)
{
    const struct dataset *dataset = NULL;
    int rc = ERR_OK;
    for (size_t i = 0; rc == ERR_OK && i < sweep->count; i++) {
        const struct experiment *experiment = &sweep->runs[i].experiment;
        rc = datasets_get(datasets, &experiment->settings.data.dataset, &dataset, err);
        if (rc == ERR_OK && (rc = memory_check(&experiment->settings, dataset, err)) != ERR_OK)
            err_wrap(err, "%s", sweep->runs[i].experiment.run_name);
    }
    return rc;
}

int estimate_check_memory(struct sweep *sweep, struct datasets *datasets, size_t jobs, struct err *err)
{
    double *list = NULL;
    struct machine_memory there = machine_memory();
    int rc = needs(sweep, datasets, &list, err);
    if (rc != ERR_OK)
        return rc;
    double data = datasets_bytes(datasets), sum = data, most = list[0];
    size_t fitting = 0;
    for (size_t i = 0; i < jobs; i++) {
        sum += list[i];
        fitting += i == fitting && (there.bytes == 0 || sum < memory_share * there.bytes);
    }
    mem_free(list);
    if (fitting >= jobs)
        return ERR_OK;
    if (fitting == 0 && refuse_single(sweep, datasets, err) != ERR_OK)
        return (int)err->code;
    return err_set(err, ERR_MEMORY,
                   "%zu jobs need %.1f GB together (data %.1f GB, the largest run %.1f GB), you have %.1f "
                   "GB, %s (%.0f %% of it are used at most); use --jobs %zu",
                   jobs, sum / 1e9, data / 1e9, most / 1e9, there.bytes / 1e9, there.bound,
                   100 * memory_share, fitting > 0 ? fitting : 1);
}
