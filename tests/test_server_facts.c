/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a rule may know beside the messages: who sent them, the server's own gradient, losses, parameters. The
 * rules here are spies: they answer with what they have been told. */
#include "sim/core/memory.h"
#include "sim/core/needs.h"
#include "sim/core/phases.h"
#include "sim/num/rows.h"
#include "tests/rules/rule.h"
#include "tests/test_simulation_fixture.h"

#define BLOBS "{'name': 'blobs', 'train': 60, 'test': 30, 'features': 5, 'classes': 3}"

enum { SAMPLES = 7 };

/* out = the names of the senders, then -1. */
static int tell_workers(const void *params, const struct byz_aggregator_input *in, float *out, char *reason)
{
    (void)params, (void)reason;
    for (size_t k = 0; k < in->d; k++)
        out[k] = k < in->n ? (float)in->facts.workers[k] : -1;
    return 0;
}

static int tell_gradient(const void *params, const struct byz_aggregator_input *in, float *out, char *reason)
{
    (void)params, (void)reason;
    memcpy(out, in->facts.server_gradient, in->d * sizeof *out);
    return 0;
}

static int tell_parameters(const void *params, const struct byz_aggregator_input *in, float *out,
                           char *reason)
{
    (void)params, (void)reason;
    memcpy(out, in->facts.parameters, in->d * sizeof *out);
    return 0;
}

/* out = the losses after a step along each row, then at the parameters, then -1. */
static int tell_losses(const void *params, const struct byz_aggregator_input *in, float *out, char *reason)
{
    (void)params, (void)reason;
    double *losses = in->scratch;
    in->facts.losses(in->facts.server, in->x, in->n, in->ld, losses);
    for (size_t k = 0; k < in->d; k++)
        out[k] = k <= in->n ? (float)losses[k] : -1;
    return 0;
}

static size_t scratch_of_losses(const void *params, size_t n, size_t d, size_t threads)
{
    (void)params, (void)d, (void)threads;
    return (n + 1) * sizeof(double);
}

static size_t few(const void *params)
{
    (void)params;
    return SAMPLES;
}

static size_t many(const void *params)
{
    (void)params;
    return 1000000;
}

static const struct byz_aggregator spy_workers = {
    .base = {.name = "spy"}, .needs = BYZ_NEEDS_WORKERS, .apply = tell_workers};
static const struct byz_aggregator spy_parameters = {
    .base = {.name = "spy"}, .needs = BYZ_NEEDS_PARAMETERS, .apply = tell_parameters};
static const struct byz_aggregator spy_gradient = {.base = {.name = "spy"},
                                                   .needs = BYZ_NEEDS_SERVER_GRADIENT,
                                                   .server_samples = few,
                                                   .apply = tell_gradient};
static const struct byz_aggregator spy_whole_gradient = {.base = {.name = "spy"},
                                                         .needs = BYZ_NEEDS_SERVER_GRADIENT,
                                                         .server_samples = many,
                                                         .apply = tell_gradient};
static const struct byz_aggregator spy_losses = {.base = {.name = "spy"},
                                                 .needs = BYZ_NEEDS_LOSS,
                                                 .scratch_bytes = scratch_of_losses,
                                                 .server_samples = few,
                                                 .apply = tell_losses};

static const struct byz_aggregator *const spies[] = {&spy_workers, &spy_parameters, &spy_gradient,
                                                     &spy_losses};

/* --- chains --------------------------------------------------------------------------------------------- */

static void chain_of(const char *stages, const struct byz_aggregator *spy, struct defence_settings *settings)
{
    char words[128];
    snprintf(words, sizeof words, "%s |", stages);
    rule_settings(words, settings);
    settings->aggregator = (struct byz_variant){.kind = &spy->base};
}

