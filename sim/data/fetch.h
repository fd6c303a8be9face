/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Downloading data sets with the curl program. A file arrives under a temporary name, is compared with its
 * known SHA-256, synced and renamed: under its own name there is the right file or what was there before.
 */
#ifndef SIM_DATA_FETCH_H
#define SIM_DATA_FETCH_H

#include "sim/base/err.h"
#include <stdbool.h>
#include <stddef.h>

struct fetch_file {
    const char *path;   /* relative to a data place; its last part is the name behind the base URL */
    const char *sha256; /* of the file as served, 64 hexadecimal digits */
    const char
        *contents; /* of what it unpacks to, or NULL: another compression of the same data is as good */
};

struct fetch_source {
    const char *kind;
    const char *url;  /* base URL ending in "/", or NULL when it cannot be fetched */
    const char *page; /* where a person finds it */
    const struct fetch_file *files;
    size_t count;
};

/* The sources known: the table of fetch_sources.c. */
extern const struct fetch_source fetch_sources[];
extern const size_t fetch_sources_count;

/* The source of that kind of data set, or NULL. */
const struct fetch_source *fetch_find(const char *kind);

/* Downloads the files of a kind into `directory` (made if need be), from `url` instead of the usual place
 * unless it is NULL. Files that are there and right are kept. `progress` shows curl's progress bar on stderr.
 * ERR_CONFIG for a kind that cannot be fetched (with what to do instead), ERR_IO for a failed transfer,
 * ERR_DATA for a wrong file. */
int data_fetch(const char *kind, const char *url, const char *directory, bool progress, struct err *err);

/* As data_fetch, for a source of the caller's. */
int fetch_run(const struct fetch_source *source, const char *url, const char *directory, bool progress,
              struct err *err);

/* Whether the file is there and right. */
bool fetch_verified(const struct fetch_file *file, const char *directory);

/* Writes what to do when a file of that kind is missing. */
void fetch_cure(const char *kind, char *out, size_t size);

#endif
