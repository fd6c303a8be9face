/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/core/checkpoint.h"
#include "sim/num/rng.h"
#include "tests/test_simulation_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOBS "{'dataset': {'name': 'blobs', 'train': 60, 'test': 30, 'features': 5, 'classes': 3}}"

/* A server and attack of every kind of state: worker momentum, server momentum, dropped rows, notes, weights.
 */
static const char *const texts[] = {
    "{'rounds': 12, 'workers': {'count': 5}, 'data': {'dataset': {'name': 'blobs', 'train': 60, 'test': 30,"
    " 'features': 5, 'classes': 3}}, 'evaluation': {'every': 3}}",

    "{'rounds': 12, 'workers': {'count': 5, 'byzantine': 1, 'momentum': 0.9, 'batch_size': 7}, 'data': "
    "{'dataset':"
    " {'name': 'blobs', 'train': 60, 'test': 30, 'features': 5, 'classes': 3}}, 'attack': 'alie',"
    " 'server': {'momentum': 0.5, 'aggregator': 'krum', 'schedule': 'cosine'}, 'evaluation': {'every': 5}}",

    "{'rounds': 12, 'workers': {'count': 7, 'byzantine': 3, 'momentum': 0.9, 'momentum_form': 'sum', "
    "'local_steps': 2,"
    " 'sampling': 'replacement'}, 'data': {'dataset': {'name': 'blobs', 'train': 60, 'test': 30, 'features': "
    "5,"
    " 'classes': 3}, 'partition': 'dirichlet'}, 'attack': {'name': 'nan', 'members': 'redrawn', 'every': 2},"
    " 'server': {'preaggregators': ['bucketing'], 'aggregator': 'mean'}}",

    "{'rounds': 12, 'workers': {'count': 5, 'byzantine': 4, 'batch_size': 3}, 'model': 'linear', 'data': "
    "{'dataset':"
    " {'name': 'linear_regression', 'dimension': 4, 'train': 60, 'test': 10}}, 'attack': {'name': 'nan', "
    "'every': 3},"
    " 'server': {'aggregator': 'krum', 'declared_byzantine': 1, 'momentum': 0.9}}",

    "{'rounds': 12, 'workers': {'count': 7, 'byzantine': 2, 'batch_size': 7}, 'data': " BLOBS
    ", 'attack': {'name': 'omission', 'probability': 0.7}, "
    "'server': {'aggregator': 'median', 'missing': 'last'}}",

    "{'rounds': 12, 'workers': {'count': 7, 'byzantine': 2, 'batch_size': 7}, 'data': " BLOBS
    ", 'attack': {'name': 'delay', 'rounds': 3, 'members': 'redrawn'}, "
    "'server': {'aggregator': 'mean', 'missing': 'last'}}",

    "{'rounds': 12, 'workers': {'count': 7, 'byzantine': 2, 'batch_size': 7}, 'data': " BLOBS
    ", 'attack': {'name': 'replay', 'lag': 2, 'every': 2}, "
    "'server': {'aggregator': 'krum'}}",

    "{'rounds': 12, 'workers': {'count': 7, 'byzantine': 2, 'batch_size': 7}, 'data': " BLOBS
    ", 'attack': {'name': 'mimic', 'warmup': 5}, "
    "'server': {'aggregator': 'median'}}",

    "{'rounds': 12, 'workers': {'count': 7, 'byzantine': 2, 'batch_size': 7}, 'data': " BLOBS
    ", 'attack': 'rop', "
    "'server': {'aggregator': 'centered_clipping'}}",

    "{'rounds': 12, 'workers': {'count': 7, 'byzantine': 2, 'batch_size': 7}, 'data': " BLOBS
    ", 'attack': {'name': 'backdoor', 'size': 2}, "
    "'server': {'aggregator': 'mean'}}",
    "{'rounds': 12, 'workers': {'count': 7, 'byzantine': 2, 'batch_size': 5}, 'data': " BLOBS
    ", 'attack': {'name': 'nan', 'members': 'redrawn', 'every': 3}, 'server': {'aggregator': 'foolsgold'}}",

    "{'rounds': 12, 'workers': {'count': 7, 'byzantine': 2, 'batch_size': 5}, 'data': " BLOBS
    ", 'attack': {'name': 'sign_flip', 'scale': 20, 'start': 4}, 'server': "
    "{'aggregator': {'name': 'safeguard',"
    " 'short_window': 3, 'long_window': 5}, 'preaggregators': ['nnm']}}",

    "{'rounds': 12, 'workers': {'count': 7, 'byzantine': 2, 'batch_size': 5}, 'data': " BLOBS
    ", 'attack': {'name': 'optimal_ipm', 'evaluations': 3}, 'server': {'aggregator': 'byzantine_sgd'}}",

    "{'rounds': 12, 'workers': {'count': 9, 'byzantine': 2, 'batch_size': 5}, 'data': " BLOBS
    ", 'attack': 'sign_flip', 'server': {'aggregator': {'name': 'fltrust', 'root_samples': 9}}}",

    "{'rounds': 12, 'workers': {'count': 8, 'byzantine': 2, 'batch_size': 5}, 'data': " BLOBS
    ", 'attack': {'name': 'optimal_alie', 'evaluations': 3}, 'server': {'aggregator': 'zeno'}}",

    "{'rounds': 12, 'workers': {'count': 7, 'byzantine': 3, 'batch_size': 5}, 'data': " BLOBS
    ", 'attack': {'name': 'nan', 'every': 3}, 'server': {'aggregator': 'krum', 'declared_byzantine': 2,"
    " 'optimizer': 'adam'}}",

    "{'rounds': 12, 'workers': {'count': 3, 'batch_size': 5}, 'data': {'dataset': {'name': 'words', 'train': "
    "60,"
    " 'test': 30, 'length': 9}, 'partition': 'contiguous'}, 'model': {'name': 'gru', 'hidden': 5}, 'server':"
    " {'optimizer': 'adagrad'}}",
};