Test(server_facts, senders_are_known_behind_stages_that_keep_rows)
{
    for (size_t i = 0; i < preaggregator_family.count; i++) {
        const struct byz_preaggregator *stage = (const void *)preaggregator_family.at(i);
        struct defence_settings settings;
        struct rule_answer answer;
        struct grid grid = grid_make(5, 8, GRID_NORMAL, 1);
        chain_of(stage->base.name, &spy_workers, &settings);
        rule_run(&settings, &grid, 1, NULL, &answer);
        cr_expect_eq(answer.answered, stage->keeps_rows, "%s: %s", stage->base.name, answer.reason);
        cr_expect_eq(stage->keeps_rows, strcmp(stage->base.name, "bucketing") != 0);
        for (size_t k = 0; stage->keeps_rows && k < 5; k++)
            cr_expect_eq(answer.out[k], (float)k, "%s", stage->base.name);
        settings.aggregator = (struct byz_variant){0};
        rule_release(&settings);
        grid_fini(&grid);
    }
}

Test(server_facts, a_chain_that_mixes_rows_is_refused_with_its_name)
{
    struct defence_settings settings;
    char reason[BYZ_REASON_SIZE] = "";
    chain_of("nnm bucketing clipping", &spy_workers, &settings);
    cr_assert_neq(defence_unsuitable(&settings, 9, 1, NULL, reason), 0);
    cr_expect_str_eq(reason, "spy must know who sent each message, and behind bucketing a row is no single "
                             "worker's");
    settings.aggregator = (struct byz_variant){.kind = &spy_gradient.base};
    cr_expect_eq(defence_unsuitable(&settings, 9, 1, NULL, reason), 0, "%s", reason);
    settings.aggregator = (struct byz_variant){0};
    rule_release(&settings);
}

Test(server_facts, what_is_missing_is_named_and_the_rule_not_called)
{
    static const char *const wanted[] = {
        "spy needs a worker behind each message, and there is none here",
        "spy needs the model's parameters, and there is none here",
        "spy needs a gradient of the server's own, and there is none here",
        "spy needs a model on which to try the messages, and there is none here"};
    for (size_t i = 0; i < BYZ_LENGTH(spies); i++) {
        const struct defence_settings settings = {.aggregator = {.kind = &spies[i]->base}};
        struct grid grid = grid_make(3, 8, GRID_NORMAL, 1);
        struct defence defence = {0};
        struct defence_outcome outcome;
        struct err err = {0};
        float out[32];
        const struct defence_input in = {.x = grid.x, .n = 3};
        cr_assert_eq(defence_init(&defence, &settings, 3, 8, grid.ld, &err), 0);
        defence_run(&defence, &in, out, &outcome);
        cr_expect_not(outcome.answered);
        cr_expect_str_eq(outcome.reason, wanted[i]);
        defence_fini(&defence);
        grid_fini(&grid);
    }
}

/* --- simulations ---------------------------------------------------------------------------------------- */

/* A simulation whose server asks a spy; `more` goes into the configuration. */
static void spy_on(struct simulation_fixture *fixture, const struct byz_aggregator *spy, const char *more)
{
    char text[1024];
    snprintf(
        text, sizeof text,
        "{'rounds': 3, 'workers': {'count': 8, 'byzantine': 2, 'batch_size': 4}, 'data': {'dataset': " BLOBS
        "}, 'model': 'softmax', 'server': {'learning_rate': 0.01}%s}",
        more);
    simulation_fixture_init(fixture, text);
    fixture->experiment.settings.server.defence.aggregator.kind = &spy->base;
    simulation_fixture_start(fixture);
}

static void one_round(struct simulation_fixture *fixture)
{
    struct err err = {0};
    cr_assert_eq(round_run(fixture->simulation, &err), ERR_OK);
    cr_assert(fixture->simulation->facts.answered, "%s", fixture->simulation->facts.outcome.reason);
}

/* Each row's name is its sender's, names are a permutation that stays, and do not tell who is honest. */
Test(server_facts, names_of_workers_stay_and_say_nothing)
{
    size_t byzantine_last = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct simulation_fixture fixture;
        uint32_t first[8];
        char more[32];
        snprintf(more, sizeof more, ", 'seed': %d", (int)seed);
        spy_on(&fixture, &spy_workers, more);
        for (size_t round = 0; round < 3; round++) {
            unsigned seen = 0;
            one_round(&fixture);
            const struct simulation *s = fixture.simulation;
            for (size_t row = 0; row < 8; row++) {
                uint32_t worker = s->sender[row], name = (uint32_t)s->aggregate[row];
                seen |= 1u << name;
                if (round == 0)
                    first[worker] = name;
                cr_assert_eq(first[worker], name, "worker %u was %u and is %u", worker, first[worker], name);
            }
            cr_assert_eq(seen, 255u, "the names are not 0..7");
        }
        byzantine_last += first[6] + first[7] == 6 + 7;
        simulation_fixture_fini(&fixture);
    }
    cr_expect_lt(byzantine_last, 5,
                 "workers 6 and 7, the Byzantine ones, have the last names in %zu of 20 runs",
                 byzantine_last);
}

