/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who attacks when, what the server does with malformed messages, and where the rows lie. */
#include "sim/core/simulation.h"
#include "tests/test_simulation_fixture.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ROUNDS = 40, WORKERS = 7 };

/* What a hook sees after each round. */
struct diary {
    size_t rounds;
    bool byzantine[ROUNDS][WORKERS];
    uint32_t place[ROUNDS][WORKERS];
    struct round_facts facts[ROUNDS];
};

static void write_diary(void *context, const struct simulation *simulation)
{
    struct diary *diary = context;
    if (simulation->round == 0 || simulation->round == diary->rounds)
        return;
    memcpy(diary->byzantine[diary->rounds], simulation->byzantine, simulation->n * sizeof(bool));
    memcpy(diary->place[diary->rounds], simulation->place, simulation->n * sizeof(uint32_t));
    diary->facts[diary->rounds++] = simulation->facts;
}

static void configure(struct simulation_fixture *fixture, const char *workers, const char *attack,
                      const char *server)
{
    char text[1024];
    snprintf(text, sizeof text,
             "{'rounds': 40, 'workers': {'count': 7, 'batch_size': 8, %s},"
             " 'data': {'dataset': {'name': 'linear_regression', 'dimension': 6, 'train': 200, 'test': 10}},"
             " 'model': 'linear', 'attack': {%s}, 'server': {'learning_rate': 0.05, %s}, 'evaluation': "
             "{'every': 0}}",
             workers, attack, server);
    simulation_fixture_init(fixture, text);
    simulation_fixture_start(fixture);
}

static void run(struct simulation_fixture *fixture, struct diary *diary)
{
    const struct simulation_hooks hooks = {.context = diary, .progress = write_diary};
    struct err err = {0};
    memset(diary, 0, sizeof *diary);
    cr_assert_eq(simulation_run(fixture->simulation, &hooks, &err), ERR_OK, "%s", err.text);
}

static double first_loss(const struct simulation *simulation)
{
    return table_at(&simulation->evaluations, 0, EVAL_TRAIN_LOSS);
}

static double last_loss(const struct simulation *simulation)
{
    return table_at(&simulation->evaluations, simulation->evaluations.rows - 1, EVAL_TRAIN_LOSS);
}

/* The rounds in which messages with NaN arrive are the rounds of the attack. */
static void expect_attacked(const char *axes, size_t start, size_t stop, size_t every)
{
    struct simulation_fixture fixture;
    struct diary diary;
    char attack[128];
    snprintf(attack, sizeof attack, "'name': 'nan'%s", axes);
    configure(&fixture, "'byzantine': 2", attack, "'aggregator': 'median'");
    run(&fixture, &diary);
    cr_assert_eq(diary.rounds, ROUNDS);
    for (size_t round = 0; round < ROUNDS; round++) {
        bool expected = round >= start && round < stop && (round - start) % every == 0;
        cr_assert_eq(diary.facts[round].attacked, expected, "%s: round %zu", axes, round);
        cr_assert_eq(table_at(&fixture.simulation->rounds, round, ROUND_DROPPED), expected ? 2 : 0,
                     "%s: round %zu", axes, round);
        cr_assert_eq(table_at(&fixture.simulation->rounds, round, ROUND_NUMBER), (double)round);
    }
    simulation_fixture_fini(&fixture);
}

Test(simulation_adversary, attacks_in_the_rounds_that_start_stop_and_every_say)
{
    expect_attacked("", 0, ROUNDS, 1);
    expect_attacked(", 'start': 5", 5, ROUNDS, 1);
    expect_attacked(", 'stop': 12", 0, 12, 1);
    expect_attacked(", 'every': 3", 0, ROUNDS, 3);
    expect_attacked(", 'start': 4, 'stop': 33, 'every': 7", 4, 33, 7);
    expect_attacked(", 'start': 20, 'stop': 10", 20, 10, 1);
    expect_attacked(", 'start': 1000", 1000, ROUNDS, 1);
}

/* Before its start an attack leaves no trace: the first rounds are those of an honest run, to the bit. */
Test(simulation_adversary, before_its_start_everyone_is_honest)
{
    struct simulation_fixture honest, attacked;
    configure(&honest, "'byzantine': 2, 'momentum': 0.9", "'name': 'none'", "'aggregator': 'median'");
    configure(&attacked, "'byzantine': 2, 'momentum': 0.9", "'name': 'sign_flip', 'scale': 9, 'start': 25",
              "'aggregator': 'median'");
    simulation_fixture_finish(&honest);
    simulation_fixture_finish(&attacked);
    for (size_t round = 0; round < ROUNDS; round++) {
        double a = table_at(&honest.simulation->rounds, round, ROUND_AGGREGATE_NORM);
        double b = table_at(&attacked.simulation->rounds, round, ROUND_AGGREGATE_NORM);
        cr_assert_eq(a == b, round < 25, "round %zu: %g and %g", round, a, b);
    }
    simulation_fixture_fini(&honest);
    simulation_fixture_fini(&attacked);
}

