/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `byzsim schema`: the JSON Schema of configurations, for editors and validators. */
#include "sim/app/tables.h"
#include "sim/cli/cli.h"
#include "sim/config/config.h"

#include <stdio.h>

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct cli_walk walk = {.command = command, .argc = argc, .argv = argv};
    int option = cli_next(&walk);
    if (option == CLI_HELP)
        return CLI_OK;
    if (option != CLI_END)
        return option == CLI_BAD ? CLI_USAGE
                                 : cli_misused(command, "no argument is expected: \"%s\"", walk.value);
    cJSON *json = config_schema(&tables_experiment, "byzsim experiment", true);
    char *bytes = json == NULL ? NULL : config_render(json, true);
    cJSON_Delete(json);
    if (bytes == NULL)
        return cli_failed(&(struct err){.code = ERR_MEMORY});
    fputs(bytes, stdout);
    cJSON_free(bytes);
    return CLI_OK;
}

const struct cli_command cli_schema = {
    .name = "schema",
    .summary = "print the JSON Schema (2020-12) of configurations",
    .arguments = "",
    .details = "Prints the JSON Schema of experiment configurations; configs/schema.json is its output.\n\n"
               "  byzsim schema > schema.json",
    .run = run,
};
