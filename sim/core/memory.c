/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/core/memory.h"
#include "sim/api/byz_attack.h"
#include "sim/base/mem.h"
#include "sim/base/text.h"
#include "sim/core/defence.h"
#include "sim/core/server_facts.h"
#include "sim/core/simulation.h"
#include "sim/num/machine.h"

#include <omp.h>
#include <stdio.h>
#include <string.h>

enum { EVALUATION_CHUNK = 256, SHOWN_MOST = 4, WORD = 32 };

/* Of the memory that there is, what a simulation may take: the rest is the program's and the results'. */
static const double share = 0.9;

size_t memory_samples(const struct settings *settings, const struct dataset *dataset)
{
    size_t batch = (size_t)settings->workers.batch_size, own = server_facts_samples(settings, dataset);
    if (batch == 0 || batch > dataset->train.count)
        batch = dataset->train.count;
    batch = batch < own ? own : batch;
    return batch < EVALUATION_CHUNK ? EVALUATION_CHUNK : batch;
}

size_t memory_attack_state(const struct settings *settings, size_t d)
{
    const struct byz_attack *attack = (const void *)settings->attack.attack.kind;
    size_t n = (size_t)settings->workers.count, b = (size_t)settings->workers.byzantine;
    size_t one = attack->state_bytes ? attack->state_bytes(settings->attack.attack.params, n, d) : 0;
    size_t owners = settings->attack.axes.members == MEMBERS_REDRAWN && b > 0 ? n : b;
    return settings_knowledge(settings) == BYZ_OWN ? owners * mem_round_up(one) : one;
}

/* The attack's state and scratch, and the defence it tries out. */
static double attack_bytes(const struct settings *settings, size_t n, size_t d, size_t ld)
{
    const struct byz_attack *attack = (const void *)settings->attack.attack.kind;
    double bytes = (double)memory_attack_state(settings, d);
    if (attack->scratch_bytes != NULL)
        bytes += (double)attack->scratch_bytes(settings->attack.attack.params, n, d,
                                               (size_t)omp_get_max_threads());
    if (attack->tries_defence)
        bytes += defence_memory(&settings->server.defence, n, d, ld, true) +
                 (double)(n + 1) * (double)ld * sizeof(float);
    return bytes;
}

static double rooms_bytes(const struct settings *settings, const struct dataset *dataset,
                          const struct model *model)
{
    size_t samples = memory_samples(settings, dataset);
    size_t d = model_dimension(model);
    double vectors = 1 + (settings->workers.local_steps > 1) + (blocks_width(settings, d) < d);
    double batch = (double)samples * (double)(dataset->features + dataset_labels_each(dataset) + 1);
    return omp_get_max_threads() *
           ((batch + vectors * (double)d) * sizeof(float) + (double)model_scratch_bytes(model, samples));
}

/* At most: a batch is no larger than what its worker holds. */
static double residual_bytes(const struct settings *settings, const struct dataset *dataset,
                             const struct model *model)
{
    size_t d = model_dimension(model), count = dataset->train.count;
    size_t batch = (size_t)settings->workers.batch_size, n = (size_t)settings->workers.count;
    if (blocks_width(settings, d) == d || !blocks_keep_residuals(settings))
        return 0;
    double held = 2 * (double)model_residual_floats(model, count);
    double asked = (double)n * (double)model_residual_floats(model, batch);
    return (batch > 0 && asked < held ? asked : held) * sizeof(float) + (double)n * sizeof(size_t);
}

static void add(struct memory_plan *plan, const char *what, double bytes)
{
    if (bytes <= 0)
        return;
    plan->items[plan->count++] = (struct memory_item){what, bytes};
    plan->total += bytes;
}

struct memory_plan memory_plan_of(const struct settings *settings, const struct dataset *dataset)
{
    struct memory_plan plan = {.count = 0};
    struct model model = simulation_model(settings, dataset);
    size_t n = (size_t)settings->workers.count, d = model_dimension(&model);
    size_t block = blocks_width(settings, d), ld = (block + 15) / 16 * 16;
    double row = (double)ld * sizeof(float), vectors = 4 + (double)settings_optimizer_arrays(settings);
    double samples = (double)dataset->train.count;
    add(&plan, block < d ? "a block of messages" : "messages", (double)n * row);
    add(&plan, "what is kept of batches", residual_bytes(settings, dataset, &model));
    add(&plan, "worker momentum", settings->workers.momentum > 0 ? (double)n * row : 0);
    add(&plan, "the Byzantine workers' own messages", (double)settings->workers.byzantine * row);
    add(&plan, "last messages (server.missing)",
        settings->server.missing == MISSING_LAST ? (double)n * row : 0);
    add(&plan, "the defence", defence_memory(&settings->server.defence, n, block, ld, true));
    add(&plan, "the attack", attack_bytes(settings, n, block, ld));
    add(&plan, "batches and gradients of the threads", rooms_bytes(settings, dataset, &model));
    add(&plan, "parameters and optimiser", vectors * (double)d * sizeof(float));
    add(&plan, "the server's own data", server_facts_memory(settings, dataset, d));
    add(&plan, "who holds which samples",
        3 * samples * sizeof(uint32_t) + (double)n * (8 * sizeof(double) + 4 * sizeof(uint32_t)));
    return plan;
}

