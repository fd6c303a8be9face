/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an experiment is, as plain numbers and descriptors. The configuration's knob tables fill these
 * structs; nothing here knows JSON or names.
 */
#ifndef SIM_CORE_SETTINGS_H
#define SIM_CORE_SETTINGS_H

#include "sim/api/byz_param.h"
#include "sim/model/model.h"

enum worker_sampling { SAMPLING_EPOCH, SAMPLING_REPLACEMENT };
enum momentum_form { MOMENTUM_EMA, MOMENTUM_SUM }; /* m = beta m + (1-beta) g, or m = beta m + g */

enum worker_storage { STORAGE_FULL, STORAGE_RECOMPUTE };

struct worker_settings {
    uint64_t count, byzantine;
    uint64_t batch_size; /* 0: all local samples */
    int sampling;        /* enum worker_sampling */
    double momentum;     /* beta; 0: none */
    int momentum_form;   /* enum momentum_form */
    uint64_t local_steps;
    double clip_norm;         /* gradients longer than this are scaled to it; 0: never */
    int storage;              /* enum worker_storage: of the message matrix, see blocks.h */
    uint64_t block_megabytes; /* of a block of its columns, where it is not kept whole */
};

enum data_holders { HOLDERS_ALL, HOLDERS_HONEST };

struct data_settings {
    struct byz_variant dataset, partition;
    int holders;       /* enum data_holders */
    double validation; /* samples held out of the training data: a fraction below 1, or their number */
};

struct model_settings {
    struct byz_variant model;
    struct model_common common;
};

enum attack_members { MEMBERS_FIXED, MEMBERS_REDRAWN };
enum attack_knowledge { KNOWLEDGE_DEFAULT }; /* other choices are 1 + enum byz_knowledge */

struct attack_settings {
    struct byz_variant attack;
    struct attack_axes {
        int members; /* enum attack_members */
        uint64_t start, every;
        struct byz_count_or_choice stop; /* choice 0: never */
        int knowledge;
    } axes;
};

enum server_nonfinite { NONFINITE_DROP, NONFINITE_KEEP };
enum server_missing { MISSING_DROP, MISSING_ZERO, MISSING_LAST };
enum server_on_invalid { INVALID_SKIP, INVALID_STOP };
enum server_weights { WEIGHTS_EQUAL, WEIGHTS_SAMPLES };

struct defence_settings {
    struct byz_variants preaggregators;
    struct byz_variant aggregator;
};

struct server_settings {
    struct defence_settings defence;
    struct byz_count_or_choice declared_byzantine; /* f; choice 0: as many as there really are */
    double learning_rate;
    struct byz_variant optimizer, schedule;
    uint64_t warmup_rounds;
    double warmup_start; /* fraction from which the warm-up rises; its last round has the full rate */
    double momentum, weight_decay, clip_norm;
    int nonfinite, missing, on_invalid, weights;
};

struct evaluation_settings {
    uint64_t every, train_samples, test_samples; /* samples 0: all */
};

struct settings {
    char name[BYZ_TEXT_SIZE];
    uint64_t seed, rounds;
    struct worker_settings workers;
    struct data_settings data;
    struct model_settings model;
    struct attack_settings attack;
    struct server_settings server;
    struct evaluation_settings evaluation;
};

/* f, the number of Byzantine workers the server is told. */
size_t settings_declared(const struct settings *settings);

/* The knowledge level in force. */
int settings_knowledge(const struct settings *settings);

/* Arrays of d floats that the optimiser keeps. */
size_t settings_optimizer_arrays(const struct settings *settings);

/* How many messages an attacker at that level sees. */
size_t settings_known_count(const struct settings *settings);

#endif
