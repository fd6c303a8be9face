/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/core/holdings.h"
#include "sim/num/rng.h"
#include "tests/test_simulation_fixture.h"

#include <criterion/criterion.h>
#include <string.h>

enum { TRAIN = 103, WORKERS = 4, BATCH = 7 };

/* 103 samples among 4 workers: shares of 26 and 25, which 7 does not divide, so batches cross epochs. */
#define HOLDINGS_TEXT(workers, data)                                                                         \
    "{'workers': {'count': 4, " workers                                                                      \
    "}, 'data': {'dataset': {'name': 'blobs', 'train': 103, 'test': 5}, " data "}}"

static const char plain[] = HOLDINGS_TEXT("'byzantine': 0", "'holders': 'all'");

static void start(struct simulation_fixture *fixture, struct holdings *holdings, const char *text)
{
    struct err err = {0};
    simulation_fixture_init(fixture, text);
    cr_assert_eq(holdings_init(holdings, &fixture->experiment.settings, &fixture->dataset, &err), ERR_OK,
                 "%s", err.text);
}

static void count_shares(const struct holdings *holdings, size_t workers, unsigned seen[TRAIN])
{
    memset(seen, 0, TRAIN * sizeof *seen);
    for (size_t k = holdings->start[0]; k < holdings->start[workers]; k++)
        seen[holdings->samples[k]]++;
}

Test(holdings, every_sample_has_one_holder)
{
    struct simulation_fixture fixture;
    struct holdings holdings;
    unsigned seen[TRAIN];
    start(&fixture, &holdings, plain);
    count_shares(&holdings, WORKERS, seen);
    for (size_t i = 0; i < TRAIN; i++)
        cr_assert_eq(seen[i], 1, "sample %zu", i);
    holdings_fini(&holdings);
    holdings_fini(&holdings);
    simulation_fixture_fini(&fixture);
}

/* The honest ones share all of the data; the Byzantine one draws as many without replacement from all of it.
 */
Test(holdings, honest_holders_share_everything_and_byzantine_ones_sample_it)
{
    struct simulation_fixture fixture;
    struct holdings holdings;
    unsigned seen[TRAIN], drawn[TRAIN] = {0}, least = TRAIN, most = 0;
    start(&fixture, &holdings, HOLDINGS_TEXT("'byzantine': 1", "'partition': 'sorted', 'holders': 'honest'"));
    count_shares(&holdings, 3, seen);
    for (size_t i = 0; i < TRAIN; i++)
        cr_assert_eq(seen[i], 1, "sample %zu", i);
    cr_assert_eq(holdings_size(&holdings, 3), TRAIN / 3);
    for (size_t k = holdings.start[3]; k < holdings.start[4]; k++) {
        unsigned sample = holdings.samples[k];
        cr_assert_lt(sample, TRAIN);
        cr_assert_eq(drawn[sample]++, 0, "sample %u is drawn twice", sample);
        least = (unsigned)fixture.dataset.train.labels[sample] < least
                    ? (unsigned)fixture.dataset.train.labels[sample]
                    : least;
        most = (unsigned)fixture.dataset.train.labels[sample] > most
                   ? (unsigned)fixture.dataset.train.labels[sample]
                   : most;
    }
    cr_assert_eq(least, 0, "an i.i.d. sample of 34 sees all ends of the sorted data");
    cr_assert_eq(most, 9);
    holdings_fini(&holdings);
    simulation_fixture_fini(&fixture);
}

/* Counts of a worker's samples over the positions [from, to) of its endless sequence of batches. */
static void count_positions(struct holdings *holdings, size_t worker, size_t from, size_t to,
                            unsigned seen[TRAIN])
{
    uint32_t batch[BATCH];
    memset(seen, 0, TRAIN * sizeof *seen);
    for (uint64_t step = from / BATCH; step * BATCH < to; step++) {
        holdings_batch(holdings, worker, step, BATCH, SAMPLING_EPOCH, batch);
        for (size_t k = 0; k < BATCH; k++)
            if (step * BATCH + k >= from && step * BATCH + k < to)
                seen[batch[k]]++;
    }
}

Test(holdings, an_epoch_deals_every_sample_of_the_worker_once)
{
    struct simulation_fixture fixture;
    struct holdings holdings;
    unsigned seen[TRAIN];
    start(&fixture, &holdings, plain);
    for (size_t worker = 0; worker < WORKERS; worker++) {
        size_t held = holdings_size(&holdings, worker);
        for (size_t epoch = 0; epoch < 5; epoch++) {
            count_positions(&holdings, worker, epoch * held, (epoch + 1) * held, seen);
            for (size_t k = holdings.start[worker]; k < holdings.start[worker + 1]; k++)
                cr_assert_eq(seen[holdings.samples[k]], 1, "worker %zu, epoch %zu, sample %u: %u times",
                             worker, epoch, holdings.samples[k], seen[holdings.samples[k]]);
        }
    }
    holdings_fini(&holdings);
    simulation_fixture_fini(&fixture);
}

static bool same_order(struct holdings *holdings, size_t worker, uint64_t epoch_a, uint64_t epoch_b)
{
    uint32_t a[TRAIN], b[TRAIN];
    size_t held = holdings_size(holdings, worker);
    holdings_batch(holdings, worker, epoch_a, held, SAMPLING_EPOCH, a);
    holdings_batch(holdings, worker, epoch_b, held, SAMPLING_EPOCH, b);
    return memcmp(a, b, held * sizeof *a) == 0;
}

