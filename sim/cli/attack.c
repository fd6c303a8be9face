/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `byzsim attack`: what the Byzantine workers would send, given the honest messages. */
#include "aggregators/registry.h"
#include "attacks/registry.h"
#include "sim/base/mem.h"
#include "sim/cli/answer.h"
#include "sim/cli/common.h"
#include "sim/core/needs.h"
#include "sim/core/trial.h"
#include "sim/num/rng.h"
#include "sim/num/rows.h"
#include "sim/report/matrix.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME, RULE, PRE, BYZANTINE, PREVIOUS, COMMON };

static const struct cli_option options[] = {
    [NAME] = {"name", "NAME[:k=v,...]", "the attack"},
    [RULE] = {"rule", "NAME[:k=v,...]", "the server's rule, for attacks that try it out (optimal_ipm)"},
    [PRE] = {"pre", "NAME[:k=v,...]", "a pre-aggregator before it; may be repeated, applied in this order"},
    [BYZANTINE] = {"byzantine", "B", "Byzantine workers beside the honest rows (default 1)"},
    [PREVIOUS] = {"previous", "FILE",
                  "the server's last aggregate, a matrix of one row, for attacks that start from it (rop)"},
    ANSWER_OPTIONS(COMMON, "print JSON: {\"output\": [...]}",
                   "add each honest row's norm and its distance to the message"),
};

struct request {
    struct byz_variant attack;
    struct defence_settings defence;
    size_t b;
    struct answer_form form;
    const char *previous;
};

static int take(const struct cli_walk *walk, int option, struct request *request)
{
    switch (option) {
    case NAME:
        config_variant_release(&request->attack);
        return common_variant(&attack_family, walk->value, &request->attack);
    case RULE:
        config_variant_release(&request->defence.aggregator);
        return common_variant(&aggregator_family, walk->value, &request->defence.aggregator);
    case PRE:
        return common_stage(walk->command, walk->value, &request->defence.preaggregators);
    case BYZANTINE:
        return cli_count("byzantine", walk->value, 1, 1000000, &request->b) ? CLI_OK : CLI_USAGE;
    case PREVIOUS:
        request->previous = walk->value;
        return CLI_OK;
    case CLI_WORD:
        return answer_take_word(walk, &request->form);
    default:
        return option < COMMON ? CLI_USAGE : answer_take(walk, option - COMMON, &request->form);
    }
}

/* What one call of an attack needs. */
struct room {
    const float **rows;
    float *previous; /* NULL: none was given */
    void *state, *scratch;
    size_t scratch_size;
    struct trial trial;
};

static int make_room(struct room *room, const struct request *request, const struct matrix *matrix,
                     struct err *err)
{
    const struct byz_attack *attack = (const void *)request->attack.kind;
    const void *params = request->attack.params;
    size_t n = matrix->n + request->b, d = matrix->d;
    size_t state_size = attack->state_bytes == NULL ? 0 : attack->state_bytes(params, n, d);
    room->scratch_size = attack->scratch_bytes == NULL ? 0 : attack->scratch_bytes(params, n, d, 1);
    room->rows = mem_array(matrix->n, sizeof *room->rows, err);
    room->state = mem_array(state_size, 1, err);
    room->scratch = mem_array(room->scratch_size, 1, err);
    if (room->rows == NULL || room->state == NULL || room->scratch == NULL)
        return ERR_MEMORY;
    int rc = request->previous == NULL
                 ? ERR_OK
                 : answer_read_row(request->previous, "the server's last aggregate", d, &room->previous, err);
    if (rc != ERR_OK || !attack->tries_defence)
        return rc;
    rc = trial_init(&room->trial, &request->defence, n, d, matrix->ld, err);
    if (rc == ERR_OK)
        rc = needs_plain_facts(n, d, &room->trial.facts, err);
    room->trial.f = request->b;
    room->trial.seed = request->form.seed;
    room->trial.round = request->form.round;
    return rc;
}

static void free_room(struct room *room)
{
    mem_free(room->rows);
    mem_free(room->previous);
    mem_free(room->state);
    mem_free(room->scratch);
    needs_free_facts(&room->trial.facts);
    trial_fini(&room->trial);
}

/* --rule for attacks that try out a defence, and for no others. */
static int check_defence(const struct request *request, size_t n, struct err *err)
{
    const struct byz_attack *attack = (const void *)request->attack.kind;
    const struct defence_settings *defence = &request->defence;
    char reason[BYZ_REASON_SIZE] = "";
    // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): without a name the command has ended before
    if (!attack->tries_defence && (defence->aggregator.kind != NULL || defence->preaggregators.count > 0))
        return err_set(err, ERR_CONFIG, "%s tries out no defence: leave out --rule and --pre",
                       attack->base.name);
    if (attack->tries_defence && defence->aggregator.kind == NULL)
        return err_set(err, ERR_CONFIG, "%s tries out the server's defence: give its --rule",
                       attack->base.name);
    if (attack->tries_defence && (needs_of(defence) & (BYZ_NEEDS_LOSS | BYZ_NEEDS_SERVER_GRADIENT)))
        return err_set(err, ERR_CONFIG,
                       "%s needs a model and data of the server's own, and here are none: use \"byzsim run\"",
                       defence->aggregator.kind->name);
    if (attack->tries_defence && defence_unsuitable(defence, n, request->b, NULL, reason) != 0)
        return err_set(err, ERR_CONFIG, "%s", reason);
    return ERR_OK;
}

/* The first Byzantine worker's message. Its own honest message, where an attack looks at it, is the first
 * row. */
