/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/core/blocks.h"
#include "sim/api/byz_aggregator.h"
#include "sim/api/byz_attack.h"
#include "sim/core/simulation.h"

#include <stdio.h>
#include <string.h>

size_t blocks_width(const struct settings *settings, size_t d)
{
    const struct worker_settings *workers = &settings->workers;
    if (workers->storage == STORAGE_FULL)
        return d;
    double columns = (double)workers->block_megabytes * 1e6 / ((double)workers->count * sizeof(float));
    size_t units = columns < (double)d ? (size_t)(columns / BLOCKS_UNIT) : d / BLOCKS_UNIT + 1;
    size_t width = (units < 1 ? 1 : units) * BLOCKS_UNIT;
    return width < d ? width : d;
}

size_t blocks_count(const struct settings *settings, size_t d)
{
    size_t width = blocks_width(settings, d);
    return (d + width - 1) / width;
}

/* Clipping needs the whole gradient, and local steps need all of them. */
bool blocks_keep_residuals(const struct settings *settings)
{
    const struct model_kind *model = (const void *)settings->model.model.kind;
    return model->columns != NULL && settings->workers.local_steps == 1 && settings->workers.clip_norm == 0;
}

static int refuse(char reason[BYZ_REASON_SIZE], const char *name, const char *why)
{
    snprintf(reason, BYZ_REASON_SIZE, "%s %s", name, why);
    return 1;
}

static int defence_refused(const struct defence_settings *defence, char reason[BYZ_REASON_SIZE])
{
    const struct byz_aggregator *rule = (const void *)defence->aggregator.kind;
    for (size_t i = 0; i < defence->preaggregators.count; i++) {
        const struct byz_preaggregator *stage = (const void *)defence->preaggregators.items[i].kind;
        if (!stage->coordinatewise || stage->needs != 0 || stage->state_bytes != NULL)
            return refuse(
                reason, stage->base.name,
                "looks at whole messages, of which only a block of columns is kept; leave it out, or "
                "use storage \"full\"");
    }
    if ((rule->promises & BYZ_COORDINATEWISE) && rule->needs == 0 && rule->state_bytes == NULL)
        return 0;
    return refuse(reason, rule->base.name,
                  "looks at whole messages, of which only a block of columns is kept; use a rule that works "
                  "by coordinates (median, trimmed_mean, mean, ...), or storage \"full\"");
}

int blocks_unsuitable(const struct settings *settings, char reason[BYZ_REASON_SIZE])
{
    const struct byz_attack *attack = (const void *)settings->attack.attack.kind;
    if (settings->workers.storage == STORAGE_FULL)
        return 0;
    if (settings->workers.momentum > 0)
        return refuse(reason, "workers.momentum", "is itself n times d numbers; use 0, or storage \"full\"");
    if (settings->server.missing == MISSING_LAST)
        return refuse(reason, "server.missing \"last\"",
                      "is itself n times d numbers; use \"drop\" or \"zero\", or storage \"full\"");
    if (settings->workers.byzantine > 0 && attack->apply != NULL && !attack->coordinatewise)
        return refuse(
            reason, attack->base.name,
            "looks at whole messages, or draws them number by number, or keeps some, and only a block "
            "of columns is there; use another attack, or storage \"full\"");
    return defence_refused(&settings->server.defence, reason);
}

static void open_window(struct simulation *simulation, size_t from)
{
    size_t left = simulation->d - from;
    simulation->window = (struct blocks_window){from, left < simulation->block ? left : simulation->block};
    for (size_t worker = 0; worker < simulation->n; worker++)
        simulation->sender[simulation->place[worker]] = (uint32_t)worker;
    if (from == 0)
        rows_spread_start(&simulation->facts.spread, simulation->d);
}

void blocks_start(struct simulation *simulation)
{
    memset(simulation->malformed, 0, simulation->n * sizeof *simulation->malformed);
    open_window(simulation, 0);
}

bool blocks_next(struct simulation *simulation)
{
    size_t next = simulation->window.from + simulation->window.width;
    bool over = next == simulation->d, again = over && simulation->facts.late && !simulation->facts.again;
    if (over && !again)
        return false;
    simulation->facts.again |= again;
    open_window(simulation, again ? 0 : next);
    return true;
}
