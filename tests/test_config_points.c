/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sweeps: order, labels, places, limits. */
#include "tests/test_config_fixture.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct config_source *parse(const char *text, struct config_errors *errors)
{
    struct config_source *source = config_source_parse("f.json", text, strlen(text), errors);
    cr_assert_not_null(source, "%s", text_string(&errors->text));
    return source;
}

/* Labels and rendered points, "label json" a line. */
static void expect_points(const char *text, const char *expected)
{
    struct config_errors errors = {0};
    struct config_points points;
    struct text lines = {0};
    struct config_source *source = parse(text, &errors);
    cr_assert_eq(config_points_expand(source, &points, &errors), 0, "%s", text_string(&errors.text));
    for (size_t i = 0; i < points.count; i++) {
        char *json = config_render(points.items[i].json, false);
        text_printf(&lines, "%s %s\n", points.items[i].label, json);
        cJSON_free(json);
    }
    cr_expect_str_eq(text_string(&lines), expected, "%s", text_string(&lines));
    text_fini(&lines);
    config_points_free(&points);
    config_source_free(source);
    config_errors_fini(&errors);
}

Test(config_points, a_document_without_sweep_is_one_point)
{
    expect_points("{\"seed\":3}", " {\"seed\":3}\n");
    expect_points("{\"sweep\":{}}", " {}\n");
}

Test(config_points, the_last_key_varies_fastest_and_words_become_objects)
{
    expect_points("{\"server\":{\"aggregator\":\"krum\"},\"sweep\":{\"seed\":[1,2],"
                  "\"server.aggregator.neighbours\":[\"paper\",\"kappa\"]},\"quiet\":true}",
                  "seed1-paper "
                  "{\"server\":{\"aggregator\":{\"name\":\"krum\",\"neighbours\":\"paper\"}},\"quiet\":true,"
                  "\"seed\":1}\n"
                  "seed1-kappa "
                  "{\"server\":{\"aggregator\":{\"name\":\"krum\",\"neighbours\":\"kappa\"}},\"quiet\":true,"
                  "\"seed\":1}\n"
                  "seed2-paper "
                  "{\"server\":{\"aggregator\":{\"name\":\"krum\",\"neighbours\":\"paper\"}},\"quiet\":true,"
                  "\"seed\":2}\n"
                  "seed2-kappa "
                  "{\"server\":{\"aggregator\":{\"name\":\"krum\",\"neighbours\":\"kappa\"}},\"quiet\":true,"
                  "\"seed\":2}\n");
}

Test(config_points, three_keys_carry)
{
    expect_points("{\"sweep\":{\"a\":[1,2],\"b\":[3,4],\"c\":[5,6]}}",
                  "a1-b3-c5 {\"a\":1,\"b\":3,\"c\":5}\n"
                  "a1-b3-c6 {\"a\":1,\"b\":3,\"c\":6}\n"
                  "a1-b4-c5 {\"a\":1,\"b\":4,\"c\":5}\n"
                  "a1-b4-c6 {\"a\":1,\"b\":4,\"c\":6}\n"
                  "a2-b3-c5 {\"a\":2,\"b\":3,\"c\":5}\n"
                  "a2-b3-c6 {\"a\":2,\"b\":3,\"c\":6}\n"
                  "a2-b4-c5 {\"a\":2,\"b\":4,\"c\":5}\n"
                  "a2-b4-c6 {\"a\":2,\"b\":4,\"c\":6}\n");
}

Test(config_points, missing_objects_and_lists_are_made)
{
    expect_points("{\"sweep\":{\"server.preaggregators.0.size\":[2]}}",
                  "size2 {\"server\":{\"preaggregators\":[{\"size\":2}]}}\n");
}

static void expect_labels(const char *sweep, const char *expected)
{
    struct config_errors errors = {0};
    struct config_points points;
    struct text text = {0}, labels = {0};
    text_printf(&text, "{\"sweep\":{%s}}", sweep);
    struct config_source *source = parse(text_string(&text), &errors);
    cr_assert_eq(config_points_expand(source, &points, &errors), 0);
    for (size_t i = 0; i < points.count; i++)
        text_printf(&labels, "%s%s", i == 0 ? "" : " ", points.items[i].label);
    cr_expect_str_eq(text_string(&labels), expected, "%s", text_string(&labels));
    text_fini(&text);
    text_fini(&labels);
    config_points_free(&points);
    config_source_free(source);
    config_errors_fini(&errors);
}

