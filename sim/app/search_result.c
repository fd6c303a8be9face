/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/app/search_result.h"
#include "sim/base/file.h"
#include "sim/config/config.h"
#include "sim/report/result.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SCHEMA = 1, RESULT_MOST = 1 << 28 };

static const char result_name[] = "search.json", winner_name[] = "winner.json";

/* NaN and infinity have no JSON number: null. */
static cJSON *number(double value)
{
    return isfinite(value) ? cJSON_CreateNumber(value) : cJSON_CreateNull();
}

static void add_number(cJSON *object, const char *name, double value)
{
    cJSON_AddItemToObject(object, name, number(value));
}

static const char *objective_word(const struct search *search)
{
    return search->config.objective == SEARCH_LOSS ? "validation_loss" : "validation_accuracy";
}

static const char *method_word(const struct search *search)
{
    static const char *const words[] = {"grid", "random", "successive_halving", "hyperband"};
    return words[search->config.method];
}

static const char *fate_word(enum search_fate fate)
{
    static const char *const words[] = {"pending", "dropped", "completed", "failed"};
    return words[fate];
}

static const char *run_status(const struct search *search, size_t index)
{
    const struct sweep_run *run = &search->sweep.runs[index];
    if (run->state == SWEEP_FAILED)
        return "failed";
    if (search->runs[index].count == 0)
        return "pending";
    return search->runs[index].ended ? result_status_word(run->status) : "paused";
}

static const cJSON *run_entry(const struct search *search, const char *identity);

/* Rungs that an earlier process has seen and this one has not come to again: should it be killed on the way,
 * the next one need not train for them. */
static void add_earlier(const struct search *search, size_t index, cJSON *figures)
{
    const struct search_run *shown = &search->runs[index];
    uint64_t last = shown->count > 0 ? shown->rounds[shown->count - 1] : 0;
    const cJSON *rung = NULL, *entry = search->finished
                                           ? NULL
                                           : run_entry(search, search->sweep.runs[index].experiment.identity);
    cJSON_ArrayForEach(rung, cJSON_GetObjectItemCaseSensitive(entry, "rungs"))
    {
        const cJSON *rounds = cJSON_GetObjectItemCaseSensitive(rung, "rounds");
        if (cJSON_IsNumber(rounds) && rounds->valuedouble > (double)last)
            cJSON_AddItemToArray(figures, cJSON_Duplicate(rung, true));
    }
}

static cJSON *run_json(const struct search *search, size_t index, size_t attack)
{
    const struct sweep_run *run = &search->sweep.runs[index];
    const struct search_run *shown = &search->runs[index];
    cJSON *json = cJSON_CreateObject(), *figures = NULL;
    cJSON_AddStringToObject(json, "attack", search_attack(search, attack));
    add_number(json, "seed", (double)run->experiment.settings.seed);
    cJSON_AddStringToObject(json, "file", run->file);
    cJSON_AddStringToObject(json, "config_sha256", run->experiment.identity);
    cJSON_AddStringToObject(json, "status", run_status(search, index));
    figures = cJSON_AddArrayToObject(json, "rungs");
    for (size_t k = 0; k < shown->count; k++) {
        cJSON *figure = cJSON_CreateObject();
        add_number(figure, "rounds", (double)shown->rounds[k]);
        add_number(figure, "objective", shown->figures[k]);
        cJSON_AddItemToArray(figures, figure);
    }
    add_earlier(search, index, figures);
    if (run->state == SWEEP_FAILED)
        cJSON_AddStringToObject(json, "error", run->err.text);
    return json;
}

static uint64_t rung_rounds(const struct search *search, size_t trial, size_t rung)
{
    const struct rungs_bracket *bracket = &search->rungs.brackets[search->trials[trial].bracket];
    size_t first = search_run_of(search, trial, 0, 0);
    return rung + 1 == bracket->count ? search->sweep.runs[first].experiment.settings.rounds
                                      : bracket->rungs[rung].rounds;
}