struct stop_after {
    uint64_t round;
    const struct simulation *simulation;
};

static bool stop_now(void *context)
{
    const struct stop_after *after = context;
    return after->simulation->round == after->round;
}

static void run_until(struct simulation_fixture *fixture, uint64_t round)
{
    struct stop_after after = {round, fixture->simulation};
    const struct simulation_hooks hooks = {.context = &after, .stop = stop_now};
    struct err err = {0};
    cr_assert_eq(simulation_run(fixture->simulation, &hooks, &err), ERR_OK);
    cr_assert_eq(fixture->simulation->round, round);
}

static struct text saved_at(struct simulation_fixture *fixture, uint64_t round, const char *identity)
{
    struct text bytes = {0};
    struct err err = {0};
    simulation_fixture_start(fixture);
    run_until(fixture, round);
    cr_assert_eq(checkpoint_save(fixture->simulation, identity, &bytes, &err), ERR_OK, "%s", err.text);
    return bytes;
}

static int load(struct simulation_fixture *fixture, const char *identity, const void *bytes, size_t length)
{
    struct err err = {0};
    simulation_fixture_start(fixture);
    int rc = checkpoint_load(fixture->simulation, identity, bytes, length, &err);
    cr_assert(rc == ERR_OK || rc == ERR_DATA);
    cr_assert_eq(rc == ERR_OK, err.text[0] == '\0');
    return rc;
}

Test(checkpoint, a_resumed_run_ends_like_an_undisturbed_one)
{
    for (size_t i = 0; i < BYZ_LENGTH(texts); i++) {
        struct simulation_fixture whole, parts;
        simulation_fixture_init(&whole, texts[i]);
        simulation_fixture_start(&whole);
        simulation_fixture_finish(&whole);
        simulation_fixture_init(&parts, texts[i]);
        for (uint64_t round = 0; round < 12; round++) {
            char what[64];
            struct text bytes = saved_at(&parts, round, "an experiment");
            snprintf(what, sizeof what, "text %zu, stopped after round %d", i, (int)round);
            cr_assert_eq(load(&parts, "an experiment", bytes.data, bytes.length), ERR_OK, "%s", what);
            cr_assert_eq(parts.simulation->round, round);
            simulation_fixture_finish(&parts);
            simulation_fixture_expect_same(whole.simulation, parts.simulation, what);
            text_fini(&bytes);
        }
        simulation_fixture_fini(&whole);
        simulation_fixture_fini(&parts);
    }
}