/* With a learning rate of 0 nobody's gradients depend on what was sent: workers that attack now and then
 * gather the momentum of every round, as if they never did. Those that always attack need no gradients at
 * all. */
Test(simulation_adversary, workers_gather_momentum_while_they_attack)
{
    static const char *const attacks[] = {
        "'name': 'sign_flip', 'every': 2", "'name': 'sign_flip', 'stop': 30",
        "'name': 'sign_flip', 'start': 3", "'name': 'sign_flip', 'members': 'redrawn'"};
    struct simulation_fixture honest, attacked;
    configure(&honest, "'byzantine': 2, 'momentum': 0.9", "'name': 'none'", "'aggregator': 'median'");
    honest.experiment.settings.server.learning_rate = 0;
    simulation_fixture_finish(&honest);
    size_t bytes = honest.simulation->n * honest.simulation->ld * sizeof(float);
    for (size_t i = 0; i < BYZ_LENGTH(attacks); i++) {
        configure(&attacked, "'byzantine': 2, 'momentum': 0.9", attacks[i], "'aggregator': 'median'");
        attacked.experiment.settings.server.learning_rate = 0;
        simulation_fixture_finish(&attacked);
        cr_assert(memcmp(honest.simulation->momentum, attacked.simulation->momentum, bytes) == 0, "%s",
                  attacks[i]);
        simulation_fixture_fini(&attacked);
    }
    configure(&attacked, "'byzantine': 2, 'momentum': 0.9", "'name': 'sign_flip'", "'aggregator': 'median'");
    simulation_fixture_finish(&attacked);
    cr_assert_eq(attacked.simulation->momentum[5 * attacked.simulation->ld], 0.0f);
    simulation_fixture_fini(&attacked);
    simulation_fixture_fini(&honest);
}

Test(simulation_adversary, members_are_fixed_or_redrawn)
{
    struct simulation_fixture fixture;
    struct diary diary;
    size_t terms[WORKERS] = {0}, changes = 0;
    configure(&fixture, "'byzantine': 2", "'name': 'nan'", "'aggregator': 'median'");
    run(&fixture, &diary);
    for (size_t round = 0; round < ROUNDS; round++)
        for (size_t worker = 0; worker < WORKERS; worker++)
            cr_assert_eq(diary.byzantine[round][worker], worker >= 5);
    simulation_fixture_fini(&fixture);
    configure(&fixture, "'byzantine': 2", "'name': 'nan', 'members': 'redrawn'", "'aggregator': 'median'");
    run(&fixture, &diary);
    for (size_t round = 0; round < ROUNDS; round++) {
        size_t members = 0;
        for (size_t worker = 0; worker < WORKERS; worker++) {
            members += diary.byzantine[round][worker];
            terms[worker] += diary.byzantine[round][worker];
        }
        cr_assert_eq(members, 2, "round %zu", round);
        cr_assert_eq(diary.facts[round].dropped, 2, "round %zu", round);
        changes += round > 0 && memcmp(diary.byzantine[round], diary.byzantine[round - 1], WORKERS) != 0;
    }
    for (size_t worker = 0; worker < WORKERS; worker++)
        cr_assert(terms[worker] >= 2 && terms[worker] <= 25, "worker %zu is drawn %zu times of 40", worker,
                  terms[worker]);
    cr_assert_gt(changes, 25);
    simulation_fixture_fini(&fixture);
}

Test(simulation_adversary, dropped_messages_lower_n_and_f_and_training_goes_on)
{
    struct simulation_fixture fixture;
    struct diary diary;
    configure(&fixture, "'byzantine': 2", "'name': 'nan'",
              "'aggregator': 'trimmed_mean', 'declared_byzantine': 3");
    run(&fixture, &diary);
    for (size_t round = 0; round < ROUNDS; round++) {
        cr_assert_eq(diary.facts[round].rows, 5);
        cr_assert_eq(diary.facts[round].declared, 1);
        cr_assert(diary.facts[round].answered);
    }
    cr_assert_eq(fixture.simulation->status, SIMULATION_COMPLETED);
    cr_assert_eq(fixture.simulation->dropped_total, 2 * ROUNDS);
    cr_assert_lt(last_loss(fixture.simulation), first_loss(fixture.simulation) / 2);
    simulation_fixture_fini(&fixture);
    configure(&fixture, "'byzantine': 2", "'name': 'inf'", "'aggregator': 'mean', 'declared_byzantine': 1");
    run(&fixture, &diary);
    cr_assert_eq(diary.facts[0].declared, 0, "f does not fall below 0");
    cr_assert_eq(fixture.simulation->status, SIMULATION_COMPLETED);
    simulation_fixture_fini(&fixture);
}

