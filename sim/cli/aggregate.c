/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `byzsim aggregate`: one defence on one matrix, so that anyone can check a value by hand. */
#include "aggregators/registry.h"
#include "sim/base/mem.h"
#include "sim/cli/answer.h"
#include "sim/cli/common.h"
#include "sim/core/defence.h"
#include "sim/core/needs.h"
#include "sim/report/matrix.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { RULE, PRE, BYZANTINE, GRADIENT, COMMON };

static const struct cli_option options[] = {
    [RULE] = {"rule", "NAME[:k=v,...]",
              "aggregation rule; without it the rows after pre-aggregation are printed"},
    [PRE] = {"pre", "NAME[:k=v,...]", "pre-aggregator; may be repeated, applied in this order"},
    [BYZANTINE] = {"byzantine", "F", "declared Byzantine rows, f (default 0)"},
    [GRADIENT] = {"server-gradient", "FILE",
                  "the server's own gradient, a matrix of one row, for rules that need it (fltrust)"},
    ANSWER_OPTIONS(COMMON, "print JSON: {\"output\": ..., \"weights\": [...]}",
                   "add each row's weight, norm and distance to the result, and kappa"),
};

struct request {
    struct defence_settings settings;
    size_t f;
    struct answer_form form;
    const char *gradient;
};

static int take(const struct cli_walk *walk, int option, struct request *request)
{
    switch (option) {
    case RULE:
        config_variant_release(&request->settings.aggregator);
        return common_variant(&aggregator_family, walk->value, &request->settings.aggregator);
    case PRE:
        return common_stage(walk->command, walk->value, &request->settings.preaggregators);
    case BYZANTINE:
        return cli_count("byzantine", walk->value, 0, 1000000, &request->f) ? CLI_OK : CLI_USAGE;
    case GRADIENT:
        request->gradient = walk->value;
        return CLI_OK;
    case CLI_WORD:
        return answer_take_word(walk, &request->form);
    default:
        return option < COMMON ? CLI_USAGE : answer_take(walk, option - COMMON, &request->form);
    }
}

/* What came out, for printing. */
static int give(const struct request *request, const struct matrix *matrix,
                const struct defence_outcome *outcome, float *out, struct err *err)
{
    bool single = request->settings.aggregator.kind != NULL;
    struct answer answer = {.input = matrix,
                            .output = {.n = 1, .d = matrix->d, .ld = matrix->ld, .x = out},
                            .single = single,
                            .weights = outcome->has_shares ? outcome->shares : NULL,
                            .mix = outcome->mix,
                            .of_rule = single,
                            .rows = outcome->row_count,
                            .iterations = outcome->iterations};
    if (single) {
        answer.kappa = defence_kappa(&request->settings, matrix->n, request->f);
        answer.eta = defence_eta(&request->settings, matrix->n, request->f);
    } else {
        answer.output.n = outcome->row_count;
        answer.output.x = (float *)(uintptr_t)outcome->rows;
    }
    return answer_give(&answer, &request->form, err);
}

/* Takes the server's gradient from its own file to the matrix. */
static int read_gradient(const struct request *request, struct matrix *matrix, struct err *err)
{
    if (request->gradient == NULL)
        return ERR_OK;
    if (matrix->server_gradient != NULL)
        return err_set(err, ERR_CONFIG, "%s brings a \"server_gradient\": leave out --server-gradient",
                       request->form.file);
    return answer_read_row(request->gradient, "the server's gradient", matrix->d, &matrix->server_gradient,
                           err);
}

/* What a matrix cannot tell. */
static int check_needs(const struct request *request, const struct matrix *matrix, struct err *err)
{
    unsigned needs = needs_of(&request->settings);
    const char *rule =
        request->settings.aggregator.kind == NULL ? "the chain" : request->settings.aggregator.kind->name;
    if (needs & BYZ_NEEDS_LOSS)
        return err_set(
            err, ERR_CONFIG,
            "%s tries every message on the server's model, and here is none: use it in \"byzsim run\"", rule);
    if ((needs & BYZ_NEEDS_SERVER_GRADIENT) && matrix->server_gradient == NULL)
        return err_set(err, ERR_CONFIG,
                       "%s needs the server's own gradient: give --server-gradient FILE, or a JSON file "
                       "{\"rows\": [...], \"server_gradient\": [...]}",
                       rule);
    if (!(needs & BYZ_NEEDS_SERVER_GRADIENT) && matrix->server_gradient != NULL)
        return err_set(err, ERR_CONFIG, "%s has no use for the server's gradient: leave it out", rule);
    return ERR_OK;
}

