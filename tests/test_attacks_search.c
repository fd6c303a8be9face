/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Attacks that search against the server's own defence, and the trials they make of it. */
#include "sim/core/trial.h"
#include "tests/rules/rule.h"
#include "tests/test_attacks_fixture.h"
#include "tests/test_simulation_fixture.h"

#include <math.h>

/* A defence that is a plain function of the attack's row, and counts its calls. */
struct pretended {
    size_t calls, d;
    double peak; /* the answer is farthest at this value of coordinate 0; infinite: the larger the farther;
                    NaN: never an answer */
};

static int pretend(void *context, const float *const *rows, size_t count, float *out)
{
    struct pretended *defender = context;
    double at = (double)rows[count - 1][0];
    defender->calls++;
    if (isnan(defender->peak))
        return 1;
    memset(out, 0, defender->d * sizeof *out);
    out[0] = isinf(defender->peak) ? (float)(at * 1e-10) : (float)(1000 / (1 + fabs(at - defender->peak)));
    return 0;
}

/* Rows (-1), (1): mean 0, deviation sqrt 2; message = factor sqrt 2. What the search finds, or its reason. */
static double searched(const char *words, struct pretended *defender, char reason[BYZ_REASON_SIZE])
{
    const float rows[] = {-1, 1}, *known[] = {rows, rows + 1};
    float message[2], *out[] = {message, message + 1};
    double scratch[16];
    struct subject subject = subject_of(words);
    const struct byz_attack_input in = {.n = 4,
                                        .b = 2,
                                        .d = 1,
                                        .known = known,
                                        .known_count = 2,
                                        .senders = 2,
                                        .scratch = scratch,
                                        .defend = pretend,
                                        .defender = defender};
    defender->calls = 0;
    defender->d = 1;
    cr_assert_leq(subject.attack->scratch_bytes(subject.variant.params, 4, 1, 1), sizeof scratch);
    int refused = subject.attack->apply(subject.variant.params, &in, out, reason);
    config_variant_release(&subject.variant);
    if (refused)
        return (double)NAN;
    cr_expect_eq(message[0], message[1], "all senders send the same");
    return (double)message[0] / sqrt(2);
}

/* The search by its own words, in double. */
static double naive_search(size_t evaluations, double start, double step, double ratio, double peak)
{
    double best = start, most = 1 / (1 + fabs(start * sqrt(2) - peak));
    bool contracting = false;
    for (size_t used = 1; used < evaluations; used++) {
        double next = best + step, value = 1 / (1 + fabs(next * sqrt(2) - peak));
        if (value > most) {
            best = next;
            most = value;
        } else {
            contracting = true;
        }
        step = contracting ? step * ratio : 2 * step;
    }
    return best;
}

Test(attacks_search, finds_what_the_rule_of_the_search_says)
{
    static const double cases[][4] = {
        {20, 0, 10, 0.8}, {1, 3, 10, 0.8}, {2, 0, 10, 0.8}, {50, -7, 1, 0.5}, {12, 0, 100, 0.9}};
    for (size_t c = 0; c < 5; c++)
        for (double peak = -5; peak < 500; peak += 37.3) {
            char words[128], reason[BYZ_REASON_SIZE] = "";
            struct pretended defender = {.peak = peak};
            snprintf(words, sizeof words, "optimal_alie:evaluations=%g,start=%g,step=%g,ratio=%g",
                     cases[c][0], cases[c][1], cases[c][2], cases[c][3]);
            double found = searched(words, &defender, reason);
            double wanted = naive_search((size_t)cases[c][0], cases[c][1], cases[c][2], cases[c][3], peak);
            cr_expect_float_eq(found, wanted, 1e-5 * (1 + fabs(wanted)), "%s, peak %g: %g, not %g", words,
                               peak, found, wanted);
            cr_expect_eq(defender.calls, (size_t)cases[c][0], "%s", words);
        }
}

Test(attacks_search, a_defence_without_answers)
{
    char reason[BYZ_REASON_SIZE] = "";
    struct pretended defender = {.peak = (double)NAN};
    cr_expect(isnan(searched("optimal_alie:evaluations=7", &defender, reason)));
    cr_expect_str_eq(reason, "the defence has no answer to any of 7 trials");
    expect_refusal("optimal_alie", 2, 1, BYZ_OMNISCIENT, 1,
                   "optimal_alie needs 2 known messages: 1 is known");
    expect_refusal("optimal_ipm", 2, 1, BYZ_OMNISCIENT, 1, "optimal_ipm needs 2 known messages: 1 is known");
    expect_refusal("optimal_ipm", 3, 1, BYZ_OMNISCIENT, 2, "");
}

