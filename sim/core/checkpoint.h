/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The whole state of a simulation between two rounds as bytes, so that a stopped run goes on to the
 * byte-identical result. Batches, permutations and attacks draw from streams named by the round, so only
 * arrays and tables are saved. The bytes are meant for the machine that wrote them (native byte order and
 * sizes, checked on loading).
 */
#ifndef SIM_CORE_CHECKPOINT_H
#define SIM_CORE_CHECKPOINT_H

#include "sim/core/simulation.h"

/* Appends the state to *out. `identity` names the experiment (a hash of its resolved configuration). */
int checkpoint_save(struct simulation *simulation, const char *identity, struct text *out, struct err *err);

/* Restores a freshly created simulation of the same settings and data. ERR_DATA, with the simulation unfit
 * for use, when the bytes are damaged, of another version or of another experiment. */
int checkpoint_load(struct simulation *simulation, const char *identity, const void *bytes, size_t length,
                    struct err *err);

#endif
