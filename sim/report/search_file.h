/* SPDX-License-Identifier: GPL-3.0-or-later */
/* search.json, the outcome of a search, read back (results/README.md documents every field). */
#ifndef SIM_REPORT_SEARCH_FILE_H
#define SIM_REPORT_SEARCH_FILE_H

#include "sim/base/err.h"
#include <cjson/cJSON.h>

/* Reads a search.json, or the one in a folder. ERR_DATA when it is none. *json is owned by the caller. */
int search_file_read(const char *path, cJSON **json, struct err *err);

#endif
