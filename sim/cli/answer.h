/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `aggregate` and `attack` have to say: the vector or rows they computed, where to, and why. */
#ifndef SIM_CLI_ANSWER_H
#define SIM_CLI_ANSWER_H

#include "sim/cli/cli.h"
#include "sim/report/matrix.h"

/* How it is wanted, and of what: what the command lines of both have in common. */
struct answer_form {
    const char *file; /* the matrix; NULL: none was named */
    size_t seed, round;
    bool json, explain;
    const char *out; /* a file beside standard output, or NULL */
};

/* Their options, at the end of a command's table, from index `at` on. */
enum { ANSWER_SEED, ANSWER_ROUND, ANSWER_OUT, ANSWER_JSON, ANSWER_EXPLAIN };
#define ANSWER_OPTIONS(at, json_help, explain_help)                                                          \
    [(at) + ANSWER_SEED] = {"seed", "N", "seed of the random streams (default 1)"},                          \
            [(at) + ANSWER_ROUND] = {"round", "N", "round number, which names the streams too (default 0)"}, \
            [(at) + ANSWER_OUT] = {"out", "FILE",                                                            \
                                   "write the result to this file; its ending, .json, .csv or "              \
                                   ".npy, is the form"},                                                     \
            [(at) + ANSWER_JSON] = {"json", NULL, json_help},                                                \
            [(at) + ANSWER_EXPLAIN] = {"explain", NULL, explain_help}

struct answer {
    const struct matrix *input;
    struct matrix output;  /* borrowed rows: one vector when `single` */
    bool single;           /* of a rule or an attack; otherwise rows after pre-aggregation */
    const double *weights; /* (input.n) share of each input row in the vector, or NULL: not known */
    const double *mix; /* (output.n, input.n) share of each input row in each output row; NULL if single */
    bool of_rule;      /* rows, iterations, kappa and eta below mean something */
    size_t rows;       /* that the rule saw */
    size_t iterations; /* 0: none, or not counted */
    double kappa, eta; /* NaN: none is known */
};

/* Takes one of these options (`option` counted from `at`); CLI_OK, or CLI_USAGE after printing the mistake.
 */
int answer_take(const struct cli_walk *walk, int option, struct answer_form *form);

/* Takes a word, the matrix file, of which there is one. */
int answer_take_word(const struct cli_walk *walk, struct answer_form *form);

/* Whether two files both stand for standard input, which can be read once; NULL is none. */
bool answer_both_stdin(const char *a, const char *b);

/* *row (d) from a matrix file of one row, for the caller to mem_free; `what` it is is for the error. */
int answer_read_row(const char *path, const char *what, size_t d, float **row, struct err *err);

/* Writes the file and prints: the vector or rows (when there is no file), weights in JSON, and the
 * explanation. */
int answer_give(const struct answer *answer, const struct answer_form *form, struct err *err);

#endif
