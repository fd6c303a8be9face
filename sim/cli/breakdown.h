/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `run --profile` prints. */
#ifndef SIM_CLI_BREAKDOWN_H
#define SIM_CLI_BREAKDOWN_H

#include "sim/app/sweep.h"

/* Where the time of the runs that have just been made went, phase by phase, and how near gradients and rules
 * came to what the machine can do. */
void breakdown_print(const struct sweep *sweep);

#endif
