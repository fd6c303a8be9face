/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/app/tables.h"
#include "aggregators/registry.h"
#include "attacks/registry.h"
#include "sim/core/optimizer.h"
#include "sim/core/schedule.h"
#include "sim/core/settings.h"
#include "sim/data/dataset.h"
#include "sim/data/partition.h"
#include "sim/plugin/plugin.h"

static const char *const sampling_words[] = {"epoch", "replacement", NULL};
static const char *const form_words[] = {"ema", "sum", NULL};
static const char *const storage_words[] = {"full", "recompute", NULL};

static const struct byz_param worker_knobs[] = {
    {.name = "count",
     .type = BYZ_COUNT,
     .offset = offsetof(struct worker_settings, count),
     .initial = 25,
     .min = 1,
     .max = 1e5,
     .doc = "Workers, n."},
    {.name = "byzantine",
     .type = BYZ_COUNT,
     .offset = offsetof(struct worker_settings, byzantine),
     .max = 1e5,
     .doc = "How many of them really are Byzantine, b."},
    {.name = "batch_size",
     .type = BYZ_COUNT,
     .offset = offsetof(struct worker_settings, batch_size),
     .initial = 32,
     .max = 1e7,
     .doc = "Samples in a batch; 0, or more than a worker holds: all of its samples."},
    {.name = "sampling",
     .type = BYZ_CHOICE,
     .offset = offsetof(struct worker_settings, sampling),
     .choices = sampling_words,
     .initial_word = "epoch",
     .doc = "Batches without replacement, every sample once an epoch, or with replacement."},
    {.name = "momentum",
     .type = BYZ_REAL,
     .offset = offsetof(struct worker_settings, momentum),
     .max = 0.999999,
     .doc = "Worker momentum, beta; 0: none."},
    {.name = "momentum_form",
     .type = BYZ_CHOICE,
     .offset = offsetof(struct worker_settings, momentum_form),
     .choices = form_words,
     .initial_word = "ema",
     .doc = "\"ema\": m = beta m + (1-beta) g; \"sum\": m = beta m + g, whose steps are 1/(1-beta) times "
            "longer."},
    {.name = "local_steps",
     .type = BYZ_COUNT,
     .offset = offsetof(struct worker_settings, local_steps),
     .initial = 1,
     .min = 1,
     .max = 1e6,
     .doc = "Gradient steps a worker makes on its own in a round; it sends the sum of their gradients."},
    {.name = "clip_norm",
     .type = BYZ_REAL,
     .offset = offsetof(struct worker_settings, clip_norm),
     .max = DBL_MAX,
     .doc = "Gradients longer than this are scaled down to it; 0: never."},
    {.name = "storage",
     .type = BYZ_CHOICE,
     .offset = offsetof(struct worker_settings, storage),
     .choices = storage_words,
     .initial_word = "full",
     .doc = "Messages of all workers at once, n times d numbers; or \"recompute\": a block of their columns "
            "at a time, for which gradients are computed anew, with the same results. That is for rules, "
            "pre-aggregators and attacks that work on each coordinate by itself, without worker momentum."},
    {.name = "block_megabytes",
     .type = BYZ_COUNT,
     .offset = offsetof(struct worker_settings, block_megabytes),
     .initial = 256,
     .min = 1,
     .max = 1e6,
     .doc = "Memory for a block under storage \"recompute\", in megabytes; it holds at least 1024 columns. "
            "Results do not depend on it."},
};

static const struct config_section workers_section = {
    .doc = "The workers.", .knobs = worker_knobs, .knob_count = BYZ_LENGTH(worker_knobs)};

static const char *const holders_words[] = {"all", "honest", NULL};

