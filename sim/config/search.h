/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The "search" of a configuration: a space of key paths, how trials (points of it) are chosen, and what they
 * are judged by. What is done with them is sim/app's.
 */
#ifndef SIM_CONFIG_SEARCH_H
#define SIM_CONFIG_SEARCH_H

#include "sim/config/config.h"

enum search_method { SEARCH_GRID, SEARCH_RANDOM, SEARCH_HALVING, SEARCH_HYPERBAND };
enum search_objective { SEARCH_ACCURACY, SEARCH_LOSS }; /* on the validation samples */

enum { SEARCH_TRIALS_MOST = 10000, SEARCH_DIMENSIONS_MOST = 32 };

enum search_range {
    SEARCH_VALUES,
    SEARCH_UNIFORM,
    SEARCH_LOG_UNIFORM, /* the logarithm is uniform */
    SEARCH_INTEGERS,    /* low, low + 1, ..., high */
};

struct search_dimension {
    const char *path; /* borrowed from the source, as are the values */
    enum search_range range;
    const cJSON *values; /* SEARCH_VALUES: a list */
    double low, high;    /* the others, inclusive */
};

struct config_search {
    int method, objective;
    struct byz_count_or_choice trials; /* choice 0: every combination, or as many as the brackets say */
    uint64_t reduction;                /* eta */
    uint64_t first_rounds;             /* least rounds of a rung */
    uint64_t seed;                     /* of the draws; the runs have theirs */
    struct byz_counts seeds;           /* of the runs of each trial; none: that of the configuration */
    const cJSON *attacks;              /* a list; NULL: that of the configuration */
    size_t dimension_count;
    struct search_dimension dimensions[SEARCH_DIMENSIONS_MOST];
};

/* The object behind "search" as a section, for the schema. */
extern const struct config_section config_search_section;

/* Whether the configuration is a search. */
bool config_is_search(const struct config_source *source);

/* Reads and checks the block; all mistakes go to *errors. Borrows the source. */
int config_search_read(const struct config_source *source, struct config_search *search,
                       struct config_errors *errors);

/* Reports the mistakes of each dimension and fills those of the search. */
int config_space_read(const struct config_source *source, const cJSON *space, struct config_search *search,
                      struct config_errors *errors);

/* Points of the space; infinite with a continuous range. */
double config_space_size(const struct config_search *search);

/* The first `count` trials as objects {"key.path": value}, to be deleted by the caller: in the order of the
 * grid, the last key fastest, or drawn independently and uniformly but without repetition (Bergstra, Bengio,
 * JMLR 2012). More trials begin with the same ones. `count` must not exceed the size of the space. Numbers
 * from continuous ranges are rounded to six significant digits. */
int config_space_trials(const struct config_search *search, bool drawn, size_t count, cJSON **trials,
                        struct err *err);

/* The configurations of each trial under each attack with each seed, in this order, the seed fastest,
 * labelled "trial03-alie-seed2". Release with config_points_free in any case. */
int config_search_points(const struct config_source *source, const struct config_search *search,
                         cJSON *const *trials, size_t count, struct config_points *points,
                         struct config_errors *errors);

/* Labels of the attacks of the search, "" for that of the configuration; without configurations. Release with
 * config_points_free in any case. */
int config_search_attacks(const struct config_search *search, struct config_points *labels);

#endif
