/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Laws: what a rule may promise, each as a check that any rule can be put to. */
#ifndef TESTS_LAWS_LAWS_H
#define TESTS_LAWS_LAWS_H

#include "sim/api/byz_aggregator.h"

/* A rule with its parameters, and the matrices it is put to. */
struct laws_case {
    const struct byz_aggregator *rule;
    void *params;
    size_t n, f, d; /* where the rule is suitable */
    uint64_t seed;
    char why[256]; /* filled by a check that fails */
};

struct laws_law {
    const char *name;
    unsigned promise; /* enum byz_promise; 0: every rule */
    bool (*holds)(struct laws_case *test);
};

extern const struct laws_law laws_table[];
extern const size_t laws_count;

#endif