static const struct byz_param data_knobs[] = {
    {.name = "holders",
     .type = BYZ_CHOICE,
     .offset = offsetof(struct data_settings, holders),
     .choices = holders_words,
     .initial_word = "all",
     .doc = "Who the partition spreads the data over: all workers, or the honest ones only (each Byzantine "
            "worker then "
            "holds an i.i.d. sample of all data)."},
    {.name = "validation",
     .type = BYZ_REAL,
     .offset = offsetof(struct data_settings, validation),
     .max = 4294967295.0,
     .brief = true,
     .doc = "Training samples that are held out at random before the rest is spread over the workers, and on "
            "which the model is evaluated too: a fraction below 1, or how many; 0: none."},
};

static const struct config_key data_keys[] = {
    {.name = "dataset",
     .type = CONFIG_VARIANT,
     .offset = offsetof(struct data_settings, dataset),
     .family = &dataset_family,
     .initial = "digits",
     .doc = "The data set."},
    {.name = "partition",
     .type = CONFIG_VARIANT,
     .offset = offsetof(struct data_settings, partition),
     .family = &partition_family,
     .initial = "iid",
     .doc = "How the training samples are spread over the workers."},
};

static const struct config_section data_section = {.doc = "The data and how it is spread.",
                                                   .knobs = data_knobs,
                                                   .knob_count = BYZ_LENGTH(data_knobs),
                                                   .keys = data_keys,
                                                   .key_count = BYZ_LENGTH(data_keys)};

static const char *const members_words[] = {"fixed", "redrawn", NULL};
static const char *const stop_words[] = {"never", NULL};
static const char *const knowledge_words[] = {"default", "omniscient", "colluding", "own", NULL};

const struct byz_param tables_attack_axes[] = {
    {.name = "members",
     .type = BYZ_CHOICE,
     .offset = offsetof(struct attack_axes, members),
     .choices = members_words,
     .initial_word = "fixed",
     .doc = "Who is Byzantine: the same workers throughout (the last ones), or new ones drawn each round."},
    {.name = "start",
     .type = BYZ_COUNT,
     .offset = offsetof(struct attack_axes, start),
     .max = BYZ_COUNT_MOST,
     .doc = "First round of the attack; before it the Byzantine workers behave honestly."},
    {.name = "stop",
     .type = BYZ_COUNT_OR_CHOICE,
     .offset = offsetof(struct attack_axes, stop),
     .max = BYZ_COUNT_MOST,
     .choices = stop_words,
     .initial_word = "never",
     .doc = "Round from which the attack is over."},
    {.name = "every",
     .type = BYZ_COUNT,
     .offset = offsetof(struct attack_axes, every),
     .initial = 1,
     .min = 1,
     .max = BYZ_COUNT_MOST,
     .doc = "The attack takes place in every so many rounds from its start on."},
    {.name = "knowledge",
     .type = BYZ_CHOICE,
     .offset = offsetof(struct attack_axes, knowledge),
     .choices = knowledge_words,
     .initial_word = "default",
     .doc = "What the attackers see: all honest messages, what all Byzantine workers would honestly have "
            "sent, or each "
            "only its own; \"default\": what the attack is published with."},
};
const size_t tables_attack_axes_count = BYZ_LENGTH(tables_attack_axes);

static const char *const actual_words[] = {"actual", NULL};
static const char *const nonfinite_words[] = {"drop", "keep", NULL};
static const char *const missing_words[] = {"drop", "zero", "last", NULL};
static const char *const invalid_words[] = {"skip", "stop", NULL};
static const char *const weights_words[] = {"equal", "samples", NULL};

