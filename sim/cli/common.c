/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/cli/common.h"
#include "aggregators/registry.h"
#include "attacks/registry.h"
#include "sim/cli/cli.h"
#include "sim/plugin/plugin.h"
#include "sim/report/query.h"

#include <stdio.h>
#include <string.h>

bool common_list_add(struct common_list *list, const char *item)
{
    if (list->count == COMMON_LIST_MOST)
        return false;
    list->items[list->count++] = item;
    return true;
}

int common_mistakes(struct config_errors *errors)
{
    fprintf(stderr, "%s\n", text_string(&errors->text));
    if (errors->count > CONFIG_ERRORS_KEPT)
        fprintf(stderr, "... and %zu more\n", errors->count - CONFIG_ERRORS_KEPT);
    config_errors_fini(errors);
    return CLI_USAGE;
}

static struct config_source *assign(struct config_source *source, const struct common_list *assignments,
                                    struct config_errors *errors)
{
    for (size_t i = 0; source != NULL && i < assignments->count; i++)
        config_source_set(source, assignments->items[i], errors);
    if (errors->count == 0 && source != NULL)
        return source;
    common_mistakes(errors);
    config_source_free(source);
    return NULL;
}

struct config_source *common_read(const char *path, const struct common_list *assignments)
{
    struct config_errors errors = {0};
    return assign(config_source_read(path, &errors), assignments, &errors);
}

struct config_source *common_parse(const char *label, const char *text, const struct common_list *assignments)
{
    struct config_errors errors = {0};
    return assign(config_source_parse(label, text, strlen(text), &errors), assignments, &errors);
}

int common_variant(const struct byz_family *family, const char *words, struct byz_variant *out)
{
    struct config_errors errors = {0};
    const struct config_key key = {.family = family,
                                   .open = family == &aggregator_family ? plugin_open_aggregator
                                           : family == &attack_family   ? plugin_open_attack
                                                                        : NULL};
    if (config_read_variant_of(&key, words, out, &errors) == ERR_OK && errors.count == 0)
        return CLI_OK;
    return common_mistakes(&errors);
}

int common_stage(const struct cli_command *command, const char *words, struct byz_variants *stages)
{
    if (stages->count == BYZ_VARIANTS_MOST)
        return cli_misused(command, "at most %d pre-aggregators", BYZ_VARIANTS_MOST);
    int status = common_variant(&preaggregator_family, words, &stages->items[stages->count]);
    stages->count += status == CLI_OK;
    return status;
}

void common_stages_release(struct byz_variants *stages)
{
    for (size_t i = 0; i < stages->count; i++)
        config_variant_release(&stages->items[i]);
}

int common_records(struct records *records, const struct common_list *paths,
                   const struct common_list *conditions, const char *series)
{
    struct err err = {0};
    int rc = records_read(records, paths->items, paths->count, series, &err);
    fputs(text_string(&records->problems), stderr);
    if (rc == ERR_OK && records->count == 0)
        rc = err_set(&err, ERR_DATA, "%s: no results were found", paths->items[0]);
    for (size_t i = 0; rc == ERR_OK && i < conditions->count; i++) {
        rc = query_where(records, conditions->items[i], &err);
        if (rc == ERR_OK && records->count == 0)
            rc = err_set(&err, ERR_DATA, "no result is left with --where %s", conditions->items[i]);
    }
    return rc == ERR_OK ? CLI_OK : cli_failed(&err);
}