/* Factors that overflow a float are malformed messages, which the server would drop: they are never sent. */
Test(attacks_search, never_sends_what_would_be_dropped)
{
    char reason[BYZ_REASON_SIZE] = "";
    struct pretended defender = {.peak = (double)INFINITY};
    double found = searched("optimal_alie:evaluations=300", &defender, reason);
    cr_expect(isfinite(found) && found > 1e37, "%g", found);
    cr_expect_lt(defender.calls, 300);
}

/* The vectors of the headers, against a real chain. */
static void expect_against_chain(const char *words, const double *wanted)
{
    struct subject subject = subject_of(words);
    struct defence_settings settings;
    struct trial trial;
    const float *known[] = {three, three + 3, three + 6};
    float message[3], *out[] = {message};
    double scratch[64];
    struct err err = {0};
    char reason[BYZ_REASON_SIZE] = "";
    rule_settings("nnm clipping:threshold=2 | trimmed_mean", &settings);
    cr_assert_eq(trial_init(&trial, &settings, 4, 3, 16, &err), 0);
    trial.f = 1;
    const struct byz_attack_input in = {.n = 4,
                                        .b = 1,
                                        .d = 3,
                                        .known = known,
                                        .known_count = 3,
                                        .senders = 1,
                                        .scratch = scratch,
                                        .defend = trial_defend,
                                        .defender = &trial};
    cr_assert_eq(subject.attack->apply(subject.variant.params, &in, out, reason), 0, "%s", reason);
    for (size_t k = 0; k < 3; k++)
        cr_expect_float_eq((double)message[k], wanted[k], 2e-6, "%s: %.9g", words, (double)message[k]);
    cr_expect_neq(trial_defend(&trial, (const float *const[]){three, three, three, three, three}, 5, message),
                  0, "more rows than there is room for");
    trial_fini(&trial);
    rule_release(&settings);
    config_variant_release(&subject.variant);
}

Test(attacks_search, values_of_the_headers)
{
    expect_against_chain("optimal_ipm", (const double[]){-2.74877907, -3.43597384, -4.1231686});
    expect_against_chain("optimal_alie", (const double[]){12.91985116, 13.91985116, 14.91985116});
}

static double distance_in_round(const char *attack, size_t round)
{
    struct simulation_fixture fixture;
    char text[1024];
    snprintf(
        text, sizeof text,
        "{'rounds': 4, 'workers': {'count': 11, 'byzantine': 3, 'batch_size': 4}, 'data': {'dataset': "
        "{'name': 'blobs', 'train': 600, 'test': 300, 'classes': 4, 'features': 16}}, 'model': 'softmax',"
        " 'attack': %s, 'server': {'preaggregators': ['nnm'], 'aggregator': 'median',"
        " 'learning_rate': 0}}",
        attack);
    simulation_fixture_init(&fixture, text);
    simulation_fixture_start(&fixture);
    simulation_fixture_finish(&fixture);
    double distance = table_at(&fixture.simulation->rounds, round, ROUND_DISTANCE);
    simulation_fixture_fini(&fixture);
    return distance;
}

/* In a run the search is at least as far from the honest mean as the fixed factors it tried, in every round.
 */
Test(attacks_search, beats_fixed_factors_in_a_run)
{
    for (size_t round = 0; round < 4; round++) {
        double ipm = distance_in_round("'optimal_ipm'", round),
               alie = distance_in_round("'optimal_alie'", round);
        cr_expect_geq(ipm * (1 + 1e-5), distance_in_round("{'name': 'ipm', 'epsilon': 0}", round));
        cr_expect_geq(ipm * (1 + 1e-5), distance_in_round("{'name': 'ipm', 'epsilon': 10}", round));
        cr_expect_geq(alie * (1 + 1e-5), distance_in_round("{'name': 'alie', 'z': 0}", round));
        cr_expect_geq(alie * (1 + 1e-5), distance_in_round("{'name': 'alie', 'z': 10, 'sign': 1}", round));
    }
}
