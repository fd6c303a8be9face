/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/app/bench.h"
#include "sim/base/mem.h"
#include "sim/core/defence.h"
#include "sim/num/machine.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics.h>
#include <omp.h>
#include <stdio.h>

enum { CALLS_MOST = 1000, CALLS_LEAST = 3 };

bool bench_choose_f(const struct defence_settings *defence, size_t n, size_t *f, char reason[BYZ_REASON_SIZE])
{
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
    size_t matrices = 1 + (what->defence->preaggregators.count > 2 ? 2 : what->defence->preaggregators.count);
    double need = (double)matrices * (double)what->n * (double)ld * sizeof(float), there = machine_memory();
    if (there == 0 || need < 0.8 * there)
        return ERR_OK;
    return err_set(err, ERR_MEMORY,
                   "n=%zu, d=%zu needs %.1f GB, this machine has %.1f GB; use a smaller n or d", what->n,
                   what->d, need / 1e9, there / 1e9);
}

static int time_calls(const struct bench_case *what, struct defence *defence, const float *x, float *out,
                      struct bench_figures *figures, struct err *err)
{
    double times[CALLS_MOST], begun = machine_seconds();
    struct defence_outcome outcome;
    figures->calls = 0;
    for (size_t call = 0; call <= CALLS_MOST; call++) {
        const struct defence_input in = {.x = x, .n = what->n, .f = what->f, .seed = 1, .round = call};
        double start = machine_seconds();
        defence_run(defence, &in, out, &outcome);
        double end = machine_seconds();
        if (!outcome.answered)
            return err_set(err, ERR_INVALID, "%s", outcome.reason);
        if (call > 0) /* the first call touches memory for the first time */
            times[figures->calls++] = end - start;
        if (figures->calls >= CALLS_LEAST && end - begun > what->seconds)
            break;
    }
    gsl_sort(times, 1, figures->calls);
    figures->seconds_min = times[0];
    figures->seconds_median = gsl_stats_median_from_sorted_data(times, 1, figures->calls);
    return ERR_OK;
}

int bench_run(const struct bench_case *what, struct bench_figures *figures, struct err *err)
{
    struct defence defence = {0};
    size_t ld = (what->d + 15) / 16 * 16;
    float *x = NULL, *out = NULL;
    omp_set_num_threads((int)what->threads);
    int rc = check_memory(what, ld, err);
    if (rc == ERR_OK && ((x = mem_array(what->n, ld * sizeof *x, err)) == NULL ||
                         (out = mem_array(ld, sizeof *out, err)) == NULL))
        rc = ERR_MEMORY;
    if (rc == ERR_OK)
        rc = defence_init(&defence, what->defence, what->n, what->d, ld, err);
    if (rc == ERR_OK) {
        fill(x, what->n, what->d, ld);
        rc = time_calls(what, &defence, x, out, figures, err);
    }
    defence_fini(&defence);
    mem_free(x);
    mem_free(out);
    return rc;
}
