/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages that do not arrive: what the server takes for them, and what it counts. */
#include "sim/core/phases.h"
#include "tests/test_attacks_fixture.h"
#include "tests/test_simulation_fixture.h"

#include <stdio.h>

enum { ROUNDS = 30, WORKERS = 7 };

static void configure(struct simulation_fixture *fixture, const char *workers, const char *attack,
                      const char *server)
{
    char text[1024];
    snprintf(text, sizeof text,
             "{'rounds': 30, 'workers': {'count': 7, %s}, 'data': {'dataset': {'name': 'blobs', 'train': 210,"
             " 'test': 20, 'classes': 3, 'features': 4}}, 'attack': %s,"
             " 'server': {'learning_rate': 0.1, %s}, 'evaluation': {'every': 0}}",
             workers, attack, server);
    simulation_fixture_init(fixture, text);
    simulation_fixture_start(fixture);
}

static uint64_t digest_of(const char *workers, const char *attack, const char *server)
{
    struct simulation_fixture fixture;
    configure(&fixture, workers, attack, server);
    simulation_fixture_finish(&fixture);
    uint64_t digest = fixture.simulation->digest;
    simulation_fixture_fini(&fixture);
    return digest;
}

static const char two[] = "'byzantine': 2, 'batch_size': 8";

/* A crashed worker is one whose malformed messages are dropped, or one that sends zeros. */
Test(simulation_missing, drop_and_zero_are_what_they_say)
{
    static const char *const rules[] = {"'aggregator': 'median'", "'aggregator': 'mean'",
                                        "'aggregator': 'krum'", "'aggregator': 'trimmed_mean'"};
    for (size_t r = 0; r < BYZ_LENGTH(rules); r++) {
        char zero[64];
        snprintf(zero, sizeof zero, "'missing': 'zero', %s", rules[r]);
        const char *crash = "{'name': 'omission', 'probability': 1}";
        uint64_t dropped = digest_of(two, crash, rules[r]), zeros = digest_of(two, crash, zero);
        cr_expect_eq(dropped, digest_of(two, "'nan'", rules[r]), "%s", rules[r]);
        cr_expect_eq(zeros, digest_of(two, "'zero'", rules[r]), "%s", rules[r]);
        cr_expect_neq(dropped, zeros, "%s", rules[r]);
        cr_expect_eq(digest_of(two, "{'name': 'omission', 'probability': 0}", zero),
                     digest_of(two, "'none'", rules[r]), "%s", rules[r]);
    }
}

Test(simulation_missing, they_are_counted_and_lower_n_and_f)
{
    struct simulation_fixture fixture;
    struct err err = {0};
    configure(&fixture, two, "{'name': 'omission', 'probability': 1, 'every': 2}",
              "'aggregator': 'median', 'declared_byzantine': 3");
    struct simulation *s = fixture.simulation;
    for (size_t round = 0; round < 4; round++) {
        size_t missing = round % 2 == 0 ? 2 : 0;
        cr_assert_eq(round_run(s, &err), ERR_OK);
        cr_expect_eq(s->facts.rows, 7 - missing);
        cr_expect_eq(s->facts.declared, 3 - missing);
        cr_expect_eq(table_at(&s->rounds, round, ROUND_MISSING), (double)missing);
        cr_expect_eq(table_at(&s->rounds, round, ROUND_DROPPED), 0);
        cr_expect_eq(table_at(&s->rounds, round, ROUND_BYTES), (double)(4 * s->d * (14 - missing)));
    }
    simulation_fixture_fini(&fixture);
    configure(&fixture, two, "{'name': 'omission', 'probability': 1}",
              "'aggregator': 'mean', 'declared_byzantine': 1");
    cr_assert_eq(round_run(fixture.simulation, &err), ERR_OK);
    cr_expect_eq(fixture.simulation->facts.declared, 0, "f does not fall below 0");
    simulation_fixture_fini(&fixture);
}

