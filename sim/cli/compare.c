/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `byzsim compare`: what differs between two results, or between the results of two folders. */
#include "sim/api/byz_param.h"
#include "sim/base/mem.h"
#include "sim/cli/cli.h"
#include "sim/cli/common.h"
#include "sim/config/config.h"
#include "sim/report/fields.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct cli_option options[] = {
    {"where", "KEY=VALUE", "only results that meet this; also !=, <, <=, >, >=; may be repeated"},
};

/* What is compared after the configuration. */
static const char *const outcome[] = {
    "status",
    "rounds_completed",
    "final.test_accuracy",
    "final.test_bits_per_character",
    "final.test_loss",
    "final.train_loss",
    "final.parameter_error",
    "final.skipped_rounds",
    "final.dropped_messages",
    "kappa",
    "environment.version",
    "environment.commit",
    "environment.cpu",
    "environment.kernels",
};

static void print_words(const cJSON *value)
{
    struct text words = {0};
    if (value == NULL)
        text_add(&words, "(none)");
    else
        fields_words(value, &words);
    fputs(text_string(&words), stdout);
    text_fini(&words);
}

/* "  key: a -> b", with the difference of numbers; whether they differ. */
static bool print_difference(const char *key, const cJSON *a, const cJSON *b)
{
    if ((a == NULL && b == NULL) || (a != NULL && b != NULL && cJSON_Compare(a, b, true)))
        return false;
    printf("  %s: ", key);
    print_words(a);
    printf(" -> ");
    print_words(b);
    if (a != NULL && b != NULL && cJSON_IsNumber(a) && cJSON_IsNumber(b))
        printf("  (%+.4g)", b->valuedouble - a->valuedouble);
    printf("\n");
    return true;
}

static const char *digest_of(const struct record *record)
{
    const char *digest = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(record->json, "digest"));
    return digest == NULL ? "" : digest;
}

static bool same_path(const struct record *a, const struct record *b)
{
    return strcmp(digest_of(a), digest_of(b)) == 0;
}

static const cJSON *config_at(const struct record *record, const char *key)
{
    return config_value_at(cJSON_GetObjectItemCaseSensitive(record->json, "config"), key);
}

static int compare_files(const struct record *a, const struct record *b)
{
    struct record both[] = {*a, *b};
    const struct records pair = {.items = both, .count = 2};
    struct fields keys = {0};
    size_t differences = 0;
    if (!fields_of_configs(&pair, false, &keys)) {
        fields_fini(&keys);
        return cli_failed(&(struct err){.code = ERR_MEMORY});
    }
    printf("%s -> %s\n\nconfiguration:\n", a->path, b->path);
    for (size_t k = 0; k < keys.count; k++)
        differences += print_difference(keys.keys[k], config_at(a, keys.keys[k]), config_at(b, keys.keys[k]));
    printf("%s\noutcome:\n", differences == 0 ? "  the same\n" : "");
    differences = 0;
    for (size_t k = 0; k < BYZ_LENGTH(outcome); k++)
        differences += print_difference(outcome[k], fields_find(a, outcome[k]), fields_find(b, outcome[k]));
    printf("%s", differences == 0 ? "  the same\n" : "");
    printf("\n%s (digests %s and %s)\n",
           same_path(a, b) ? "Both took the same path, to the bit" : "They took different paths",
           digest_of(a), digest_of(b));
    fields_fini(&keys);
    return CLI_OK;
}

/* The results of two folders, each of the first with its counterpart in the second. */
struct pairs {
    struct records a, b;
    size_t *partner; /* (a.count) index into b, or NONE */
    bool *taken;     /* (b.count) */
};

enum { NONE = -1 };

static bool matches(const struct record *a, const struct record *b, const char *key)
{
    const char *x = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(a->json, key));
    const char *y = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(b->json, key));
    return x != NULL && y != NULL && strcmp(x, y) == 0;
}

/* Results of one configuration belong together, then those of one label: the same point of two sweeps. */
static int match(struct pairs *pairs, struct err *err)
{
    static const char *const keys[] = {"config_sha256", "label"};
    pairs->partner = mem_array(pairs->a.count, sizeof *pairs->partner, err);
    pairs->taken = mem_array(pairs->b.count, sizeof *pairs->taken, err);
    if (pairs->partner == NULL || pairs->taken == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < pairs->a.count; i++)
        pairs->partner[i] = (size_t)NONE;
    for (size_t k = 0; k < BYZ_LENGTH(keys); k++)
        for (size_t i = 0; i < pairs->a.count; i++)
            for (size_t j = 0; j < pairs->b.count && pairs->partner[i] == (size_t)NONE; j++)
                if (!pairs->taken[j] && matches(&pairs->a.items[i], &pairs->b.items[j], keys[k])) {
                    pairs->partner[i] = j;
                    pairs->taken[j] = true;
                }
    return ERR_OK;
}

/* Whether every pair has the same two values there, so that the difference is told once. */
static bool is_common(const struct pairs *pairs, const char *key, const cJSON **a, const cJSON **b)
{
    bool first = true;
    for (size_t i = 0; i < pairs->a.count; i++) {
        if (pairs->partner[i] == (size_t)NONE)
            continue;
        const cJSON *x = config_at(&pairs->a.items[i], key),
                    *y = config_at(&pairs->b.items[pairs->partner[i]], key);
        if (!first &&
            ((x == NULL) != (*a == NULL) || (y == NULL) != (*b == NULL) ||
             (x != NULL && !cJSON_Compare(x, *a, true)) || (y != NULL && !cJSON_Compare(y, *b, true))))
            return false;
        *a = x;
        *b = y;
        first = false;
    }
    return !first;
}

