/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The phases of a round, in the order in which round.c calls them, and what surrounds the rounds. Those from
 * worker_messages to server_aggregate work on the columns of simulation.window, all of them or a block. */
#ifndef SIM_CORE_PHASES_H
#define SIM_CORE_PHASES_H

#include "sim/core/simulation.h"

/* round.c: one whole round. */
int round_run(struct simulation *simulation, struct err *err);

/* worker.c: batch, gradient, clipping, momentum: row place[w] of the message matrix for every honest worker,
 * the row of `own` for every Byzantine one that needs it; and the server's own gradient, where the defence
 * needs one. */
void worker_messages(struct simulation *simulation);

/* Completes the record of the last round: the digest of the parameters as they are, the comparison of the
 * aggregate with the honest mean. Both wait for the gradients of the next round, where a thread does them for
 * which no worker is left; who reads digest or table before that calls this. */
void simulation_settle(struct simulation *simulation);

/* adversary.c: who is Byzantine this round, where rows lie; then the Byzantine rows. */
void adversary_assign(struct simulation *simulation);
void adversary_attack(struct simulation *simulation);
bool adversary_active(const struct simulation *simulation);
bool adversary_needs_own(const struct simulation *simulation);

/* server_facts.c: all of the server's root data as a batch in that thread's room; what the stages of the
 * defence may ask for beside the messages, where `workers` (n) are the names of the rows' senders. */
struct model_batch server_facts_root(const struct simulation *simulation, struct thread_room *room);
struct byz_facts server_facts_of(struct simulation *simulation, const uint32_t *workers);

/* server.c: missing and malformed rows, the defence, what came of it, the step. */
void server_receive(struct simulation *simulation);
void server_aggregate(struct simulation *simulation);
void server_conclude(struct simulation *simulation);
void server_step(struct simulation *simulation);

/* metrics.c: the honest messages' mean and variance, before anything touches them; one row of the rounds
 * table; what in that row compares the aggregate with the honest mean, as long as both are there. */
void metrics_honest(struct simulation *simulation);
int metrics_record(struct simulation *simulation, struct err *err);
void metrics_compare(struct simulation *simulation);

/* evaluation.c: one row of the evaluations table. */
int evaluation_prepare(struct simulation *simulation, struct err *err);
int evaluation_record(struct simulation *simulation, struct err *err);

#endif
