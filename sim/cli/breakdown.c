/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/cli/breakdown.h"

#include <stdio.h>

static void print_phases(const struct profile *sum, size_t runs)
{
    double total = profile_total(sum), rounds = sum->rounds > 0 ? (double)sum->rounds : 1;
    printf("\ntime by phase: %llu round%s", (unsigned long long)sum->rounds, sum->rounds == 1 ? "" : "s");
    if (runs > 1)
        printf(" of %zu runs, added up (each has its own in timing.profile)", runs);
    printf("\n\n%-16s %10s %8s %14s\n", "phase", "seconds", "share", "ms per round");
    for (enum profile_phase p = 0; p < PROFILE_PHASES; p++)
        printf("%-16s %10.3f %6.1f %% %14.4f\n", profile_word(p), sum->seconds[p],
               total > 0 ? 100 * sum->seconds[p] / total : 0, 1e3 * sum->seconds[p] / rounds);
    printf("%-16s %10.3f %6.1f %% %14.4f\n\n", "all", total, 100.0, 1e3 * total / rounds);
}

/* The roofline: what was done in a second, beside what the machine could do in it. */
static void print_rate(const char *what, double amount, double seconds, const char *unit, double peak,
                       const char *peak_words)
{
    if (amount <= 0 || seconds <= 0)
        return;
    printf("%-16s %10.1f %s", what, amount / seconds / 1e9, unit);
    if (peak > 0)
        printf(", %.0f %% of %.1f, %s", 100 * amount / seconds / peak, peak / 1e9, peak_words);
    printf("\n");
}

/* Seconds of a phase, each counted by the share of the measured threads that its run had. */
struct capacity {
    double gradients, aggregation;
};

void breakdown_print(const struct sweep *sweep)
{
    struct profile sum = {0};
    struct capacity capacity = {0};
    size_t runs = 0;
    for (size_t i = 0; i < sweep->count; i++) {
        const struct sweep_run *run = &sweep->runs[i];
        if (run->state != SWEEP_FINISHED || !run->profile.on)
            continue;
        double share = (double)run->threads / (double)sweep->peaks.threads;
        profile_add(&sum, &run->profile);
        capacity.gradients += share * run->profile.seconds[PROFILE_GRADIENTS];
        capacity.aggregation += share * run->profile.seconds[PROFILE_AGGREGATION];
        runs++;
    }
    if (runs == 0)
        return;
    print_phases(&sum, runs);
    double gradients = sum.seconds[PROFILE_GRADIENTS], aggregation = sum.seconds[PROFILE_AGGREGATION];
    print_rate("gradients", sum.flops, gradients, "GFLOP/s",
               gradients > 0 ? sweep->peaks.flops * capacity.gradients / gradients : 0,
               "the rate of large matrix products on as many threads, measured before the run");
    print_rate("aggregation", sum.bytes, aggregation, "GB/s",
               aggregation > 0 ? sweep->peaks.bytes * capacity.aggregation / aggregation : 0,
               "the rate at which memory is read (more: the messages lie in the caches)");
}
