/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a simulation will ask for, array by array, so that a machine too small is told before anything runs.
 */
#ifndef SIM_CORE_MEMORY_H
#define SIM_CORE_MEMORY_H

#include "sim/base/err.h"
#include "sim/core/settings.h"
#include "sim/data/dataset.h"

enum { MEMORY_ITEMS_MOST = 16 };

/* Bytes by use, the data set itself not included. */
struct memory_plan {
    struct memory_item {
        const char *what;
        double bytes;
    } items[MEMORY_ITEMS_MOST];
    size_t count;
    double total;
};

struct memory_plan memory_plan_of(const struct settings *settings, const struct dataset *dataset);

/* The plan's total. */
double memory_total(const struct settings *settings, const struct dataset *dataset);

/* ERR_MEMORY with the arithmetic and the cures when the simulation and its data do not fit into the memory of
 * this process. */
int memory_check(const struct settings *settings, const struct dataset *dataset, struct err *err);

/* Samples that one thread has to hold at a time: a batch of the workers, the server's own samples, or a chunk
 * of an evaluation. */
size_t memory_samples(const struct settings *settings, const struct dataset *dataset);

/* Bytes of state of the attack. Senders that attack alone keep one each: the b attackers, or, when they are
 * redrawn, every worker. */
size_t memory_attack_state(const struct settings *settings, size_t d);

#endif
