/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One round, which is the whole program. */
#include "sim/core/phases.h"
#include "sim/core/schedule.h"

#include <string.h>

int round_run(struct simulation *simulation, struct err *err)
{
    memset(&simulation->facts, 0, sizeof simulation->facts);
    simulation->facts.learning_rate =
        schedule_rate(&simulation->settings->server, simulation->round, simulation->settings->rounds);

    adversary_assign(simulation); /* who is Byzantine, and the secret order of the rows */
    blocks_start(simulation);     /* the columns at hand: all, or some at a time */
    do {
        worker_messages(simulation);  /* batch, gradient, momentum: a row each */
        metrics_honest(simulation);   /* what an aggregate is measured against */
        adversary_attack(simulation); /* the Byzantine rows */
        server_receive(simulation);   /* missing and malformed rows */
        server_aggregate(simulation); /* pre-aggregators, then the rule */
    } while (blocks_next(simulation));
    server_conclude(simulation);              /* the aggregate, or why there is none; who was selected */
    int rc = metrics_record(simulation, err); /* the aggregate against the honest mean */
    server_step(simulation);                  /* the parameters move */

    simulation->round++;
    return rc;
}
