/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A small configuration with every type of knob and key, for the tests of sim/config. */
#ifndef TESTS_TEST_CONFIG_FIXTURE_H
#define TESTS_TEST_CONFIG_FIXTURE_H

#include "sim/config/config.h"

struct fixture_attack {
    uint64_t start, stop;
};

struct fixture_server {
    double learning_rate, momentum;
    int nonfinite;
    struct byz_real_or_choice threshold;
    struct byz_variants preaggregators;
    struct byz_variant aggregator;
};

struct fixture_root {
    char name[BYZ_TEXT_SIZE];
    uint64_t seed, rounds;
    struct byz_counts hidden;
    bool quiet;
    struct fixture_server server;
    struct byz_variant attack;
    struct fixture_attack attack_common;
};

struct fixture_clip {
    double tau, offset;
    uint64_t iterations;
    struct byz_real_or_choice start;
};

struct fixture_krum {
    int neighbours, distance;
};

/* "server": {"aggregator": required} and nothing else. */
struct fixture_strict {
    struct {
        struct byz_variant aggregator;
    } server;
};

extern const struct config_section config_fixture_root, config_fixture_strict;
extern const struct byz_family config_fixture_aggregators, config_fixture_attacks;
extern const struct byz_param config_fixture_attack_common[2];

/* The reports of a text that is parsed, given the NULL-terminated assignments (may be NULL), expanded, and
 * read point by point; "" when nothing is wrong. To be freed. */
char *config_fixture_reports(const char *bytes, size_t length, const char *const *assignments);

#endif