/* The five honest workers alone, by the mean: dropping leaves exactly them. */
Test(simulation_adversary, what_is_left_after_dropping_are_the_honest_messages)
{
    struct simulation_fixture dropped, kept;
    configure(&dropped, "'byzantine': 2", "'name': 'nan'", "'aggregator': 'mean'");
    configure(&kept, "'byzantine': 2", "'name': 'nan'", "'aggregator': 'mean', 'nonfinite': 'keep'");
    simulation_fixture_finish(&dropped);
    for (size_t round = 0; round < ROUNDS; round++)
        cr_assert_float_eq(table_at(&dropped.simulation->rounds, round, ROUND_DISTANCE), 0, 1e-5, "round %zu",
                           round);
    cr_assert_eq(dropped.simulation->weight_sum[6], 0.0);
    cr_assert_float_eq(dropped.simulation->weight_sum[0], ROUNDS / 5.0, 1e-9);
    simulation_fixture_finish(&kept);
    cr_assert_eq(kept.simulation->status, SIMULATION_DIVERGED);
    cr_assert_eq(kept.simulation->round, 1);
    cr_assert_not_null(strstr(text_string(&kept.simulation->reason), "non-finite in round 0"), "%s",
                       text_string(&kept.simulation->reason));
    cr_assert_eq(kept.simulation->evaluations.rows, 2, "the end is evaluated");
    simulation_fixture_fini(&dropped);
    simulation_fixture_fini(&kept);
}

/* At n = 7 and f = 3 the trimmed mean keeps one value, the median, though only one worker is Byzantine. */
Test(simulation_adversary, the_rule_is_told_the_declared_number)
{
    struct simulation_fixture trimmed, median, actual;
    const char *attack = "'name': 'sign_flip', 'scale': 3";
    configure(&trimmed, "'byzantine': 1", attack, "'aggregator': 'trimmed_mean', 'declared_byzantine': 3");
    configure(&actual, "'byzantine': 1", attack, "'aggregator': 'trimmed_mean'");
    configure(&median, "'byzantine': 1", attack, "'aggregator': 'median'");
    simulation_fixture_finish(&trimmed);
    simulation_fixture_finish(&median);
    simulation_fixture_finish(&actual);
    cr_assert_eq(trimmed.simulation->b, 1);
    cr_assert_eq(trimmed.simulation->f, 3);
    cr_assert_eq(actual.simulation->f, 1);
    cr_assert_eq(trimmed.simulation->digest, median.simulation->digest);
    cr_assert_neq(trimmed.simulation->digest, actual.simulation->digest);
    simulation_fixture_fini(&trimmed);
    simulation_fixture_fini(&median);
    simulation_fixture_fini(&actual);
}

/* Four of seven rows drop out: krum, told f = 2, is left with n = 3, f = 0, its least; five leave it no
 * answer. */
Test(simulation_adversary, rounds_without_an_answer_are_skipped_and_recorded)
{
    struct simulation_fixture fixture;
    struct diary diary;
    configure(&fixture, "'byzantine': 4", "'name': 'nan'", "'aggregator': 'krum', 'declared_byzantine': 2");
    run(&fixture, &diary);
    cr_assert_eq(fixture.simulation->skipped, 0);
    simulation_fixture_fini(&fixture);
    configure(&fixture, "'byzantine': 5", "'name': 'nan', 'start': 1, 'every': 2",
              "'aggregator': 'krum', 'declared_byzantine': 2");
    run(&fixture, &diary);
    const struct simulation *s = fixture.simulation;
    cr_assert_eq(s->status, SIMULATION_COMPLETED);
    cr_assert_eq(s->skipped, ROUNDS / 2);
    for (size_t round = 0; round < ROUNDS; round++) {
        cr_assert_eq(table_at(&s->rounds, round, ROUND_SKIPPED), round % 2);
        cr_assert_eq(isnan(table_at(&s->rounds, round, ROUND_AGGREGATE_NORM)), round % 2 == 1);
    }
    cr_assert_not_null(strstr(text_string(&s->notes), "round 1: skipped: krum needs n >= 2f+3: n=2, f=0"),
                       "%s", text_string(&s->notes));
    simulation_fixture_fini(&fixture);
}

