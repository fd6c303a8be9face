/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/core/profile.h"
#include "sim/num/machine.h"

static const char *const words[PROFILE_PHASES] = {
    [PROFILE_ASSIGNMENT] = "assignment",   [PROFILE_GRADIENTS] = "gradients",
    [PROFILE_METRICS] = "metrics",         [PROFILE_ATTACK] = "attack",
    [PROFILE_RECEPTION] = "reception",     [PROFILE_PREAGGREGATION] = "preaggregation",
    [PROFILE_AGGREGATION] = "aggregation", [PROFILE_STEP] = "step",
    [PROFILE_EVALUATION] = "evaluation",   [PROFILE_WRITING] = "writing",
};

const char *profile_word(enum profile_phase phase)
{
    return words[phase];
}

/* `since` is 0 while nothing is charged. */
static void charge(struct profile *profile, double time)
{
    if (profile->since > 0)
        profile->seconds[profile->now] += time - profile->since;
}

void profile_enter(struct profile *profile, enum profile_phase phase)
{
    if (profile == NULL || !profile->on)
        return;
    double time = machine_seconds();
    charge(profile, time);
    profile->now = phase;
    profile->since = time;
}

void profile_pause(struct profile *profile)
{
    if (profile == NULL || !profile->on)
        return;
    charge(profile, machine_seconds());
    profile->since = 0;
}

double profile_total(const struct profile *profile)
{
    double sum = 0;
    for (size_t p = 0; p < PROFILE_PHASES; p++)
        sum += profile->seconds[p];
    return sum;
}

void profile_add(struct profile *sum, const struct profile *part)
{
    for (size_t p = 0; p < PROFILE_PHASES; p++)
        sum->seconds[p] += part->seconds[p];
    sum->on |= part->on;
    sum->rounds += part->rounds;
    sum->flops += part->flops;
    sum->bytes += part->bytes;
}
