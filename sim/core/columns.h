/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The columns of a run's two tables; results/README.md says what each holds. */
#ifndef SIM_CORE_COLUMNS_H
#define SIM_CORE_COLUMNS_H

/* Columns of simulation.evaluations. */
enum {
    EVAL_ROUND,
    EVAL_TRAIN_LOSS,
    EVAL_TEST_LOSS,
    EVAL_TEST_ACCURACY,
    EVAL_TEST_BITS,
    EVAL_ATTACK_SUCCESS,
    EVAL_PARAMETER_ERROR,
    EVAL_PLAIN_COLUMNS, /* all there are without a validation split */
    EVAL_VALIDATION_LOSS = EVAL_PLAIN_COLUMNS,
    EVAL_VALIDATION_ACCURACY,
    EVAL_COLUMNS
};

/* Columns of simulation.rounds. */
enum {
    ROUND_NUMBER,
    ROUND_LEARNING_RATE,
    ROUND_AGGREGATE_NORM,
    ROUND_HONEST_NORM,
    ROUND_HONEST_VARIANCE,
    ROUND_DISTANCE,
    ROUND_COSINE,
    ROUND_RATIO,
    ROUND_KAPPA,
    ROUND_BYZANTINE_WEIGHT,
    ROUND_DROPPED,
    ROUND_MISSING,
    ROUND_SKIPPED,
    ROUND_BYTES,
    ROUND_COLUMNS
};

#endif
