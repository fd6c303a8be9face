/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sweep.json: the list of a sweep's runs with their swept values, files and final figures. */
#ifndef SIM_REPORT_INDEX_H
#define SIM_REPORT_INDEX_H

#include "sim/base/err.h"
#include <cjson/cJSON.h>
#include <stdbool.h>

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

/* The entries of the folder's other results, in the order of their names: a folder may hold the runs of
 * several configurations of one name, and none of them may vanish from the index. They are taken from the
 * present index where that knows them, otherwise from the results. `ours` tells the files that the caller
 * will enter itself. NULL when memory runs out. Owned by the caller. */
cJSON *index_others(const char *directory, bool (*ours)(const void *context, const char *file),
                    const void *context);

/* Whether a file of that name in a folder of results is no result: the index, or what a search leaves there.
 */
bool index_is_other(const char *file);

/* An index file as JSON, or NULL when it cannot be read. Owned by the caller. */
cJSON *index_read(const char *path);

/* Writes <directory>/sweep.json atomically, with the others behind the runs, and empties the index. `others`
 * is borrowed. */
int index_write(struct index *index, const cJSON *others, const char *name, const char *directory,
                struct err *err);

#endif
