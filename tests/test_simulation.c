/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Training against a twin that knows nothing of rows, permutations, threads or phases: linear regression in
 * double, worker by worker, from the batches that the holdings name.
 */
#include "sim/core/digest.h"
#include "sim/core/simulation.h"
#include "tests/test_simulation_fixture.h"

#include <criterion/criterion.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { D = 6, WORKERS_MOST = 5, BATCH_MOST = 64 };

struct twin {
    const struct settings *settings;
    const struct dataset *dataset;
    struct holdings holdings;
    double w[D], velocity[D], momentum[WORKERS_MOST][D];
};

static void twin_gradient(struct twin *twin, size_t worker, uint64_t step, const double w[D], double g[D])
{
    const struct worker_settings *workers = &twin->settings->workers;
    uint32_t batch[BATCH_MOST];
    size_t size = holdings_batch_size(&twin->holdings, worker, workers->batch_size);
    holdings_batch(&twin->holdings, worker, step, size, (enum worker_sampling)workers->sampling, batch);
    memset(g, 0, D * sizeof *g);
    for (size_t i = 0; i < size; i++) {
        const float *x = twin->dataset->train.values + batch[i] * D;
        double residual = -(double)twin->dataset->train.targets[batch[i]];
        for (size_t k = 0; k < D; k++)
            residual += (double)x[k] * w[k];
        for (size_t k = 0; k < D; k++)
            g[k] += residual * (double)x[k] / (double)size;
    }
    double norm = 0;
    for (size_t k = 0; k < D; k++) {
        g[k] += twin->settings->model.common.l2 * w[k];
        norm += g[k] * g[k];
    }
    if (workers->clip_norm > 0 && sqrt(norm) > workers->clip_norm)
        for (size_t k = 0; k < D; k++)
            g[k] *= workers->clip_norm / sqrt(norm);
}

