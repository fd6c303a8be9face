/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/test_config_fixture.h"

#include <string.h>

static const char *const even_words[] = {"mid", "lower", "upper", NULL};
static const char *const neighbour_words[] = {"paper", "kappa", NULL};
static const char *const distance_words[] = {"squared", "euclidean", "fourth", NULL};
static const char *const auto_words[] = {"auto", NULL};
static const char *const start_words[] = {"zero", "median", NULL};
static const char *const nonfinite_words[] = {"drop", "keep", NULL};
static const uint64_t hidden_sizes[] = {100, 50, 0};

static const struct byz_param median_params[] = {
    {.name = "even",
     .type = BYZ_CHOICE,
     .choices = even_words,
     .initial_word = "mid",
     .doc = "Median of an even count."},
};

#define KRUM(field) offsetof(struct fixture_krum, field)
static const struct byz_param krum_params[] = {
    {.name = "neighbours",
     .type = BYZ_CHOICE,
     .offset = KRUM(neighbours),
     .choices = neighbour_words,
     .initial_word = "paper",
     .doc = "How many nearest rows count: n-f-2 as in the paper, or n-f-1, which counts the row itself among "
            "n-f."},
    {.name = "distance",
     .type = BYZ_CHOICE,
     .offset = KRUM(distance),
     .choices = distance_words,
     .initial_word = "squared",
     .doc = "The distance that is summed."},
};

#define CLIP(field) offsetof(struct fixture_clip, field)
static const struct byz_param clip_params[] = {
    {.name = "tau",
     .type = BYZ_REAL,
     .offset = CLIP(tau),
     .initial = 10,
     .min = BYZ_ABOVE_ZERO,
     .max = DBL_MAX,
     .doc = "Radius."},
    {.name = "offset",
     .type = BYZ_REAL,
     .offset = CLIP(offset),
     .min = -DBL_MAX,
     .max = DBL_MAX,
     .doc = "Any number."},
    {.name = "iterations",
     .type = BYZ_COUNT,
     .offset = CLIP(iterations),
     .initial = 1,
     .min = 1,
     .max = 100,
     .doc = "Steps."},
    {.name = "start",
     .type = BYZ_REAL_OR_CHOICE,
     .offset = CLIP(start),
     .initial = 0.5,
     .min = 0,
     .max = 1,
     .choices = start_words,
     .doc = "Where the first step starts."},
};

static const struct byz_descriptor mean = {.name = "mean", .doc = "The average."};
static const struct byz_descriptor median = {.name = "median",
                                             .doc = "The median.",
                                             .params = median_params,
                                             .param_count = 1,
                                             .params_size = sizeof(int)};
static const struct byz_descriptor krum = {
    .name = "krum",
    .doc = "The row whose nearest rows are nearest. Cost O(n^2 d). Blanchard, El "
           "Mhamdi, Guerraoui, Stainer, NeurIPS 2017.",
    .params = krum_params,
    .param_count = 2,
    .params_size = sizeof(struct fixture_krum)};
static const struct byz_descriptor clip = {.name = "centered_clipping",
                                           .doc = "Clipping around the last output.",
                                           .params = clip_params,
                                           .param_count = 4,
                                           .params_size = sizeof(struct fixture_clip)};

static const struct byz_descriptor *aggregator_at(size_t index)
{
    static const struct byz_descriptor *const table[] = {&mean, &median, &krum, &clip};
    return table[index];
}

const struct byz_family config_fixture_aggregators = {
    .name = "aggregator", .plural = "aggregators", .count = 4, .at = aggregator_at};