Test(holdings, every_epoch_has_an_order_of_its_own)
{
    struct simulation_fixture fixture;
    struct holdings holdings;
    start(&fixture, &holdings, plain);
    for (uint64_t a = 0; a < 6; a++)
        for (uint64_t b = 0; b < 6; b++)
            cr_assert_eq(same_order(&holdings, 1, a, b), a == b, "epochs %d and %d", (int)a, (int)b);
    holdings_fini(&holdings);
    simulation_fixture_fini(&fixture);
}

/* Asked backwards, at random, and again: always the batch that a walk from the first step on gives. */
static void check_any_order(enum worker_sampling sampling)
{
    enum { STEPS = 60 };
    struct simulation_fixture fixture;
    struct holdings holdings;
    static uint32_t walked[WORKERS][STEPS][BATCH];
    uint32_t batch[BATCH];
    struct rng rng;
    start(&fixture, &holdings, plain);
    for (size_t worker = 0; worker < WORKERS; worker++)
        for (uint64_t step = 0; step < STEPS; step++)
            holdings_batch(&holdings, worker, step, BATCH, sampling, walked[worker][step]);
    rng_start(&rng, 1, RNG_TEST, 0, 0);
    for (size_t i = 0; i < 500; i++) {
        size_t worker = rng_below(&rng, WORKERS), step = rng_below(&rng, STEPS);
        holdings_batch(&holdings, worker, step, BATCH, sampling, batch);
        cr_assert(memcmp(batch, walked[worker][step], sizeof batch) == 0, "worker %zu, step %zu", worker,
                  step);
    }
    holdings_fini(&holdings);
    simulation_fixture_fini(&fixture);
}

Test(holdings, any_step_can_be_asked_for_in_any_order)
{
    check_any_order(SAMPLING_EPOCH);
    check_any_order(SAMPLING_REPLACEMENT);
}

/* Frequencies of 26,000 draws: each of about 26 samples within five standard deviations of its expectation.
 */
Test(holdings, replacement_draws_every_sample_alike)
{
    enum { STEPS = 2000 };
    struct simulation_fixture fixture;
    struct holdings holdings;
    unsigned seen[TRAIN] = {0};
    size_t repeated = 0;
    start(&fixture, &holdings, plain);
    for (uint64_t step = 0; step < STEPS; step++) {
        uint32_t batch[13];
        bool twice = false;
        holdings_batch(&holdings, 2, step, 13, SAMPLING_REPLACEMENT, batch);
        for (size_t k = 0; k < 13; k++) {
            seen[batch[k]]++;
            for (size_t l = 0; l < k; l++)
                twice |= batch[l] == batch[k];
        }
        repeated += twice;
    }
    double mean = STEPS * 13.0 / (double)holdings_size(&holdings, 2);
    for (size_t k = holdings.start[2]; k < holdings.start[3]; k++)
        cr_assert_float_eq(seen[holdings.samples[k]], mean, 5 * 32.0, "%u times", seen[holdings.samples[k]]);
    cr_assert_gt(repeated, STEPS / 2, "repetitions within a batch: the chance is over 0.9");
    holdings_fini(&holdings);
    simulation_fixture_fini(&fixture);
}

Test(holdings, a_batch_is_never_larger_than_the_share)
{
    struct simulation_fixture fixture;
    struct holdings holdings;
    unsigned seen[TRAIN] = {0};
    uint32_t batch[TRAIN];
    start(&fixture, &holdings, plain);
    for (size_t worker = 0; worker < WORKERS; worker++) {
        size_t held = holdings_size(&holdings, worker);
        cr_assert_eq(holdings_batch_size(&holdings, worker, 0), held);
        cr_assert_eq(holdings_batch_size(&holdings, worker, 1000000), held);
        cr_assert_eq(holdings_batch_size(&holdings, worker, held), held);
        cr_assert_eq(holdings_batch_size(&holdings, worker, held - 1), held - 1);
        holdings_batch(&holdings, worker, 3, held, SAMPLING_EPOCH, batch);
        for (size_t k = 0; k < held; k++)
            seen[batch[k]]++;
    }
    for (size_t i = 0; i < TRAIN; i++)
        cr_assert_eq(seen[i], 1, "sample %zu", i);
    holdings_fini(&holdings);
    simulation_fixture_fini(&fixture);
}

Test(holdings, the_seed_names_both_the_partition_and_the_batches)
{
    struct simulation_fixture fixture;
    struct holdings one, two;
    struct err err = {0};
    uint32_t a[BATCH], b[BATCH];
    start(&fixture, &one, plain);
    fixture.experiment.settings.seed = 2;
    cr_assert_eq(holdings_init(&two, &fixture.experiment.settings, &fixture.dataset, &err), ERR_OK);
    cr_assert(memcmp(one.samples, two.samples, TRAIN * sizeof *one.samples) != 0);
    memcpy(two.samples, one.samples, TRAIN * sizeof *one.samples);
    holdings_batch(&one, 0, 0, BATCH, SAMPLING_EPOCH, a);
    holdings_batch(&two, 0, 0, BATCH, SAMPLING_EPOCH, b);
    cr_assert(memcmp(a, b, sizeof a) != 0, "the seed does not reach the order of the batches");
    holdings_fini(&one);
    holdings_fini(&two);
    simulation_fixture_fini(&fixture);
}

Test(holdings, more_workers_than_samples_is_an_error_that_says_so)
{
    struct simulation_fixture fixture;
    struct holdings holdings;
    struct err err = {0};
    simulation_fixture_init(
        &fixture, "{'workers': {'count': 20}, 'data': {'dataset': {'name': 'blobs', 'train': 10}}}");
    cr_assert_neq(holdings_init(&holdings, &fixture.experiment.settings, &fixture.dataset, &err), ERR_OK);
    cr_assert_not_null(strstr(err.text, "10"), "%s", err.text);
    holdings_fini(&holdings);
    simulation_fixture_fini(&fixture);
}
