/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `byzsim run` and `byzsim check` say about a search. */
#ifndef SIM_CLI_SEARCH_H
#define SIM_CLI_SEARCH_H

#include "sim/app/search.h"

/* --dry-run: the rungs, their rounds, memory and time; returns the exit status. */
int cli_search_plan(struct search *search, struct datasets *datasets, const struct sweep_options *options);

/* The best trials, the winner and what it took, to standard output. */
void cli_search_summary(const struct search *search);

/* Trials that failed, and whether there is more to do, to standard error; returns the exit status. */
int cli_search_outcome(const struct search *search, bool interrupted);

#endif
