/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What isolation costs: a call of a plugin that does nothing but write its output, beside the same loop in
 * this process, and a whole life of a worker (start, load, one call, end). */
#include "sim/plugin/compile.h"
#include "sim/plugin/host.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CALLS = 2000, LIVES = 100, N = 25, D = 100000 };

/* Writes d numbers, so that the output is as warm as that of a real rule. */
static const char source[] = "#include \"byz_plugin.h\"\n"
                             "int fill(const float *x, size_t n, size_t d, size_t ld, size_t f, float *out)\n"
                             "{\n"
                             "    (void)n; (void)ld; (void)f;\n"
                             "    for (size_t j = 0; j < d; j++) out[j] = x[j];\n"
                             "    return 0;\n"
                             "}\n"
                             "BYZ_SIMPLE_AGGREGATOR(\"fill\", fill)\n";

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *times, size_t count)
{
    qsort(times, count, sizeof *times, by_size);
    return times[count / 2];
}

struct bench {
    struct host *host;
    struct host_artefact *artefact;
    struct host_worker *worker;
    struct host_room room;
    float *out;
};

static int start(struct bench *bench, struct host_outcome *outcome, struct err *err)
{
    struct host_limits limits = host_limits_default();
    int rc = host_start(bench->host, bench->artefact, &limits, &bench->room, &bench->worker, outcome, err);
    if (rc == ERR_OK && outcome->verdict == HOST_OK)
        rc = host_prepare(bench->worker, NULL, bench->room.rows, 2, bench->room.d, outcome, err);
    return rc != ERR_OK ? rc : (int)outcome->verdict;
}

static int call(struct bench *bench, struct host_outcome *outcome, struct err *err)
{
    struct host_call call = {
        .n = bench->room.rows, .f = 2, .d = bench->room.d, .ld = bench->room.ld, .out = bench->out};
    int rc = host_call(bench->worker, &call, outcome, err);
    return rc != ERR_OK ? rc : (int)outcome->verdict;
}

static int time_calls(struct bench *bench, double *wall, struct host_outcome *outcome, struct err *err)
{
    static double walls[CALLS];
    int rc = start(bench, outcome, err);
    if (rc != 0)
        return rc;
    float *x = host_matrix(bench->worker);
    for (size_t i = 0; i < bench->room.rows * bench->room.ld; i++)
        x[i] = (float)(i % 1000);
    host_row_begin();
    for (size_t k = 0; rc == 0 && k < CALLS; k++) {
        double begun = now();
        rc = call(bench, outcome, err);
        walls[k] = now() - begun;
    }
    host_row_end();
    host_stop(bench->worker);
    *wall = median(walls, CALLS);
    return rc;
}

/* The same plugin, loaded into this process. */
static const struct byz_plugin *load_here(struct err *err)
{
    char *library = NULL;
    const struct byz_plugin_entry *(*enter)(void) = NULL;
    if (compile_source("fill.c", source, strlen(source), &library, NULL, err) != ERR_OK)
        return NULL;
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    void *symbol = handle == NULL ? NULL : dlsym(handle, BYZ_PLUGIN_ENTRY);
    memcpy(&enter, &symbol, sizeof enter);
    free(library);
    return symbol == NULL ? NULL : enter()->plugin;
}

static double time_here(struct bench *bench, const struct byz_plugin *plugin)
{
    static double walls[CALLS];
    const struct host_room *room = &bench->room;
    float *x = aligned_alloc(64, room->rows * room->ld * sizeof *x);
    struct byz_call facts = {.x = x, .n = room->rows, .d = room->d, .ld = room->ld, .f = 2};
    for (size_t i = 0; x != NULL && i < room->rows * room->ld; i++)
        x[i] = (float)(i % 1000);
    for (size_t k = 0; x != NULL && k < CALLS; k++) {
        double begun = now();
        plugin->apply(&facts, bench->out);
        walls[k] = now() - begun;
    }
    free(x);
    return median(walls, CALLS);
}

static int time_lives(struct bench *bench, struct host_outcome *outcome, struct err *err)
{
    static double starts[LIVES], lives[LIVES];
    int rc = 0;
    for (size_t k = 0; rc == 0 && k < LIVES; k++) {
        double begun = now();
        rc = start(bench, outcome, err);
        starts[k] = now() - begun;
        if (rc == 0)
            rc = call(bench, outcome, err);
        host_stop(bench->worker);
        lives[k] = now() - begun;
    }
    if (rc == 0)
        printf("  a fresh worker: %.2f ms until it is ready, %.2f ms with a call and its end\n",
               1e3 * median(starts, LIVES), 1e3 * median(lives, LIVES));
    return rc;
}

static int measure(struct bench *bench, struct host_outcome *outcome, struct err *err)
{
    char *diagnostics = NULL;
    int rc = host_build(bench->host, "fill.c", source, strlen(source), 0, &bench->artefact, &diagnostics,
                        outcome, err);
    free(diagnostics);
    if (rc == ERR_OK)
        rc = (int)outcome->verdict;
    bench->out = calloc(D, sizeof *bench->out);
    const struct byz_plugin *plugin = rc == 0 ? load_here(err) : NULL;
    if (plugin == NULL || bench->out == NULL)
        rc = 1;
    const size_t sizes[] = {1, 1000, D};
    for (size_t k = 0; rc == 0 && k < sizeof sizes / sizeof *sizes; k++) {
        bench->room = (struct host_room){.rows = N, .d = sizes[k], .ld = (sizes[k] + 15) / 16 * 16};
        double there = 0, here = time_here(bench, plugin);
        rc = time_calls(bench, &there, outcome, err);
        printf("  d = %6zu: %6.1f us isolated, %6.1f us in this process: %5.1f us for the isolation\n",
               sizes[k], 1e6 * there, 1e6 * here, 1e6 * (there - here));
    }
    bench->room = (struct host_room){.rows = N, .d = 1000, .ld = 1008};
    if (rc == 0)
        rc = time_lives(bench, outcome, err);
    free(bench->out);
    host_artefact_free(bench->artefact);
    return rc;
}

int main(void)
{
    struct bench bench = {0};
    struct host_outcome outcome = {0};
    struct err err = {0};
    struct host_policy policy = {.require = 0};
    int rc = host_create(&policy, &bench.host, &err);
    if (rc == ERR_OK) {
        struct host_isolation isolation = host_isolation(bench.host, "fill.c");
        printf("isolated calls of a plugin, n = %d (level %d, back end %s)\n", N, isolation.level,
               isolation.backend);
        rc = measure(&bench, &outcome, &err);
    }
    if (rc != 0)
        printf("%s %s\n", outcome.text, err.text);
    host_free(bench.host);
    return rc != 0;
}
