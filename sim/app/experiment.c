/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/app/experiment.h"
#include "attacks/registry.h"
#include "sim/api/byz_aggregator.h"
#include "sim/api/byz_attack.h"
#include "sim/app/tables.h"
#include "sim/core/blocks.h"
#include "sim/core/defence.h"
#include "sim/core/optimizer.h"
#include "sim/plugin/plugin.h"

#include <math.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MOST = 100 }; /* with a label and a hash it has to fit into the 255 bytes of a file name */

/* Where a mistake is found and where it is reported. */
struct check {
    const struct settings *settings;
    const struct config_source *source;
    const cJSON *json;
    struct config_errors *errors;
};

static void check_name(const struct check *check)
{
    const char *name = check->settings->name;
    size_t good = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");
    if (name[good] != '\0' || name[0] == '.' || name[0] == '-' || good == 0 || good > NAME_MOST)
        config_mistake(check->errors, check->source, check->json, "name",
                       "\"%.*s%s\" cannot name a folder: use 1 to %d letters, digits, '.', '_' and '-', not "
                       "'.' or '-' first",
                       NAME_MOST, name, strlen(name) > NAME_MOST ? "..." : "", NAME_MOST);
}

static void check_counts(const struct check *check)
{
    const struct worker_settings *workers = &check->settings->workers;
    if (workers->byzantine >= workers->count)
        config_mistake(check->errors, check->source, check->json, "workers.byzantine",
                       "%llu of %llu workers: at least one must be honest",
                       (unsigned long long)workers->byzantine, (unsigned long long)workers->count);
    if (check->settings->server.declared_byzantine.choice < 0 &&
        settings_declared(check->settings) >= workers->count)
        config_mistake(check->errors, check->source, check->json, "server.declared_byzantine",
                       "%zu of %llu workers: it must be less than the number of workers",
                       settings_declared(check->settings), (unsigned long long)workers->count);
    if (check->settings->attack.axes.members == MEMBERS_REDRAWN &&
        check->settings->data.holders == HOLDERS_HONEST)
        config_mistake(check->errors, check->source, check->json, "attack.members",
                       "\"redrawn\" needs data.holders \"all\": who is honest changes every round");
}

static void check_defence(const struct check *check)
{
    const struct server_settings *server = &check->settings->server;
    const struct byz_aggregator *rule = (const void *)server->defence.aggregator.kind;
    char reason[BYZ_REASON_SIZE] = "";
    size_t n = (size_t)check->settings->workers.count, f = settings_declared(check->settings);
    if (rule == NULL || f >= n)
        return;
    const struct defence_settings stages = {.preaggregators = server->defence.preaggregators};
    if (defence_unsuitable(&stages, n, f, NULL, reason) != 0)
        config_mistake(check->errors, check->source, check->json, "server.preaggregators", "%s", reason);
    else if (defence_unsuitable(&server->defence, n, f, NULL, reason) != 0)
        config_mistake(check->errors, check->source, check->json, "server.aggregator", "%s", reason);
    if (server->weights != WEIGHTS_SAMPLES)
        return;
    if (!(rule->promises & BYZ_WEIGHTED))
        config_mistake(check->errors, check->source, check->json, "server.weights",
                       "%s has no weighted form; use \"equal\"", rule->base.name);
    else if (server->defence.preaggregators.count > 0)
        config_mistake(check->errors, check->source, check->json, "server.weights",
                       "pre-aggregation has no weighted form; use \"equal\"");
}

static void check_storage(const struct check *check)
{
    const struct settings *settings = check->settings;
    char reason[BYZ_REASON_SIZE] = "";
    if (settings->server.defence.aggregator.kind != NULL && settings->attack.attack.kind != NULL &&
        blocks_unsuitable(settings, reason) != 0)
        config_mistake(check->errors, check->source, check->json, "workers.storage", "\"recompute\": %s",
                       reason);
}

static void check_validation(const struct check *check)
{
    double validation = check->settings->data.validation;
    if (validation > 1 && validation != floor(validation))
        config_mistake(check->errors, check->source, check->json, "data.validation",
                       "%g is neither a fraction below 1 nor a whole number of samples", validation);
}

