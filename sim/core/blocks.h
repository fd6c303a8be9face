/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rounds by blocks of columns (workers.storage "recompute"): the message matrix holds some columns of all n
 * workers at a time, and the phases that fill and aggregate it run once for every block. What a block needs
 * of a gradient is computed anew, so memory does not grow with n d, and the bytes are those of the whole
 * matrix. Only what works on each coordinate by itself can run so.
 *
 * A block is a multiple of BLOCKS_UNIT columns wide: sums over columns are then cut as they are over the
 * whole matrix.
 */
#ifndef SIM_CORE_BLOCKS_H
#define SIM_CORE_BLOCKS_H

#include "sim/core/settings.h"
#include <stdbool.h>
#include <stddef.h>

struct simulation;

enum { BLOCKS_UNIT = 1024 };

/* The columns of the messages that are at hand. */
struct blocks_window {
    size_t from, width;
};

/* Columns of the message matrix of a model with d parameters: d itself under storage "full". */
size_t blocks_width(const struct settings *settings, size_t d);

/* How many times a round goes through its workers: 1 under storage "full". */
size_t blocks_count(const struct settings *settings, size_t d);

/* Whether gradients are made from what the model keeps of every worker's batch (model_kind.columns); false:
 * each block computes them anew as a whole. */
bool blocks_keep_residuals(const struct settings *settings);

/* 0 when every part of the experiment can work by blocks; otherwise the reason with its cure. */
int blocks_unsuitable(const struct settings *settings, char reason[BYZ_REASON_SIZE]);

/* The window at the beginning of a round. */
void blocks_start(struct simulation *simulation);

/* Moves to the next window of the round; false when there is none. Malformed rows found behind the first
 * window take the round back to it, once: by then all of them are known, and the rule sees none. */
bool blocks_next(struct simulation *simulation);

#endif
