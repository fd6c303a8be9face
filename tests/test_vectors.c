/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reference vectors of an independent implementation, where they are at hand: reference/vectors.json beside
 * the folder that BYZSIM_DATA names. The inputs there are float64, ours float32: outputs agree within 2e-5 of
 * max(1, max |input|). A few cases go through the program itself when BYZSIM_PROGRAM names it.
 */
#include "attacks/registry.h"
#include "sim/base/file.h"
#include "sim/core/trial.h"
#include "sim/num/rows.h"
#include "tests/data/scratch.h"
#include "tests/rules/rule.h"

#include <cjson/cJSON.h>

struct vectors {
    cJSON *json;
    const cJSON *cases;
};

static char *vectors_path(void)
{
    const char *data = getenv("BYZSIM_DATA");
    return data == NULL ? NULL : file_join(data, "../reference/vectors.json");
}

/* Skips the test where the file is not there. */
static struct vectors vectors_open(void)
{
    struct vectors vectors = {0};
    struct err err = {0};
    char *bytes = NULL, *path = vectors_path();
    size_t length = 0;
    if (path == NULL || !file_exists(path))
        cr_skip_test("BYZSIM_DATA names no folder with ../reference/vectors.json");
    cr_assert_eq(file_read(path, 1 << 28, &bytes, &length, &err), 0, "%s", err.text);
    vectors.json = cJSON_Parse(bytes);
    vectors.cases = cJSON_GetObjectItem(vectors.json, "cases");
    cr_assert(cJSON_IsArray(vectors.cases), "%s holds no cases", path);
    free(bytes);
    free(path);
    return vectors;
}

static double number(const cJSON *item)
{
    if (cJSON_IsString(item))
        return strtod(item->valuestring, NULL);
    cr_assert(cJSON_IsNumber(item));
    return item->valuedouble;
}

static const char *word(const cJSON *test, const char *key)
{
    return cJSON_GetObjectItem(test, key)->valuestring;
}

static double param(const cJSON *test, const char *key)
{
    const cJSON *item = cJSON_GetObjectItem(cJSON_GetObjectItem(test, "params"), key);
    return item == NULL ? 0 : number(item);
}

/* How a vector's name and parameters are written for the command line: every key stands for one '%'. */
static const struct {
    const char *name, *format, *keys[2];
} names[] = {
    {"average", "mean", {NULL}},
    {"median", "median", {NULL}},
    {"trmean", "trimmed_mean", {NULL}},
    {"meamed", "meamed", {NULL}},
    {"krum", "krum:neighbours=kappa", {NULL}},
    {"multi_krum", "multi_krum:neighbours=kappa", {NULL}},
    {"geometric_median", "geometric_median:start=zero,nu=%,iterations=%", {"nu", "T"}},
    {"centered_clipping", "centered_clipping:tau=%,iterations=%", {"tau", "L"}},
    {"mda", "mda", {NULL}},
    {"smea", "smea", {NULL}},
    {"monna", "monna:reference=%", {"idx"}},
    {"caf", "caf", {NULL}},
    {"nnm", "nnm", {NULL}},
    {"arc", "arc", {NULL}},
    {"clipping", "clipping:threshold=%", {"c"}},
    {"bucketing", "bucketing:shuffle=false,size=%", {"s"}},
    {"sign_flipping", "sign_flip", {NULL}},
    {"ipm", "ipm:epsilon=%", {"tau"}},
    {"alie", "alie:sign=1,z=%", {"tau"}},
    {"inf", "inf", {NULL}},
    {"mimic", "mimic:target=%", {"epsilon"}},
};

/* Is there a variant of that name yet, in the family of the case or (for the parts of a defence) in any? */
static bool is_ours(const cJSON *test, const char *words)
{
    static const struct byz_family *const families[] = {&attack_family, &aggregator_family,
                                                        &preaggregator_family};
    static const char *const kinds[] = {"attack", "aggregator", "preaggregator"};
    const cJSON *kind = cJSON_GetObjectItem(test, "kind");
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(words, ":"), words);
    for (size_t k = 0; k < BYZ_LENGTH(families); k++)
        if ((kind == NULL || k + 1 == BYZ_LENGTH(families) || strcmp(kind->valuestring, kinds[k]) == 0) &&
            byz_family_find(families[k], name) != NULL)
            return true;
    return false;
}

static bool words_of(const cJSON *test, char *out, size_t size);

/* Writes the defence of a line search, each name behind its word; false without one, or with a name not ours.
 */
