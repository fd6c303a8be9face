/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Result files: one JSON object per run (results/README.md documents every field), written whole or not at
 * all. */
#ifndef SIM_REPORT_RESULT_H
#define SIM_REPORT_RESULT_H

#include "sim/base/err.h"
#include "sim/core/simulation.h"
#include <cjson/cJSON.h>

struct result_run {
    const struct simulation *simulation;
    const cJSON *resolved; /* the resolved configuration; borrowed */
    const char *identity, *label;
    double seconds; /* wall time of the rounds, evaluations included */
    double started; /* seconds since the epoch */
};

/* The whole result; NULL when memory runs out. Owned by the caller. Everything outside "environment" and
 * "timing" is the same at any number of threads. */
cJSON *result_json(const struct result_run *run);

/* Adds timing.profile: what the simulation's profile holds so far, beside the peaks of the machine. */
void result_add_profile(cJSON *json, const struct simulation *simulation, const struct profile_peaks *peaks);

/* Writes it to `path`, atomically. */
int result_write(const cJSON *json, const char *path, struct err *err);

/* "completed", "diverged" or "stopped". */
const char *result_status_word(enum simulation_status status);

/* Reads a result file back: ERR_DATA when it is no complete result of that configuration. *json is owned by
 * the caller. `identity` NULL accepts any. */
int result_read(const char *path, const char *identity, cJSON **json, struct err *err);

#endif