/* The matrix, and whether the defence is defined for it. */
static int prepare(const struct request *request, struct matrix *matrix, struct err *err)
{
    char reason[BYZ_REASON_SIZE] = "";
    int rc = matrix_read(request->form.file, matrix, err);
    if (rc == ERR_OK)
        rc = read_gradient(request, matrix, err);
    if (rc == ERR_OK && request->f >= matrix->n)
        rc = err_set(err, ERR_CONFIG, "--byzantine %zu: the matrix has only %zu rows", request->f, matrix->n);
    if (rc == ERR_OK && defence_unsuitable(&request->settings, matrix->n, request->f, NULL, reason) != 0)
        rc = err_set(err, ERR_CONFIG, "%s", reason);
    return rc != ERR_OK ? rc : check_needs(request, matrix, err);
}

static int aggregate(const struct request *request, struct matrix *matrix, struct err *err)
{
    struct defence defence = {0};
    struct defence_outcome outcome;
    struct byz_facts facts = {0};
    float *out = NULL;
    int rc = prepare(request, matrix, err);
    if (rc == ERR_OK)
        rc = needs_plain_facts(matrix->n, matrix->d, &facts, err);
    if (rc == ERR_OK)
        rc = defence_init(&defence, &request->settings, matrix->n, matrix->d, matrix->ld, err);
    if (rc == ERR_OK && (out = mem_array(matrix->ld, sizeof *out, err)) == NULL)
        rc = ERR_MEMORY;
    if (rc == ERR_OK) {
        facts.server_gradient = matrix->server_gradient;
        const struct defence_input in = {.x = matrix->x,
                                         .n = matrix->n,
                                         .f = request->f,
                                         .seed = request->form.seed,
                                         .round = request->form.round,
                                         .facts = facts};
        defence_run(&defence, &in, out, &outcome);
        rc = outcome.answered ? give(request, matrix, &outcome, out, err)
                              : err_set(err, ERR_INVALID, "%s", outcome.reason);
    }
    defence_fini(&defence);
    mem_free(out);
    needs_free_facts(&facts);
    return rc;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct request request = {.form = {.seed = 1}};
    struct matrix matrix = {0};
    struct err err = {0};
    struct cli_walk walk = {.command = command, .argc = argc, .argv = argv};
    int status = CLI_OK, option;
    while (status == CLI_OK && (option = cli_next(&walk)) != CLI_END) {
        if (option == CLI_HELP)
            goto out;
        status = take(&walk, option, &request);
    }
    if (status == CLI_OK && request.form.file == NULL)
        status = cli_misused(command, "a matrix file is needed (\"-\": standard input)");
    if (status == CLI_OK && request.settings.aggregator.kind == NULL &&
        request.settings.preaggregators.count == 0)
        status = cli_misused(command, "--rule or --pre is needed");
    if (status == CLI_OK && answer_both_stdin(request.gradient, request.form.file))
        status = cli_misused(command, "only one of the two files can be \"-\", standard input");
    if (status == CLI_OK && aggregate(&request, &matrix, &err) != ERR_OK)
        status = cli_refused(&err);
out:
    common_stages_release(&request.settings.preaggregators);
    config_variant_release(&request.settings.aggregator);
    matrix_fini(&matrix);
    return status;
}

const struct cli_command cli_aggregate = {
    .name = "aggregate",
    .summary = "apply a rule, and pre-aggregators before it, to one matrix",
    .arguments = "--rule NAME[:k=v,...] [--pre NAME[:k=v,...]]... [--byzantine F] [--server-gradient FILE] "
                 "[--out FILE] [--json] [--explain] FILE",
    .details =
        "Applies pre-aggregators and a rule to the rows of a matrix: JSON (a list of rows), CSV, or .npy\n"
        "(\"-\": standard input). Rows with NaN or infinities are not dropped; the rule sees them. Rules "
        "that\n"
        "remember workers take row i for worker i's first message. docs/matrix-files.md tells more.\n\n"
        "  echo '[[1,2,3],[4,5,6],[7,8,9]]' | byzsim aggregate --rule krum:neighbours=kappa --byzantine 1 "
        "--json -\n"
        "  byzsim aggregate --pre nnm --pre clipping:threshold=2 --rule median --byzantine 3 messages.npy\n"
        "  byzsim aggregate --rule multi_krum --byzantine 2 --explain --out mean.npy messages.npy\n"
        "  byzsim aggregate --rule fltrust --server-gradient root.csv messages.csv",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .run = run,
};