Test(server_facts, names_go_with_dropped_rows)
{
    struct simulation_fixture fixture;
    spy_on(&fixture, &spy_workers, ", 'attack': 'nan'");
    one_round(&fixture);
    const struct simulation *s = fixture.simulation;
    cr_assert_eq(s->facts.rows, 6);
    for (size_t row = 0; row < 6; row++) {
        cr_expect_lt(s->sender[row], 6);
        cr_expect_eq((uint32_t)s->aggregate[row], s->known.pseudonyms[s->sender[row]]);
    }
    cr_expect_eq(s->aggregate[6], -1.0f);
    simulation_fixture_fini(&fixture);
}

/* An attack that tries out the defence is told as much as the defence. */
Test(server_facts, trials_see_the_same_facts)
{
    for (size_t i = 0; i < BYZ_LENGTH(spies); i++) {
        struct simulation_fixture fixture;
        spy_on(&fixture, spies[i], ", 'attack': {'name': 'optimal_ipm', 'evaluations': 2}");
        one_round(&fixture);
        cr_expect_str_eq(text_string(&fixture.simulation->notes), "");
        const struct byz_facts *facts = &fixture.simulation->trial.facts;
        cr_expect_eq(facts->worker_count, 8);
        cr_expect_eq(facts->parameters, fixture.simulation->parameters);
        cr_expect_eq(facts->server_gradient, fixture.simulation->known.gradient);
        simulation_fixture_fini(&fixture);
    }
}

Test(server_facts, the_gradient_is_that_of_the_root_data)
{
    struct simulation_fixture fixture;
    spy_on(&fixture, &spy_gradient, ", 'attack': 'sign_flip'");
    struct simulation *s = fixture.simulation;
    float x[SAMPLES * 5], gradient[64];
    int32_t labels[SAMPLES];
    char scratch[65536] __attribute__((aligned(64)));
    cr_assert_eq(s->known.samples, SAMPLES);
    for (size_t i = 0; i < SAMPLES; i++)
        for (size_t j = 0; j < i; j++)
            cr_expect_neq(s->known.root[i], s->known.root[j], "drawn without replacement");
    dataset_gather(s->dataset, &s->dataset->train, s->known.root, SAMPLES, x, labels, NULL);
    cr_assert_leq(model_scratch_bytes(&s->model, SAMPLES), sizeof scratch);
    for (size_t round = 0; round < 2; round++) {
        const struct model_batch batch = {.count = SAMPLES, .x = x, .labels = labels};
        model_gradient(&s->model, s->parameters, &batch, scratch, gradient);
        one_round(&fixture);
        cr_expect_arr_eq(s->aggregate, gradient, s->d * sizeof *gradient, "round %zu", round);
    }
    simulation_fixture_fini(&fixture);
}

/* Where the server wants more data than there is, it holds all of it; the sum of the gradients of two steps
 * is what a single worker with all the data sends. */
Test(server_facts, the_server_works_as_a_worker_would)
{
    struct simulation_fixture fixture;
    spy_on(&fixture, &spy_whole_gradient, "");
    cr_expect_eq(fixture.simulation->known.samples, 60);
    simulation_fixture_fini(&fixture);
    simulation_fixture_init(&fixture,
                            "{'workers': {'count': 1, 'batch_size': 0, 'local_steps': 2, 'clip_norm': 1}, "
                            "'data': {'dataset': " BLOBS "}, 'model': 'softmax'}");
    fixture.experiment.settings.server.defence.aggregator.kind = &spy_whole_gradient.base;
    simulation_fixture_start(&fixture);
    one_round(&fixture);
    const struct simulation *s = fixture.simulation;
    for (size_t k = 0; k < s->d; k++)
        cr_expect_float_eq((double)s->aggregate[k], (double)s->messages[k], 1e-6);
    simulation_fixture_fini(&fixture);
}