/* Saved between the rounds of a run that goes on and is killed later. */
struct saving {
    struct simulation *simulation;
    uint64_t round;
    struct text bytes;
};

static bool save_on_the_way(void *context)
{
    struct saving *saving = context;
    struct err err = {0};
    if (saving->simulation->round == saving->round)
        cr_assert_eq(checkpoint_save(saving->simulation, "x", &saving->bytes, &err), ERR_OK, "%s", err.text);
    return false;
}

Test(checkpoint, is_whole_in_the_middle_of_a_run)
{
    struct simulation_fixture whole, parts;
    simulation_fixture_init(&whole, texts[2]);
    simulation_fixture_init(&parts, texts[2]);
    for (uint64_t round = 0; round < 12; round += 3) {
        simulation_fixture_start(&whole);
        struct saving saving = {whole.simulation, round, {0}};
        const struct simulation_hooks hooks = {.context = &saving, .stop = save_on_the_way};
        struct err err = {0};
        cr_assert_eq(simulation_run(whole.simulation, &hooks, &err), ERR_OK);
        cr_assert_eq(load(&parts, "x", saving.bytes.data, saving.bytes.length), ERR_OK);
        simulation_fixture_finish(&parts);
        simulation_fixture_expect_same(whole.simulation, parts.simulation, "saved on the way");
        text_fini(&saving.bytes);
    }
    simulation_fixture_fini(&whole);
    simulation_fixture_fini(&parts);
}

/* Stopped and resumed after every single round. */
Test(checkpoint, survives_being_passed_on_from_round_to_round)
{
    struct simulation_fixture whole, parts;
    simulation_fixture_init(&whole, texts[2]);
    simulation_fixture_init(&parts, texts[2]);
    simulation_fixture_start(&whole);
    simulation_fixture_finish(&whole);
    struct text bytes = saved_at(&parts, 0, "x");
    for (uint64_t round = 1; round < 12; round++) {
        struct err err = {0};
        cr_assert_eq(load(&parts, "x", bytes.data, bytes.length), ERR_OK);
        run_until(&parts, round);
        text_clear(&bytes);
        cr_assert_eq(checkpoint_save(parts.simulation, "x", &bytes, &err), ERR_OK);
    }
    cr_assert_eq(load(&parts, "x", bytes.data, bytes.length), ERR_OK);
    simulation_fixture_finish(&parts);
    simulation_fixture_expect_same(whole.simulation, parts.simulation, "twelve parts");
    text_fini(&bytes);
    simulation_fixture_fini(&whole);
    simulation_fixture_fini(&parts);
}

Test(checkpoint, another_identity_is_refused)
{
    struct simulation_fixture fixture;
    simulation_fixture_init(&fixture, texts[0]);
    struct text bytes = saved_at(&fixture, 4, fixture.experiment.identity);
    cr_assert_eq(load(&fixture, fixture.experiment.identity, bytes.data, bytes.length), ERR_OK);
    char other[EXPERIMENT_IDENTITY_SIZE];
    memcpy(other, fixture.experiment.identity, sizeof other);
    other[63] = other[63] == '0' ? '1' : '0';
    cr_assert_eq(load(&fixture, other, bytes.data, bytes.length), ERR_DATA);
    cr_assert_eq(load(&fixture, "", bytes.data, bytes.length), ERR_DATA);
    text_fini(&bytes);
    simulation_fixture_fini(&fixture);
}

