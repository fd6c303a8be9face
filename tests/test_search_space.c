/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The "search" block: what it may hold, and the trials that are drawn from its space. */
#include "sim/config/search.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DRAWN = 2000 };

static char *quoted(const char *text)
{
    char *copy = text_copy(text);
    for (char *c = copy; *c != '\0'; c++)
        *c = *c == '\'' ? '"' : *c;
    return copy;
}

static struct config_source *parse(const char *text)
{
    struct config_errors errors = {0};
    char *json = quoted(text);
    struct config_source *source = config_source_parse("f", json, strlen(json), &errors);
    cr_assert_not_null(source, "%s", text_string(&errors.text));
    free(json);
    return source;
}

static struct config_source *read_block(const char *text, struct config_search *search)
{
    struct config_errors errors = {0};
    struct config_source *source = parse(text);
    cr_assert(config_is_search(source));
    cr_assert_eq(config_search_read(source, search, &errors), ERR_OK, "%s", text_string(&errors.text));
    config_errors_fini(&errors);
    return source;
}

static void draw(const struct config_search *search, bool drawn, size_t count, cJSON **trials)
{
    struct err err = {0};
    cr_assert_eq(config_space_trials(search, drawn, count, trials, &err), ERR_OK, "%s", err.text);
}

static void drop(cJSON **trials, size_t count)
{
    for (size_t t = 0; t < count; t++)
        cJSON_Delete(trials[t]);
}

static double value_of(const cJSON *trial, const char *path)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(trial, path);
    cr_assert(cJSON_IsNumber(item));
    return item->valuedouble;
}

