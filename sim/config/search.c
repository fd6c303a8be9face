/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/config/search.h"
#include "sim/config/internal.h"

#include <string.h>

static const char *const method_words[] = {"grid", "random", "successive_halving", "hyperband", NULL};
static const char *const objective_words[] = {"validation_accuracy", "validation_loss", NULL};
static const char *const trials_words[] = {"all", NULL};

static const struct byz_param search_knobs[] = {
    {.name = "method",
     .type = BYZ_CHOICE,
     .offset = offsetof(struct config_search, method),
     .choices = method_words,
     .initial_word = "successive_halving",
     .doc =
         "\"grid\": every combination, trained to the end; \"random\": trials drawn from the space, trained "
         "to the end (Bergstra, Bengio, JMLR 2012); \"successive_halving\": all trials are trained a little, "
         "the best 1/reduction of them goes on, and so forth (Jamieson, Talwalkar, AISTATS 2016); "
         "\"hyperband\": halvings that begin with ever fewer trials and ever more rounds (Li, Jamieson, "
         "DeSalvo, Rostamizadeh, Talwalkar, JMLR 2018)."},
    {.name = "objective",
     .type = BYZ_CHOICE,
     .offset = offsetof(struct config_search, objective),
     .choices = objective_words,
     .initial_word = "validation_accuracy",
     .doc = "What the best trial has the greatest worst case of: the mean over the seeds under the worst of "
            "the attacks. A diverged run has accuracy 0 and infinite loss."},
    {.name = "trials",
     .type = BYZ_COUNT_OR_CHOICE,
     .offset = offsetof(struct config_search, trials),
     .min = 1,
     .max = SEARCH_TRIALS_MOST,
     .choices = trials_words,
     .initial_word = "all",
     .doc = "How many trials are drawn; \"all\": every combination (grid, successive_halving), or as many as "
            "the brackets of hyperband begin with."},
    {.name = "reduction",
     .type = BYZ_COUNT,
     .offset = offsetof(struct config_search, reduction),
     .initial = 3,
     .min = 2,
     .max = 1000,
     .doc = "The reduction factor, eta: one in so many trials goes on, for so many times the rounds."},
    {.name = "first_rounds",
     .type = BYZ_COUNT,
     .offset = offsetof(struct config_search, first_rounds),
     .max = 1e7,
     .doc = "Least rounds of a trial before it may be dropped; the rungs are rounds, rounds/reduction, ... "
            "down to this. Needed by successive_halving and hyperband."},
    {.name = "seed",
     .type = BYZ_COUNT,
     .offset = offsetof(struct config_search, seed),
     .initial = 1,
     .max = BYZ_COUNT_MOST,
     .doc = "Trials are drawn from a stream of this seed."},
    {.name = "seeds",
     .type = BYZ_COUNTS,
     .offset = offsetof(struct config_search, seeds),
     .min = 1,
     .max = BYZ_COUNT_MOST,
     .doc = "Seeds of the runs of each trial; none: that of the configuration."},
};

static const struct config_key search_keys[] = {
    {.name = "space",
     .type = CONFIG_RAW,
     .doc = "Key paths and what each may be: a list of values, or a range {\"uniform\": [low, high]}, "
            "{\"log_uniform\": [low, high]}, {\"integers\": [low, high]}."},
    {.name = "attacks",
     .type = CONFIG_RAW,
     .doc = "The attacks over which the worst case is taken; none: that of the configuration."},
};

const struct config_section config_search_section = {
    .doc = "A search for the best values of some keys: the winner has the best worst case over the attacks, "
           "measured on samples that data.validation holds out. Not together with a sweep.",
    .knobs = search_knobs,
    .knob_count = BYZ_LENGTH(search_knobs),
    .keys = search_keys,
    .key_count = BYZ_LENGTH(search_keys)};

static const struct config_key root_keys[] = {
    {.name = "search", .type = CONFIG_SECTION, .section = &config_search_section},
};
static const struct config_section root_section = {.keys = root_keys, .key_count = 1};

bool config_is_search(const struct config_source *source)
{
    return cJSON_HasObjectItem(source->root, "search");
}

/* Where mistakes go. */
struct check {
    const struct config_source *source;
    struct config_search *search;
    struct config_errors *errors;
};

