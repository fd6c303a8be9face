/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Searches: from a configuration to trials and their runs, with every mistake that can be found before data.
 */
#include "sim/app/search.h"
#include "sim/base/mem.h"

#include <math.h>
#include <stdlib.h>

struct reader {
    struct search *search;
    struct config_errors *errors;
    const char *out;
};

static void mistake(const struct reader *r, const char *path, const char *message)
{
    config_mistake(r->errors, r->search->source, config_source_root(r->search->source), path, "%s", message);
}

/* All rounds, as the configuration has them without its search. Where the block itself is wrong, what is
 * wrong elsewhere is told now: there are no trials to find it in. */
static uint64_t read_base(const struct reader *r, bool report)
{
    struct experiment base = {0};
    struct config_errors unheard = {0};
    cJSON *json = cJSON_Duplicate(config_source_root(r->search->source), true);
    cJSON_DeleteItemFromObjectCaseSensitive(json, "search");
    if (report)
        cJSON_DeleteItemFromObjectCaseSensitive(json, "sweep");
    struct config_point point = {.label = "", .json = json};
    experiment_read(&base, r->search->source, &point, report ? r->errors : &unheard);
    uint64_t rounds = base.settings.rounds;
    experiment_fini(&base);
    config_errors_fini(&unheard);
    cJSON_Delete(json);
    return rounds;
}

static bool is_halving(const struct config_search *config)
{
    return config->method == SEARCH_HALVING || config->method == SEARCH_HYPERBAND;
}

static void check_rungs(const struct reader *r, uint64_t rounds)
{
    const struct config_search *config = &r->search->config;
    char message[256];
    if (!is_halving(config) || rungs_steps(rounds, config->first_rounds, config->reduction) > 0)
        return;
    snprintf(
        message, sizeof message,
        "%llu rounds leave no rung below all %llu of them with reduction %llu; use at most %llu, or more "
        "rounds",
        (unsigned long long)config->first_rounds, (unsigned long long)rounds,
        (unsigned long long)config->reduction, (unsigned long long)(rounds / config->reduction));
    mistake(r, rounds < config->reduction ? "rounds" : "search.first_rounds",
            rounds < config->reduction ? "are too few for a halving" : message);
}

/* How many trials there are, by method; the brackets of hyperband need that many different ones. */
static int plan(const struct reader *r, uint64_t rounds)
{
    struct search *search = r->search;
    const struct config_search *config = &search->config;
    double size = config_space_size(config);
    char message[256];
    size_t before = r->errors->count;
    check_rungs(r, rounds);
    if (r->errors->count > before)
        return ERR_CONFIG;
    size_t trials =
        config->trials.choice == 0 ? isfinite(size) ? (size_t)size : 0 : (size_t)config->trials.value;
    rungs_plan(config, trials, rounds, &search->rungs);
    if (search->rungs.trials > SEARCH_TRIALS_MOST) {
        snprintf(message, sizeof message, "%llu makes hyperband begin %zu trials, more than %d; use more",
                 (unsigned long long)config->first_rounds, search->rungs.trials, SEARCH_TRIALS_MOST);
        mistake(r, "search.first_rounds", message);
    } else if ((double)search->rungs.trials > size) {
        snprintf(
            message, sizeof message,
            "has %.0f combinations, and hyperband begins %zu trials; widen it, use more first_rounds, or "
            "method \"successive_halving\"",
            size, search->rungs.trials);
        mistake(r, "search.space", message);
    }
    return r->errors->count > before ? ERR_CONFIG : ERR_OK;
}

static int make_trials(struct search *search, struct err *err)
{
    size_t count = search->rungs.trials;
    bool drawn = search->config.method != SEARCH_GRID && search->config.trials.choice != 0;
    drawn |= search->config.method == SEARCH_HYPERBAND;
    cJSON **values = mem_array(count, sizeof *values, err);
    search->trials = calloc(count, sizeof *search->trials);
    int rc = values == NULL || search->trials == NULL
                 ? ERR_MEMORY
                 : config_space_trials(&search->config, drawn, count, values, err);
    for (size_t t = 0; values != NULL && search->trials != NULL && t < count; t++)
        search->trials[t].values = values[t];
    for (size_t b = 0; rc == ERR_OK && b < search->rungs.bracket_count; b++)
        for (size_t t = 0; t < search->rungs.brackets[b].rungs[0].trials; t++)
            search->trials[search->rungs.brackets[b].first + t].bracket = b;
    mem_free(values);
    return rc;
}