static cJSON *trial_json(const struct search *search, size_t number_of)
{
    const struct search_trial *trial = &search->trials[number_of];
    cJSON *json = cJSON_CreateObject(), *rungs = NULL, *runs = NULL;
    add_number(json, "trial", (double)number_of + 1);
    add_number(json, "bracket", (double)trial->bracket);
    cJSON_AddItemToObject(json, "values", cJSON_Duplicate(trial->values, true));
    cJSON_AddStringToObject(json, "status", fate_word(trial->fate));
    add_number(json, "objective", search_objective(trial));
    rungs = cJSON_AddArrayToObject(json, "rungs");
    for (size_t k = 0; k < trial->count; k++) {
        cJSON *rung = cJSON_CreateObject();
        add_number(rung, "rounds", (double)rung_rounds(search, number_of, k));
        add_number(rung, "objective", trial->objectives[k]);
        cJSON_AddStringToObject(rung, "worst_attack", search_attack(search, trial->worst_attack[k]));
        cJSON_AddItemToArray(rungs, rung);
    }
    runs = cJSON_AddArrayToObject(json, "runs");
    for (size_t attack = 0; attack < search->attacks.count; attack++)
        for (size_t seed = 0; seed < search->seeds; seed++)
            cJSON_AddItemToArray(runs,
                                 run_json(search, search_run_of(search, number_of, attack, seed), attack));
    return json;
}

static cJSON *brackets_json(const struct search *search)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t b = 0; b < search->rungs.bracket_count; b++) {
        const struct rungs_bracket *bracket = &search->rungs.brackets[b];
        cJSON *rungs = cJSON_CreateArray();
        for (size_t k = 0; k < bracket->count; k++) {
            cJSON *rung = cJSON_CreateObject();
            add_number(rung, "rounds", (double)bracket->rungs[k].rounds);
            add_number(rung, "trials", (double)bracket->rungs[k].trials);
            cJSON_AddItemToArray(rungs, rung);
        }
        cJSON_AddItemToArray(list, rungs);
    }
    return list;
}

static cJSON *budget_json(const struct search *search)
{
    cJSON *json = cJSON_CreateObject();
    double used = search_rounds(search), full = search_full_rounds(search);
    add_number(json, "rounds", used);
    add_number(json, "full_rounds", full);
    add_number(json, "share", full > 0 ? used / full : 0);
    return json;
}

/* The winner's trial as a configuration: its runs again, in a folder of its own. */
static cJSON *winner_config(const struct search *search)
{
    const struct sweep_run *first = &search->sweep.runs[search_run_of(search, search->winner, 0, 0)];
    cJSON *config = cJSON_Duplicate(first->experiment.resolved, true), *sweep = cJSON_CreateObject();
    struct text name = {0};
    text_printf(&name, "%.90s-winner", first->experiment.settings.name);
    cJSON_ReplaceItemInObjectCaseSensitive(config, "name", cJSON_CreateString(text_string(&name)));
    text_fini(&name);
    if (search->attacks.count > 1) {
        cJSON *attacks = cJSON_AddArrayToObject(sweep, "attack");
        for (size_t a = 0; a < search->attacks.count; a++) {
            const struct sweep_run *run = &search->sweep.runs[search_run_of(search, search->winner, a, 0)];
            cJSON_AddItemToArray(attacks,
                                 cJSON_Duplicate(config_value_at(run->experiment.resolved, "attack"), true));
        }
        cJSON_DeleteItemFromObjectCaseSensitive(config, "attack");
    }
    if (search->seeds > 1) {
        cJSON *seeds = cJSON_AddArrayToObject(sweep, "seed");
        for (size_t s = 0; s < search->seeds; s++)
            cJSON_AddItemToArray(seeds, number((double)search->config.seeds.values[s]));
        cJSON_DeleteItemFromObjectCaseSensitive(config, "seed");
    }
    if (sweep != NULL && sweep->child != NULL)
        cJSON_AddItemToObject(config, "sweep", sweep);
    else
        cJSON_Delete(sweep);
    return config;
}

static cJSON *test_json(const struct search *search)
{
    cJSON *json = cJSON_CreateObject(), *attacks = cJSON_CreateArray();
    double accuracy = (double)NAN, loss = (double)NAN;
    for (size_t a = 0; a < search->attacks.count; a++) {
        cJSON *one = cJSON_CreateObject();
        double right = search_test(search, a, false), cost = search_test(search, a, true);
        accuracy = a == 0 || right < accuracy ? right : accuracy;
        loss = a == 0 || cost > loss ? cost : loss;
        cJSON_AddStringToObject(one, "attack", search_attack(search, a));
        add_number(one, "accuracy", right);
        add_number(one, "loss", cost);
        cJSON_AddItemToArray(attacks, one);
    }
    add_number(json, "accuracy", accuracy);
    add_number(json, "loss", loss);
    cJSON_AddItemToObject(json, "attacks", attacks);
    return json;
}

