/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/core/profile.h"
#include "sim/num/machine.h"
#include "tests/test_simulation_fixture.h"

#include <criterion/criterion.h>
#include <string.h>

static void spend(double seconds)
{
    double begun = machine_seconds();
    while (machine_seconds() - begun < seconds)
        ;
}

Test(profile, charges_one_phase_at_a_time)
{
    struct profile profile = {.on = true};
    double begun = machine_seconds();
    profile_enter(&profile, PROFILE_GRADIENTS);
    spend(2e-3);
    profile_enter(&profile, PROFILE_STEP);
    spend(1e-3);
    profile_enter(&profile, PROFILE_GRADIENTS);
    spend(2e-3);
    profile_pause(&profile);
    double all = machine_seconds() - begun;
    spend(5e-3); /* while nothing is charged */
    profile_pause(&profile);
    cr_assert_geq(profile.seconds[PROFILE_GRADIENTS], 4e-3);
    cr_assert_geq(profile.seconds[PROFILE_STEP], 1e-3);
    cr_assert_leq(profile_total(&profile), all);
    cr_assert_eq(profile.seconds[PROFILE_ATTACK], 0);
}

Test(profile, off_and_absent_do_nothing)
{
    struct profile profile = {0};
    profile_enter(&profile, PROFILE_ATTACK);
    profile_pause(&profile);
    profile_enter(NULL, PROFILE_ATTACK);
    profile_pause(NULL);
    cr_assert_eq(profile_total(&profile), 0);
}

Test(profile, sums_of_runs)
{
    struct profile sum = {0}, part = {.on = true, .rounds = 3, .flops = 10, .bytes = 4};
    part.seconds[PROFILE_METRICS] = 0.5;
    profile_add(&sum, &part);
    profile_add(&sum, &part);
    cr_assert(sum.on);
    cr_assert_eq(sum.rounds, 6);
    cr_assert_eq(sum.flops, 20);
    cr_assert_eq(sum.bytes, 8);
    cr_assert_eq(profile_total(&sum), 1);
}

Test(profile, words_are_there_and_differ)
{
    for (enum profile_phase a = 0; a < PROFILE_PHASES; a++)
        for (enum profile_phase b = 0; b < a; b++)
            cr_assert_str_neq(profile_word(a), profile_word(b));
}

/* Every worker's gradient, and those of Byzantine ones that somebody looks at; rows of the rule. */
Test(profile, counts_operations_and_bytes_of_a_run)
{
    static const char text[] =
        "{'rounds': 4, 'workers': {'count': 7, 'byzantine': 2, 'batch_size': 5, 'local_steps': 3},"
        " 'data': {'dataset': {'name': 'blobs', 'train': 100, 'test': 20, 'classes': 3, 'features': 6}},"
        " 'model': 'softmax', 'attack': '%s', 'server': {'aggregator': 'median'}}";
    static const struct {
        const char *attack;
        double gradients, rows; /* infinities are dropped */
        bool sends;
    } cases[] = {{"alie", 5, 7, true}, {"inf", 5, 5, true}, {"label_flip", 7, 7, false}};
    for (size_t i = 0; i < BYZ_LENGTH(cases); i++) {
        struct simulation_fixture fixture;
        char filled[sizeof text + 16];
        snprintf(filled, sizeof filled, text, cases[i].attack);
        simulation_fixture_init(&fixture, filled);
        simulation_fixture_start(&fixture);
        fixture.simulation->profile.on = true;
        simulation_fixture_finish(&fixture);
        const struct profile *profile = &fixture.simulation->profile;
        cr_assert_eq(profile->rounds, 4);
        cr_assert_eq(profile->flops, 4 * cases[i].gradients * 3 * (4 * 5 * 3 * 6), "%g", profile->flops);
        cr_assert_eq(profile->bytes, 4 * cases[i].rows * (3 * 7) * 4, "%g", profile->bytes);
        for (enum profile_phase p = 0; p < PROFILE_PHASES; p++)
            if (p != PROFILE_PREAGGREGATION && (p != PROFILE_ATTACK || cases[i].sends))
                cr_assert_gt(profile->seconds[p], 0, "%s", profile_word(p));
        simulation_fixture_fini(&fixture);
    }
}

/* A profile costs no bit. */
Test(profile, changes_nothing)
{
    struct simulation_fixture fixture;
    simulation_fixture_init(
        &fixture, "{'rounds': 5, 'workers': {'count': 9, 'byzantine': 2, 'batch_size': 5, 'momentum': 0.9},"
                  " 'data': {'dataset': {'name': 'blobs', 'train': 100, 'test': 20}}, 'attack': 'alie',"
                  " 'server': {'preaggregators': ['nnm'], 'aggregator': 'trimmed_mean'}}");
    simulation_fixture_start(&fixture);
    simulation_fixture_finish(&fixture);
    struct simulation *plain = fixture.simulation;
    fixture.simulation = NULL;
    simulation_fixture_start(&fixture);
    fixture.simulation->profile.on = true;
    simulation_fixture_finish(&fixture);
    cr_assert_gt(fixture.simulation->profile.seconds[PROFILE_PREAGGREGATION], 0);
    simulation_fixture_expect_same(plain, fixture.simulation, "profile");
    simulation_free(plain);
    simulation_fixture_fini(&fixture);
}
