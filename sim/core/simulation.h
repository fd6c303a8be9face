/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A simulation: settings and data in, a trained model and tables of metrics out. Round by round; see round.c
 * for the whole of a round.
 */
#ifndef SIM_CORE_SIMULATION_H
#define SIM_CORE_SIMULATION_H

#include "sim/api/byz_attack.h"
#include "sim/base/err.h"
#include "sim/base/mem.h"
#include "sim/base/text.h"
#include "sim/core/blocks.h"
#include "sim/core/columns.h"
#include "sim/core/defence.h"
#include "sim/core/holdings.h"
#include "sim/core/profile.h"
#include "sim/core/room.h"
#include "sim/core/server_facts.h"
#include "sim/core/settings.h"
#include "sim/core/table.h"
#include "sim/core/trial.h"
#include "sim/data/dataset.h"
#include "sim/model/model.h"
#include "sim/num/rows.h"
#include <stdbool.h>

enum simulation_status { SIMULATION_RUNNING, SIMULATION_COMPLETED, SIMULATION_DIVERGED, SIMULATION_STOPPED };

struct simulation {
    const struct settings *settings; /* borrowed */
    const struct dataset *dataset;   /* borrowed */
    struct model model;
    struct byz_task task; /* what an attack is told of data and model */
    struct holdings holdings;
    struct defence defence;
    struct server_facts known;
    size_t n, b, f, d, threads;
    size_t block, ld; /* columns that the matrices hold at most (d, or fewer: blocks.h), and floats per row */
    struct blocks_window window; /* those that they hold now */
    size_t batch;                /* most samples that a thread's room holds */
    uint64_t round;              /* rounds completed */
    bool has_aggregate;
    enum simulation_status status;
    struct text reason; /* why it stopped early */

    float *parameters;      /* (d) */
    float *step_state;      /* (arrays, d) what the optimiser keeps, or NULL */
    float *aggregate;       /* (d) the last one, of this round or of an earlier one */
    float *fresh;           /* (d) the aggregate under way, until it is whole */
    float *centre;          /* (d) mean of the honest messages */
    float *momentum;        /* (n, ld) worker momentum, or NULL */
    float *messages;        /* (n, ld) what the server receives: worker w's message is row place[w] */
    float *residuals;       /* what the model keeps of each worker's batch, by blocks; or NULL */
    size_t *residual_start; /* (n + 1) where each worker's lie; with `residuals` */
    float *own;       /* (b, ld) what the Byzantine workers would honestly have sent, while they attack */
    uint32_t *place;  /* (n) this round's secret permutation */
    uint32_t *sender; /* (n) its inverse: the worker behind each row; shrinks with dropped rows */
    bool *byzantine;  /* (n) which workers are Byzantine this round */
    bool *arrived;    /* (n) which rows hold a message of this round */
    bool *malformed;  /* (n) which rows hold a NaN or an infinity, as far as they have been seen */
    bool *kept;       /* (n) which rows the rule is to see */
    bool *silent;     /* (b) which attackers send nothing */
    float *last;      /* (n, ld) the last message of each worker, where missing ones are taken for it */
    bool *heard;      /* (n) whether there is one; with `last` */
    const float **honest_rows;
    const float **own_rows;
    float **attack_rows;
    double *row_weights; /* (n) sample counts, by row */
    double *weight_sum; /* (n) share of each worker in the aggregate, summed over the rounds that report it */
    uint64_t weight_rounds;
    void *attack_state, *attack_scratch;
    size_t attack_state_size, attack_scratch_size;
    struct trial trial;        /* the defence that the attack tries out, where it does */
    struct thread_room *rooms; /* (threads) */
    struct model_score *scores;
    size_t score_capacity;
    uint32_t *train_subset; /* sample numbers on which the training loss is measured */
    size_t train_subset_count, test_count;

    /* Facts of the round under way, written by its phases. */
    struct round_facts {
        bool attacked, answered, has_weights;
        bool late, again; /* a malformed row was found behind the first block; the second way through them */
        struct rows_spread spread;      /* of the honest messages */
        struct defence_outcome outcome; /* of the last block */
        size_t rows, declared;          /* rows that reached the rule, and f that it was told */
        size_t dropped, missing;        /* malformed rows that were discarded; messages that did not arrive */
        double learning_rate, honest_variance, byzantine_weight;
    } facts;

    struct table evaluations, rounds;
    size_t *class_count, *class_correct; /* (classes) of the last evaluation */
    uint64_t digest;                     /* of the parameter trajectory */
    bool unsettled; /* the last round is not yet recorded as a whole: simulation_settle */
    bool broken;    /* a parameter is not finite */
    uint64_t skipped, dropped_total, bytes_total;
    struct profile profile; /* off unless its `on` is set before the first round */
    struct text notes;      /* one line per unusual event, at most 100 */
    size_t note_count;
};

struct simulation_hooks {
    void *context;
    /* After every round, and once before the first. */
    void (*progress)(void *context, const struct simulation *simulation);
    /* Asked after every round: true stops the run with status "stopped". */
    bool (*stop)(void *context);
};

/* The settings have been checked (see sim/app/experiment.h); what only the data can show is checked here:
 * batch sizes, shapes, memory. The settings and the data set must outlive the simulation. Fails with nothing
 * allocated. */
int simulation_create(struct simulation **out, const struct settings *settings, const struct dataset *dataset,
                      struct err *err);
void simulation_free(struct simulation *simulation);

/* Runs from the present round to the end, or until it diverges or is stopped. */
int simulation_run(struct simulation *simulation, const struct simulation_hooks *hooks, struct err *err);

/* Evaluates the present parameters (after a stop, for the partial result), unless that has just been done. */
int simulation_evaluate(struct simulation *simulation, struct err *err);

/* Remembers an unusual event ("round 17: ..."), at most 100 of them. */
void simulation_note(struct simulation *simulation, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The model of the settings for data of that shape (borrows the settings). */
struct model simulation_model(const struct settings *settings, const struct dataset *dataset);

#endif