/* Ten rounds and thirty skipped ones end where ten rounds end, though velocity and weight decay would move
 * on. */
Test(simulation_adversary, a_skipped_round_moves_nothing)
{
    struct simulation_fixture skipping, shorter;
    const char *attack = "'name': 'nan', 'start': 10";
    const char *server =
        "'aggregator': 'krum', 'declared_byzantine': 2, 'momentum': 0.9, 'weight_decay': 0.1";
    configure(&skipping, "'byzantine': 6, 'momentum': 0.5", attack, server);
    configure(&shorter, "'byzantine': 6, 'momentum': 0.5", attack, server);
    shorter.experiment.settings.rounds = 10;
    simulation_fixture_finish(&skipping);
    simulation_fixture_finish(&shorter);
    cr_assert_eq(skipping.simulation->skipped, ROUNDS - 10);
    for (size_t k = 0; k < skipping.simulation->d; k++) {
        cr_assert_neq(skipping.simulation->parameters[k], 0.0f);
        cr_assert_eq(skipping.simulation->parameters[k], shorter.simulation->parameters[k], "coordinate %zu",
                     k);
    }
    simulation_fixture_fini(&skipping);
    simulation_fixture_fini(&shorter);
}

Test(simulation_adversary, on_invalid_stop_ends_the_run_with_the_reason)
{
    struct simulation_fixture fixture;
    struct diary diary;
    configure(&fixture, "'byzantine': 5", "'name': 'nan', 'start': 3",
              "'aggregator': 'krum', 'declared_byzantine': 2, 'on_invalid': 'stop'");
    run(&fixture, &diary);
    cr_assert_eq(fixture.simulation->status, SIMULATION_STOPPED);
    cr_assert_eq(fixture.simulation->round, 4);
    cr_assert_not_null(strstr(text_string(&fixture.simulation->reason), "round 3: krum needs"), "%s",
                       text_string(&fixture.simulation->reason));
    cr_assert_eq(table_at(&fixture.simulation->evaluations, 1, EVAL_ROUND), 4.0);
    simulation_fixture_fini(&fixture);
}

/* Every worker visits every row, and the permutation of a round is its own. */
Test(simulation_adversary, rows_really_move)
{
    struct simulation_fixture fixture;
    struct diary diary;
    bool visited[WORKERS][WORKERS] = {{false}};
    size_t repeated = 0;
    configure(&fixture, "'byzantine': 2", "'name': 'none'", "'aggregator': 'mean'");
    run(&fixture, &diary);
    for (size_t round = 0; round < ROUNDS; round++) {
        unsigned taken = 0;
        for (size_t worker = 0; worker < WORKERS; worker++) {
            taken |= 1u << diary.place[round][worker];
            visited[worker][diary.place[round][worker]] = true;
        }
        cr_assert_eq(taken, (1u << WORKERS) - 1, "round %zu is no permutation", round);
        repeated +=
            round > 0 && memcmp(diary.place[round], diary.place[round - 1], sizeof diary.place[round]) == 0;
    }
    cr_assert_eq(repeated, 0);
    for (size_t worker = 0; worker < WORKERS; worker++) {
        size_t rows = 0;
        for (size_t row = 0; row < WORKERS; row++)
            rows += visited[worker][row];
        cr_assert_geq(rows, 6, "worker %zu is seen in %zu rows in 40 rounds", worker, rows);
    }
    simulation_fixture_fini(&fixture);
}

/* One worker's share of the weights is credited to it wherever its row lay: samples as weights are the
 * witness. */
Test(simulation_adversary, weights_are_credited_to_workers_not_to_rows)
{
    struct simulation_fixture fixture;
    simulation_fixture_init(&fixture,
                            "{'rounds': 10, 'workers': {'count': 5, 'batch_size': 4}, 'data': {'dataset':"
                            " {'name': 'blobs', 'train': 300, 'test': 20}, 'partition': {'name':"
                            " 'dirichlet', 'alpha': 0.3}}, 'server': {'weights': 'samples'}}");
    simulation_fixture_start(&fixture);
    simulation_fixture_finish(&fixture);
    const struct simulation *s = fixture.simulation;
    double sizes = 0;
    for (size_t worker = 0; worker < 5; worker++) {
        double size = (double)holdings_size(&s->holdings, worker);
        cr_assert_float_eq(s->weight_sum[worker] / (double)s->weight_rounds, size / 300, 1e-12, "worker %zu",
                           worker);
        sizes += pow(size - 60, 2);
    }
    cr_assert_gt(sizes, 100, "the shares are too alike to tell");
    simulation_fixture_fini(&fixture);
}