static bool chain_of(const cJSON *test, const char *before_stage, const char *before_rule, char *out,
                     size_t size)
{
    const cJSON *params = cJSON_GetObjectItem(test, "params"), *stage;
    const cJSON *rule = cJSON_GetObjectItem(params, "agg");
    char words[128];
    size_t used = 0;
    cJSON_ArrayForEach(stage, cJSON_GetObjectItem(params, "pre"))
    {
        if (!words_of(stage, words, sizeof words))
            return false;
        used += (size_t)snprintf(out + used, size - used, "%s%s ", before_stage, words);
    }
    if (rule == NULL || !words_of(rule, words, sizeof words))
        return false;
    snprintf(out + used, size - used, "%s%s", before_rule, words);
    return true;
}

/* The line searches have several knobs, and a defence, whose names must all be ours. */
static bool search_words_of(const cJSON *test, char *out, size_t size)
{
    char chain[256];
    snprintf(out, size, "%s:evaluations=%g,start=%.17g,step=%.17g,ratio=%.17g", word(test, "name"),
             param(test, "evals"), param(test, "start"), param(test, "delta"), param(test, "ratio"));
    return chain_of(test, "", "| ", chain, sizeof chain);
}

/* False: a name that is not ours yet. */
static bool words_of(const cJSON *test, char *out, size_t size)
{
    size_t row = 0, used = 0, key = 0;
    if (strncmp(word(test, "name"), "optimal_", 8) == 0)
        return search_words_of(test, out, size);
    while (row < BYZ_LENGTH(names) && strcmp(names[row].name, word(test, "name")) != 0)
        row++;
    if (row == BYZ_LENGTH(names))
        return false;
    for (const char *c = names[row].format; *c != '\0'; c++)
        used += *c == '%'
                    ? (size_t)snprintf(out + used, size - used, "%.17g", param(test, names[row].keys[key++]))
                    : (size_t)snprintf(out + used, size - used, "%c", *c);
    return is_ours(test, out);
}

/* The input rows as floats, in the order of "perm" where the case has one; *most is max(1, max |input|). */
static struct grid input_of(const cJSON *test, double *most)
{
    const cJSON *rows = cJSON_GetObjectItem(test, "input"), *item,
                *perm = cJSON_GetObjectItem(cJSON_GetObjectItem(test, "params"), "perm");
    size_t n = (size_t)cJSON_GetArraySize(rows), d = (size_t)cJSON_GetArraySize(rows->child);
    struct grid grid = grid_empty(n, d);
    *most = 1;
    for (size_t i = 0; i < n; i++) {
        int from = perm == NULL ? (int)i : cJSON_GetArrayItem(perm, (int)i)->valueint;
        size_t k = 0;
        cJSON_ArrayForEach(item, cJSON_GetArrayItem(rows, from))
        {
            grid_row(&grid, i)[k++] = (float)number(item);
            *most = fmax(*most, fabs(number(item)));
        }
    }
    return grid;
}

/* A line search may end in numbers far larger than the input, and these are single precision, too: slack goes
 * by the largest number there is. */
static double largest(const cJSON *item, double most)
{
    for (const cJSON *child = item->child; child != NULL; child = child->next)
        most = largest(child, most);
    bool counts = cJSON_IsNumber(item) && isfinite(item->valuedouble);
    return counts ? fmax(most, fabs(item->valuedouble)) : most;
}

static void compare(const cJSON *test, const char *words, const float *got, double most)
{
    const cJSON *item, *row, *output = cJSON_GetObjectItem(test, "output");
    size_t at = 0;
    most = largest(output, most);
    cJSON_ArrayForEach(row, output)
    {
        if (!cJSON_IsArray(row)) {
            cr_assert(grid_near(got[at], number(row), 2e-5 * most), "%s n=%g: number %zu is %.9g, not %.9g",
                      words, cJSON_GetObjectItem(test, "n")->valuedouble, at, (double)got[at], number(row));
            at++;
            continue;
        }
        cJSON_ArrayForEach(item, row)
        {
            cr_assert(grid_near(got[at], number(item), 2e-5 * most), "%s: number %zu is %.9g, not %.9g",
                      words, at, (double)got[at], number(item));
            at++;
        }
    }
    cr_assert_gt(at, 0);
}

