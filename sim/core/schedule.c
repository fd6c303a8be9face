/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each schedule is one line of arithmetic, so they share a file. Rounds count from 0. */
#include "sim/core/schedule.h"

#include <math.h>

static double constant_factor(const void *params, uint64_t round, uint64_t rounds)
{
    (void)params, (void)round, (void)rounds;
    return 1;
}

static const struct schedule schedule_constant = {
    .base = {.name = "constant", .doc = "The learning rate never changes."},
    .factor = constant_factor,
};

struct step_params {
    uint64_t every;
    struct byz_counts milestones;
    double factor;
};

static const struct byz_param step_params[] = {
    {.name = "every",
     .type = BYZ_COUNT,
     .offset = offsetof(struct step_params, every),
     .initial = 100,
     .min = 1,
     .max = BYZ_COUNT_MOST,
     .doc = "Rounds between two drops; not used when milestones are given."},
    {.name = "milestones",
     .type = BYZ_COUNTS,
     .offset = offsetof(struct step_params, milestones),
     .min = 1,
     .max = BYZ_COUNT_MOST,
     .doc = "Rounds at which the rate drops, instead of every so many."},
    {.name = "factor",
     .type = BYZ_REAL,
     .offset = offsetof(struct step_params, factor),
     .initial = 0.1,
     .min = BYZ_ABOVE_ZERO,
     .max = 1,
     .doc = "What the rate is multiplied by at each drop."},
};

static double step_factor(const void *params, uint64_t round, uint64_t rounds)
{
    (void)rounds;
    const struct step_params *p = params;
    uint64_t drops = p->milestones.count > 0 ? 0 : round / p->every;
    for (size_t i = 0; i < p->milestones.count; i++)
        drops += round >= p->milestones.values[i];
    return pow(p->factor, (double)drops);
}

static const struct schedule schedule_step = {
    .base = {.name = "step",
             .doc = "The learning rate is multiplied by `factor` every so many rounds, or at given rounds.",
             .params = step_params,
             .param_count = BYZ_LENGTH(step_params),
             .params_size = sizeof(struct step_params)},
    .factor = step_factor,
};

struct inverse_time_params {
    double half_life;
};

static const struct byz_param inverse_time_params[] = {
    {.name = "half_life",
     .type = BYZ_REAL,
     .offset = offsetof(struct inverse_time_params, half_life),
     .initial = 100,
     .min = BYZ_ABOVE_ZERO,
     .max = DBL_MAX,
     .doc = "Rounds after which the rate has halved (it is a third after twice as many)."},
};

static double inverse_time_factor(const void *params, uint64_t round, uint64_t rounds)
{
    (void)rounds;
    return 1 / (1 + (double)round / ((const struct inverse_time_params *)params)->half_life);
}

static const struct schedule schedule_inverse_time = {
    .base = {.name = "inverse_time",
             .doc = "The learning rate is divided by 1 + round/half_life, the classical decay of stochastic "
                    "approximation (Robbins and Monro, 1951).",
             .params = inverse_time_params,
             .param_count = BYZ_LENGTH(inverse_time_params),
             .params_size = sizeof(struct inverse_time_params)},
    .factor = inverse_time_factor,
};

struct cosine_params {
    double floor;
};

static const struct byz_param cosine_params[] = {
    {.name = "floor",
     .type = BYZ_REAL,
     .offset = offsetof(struct cosine_params, floor),
     .max = 1,
     .doc = "Fraction of the rate that is reached at the last round."},
};

static double cosine_factor(const void *params, uint64_t round, uint64_t rounds)
{
    double floor = ((const struct cosine_params *)params)->floor;
    double part = rounds > 1 ? (double)round / (double)(rounds - 1) : 0;
    return floor + (1 - floor) * 0.5 * (1 + cos(3.14159265358979323846 * part));
}

static const struct schedule schedule_cosine = {
    .base =
        {.name = "cosine",
         .doc =
             "The learning rate falls along half a cosine from the first round to the last (Loshchilov and "
             "Hutter, ICLR 2017).",
         .params = cosine_params,
         .param_count = BYZ_LENGTH(cosine_params),
         .params_size = sizeof(struct cosine_params)},
    .factor = cosine_factor,
};

static const struct schedule *const schedules[] = {
    &schedule_constant,
    &schedule_step,
    &schedule_inverse_time,
    &schedule_cosine,
};

static const struct byz_descriptor *schedule_at(size_t index)
{
    return &schedules[index]->base;
}

const struct byz_family schedule_family = {"schedule", "schedules", BYZ_LENGTH(schedules), schedule_at};

double schedule_rate(const struct server_settings *server, uint64_t round, uint64_t rounds)
{
    const struct schedule *schedule = (const void *)server->schedule.kind;
    double warm = 1;
    if (round < server->warmup_rounds)
        warm = server->warmup_start +
               (1 - server->warmup_start) * (double)(round + 1) / (double)server->warmup_rounds;
    return server->learning_rate * schedule->factor(server->schedule.params, round, rounds) * warm;
}
