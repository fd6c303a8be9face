/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of final figures that ends a sweep. */
#ifndef SIM_CLI_SUMMARY_H
#define SIM_CLI_SUMMARY_H

#include "sim/app/sweep.h"

/* Prints to standard output: with two swept keys a table of test accuracies, first key across and second
 * down; otherwise one line per run; then where the files lie. */
void summary_print(const struct sweep *sweep);

#endif
