/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One run of a sweep: data, simulation, checkpoints, result file. */
#ifndef SIM_APP_RUN_H
#define SIM_APP_RUN_H

#include "sim/app/sweep.h"

/* Runs it on the calling thread's OpenMP team and writes the result file; returns the state the run ends in,
 * with status and figures, or err, in sweep->runs[index]. */
enum sweep_state run_experiment(struct sweep *sweep, size_t index, struct datasets *datasets,
                                const struct sweep_options *options);

#endif