/* What the worker sends: where its own steps lead it, told as a gradient; then momentum. */
static void twin_message(struct twin *twin, size_t worker, uint64_t round, double rate, double message[D])
{
    const struct worker_settings *workers = &twin->settings->workers;
    double local[D], g[D];
    memcpy(local, twin->w, sizeof local);
    for (uint64_t step = 0; step < workers->local_steps; step++) {
        twin_gradient(twin, worker, round * workers->local_steps + step, local, g);
        for (size_t k = 0; k < D; k++)
            local[k] -= rate * g[k];
    }
    for (size_t k = 0; k < D; k++) {
        double sum = (twin->w[k] - local[k]) / rate, *m = &twin->momentum[worker][k];
        *m = workers->momentum * *m +
             (workers->momentum_form == MOMENTUM_EMA ? 1 - workers->momentum : 1) * sum;
        message[k] = *m;
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The mean, or the median, of each coordinate over the workers in their own order. */
static double twin_combine(const struct settings *settings, const double column[], size_t n)
{
    double sorted[WORKERS_MOST], sum = 0;
    memcpy(sorted, column, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, by_value);
    for (size_t i = 0; i < n; i++)
        sum += sorted[i];
    bool median = strcmp(settings->server.defence.aggregator.kind->name, "median") == 0;
    return median ? (sorted[(n - 1) / 2] + sorted[n / 2]) / 2 : sum / (double)n;
}

static void twin_round(struct twin *twin, uint64_t round)
{
    const struct server_settings *server = &twin->settings->server;
    size_t n = (size_t)twin->settings->workers.count;
    double messages[WORKERS_MOST][D], aggregate[D], norm = 0;
    for (size_t worker = 0; worker < n; worker++)
        twin_message(twin, worker, round, server->learning_rate, messages[worker]);
    for (size_t k = 0; k < D; k++) {
        double column[WORKERS_MOST];
        for (size_t worker = 0; worker < n; worker++)
            column[worker] = messages[worker][k];
        aggregate[k] = twin_combine(twin->settings, column, n);
        norm += aggregate[k] * aggregate[k];
    }
    double clip =
        server->clip_norm > 0 && sqrt(norm) > server->clip_norm ? server->clip_norm / sqrt(norm) : 1;
    for (size_t k = 0; k < D; k++) {
        double step = clip * aggregate[k] + server->weight_decay * twin->w[k];
        twin->velocity[k] = server->momentum * twin->velocity[k] + step;
        twin->w[k] -= server->learning_rate * twin->velocity[k];
    }
}

static void configure(struct simulation_fixture *fixture, const char *workers, const char *server,
                      const char *model)
{
    char text[1024];
    snprintf(text, sizeof text,
             "{'rounds': 25, 'workers': {'batch_size': 8, %s},"
             " 'data': {'dataset': {'name': 'linear_regression', 'dimension': 6, 'train': 100, 'test': 10}},"
             " 'model': {'name': 'linear', %s}, 'server': {%s}}",
             workers, model, server);
    simulation_fixture_init(fixture, text);
    simulation_fixture_start(fixture);
}

static void expect_twin(const char *workers, const char *server, const char *model)
{
    struct simulation_fixture fixture;
    struct err err = {0};
    configure(&fixture, workers, server, model);
    struct twin twin = {.settings = &fixture.experiment.settings, .dataset = &fixture.dataset};
    cr_assert_eq(holdings_init(&twin.holdings, twin.settings, twin.dataset, &err), ERR_OK);
    for (uint64_t round = 0; round < twin.settings->rounds; round++)
        twin_round(&twin, round);
    simulation_fixture_finish(&fixture);
    for (size_t k = 0; k < D; k++)
        cr_assert_float_eq((double)fixture.simulation->parameters[k], twin.w[k], 2e-6 * (1 + fabs(twin.w[k])),
                           "{%s} {%s} {%s}, coordinate %zu: %.9g, the twin %.9g", workers, server, model, k,
                           (double)fixture.simulation->parameters[k], twin.w[k]);
    holdings_fini(&twin.holdings);
    simulation_fixture_fini(&fixture);
}

/* The knob changes the run, so that the comparison is not idle. */
static void expect_other(const char *workers, const char *server, const char *model)
{
    struct simulation_fixture plain, other;
    double distance = 0;
    configure(&plain, "'count': 3, 'sampling': 'epoch'", "'learning_rate': 0.05", "'l2': 0");
    configure(&other, workers, server, model);
    simulation_fixture_finish(&plain);
    simulation_fixture_finish(&other);
    for (size_t k = 0; k < D; k++)
        distance += fabs((double)(plain.simulation->parameters[k] - other.simulation->parameters[k]));
    cr_assert_gt(distance, 1e-3, "{%s} {%s} {%s} changes nothing", workers, server, model);
    simulation_fixture_fini(&plain);
    simulation_fixture_fini(&other);
}

Test(simulation, plain_gradient_descent_equals_the_twin)
{
    expect_twin("'count': 3, 'sampling': 'epoch'", "'learning_rate': 0.05", "'l2': 0");
    expect_twin("'count': 5", "'learning_rate': 0.05", "'l2': 0");
    expect_twin("'count': 1", "'learning_rate': 0.05", "'l2': 0");
}

Test(simulation, every_knob_of_training_equals_the_twin_and_matters)
{
    static const struct {
        const char *workers, *server, *model;
    } cases[] = {
        {"'count': 3, 'momentum': 0.8", "'learning_rate': 0.05", "'l2': 0"},
        {"'count': 3, 'momentum': 0.8, 'momentum_form': 'sum'", "'learning_rate': 0.01", "'l2': 0"},
        {"'count': 3, 'sampling': 'replacement'", "'learning_rate': 0.05", "'l2': 0"},
        {"'count': 3, 'clip_norm': 1.5", "'learning_rate': 0.05", "'l2': 0"},
        {"'count': 3, 'local_steps': 4", "'learning_rate': 0.05", "'l2': 0"},
        {"'count': 3, 'local_steps': 3, 'momentum': 0.5, 'clip_norm': 1.5", "'learning_rate': 0.05",
         "'l2': 0"},
        {"'count': 5", "'learning_rate': 0.05, 'momentum': 0.7", "'l2': 0"},
        {"'count': 5", "'learning_rate': 0.05, 'weight_decay': 0.3", "'l2': 0"},
        {"'count': 5", "'learning_rate': 0.05, 'clip_norm': 0.5", "'l2': 0"},
        {"'count': 5", "'learning_rate': 0.05", "'l2': 0.4"},
        {"'count': 5, 'momentum': 0.5",
         "'learning_rate': 0.05, 'momentum': 0.5, 'weight_decay': 0.1, 'clip_norm': 1, 'aggregator': "
         "'median'",
         "'l2': 0.1"},
    };
    for (size_t i = 0; i < BYZ_LENGTH(cases); i++) {
        expect_twin(cases[i].workers, cases[i].server, cases[i].model);
        expect_other(cases[i].workers, cases[i].server, cases[i].model);
    }
}

/* The twin keeps the workers in their own order: the secret permutation leaves no trace in what does not
 * depend on the order. */
Test(simulation, the_secret_permutation_does_not_reach_the_median)
{
    expect_twin("'count': 5", "'learning_rate': 0.05, 'aggregator': 'median'", "'l2': 0");
    expect_twin("'count': 4", "'learning_rate': 0.05, 'aggregator': 'median'", "'l2': 0");
    expect_twin("'count': 5", "'learning_rate': 0.05, 'aggregator': 'median', 'declared_byzantine': 2",
                "'l2': 0");
}

/* With one worker, R rounds of H local steps are R * H rounds of one. */
Test(simulation, local_steps_of_one_worker_are_plain_steps)
{
    struct simulation_fixture local, plain;
    configure(&local, "'count': 1, 'local_steps': 5", "'learning_rate': 0.05", "'l2': 0");
    configure(&plain, "'count': 1", "'learning_rate': 0.05", "'l2': 0");
    plain.experiment.settings.rounds = 5 * local.experiment.settings.rounds;
    simulation_fixture_finish(&local);
    simulation_fixture_finish(&plain);
    for (size_t k = 0; k < D; k++)
        cr_assert_float_eq((double)local.simulation->parameters[k], (double)plain.simulation->parameters[k],
                           1e-5);
    simulation_fixture_fini(&local);
    simulation_fixture_fini(&plain);
}

/* Distance of the mean of the workers' own parameters after one round from the server's. */
Test(simulation, under_the_mean_local_steps_average_the_workers_parameters)
{
    struct simulation_fixture fixture;
    struct err err = {0};
    double average[D] = {0}, g[D];
    configure(&fixture, "'count': 4, 'local_steps': 6", "'learning_rate': 0.1", "'l2': 0");
    fixture.experiment.settings.rounds = 1;
    struct twin twin = {.settings = &fixture.experiment.settings, .dataset = &fixture.dataset};
    cr_assert_eq(holdings_init(&twin.holdings, twin.settings, twin.dataset, &err), ERR_OK);
    for (size_t worker = 0; worker < 4; worker++) {
        double local[D] = {0}; /* the model starts from zeros */
        for (uint64_t step = 0; step < 6; step++) {
            twin_gradient(&twin, worker, step, local, g);
            for (size_t k = 0; k < D; k++)
                local[k] -= 0.1 * g[k];
        }
        for (size_t k = 0; k < D; k++)
            average[k] += local[k] / 4;
    }
    simulation_fixture_finish(&fixture);
    for (size_t k = 0; k < D; k++)
        cr_assert_float_eq((double)fixture.simulation->parameters[k], average[k], 1e-6);
    holdings_fini(&twin.holdings);
    simulation_fixture_fini(&fixture);
}

/* Losses and errors in the table against sums over the data by hand. */
Test(simulation, evaluations_measure_what_they_say)
{
    struct simulation_fixture fixture;
    configure(&fixture, "'count': 3", "'learning_rate': 0.2", "'l2': 0");
    fixture.experiment.settings.evaluation = (struct evaluation_settings){.every = 10};
    simulation_fixture_start(&fixture);
    simulation_fixture_finish(&fixture);
    const struct simulation *s = fixture.simulation;
    static const double rounds[] = {0, 10, 20, 25};
    cr_assert_eq(s->evaluations.rows, 4);
    for (size_t r = 0; r < 4; r++)
        cr_assert_eq(table_at(&s->evaluations, r, EVAL_ROUND), rounds[r]);
    const struct samples *splits[] = {&fixture.dataset.train, &fixture.dataset.test};
    double error = 0;
    for (size_t side = 0; side < 2; side++) {
        double loss = 0;
        for (size_t i = 0; i < splits[side]->count; i++) {
            double residual = -(double)splits[side]->targets[i];
            for (size_t k = 0; k < D; k++)
                residual += (double)splits[side]->values[i * D + k] * (double)s->parameters[k];
            loss += residual * residual / 2 / (double)splits[side]->count;
        }
        cr_assert_float_eq(table_at(&s->evaluations, 3, side == 0 ? EVAL_TRAIN_LOSS : EVAL_TEST_LOSS), loss,
                           1e-6);
    }
    for (size_t k = 0; k < D; k++)
        error += pow((double)s->parameters[k] - (double)fixture.dataset.truth[k], 2);
    cr_assert_float_eq(table_at(&s->evaluations, 3, EVAL_PARAMETER_ERROR), sqrt(error), 1e-6);
    cr_assert(isnan(table_at(&s->evaluations, 3, EVAL_TEST_ACCURACY)));
    cr_assert_lt(error, 0.5, "it has learned");
    simulation_fixture_fini(&fixture);
}

/* The parameters of the start and of every round, one after the other. */
static void follow(void *context, const struct simulation *s)
{
    uint64_t *digest = context;
    *digest = digest_floats(*digest, s->parameters, s->d);
}

Test(simulation, the_digest_is_that_of_every_rounds_parameters)
{
    for (int threads = 1; threads <= 3; threads++)
        for (int rounds = 0; rounds <= 3; rounds++) {
            struct simulation_fixture fixture;
            struct err err = {0};
            uint64_t digest = 0;
            const struct simulation_hooks hooks = {.context = &digest, .progress = follow};
            omp_set_num_threads(threads);
            simulation_fixture_init(&fixture,
                                    "{'rounds': 3, 'workers': {'count': 5}, 'data': {'dataset': {'name': "
                                    "'blobs', 'train': 50, 'test': 5}}}");
            fixture.experiment.settings.rounds = (uint64_t)rounds;
            simulation_fixture_start(&fixture);
            cr_assert_eq(simulation_run(fixture.simulation, &hooks, &err), ERR_OK, "%s", err.text);
            cr_expect_eq(fixture.simulation->digest, digest, "%d rounds, %d threads", rounds, threads);
            cr_expect_not(fixture.simulation->unsettled);
            simulation_fixture_fini(&fixture);
        }
}

Test(simulation, no_rounds_evaluate_the_start_alone)
{
    struct simulation_fixture fixture;
    configure(&fixture, "'count': 3", "'learning_rate': 0.05", "'l2': 0");
    fixture.experiment.settings.rounds = 0;
    simulation_fixture_finish(&fixture);
    cr_assert_eq(fixture.simulation->status, SIMULATION_COMPLETED);
    cr_assert_eq(fixture.simulation->evaluations.rows, 1);
    cr_assert_eq(fixture.simulation->rounds.rows, 0);
    simulation_fixture_fini(&fixture);
}

/* Yin, Chen, Ramchandran, Bartlett, ICML 2018, Proposition 1: Var(grad) = (d-1) ||w-w*||^2 + d s^2, here by
 * drawing single-sample gradients: their mean squared distance from w - w* lies within four standard errors.
 */
Test(simulation, gradients_of_linear_regression_vary_as_published)
{
    enum { SAMPLES = 20000 };
    struct simulation_fixture fixture;
    simulation_fixture_init(&fixture,
                            "{'model': 'linear', 'workers': {'count': 1}, 'data': {'dataset': {'name':"
                            " 'linear_regression', 'dimension': 6, 'noise': 0.7, 'train': 20000}}}");
    simulation_fixture_start(&fixture);
    struct thread_room *room = &fixture.simulation->rooms[0];
    float w[D], g[D];
    double away = 0, sum = 0, squares = 0;
    for (size_t k = 0; k < D; k++) {
        w[k] = fixture.dataset.truth[k] + 0.3f * (float)k - 1;
        away += pow((double)(w[k] - fixture.dataset.truth[k]), 2);
    }
    for (uint32_t i = 0; i < SAMPLES; i++) {
        double distance2 = 0;
        dataset_gather(&fixture.dataset, &fixture.dataset.train, &i, 1, room->x, NULL, room->targets);
        const struct model_batch batch = {.count = 1, .x = room->x, .targets = room->targets};
        model_gradient(&fixture.simulation->model, w, &batch, room->scratch, g);
        for (size_t k = 0; k < D; k++)
            distance2 += pow((double)(g[k] - (w[k] - fixture.dataset.truth[k])), 2);
        sum += distance2;
        squares += distance2 * distance2;
    }
    double mean = sum / SAMPLES, sigma = sqrt((squares / SAMPLES - mean * mean) / SAMPLES);
    double published = (D - 1) * away + D * 0.7 * 0.7;
    cr_assert_float_eq(mean, published, 4 * sigma, "%g +- %g, published %g", mean, sigma, published);
    cr_assert_lt(4 * sigma, 0.1 * published, "too few samples to tell");
    simulation_fixture_fini(&fixture);
}