/* clang-format off */
static const struct {
    const char *text, *report; /* a part of what is said */
} mistakes[] = {
    {"{'search': 3}", "search: must be an object; found 3"},
    {"{'search': {}}", "search.space: is missing"},
    {"{'search': {'space': {}}}", "search.space: must be an object of at least one key path"},
    {"{'search': {'spece': {}}}", "search.spece: unknown key; did you mean \"space\"?"},
    {"{'search': {'method': 'gird', 'space': {'a': [1]}}}", "search.method: must be \"grid\""},
    {"{'search': {'objective': 'test_accuracy', 'space': {'a': [1]}}}", "search.objective: must be \"validation_accuracy\""},
    {"{'sweep': {}, 'search': {'space': {'a': [1]}}}", "f:1:11: sweep: a file has a sweep or a search, not both"},
    {"{'search': {'space': {'a': [1]}}}", "search.first_rounds: is missing"},
    {"{'search': {'method': 'grid', 'first_rounds': 3, 'space': {'a': [1]}}}", "f:1:47: search.first_rounds: is for"},
    {"{'search': {'method': 'grid', 'reduction': 3, 'space': {'a': [1]}}}", "search.reduction: is for"},
    {"{'search': {'method': 'grid', 'trials': 3, 'space': {'a': [1]}}}", "search.trials: a grid has all"},
    {"{'search': {'method': 'random', 'space': {'a': [1]}}}", "search.trials: is missing"},
    {"{'search': {'method': 'hyperband', 'first_rounds': 1, 'trials': 3, 'space': {'a': [1]}}}", "search.trials: the brackets"},
    {"{'search': {'method': 'random', 'trials': 3, 'space': {'a': [1, 2]}}}", "3 trials, but the space has 2 combinations"},
    {"{'search': {'first_rounds': 1, 'space': {'a': {'uniform': [1, 2]}}}}", "search.trials: is missing; a space with a continuous"},
    {"{'search': {'method': 'grid', 'space': {'a': {'uniform': [1, 2]}}}}", "f:1:46: search.space.a: a continuous range has no grid"},
    {"{'search': {'method': 'grid', 'space': {'a': {'integers': [1, 99999]}}}}", "has 99999 combinations, more than 10000"},
    {"{'search': {'method': 'grid', 'space': {'a': []}}}", "must hold at least one value"},
    {"{'search': {'method': 'grid', 'space': {'a': 5}}}", "search.space.a: must be a list of values or a range"},
    {"{'search': {'method': 'grid', 'space': {'a': [1, 2, 1.0]}}}", "holds a value twice"},
    {"{'search': {'method': 'grid', 'space': {'a': {'unifrom': [1, 2]}}}}", "did you mean \"uniform\"?"},
    {"{'search': {'method': 'grid', 'space': {'a': {'uniform': [1, 2], 'integers': [1, 2]}}}}", "or one range"},
    {"{'search': {'method': 'grid', 'space': {'a': {'integers': [2, 1]}}}}", "the first less than the second"},
    {"{'search': {'method': 'grid', 'space': {'a': {'integers': [1, 'x']}}}}", "needs [low, high], two numbers"},
    {"{'search': {'method': 'grid', 'space': {'a': {'integers': [1, 2.5]}}}}", "needs whole numbers"},
    {"{'search': {'method': 'random', 'trials': 1, 'space': {'a': {'log_uniform': [0, 1]}}}}", "begins above 0"},
    {"{'search': {'method': 'grid', 'space': {'a.b': [1], 'a': [2]}}}", "search.space.a: holds \"a.b\", which is searched too"},
    {"{'search': {'method': 'grid', 'space': {'a': [1], 'a.b': [2]}}}", "search.space.a.b: leads into \"a\""},
    {"{'search': {'method': 'grid', 'space': {'a..b': [1]}}}", "the key path has an empty part"},
    {"{'search': {'method': 'grid', 'space': {'seed': [1]}}}", "the best seed is luck"},
    {"{'search': {'method': 'grid', 'space': {'attack.z': [1]}}}", "would choose the weakest"},
    {"{'search': {'method': 'grid', 'space': {'name': ['x']}}}", "the name is that of the whole search"},
    {"{'search': {'method': 'grid', 'space': {'search.seed': [1]}}}", "a search cannot be searched"},
    {"{'search': {'method': 'grid', 'space': {'data.validation': [1]}}}", "the same validation samples"},
    {"{'search': {'method': 'grid', 'space': {'data': [{}]}}}", "holds data.validation"},
    {"{'search': {'first_rounds': 1, 'space': {'rounds': [1]}}}", "rounds are what this method rations"},
    {"{'search': {'method': 'grid', 'attacks': [], 'space': {'a': [1]}}}", "search.attacks: must be a list of at least one attack; found an empty"},
    {"{'search': {'method': 'grid', 'attacks': 'alie', 'space': {'a': [1]}}}", "found the string \"alie\""},
    {"{'attack': 'alie', 'search': {'method': 'grid', 'attacks': ['ipm'], 'space': {'a': [1]}}}", "f:1:12: attack: search.attacks has"},
    {"{'seed': 1, 'search': {'method': 'grid', 'seeds': [2], 'space': {'a': [1]}}}", "f:1:10: seed: search.seeds has"},
    {"{'search': {'method': 'grid', 'seeds': [2, 3, 2], 'space': {'a': [1]}}}", "holds a seed twice"},
};
/* clang-format on */

Test(search_space, every_mistake_is_told_with_its_place_and_its_cure)
{
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        struct config_errors errors = {0};
        struct config_search search;
        struct config_source *source = parse(mistakes[i].text);
        cr_expect_neq(config_search_read(source, &search, &errors), ERR_OK, "%s", mistakes[i].text);
        cr_expect_not_null(strstr(text_string(&errors.text), mistakes[i].report), "%s\n%s", mistakes[i].text,
                           text_string(&errors.text));
        config_errors_fini(&errors);
        config_source_free(source);
    }
}

Test(search_space, all_mistakes_are_told_together)
{
    struct config_errors errors = {0};
    struct config_search search;
    struct config_source *source = parse("{'sweep': {}, 'search': {'seeds': [1, 1], 'attacks': [], 'x': 1, "
                                         "'space': {'seed': [1], 'a': [], 'b': 5}}}");
    config_search_read(source, &search, &errors);
    cr_assert_eq(errors.count, 7, "%zu:\n%s", errors.count, text_string(&errors.text));
    config_errors_fini(&errors);
    config_source_free(source);
}