static const struct byz_param server_knobs[] = {
    {.name = "declared_byzantine",
     .type = BYZ_COUNT_OR_CHOICE,
     .offset = offsetof(struct server_settings, declared_byzantine),
     .max = 1e5,
     .choices = actual_words,
     .initial_word = "actual",
     .doc = "f, the number of Byzantine workers the rule is told to tolerate; \"actual\": as many as there "
            "are."},
    {.name = "learning_rate",
     .type = BYZ_REAL,
     .offset = offsetof(struct server_settings, learning_rate),
     .initial = 0.1,
     .max = 1e6,
     .doc = "Step length along the aggregate."},
    {.name = "warmup_rounds",
     .type = BYZ_COUNT,
     .offset = offsetof(struct server_settings, warmup_rounds),
     .max = BYZ_COUNT_MOST,
     .doc = "Rounds over which the learning rate rises linearly to its full value; 0: none."},
    {.name = "warmup_start",
     .type = BYZ_REAL,
     .offset = offsetof(struct server_settings, warmup_start),
     .max = 1,
     .doc = "Fraction of the learning rate from which the warm-up rises."},
    {.name = "momentum",
     .type = BYZ_REAL,
     .offset = offsetof(struct server_settings, momentum),
     .max = 0.999999,
     .doc = "Momentum of optimizer sgd: v = momentum v + aggregate, and the step goes along v; 0: none. The "
            "others have means of their own and refuse it."},
    {.name = "weight_decay",
     .type = BYZ_REAL,
     .offset = offsetof(struct server_settings, weight_decay),
     .max = 1e6,
     .doc = "Adds this times the parameters to the aggregate before the step, whichever the optimizer."},
    {.name = "clip_norm",
     .type = BYZ_REAL,
     .offset = offsetof(struct server_settings, clip_norm),
     .max = DBL_MAX,
     .doc = "An aggregate longer than this is scaled down to it; 0: never."},
    {.name = "nonfinite",
     .type = BYZ_CHOICE,
     .offset = offsetof(struct server_settings, nonfinite),
     .choices = nonfinite_words,
     .initial_word = "drop",
     .doc = "Messages with a NaN or an infinity: discarded, n and f falling by one each, or kept for the "
            "rule to see."},
    {.name = "missing",
     .type = BYZ_CHOICE,
     .offset = offsetof(struct server_settings, missing),
     .choices = missing_words,
     .initial_word = "drop",
     .doc =
         "A message that does not arrive (attacks omission, delay): n and f fall by one each, or zeros are "
         "taken for it, or the last message that arrived from the worker (none yet: as \"drop\")."},
    {.name = "on_invalid",
     .type = BYZ_CHOICE,
     .offset = offsetof(struct server_settings, on_invalid),
     .choices = invalid_words,
     .initial_word = "skip",
     .doc = "When a round has no valid aggregate (too few messages left): skip it and record that, or stop "
            "the run."},
    {.name = "weights",
     .type = BYZ_CHOICE,
     .offset = offsetof(struct server_settings, weights),
     .choices = weights_words,
     .initial_word = "equal",
     .doc = "Weight of a worker in rules that honour weights: equal, or its number of training samples."},
};

static const struct config_key server_keys[] = {
    {.name = "preaggregators",
     .type = CONFIG_VARIANT_LIST,
     .offset = offsetof(struct server_settings, defence.preaggregators),
     .family = &preaggregator_family,
     .doc = "Applied to the messages in this order before the aggregator."},
    {.name = "aggregator",
     .type = CONFIG_VARIANT,
     .offset = offsetof(struct server_settings, defence.aggregator),
     .family = &aggregator_family,
     .initial = "mean",
     .open = plugin_open_aggregator,
     .doc = "The aggregation rule."},
    {.name = "optimizer",
     .type = CONFIG_VARIANT,
     .offset = offsetof(struct server_settings, optimizer),
     .family = &optimizer_family,
     .initial = "sgd",
     .doc = "How the parameters move, given the aggregate."},
    {.name = "schedule",
     .type = CONFIG_VARIANT,
     .offset = offsetof(struct server_settings, schedule),
     .family = &schedule_family,
     .initial = "constant",
     .doc = "How the learning rate changes over the rounds."},
};

static const struct config_section server_section = {.doc = "The server: defence and optimiser.",
                                                     .knobs = server_knobs,
                                                     .knob_count = BYZ_LENGTH(server_knobs),
                                                     .keys = server_keys,
                                                     .key_count = BYZ_LENGTH(server_keys)};