/* The same identity over other settings, which only a damaged program could bring about. */
Test(checkpoint, another_shape_is_refused)
{
    struct simulation_fixture from, to;
    for (size_t i = 0; i < BYZ_LENGTH(texts); i++)
        for (size_t k = 0; k < BYZ_LENGTH(texts); k++) {
            simulation_fixture_init(&from, texts[i]);
            simulation_fixture_init(&to, texts[k]);
            struct text bytes = saved_at(&from, 5, "same");
            cr_assert_eq(load(&to, "same", bytes.data, bytes.length), i == k ? ERR_OK : ERR_DATA,
                         "%zu into %zu", i, k);
            text_fini(&bytes);
            simulation_fixture_fini(&from);
            simulation_fixture_fini(&to);
        }
}

/* Flips a byte, tries, flips it back. */
static void expect_flip_refused(struct simulation_fixture *fixture, char *bytes, size_t length, size_t at,
                                int mask)
{
    bytes[at] = (char)(bytes[at] ^ mask);
    cr_assert_eq(load(fixture, "x", bytes, length), ERR_DATA, "byte %zu of %zu, mask %02x", at, length,
                 (unsigned)mask);
    bytes[at] = (char)(bytes[at] ^ mask);
}

Test(checkpoint, damaged_bytes_are_refused)
{
    for (size_t i = 1; i < BYZ_LENGTH(texts); i++) {
        struct simulation_fixture fixture;
        simulation_fixture_init(&fixture, texts[i]);
        struct text bytes = saved_at(&fixture, 6, "x");
        for (size_t at = 0; at < bytes.length; at += 37)
            expect_flip_refused(&fixture, bytes.data, bytes.length, at, at % 2 == 0 ? 0x80 : 0x01);
        for (size_t back = 1; back <= 24; back++)
            expect_flip_refused(&fixture, bytes.data, bytes.length, bytes.length - back, 0xFF);
        cr_assert_eq(load(&fixture, "x", bytes.data, bytes.length), ERR_OK, "the flips are undone");
        text_fini(&bytes);
        simulation_fixture_fini(&fixture);
    }
}

/* In a block of exactly that size, so that reading past its end is seen by the address sanitizer. */
static int load_exact(struct simulation_fixture *fixture, const char *bytes, size_t length)
{
    char *block = malloc(length == 0 ? 1 : length);
    cr_assert_not_null(block);
    memcpy(block, bytes, length);
    int rc = load(fixture, "x", block, length);
    free(block);
    return rc;
}

Test(checkpoint, truncated_and_lengthened_bytes_are_refused)
{
    struct simulation_fixture fixture;
    simulation_fixture_init(&fixture, texts[3]);
    struct text bytes = saved_at(&fixture, 6, "x");
    size_t length = bytes.length;
    for (size_t end = 0; end < length; end += end < 300 || end + 50 > length ? 1 : 37)
        cr_assert_eq(load_exact(&fixture, bytes.data, end), ERR_DATA, "the first %zu of %zu bytes", end,
                     length);
    cr_assert_eq(load_exact(&fixture, bytes.data, length), ERR_OK);
    text_append(&bytes, "", 1);
    cr_assert_eq(load_exact(&fixture, bytes.data, length + 1), ERR_DATA, "a byte behind the end");
    text_fini(&bytes);
    simulation_fixture_fini(&fixture);
}

Test(checkpoint, random_bytes_are_refused)
{
    struct simulation_fixture fixture;
    struct rng rng;
    simulation_fixture_init(&fixture, texts[3]);
    struct text bytes = saved_at(&fixture, 6, "x");
    rng_start(&rng, 1, RNG_TEST, 0, 0);
    for (size_t i = 0; i < 200; i++) { /* a good head, noise behind it */
        char noise[4096];
        size_t head = rng_below(&rng, 2) == 0 ? 0 : 92 + rng_below(&rng, bytes.length - 92);
        for (size_t k = 0; k < sizeof noise; k++)
            noise[k] = (char)rng_bits(&rng);
        memcpy(noise, bytes.data, head < sizeof noise ? head : sizeof noise - 1);
        cr_assert_eq(load_exact(&fixture, noise, sizeof noise), ERR_DATA);
    }
    text_fini(&bytes);
    simulation_fixture_fini(&fixture);
}
