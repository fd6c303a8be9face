/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Optimisers: steps by hand, naive twins in double precision, and what a simulation makes of them. */
#include "sim/config/config.h"
#include "sim/core/optimizer.h"
#include "sim/num/rng.h"
#include "tests/test_simulation_fixture.h"

#include <criterion/criterion.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { D = 5, STEPS = 60, ARRAYS_MOST = 2 };

/* An optimiser in words with its state. */
struct subject {
    struct byz_variant variant;
    const struct optimizer *kind;
    float state[ARRAYS_MOST * D], w[D];
    double momentum;
    uint64_t step;
};

static struct subject subject_of(const char *words, double momentum)
{
    struct subject subject = {.momentum = momentum};
    struct config_errors errors = {0};
    cr_assert_eq(config_read_variant(&optimizer_family, words, &subject.variant, &errors), 0, "%s: %s", words,
                 text_string(&errors.text));
    subject.kind = (const void *)subject.variant.kind;
    cr_assert_leq(subject.kind->arrays(momentum), ARRAYS_MOST);
    return subject;
}

static void move(struct subject *subject, const float *aggregate, float clip, float weight_decay, double rate)
{
    const struct optimizer_input in = {.d = D,
                                       .aggregate = aggregate,
                                       .clip = clip,
                                       .weight_decay = weight_decay,
                                       .rate = rate,
                                       .momentum = subject->momentum,
                                       .step = ++subject->step};
    float *state = subject->kind->arrays(subject->momentum) > 0 ? subject->state : NULL;
    optimizer_step(subject->kind, subject->variant.params, &in, state, subject->w);
}

/* From w = 1 along these aggregates with learning rate 0.1. */
static void expect_steps(const char *words, double momentum, const double g[2], const double wanted[2])
{
    struct subject subject = subject_of(words, momentum);
    for (size_t k = 0; k < D; k++)
        subject.w[k] = 1;
    for (size_t t = 0; t < 2; t++) {
        const float aggregate[D] = {(float)g[t], (float)g[t], (float)g[t], (float)g[t], (float)g[t]};
        move(&subject, aggregate, 1, 0, 0.1);
        for (size_t k = 0; k < D; k++)
            cr_expect_float_eq((double)subject.w[k], wanted[t], 2e-6, "%s, step %zu: %.9g", words, t,
                               (double)subject.w[k]);
    }
    config_variant_release(&subject.variant);
}

Test(optimizer, steps_by_hand)
{
    expect_steps("sgd", 0, (double[]){2, -1}, (double[]){0.8, 0.9});
    expect_steps("sgd", 0.5, (double[]){2, 0}, (double[]){0.8, 0.7});
    expect_steps("adam", 0, (double[]){0.5, -0.25}, (double[]){0.9, 0.8733663});
    expect_steps("adam:bias_correction=false", 0, (double[]){0.5, 0}, (double[]){0.6837722, 0.3990252});
    expect_steps("adam:beta1=0,beta2=0,epsilon=1", 0, (double[]){1, -3}, (double[]){0.95, 1.025});
    expect_steps("adagrad", 0, (double[]){3, 4}, (double[]){0.9, 0.82});
    expect_steps("adagrad:epsilon=1", 0, (double[]){3, 4}, (double[]){0.925, 0.858333333});
}

/* One coordinate of a twin: m and v as the descriptors' formulas have them. */
struct twin {
    double w, m, v;
};

static void twin_move(struct twin *twin, const char *name, double momentum, double g, double rate, double t)
{
    if (strcmp(name, "sgd") == 0) {
        twin->v = momentum * twin->v + g;
        twin->w -= rate * twin->v;
    } else if (strcmp(name, "adam") == 0) {
        twin->m = 0.9 * twin->m + 0.1 * g;
        twin->v = 0.999 * twin->v + 0.001 * g * g;
        twin->w -= rate * (twin->m / (1 - pow(0.9, t))) / (sqrt(twin->v / (1 - pow(0.999, t))) + 1e-8);
    } else {
        cr_assert_str_eq(name, "adagrad");
        twin->v += g * g;
        twin->w -= rate * g / (sqrt(twin->v) + 1e-10);
    }
}

/* Clipping, weight decay and a falling learning rate included. */
Test(optimizer, agrees_with_naive_twin)
{
    for (size_t i = 0; i < optimizer_family.count; i++) {
        const char *name = optimizer_family.at(i)->name;
        struct subject subject = subject_of(name, i == 0 ? 0.7 : 0);
        struct twin twin[D] = {{0}};
        struct rng rng;
        rng_start(&rng, 1, RNG_TEST, i, 0);
        for (size_t k = 0; k < D; k++)
            twin[k].w = (double)(subject.w[k] = (float)rng_normal(&rng));
        for (int t = 1; t <= STEPS; t++) {
            float aggregate[D];
            double rate = 0.1 / t;
            for (size_t k = 0; k < D; k++) {
                aggregate[k] = (float)rng_normal(&rng);
                twin_move(&twin[k], name, subject.momentum, 0.25 * (double)aggregate[k] + 0.5 * twin[k].w,
                          rate, t);
            }
            move(&subject, aggregate, 0.25f, 0.5f, rate);
        }
        for (size_t k = 0; k < D; k++)
            cr_expect_float_eq((double)subject.w[k], twin[k].w, 3e-6, "%s: %.9g, the twin %.9g", name,
                               (double)subject.w[k], twin[k].w);
        config_variant_release(&subject.variant);
    }
}