static void check_rule(const cJSON *test, const char *words, bool before)
{
    double most;
    char line[256];
    struct defence_settings settings;
    struct rule_answer answer;
    struct grid grid = input_of(test, &most);
    snprintf(line, sizeof line, before ? "%s |" : "%s", words);
    rule_settings(line, &settings);
    rule_run(&settings, &grid, (size_t)param(test, "f"), NULL, &answer);
    cr_assert(answer.answered, "%s: %s", words, answer.reason);
    compare(test, words, answer.out, most);
    const cJSON *selected = cJSON_GetObjectItem(cJSON_GetObjectItem(test, "info"), "selected");
    if (selected != NULL)
        cr_assert_eq(answer.shares[selected->valueint], 1, "%s picks another row than %d", words,
                     selected->valueint);
    rule_release(&settings);
    grid_fini(&grid);
}

/* A case whose previous output is given: the rule by itself, with that as its state. */
static void check_rule_after(const cJSON *test, const char *words, const cJSON *before)
{
    double most;
    struct byz_variant variant;
    struct grid grid = input_of(test, &most);
    rule_variant(&aggregator_family, words, &variant);
    const struct byz_aggregator *rule = (const void *)variant.kind;
    char reason[BYZ_REASON_SIZE] = "";
    size_t bytes = rule->scratch_bytes(variant.params, grid.n, grid.d, 1);
    struct byz_report report = {0};
    float *state = mem_array(rule->state_bytes(variant.params, grid.n, grid.d), 1, NULL),
          *out = mem_array(grid.ld, sizeof *out, NULL);
    void *scratch = mem_array(bytes, 1, NULL);
    const struct byz_aggregator_input in = {.n = grid.n,
                                            .f = (size_t)param(test, "f"),
                                            .d = grid.d,
                                            .ld = grid.ld,
                                            .x = grid.x,
                                            .state = state,
                                            .scratch = scratch,
                                            .scratch_size = bytes,
                                            .report = &report};
    for (size_t k = 0; k < grid.d; k++)
        state[k] = (float)number(cJSON_GetArrayItem(before, (int)k));
    cr_assert_eq(rule->needs, 0, "%s", words);
    cr_assert_eq(rule->apply(variant.params, &in, out, reason), 0, "%s: %s", words, reason);
    compare(test, words, out, most);
    cr_expect(grid_same_bits(state, out, grid.d), "%s does not keep its output", words);
    mem_free(state);
    mem_free(out);
    mem_free(scratch);
    config_variant_release(&variant);
    grid_fini(&grid);
}

/* Where the case has a defence: room for trials of it. */
static bool make_trial(const cJSON *test, const struct grid *grid, struct defence_settings *settings,
                       struct trial *trial)
{
    char chain[256];
    size_t f = (size_t)param(test, "f");
    struct err err = {0};
    *settings = (struct defence_settings){0};
    *trial = (struct trial){0};
    if (cJSON_GetObjectItem(cJSON_GetObjectItem(test, "params"), "agg") == NULL)
        return false;
    cr_assert(chain_of(test, "", "| ", chain, sizeof chain));
    rule_settings(chain, settings);
    cr_assert_eq(trial_init(trial, settings, grid->n + f, grid->d, grid->ld, &err), 0);
    trial->f = f;
    return true;
}

static void check_attack(const cJSON *test, const char *words)
{
    double most;
    struct byz_variant variant;
    struct grid grid = input_of(test, &most);
    const float *rows[RULE_ROWS];
    float message[RULE_COLUMNS], scratch[4 * RULE_COLUMNS], *out[] = {message};
    struct defence_settings settings;
    struct trial trial;
    bool tries = make_trial(test, &grid, &settings, &trial);
    size_t b = tries ? trial.f : 1;
    char reason[BYZ_REASON_SIZE] = "";
    rule_variant(&attack_family, words, &variant);
    rows_of_matrix(grid.x, grid.n, grid.ld, rows);
    const struct byz_attack_input in = {.n = grid.n + b,
                                        .b = b,
                                        .d = grid.d,
                                        .known = rows,
                                        .known_count = grid.n,
                                        .own = rows,
                                        .senders = 1,
                                        .scratch = scratch,
                                        .scratch_size = sizeof scratch,
                                        .defend = tries ? trial_defend : NULL,
                                        .defender = &trial};
    cr_assert_eq(
        ((const struct byz_attack *)(const void *)variant.kind)->apply(variant.params, &in, out, reason), 0);
    compare(test, words, message, most);
    rule_release(&settings);
    trial_fini(&trial);
    config_variant_release(&variant);
    grid_fini(&grid);
}

/* The output of the round before, where the case has one. */
static const cJSON *previous_of(const cJSON *test)
{
    return cJSON_GetObjectItem(cJSON_GetObjectItem(test, "params"), "m");
}