static const struct byz_param evaluation_knobs[] = {
    {.name = "every",
     .type = BYZ_COUNT,
     .offset = offsetof(struct evaluation_settings, every),
     .initial = 20,
     .max = BYZ_COUNT_MOST,
     .doc = "Rounds between two evaluations; the start and the end are always evaluated; 0: only they."},
    {.name = "train_samples",
     .type = BYZ_COUNT,
     .offset = offsetof(struct evaluation_settings, train_samples),
     .initial = 2000,
     .max = BYZ_COUNT_MOST,
     .doc = "Training samples on which the training loss is measured, a fixed random subset; 0: all."},
    {.name = "test_samples",
     .type = BYZ_COUNT,
     .offset = offsetof(struct evaluation_settings, test_samples),
     .max = BYZ_COUNT_MOST,
     .doc = "Test samples that are used, from the first on; 0: all."},
};

static const struct config_section evaluation_section = {
    .doc = "When and on how much the model is evaluated.",
    .knobs = evaluation_knobs,
    .knob_count = BYZ_LENGTH(evaluation_knobs),
};

static const struct byz_param experiment_knobs[] = {
    {.name = "name",
     .type = BYZ_TEXT,
     .offset = offsetof(struct settings, name),
     .min = 1,
     .max = 100,
     .initial_word = "experiment",
     .doc = "Name of the experiment, and of its folder of results."},
    {.name = "seed",
     .type = BYZ_COUNT,
     .offset = offsetof(struct settings, seed),
     .initial = 1,
     .max = BYZ_COUNT_MOST,
     .doc = "All random streams of the run follow from it (data sets have a seed of their own)."},
    {.name = "rounds",
     .type = BYZ_COUNT,
     .offset = offsetof(struct settings, rounds),
     .initial = 300,
     .max = 1e7,
     .doc = "Rounds of training."},
};

static const struct config_key experiment_keys[] = {
    {.name = "workers",
     .type = CONFIG_SECTION,
     .offset = offsetof(struct settings, workers),
     .section = &workers_section,
     .doc = "The workers."},
    {.name = "data",
     .type = CONFIG_SECTION,
     .offset = offsetof(struct settings, data),
     .section = &data_section,
     .doc = "The data and how it is spread."},
    {.name = "model",
     .type = CONFIG_VARIANT,
     .offset = offsetof(struct settings, model.model),
     .family = &model_family,
     .initial = "softmax",
     .common = model_common_params,
     .common_count = 2,
     .common_offset = offsetof(struct settings, model.common),
     .doc = "The model."},
    {.name = "attack",
     .type = CONFIG_VARIANT,
     .offset = offsetof(struct settings, attack.attack),
     .family = &attack_family,
     .initial = "none",
     .common = tables_attack_axes,
     .common_count = BYZ_LENGTH(tables_attack_axes),
     .common_offset = offsetof(struct settings, attack.axes),
     .open = plugin_open_attack,
     .doc = "What the Byzantine workers do, and when."},
    {.name = "server",
     .type = CONFIG_SECTION,
     .offset = offsetof(struct settings, server),
     .section = &server_section,
     .doc = "The server: defence and optimiser."},
    {.name = "evaluation",
     .type = CONFIG_SECTION,
     .offset = offsetof(struct settings, evaluation),
     .section = &evaluation_section,
     .doc = "When and on how much the model is evaluated."},
};

static const char *const campaign_keys[] = {"sweep", "search", NULL};

const struct config_section tables_experiment = {.doc = "An experiment of byzsim.",
                                                 .beside = campaign_keys,
                                                 .knobs = experiment_knobs,
                                                 .knob_count = BYZ_LENGTH(experiment_knobs),
                                                 .keys = experiment_keys,
                                                 .key_count = BYZ_LENGTH(experiment_keys)};
