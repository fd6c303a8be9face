/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sweep.json: the list of a sweep's runs with their swept values, files and final figures. */
#ifndef SIM_REPORT_INDEX_H
#define SIM_REPORT_INDEX_H

#include "sim/base/err.h"
#include <cjson/cJSON.h>

struct index_entry {
    const char *label, *file, *identity;
    const char *status; /* "completed", "diverged", "stopped", "failed", "pending" */
    const char *error;  /* "" unless failed */
    const cJSON *swept;
    double train_loss, test_loss, test_accuracy, parameter_error; /* NaN becomes null */
};

struct index {
    cJSON *runs; /* zero-initialise the struct */
};

void index_add(struct index *index, const struct index_entry *entry);

/* Writes <directory>/sweep.json atomically and empties the index. */
int index_write(struct index *index, const char *name, const char *directory, struct err *err);

#endif
