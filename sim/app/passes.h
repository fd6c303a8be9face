/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a rule costs at least: the passes over the data that the best known method for it makes, each as long
 * as the kernel of that pass takes on the same shape in the same run. Arithmetic on (n, n) numbers is not
 * counted: it has to fit beside the passes.
 */
#ifndef SIM_APP_PASSES_H
#define SIM_APP_PASSES_H

#include "sim/app/bench.h"

enum pass {
    PASS_READ,     /* one number for each row: norms, distances to a point, angles */
    PASS_COMBINE,  /* a weighted sum of all rows */
    PASS_MEDIAN,   /* the median of every column */
    PASS_SORT,     /* every column sorted, and its middle summed */
    PASS_DISTANCE, /* the distances between all rows */
    PASS_UPDATE,   /* the rows added to a matrix that is kept */
    PASS_DRAW,     /* a random order of the coordinates */
    PASS_KINDS
};

struct passes {
    const char *rule;
    unsigned char count[PASS_KINDS];
    bool search; /* looks through subsets of rows, which may take longer than any pass */
};

/* The passes of the rule at its defaults. NULL for a chain, other knobs, and what makes no passes of its own
 * (a plugin; zeno, which tries messages on a model). */
const struct passes *passes_of(const struct defence_settings *defence);

/* What the kernels take on one shape, as far as they were asked for; zeros to begin with. */
struct passes_costs {
    size_t n, d, threads;
    double seconds[PASS_KINDS]; /* 0: not yet measured */
};

/* *seconds: what the passes take on the shape of `what`, whose kernels are timed where they were not. */
int passes_cost(const struct passes *passes, const struct bench_case *what, struct passes_costs *costs,
                double *seconds, struct err *err);

/* "read", "combine", ... */
const char *passes_name(enum pass pass);

#endif
