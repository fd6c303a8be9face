/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The arithmetic of halving (Jamieson, Talwalkar, "Non-stochastic best arm identification and hyperparameter
 * optimization", AISTATS 2016) and Hyperband (Li, Jamieson, DeSalvo, Rostamizadeh, Talwalkar, JMLR 18, 2018):
 * a bracket is a ladder of rungs, each with fewer trials and more rounds than the one below; the last has all
 * rounds.
 */
#ifndef SIM_APP_RUNGS_H
#define SIM_APP_RUNGS_H

#include "sim/config/search.h"

enum { RUNGS_MOST = 32 };

struct rungs_bracket {
    size_t first; /* number of its first trial, from 0 */
    size_t count; /* rungs */
    struct {
        size_t trials;
        uint64_t rounds; /* that a trial has been trained when it leaves the rung */
    } rungs[RUNGS_MOST];
};

struct rungs {
    size_t bracket_count, trials; /* trials that begin, all brackets together */
    struct rungs_bracket brackets[RUNGS_MOST];
};

/* Steps from the least to all rounds: the largest s with first reduction^s <= rounds; first >= 1. */
size_t rungs_steps(uint64_t rounds, uint64_t first, uint64_t reduction);

/* The plan. `trials` is that of the search, for hyperband not used: its brackets begin with
 * floor((s_max+1)/(s+1)) eta^s trials, as in the paper's table for R = 81 (its pseudocode rounds at another
 * place and begins some brackets with more). Needs first_rounds <= rounds. */
void rungs_plan(const struct config_search *search, size_t trials, uint64_t rounds, struct rungs *out);

/* Rounds of all trials when every bracket goes as planned, and how often a trial is taken up. */
double rungs_rounds(const struct rungs *rungs);
size_t rungs_visits(const struct rungs *rungs);

/* Marks the `keep` best of `count` scores, greater is better, in `kept` (count flags). Of equal scores the
 * first is better; NaN is never kept. Returns how many are marked. */
size_t rungs_keep(const double *scores, size_t count, size_t keep, bool *kept);

#endif