static int attack_once(const struct request *request, const struct matrix *matrix, struct room *room,
                       float **out, struct err *err)
{
    const struct byz_attack *attack = (const void *)request->attack.kind;
    struct rng rng;
    char reason[BYZ_REASON_SIZE] = "";
    bool missing = false;
    size_t n = matrix->n + request->b;
    rows_of_matrix(matrix->x, matrix->n, matrix->ld, room->rows);
    rng_start(&rng, request->form.seed, RNG_ATTACK, 0, request->form.round);
    struct byz_attack_input in = {.n = n,
                                  .b = request->b,
                                  .f = request->b,
                                  .d = matrix->d,
                                  .round = request->form.round,
                                  .known = room->rows,
                                  .known_count = matrix->n,
                                  .own = room->rows,
                                  .previous = room->previous,
                                  .senders = 1,
                                  .missing = &missing,
                                  .rng = &rng,
                                  .state = room->state,
                                  .scratch = room->scratch,
                                  .scratch_size = room->scratch_size,
                                  .defend = attack->tries_defence ? trial_defend : NULL,
                                  .defender = &room->trial};
    if (attack->apply == NULL)
        return err_set(err, ERR_CONFIG, "%s changes data, not messages: there is no message to show",
                       attack->base.name);
    if (attack_unsuitable(attack, request->attack.params, n, request->b, attack->default_knowledge, matrix->n,
                          reason) != 0)
        return err_set(err, ERR_CONFIG, "%s", reason);
    if (attack->apply(request->attack.params, &in, out, reason) != 0)
        return err_set(err, ERR_INVALID, "%s", reason);
    if (missing)
        return err_set(err, ERR_INVALID, "%s: the worker sends nothing in this round", attack->base.name);
    return ERR_OK;
}

static int perform(const struct request *request, struct matrix *matrix, struct matrix *message,
                   struct err *err)
{
    struct room room = {0};
    int rc = matrix_read(request->form.file, matrix, err);
    if (rc == ERR_OK && matrix->server_gradient != NULL)
        rc = err_set(err, ERR_CONFIG, "%s: no attack has a use for \"server_gradient\": leave it out",
                     request->form.file);
    if (rc == ERR_OK)
        rc = check_defence(request, matrix->n + request->b, err);
    if (rc != ERR_OK)
        return rc;
    *message = (struct matrix){.n = 1, .d = matrix->d, .ld = matrix->ld};
    message->x = mem_array(matrix->ld, sizeof(float), err);
    rc = message->x == NULL ? ERR_MEMORY : make_room(&room, request, matrix, err);
    if (rc == ERR_OK)
        rc = attack_once(request, matrix, &room, &message->x, err);
    free_room(&room);
    return rc;
}

/* An attack that does nothing at this n and b says so beside its message. */
static void warn(const struct request *request, size_t honest)
{
    const struct byz_attack *attack = (const void *)request->attack.kind;
    char reason[BYZ_REASON_SIZE] = "";
    // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): without a name the command has ended before
    if (attack->warn != NULL)
        attack->warn(request->attack.params, honest + request->b, request->b, reason);
    if (reason[0] != '\0')
        fprintf(stderr, "byzsim attack: warning: %s\n", reason);
}

static int answer(const struct request *request, struct matrix *matrix, struct matrix *message,
                  struct err *err)
{
    int rc = perform(request, matrix, message, err);
    if (rc != ERR_OK)
        return rc;
    warn(request, matrix->n);
    const struct answer answer = {.input = matrix, .output = *message, .single = true};
    return answer_give(&answer, &request->form, err);
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct request request = {.form = {.seed = 1}, .b = 1};
    struct matrix matrix = {0}, message = {0};
    struct err err = {0};
    struct cli_walk walk = {.command = command, .argc = argc, .argv = argv};
    int status = CLI_OK, option;
    while (status == CLI_OK && (option = cli_next(&walk)) != CLI_END) {
        if (option == CLI_HELP)
            goto out;
        status = take(&walk, option, &request);
    }
    if (status == CLI_OK && (request.form.file == NULL || request.attack.kind == NULL))
        status = cli_misused(command, "--name and a file with the honest messages are needed");
    if (status == CLI_OK && answer_both_stdin(request.previous, request.form.file))
        status = cli_misused(command, "only one of the two files can be \"-\", standard input");
    if (status == CLI_OK)
        status = answer(&request, &matrix, &message, &err) == ERR_OK ? CLI_OK : cli_refused(&err);
out:
    common_stages_release(&request.defence.preaggregators);
    config_variant_release(&request.defence.aggregator);
    config_variant_release(&request.attack);
    matrix_fini(&matrix);
    matrix_fini(&message);
    return status;
}

const struct cli_command cli_attack = {
    .name = "attack",
    .summary = "show what an attack sends, given the honest messages",
    .arguments = "--name NAME[:k=v,...] [--rule NAME[:k=v,...]] [--pre NAME[:k=v,...]]... [--byzantine B] "
                 "[--previous FILE] [--out FILE] [--json] [--explain] FILE",
    .details =
        "Reads the honest messages (JSON, CSV or .npy rows; \"-\": standard input) and prints the message "
        "of\n"
        "the first of B Byzantine workers. Where an attack looks at the worker's own honest message, the\n"
        "first row stands for it. Attacks that search against the server's defence are told it with --rule\n"
        "and --pre; those that start from its last aggregate with --previous. docs/matrix-files.md tells "
        "more.\n\n"
        "  echo '[[1,2,3],[4,5,6],[7,8,9]]' | byzsim attack --name alie:z=1.5,sign=1 --json -\n"
        "  byzsim attack --name optimal_ipm --pre nnm --rule median --byzantine 3 --out m.npy honest.npy",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .run = run,
};