/* Runs every case of one kind; returns how many, and prints the names that are not ours yet. */
static size_t run_kind(const char *kind)
{
    struct vectors vectors = vectors_open();
    const cJSON *test;
    size_t done = 0, unknown = 0;
    omp_set_num_threads(1);
    cJSON_ArrayForEach(test, vectors.cases)
    {
        char words[128];
        if (strcmp(word(test, "kind"), kind) != 0)
            continue;
        if (!words_of(test, words, sizeof words)) {
            unknown++;
            continue;
        }
        if (strcmp(kind, "attack") == 0)
            check_attack(test, words);
        else if (previous_of(test) != NULL)
            check_rule_after(test, words, previous_of(test));
        else
            check_rule(test, words, strcmp(kind, "preaggregator") == 0);
        done++;
    }
    cr_log_info("%s vectors: %zu checked, %zu of names that are not ours yet", kind, done, unknown);
    cJSON_Delete(vectors.json);
    return done;
}

Test(vectors, aggregators)
{
    cr_expect_geq(run_kind("aggregator"), 150);
}

Test(vectors, preaggregators)
{
    cr_expect_geq(run_kind("preaggregator"), 60);
}

Test(vectors, attacks)
{
    cr_expect_geq(run_kind("attack"), 25);
}

/* --- through the program ----------------------------------------------------------------------------------
 */

/* Writes the case's rows to a file, runs the program on it and compares what it prints. */
static void check_program(const cJSON *test, const char *program, const char *folder, const char *words)
{
    char command[1024], output[65536], chain[256] = "";
    double most;
    float got[RULE_COLUMNS];
    struct grid grid = input_of(test, &most);
    struct text rows = {0};
    for (size_t i = 0; i < grid.n; i++)
        for (size_t k = 0; k < grid.d; k++)
            text_printf(&rows, "%s%.9g%s",
                        k > 0    ? ","
                        : i == 0 ? "[["
                                 : "[",
                        (double)grid_row(&grid, i)[k],
                        k + 1 < grid.d   ? ""
                        : i + 1 < grid.n ? "],"
                                         : "]]");
    scratch_write(folder, "rows.json", rows.data, rows.length);
    bool attack = strcmp(word(test, "kind"), "attack") == 0;
    chain_of(test, "--pre ", "--rule ", chain, sizeof chain);
    snprintf(command, sizeof command, "'%s' %s %s %s --byzantine %g --json '%s/rows.json'", program,
             attack                                          ? "attack --name"
             : strcmp(word(test, "kind"), "aggregator") == 0 ? "aggregate --rule"
                                                             : "aggregate --pre",
             words, chain, attack && chain[0] == '\0' ? 3 : param(test, "f"), folder);
    FILE *pipe = popen(command, "r");
    cr_assert_not_null(pipe);
    output[fread(output, 1, sizeof output - 1, pipe)] = '\0';
    cr_assert_eq(pclose(pipe), 0, "%s", command);
    cJSON *json = cJSON_Parse(output);
    const cJSON *item, *row, *list = cJSON_GetObjectItem(json, "output");
    size_t at = 0;
    cr_assert(cJSON_IsArray(list), "%s: %s", command, output);
    cJSON_ArrayForEach(row, list)
    {
        if (!cJSON_IsArray(row))
            got[at++] = (float)number(row);
        else
            cJSON_ArrayForEach(item, row)
            {
                got[at++] = (float)number(item);
            }
    }
    compare(test, words, got, most);
    cJSON_Delete(json);
    text_fini(&rows);
    grid_fini(&grid);
}

/* The first cases of each name with a few columns. */
Test(vectors, through_the_program)
{
    const char *program = getenv("BYZSIM_PROGRAM");
    struct vectors vectors = vectors_open();
    if (program == NULL)
        cr_skip_test("BYZSIM_PROGRAM does not name the program");
    char *folder = scratch_make(), seen[1024] = "";
    const cJSON *test;
    size_t done = 0;
    cJSON_ArrayForEach(test, vectors.cases)
    {
        char words[128];
        const char *name = word(test, "name");
        if (cJSON_GetObjectItem(test, "d")->valueint != 3 || strstr(seen, name) != NULL ||
            previous_of(test) != NULL || !words_of(test, words, sizeof words))
            continue;
        snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "%s ", name);
        check_program(test, program, folder, words);
        done++;
    }
    cr_expect_geq(done, 10);
    scratch_remove(folder);
    cJSON_Delete(vectors.json);
}
