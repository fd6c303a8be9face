/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The server's defence: a chain of pre-aggregators and then one aggregator, with their shared facts, buffers,
 * state and scratch. The simulation, the `aggregate` command and attacks that try out the defence all run
 * this one chain.
 */
#ifndef SIM_CORE_DEFENCE_H
#define SIM_CORE_DEFENCE_H

#include "sim/api/byz_aggregator.h"
#include "sim/base/err.h"
#include "sim/core/profile.h"
#include "sim/core/settings.h"

struct defence {
    const struct defence_settings *settings; /* borrowed; its aggregator may be empty: pre-aggregation only */
    size_t most_rows, d, ld;
    float *buffers[2];                      /* (most_rows, ld): rows after a pre-aggregator */
    double *distances;                      /* (most_rows, most_rows), where a stage needs them */
    double *weights, *mix, *shares, *spare; /* for the report: see defence.c */
    void *states[BYZ_VARIANTS_MOST + 1];    /* of each pre-aggregator, then of the aggregator */
    size_t state_sizes[BYZ_VARIANTS_MOST + 1];
    void *scratch; /* of one stage at a time, and of the distances before it */
    size_t scratch_size;
    bool spends; /* the matrix that is given may be overwritten, and comes as `spent` */
    bool fused; /* the last pre-aggregator feeds a coordinate-wise rule block by block: no matrix between them
                 */
    size_t width; /* columns of such a block */
    char *blocks; /* for each thread: (most_rows, width) floats, then the rule's scratch for one thread */
    size_t block_bytes, tile_bytes, threads;
};

struct defence_input {
    const float *x; /* (n, d), ld as in the defence, n <= most_rows */
    float *spent;   /* x once more, for a defence that spends it; its values are lost then */
    size_t n, f;
    const double *weights;   /* (n) worker weights or NULL */
    uint64_t seed, round;    /* name the random streams of the stages */
    struct byz_facts facts;  /* what the stages need and the caller knows; worker_count <= most_rows */
    struct profile *profile; /* charged with the phases of the chain; NULL: nobody asks */
};

struct defence_outcome {
    bool answered;                /* false: see reason */
    char reason[BYZ_REASON_SIZE]; /* which stage has no answer, and why */
    const float *rows; /* (row_count, d): what pre-aggregation gave, when there is no aggregator; borrowed */
    size_t row_count;
    bool has_shares;      /* the aggregator reported weights */
    const double *shares; /* (n) share of each input row in the output; borrowed */
    const double *mix;    /* (row_count, n) share of each input row in each of `rows`, when there is no
                             aggregator but a pre-aggregator; else NULL; borrowed */
    size_t iterations;
};

/* 0 when every stage of the chain is defined for n rows and f; otherwise the reason, naming the stage. *rows,
 * when not NULL, receives the number of rows the aggregator sees. */
int defence_unsuitable(const struct defence_settings *settings, size_t n, size_t f, size_t *rows,
                       char reason[BYZ_REASON_SIZE]);

/* A known constant of (f, kappa)-robustness of the whole chain, NaN where none is known: the aggregator's own
 * without pre-aggregation, 8f/(n-f) (kappa + 1) behind nnm alone (Allouah et al., AISTATS 2023). */
double defence_kappa(const struct defence_settings *settings, size_t n, size_t f);

/* The eta of the aggregator's variance condition (see byz_aggregator.h), NaN where none is known and behind
 * pre-aggregation. */
double defence_eta(const struct defence_settings *settings, size_t n, size_t f);

/* Whether a pre-aggregator of the chain would change the matrix that is given, if it might. */
bool defence_overwrites(const struct defence_settings *settings);

/* Bytes that defence_init will ask for, or defence_init_spending. */
double defence_memory(const struct defence_settings *settings, size_t n, size_t d, size_t ld, bool spends);

/* Room for n rows of d floats (ld floats apart). Release with defence_fini, also after a failure. */
int defence_init(struct defence *defence, const struct defence_settings *settings, size_t n, size_t d,
                 size_t ld, struct err *err);

/* The same for a caller who needs the matrix no longer: pre-aggregators that can write over it, which spares
 * them a second matrix and whatever stays as it is. */
int defence_init_spending(struct defence *defence, const struct defence_settings *settings, size_t n,
                          size_t d, size_t ld, struct err *err);
void defence_fini(struct defence *defence);

/* From now on rows have `d` floats, at most as many as there is room for. */
void defence_narrow(struct defence *defence, size_t d);

/* Runs the chain. out (d) is written only when the outcome is `answered` and there is an aggregator. */
void defence_run(struct defence *defence, const struct defence_input *in, float *out,
                 struct defence_outcome *outcome);

#endif
