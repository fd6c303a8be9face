/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Running configurations from the command line: what `run` and `demo` share. */
#ifndef SIM_CLI_SESSION_H
#define SIM_CLI_SESSION_H

#include "sim/cli/common.h"
#include "sim/config/config.h"
#include <stdatomic.h>

struct session_options {
    size_t threads, jobs; /* 0: as many threads as there are processors; one job */
    double checkpoint_seconds;
    bool resume, quiet;
    bool profile;     /* measure where the time goes, and print it */
    bool dry_run;     /* tell what would be done and do nothing */
    const char *out;  /* folder for results */
    const char *data; /* --data, or NULL */
};

/* Runs every point of a configuration and prints the summary; takes over the source. Returns the exit status.
 * Ctrl-C lets the runs finish their round and write what they have; a second one ends the program at once. */
int session_run(struct config_source *source, const struct session_options *options);

/* From now on the first Ctrl-C (or SIGTERM) sets the flag that is returned, and a second one ends the
 * program. */
atomic_bool *session_listen(void);

#endif
