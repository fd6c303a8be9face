/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Samples that are held out of the training data for validation, before the rest is spread over the workers:
 * no worker, no server and no training loss ever sees them.
 */
#ifndef SIM_CORE_HOLDOUT_H
#define SIM_CORE_HOLDOUT_H

#include "sim/base/err.h"
#include "sim/core/settings.h"
#include "sim/data/dataset.h"

struct holdout {
    size_t training, validation; /* samples left for training; held out */
    uint32_t *numbers; /* (training + validation) the numbers of the samples for training, ascending, then of
                          those held out, ascending; NULL: none is held out, and sample k is number k */
};

/* Samples that the settings leave for training; fewer than 1 is an error of holdout_init. */
size_t holdout_training(const struct settings *settings, const struct dataset *dataset);

/* Draws them from a stream of the run's seed. ERR_INVALID when no sample is left for one of the two. */
int holdout_init(struct holdout *holdout, const struct settings *settings, const struct dataset *dataset,
                 struct err *err);
void holdout_fini(struct holdout *holdout);

/* Turns places among the training samples, 0..training-1, into the numbers of these samples. */
void holdout_number(const struct holdout *holdout, size_t count, uint32_t *places);

#endif
