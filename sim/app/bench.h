/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Benchmarks of defences: one chain on one random matrix, timed until the figure stands. */
#ifndef SIM_APP_BENCH_H
#define SIM_APP_BENCH_H

#include "sim/app/kernels.h"
#include "sim/base/err.h"
#include "sim/core/settings.h"

struct bench_case {
    const struct defence_settings *defence; /* pre-aggregators and, or an aggregator; NULL for a kernel */
    const struct kernel *kernel;            /* timed instead of a defence */
    size_t n, d, threads;
    size_t f;       /* declared Byzantine rows */
    double seconds; /* spend about this long (at least 3 calls are timed) */
};

struct bench_figures {
    size_t calls;
    double seconds_min, seconds_median; /* of one call */
};

/* The largest f up to n/5 for which the chain is defined at n rows. False, with the reason, when there is
 * none. */
bool bench_choose_f(const struct defence_settings *defence, size_t n, size_t *f,
                    char reason[BYZ_REASON_SIZE]);

/* Times it on this thread's OpenMP team (sets its size). ERR_MEMORY, with the arithmetic, when the matrix
 * does not fit into 80 % of the machine's memory. */
int bench_run(const struct bench_case *what, struct bench_figures *figures, struct err *err);

#endif
