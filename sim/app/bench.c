/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/app/bench.h"
#include "sim/base/mem.h"
#include "sim/core/defence.h"
#include "sim/core/needs.h"
#include "sim/num/machine.h"
#include "sim/num/rows.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <string.h>

enum { CALLS_MOST = 1000, CALLS_LEAST = 3 };

/* A figure takes at least so long: a few calls on small matrices tell more about a processor that wakes up,
 * and about pages and branches met for the first time, than about the rule. */
static const double seconds_least = 0.02;
/* Threads that slept may wake up on one processor, and it takes the system a while to part them. */
static const double seconds_least_of_threads = 0.3;

bool bench_choose_f(const struct defence_settings *defence, size_t n, size_t *f, char reason[BYZ_REASON_SIZE])
{
    if (needs_of(defence) & BYZ_NEEDS_LOSS) {
        snprintf(reason, BYZ_REASON_SIZE, "%s tries messages on a model: time a run instead",
                 defence->aggregator.kind->name);
        return false;
    }
    for (*f = n / 5;; (*f)--) {
        if (defence_unsuitable(defence, n, *f, NULL, reason) == 0)
            return true;
        if (*f == 0)
            return false;
    }
}

/* Uniform values in (-1, 1), a generator of its own for every row: filling must not take longer than timing.
 */
static void fill(float *x, size_t n, size_t d, size_t ld)
{
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < n; i++) {
        uint64_t state = 0x9E3779B97F4A7C15u * (i + 1);
        for (size_t k = 0; k < d; k++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            x[i * ld + k] = (float)(int32_t)(state >> 32) * 0x1p-31f;
        }
    }
}

static int check_memory(const struct bench_case *what, size_t ld, struct err *err)
{
    size_t stages = what->defence == NULL ? 0 : what->defence->preaggregators.count;
    size_t matrices = 1 + (stages > 2 ? 2 : stages);
    matrices += what->kernel != NULL && what->kernel->keeps_sums;
    double need = (double)matrices * (double)what->n * (double)ld * sizeof(float),
           there = machine_memory().bytes;
    if (there == 0 || need < 0.8 * there)
        return ERR_OK;
    return err_set(err, ERR_MEMORY,
                   "n=%zu, d=%zu needs %.1f GB, this machine has %.1f GB; use a smaller n or d", what->n,
                   what->d, need / 1e9, there / 1e9);
}

/* One call of what is timed. */
struct subject {
    const struct bench_case *what;
    struct defence defence;
    struct kernel_room room;
    struct byz_facts facts;
    float *again; /* (n, ld) the matrix once more, for a defence that overwrites it; else NULL */
    uint64_t call;
};

static int call(struct subject *subject, struct err *err)
{
    const struct bench_case *what = subject->what;
    struct defence_outcome outcome;
    if (what->kernel != NULL) {
        what->kernel->call(&subject->room);
        return ERR_OK;
    }
    const struct defence_input in = {.x = subject->room.x,
                                     .spent =
                                         subject->again == NULL ? NULL : (float *)(uintptr_t)subject->room.x,
                                     .n = what->n,
                                     .f = what->f,
                                     .seed = 1,
                                     .round = subject->call++,
                                     .facts = subject->facts};
    defence_run(&subject->defence, &in, subject->room.out, &outcome);
    return outcome.answered ? ERR_OK : err_set(err, ERR_INVALID, "%s", outcome.reason);
}

/* A rule with a memory that has had enough of the same messages, round after round, begins anew; others that
 * do not answer stay where they are. */
static bool forget(struct subject *subject)
{
    if (subject->call <= CALLS_LEAST + 1)
        return false;
    for (size_t i = 0; i < BYZ_LENGTH(subject->defence.states); i++)
        if (subject->defence.states[i] != NULL)
            memset(subject->defence.states[i], 0, subject->defence.state_sizes[i]);
    subject->call = 0;
    return true;
}

/* As a run does it, pre-aggregators write over the matrix where they can; what it costs to undo that is not
 * theirs. */
static void restore(struct subject *subject)
{
    const struct kernel_room *room = &subject->room;
    if (subject->again != NULL)
        memcpy((float *)(uintptr_t)room->x, subject->again, room->n * room->ld * sizeof *room->x);
}

