/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Result files read back, for tables and plots. */
#ifndef SIM_REPORT_RECORDS_H
#define SIM_REPORT_RECORDS_H

#include "sim/base/err.h"
#include "sim/base/text.h"
#include <cjson/cJSON.h>
#include <stddef.h>

struct record {
    char *path;
    cJSON *json; /* the result; of "per_round" only what was asked for */
};

struct records {
    struct record *items;
    size_t count, capacity;
    struct text problems; /* one line for each file that could not be used */
    size_t problem_count;
    cJSON *unfinished; /* runs that an index names and that left no result: {"folder", "label", "status",
                          "error"} */
};

/* Reads result files, and those in folders and the folders below, in the order of the paths and, in a folder,
 * of its index and of the names. Index files (sweep.json), what a search
 * leaves beside its results (search.json, winner.json), schemas (schema.json) and hidden files are passed
 * over. A file that is broken or no result is a line in `problems`; a path that cannot be read is an error.
 * Of "per_round", most of a file, only the columns that `series` names are kept ("a,b", and "round" with
 * them), none when it is NULL.
 * Zero-initialise; release with records_fini in any case. */
int records_read(struct records *records, const char *const *paths, size_t count, const char *series,
                 struct err *err);
void records_fini(struct records *records);

/* Leaves only the records that `keep` accepts, in their order. */
void records_filter(struct records *records, int (*keep)(const void *context, const struct record *record),
                    const void *context);

#endif
