/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `byzsim run --dry-run`: what a sweep would do and cost. */
#ifndef SIM_CLI_PLAN_H
#define SIM_CLI_PLAN_H

#include "sim/app/sweep.h"

enum { PLAN_WORD = 32 };

/* Prints a line for each run and the totals to standard output; returns the exit status. */
int plan_print(struct sweep *sweep, struct datasets *datasets, const struct sweep_options *options);

/* "1.2 GB"; "40 s", "12 min", "3.1 h". */
void plan_memory_words(char out[PLAN_WORD], double bytes);
void plan_time_words(char out[PLAN_WORD], double seconds);

#endif
