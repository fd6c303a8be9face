/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/cli/answer.h"
#include "sim/api/byz_param.h"
#include "sim/num/rows.h"
#include "sim/report/matrix_write.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Input rows named in one line about an output row; columns of a number in a table. */
enum { SHARES_SHOWN = 6, WIDTH = 12 };

static int take_out(const struct cli_command *command, const char *path, struct answer_form *form)
{
    form->out = path;
    return matrix_write_known(path)
               ? CLI_OK
               : cli_misused(command, "--out \"%s\": the ending tells the form: .json, .csv or .npy", path);
}

static int take_number(const char *name, const char *value, size_t *out)
{
    return cli_count(name, value, 0, (size_t)BYZ_COUNT_MOST, out) ? CLI_OK : CLI_USAGE;
}

int answer_take_word(const struct cli_walk *walk, struct answer_form *form)
{
    if (form->file != NULL)
        return cli_misused(walk->command, "one matrix file, not two: \"%s\" and \"%s\"", form->file,
                           walk->value);
    form->file = walk->value;
    return CLI_OK;
}

int answer_take(const struct cli_walk *walk, int option, struct answer_form *form)
{
    switch (option) {
    case ANSWER_SEED:
        return take_number("seed", walk->value, &form->seed);
    case ANSWER_ROUND:
        return take_number("round", walk->value, &form->round);
    case ANSWER_OUT:
        return take_out(walk->command, walk->value, form);
    case ANSWER_JSON:
        form->json = true;
        return CLI_OK;
    case ANSWER_EXPLAIN:
        form->explain = true;
        return CLI_OK;
    default:
        return CLI_USAGE;
    }
}

bool answer_both_stdin(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, "-") == 0 && strcmp(b, "-") == 0;
}

int answer_read_row(const char *path, const char *what, size_t d, float **row, struct err *err)
{
    struct matrix matrix = {0};
    int rc = matrix_read(path, &matrix, err);
    if (rc == ERR_OK && (matrix.n != 1 || matrix.d != d))
        rc = err_set(err, ERR_CONFIG, "%s: %s is one row of %zu values, not %zu of %zu", path, what, d,
                     matrix.n, matrix.d);
    if (rc == ERR_OK) {
        *row = matrix.x;
        matrix.x = NULL;
    }
    matrix_fini(&matrix);
    return rc;
}

static const float *row_of(const struct matrix *matrix, size_t i)
{
    return matrix->x + i * matrix->ld;
}

/* The rows of a table or a list: input rows beside one vector, or else output rows. */
static const struct matrix *explained(const struct answer *answer)
{
    return answer->single ? answer->input : &answer->output;
}

static double norm_of(const struct answer *answer, size_t i)
{
    return sqrt(rows_norm2(row_of(explained(answer), i), answer->input->d));
}

static double distance_of(const struct answer *answer, size_t i)
{
    return sqrt(rows_distance2(row_of(answer->input, i), answer->output.x, answer->input->d));
}

/* The first few input rows of one output row: "0.5 x 0 + 0.5 x 2". */
static void add_shares(struct text *out, const double *mix, size_t n)
{
    size_t shown = 0, all = 0;
    for (size_t k = 0; k < n; k++)
        all += mix[k] != 0;
    for (size_t k = 0; k < n && shown < SHARES_SHOWN; k++)
        if (mix[k] != 0)
            text_printf(out, "%s%.4g x %zu", shown++ == 0 ? "" : " + ", mix[k], k);
    if (all > shown)
        text_printf(out, " + %zu more", all - shown);
}

/* Behind a blank, `width` columns wide; the sign of a NaN says nothing. */
static void add_number(struct text *out, int width, double value)
{
    if (isnan(value))
        text_printf(out, " %*s", width, "NaN");
    else
        text_printf(out, " %*.6g", width, value);
}

/* Input rows beside one vector. */
static void add_input_rows(struct text *out, const struct answer *answer)
{
    bool weighted = answer->weights != NULL;
    text_printf(out, "%5s", "row");
    if (weighted)
        text_printf(out, " %12s", "weight");
    text_printf(out, " %12s %12s\n", "norm", "distance");
    for (size_t i = 0; i < answer->input->n; i++) {
        text_printf(out, "%5zu", i);
        if (weighted)
            add_number(out, WIDTH, answer->weights[i]);
        add_number(out, WIDTH, norm_of(answer, i));
        add_number(out, WIDTH, distance_of(answer, i));
        text_add(out, "\n");
    }
}