static void print_configurations(const struct pairs *pairs, const struct fields *keys)
{
    size_t differences = 0;
    printf("configuration, where all pairs differ in the same way:\n");
    for (size_t k = 0; k < keys->count; k++) {
        const cJSON *a = NULL, *b = NULL;
        if (is_common(pairs, keys->keys[k], &a, &b))
            differences += print_difference(keys->keys[k], a, b);
    }
    printf("%s\n", differences == 0 ? "  nowhere\n" : "");
}

static const char *measure_of(const struct record *record)
{
    static const char *const figures[] = {"test_bits_per_character", "test_accuracy", "parameter_error",
                                          "train_loss"};
    for (size_t k = 0; k + 1 < BYZ_LENGTH(figures); k++)
        if (cJSON_IsNumber(fields_find(record, figures[k])))
            return figures[k];
    return figures[BYZ_LENGTH(figures) - 1];
}

static void print_name(const struct record *record)
{
    struct text words = {0};
    const cJSON *label = cJSON_GetObjectItemCaseSensitive(record->json, "label");
    if (cJSON_IsString(label) && label->valuestring[0] != '\0')
        fields_words(label, &words);
    else
        text_add(&words, strrchr(record->path, '/') == NULL ? record->path : strrchr(record->path, '/') + 1);
    printf("  %-50s", text_string(&words));
    text_fini(&words);
}

static void print_pair(const struct record *a, const struct record *b)
{
    const char *measure = measure_of(a);
    const cJSON *x = fields_find(a, measure), *y = fields_find(b, measure);
    print_name(a);
    printf(" %s ", measure);
    print_words(x);
    printf(" -> ");
    print_words(y);
    if (cJSON_IsNumber(x) && cJSON_IsNumber(y))
        printf("  (%+.4g)", y->valuedouble - x->valuedouble);
    printf("%s\n", same_path(a, b) ? "  the same path" : "");
}

static void print_pairs(const struct pairs *pairs)
{
    size_t count = 0, same = 0;
    for (size_t i = 0; i < pairs->a.count; i++) {
        if (pairs->partner[i] == (size_t)NONE)
            continue;
        const struct record *a = &pairs->a.items[i], *b = &pairs->b.items[pairs->partner[i]];
        print_pair(a, b);
        count++;
        same += same_path(a, b);
    }
    printf("\n%zu pair%s, %zu of them took the same path to the bit\n", count, count == 1 ? "" : "s", same);
}

static void print_lonely(const struct pairs *pairs, const char *a, const char *b)
{
    for (size_t i = 0; i < pairs->a.count; i++)
        if (pairs->partner[i] == (size_t)NONE)
            printf("only in %s: %s\n", a, pairs->a.items[i].path);
    for (size_t j = 0; j < pairs->b.count; j++)
        if (!pairs->taken[j])
            printf("only in %s: %s\n", b, pairs->b.items[j].path);
}

static int compare_folders(struct pairs *pairs, const char *a, const char *b)
{
    struct fields keys = {0};
    struct err err = {0};
    int rc = match(pairs, &err);
    if (rc == ERR_OK &&
        (!fields_of_configs(&pairs->a, false, &keys) || !fields_of_configs(&pairs->b, false, &keys)))
        rc = err_set(&err, ERR_MEMORY, "out of memory");
    if (rc == ERR_OK) {
        printf("%s -> %s\n\n", a, b);
        print_configurations(pairs, &keys);
        print_pairs(pairs);
        print_lonely(pairs, a, b);
    }
    fields_fini(&keys);
    return rc == ERR_OK ? CLI_OK : cli_failed(&err);
}

static int compare(const struct common_list *paths, const struct common_list *conditions)
{
    struct pairs pairs = {0};
    const struct common_list first = {.count = 1, .items = {paths->items[0]}};
    const struct common_list second = {.count = 1, .items = {paths->items[1]}};
    int status = common_records(&pairs.a, &first, conditions, NULL);
    if (status == CLI_OK)
        status = common_records(&pairs.b, &second, conditions, NULL);
    if (status == CLI_OK && pairs.a.count == 1 && pairs.b.count == 1)
        status = compare_files(&pairs.a.items[0], &pairs.b.items[0]);
    else if (status == CLI_OK)
        status = compare_folders(&pairs, paths->items[0], paths->items[1]);
    records_fini(&pairs.a);
    records_fini(&pairs.b);
    mem_free(pairs.partner);
    mem_free(pairs.taken);
    return status;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct cli_walk walk = {.command = command, .argc = argc, .argv = argv};
    struct common_list paths = {0}, conditions = {0};
    int option;
    while ((option = cli_next(&walk)) != CLI_END) {
        if (option == CLI_HELP)
            return CLI_OK;
        if (option == CLI_BAD)
            return CLI_USAGE;
        if (!common_list_add(option == CLI_WORD ? &paths : &conditions, walk.value))
            return cli_misused(command, "too many at once: at most %d", COMMON_LIST_MOST);
    }
    return paths.count == 2 ? compare(&paths, &conditions)
                            : cli_misused(command, "two result files or two folders are needed");
}

const struct cli_command cli_compare = {
    .name = "compare",
    .summary = "tell what differs between two results or two folders",
    .arguments = "A B [--where KEY=VALUE]...",
    .details = "Compares two result files, or the results of two folders: what differs in the configuration, "
               "in the\n"
               "outcome, and whether both took the same path to the bit. In folders, results of the same\n"
               "configuration belong together, otherwise those of the same label.\n\n"
               "  byzsim compare results/first/first-6c3b0b6c.json other/first/first-6c3b0b6c.json\n"
               "  byzsim compare results/demo old-results/demo",
    .options = options,
    .option_count = BYZ_LENGTH(options),
    .run = run,
};
