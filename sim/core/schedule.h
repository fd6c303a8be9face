/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Learning-rate schedules: a factor of the base rate as a function of the round. */
#ifndef SIM_CORE_SCHEDULE_H
#define SIM_CORE_SCHEDULE_H

#include "sim/api/byz_param.h"
#include "sim/core/settings.h"

struct schedule {
    struct byz_descriptor base;
    double (*factor)(const void *params, uint64_t round, uint64_t rounds);
};

extern const struct byz_family schedule_family; /* of struct schedule */

/* The learning rate of a round: base rate, times the schedule, times the warm-up. */
double schedule_rate(const struct server_settings *server, uint64_t round, uint64_t rounds);

#endif