struct bucketing {
    uint64_t size;
    bool shuffle;
};
static const struct byz_param bucketing_params[] = {
    {.name = "size",
     .type = BYZ_COUNT,
     .offset = offsetof(struct bucketing, size),
     .initial = 2,
     .min = 1,
     .max = BYZ_COUNT_MOST,
     .doc = "Rows a bucket."},
    {.name = "shuffle",
     .type = BYZ_FLAG,
     .offset = offsetof(struct bucketing, shuffle),
     .initial = 1,
     .doc = "Permute the rows first."},
};
static const struct byz_descriptor nnm = {.name = "nnm", .doc = "Nearest-neighbour mixing."};
static const struct byz_descriptor bucketing = {.name = "bucketing",
                                                .doc = "Means of buckets.",
                                                .params = bucketing_params,
                                                .param_count = 2,
                                                .params_size = sizeof(struct bucketing)};

static const struct byz_descriptor *preaggregator_at(size_t index)
{
    static const struct byz_descriptor *const table[] = {&nnm, &bucketing};
    return table[index];
}

static const struct byz_family preaggregators = {
    .name = "pre-aggregator", .plural = "pre-aggregators", .count = 2, .at = preaggregator_at};

static const struct byz_param alie_params[] = {
    {.name = "z",
     .type = BYZ_REAL_OR_CHOICE,
     .min = -DBL_MAX,
     .max = DBL_MAX,
     .choices = auto_words,
     .initial_word = "auto",
     .doc = "Standard deviations."},
};
static const struct byz_param ipm_params[] = {
    {.name = "epsilon", .type = BYZ_REAL, .initial = 0.1, .min = 0, .max = DBL_MAX, .doc = "Factor."},
};
static const struct byz_descriptor none = {.name = "none", .doc = "No attack."};
static const struct byz_descriptor alie = {.name = "alie",
                                           .doc = "A little is enough.",
                                           .params = alie_params,
                                           .param_count = 1,
                                           .params_size = sizeof(struct byz_real_or_choice)};
static const struct byz_descriptor ipm = {.name = "ipm",
                                          .doc = "Inner-product manipulation.",
                                          .params = ipm_params,
                                          .param_count = 1,
                                          .params_size = sizeof(double)};

static const struct byz_descriptor *attack_at(size_t index)
{
    static const struct byz_descriptor *const table[] = {&none, &alie, &ipm};
    return table[index];
}

const struct byz_family config_fixture_attacks = {
    .name = "attack", .plural = "attacks", .count = 3, .at = attack_at};

const struct byz_param config_fixture_attack_common[2] = {
    {.name = "start",
     .type = BYZ_COUNT,
     .offset = offsetof(struct fixture_attack, start),
     .max = BYZ_COUNT_MOST,
     .doc = "First round of the attack."},
    {.name = "stop",
     .type = BYZ_COUNT,
     .offset = offsetof(struct fixture_attack, stop),
     .initial = 1e6,
     .max = BYZ_COUNT_MOST,
     .doc = "First round after the attack."},
};

#define SERVER(field) offsetof(struct fixture_server, field)
static const struct byz_param server_knobs[] = {
    {.name = "learning_rate",
     .type = BYZ_REAL,
     .offset = SERVER(learning_rate),
     .initial = 0.1,
     .min = BYZ_ABOVE_ZERO,
     .max = 1,
     .doc = "Step size."},
    {.name = "momentum",
     .type = BYZ_REAL,
     .offset = SERVER(momentum),
     .initial = 0.9,
     .min = 0,
     .max = 1,
     .doc = "Momentum."},
    {.name = "nonfinite",
     .type = BYZ_CHOICE,
     .offset = SERVER(nonfinite),
     .choices = nonfinite_words,
     .initial_word = "drop",
     .doc = "What happens to rows with NaN or Inf."},
    {.name = "threshold",
     .type = BYZ_REAL_OR_CHOICE,
     .offset = SERVER(threshold),
     .initial = 2,
     .min = BYZ_ABOVE_ZERO,
     .max = DBL_MAX,
     .choices = auto_words,
     .doc = "Norm."},
};
static const struct config_key server_keys[] = {
    {.name = "preaggregators",
     .type = CONFIG_VARIANT_LIST,
     .offset = SERVER(preaggregators),
     .family = &preaggregators,
     .doc = "What stands before the aggregator."},
    {.name = "aggregator",
     .type = CONFIG_VARIANT,
     .offset = SERVER(aggregator),
     .family = &config_fixture_aggregators,
     .initial = "mean",
     .doc = "The rule."},
};
static const struct config_section server = {.doc = "The server.",
                                             .knobs = server_knobs,
                                             .knob_count = BYZ_LENGTH(server_knobs),
                                             .keys = server_keys,
                                             .key_count = BYZ_LENGTH(server_keys)};