Test(search_space, what_is_searched_and_set_is_refused_and_set_reaches_into_the_space)
{
    struct config_errors errors = {0};
    struct config_search search;
    struct config_source *source =
        parse("{'search': {'method': 'grid', 'space': {'server.momentum': [0, 1]}}}");
    cr_assert_eq(config_source_set(source, "search.space.server.momentum=[0.5]", &errors), 0);
    cr_assert_eq(config_source_set(source, "search.space.workers.momentum=[0.1,0.2]", &errors), 0);
    cr_assert_eq(config_search_read(source, &search, &errors), ERR_OK, "%s", text_string(&errors.text));
    cr_assert_eq(search.dimension_count, 2);
    cr_assert_eq(config_space_size(&search), 2);
    cr_assert_eq(config_source_set(source, "server.momentum=0.7", &errors), 0);
    cr_assert_neq(config_search_read(source, &search, &errors), ERR_OK);
    cr_assert_not_null(
        strstr(text_string(&errors.text), "is searched and given by --set server.momentum=0.7"));
    config_errors_fini(&errors);
    config_source_free(source);
}

Test(search_space, a_grid_is_in_order_the_last_key_fastest)
{
    struct config_search search;
    struct config_source *source = read_block("{'search': {'method': 'grid', 'space': {'a': ['x', 'y'], 'b': "
                                              "{'integers': [3, 5]}, 'c': [0.5, null]}}}",
                                              &search);
    cJSON *trials[12] = {0};
    struct text all = {0};
    cr_assert_eq(config_space_size(&search), 12);
    draw(&search, false, 12, trials);
    for (size_t t = 0; t < 12; t += 5) {
        char *json = config_render(trials[t], false);
        text_printf(&all, "%s ", json);
        cJSON_free(json);
    }
    cr_assert_str_eq(text_string(&all), "{\"a\":\"x\",\"b\":3,\"c\":0.5} {\"a\":\"x\",\"b\":5,\"c\":null} "
                                        "{\"a\":\"y\",\"b\":5,\"c\":0.5} ");
    text_fini(&all);
    drop(trials, 12);
    config_source_free(source);
}

/* Bounds, and where half of the draws fall: at the geometric mean of a logarithmic range, at the middle of
 * others. */
Test(search_space, draws_stay_in_their_ranges_and_fill_them)
{
    struct config_search search;
    struct config_source *source = read_block(
        "{'search': {'method': 'random', 'trials': 2000, 'space': {'u': {'uniform': [-1, 3]}, 'l': "
        "{'log_uniform': [0.001, 10]}, 'i': {'integers': [-2, 2]}, 'v': [7, 8, 9]}}}",
        &search);
    cJSON *trials[DRAWN] = {0};
    size_t below_middle = 0, below_root = 0, whole[5] = {0}, values[3] = {0};
    draw(&search, true, DRAWN, trials);
    for (size_t t = 0; t < DRAWN; t++) {
        double u = value_of(trials[t], "u"), l = value_of(trials[t], "l"), i = value_of(trials[t], "i");
        cr_assert(u >= -1 && u <= 3 && l >= 0.001 && l <= 10, "%g %g", u, l);
        cr_assert(i >= -2 && i <= 2 && i == floor(i), "%g", i);
        below_middle += u < 1;
        below_root += l < 0.1;
        whole[(size_t)(i + 2)]++;
        values[(size_t)value_of(trials[t], "v") - 7]++;
        char digits[32];
        snprintf(digits, sizeof digits, "%.6g", l);
        cr_assert_eq(strtod(digits, NULL), l, "%.17g has more than six digits", l);
    }
    /* Five standard deviations of a fair coin: 112. */
    cr_assert(below_middle > DRAWN / 2 - 112 && below_middle < DRAWN / 2 + 112, "%zu", below_middle);
    cr_assert(below_root > DRAWN / 2 - 112 && below_root < DRAWN / 2 + 112, "%zu", below_root);
    for (size_t k = 0; k < 5; k++)
        cr_assert(whole[k] > 310 && whole[k] < 490, "%zu: %zu", k, whole[k]);
    for (size_t k = 0; k < 3; k++)
        cr_assert(values[k] > 560 && values[k] < 775, "%zu: %zu", k, values[k]);
    drop(trials, DRAWN);
    config_source_free(source);
}