/* About as many as the probability says, each worker for itself; the rows that are left keep their order. */
Test(simulation_missing, each_worker_is_missing_for_itself)
{
    struct simulation_fixture fixture;
    struct err err = {0};
    size_t missing = 0, alone = 0;
    configure(&fixture, "'byzantine': 2, 'batch_size': 1", "{'name': 'omission', 'probability': 0.3}",
              "'aggregator': 'median'");
    fixture.experiment.settings.rounds = 1000;
    struct simulation *s = fixture.simulation;
    for (size_t round = 0; round < 1000; round++) {
        cr_assert_eq(round_run(s, &err), ERR_OK);
        missing += s->facts.missing;
        alone += s->facts.missing == 1;
        for (size_t row = 1; row < s->facts.rows; row++)
            cr_assert_gt(s->place[s->sender[row]], s->place[s->sender[row - 1]]);
    }
    cr_expect_float_eq((double)missing / 2000, 0.3, 4 * sqrt(0.21 / 2000));
    cr_expect_float_eq((double)alone / 1000, 2 * 0.3 * 0.7, 4 * sqrt(0.42 * 0.58 / 1000));
    simulation_fixture_fini(&fixture);
}

/* "last" row by row, against a memory that the test keeps itself. */
static void expect_last(const char *workers, const char *attack)
{
    struct simulation_fixture fixture;
    struct err err = {0};
    bool heard[WORKERS] = {false};
    size_t stood_in = 0;
    configure(&fixture, workers, attack, "'aggregator': 'median', 'missing': 'last'");
    struct simulation *s = fixture.simulation;
    struct grid last = grid_empty(WORKERS, s->d);
    for (size_t round = 0; round < ROUNDS; round++) {
        bool seen[WORKERS] = {false};
        cr_assert_eq(round_run(s, &err), ERR_OK);
        for (size_t row = 0; row < s->facts.rows; row++) {
            uint32_t worker = s->sender[row];
            const float *message = s->messages + row * s->ld;
            seen[worker] = true;
            if (s->arrived[s->place[worker]]) {
                memcpy(grid_row(&last, worker), message, s->d * sizeof *message);
                heard[worker] = true;
            } else {
                cr_assert(heard[worker] && grid_same_bits(message, grid_row(&last, worker), s->d),
                          "%s: round %zu, worker %u", attack, round, worker);
                stood_in++;
            }
        }
        cr_assert_arr_eq(seen, heard, sizeof seen, "%s: round %zu", attack, round);
    }
    cr_expect_gt(stood_in, 5, "%s", attack);
    grid_fini(&last);
    simulation_fixture_fini(&fixture);
}

Test(simulation_missing, last_is_the_last_that_arrived)
{
    expect_last(two, "{'name': 'omission', 'probability': 0.6}");
    expect_last("'byzantine': 3, 'batch_size': 8",
                "{'name': 'omission', 'probability': 0.8, 'members': 'redrawn'}");
    expect_last(two, "{'name': 'delay', 'rounds': 6, 'start': 3}");
}

/* What the server throws away as malformed it does not remember, either. */
Test(simulation_missing, malformed_messages_are_not_remembered)
{
    struct simulation_fixture fixture;
    configure(&fixture, two, "'none'", "'aggregator': 'median', 'missing': 'last'");
    struct simulation *s = fixture.simulation;
    static const float values[] = {5, NAN, 0};
    for (size_t round = 0; round < 3; round++) {
        adversary_assign(s);
        blocks_start(s);
        worker_messages(s);
        float *row = s->messages + s->place[1] * s->ld;
        row[0] = values[round];
        s->arrived[s->place[1]] = round < 2;
        metrics_honest(s);
        server_receive(s);
        cr_expect_eq(s->facts.rows, round == 1 ? 6 : 7);
        cr_expect_eq(s->facts.dropped, round == 1);
        cr_expect_eq(s->facts.missing, round == 2);
        cr_expect(round < 2 || row[0] == 5, "%g", (double)row[0]);
        s->round++;
    }
    simulation_fixture_fini(&fixture);
}