static int time_calls(struct subject *subject, struct bench_figures *figures, struct err *err)
{
    double times[CALLS_MOST], begun = machine_seconds();
    double wanted =
        fmax(subject->what->seconds, subject->what->threads > 1 ? seconds_least_of_threads : seconds_least);
    int rc = call(subject, err); /* the first call touches memory for the first time */
    figures->calls = 0;
    while (rc == ERR_OK && figures->calls < CALLS_MOST) {
        restore(subject);
        double start = machine_seconds();
        rc = call(subject, err);
        double end = machine_seconds();
        if (rc == ERR_INVALID && forget(subject)) {
            rc = call(subject, err);
            continue;
        }
        times[figures->calls++] = end - start;
        if (figures->calls >= CALLS_LEAST && end - begun > wanted)
            break;
    }
    if (rc != ERR_OK)
        return rc;
    gsl_sort(times, 1, figures->calls);
    figures->seconds_min = times[0];
    figures->seconds_median = gsl_stats_median_from_sorted_data(times, 1, figures->calls);
    return ERR_OK;
}

/* What only some kernels want. */
static int kept_init(const struct bench_case *what, struct kernel_room *room, struct err *err)
{
    bool sums = what->kernel != NULL && what->kernel->keeps_sums;
    bool order = what->kernel != NULL && what->kernel->draws;
    if (sums)
        room->sums = mem_array(room->n, room->ld * sizeof *room->sums, err);
    if (order)
        room->order = mem_array(room->d, sizeof *room->order, err);
    return (sums && room->sums == NULL) || (order && room->order == NULL) ? ERR_MEMORY : ERR_OK;
}

/* Room for the matrix and for what a kernel or a defence writes; everything is released by subject_fini. */
static int subject_init(struct subject *subject, struct err *err)
{
    const struct bench_case *what = subject->what;
    struct kernel_room *room = &subject->room;
    size_t n = what->n, bytes = 0;
    if (what->kernel != NULL && what->kernel->scratch_bytes != NULL)
        bytes = what->kernel->scratch_bytes(n, what->d, what->threads);
    *room = (struct kernel_room){.n = n, .d = what->d, .ld = (what->d + 15) / 16 * 16};
    float *x = mem_array(n, room->ld * sizeof *x, err);
    const float **rows = mem_array(n, sizeof *rows, err);
    double *weights = mem_array(n, sizeof *weights, err);
    room->x = x;
    room->rows = rows;
    room->weights = weights;
    room->out = mem_array(room->ld, sizeof(float), err);
    room->second = mem_array(room->ld, sizeof(float), err);
    room->square = mem_array(what->kernel != NULL ? n * n : 1, sizeof(double), err);
    room->scratch = mem_array(bytes, 1, err);
    if (x == NULL || rows == NULL || weights == NULL || room->out == NULL || room->second == NULL ||
        room->square == NULL || room->scratch == NULL || kept_init(what, room, err) != ERR_OK)
        return ERR_MEMORY;
    fill(x, n, what->d, room->ld);
    rows_of_matrix(x, n, room->ld, rows);
    for (size_t i = 0; i < n; i++)
        weights[i] = 1.0 / (double)n;
    int rc = needs_plain_facts(n, what->d, &subject->facts, err);
    subject->facts.server_gradient = x;
    if (rc != ERR_OK || what->kernel != NULL)
        return rc;
    if (!defence_overwrites(what->defence))
        return defence_init(&subject->defence, what->defence, n, what->d, room->ld, err);
    if ((subject->again = mem_array(n, room->ld * sizeof *x, err)) == NULL)
        return ERR_MEMORY;
    memcpy(subject->again, x, n * room->ld * sizeof *x);
    return defence_init_spending(&subject->defence, what->defence, n, what->d, room->ld, err);
}

static void subject_fini(struct subject *subject)
{
    struct kernel_room *room = &subject->room;
    mem_free((void *)(uintptr_t)room->x);
    mem_free((void *)(uintptr_t)room->rows);
    mem_free((void *)(uintptr_t)room->weights);
    mem_free(subject->again);
    mem_free(room->out);
    mem_free(room->second);
    mem_free(room->square);
    mem_free(room->scratch);
    mem_free(room->sums);
    mem_free(room->order);
    needs_free_facts(&subject->facts);
    defence_fini(&subject->defence);
}

int bench_run(const struct bench_case *what, struct bench_figures *figures, struct err *err)
{
    struct subject subject = {.what = what};
    omp_set_num_threads((int)what->threads);
    int rc = check_memory(what, (what->d + 15) / 16 * 16, err);
    if (rc == ERR_OK)
        rc = subject_init(&subject, err);
    if (rc == ERR_OK)
        rc = time_calls(&subject, figures, err);
    subject_fini(&subject);
    return rc;
}
