/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/core/holdings.h"
#include "sim/base/mem.h"
#include "sim/data/partition.h"
#include "sim/num/rng.h"

#include <string.h>

/* Numbers that name the partition's own streams: the split, and a Byzantine worker's i.i.d. sample. */
enum { STREAM_SPLIT = 0, STREAM_SAMPLE = 1 };

static int split(struct holdings *holdings, const struct settings *settings, const struct dataset *dataset,
                 const int32_t *labels, size_t holders, struct err *err)
{
    const struct partition_kind *kind = (const void *)settings->data.partition.kind;
    struct rng rng;
    rng_start(&rng, settings->seed, RNG_PARTITION, STREAM_SPLIT, 0);
    struct partition_input in = {.count = holdings->holdout.training,
                                 .classes = dataset->classes,
                                 .holders = holders,
                                 .labels = labels,
                                 .rng = &rng};
    return kind->split(settings->data.partition.params, &in, holdings->samples, holdings->start, err);
}

/* The worker's own i.i.d. sample of all the data, without replacement: a partial Fisher-Yates shuffle. */
static int deal_sample(struct holdings *holdings, size_t worker, size_t count, size_t size, struct err *err)
{
    uint32_t *all = mem_array(count, sizeof *all, err);
    if (all == NULL)
        return ERR_MEMORY;
    struct rng rng;
    rng_start(&rng, holdings->seed, RNG_PARTITION, STREAM_SAMPLE, worker);
    rng_permutation(&rng, count, all);
    memcpy(holdings->samples + holdings->start[worker], all, size * sizeof *all);
    holdings->start[worker + 1] = holdings->start[worker] + size;
    mem_free(all);
    return ERR_OK;
}

/* The partition knows the training samples by their place among those that are not held out. */
static int split_training(struct holdings *holdings, const struct settings *settings,
                          const struct dataset *dataset, size_t holders, struct err *err)
{
    const struct holdout *holdout = &holdings->holdout;
    const int32_t *labels = dataset->sequence > 0 ? NULL : dataset->train.labels;
    if (labels == NULL || holdout->numbers == NULL)
        return split(holdings, settings, dataset, labels, holders, err);
    int32_t *left = mem_array(holdout->training, sizeof *left, err);
    for (size_t k = 0; left != NULL && k < holdout->training; k++)
        left[k] = labels[holdout->numbers[k]];
    int rc = left == NULL ? ERR_MEMORY : split(holdings, settings, dataset, left, holders, err);
    mem_free(left);
    return rc;
}

int holdings_init(struct holdings *holdings, const struct settings *settings, const struct dataset *dataset,
                  struct err *err)
{
    size_t workers = (size_t)settings->workers.count, byzantine = (size_t)settings->workers.byzantine;
    size_t holders = settings->data.holders == HOLDERS_HONEST ? workers - byzantine : workers;
    *holdings = (struct holdings){.workers = workers, .seed = settings->seed};
    if (holdout_init(&holdings->holdout, settings, dataset, err) != ERR_OK)
        return (int)err->code;
    size_t count = holdings->holdout.training, share = count / holders < 1 ? 1 : count / holders;
    size_t total = count + (workers - holders) * share;
    holdings->start = mem_array(workers + 1, sizeof *holdings->start, err);
    holdings->samples = mem_array(total, sizeof *holdings->samples, err);
    holdings->shuffled = mem_array(total, sizeof *holdings->shuffled, err);
    holdings->epoch = mem_array(workers, sizeof *holdings->epoch, err);
    if (holdings->start == NULL || holdings->samples == NULL || holdings->shuffled == NULL ||
        holdings->epoch == NULL)
        return ERR_MEMORY;
    memset(holdings->epoch, 0xFF, workers * sizeof *holdings->epoch);
    int rc = split_training(holdings, settings, dataset, holders, err);
    for (size_t worker = holders; rc == ERR_OK && worker < workers; worker++)
        rc = deal_sample(holdings, worker, count, share, err);
    if (rc == ERR_OK)
        holdout_number(&holdings->holdout, holdings->start[workers], holdings->samples);
    return rc;
}

void holdings_fini(struct holdings *holdings)
{
    holdout_fini(&holdings->holdout);
    mem_free(holdings->start);
    mem_free(holdings->samples);
    mem_free(holdings->shuffled);
    mem_free(holdings->epoch);
    *holdings = (struct holdings){0};
}

size_t holdings_size(const struct holdings *holdings, size_t worker)
{
    return holdings->start[worker + 1] - holdings->start[worker];
}

size_t holdings_batch_size(const struct holdings *holdings, size_t worker, uint64_t batch_size)
{
    size_t size = holdings_size(holdings, worker);
    return batch_size == 0 || batch_size > size ? size : (size_t)batch_size;
}

/* Brings the worker's shuffled samples to the order of that epoch. */
static void turn_to_epoch(struct holdings *holdings, size_t worker, uint64_t epoch)
{
    if (holdings->epoch[worker] == epoch)
        return;
    size_t size = holdings_size(holdings, worker), from = holdings->start[worker];
    uint32_t *order = holdings->shuffled + from;
    struct rng rng;
    rng_start(&rng, holdings->seed, RNG_BATCH, worker, epoch);
    rng_permutation(&rng, size, order);
    for (size_t k = 0; k < size; k++)
        order[k] = holdings->samples[from + order[k]];
    holdings->epoch[worker] = epoch;
}

void holdings_batch(struct holdings *holdings, size_t worker, uint64_t step, size_t size,
                    enum worker_sampling sampling, uint32_t *out)
{
    size_t held = holdings_size(holdings, worker), from = holdings->start[worker];
    if (sampling == SAMPLING_REPLACEMENT) {
        struct rng rng;
        rng_start(&rng, holdings->seed, RNG_BATCH, worker, step);
        for (size_t k = 0; k < size; k++)
            out[k] = holdings->samples[from + rng_below(&rng, held)];
        return;
    }
    for (size_t k = 0; k < size;) {
        uint64_t position = step * size + k;
        size_t offset = (size_t)(position % held), run = held - offset < size - k ? held - offset : size - k;
        turn_to_epoch(holdings, worker, position / held);
        memcpy(out + k, holdings->shuffled + from + offset, run * sizeof *out);
        k += run;
    }
}
