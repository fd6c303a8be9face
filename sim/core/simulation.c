/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/core/simulation.h"
#include "sim/core/digest.h"
#include "sim/core/phases.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

enum { NOTES_MOST = 100 };

void simulation_note(struct simulation *simulation, const char *format, ...)
{
    if (simulation->note_count++ >= NOTES_MOST)
        return;
    char line[2 * BYZ_REASON_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    text_printf(&simulation->notes, "round %llu: %s\n", (unsigned long long)simulation->round, line);
}

struct model simulation_model(const struct settings *settings, const struct dataset *dataset)
{
    return (struct model){.kind = (const void *)settings->model.model.kind,
                          .params = settings->model.model.params,
                          .common = settings->model.common,
                          .shape = {.features = dataset->features,
                                    .channels = dataset->channels,
                                    .height = dataset->height,
                                    .width = dataset->width,
                                    .classes = dataset->classes,
                                    .sequence = dataset->sequence}};
}

int simulation_evaluate(struct simulation *simulation, struct err *err)
{
    const struct table *done = &simulation->evaluations;
    if (done->rows > 0 && table_at(done, done->rows - 1, EVAL_ROUND) == (double)simulation->round)
        return ERR_OK;
    return evaluation_record(simulation, err);
}

static bool evaluation_due(const struct simulation *s)
{
    uint64_t every = s->settings->evaluation.every;
    return s->round == s->settings->rounds || (every > 0 && s->round % every == 0);
}

/* Diverged: the parameters, or the losses measured on them, are no longer finite. */
static bool diverged(const struct simulation *s, bool evaluated)
{
    bool lost = evaluated && !isfinite(table_at(&s->evaluations, s->evaluations.rows - 1, EVAL_TRAIN_LOSS));
    return lost || s->broken;
}

void simulation_settle(struct simulation *simulation)
{
    if (!simulation->unsettled)
        return;
    metrics_compare(simulation);
    simulation->digest = digest_floats(simulation->digest, simulation->parameters, simulation->d);
    simulation->unsettled = false;
}

/* What follows each round: evaluation where one is due, the end where it has come. */
static int conclude_round(struct simulation *s, struct err *err)
{
    bool evaluate = evaluation_due(s), broken = diverged(s, false);
    s->unsettled = true;
    int rc = evaluate || broken || s->status == SIMULATION_STOPPED ? evaluation_record(s, err) : ERR_OK;
    if (rc != ERR_OK || s->status == SIMULATION_STOPPED)
        return rc;
    if (broken || diverged(s, evaluate)) {
        s->status = SIMULATION_DIVERGED;
        text_clear(&s->reason);
        text_printf(&s->reason, "the %s became non-finite in round %llu",
                    broken ? "parameters" : "training loss", (unsigned long long)s->round - 1);
    } else if (s->round == s->settings->rounds) {
        s->status = SIMULATION_COMPLETED;
    }
    return ERR_OK;
}

int simulation_run(struct simulation *s, const struct simulation_hooks *hooks, struct err *err)
{
    int rc = ERR_OK;
    if (s->round == 0 && s->evaluations.rows == 0)
        rc = evaluation_record(s, err);
    if (rc == ERR_OK && s->round == s->settings->rounds)
        s->status = SIMULATION_COMPLETED;
    while (rc == ERR_OK && s->status == SIMULATION_RUNNING) {
        profile_enter(&s->profile, PROFILE_WRITING);
        if (hooks->progress != NULL)
            hooks->progress(hooks->context, s);
        if (hooks->stop != NULL && hooks->stop(hooks->context)) {
            s->status = SIMULATION_STOPPED;
            text_clear(&s->reason);
            text_printf(&s->reason, "stopped by the user after round %llu", (unsigned long long)s->round);
            break;
        }
        rc = round_run(s, err);
        s->profile.rounds++;
        if (rc == ERR_OK)
            rc = conclude_round(s, err);
    }
    simulation_settle(s);
    profile_enter(&s->profile, PROFILE_WRITING);
    if (hooks->progress != NULL)
        hooks->progress(hooks->context, s);
    profile_pause(&s->profile);
    return rc;
}