Test(simulation_missing, a_round_without_any_message_is_skipped_and_recorded)
{
    struct simulation_fixture fixture;
    struct err err = {0};
    configure(&fixture, two, "'none'", "'aggregator': 'mean'");
    struct simulation *s = fixture.simulation;
    adversary_assign(s);
    blocks_start(s);
    worker_messages(s);
    metrics_honest(s);
    memset(s->arrived, 0, s->n * sizeof *s->arrived);
    server_receive(s);
    server_aggregate(s);
    server_conclude(s);
    cr_assert_eq(metrics_record(s, &err), ERR_OK);
    server_step(s);
    cr_expect_eq(s->facts.rows, 0);
    cr_expect_not(s->facts.answered);
    cr_expect_eq(s->skipped, 1);
    cr_expect_eq(table_at(&s->rounds, 0, ROUND_SKIPPED), 1);
    cr_expect_eq(table_at(&s->rounds, 0, ROUND_MISSING), WORKERS);
    cr_expect_str_eq(text_string(&s->notes), "round 0: skipped: no message is left to aggregate\n");
    for (size_t k = 0; k < s->d; k++)
        cr_expect_eq(s->parameters[k], 0);
    simulation_fixture_fini(&fixture);
}

Test(simulation_missing, delay_is_late_by_its_rounds)
{
    for (uint64_t lag = 1; lag < 4; lag++) {
        char words[32];
        snprintf(words, sizeof words, "delay:rounds=%d", (int)lag);
        struct subject subject = subject_of(words);
        void *state = state_of(&subject, 5, 2);
        for (size_t round = 0; round < 9; round++) {
            const float own[2] = {(float)round, -1};
            float message[2] = {99, 99}, *out[] = {message};
            const float *rows[] = {own};
            bool missing = false;
            char reason[BYZ_REASON_SIZE] = "";
            const struct byz_attack_input in = {.n = 5,
                                                .b = 1,
                                                .d = 2,
                                                .own = rows,
                                                .known = rows,
                                                .known_count = 1,
                                                .senders = 1,
                                                .missing = &missing,
                                                .state = state};
            cr_assert_eq(subject.attack->apply(subject.variant.params, &in, out, reason), 0);
            cr_expect_eq(missing, round < lag, "%s: round %zu", words, round);
            cr_expect(missing || (message[0] == (float)(round - lag) && message[1] == -1));
        }
        mem_free(state);
        config_variant_release(&subject.variant);
    }
}

/* Redrawn attackers carry their memory with them: where every worker's message stays the same (learning rate
 * 0, whole batches), the old one is the present one, whoever attacks. */
Test(simulation_missing, redrawn_workers_replay_their_own_messages)
{
    static const char *const attacks[] = {"{'name': 'none', 'members': 'redrawn'}",
                                          "{'name': 'replay', 'members': 'redrawn'}",
                                          "{'name': 'delay', 'members': 'redrawn'}"};
    double distances[3][ROUNDS];
    for (size_t a = 0; a < 3; a++) {
        struct simulation_fixture fixture;
        configure(&fixture, "'byzantine': 3, 'batch_size': 0", attacks[a],
                  "'aggregator': 'median', 'missing': 'last'");
        fixture.experiment.settings.server.learning_rate = 0;
        simulation_fixture_finish(&fixture);
        for (size_t round = 0; round < ROUNDS; round++)
            distances[a][round] = table_at(&fixture.simulation->rounds, round, ROUND_DISTANCE);
        simulation_fixture_fini(&fixture);
    }
    for (size_t round = 0; round < ROUNDS; round++) {
        cr_expect_float_eq(distances[1][round], distances[0][round], 1e-6, "replay, round %zu", round);
        if (round >= 20) /* by then everyone has been heard */
            cr_expect_float_eq(distances[2][round], distances[0][round], 1e-6, "delay, round %zu", round);
    }
}