Test(config_points, labels)
{
    expect_labels("\"server.learning_rate\":[0.05,1e-10,1e22]",
                  "learning_rate0.05 learning_rate1e-10 learning_rate1e+22");
    expect_labels("\"attack\":[\"alie\",{\"name\":\"ipm\",\"epsilon\":2}],\"seed\":[-1]",
                  "alie-seed-1 ipm-seed-1");
    expect_labels(
        "\"attack\":[\"ipm\",{\"name\":\"ipm\",\"epsilon\":2},{\"name\":\"ipm\",\"epsilon\":3,\"start\":1}]",
        "ipm ipm+epsilon=2 ipm+epsilon=3+start=1");
    expect_labels(
        "\"seed\":[1,2],\"rounds\":[3,4],\"name\":[\"a\",\"b\"]",
        "seed1-rounds3-a seed1-rounds3-b seed1-rounds4-a seed1-rounds4-b seed2-rounds3-a seed2-rounds3-b "
        "seed2-rounds4-a seed2-rounds4-b");
    expect_labels("\"quiet\":[true,false]", "quiet=true quiet=false");
    expect_labels("\"hidden\":[[],[100,50]]", "hidden=none hidden=100+50");
    expect_labels("\"server.preaggregators\":[[],[\"nnm\",{\"name\":\"bucketing\",\"size\":3}],[\"nnm\"]]",
                  "preaggregators=none preaggregators=nnm+bucketing preaggregators=nnm");
    expect_labels("\"name\":[\"a b\",\"a/b\",\"..\",\"\xC3\xA9\"]", "a_b a_b-2 _. __");
    expect_labels("\"name\":[\"a\",\"a\",\"a-2\"]", "a a-2 a-2-3");
    expect_labels("\"seed\":[null]", "seed=null");
    expect_labels("\"x\":[{\"b\":1}]", "x=b=1");
}

Test(config_points, long_labels_are_cut_and_stay_distinct)
{
    char word[301] = {0};
    memset(word, 'w', 300);
    struct text text = {0};
    text_printf(&text, "{\"sweep\":{\"name\":[\"%s\"],\"seed\":[1,2]}}", word);
    struct config_errors errors = {0};
    struct config_points points;
    struct config_source *source = parse(text_string(&text), &errors);
    cr_assert_eq(config_points_expand(source, &points, &errors), 0);
    cr_expect_eq(strlen(points.items[0].label), 120);
    cr_expect_str_neq(points.items[0].label, points.items[1].label);
    text_fini(&text);
    config_points_free(&points);
    config_source_free(source);
    config_errors_fini(&errors);
}

/* "name": [0, 1, ..., count-1] */
static void add_numbers(struct text *text, const char *name, int count)
{
    text_printf(text, "\"%s\":[", name);
    for (int k = 0; k < count; k++)
        text_printf(text, "%s%d", k == 0 ? "" : ",", k);
    text_add(text, "]");
}

Test(config_points, a_wide_list_expands_and_too_many_points_are_a_mistake)
{
    struct config_errors errors = {0};
    struct config_points points;
    struct text text = {0};
    text_add(&text, "{\"sweep\":{");
    add_numbers(&text, "seed", 20000);
    text_add(&text, "}}");
    struct config_source *source = parse(text_string(&text), &errors);
    cr_assert_eq(config_points_expand(source, &points, &errors), 0);
    cr_expect_eq(points.count, 20000);
    cr_expect_str_eq(points.items[19999].label, "seed19999");
    config_points_free(&points);
    config_source_free(source);

    text_clear(&text);
    text_add(&text, "{\"sweep\":{");
    add_numbers(&text, "seed", 317);
    text_add(&text, ",");
    add_numbers(&text, "rounds", 317);
    text_add(&text, "}}");
    source = parse(text_string(&text), &errors);
    cr_expect_neq(config_points_expand(source, &points, &errors), 0);
    cr_expect_str_eq(text_string(&errors.text),
                     "f.json:1:10: sweep: makes more than 100000 points; split it into several files");
    cr_expect_eq(points.count, 0);
    text_fini(&text);
    config_source_free(source);
    config_errors_fini(&errors);
}

Test(config_points, a_bad_value_is_reported_once_and_not_once_a_point)
{
    struct text text = {0};
    text_add(&text, "{\"server\":{\"momentum\":7},\"sweep\":{\"attack\":[\"alie\",\"alei\"],");
    add_numbers(&text, "seed", 500);
    text_add(&text, "}}");
    char *reports = config_fixture_reports(text_string(&text), text.length, NULL);
    cr_expect_str_eq(reports,
                     "f.json:1:23: server.momentum: must be a number of at least 0 and at most 1; found 7\n"
                     "f.json:1:52: attack: \"alei\" is no attack; did you mean \"alie\"? (none, alie, ipm)",
                     "%s", reports);
    free(reports);
    text_fini(&text);
}