static cJSON *winner_json(const struct search *search, const cJSON *config)
{
    if (config == NULL)
        return cJSON_CreateNull();
    const struct search_trial *trial = &search->trials[search->winner];
    cJSON *json = cJSON_CreateObject();
    add_number(json, "trial", (double)search->winner + 1);
    cJSON_AddItemToObject(json, "values", cJSON_Duplicate(trial->values, true));
    add_number(json, "objective", search_objective(trial));
    cJSON_AddStringToObject(json, "worst_attack",
                            search_attack(search, trial->worst_attack[trial->count - 1]));
    cJSON_AddItemToObject(json, "test", test_json(search));
    cJSON_AddItemToObject(json, "config", cJSON_Duplicate(config, true));
    return json;
}

static cJSON *search_json(const struct search *search, const cJSON *config)
{
    cJSON *json = cJSON_CreateObject(), *trials = NULL;
    const char *status = !search->finished ? "unfinished" : config == NULL ? "failed" : "completed";
    add_number(json, "schema", SCHEMA);
    cJSON_AddStringToObject(json, "name", search->sweep.runs[0].experiment.settings.name);
    cJSON_AddStringToObject(json, "status", status);
    cJSON_AddStringToObject(json, "method", method_word(search));
    cJSON_AddStringToObject(json, "objective", objective_word(search));
    cJSON_AddItemToObject(json, "config", cJSON_Duplicate(config_source_root(search->source), true));
    cJSON_AddItemToObject(json, "brackets", brackets_json(search));
    cJSON_AddItemToObject(json, "budget", budget_json(search));
    cJSON_AddItemToObject(json, "winner", winner_json(search, config));
    trials = cJSON_AddArrayToObject(json, "trials");
    for (size_t t = 0; t < search->rungs.trials; t++)
        cJSON_AddItemToArray(trials, trial_json(search, t));
    return json;
}

static int write_json(const struct search *search, const cJSON *json, const char *name, struct err *err)
{
    char *bytes = config_render(json, true), *path = file_join(search->sweep.directory, name);
    int rc = bytes == NULL || path == NULL
                 ? err_set(err, ERR_MEMORY, "out of memory for the result of the search")
                 : file_write(path, bytes, strlen(bytes), err);
    cJSON_free(bytes);
    free(path);
    return rc;
}

/* That of an earlier search must not pass for the one that is sought. */
static void forget_winner(const struct search *search)
{
    char *path = file_join(search->sweep.directory, winner_name);
    if (path != NULL)
        (void)unlink(path);
    free(path);
}

int search_result_write(const struct search *search, struct err *err)
{
    bool won = search->winner < search->rungs.trials;
    cJSON *config = won ? winner_config(search) : NULL, *json = search_json(search, config);
    int rc = ERR_OK;
    if (config != NULL)
        rc = write_json(search, config, winner_name, err);
    else
        forget_winner(search);
    if (rc == ERR_OK)
        rc = write_json(search, json, result_name, err);
    cJSON_Delete(config);
    cJSON_Delete(json);
    return rc;
}

cJSON *search_result_read(const struct search *search)
{
    char *bytes = NULL, *path = file_join(search->sweep.directory, result_name);
    size_t length = 0;
    cJSON *json = NULL;
    if (path != NULL && file_exists(path) && file_read(path, RESULT_MOST, &bytes, &length, NULL) == ERR_OK)
        json = cJSON_ParseWithLength(bytes, length);
    free(bytes);
    free(path);
    const char *objective = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "objective"));
    if (objective == NULL || strcmp(objective, objective_word(search)) != 0) {
        cJSON_Delete(json);
        json = NULL;
    }
    return json;
}

/* The entry of a run in an earlier file, whichever trial it was then. */
static const cJSON *run_entry(const struct search *search, const char *identity)
{
    const cJSON *trial = NULL, *run = NULL;
    cJSON_ArrayForEach(trial, cJSON_GetObjectItemCaseSensitive(search->earlier, "trials"))
    {
        cJSON_ArrayForEach(run, cJSON_GetObjectItemCaseSensitive(trial, "runs"))
        {
            const char *found = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(run, "config_sha256"));
            if (found != NULL && strcmp(found, identity) == 0)
                return run;
        }
    }
    return NULL;
}

double search_result_find(const struct search *search, size_t run, uint64_t rounds)
{
    const cJSON *entry = run_entry(search, search->sweep.runs[run].experiment.identity), *rung = NULL;
    cJSON_ArrayForEach(rung, cJSON_GetObjectItemCaseSensitive(entry, "rungs"))
    {
        const cJSON *at = cJSON_GetObjectItemCaseSensitive(rung, "rounds");
        const cJSON *objective = cJSON_GetObjectItemCaseSensitive(rung, "objective");
        if (cJSON_IsNumber(at) && at->valuedouble == (double)rounds && cJSON_IsNumber(objective))
            return objective->valuedouble;
    }
    return (double)NAN;
}
