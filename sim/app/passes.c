/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/app/passes.h"
#include "sim/app/kernels.h"

#include <string.h>

/* The name of each pass, and of the kernel that makes it. */
static const struct {
    const char *name, *kernel;
} kinds[PASS_KINDS] = {
    [PASS_READ] = {"read", "norms"},
    [PASS_COMBINE] = {"combine", "combine"},
    [PASS_MEDIAN] = {"median", "median"},
    [PASS_SORT] = {"sort", "trimmed_mean"},
    [PASS_DISTANCE] = {"distance", "distances"},
    [PASS_UPDATE] = {"update", "accumulate"},
    [PASS_DRAW] = {"draw", "permutation"},
};

enum { MOST_PARAMS = 256 };

static const struct passes table[] = {
    {"mean", {[PASS_COMBINE] = 1}, false},
    {"median", {[PASS_MEDIAN] = 1}, false},
    {"trimmed_mean", {[PASS_SORT] = 1}, false},
    {"meamed", {[PASS_SORT] = 1}, false},
    {"phocas", {[PASS_SORT] = 1}, false},
    {"sign_majority", {[PASS_COMBINE] = 1}, false},
    {"krum", {[PASS_DISTANCE] = 1}, false},
    {"multi_krum", {[PASS_DISTANCE] = 1, [PASS_COMBINE] = 1}, false},
    {"bulyan", {[PASS_DISTANCE] = 1, [PASS_SORT] = 1}, false},
    {"mda", {[PASS_DISTANCE] = 1, [PASS_COMBINE] = 1}, false},
    {"mva", {[PASS_DISTANCE] = 1, [PASS_COMBINE] = 1}, true},
    {"smea", {[PASS_DISTANCE] = 1, [PASS_COMBINE] = 1}, true},
    {"caf", {[PASS_DISTANCE] = 1, [PASS_COMBINE] = 1}, false},
    {"filter_l2", {[PASS_DISTANCE] = 1, [PASS_COMBINE] = 1}, false},
    {"faba", {[PASS_DISTANCE] = 1, [PASS_COMBINE] = 1}, false},
    {"auto_gm", {[PASS_DISTANCE] = 1, [PASS_COMBINE] = 1}, false},
    {"clipped_clustering", {[PASS_DISTANCE] = 1, [PASS_READ] = 1, [PASS_COMBINE] = 1}, false},
    /* Three steps from zero: norms, distances, and the sum. */
    {"geometric_median", {[PASS_READ] = 1, [PASS_DISTANCE] = 1, [PASS_COMBINE] = 1}, false},
    /* One step: distances to the last answer, and the sum. */
    {"centered_clipping", {[PASS_READ] = 1, [PASS_COMBINE] = 1}, false},
    {"monna", {[PASS_READ] = 1, [PASS_COMBINE] = 1}, false},
    {"cge", {[PASS_READ] = 1, [PASS_COMBINE] = 1}, false},
    {"fltrust", {[PASS_READ] = 1, [PASS_COMBINE] = 1}, false},
    {"signguard", {[PASS_READ] = 1, [PASS_COMBINE] = 1}, false},
    /* The drawn coordinates are 10,000 at most, whose distances are not counted. */
    {"dnc", {[PASS_READ] = 1, [PASS_COMBINE] = 1}, false},
    {"aksel", {[PASS_MEDIAN] = 1, [PASS_READ] = 1, [PASS_COMBINE] = 1}, false},
    {"gas", {[PASS_DRAW] = 1, [PASS_MEDIAN] = 1, [PASS_READ] = 1, [PASS_COMBINE] = 1}, false},
    {"foolsgold", {[PASS_UPDATE] = 1, [PASS_DISTANCE] = 1, [PASS_COMBINE] = 1}, false},
    /* Short and long sums. */
    {"safeguard", {[PASS_UPDATE] = 2, [PASS_DISTANCE] = 2, [PASS_COMBINE] = 1}, false},
    /* Messages and their sums. */
    {"byzantine_sgd", {[PASS_UPDATE] = 1, [PASS_READ] = 1, [PASS_DISTANCE] = 2, [PASS_COMBINE] = 1}, false},
};

static bool at_defaults(const struct byz_variant *variant)
{
    _Alignas(16) char defaults[MOST_PARAMS] = {0};
    const struct byz_descriptor *kind = variant->kind;
    if (kind->params_size > sizeof defaults)
        return false;
    byz_param_defaults(kind->params, kind->param_count, defaults);
    return kind->params_size == 0 || memcmp(defaults, variant->params, kind->params_size) == 0;
}

const struct passes *passes_of(const struct defence_settings *defence)
{
    const struct byz_variant *rule = &defence->aggregator;
    if (rule->kind == NULL || defence->preaggregators.count > 0 || !at_defaults(rule))
        return NULL;
    for (size_t i = 0; i < BYZ_LENGTH(table); i++)
        if (strcmp(table[i].rule, rule->kind->name) == 0)
            return &table[i];
    return NULL;
}

static int measure(enum pass pass, const struct bench_case *what, double *seconds, struct err *err)
{
    struct bench_figures figures;
    struct bench_case kernel = *what;
    kernel.defence = NULL;
    kernel.kernel = kernels_find(kinds[pass].kernel);
    int rc = bench_run(&kernel, &figures, err);
    *seconds = figures.seconds_min;
    return rc;
}

int passes_cost(const struct passes *passes, const struct bench_case *what, struct passes_costs *costs,
                double *seconds, struct err *err)
{
    int rc = ERR_OK;
    if (costs->n != what->n || costs->d != what->d || costs->threads != what->threads)
        *costs = (struct passes_costs){.n = what->n, .d = what->d, .threads = what->threads};
    *seconds = 0;
    for (size_t kind = 0; rc == ERR_OK && kind < PASS_KINDS; kind++) {
        if (passes->count[kind] > 0 && costs->seconds[kind] <= 0)
            rc = measure((enum pass)kind, what, &costs->seconds[kind], err);
        *seconds += passes->count[kind] * costs->seconds[kind];
    }
    return rc;
}

const char *passes_name(enum pass pass)
{
    return kinds[pass].name;
}
