/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/app/estimate.h"
#include "sim/app/run.h"
#include "sim/base/file.h"
#include "sim/num/machine.h"

#include <omp.h>
#include <stdlib.h>

enum { MEASURED_MOST = 100 };

static const double seconds_in_all = 10, memory_share = 0.9;

/* Times of one simulation: a run's rounds and evaluations, which differ by orders of magnitude. */
struct watch {
    double allowance;         /* seconds to spend on rounds */
    double first, warm, last; /* when the first round began, when it ended, when the last one ended */
    uint64_t rounds;
};

static void on_progress(void *context, const struct simulation *simulation)
{
    struct watch *watch = context;
    watch->last = machine_seconds();
    if (simulation->round == 0)
        watch->first = watch->last;
    if (simulation->round <= 1)
        watch->warm = watch->last;
    watch->rounds = simulation->round;
}

static bool on_stop(void *context)
{
    const struct watch *watch = context;
    return watch->rounds > 0 && watch->last - watch->first > watch->allowance;
}

struct rates {
    double round, evaluation; /* seconds */
};

/* The first round, in which memory is touched for the first time, counts only when it is the only one. */
static int measure(const struct settings *settings, const struct dataset *dataset, double allowance,
                   struct rates *rates, struct err *err)
{
    struct simulation *simulation = NULL;
    struct watch watch = {.allowance = allowance};
    const struct simulation_hooks hooks = {.context = &watch, .progress = on_progress, .stop = on_stop};
    int rc = simulation_create(&simulation, settings, dataset, err);
    double begun = machine_seconds();
    if (rc == ERR_OK)
        rc = simulation_run(simulation, &hooks, err);
    if (rc == ERR_OK) {
        bool several = watch.rounds > 1;
        double spent = watch.last - (several ? watch.warm : watch.first);
        double evaluations = (double)simulation->evaluations.rows - 1;
        rates->evaluation = watch.first - begun;
        rates->round = (spent - evaluations * rates->evaluation) / (double)(several ? watch.rounds - 1 : 1);
        rates->round = rates->round > 0 ? rates->round : 0;
    }
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
        out->memory = simulation_memory(&run->experiment.settings, dataset);
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
            list[i] = simulation_memory(settings, dataset);
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

int estimate_check_memory(struct sweep *sweep, struct datasets *datasets, size_t jobs, struct err *err)
{
    double *list = NULL, there = machine_memory();
    int rc = needs(sweep, datasets, &list, err);
    if (rc != ERR_OK)
        return rc;
    double sum = datasets_bytes(datasets);
    size_t fitting = 0;
    while (fitting < jobs && (there == 0 || sum + list[fitting] < memory_share * there))
        sum += list[fitting++];
    mem_free(list);
    if (fitting >= jobs)
        return ERR_OK;
    return err_set(err, ERR_MEMORY,
                   "%zu jobs need more than this machine's %.1f GB of memory together; use --jobs %zu", jobs,
                   there / 1e9, fitting > 0 ? fitting : 1);
}
