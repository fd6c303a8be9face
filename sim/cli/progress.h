/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Progress of a sweep on standard error: one line that rewrites itself on a terminal, plain lines elsewhere.
 */
#ifndef SIM_CLI_PROGRESS_H
#define SIM_CLI_PROGRESS_H

#include "sim/app/sweep.h"

struct progress {
    bool quiet, terminal;
    double begun, shown;   /* monotonic seconds */
    double rounds_before;  /* rounds of runs that have ended */
    double rounds_skipped; /* of those, rounds that did not have to be run */
    double planned_rounds; /* of a search, all stages together; 0: those of the sweep */
    size_t planned_runs;   /* the same, stages of a run counted each; then validation figures are shown */
    size_t ended, failed;
    size_t width; /* of the line on the terminal */
};

void progress_init(struct progress *progress, bool quiet);

/* The events of a sweep, drawn by this progress. */
struct sweep_events progress_events(struct progress *progress);

#endif
