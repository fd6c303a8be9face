/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Attacks made for one rule (fang, anti_cge), and the one that remembers (replay). */
#include "tests/rules/rule.h"
#include "tests/test_attacks_fixture.h"
#include "tests/test_simulation_fixture.h"

Test(attacks_aimed, replay_sends_what_it_would_have_sent)
{
    for (size_t lag = 1; lag < 5; lag++) {
        char words[32];
        snprintf(words, sizeof words, "replay:lag=%zu", lag);
        struct subject subject = subject_of(words);
        void *state = state_of(&subject, 5, 3);
        for (size_t round = 0; round < 13; round++) {
            float own[3] = {(float)round, 1, -(float)round};
            struct grid known = grid_of(1, 3, own), out;
            perform_round(&subject, &known, 5, 1, 1, round, state, &out);
            cr_expect_eq(out.x[0], (float)(round < lag ? round : round - lag), "lag %zu, round %zu", lag,
                         round);
            cr_expect_eq(out.x[2], -out.x[0]);
            grid_fini(&out);
            grid_fini(&known);
        }
        mem_free(state);
        config_variant_release(&subject.variant);
    }
}

/* In a run each sender has a memory of its own: with constant gradients (learning rate 0, whole batches)
 * replaying is being honest, which it would not be if one worker's message came out as another's. */
Test(attacks_aimed, replay_keeps_the_senders_apart)
{
    uint64_t digests[2];
    double ratios[2];
    for (size_t i = 0; i < 2; i++) {
        struct simulation_fixture fixture;
        char text[1024];
        snprintf(
            text, sizeof text,
            "{'rounds': 5, 'workers': {'count': 7, 'byzantine': 3, 'batch_size': 0}, 'data': {'dataset': "
            "{'name': 'blobs', 'train': 300, 'test': 100, 'classes': 3, 'features': 5}}, 'model': 'softmax',"
            " 'attack': '%s', 'server': {'aggregator': 'mean', 'learning_rate': 0}}",
            i == 0 ? "replay" : "none");
        simulation_fixture_init(&fixture, text);
        simulation_fixture_start(&fixture);
        simulation_fixture_finish(&fixture);
        digests[i] = fixture.simulation->digest;
        ratios[i] = table_at(&fixture.simulation->rounds, 4, ROUND_DISTANCE);
        simulation_fixture_fini(&fixture);
    }
    cr_expect_eq(digests[0], digests[1]);
    cr_expect_float_eq(ratios[0], ratios[1], 1e-6 * ratios[1]);
}

Test(attacks_aimed, anti_cge_is_just_short_enough)
{
    struct subject subject = subject_of("anti_cge");
    struct grid known = grid_of(3, 2, (const float[]){1, 0, 4, 0, 2, 0}), out;
    perform(&subject, &known, 5, 2, 1, &out);
    cr_expect_float_eq((double)grid_row(&out, 1)[0], -2, 1e-5);
    cr_expect_lt(fabs((double)grid_row(&out, 1)[0]), 2);
    grid_fini(&out);
    grid_fini(&known);
    for (size_t b = 1; b < 6; b++) {
        size_t n = 13, f = b, shorter = 0;
        known = grid_make(n - b, 20, GRID_NORMAL, b);
        perform(&subject, &known, n, b, 1, &out);
        double norm = rows_norm2(out.x, 20);
        for (size_t i = 0; i < n - b; i++)
            shorter += rows_norm2(grid_row(&known, i), 20) <= norm;
        cr_expect_eq(shorter, n - f - b, "with the %zu copies the n-f shortest are full", b);
        grid_fini(&out);
        grid_fini(&known);
    }
    config_variant_release(&subject.variant);
}

/* Between the extreme and its multiple, on the side away from the sign of the mean. */
Test(attacks_aimed, fang_draws_beyond_the_extremes)
{
    struct subject subject = subject_of("fang:factor=3");
    for (uint64_t seed = 0; seed < 30; seed++) {
        struct grid known = grid_make(4, 33, seed % 2 == 0 ? GRID_NORMAL : GRID_TIED, seed), out;
        perform(&subject, &known, 6, 2, seed, &out);
        for (size_t k = 0; k < 33; k++) {
            double low = INFINITY, high = -INFINITY, sum = 0;
            for (size_t i = 0; i < 4; i++) {
                double value = (double)grid_row(&known, i)[k];
                low = fmin(low, value);
                high = fmax(high, value);
                sum += value;
            }
            double from = sum >= 0 ? (low > 0 ? low / 3 : 3 * low) : high,
                   to = sum >= 0 ? low : (high > 0 ? 3 * high : high / 3);
            for (size_t i = 0; i < 2; i++) {
                double sent = (double)grid_row(&out, i)[k];
                cr_expect(sent >= from - 1e-6 * fabs(from) && sent <= to + 1e-6 * fabs(to), "%g in [%g, %g]",
                          sent, from, to);
            }
        }
        grid_fini(&out);
        grid_fini(&known);
    }
    config_variant_release(&subject.variant);
    subject = subject_of("fang:factor=1");
    struct grid known = grid_of(3, 3, (const float[]){1, -2, 3, 4, -5, 6, 7, -8, 9}), out;
    perform(&subject, &known, 5, 2, 1, &out);
    cr_expect_arr_eq(grid_row(&out, 1), ((float[]){1, -2, 3}), 3 * sizeof(float));
    grid_fini(&out);
    grid_fini(&known);
    config_variant_release(&subject.variant);
}

/* Krum itself picks the message; twice as long it would not, or it is as long as the bound allows. */
Test(attacks_aimed, fang_is_what_krum_picks)
{
    struct subject subject = subject_of("fang:target=krum");
    for (size_t b = 1; b < 5; b++) {
        size_t n = 2 * b + 5, d = 8;
        struct grid known = grid_make(n - b, d, GRID_NORMAL, b), out, all = grid_empty(n, d);
        struct rule_answer answer;
        struct defence_settings settings;
        perform(&subject, &known, n, b, 1, &out);
        double lambda = fabs((double)out.x[0]);
        cr_expect_gt(lambda, 1e-5);
        for (size_t i = 0; i < n; i++)
            memcpy(grid_row(&all, i), i < n - b ? grid_row(&known, i) : out.x, d * sizeof(float));
        for (size_t k = 0; k < d; k++) {
            double sum = 0;
            for (size_t i = 0; i < n - b; i++)
                sum += (double)grid_row(&known, i)[k];
            cr_expect_float_eq((double)out.x[k], sum >= 0 ? -lambda : lambda, 1e-6 * lambda);
        }
        rule_settings("krum", &settings);
        rule_run(&settings, &all, b, NULL, &answer);
        cr_assert(answer.answered);
        cr_expect(grid_same_bits(answer.out, out.x, d), "b = %zu: krum picks another row", b);
        rule_release(&settings);
        grid_fini(&all);
        grid_fini(&out);
        grid_fini(&known);
    }
    config_variant_release(&subject.variant);
    expect_refusal("fang:target=krum", 6, 2, BYZ_OMNISCIENT, 4,
                   "fang against krum needs n >= 2b+3: n=6, b=2");
    expect_refusal("fang:target=krum", 9, 2, BYZ_COLLUDING, 2,
                   "fang against krum needs knowledge \"omniscient\"");
    expect_refusal("fang", 6, 2, BYZ_COLLUDING, 2, "");
}