#define ROOT(field) offsetof(struct fixture_root, field)
static const struct byz_param root_knobs[] = {
    {.name = "name",
     .type = BYZ_TEXT,
     .offset = ROOT(name),
     .initial_word = "run",
     .doc = "Name of the experiment."},
    {.name = "seed",
     .type = BYZ_COUNT,
     .offset = ROOT(seed),
     .initial = 1,
     .max = BYZ_COUNT_MOST,
     .doc = "Seed."},
    {.name = "rounds",
     .type = BYZ_COUNT,
     .offset = ROOT(rounds),
     .initial = 100,
     .min = 1,
     .max = BYZ_COUNT_MOST,
     .doc = "Rounds."},
    {.name = "hidden",
     .type = BYZ_COUNTS,
     .offset = ROOT(hidden),
     .min = 1,
     .max = 1000,
     .initial_counts = hidden_sizes,
     .doc = "Units of each hidden layer."},
    {.name = "quiet", .type = BYZ_FLAG, .offset = ROOT(quiet), .doc = "Print less."},
};
static const struct config_key root_keys[] = {
    {.name = "server",
     .type = CONFIG_SECTION,
     .offset = ROOT(server),
     .section = &server,
     .doc = "The server."},
    {.name = "attack",
     .type = CONFIG_VARIANT,
     .offset = ROOT(attack),
     .family = &config_fixture_attacks,
     .initial = "none",
     .common = config_fixture_attack_common,
     .common_count = 2,
     .common_offset = ROOT(attack_common),
     .doc = "What the Byzantine workers send."},
};
const struct config_section config_fixture_root = {.doc = "An experiment.",
                                                   .knobs = root_knobs,
                                                   .knob_count = BYZ_LENGTH(root_knobs),
                                                   .keys = root_keys,
                                                   .key_count = BYZ_LENGTH(root_keys)};

static const struct config_key strict_server_keys[] = {
    {.name = "aggregator", .type = CONFIG_VARIANT, .family = &config_fixture_aggregators, .doc = "The rule."},
};
static const struct config_section strict_server = {
    .doc = "The server.", .keys = strict_server_keys, .key_count = 1};
static const struct config_key strict_keys[] = {
    {.name = "server", .type = CONFIG_SECTION, .section = &strict_server, .doc = "The server."},
};
const struct config_section config_fixture_strict = {.doc = "Strict.", .keys = strict_keys, .key_count = 1};

static void read_points(const struct config_source *source, struct config_errors *errors)
{
    struct config_points points = {0};
    if (config_points_expand(source, &points, errors) != 0)
        return;
    for (size_t i = 0; i < points.count; i++) {
        struct fixture_root root;
        (void)config_read(&config_fixture_root, source, points.items[i].json, &root, errors);
        config_release(&config_fixture_root, &root);
    }
    config_points_free(&points);
}

char *config_fixture_reports(const char *bytes, size_t length, const char *const *assignments)
{
    struct config_errors errors = {0};
    struct config_source *source = config_source_parse("f.json", bytes, length, &errors);
    for (size_t i = 0; source != NULL && assignments != NULL && assignments[i] != NULL; i++)
        (void)config_source_set(source, assignments[i], &errors);
    if (source != NULL)
        read_points(source, &errors);
    char *reports = text_copy(text_string(&errors.text));
    config_source_free(source);
    config_errors_fini(&errors);
    return reports;
}