static void mistake(const struct check *check, const char *path, const char *message)
{
    config_mistake(check->errors, check->source, check->source->root, path, "%s", message);
}

static bool given(const struct check *check, const char *path)
{
    return config_path_find(check->source->root, path) != NULL;
}

static bool is_halving(const struct config_search *search)
{
    return search->method == SEARCH_HALVING || search->method == SEARCH_HYPERBAND;
}

static void check_method(const struct check *check)
{
    const struct config_search *search = check->search;
    bool all = search->trials.choice == 0;
    if (is_halving(search) && search->first_rounds == 0)
        mistake(check, "search.first_rounds",
                "is missing; say how many rounds a trial gets at least before it may be dropped");
    if (!is_halving(search) && given(check, "search.first_rounds"))
        mistake(check, "search.first_rounds",
                "is for \"successive_halving\" and \"hyperband\"; this method trains every trial to the end");
    if (!is_halving(search) && given(check, "search.reduction"))
        mistake(check, "search.reduction",
                "is for \"successive_halving\" and \"hyperband\"; this method drops no trial");
    if (search->method == SEARCH_RANDOM && all)
        mistake(check, "search.trials", "is missing; say how many trials are to be drawn");
    if (search->method == SEARCH_GRID && !all)
        mistake(check, "search.trials",
                "a grid has all its combinations; leave this out, or use method \"random\"");
    if (search->method == SEARCH_HYPERBAND && !all)
        mistake(check, "search.trials",
                "the brackets of hyperband say how many; leave this out, or use \"successive_halving\"");
}

static void check_seeds(const struct check *check)
{
    const struct byz_counts *seeds = &check->search->seeds;
    for (size_t i = 0; i < seeds->count; i++)
        for (size_t k = 0; k < i; k++)
            if (seeds->values[k] == seeds->values[i]) {
                mistake(check, "search.seeds", "holds a seed twice; a run with it would be the same again");
                return;
            }
    if (seeds->count > 0 && given(check, "seed"))
        mistake(check, "seed", "search.seeds has the seeds of the runs; give one of the two");
}

static void check_attacks(const struct check *check, const cJSON *attacks)
{
    struct text message = {0};
    if (attacks == NULL)
        return;
    if (!cJSON_IsArray(attacks) || attacks->child == NULL) {
        text_printf(&message, "must be a list of at least one attack; found %s",
                    cJSON_IsArray(attacks) ? "an empty list" : "");
        if (!cJSON_IsArray(attacks))
            config_words_found(&message, attacks);
        mistake(check, "search.attacks", text_string(&message));
        text_fini(&message);
        return;
    }
    check->search->attacks = attacks;
    if (given(check, "attack"))
        mistake(check, "attack", "search.attacks has the attacks; give one of the two");
}

int config_search_read(const struct config_source *source, struct config_search *search,
                       struct config_errors *errors)
{
    const struct check check = {source, search, errors};
    const cJSON *block = cJSON_GetObjectItemCaseSensitive(source->root, "search");
    size_t before = errors->count;
    cJSON *wrapper = cJSON_CreateObject(), *copy = cJSON_Duplicate(block, true);
    *search = (struct config_search){0};
    if (wrapper == NULL || copy == NULL || !cJSON_AddItemToObject(wrapper, "search", copy)) {
        cJSON_Delete(wrapper);
        cJSON_Delete(copy);
        mistake(&check, "search", "out of memory");
        return ERR_MEMORY;
    }
    config_read(&root_section, source, wrapper, search, errors);
    cJSON_Delete(wrapper);
    if (given(&check, "sweep"))
        mistake(&check, "sweep",
                "a file has a sweep or a search, not both; put the keys of the sweep into search.space, or "
                "into a file of their own");
    if (!cJSON_IsObject(block))
        return ERR_CONFIG;
    if (errors->count == before)
        check_method(&check);
    check_seeds(&check);
    check_attacks(&check, cJSON_GetObjectItemCaseSensitive(block, "attacks"));
    config_space_read(source, cJSON_GetObjectItemCaseSensitive(block, "space"), search, errors);
    return errors->count > before ? ERR_CONFIG : ERR_OK;
}