/* At the parameters, after no step, and after a small step along the gradient of those very samples. */
Test(server_facts, losses_are_those_of_one_sample)
{
    struct simulation_fixture fixture;
    spy_on(&fixture, &spy_losses, ", 'attack': 'zero'");
    for (size_t round = 0; round < 3; round++) {
        struct simulation *s = fixture.simulation;
        one_round(&fixture);
        const float *losses = s->aggregate;
        cr_expect_gt(losses[8], 0);
        cr_expect_eq(losses[9], -1.0f);
        for (size_t row = 0; row < 8; row++) {
            if (s->byzantine[s->sender[row]])
                cr_expect_eq(losses[row], losses[8], "a step along zero");
            else
                cr_expect_neq(losses[row], losses[8]);
        }
    }
    simulation_fixture_fini(&fixture);
}

/* Where the parameters stay, another loss comes from another sample. */
Test(server_facts, every_round_draws_a_fresh_sample)
{
    struct simulation_fixture fixture;
    float before = 0;
    spy_on(&fixture, &spy_losses, "");
    fixture.experiment.settings.server.learning_rate = 0;
    for (size_t k = 0; k < fixture.simulation->d; k++)
        fixture.simulation->parameters[k] = (float)(k % 3);
    for (size_t round = 0; round < 3; round++) {
        one_round(&fixture);
        cr_expect_neq(fixture.simulation->aggregate[8], before);
        before = fixture.simulation->aggregate[8];
    }
    simulation_fixture_fini(&fixture);
}

Test(server_facts, losses_count_the_l2_term_and_the_learning_rate)
{
    double losses[2][2];
    for (size_t l2 = 0; l2 < 2; l2++) {
        struct simulation_fixture fixture;
        spy_on(&fixture, &spy_losses, "");
        fixture.experiment.settings.model.common.l2 = l2 ? 0.5 : 0;
        simulation_fixture_start(&fixture);
        struct simulation *s = fixture.simulation;
        for (size_t k = 0; k < s->d; k++)
            s->parameters[k] = 0.1f;
        s->facts.learning_rate = 2;
        float row[64];
        for (size_t k = 0; k < s->d; k++)
            row[k] = 0.05f; /* the step leads to zero */
        struct byz_facts facts = server_facts_of(s, NULL);
        facts.losses(facts.server, row, 1, 64, losses[l2]);
        cr_expect_float_eq(losses[l2][0], log(3), 1e-6, "three classes alike at zero, not %g", losses[l2][0]);
        if (l2)
            cr_expect_float_eq(losses[1][1] - losses[0][1], 0.25 * rows_norm2(s->parameters, s->d), 1e-6);
        simulation_fixture_fini(&fixture);
    }
}

Test(server_facts, memory_counts_the_gradient_and_the_room_for_samples)
{
    struct simulation_fixture fixture;
    spy_on(&fixture, &spy_workers, "");
    struct settings *settings = &fixture.experiment.settings;
    double without = memory_total(settings, &fixture.dataset);
    settings->server.defence.aggregator.kind = &spy_whole_gradient.base;
    double with = memory_total(settings, &fixture.dataset);
    cr_expect_eq(with - without, (double)fixture.simulation->d * sizeof(float) + 60 * sizeof(uint32_t));
    simulation_fixture_fini(&fixture);
}

Test(server_facts, the_same_at_any_number_of_threads)
{
    for (size_t i = 2; i < BYZ_LENGTH(spies); i++) {
        float first[64];
        for (const int *threads = grid_threads; *threads != 0; threads++) {
            struct simulation_fixture fixture;
            spy_on(&fixture, spies[i], "");
            omp_set_num_threads(*threads);
            simulation_fixture_start(&fixture);
            one_round(&fixture);
            one_round(&fixture);
            size_t bytes = fixture.simulation->d * sizeof(float);
            if (threads == grid_threads)
                memcpy(first, fixture.simulation->aggregate, bytes);
            cr_expect_arr_eq(fixture.simulation->aggregate, first, bytes, "%d threads", *threads);
            simulation_fixture_fini(&fixture);
        }
    }
}
