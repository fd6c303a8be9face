/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One run of a sweep: data, simulation, checkpoints, result file. */
#ifndef SIM_APP_RUN_H
#define SIM_APP_RUN_H

#include "sim/app/sweep.h"

/* Whether a result of this very configuration that ran to its end lies in the folder (in a sweep of stages:
 * to the end of the stage): then status, rounds and figures are taken from it. */
bool run_keep(struct sweep *sweep, size_t index);

/* Removes the checkpoint that a process killed at the right moment left beside a complete result. */
void run_forget_checkpoint(struct sweep *sweep, size_t index);

/* The round from which it would go on: 0 without a checkpoint that fits. */
uint64_t run_resumes_at(struct sweep *sweep, size_t index, const struct dataset *dataset);

/* Runs it, from its checkpoint if it has one and may (options.resume), on the calling thread's OpenMP team
 * and writes the result file; returns the state the run ends in, with status and figures, or err, in
 * sweep->runs[index]. */
enum sweep_state run_experiment(struct sweep *sweep, size_t index, struct datasets *datasets,
                                const struct sweep_options *options);

#endif