/* Steps of many coordinates on several threads: the bits of one thread, and word of what is no longer finite.
 */
Test(optimizer, steps_are_the_same_on_any_number_of_threads)
{
    enum { WIDE = 9001 };
    static float aggregate[WIDE], state[2][ARRAYS_MOST * WIDE], w[2][WIDE];
    for (size_t i = 0; i < optimizer_family.count; i++)
        for (int threads = 1; threads <= 8; threads++) {
            struct subject subject = subject_of(optimizer_family.at(i)->name, i == 0 ? 0.7 : 0);
            struct rng rng;
            bool finite = true;
            size_t to = threads > 1;
            omp_set_num_threads(threads);
            rng_start(&rng, 2, RNG_TEST, i, 0);
            memset(state[to], 0, sizeof state[to]);
            memset(w[to], 0, sizeof w[to]);
            for (uint64_t t = 1; t <= 3; t++) {
                const struct optimizer_input in = {.d = WIDE,
                                                   .aggregate = aggregate,
                                                   .clip = 0.5f,
                                                   .rate = 0.1,
                                                   .momentum = subject.momentum,
                                                   .step = t};
                for (size_t k = 0; k < WIDE; k++)
                    aggregate[k] = (float)rng_normal(&rng);
                aggregate[t == 3 ? WIDE - 1 : 0] = t == 3 ? INFINITY : 1;
                cr_expect(finite, "%s, %d threads", optimizer_family.at(i)->name, threads);
                finite = optimizer_step(subject.kind, subject.variant.params, &in, state[to], w[to]);
            }
            cr_expect_not(finite, "%s, %d threads", optimizer_family.at(i)->name, threads);
            cr_expect(threads == 1 || memcmp(w[0], w[1], (WIDE - 1) * sizeof w[0][0]) == 0, "%s, %d threads",
                      optimizer_family.at(i)->name, threads);
            config_variant_release(&subject.variant);
        }
}

#define BLOBS "{'dataset': {'name': 'blobs', 'train': 200, 'test': 60, 'features': 6, 'classes': 3}}"

static void start(struct simulation_fixture *fixture, const char *attack, const char *server)
{
    char text[1024];
    snprintf(text, sizeof text,
             "{'rounds': 6, 'workers': {'count': 6, 'byzantine': 4}, 'data': " BLOBS
             ", 'attack': %s, 'server': {'learning_rate': 0.01, %s}}",
             attack, server);
    simulation_fixture_init(fixture, text);
    simulation_fixture_start(fixture);
}

/* Adam's first step has the length of the learning rate in every coordinate: rounds that were skipped before
 * it do not count as steps. */
Test(optimizer, skipped_rounds_are_no_steps)
{
    struct simulation_fixture fixture;
    start(&fixture, "{'name': 'nan', 'stop': 5}",
          "'optimizer': 'adam', 'aggregator': 'krum', 'declared_byzantine': 1");
    const struct simulation *s = fixture.simulation;
    simulation_fixture_finish(&fixture);
    cr_assert_eq(s->skipped, 5);
    for (size_t k = 0; k < s->d; k++)
        cr_expect_float_eq(fabs((double)s->parameters[k]), 0.01, 1e-6, "coordinate %zu: %g", k,
                           (double)s->parameters[k]);
    simulation_fixture_fini(&fixture);
}

/* Every optimiser learns, under clipping, weight decay and a schedule. */
Test(optimizer, every_optimizer_lowers_the_loss)
{
    for (size_t i = 0; i < optimizer_family.count; i++) {
        struct simulation_fixture fixture;
        char server[256];
        snprintf(server, sizeof server,
                 "'optimizer': '%s', 'aggregator': 'median', 'declared_byzantine': 2, 'schedule': 'cosine', "
                 "'clip_norm': 2, 'weight_decay':"
                 " 0.001",
                 optimizer_family.at(i)->name);
        start(&fixture, "'none'", server);
        fixture.experiment.settings.rounds = 60;
        fixture.experiment.settings.server.learning_rate = 0.1;
        simulation_fixture_finish(&fixture);
        const struct table *table = &fixture.simulation->evaluations;
        double first = table_at(table, 0, EVAL_TRAIN_LOSS),
               last = table_at(table, table->rows - 1, EVAL_TRAIN_LOSS);
        cr_expect_lt(last, 0.5 * first, "%s: %g -> %g", server, first, last);
        simulation_fixture_fini(&fixture);
    }
}

Test(optimizer, server_momentum_belongs_to_sgd)
{
    struct simulation_fixture fixture;
    char *reports = NULL;
    bool good = simulation_fixture_read(
        &fixture, "{'server': {'momentum': 0.9, 'optimizer': {'name': 'adagrad', 'epsilon': 1}}}", &reports);
    cr_expect_not(good);
    cr_expect_not_null(
        strstr(reports, "server.momentum: adagrad does not use it; leave it 0, or use optimizer"), "%s",
        reports);
    free(reports);
    simulation_fixture_fini(&fixture);
}
