/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What several sub-commands share: configurations with --set, folders for data. */
#ifndef SIM_CLI_COMMON_H
#define SIM_CLI_COMMON_H

#include "sim/config/config.h"
#include "sim/report/records.h"

enum { COMMON_LIST_MOST = 4096 };

/* Words or option values gathered from a command line (borrowed strings). */
struct common_list {
    size_t count;
    const char *items[COMMON_LIST_MOST];
};

/* False when the list is full. */
bool common_list_add(struct common_list *list, const char *item);

/* Reads a configuration and applies the assignments of --set. NULL after printing every mistake. */
struct config_source *common_read(const char *path, const struct common_list *assignments);

/* The same for a text in memory. */
struct config_source *common_parse(const char *label, const char *text,
                                   const struct common_list *assignments);

/* Prints the collected mistakes, and how many were left out, to standard error, and empties the collection;
 * returns CLI_USAGE. */
int common_mistakes(struct config_errors *errors);

/* Reads "name:key=value,..." into a variant; CLI_OK, or CLI_USAGE after printing the mistakes. */
int common_variant(const struct byz_family *family, const char *words, struct byz_variant *out);

/* The same for one more pre-aggregator behind those of the list. */
struct cli_command;
int common_stage(const struct cli_command *command, const char *words, struct byz_variants *stages);
void common_stages_release(struct byz_variants *stages);

/* Reads the results of the paths (see records_read for `series`) and leaves those that meet all conditions.
 * Prints the problems; CLI_OK only when at least one result is left. Release with records_fini in any case.
 */
int common_records(struct records *records, const struct common_list *paths,
                   const struct common_list *conditions, const char *series);

#endif
