/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where the time of a run goes. A stopwatch that always charges one phase: entering the next one ends the one
 * before, so the phases add up to the whole. Off, it costs a comparison a phase.
 */
#ifndef SIM_CORE_PROFILE_H
#define SIM_CORE_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum profile_phase {
    PROFILE_ASSIGNMENT,     /* who is Byzantine, the secret order of the rows */
    PROFILE_GRADIENTS,      /* batches, gradients, momentum */
    PROFILE_METRICS,        /* the honest mean and variance, the aggregate against them */
    PROFILE_ATTACK,         /* the Byzantine messages, a defence that is tried out included */
    PROFILE_RECEPTION,      /* missing and malformed messages */
    PROFILE_PREAGGREGATION, /* pre-aggregators; writing the rows of the last one counts for the rule it feeds
                             */
    PROFILE_AGGREGATION,    /* the rule, with the distances that it needs */
    PROFILE_STEP,           /* the optimiser */
    PROFILE_EVALUATION,     /* losses and accuracies */
    PROFILE_WRITING,        /* progress, checkpoints, the making of the result */
    PROFILE_PHASES
};

struct profile {
    bool on;
    enum profile_phase now; /* the phase that is charged */
    double since;           /* monotonic seconds: its beginning */
    double seconds[PROFILE_PHASES];
    uint64_t rounds;
    double flops; /* operations of the gradients, as the model counts them */
    double bytes; /* of the messages that rules were given: read once at least */
};

/* What the machine can do at most: the yardsticks of a profile. 0: not known. */
struct profile_peaks {
    double flops;   /* operations a second of large matrix products */
    double bytes;   /* read from memory a second */
    size_t threads; /* that reach this together */
};

/* "gradients", ... */
const char *profile_word(enum profile_phase phase);

/* Starts to charge `phase`, for the first time or instead of another. Does nothing when profile is NULL or
 * off. */
void profile_enter(struct profile *profile, enum profile_phase phase);

/* Ends the present phase. profile_enter goes on from there. */
void profile_pause(struct profile *profile);

/* Seconds of all phases together. */
double profile_total(const struct profile *profile);

/* Adds what `part` measured: a sweep is the sum of its runs. */
void profile_add(struct profile *sum, const struct profile *part);

#endif