/* The rows after pre-aggregation. */
static void add_output_rows(struct text *out, const struct answer *answer)
{
    size_t n = answer->input->n;
    text_printf(out, "%5s %12s  made of input rows\n", "row", "norm");
    for (size_t i = 0; i < answer->output.n; i++) {
        text_printf(out, "%5zu", i);
        add_number(out, WIDTH, norm_of(answer, i));
        text_add(out, "  ");
        add_shares(out, answer->mix + i * n, n);
        text_add(out, "\n");
    }
}

/* What holds for the whole, a line each. */
static void add_facts(struct text *out, const struct answer *answer)
{
    text_add(out, "rows count from 0\n");
    if (answer->single) {
        text_add(out, "norm of the result, to which the distances are:");
        add_number(out, 0, sqrt(rows_norm2(answer->output.x, answer->input->d)));
        text_add(out, "\n");
    }
    if (!answer->of_rule)
        return;
    if (answer->weights == NULL)
        text_add(out, "weights: this rule reports none\n");
    if (answer->rows != answer->input->n)
        text_printf(out, "rows that the rule saw after pre-aggregation: %zu\n", answer->rows);
    if (answer->iterations > 0)
        text_printf(out, "iterations: %zu\n", answer->iterations);
    if (isnan(answer->kappa))
        text_add(out, "kappa: no bound is known\n");
    else
        text_printf(out, "kappa: %.6g\n", answer->kappa);
    if (!isnan(answer->eta))
        text_printf(out, "eta: %.6g (eta sqrt(d) sigma must be below the norm of the true gradient)\n",
                    answer->eta);
}

static void add_list(struct text *out, const char *key, const struct answer *answer,
                     double (*value)(const struct answer *answer, size_t i))
{
    text_printf(out, ", \"%s\": [", key);
    for (size_t i = 0; i < explained(answer)->n; i++) {
        text_add(out, i == 0 ? "" : ", ");
        matrix_write_number(out, value(answer, i), true);
    }
    text_add(out, "]");
}

static double weight_of(const struct answer *answer, size_t i)
{
    return answer->weights[i];
}

static void add_mix(struct text *out, const struct answer *answer)
{
    size_t n = answer->input->n;
    text_add(out, ", \"mix\": [");
    for (size_t i = 0; i < answer->output.n; i++) {
        text_add(out, i == 0 ? "[" : "], [");
        for (size_t k = 0; k < n; k++) {
            text_add(out, k == 0 ? "" : ", ");
            matrix_write_number(out, answer->mix[i * n + k], true);
        }
    }
    text_add(out, "]]");
}

/* null: none is known. */
static void add_constant(struct text *out, const char *key, double value)
{
    text_printf(out, ", \"%s\": ", key);
    if (isnan(value))
        text_add(out, "null");
    else
        matrix_write_number(out, value, true);
}

static void add_explanation_json(struct text *out, const struct answer *answer)
{
    add_list(out, "norms", answer, norm_of);
    if (answer->single)
        add_list(out, "distances", answer, distance_of);
    else
        add_mix(out, answer);
    if (!answer->of_rule)
        return;
    text_printf(out, ", \"rows\": %zu, \"iterations\": %zu", answer->rows, answer->iterations);
    add_constant(out, "kappa", answer->kappa);
    add_constant(out, "eta", answer->eta);
}

static void add_json(struct text *out, const struct answer *answer, bool explain)
{
    text_add(out, "{\"output\": ");
    matrix_write_rows(out, &answer->output, true, answer->single);
    if (answer->weights != NULL)
        add_list(out, "weights", answer, weight_of);
    if (explain)
        add_explanation_json(out, answer);
    text_add(out, "}\n");
}

int answer_give(const struct answer *answer, const struct answer_form *form, struct err *err)
{
    struct text out = {0};
    int rc = ERR_OK;
    if (form->json)
        add_json(&out, answer, form->explain);
    else if (form->out == NULL)
        matrix_write_rows(&out, &answer->output, false, answer->single);
    if (form->explain && !form->json) {
        text_add(&out, form->out == NULL ? "\n" : "");
        if (answer->single)
            add_input_rows(&out, answer);
        else
            add_output_rows(&out, answer);
        add_facts(&out, answer);
    }
    if (out.failed)
        rc = err_set(err, ERR_MEMORY, "not enough memory for the text of the result");
    if (rc == ERR_OK && form->out != NULL)
        rc = matrix_write(form->out, &answer->output, answer->single, err);
    if (rc == ERR_OK)
        fputs(text_string(&out), stdout);
    text_fini(&out);
    return rc;
}