static void expect_prefix(const char *space)
{
    struct config_search search;
    struct text text = {0};
    text_printf(&text, "{'search': {'method': 'random', 'trials': 40, 'space': %s}}", space);
    struct config_source *source = read_block(text_string(&text), &search);
    cJSON *few[10] = {0}, *many[40] = {0}, *others[10] = {0};
    size_t same = 0;
    draw(&search, true, 10, few);
    draw(&search, true, 40, many);
    search.seed = 2;
    draw(&search, true, 10, others);
    for (size_t t = 0; t < 10; t++) {
        cr_assert(cJSON_Compare(few[t], many[t], true), "trial %zu", t);
        same += cJSON_Compare(few[t], others[t], true) != 0;
    }
    cr_assert_lt(same, 5, "another seed draws others");
    for (size_t t = 0; t < 40; t++)
        for (size_t k = 0; k < t; k++)
            cr_assert_not(cJSON_Compare(many[t], many[k], true), "trials %zu and %zu", k, t);
    drop(few, 10);
    drop(many, 40);
    drop(others, 10);
    text_fini(&text);
    config_source_free(source);
}

Test(search_space, more_trials_begin_with_the_same_ones_and_none_comes_twice)
{
    expect_prefix("{'a': {'uniform': [0, 1]}, 'b': [1, 2]}");
    expect_prefix("{'a': {'integers': [1, 10]}, 'b': [1, 2, 3, 4]}"); /* all of them */
    expect_prefix("{'a': {'integers': [1, 2000000]}}");
    expect_prefix("{'a': {'uniform': [1, 1.001]}}"); /* a hundred values of six digits */
}

Test(search_space, a_space_that_is_drawn_whole_is_drawn_once)
{
    struct config_search search;
    struct config_source *source = read_block(
        "{'search': {'method': 'random', 'trials': 6, 'space': {'a': [1, 2], 'b': [1, 2, 3]}}}", &search);
    cJSON *trials[6] = {0};
    unsigned seen = 0;
    draw(&search, true, 6, trials);
    for (size_t t = 0; t < 6; t++)
        seen |= 1u << (unsigned)(3 * (value_of(trials[t], "a") - 1) + value_of(trials[t], "b") - 1);
    cr_assert_eq(seen, 63u);
    drop(trials, 6);
    config_source_free(source);
}

Test(search_space, runs_are_labelled_by_trial_attack_and_seed)
{
    struct config_search search;
    struct config_errors errors = {0};
    struct config_points points;
    struct config_source *source = read_block(
        "{'rounds': 9, 'search': {'method': 'grid', 'attacks': ['alie', {'name': 'ipm', 'epsilon': 1}], "
        "'seeds': [4, 5], 'space': {'server.aggregator.name': ['krum', 'mean', 'median', 'cge', 'mda', "
        "'caf', "
        "'mva', 'monna', 'faba', 'aksel']}}}",
        &search);
    cJSON *trials[10] = {0};
    draw(&search, false, 10, trials);
    cr_assert_eq(config_search_points(source, &search, trials, 10, &points, &errors), ERR_OK);
    cr_assert_eq(points.count, 40);
    cr_assert_str_eq(points.items[0].label, "trial01-alie-seed4");
    cr_assert_str_eq(points.items[39].label, "trial10-ipm-seed5");
    char *json = config_render(points.items[38].json, false);
    cr_assert_str_eq(json,
                     "{\"rounds\":9,\"server\":{\"aggregator\":{\"name\":\"aksel\"}},\"attack\":{\"name\":"
                     "\"ipm\",\"epsilon\":1},\"seed\":4}");
    cJSON_free(json);
    drop(trials, 10);
    config_points_free(&points);
    config_errors_fini(&errors);
    config_source_free(source);
}
