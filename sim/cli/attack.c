/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `byzsim attack`: what the Byzantine workers would send, given the honest messages. */
#include "attacks/registry.h"
#include "sim/base/mem.h"
#include "sim/cli/cli.h"
#include "sim/cli/common.h"
#include "sim/num/rng.h"
#include "sim/num/rows.h"
#include "sim/report/matrix.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME, BYZANTINE, SEED, ROUND, JSON };

static const struct cli_option options[] = {
    [NAME] = {"name", "NAME[:k=v,...]", "the attack"},
    [BYZANTINE] = {"byzantine", "B", "Byzantine workers beside the honest rows (default 1)"},
    [SEED] = {"seed", "N", "seed of the random streams (default 1)"},
    [ROUND] = {"round", "N", "round number (default 0)"},
    [JSON] = {"json", NULL, "print JSON: {\"output\": [...]}"},
};

struct request {
    struct byz_variant attack;
    size_t b, seed, round;
    bool json;
    const char *file;
};

static int take(const struct cli_walk *walk, int option, struct request *request)
{
    struct config_errors errors = {0};
    switch (option) {
    case NAME:
        config_variant_release(&request->attack);
        if (config_read_variant(&attack_family, walk->value, &request->attack, &errors) != ERR_OK ||
            errors.count > 0)
            return common_mistakes(&errors);
        return CLI_OK;
    case BYZANTINE:
        return cli_count("byzantine", walk->value, 1, 1000000, &request->b) ? CLI_OK : CLI_USAGE;
    case SEED:
        return cli_count("seed", walk->value, 0, (size_t)BYZ_COUNT_MOST, &request->seed) ? CLI_OK : CLI_USAGE;
    case ROUND:
        return cli_count("round", walk->value, 0, (size_t)BYZ_COUNT_MOST, &request->round) ? CLI_OK
                                                                                           : CLI_USAGE;
    case JSON:
        request->json = true;
        return CLI_OK;
    case CLI_WORD:
        if (request->file != NULL)
            return cli_misused(walk->command, "one matrix file, not two: \"%s\" and \"%s\"", request->file,
                               walk->value);
        request->file = walk->value;
        return CLI_OK;
    default:
        return CLI_USAGE;
    }
}

/* The first Byzantine worker's message. Its own honest message, where an attack looks at it, is the first
 * row. */
static int attack_once(const struct request *request, const struct matrix *matrix, const float **rows,
                       float **out, void *scratch, struct err *err)
{
    const struct byz_attack *attack = (const void *)request->attack.kind;
    struct rng rng;
    char reason[BYZ_REASON_SIZE] = "";
    size_t n = matrix->n + request->b;
    rows_of_matrix(matrix->x, matrix->n, matrix->ld, rows);
    rng_start(&rng, request->seed, RNG_ATTACK, 0, request->round);
    struct byz_attack_input in = {.n = n,
                                  .b = request->b,
                                  .f = request->b,
                                  .d = matrix->d,
                                  .round = request->round,
                                  .known = rows,
                                  .known_count = matrix->n,
                                  .own = rows,
                                  .senders = 1,
                                  .rng = &rng,
                                  .scratch = scratch};
    if (attack->apply == NULL)
        return err_set(err, ERR_CONFIG, "%s changes data, not messages: there is no message to show",
                       attack->base.name);
    if (attack->unsuitable != NULL && attack->unsuitable(request->attack.params, n, request->b,
                                                         attack->default_knowledge, matrix->n, reason) != 0)
        return err_set(err, ERR_CONFIG, "%s", reason);
    if (attack->apply(request->attack.params, &in, out, reason) != 0)
        return err_set(err, ERR_INVALID, "%s", reason);
    return ERR_OK;
}

static int perform(const struct request *request, struct matrix *matrix, struct matrix *message,
                   struct err *err)
{
    const struct byz_attack *attack = (const void *)request->attack.kind;
    int rc = attack == NULL ? ERR_INVALID : matrix_read(request->file, matrix, err);
    if (rc != ERR_OK)
        return rc;
    size_t bytes = attack->scratch_bytes == NULL
                       ? 0
                       : attack->scratch_bytes(request->attack.params, matrix->n + request->b, matrix->d, 1);
    const float **rows = mem_array(matrix->n, sizeof *rows, err);
    void *scratch = mem_array(bytes, 1, err);
    *message = (struct matrix){.n = 1, .d = matrix->d, .ld = matrix->ld};
    message->x = mem_array(matrix->ld, sizeof(float), err);
    rc = rows == NULL || scratch == NULL || message->x == NULL
             ? ERR_MEMORY
             : attack_once(request, matrix, rows, &message->x, scratch, err);
    mem_free(rows);
    mem_free(scratch);
    return rc;
}

static void print_message(const struct matrix *message, bool json)
{
    fputs(json ? "{\"output\": " : "", stdout);
    matrix_print(message, json, true);
    fputs(json ? "}\n" : "", stdout);
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct request request = {.seed = 1, .b = 1};
    struct matrix matrix = {0}, message = {0};
    struct err err = {0};
    struct cli_walk walk = {.command = command, .argc = argc, .argv = argv};
    int status = CLI_OK, option;
    while (status == CLI_OK && (option = cli_next(&walk)) != CLI_END) {
        if (option == CLI_HELP)
            goto out;
        status = take(&walk, option, &request);
    }
    if (status == CLI_OK && (request.file == NULL || request.attack.kind == NULL))
        status = cli_misused(command, "--name and a file with the honest messages are needed");
    if (status == CLI_OK)
        status = perform(&request, &matrix, &message, &err) == ERR_OK ? CLI_OK : cli_failed(&err);
    if (status == CLI_OK)
        print_message(&message, request.json);
out:
    config_variant_release(&request.attack);
    matrix_fini(&matrix);
    matrix_fini(&message);
    return status;
}

const struct cli_command cli_attack = {
    .name = "attack",
    .summary = "show what an attack sends, given the honest messages",
    .arguments = "--name NAME[:k=v,...] [--byzantine B] [--json] FILE",
    .details =
        "Reads the honest messages (JSON, CSV or .npy rows) and prints the message of the first of B "
        "Byzantine "
        "workers.\nWhere an attack looks at the worker's own honest message, the first row stands for it.\n\n"
        "  echo '[[1,2,3],[4,5,6],[7,8,9]]' | byzsim attack --name alie:z=1.5,sign=1 --json -",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .run = run,
};
