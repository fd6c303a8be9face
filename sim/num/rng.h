/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Random streams named by (seed, purpose, id, round). Each is a Philox4x32-10 counter generator (Salmon,
 * Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011) behind GSL's generator
 * interface, so every gsl_ran_* distribution works on it. Starting a stream costs nothing and depends on its
 * name alone: thread order can never matter, and a resumed run needs no generator state.
 *
 * Check: key 0 and counter 0 give the block 6627e8d5 e169c58d bc57ac4c 9b00dbd8.
 */
#ifndef SIM_NUM_RNG_H
#define SIM_NUM_RNG_H

#include <gsl/gsl_rng.h>
#include <stddef.h>
#include <stdint.h>

enum rng_purpose {
    RNG_DATASET = 1, /* id: sample or worker */
    RNG_PARTITION,
    RNG_PARAMETERS,
    RNG_BATCH,  /* id: worker, round: epoch or round */
    RNG_ATTACK, /* id: sender */
    RNG_POISON, /* id: worker */
    RNG_MEMBERS,
    RNG_PERMUTATION,
    RNG_PREAGGREGATOR, /* id: place in the chain */
    RNG_AGGREGATOR,
    RNG_TEST,
    RNG_SERVER, /* id: root data, a round's sample, names of the workers */
    RNG_SEARCH, /* id: 0 the order of a small space; 1 trial number `round` */
};

struct rng {
    gsl_rng gsl; /* hand &rng->gsl to gsl_ran_* */
    struct rng_state {
        uint32_t key[2], counter[4], block[4];
        uint32_t next; /* first unused word of block; 4: draw a new one */
    } state;
};

/* Starts the stream of that name in caller-owned memory. A struct rng must not be copied or moved afterwards.
 */
void rng_start(struct rng *rng, uint64_t seed, enum rng_purpose purpose, uint64_t id, uint64_t round);

/* Uniform in [0, 1), 53 bits. */
double rng_real(struct rng *rng);

/* Uniform in 0..bound-1 without bias; bound >= 1. */
uint64_t rng_below(struct rng *rng, uint64_t bound);

/* 64 uniform bits. */
uint64_t rng_bits(struct rng *rng);

/* Standard normal (GSL's ziggurat). */
double rng_normal(struct rng *rng);

/* marks[k] = 1 for `count` of 0..of-1, each subset alike (Floyd's draw), 0 for the others. count <= of. */
void rng_subset(struct rng *rng, size_t count, size_t of, char *marks);

/* The same numbers as bits: bit k % 64 of set[k / 64]. */
void rng_subset_bits(struct rng *rng, size_t count, size_t of, uint64_t *set);

/* A uniform permutation of 0..count-1 (Fisher-Yates). */
void rng_permutation(struct rng *rng, size_t count, uint32_t *out);

#endif
