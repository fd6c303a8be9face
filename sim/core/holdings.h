/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who holds which training samples, and which of them make up a worker's next batch. A batch depends on
 * (seed, worker, step) alone, so holdings need no saving: any step can be asked for.
 */
#ifndef SIM_CORE_HOLDINGS_H
#define SIM_CORE_HOLDINGS_H

#include "sim/base/err.h"
#include "sim/core/holdout.h"
#include "sim/core/settings.h"
#include "sim/data/dataset.h"

struct holdings {
    struct holdout holdout;
    size_t workers;
    size_t *start;      /* (workers + 1) */
    uint32_t *samples;  /* worker i holds samples[start[i]] .. samples[start[i+1] - 1] */
    uint32_t *shuffled; /* the same, in the order of the worker's current epoch */
    uint64_t *epoch;    /* (workers) which epoch `shuffled` is in; UINT64_MAX: none yet */
    uint64_t seed;
};

/* Holds out what is for validation and splits the other training samples as the settings say. With holders
 * "honest" the partition spreads the data over the honest workers, and every Byzantine worker holds an i.i.d.
 * sample of all the data, as large as an honest share. */
int holdings_init(struct holdings *holdings, const struct settings *settings, const struct dataset *dataset,
                  struct err *err);
void holdings_fini(struct holdings *holdings);

size_t holdings_size(const struct holdings *holdings, size_t worker);

/* Samples in a batch of that worker: batch_size, but never more than it holds; 0 means all. */
size_t holdings_batch_size(const struct holdings *holdings, size_t worker, uint64_t batch_size);

/* Writes the sample numbers of the worker's batch number `step` (0, 1, ...). SAMPLING_EPOCH deals the samples
 * without replacement, each once an epoch, reshuffled for every epoch; a batch that crosses the end of an
 * epoch takes its rest from the next. SAMPLING_REPLACEMENT draws each sample independently. One thread per
 * worker. */
void holdings_batch(struct holdings *holdings, size_t worker, uint64_t step, size_t size,
                    enum worker_sampling sampling, uint32_t *out);

#endif