double memory_total(const struct settings *settings, const struct dataset *dataset)
{
    return memory_plan_of(settings, dataset).total;
}

/* "1.6 GB", "64 MB". */
static const char *words(char out[WORD], double bytes)
{
    if (bytes < 1e9)
        snprintf(out, WORD, "%.0f MB", bytes / 1e6);
    else
        snprintf(out, WORD, "%.1f GB", bytes / 1e9);
    return out;
}

/* "messages 3.2 GB, worker momentum 3.2 GB, ...": the largest first. */
static void tell_items(struct memory_plan *plan, struct text *out)
{
    char word[WORD];
    size_t shown = 0;
    for (; shown < plan->count && shown < SHOWN_MOST; shown++) {
        size_t most = shown;
        for (size_t i = shown; i < plan->count; i++)
            most = plan->items[i].bytes > plan->items[most].bytes ? i : most;
        struct memory_item item = plan->items[most];
        plan->items[most] = plan->items[shown];
        plan->items[shown] = item;
        if (shown > 0 && item.bytes < 0.02 * plan->total)
            break;
        text_printf(out, "%s%s %s", shown > 0 ? ", " : "", item.what, words(word, item.bytes));
    }
    if (shown < plan->count)
        text_add(out, ", ...");
}

static double bytes_of(const struct memory_plan *plan, const char *what)
{
    for (size_t i = 0; i < plan->count; i++)
        if (strcmp(plan->items[i].what, what) == 0)
            return plan->items[i].bytes;
    return 0;
}

/* Blocks of columns, where they are possible and small enough ones fit. */
static void tell_storage(const struct settings *settings, const struct dataset *dataset, double limit,
                         struct text *out)
{
    struct settings other = *settings;
    char reason[BYZ_REASON_SIZE], word[WORD];
    other.workers.storage = STORAGE_RECOMPUTE;
    uint64_t *megabytes = &other.workers.block_megabytes, asked = *megabytes;
    double bytes = memory_total(&other, dataset);
    for (; bytes >= limit && *megabytes > 1; bytes = memory_total(&other, dataset))
        *megabytes /= 2;
    bool possible = blocks_unsuitable(&other, reason) == 0 && bytes < limit;
    if (settings->workers.storage == STORAGE_FULL && possible) {
        text_add(out, "workers.storage \"recompute\" ");
        if (*megabytes < asked)
            text_printf(out, "with workers.block_megabytes %llu ", (unsigned long long)*megabytes);
        text_printf(out, "(%s), ", words(word, bytes));
    } else if (settings->workers.storage == STORAGE_RECOMPUTE && possible) {
        text_printf(out, "workers.block_megabytes %llu (%s), ", (unsigned long long)*megabytes,
                    words(word, bytes));
    }
}

static void tell_cures(const struct settings *settings, const struct memory_plan *plan, struct text *out)
{
    if (settings->workers.momentum > 0)
        text_add(out, "no worker momentum, ");
    if (settings->server.missing == MISSING_LAST)
        text_add(out, "server.missing \"drop\", ");
    if (bytes_of(plan, "the defence") > 0.3 * plan->total)
        text_printf(out, "%s, ",
                    settings->server.defence.preaggregators.count > 0 ? "no pre-aggregators"
                                                                      : "a rule that works by coordinates");
    text_add(out, "fewer workers or a smaller model");
}

int memory_check(const struct settings *settings, const struct dataset *dataset, struct err *err)
{
    struct memory_plan plan = memory_plan_of(settings, dataset);
    struct machine_memory there = machine_memory();
    struct model model = simulation_model(settings, dataset);
    add(&plan, "the data", dataset_bytes(dataset));
    if (there.bytes == 0 || plan.total < share * there.bytes)
        return ERR_OK;
    struct text items = {0}, cures = {0};
    char need[WORD], have[WORD];
    tell_items(&plan, &items);
    tell_storage(settings, dataset, share * there.bytes, &cures);
    tell_cures(settings, &plan, &cures);
    err_set(err, ERR_MEMORY,
            "%llu workers with %zu parameters need %s, you have %s, %s (%.0f %% of it are used at "
            "most): %s; use %s",
            (unsigned long long)settings->workers.count, model_dimension(&model), words(need, plan.total),
            words(have, there.bytes), there.bound, 100 * share, text_string(&items), text_string(&cures));
    text_fini(&items);
    text_fini(&cures);
    return ERR_MEMORY;
}