static void check_optimizer(const struct check *check)
{
    const struct server_settings *server = &check->settings->server;
    const struct optimizer *optimizer = (const void *)server->optimizer.kind;
    if (optimizer != NULL && !optimizer->momentum && server->momentum > 0)
        config_mistake(check->errors, check->source, check->json, "server.momentum",
                       "%s does not use it; leave it 0, or use optimizer \"sgd\"", optimizer->base.name);
}

static void check_attack(const struct check *check, struct text *warnings)
{
    static const char *const levels[] = {"omniscient", "colluding", "own"};
    const struct settings *settings = check->settings;
    const struct byz_attack *attack = (const void *)settings->attack.attack.kind;
    size_t n = (size_t)settings->workers.count, b = (size_t)settings->workers.byzantine;
    char reason[BYZ_REASON_SIZE] = "";
    if (attack == NULL || b == 0 || b >= n)
        return;
    int level = settings_knowledge(settings);
    if (!(attack->knowledge & 1u << level)) {
        struct text allowed = {0};
        for (int k = 0; k < 3; k++)
            if (attack->knowledge & 1u << k)
                text_printf(&allowed, "%s\"%s\"", allowed.length > 0 ? ", " : "", levels[k]);
        config_mistake(check->errors, check->source, check->json, "attack.knowledge",
                       "%s does not work with \"%s\"; it works with %s", attack->base.name, levels[level],
                       text_string(&allowed));
        text_fini(&allowed);
    } else if (attack_unsuitable(attack, settings->attack.attack.params, n, b, (enum byz_knowledge)level,
                                 settings_known_count(settings), reason) != 0) {
        config_mistake(check->errors, check->source, check->json, "attack", "%s", reason);
    } else if (attack->warn != NULL) {
        attack->warn(settings->attack.attack.params, n, b, reason);
        if (reason[0] != '\0')
            text_printf(warnings, "%s\n", reason);
    }
}

static void identify(struct experiment *experiment)
{
    char *bytes = config_render(experiment->resolved, false);
    uint8_t sum[SHA256_DIGEST_SIZE];
    struct sha256_ctx context;
    if (bytes == NULL)
        return;
    sha256_init(&context);
    sha256_update(&context, strlen(bytes), (const uint8_t *)bytes);
    sha256_digest(&context, sizeof sum, sum);
    for (size_t i = 0; i < sizeof sum; i++)
        snprintf(experiment->identity + 2 * i, 3, "%02x", sum[i]);
    cJSON_free(bytes);
}

static int name_run(struct experiment *experiment, const char *label)
{
    struct text name = {0};
    text_printf(&name, "%s-%.8s", label[0] != '\0' ? label : experiment->settings.name, experiment->identity);
    experiment->run_name = name.failed ? NULL : name.data;
    if (name.failed)
        text_fini(&name);
    experiment->label = text_copy(label);
    return experiment->run_name == NULL || experiment->label == NULL ? ERR_MEMORY : ERR_OK;
}

int experiment_read(struct experiment *experiment, const struct config_source *source,
                    const struct config_point *point, struct config_errors *errors)
{
    *experiment = (struct experiment){0};
    size_t before = errors->count;
    config_read(&tables_experiment, source, point->json, &experiment->settings, errors);
    struct check check = {&experiment->settings, source, point->json, errors};
    check_name(&check);
    check_counts(&check);
    check_validation(&check);
    check_defence(&check);
    check_storage(&check);
    check_optimizer(&check);
    check_attack(&check, &experiment->warnings);
    experiment_rest(experiment);
    if (errors->count > before)
        return ERR_CONFIG;
    experiment->resolved = config_write(&tables_experiment, &experiment->settings);
    if (experiment->resolved == NULL)
        return ERR_MEMORY;
    identify(experiment);
    return name_run(experiment, point->label);
}

void experiment_rest(const struct experiment *experiment)
{
    plugin_rest(&experiment->settings.attack.attack);
    plugin_rest(&experiment->settings.server.defence.aggregator);
}

void experiment_fini(struct experiment *experiment)
{
    config_release(&tables_experiment, &experiment->settings);
    cJSON_Delete(experiment->resolved);
    free(experiment->run_name);
    free(experiment->label);
    text_fini(&experiment->warnings);
    *experiment = (struct experiment){0};
}
