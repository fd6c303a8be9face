/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/cli/plan.h"
#include "sim/app/estimate.h"
#include "sim/base/mem.h"
#include "sim/cli/cli.h"
#include "sim/num/machine.h"

#include <stdio.h>

void plan_memory_words(char out[PLAN_WORD], double bytes)
{
    if (bytes >= 1e9)
        snprintf(out, PLAN_WORD, "%.1f GB", bytes / 1e9);
    else
        snprintf(out, PLAN_WORD, "%.1f MB", bytes / 1e6);
}

void plan_time_words(char out[PLAN_WORD], double seconds)
{
    if (seconds < 120)
        snprintf(out, PLAN_WORD, "%.*f s", seconds < 10 ? 1 : 0, seconds);
    else if (seconds < 7200)
        snprintf(out, PLAN_WORD, "%.0f min", seconds / 60);
    else
        snprintf(out, PLAN_WORD, "%.1f h", seconds / 3600);
}

static void print_run(const struct sweep_run *run, const struct estimate *estimate)
{
    char memory[PLAN_WORD], time[PLAN_WORD];
    plan_memory_words(memory, estimate->memory);
    plan_time_words(time, estimate->seconds);
    printf("%-60s %7llu %10s %10s", run->experiment.run_name,
           (unsigned long long)run->experiment.settings.rounds, memory, estimate->kept ? "-" : time);
    if (estimate->kept)
        printf("  complete");
    else if (estimate->rounds_done > 0)
        printf("  from round %llu on", (unsigned long long)estimate->rounds_done);
    else if (estimate->replaced)
        printf("  replaces a result");
    if (estimate->blocks > 1)
        printf("  %zu blocks of columns%s", estimate->blocks,
               estimate->recomputed ? ", each computes all gradients anew" : "");
    printf("\n");
}

static void print_totals(const struct sweep *sweep, const struct estimate *estimates, size_t jobs,
                         size_t threads, double memory)
{
    char need[PLAN_WORD], there[PLAN_WORD], time[PLAN_WORD];
    size_t left = 0, measured = 0, replaced = 0;
    for (size_t i = 0; i < sweep->count; i++) {
        left += !estimates[i].kept;
        measured += estimates[i].measured;
        replaced += estimates[i].replaced;
    }
    plan_memory_words(need, memory);
    plan_memory_words(there, machine_memory().bytes);
    plan_time_words(time, estimate_seconds(estimates, sweep->count, jobs));
    printf("\n%zu of %zu run%s to do in %s/, %zu at a time on %zu thread%s: about %s, %s of %s memory (data "
           "included)\n",
           left, sweep->count, sweep->count == 1 ? "" : "s", sweep->directory, jobs, threads,
           threads == 1 ? "" : "s", time, need, there);
    if (measured > 0)
        printf("Times are those of the median round of %zu run%s that were begun; other work on this machine "
               "comes on top.\n",
               measured, measured == 1 ? "" : "s");
    if (replaced > 0)
        printf("%zu result%s would be replaced; --resume keeps what is complete.\n", replaced,
               replaced == 1 ? "" : "s");
    printf("Nothing was written.\n");
}

int plan_print(struct sweep *sweep, struct datasets *datasets, const struct sweep_options *options)
{
    struct err err = {0};
    size_t jobs = sweep_jobs(sweep, options);
    double memory = 0;
    struct estimate *estimates = mem_array(sweep->count, sizeof *estimates, &err);
    int rc = estimates == NULL ? ERR_MEMORY : estimate_sweep(sweep, datasets, options, estimates, &err);
    if (rc == ERR_OK)
        rc = estimate_memory(sweep, datasets, jobs, &memory, &err);
    if (rc == ERR_OK) {
        printf("%-60s %7s %10s %10s\n", "run", "rounds", "memory", "time");
        for (size_t i = 0; i < sweep->count; i++)
            print_run(&sweep->runs[i], &estimates[i]);
        print_totals(sweep, estimates, jobs, options->threads, memory);
        rc = jobs > 1 ? estimate_check_memory(sweep, datasets, jobs, &err) : ERR_OK;
    }
    mem_free(estimates);
    return rc == ERR_OK ? CLI_OK : cli_failed(&err);
}
