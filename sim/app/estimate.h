/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a sweep will cost, measured on a few rounds of its runs before any of them is run. */
#ifndef SIM_APP_ESTIMATE_H
#define SIM_APP_ESTIMATE_H

#include "sim/app/sweep.h"

struct estimate {
    double memory;            /* bytes of the simulation, without the data, which the runs share */
    double seconds;           /* of what is left to do; 0 for a run that is kept */
    double round, evaluation; /* seconds of one */
    bool kept;                /* with --resume: it is complete and would not be run */
    bool measured;            /* false: rates are those of the run before it that was measured */
    bool replaced;            /* a file of its name would be replaced */
    size_t blocks;            /* blocks of columns that a round goes through (workers.storage) */
    bool recomputed;          /* and whether each of them computes all gradients anew */
    uint64_t rounds_done;     /* with --resume: rounds that a checkpoint would bring */
};

/* Fills out (count of the sweep): creates simulations and runs a few rounds of at most 100 of them, spread
 * over the sweep, for about 10 seconds in all and at least one round each. Nothing is written. The
 * median of the rounds counts, so that other work on the machine does not. Later rounds may cost more than
 * the first: an attack that starts late is not seen. */
int estimate_sweep(struct sweep *sweep, struct datasets *datasets, const struct sweep_options *options,
                   struct estimate *out, struct err *err);

/* Seconds of the whole when each free job takes the next run; each of `jobs` runs as fast as it was measured.
 */
double estimate_seconds(const struct estimate *runs, size_t count, size_t jobs);

/* Bytes of the data and of the `jobs` largest simulations. */
int estimate_memory(struct sweep *sweep, struct datasets *datasets, size_t jobs, double *bytes,
                    struct err *err);

/* ERR_MEMORY, with the number of jobs that fits, when they need more than 90 % of the machine's memory. */
int estimate_check_memory(struct sweep *sweep, struct datasets *datasets, size_t jobs, struct err *err);

#endif
