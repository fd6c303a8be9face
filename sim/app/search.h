/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A search for the best values of some keys: its trials under every attack with every seed are the runs of
 * one sweep, which is run rung by rung. Between two rungs the worst trials are dropped. A run that goes on
 * does so from its checkpoint, and its schedule of learning rates is that of all rounds, so its result is,
 * byte for byte, that of a run of its own.
 */
#ifndef SIM_APP_SEARCH_H
#define SIM_APP_SEARCH_H

#include "sim/app/rungs.h"
#include "sim/app/sweep.h"

/* What a run has shown at each rung it was at. */
struct search_run {
    size_t count;               /* rungs */
    double figures[RUNGS_MOST]; /* the objective, as it is: an accuracy, or a loss (infinite: diverged) */
    uint64_t
        rounds[RUNGS_MOST]; /* that it had been trained; fewer than those of the rung when it ended before */
    bool ended;             /* diverged, or stopped by the server: there is no more to come */
};

enum search_fate { SEARCH_PENDING, SEARCH_DROPPED, SEARCH_COMPLETED, SEARCH_FAILED };

struct search_trial {
    cJSON *values; /* {"key.path": value} */
    size_t bracket;
    enum search_fate fate;
    size_t count;                    /* rungs it has scores of */
    double objectives[RUNGS_MOST];   /* the worst over the attacks of the mean over the seeds; NaN: failed */
    size_t worst_attack[RUNGS_MOST]; /* under which it was that */
};

struct search {
    const struct config_source *source; /* borrowed */
    struct config_search config;
    struct rungs rungs;
    struct sweep sweep; /* its runs: by trial, attack and seed, the seed fastest */
    struct search_run *runs;
    struct search_trial *trials;
    struct config_points attacks; /* their labels */
    size_t seeds;                 /* runs of a trial under an attack */
    size_t rung;                  /* the one under way, in all brackets that have it */
    size_t winner;                /* number of the trial; rungs.trials: none */
    bool finished;                /* every bracket has come to its end */
    cJSON *earlier;               /* the search.json that lay there, with resume; NULL: none */
};

/* Reads the search of a configuration; all mistakes go to *errors, as those of every trial do. Borrows the
 * source. Release with search_fini in any case. */
int search_read(struct search *search, const struct config_source *source, const char *out,
                struct config_errors *errors);
void search_fini(struct search *search);

/* What only data can show: whether the objective exists. */
int search_check_data(struct search *search, struct datasets *datasets, struct err *err);

/* Runs it to the end, or to the user's stop; writes search.json behind every rung, and winner.json. Failures
 * of single runs are kept in them and end their trial; see sweep_run_all for errors. */
int search_run_all(struct search *search, struct datasets *datasets, const struct sweep_options *options,
                   struct err *err);

/* Trials, attacks and seeds of a run, and back. */
size_t search_trial_of(const struct search *search, size_t run);
size_t search_run_of(const struct search *search, size_t trial, size_t attack, size_t seed);

/* Rounds that were trained so far, and those of every trial trained to the end. */
double search_rounds(const struct search *search);
double search_full_rounds(const struct search *search);

/* Rounds and runs when every bracket goes as planned; a run counts once for every rung. */
double search_planned_rounds(const struct search *search);
size_t search_planned_runs(const struct search *search);

/* The objective of the trial at its last rung; NaN without one. */
double search_objective(const struct search_trial *trial);

/* "alie": the label of attack number `attack`. Borrowed. */
const char *search_attack(const struct search *search, size_t attack);

/* The mean over the seeds of a test figure of the winner ("test_accuracy" unless `loss`) under an attack;
 * a diverged run has accuracy 0 and a loss of infinity. NaN when there is none. */
double search_test(const struct search *search, size_t attack, bool loss);

#endif