/* The paths in which the runs differ. */
static cJSON *swept_keys(const struct search *search)
{
    cJSON *keys = cJSON_Duplicate(search->trials[0].values, true);
    if (keys != NULL && search->config.attacks != NULL)
        cJSON_AddNullToObject(keys, "attack");
    if (keys != NULL && search->config.seeds.count > 0)
        cJSON_AddNullToObject(keys, "seed");
    return keys;
}

static int make_runs(const struct reader *r)
{
    struct search *search = r->search;
    size_t count = search->rungs.trials;
    struct config_points points = {0};
    cJSON **values = calloc(count, sizeof *values), *keys = swept_keys(search);
    int rc = values == NULL || keys == NULL ? ERR_MEMORY : ERR_OK;
    for (size_t t = 0; rc == ERR_OK && t < count; t++)
        values[t] = search->trials[t].values;
    if (rc == ERR_OK)
        rc = config_search_points(search->source, &search->config, values, count, &points, r->errors);
    if (rc == ERR_OK)
        rc = sweep_read_points(&search->sweep, search->source, &points, keys, r->out, r->errors);
    if (rc == ERR_OK && (search->runs = calloc(search->sweep.count, sizeof *search->runs)) == NULL)
        rc = ERR_MEMORY;
    config_points_free(&points);
    cJSON_Delete(keys);
    free(values);
    return rc;
}

/* Where every trial is trained to its end, rounds may differ: the rung has those of the longest. */
static void note_rounds(struct search *search)
{
    uint64_t *rounds = &search->rungs.brackets[0].rungs[0].rounds;
    *rounds = is_halving(&search->config) ? *rounds : 0;
    for (size_t i = 0; i < search->sweep.count; i++)
        if (!is_halving(&search->config) && search->sweep.runs[i].until > *rounds)
            *rounds = search->sweep.runs[i].until;
}

static void check_runs(const struct reader *r)
{
    for (size_t i = 0; i < r->search->sweep.count; i++)
        if (!(r->search->sweep.runs[i].experiment.settings.data.validation > 0)) {
            mistake(r, "data.validation",
                    "a search needs samples for validation: what is chosen by its test accuracy looks better "
                    "than it is; hold some out, for example \"validation\": 0.2");
            return;
        }
}

int search_read(struct search *search, const struct config_source *source, const char *out,
                struct config_errors *errors)
{
    const struct reader r = {search, errors, out};
    struct err err = {0};
    *search = (struct search){.source = source};
    int rc = config_search_read(source, &search->config, errors);
    uint64_t rounds = read_base(&r, rc != ERR_OK);
    if (rc == ERR_OK)
        rc = plan(&r, rounds);
    if (rc == ERR_OK)
        rc = make_trials(search, &err);
    if (rc == ERR_OK)
        rc = config_search_attacks(&search->config, &search->attacks);
    if (rc == ERR_OK)
        rc = make_runs(&r);
    search->seeds = search->config.seeds.count > 0 ? search->config.seeds.count : 1;
    search->winner = search->rungs.trials;
    if (rc == ERR_OK) {
        note_rounds(search);
        check_runs(&r);
        rc = errors->count > 0 ? ERR_CONFIG : ERR_OK;
    }
    return rc;
}

int search_check_data(struct search *search, struct datasets *datasets, struct err *err)
{
    for (size_t i = 0; i < search->sweep.count && search->config.objective == SEARCH_ACCURACY; i++) {
        const struct settings *settings = &search->sweep.runs[i].experiment.settings;
        const struct model_kind *model = (const void *)settings->model.model.kind;
        const struct dataset *dataset = NULL;
        int rc = datasets_get(datasets, &settings->data.dataset, &dataset, err);
        if (rc != ERR_OK)
            return rc;
        bool classes = model->loss == MODEL_CROSS_ENTROPY || model->loss == MODEL_LOGISTIC;
        if (dataset->classes == 0 || !classes)
            return err_set(err, ERR_INVALID,
                           "search.objective: model \"%s\" on data set \"%s\" has no accuracy; use "
                           "\"validation_loss\"",
                           model->base.name, settings->data.dataset.kind->name);
    }
    return ERR_OK;
}
