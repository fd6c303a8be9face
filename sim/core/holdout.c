/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/core/holdout.h"
#include "sim/base/mem.h"
#include "sim/num/rng.h"

#include <math.h>

/* Numbers 0 to 2 of the partition's streams belong to holdings.c and evaluation.c. */
enum { STREAM_HOLDOUT = 3 };

/* As many as wanted, which may be more than there are. */
static size_t wanted(const struct settings *settings, size_t there)
{
    double validation = settings->data.validation;
    if (validation >= 1 || validation <= 0)
        return validation > 0 ? (size_t)validation : 0;
    size_t share = (size_t)floor(validation * (double)there + 0.5);
    return share < 1 ? 1 : share;
}

size_t holdout_training(const struct settings *settings, const struct dataset *dataset)
{
    size_t there = dataset->train.count, held = wanted(settings, there);
    return held < there ? there - held : 0;
}

int holdout_init(struct holdout *holdout, const struct settings *settings, const struct dataset *dataset,
                 struct err *err)
{
    size_t there = dataset->train.count, held = wanted(settings, there);
    *holdout = (struct holdout){.training = there};
    if (held == 0)
        return ERR_OK;
    if (held >= there)
        return err_set(err, ERR_INVALID,
                       "data.validation: %zu of the %zu training samples of data set \"%s\" held out leave "
                       "none for training; hold out fewer",
                       held, there, settings->data.dataset.kind->name);
    char *marks = mem_array(there, sizeof *marks, err);
    holdout->numbers = mem_array(there, sizeof *holdout->numbers, err);
    if (marks == NULL || holdout->numbers == NULL) {
        mem_free(marks);
        return ERR_MEMORY;
    }
    struct rng rng;
    rng_start(&rng, settings->seed, RNG_PARTITION, STREAM_HOLDOUT, 0);
    rng_subset(&rng, held, there, marks);
    holdout->training = there - held;
    holdout->validation = held;
    size_t next[2] = {0, holdout->training};
    for (size_t k = 0; k < there; k++)
        holdout->numbers[next[marks[k] != 0]++] = (uint32_t)k;
    mem_free(marks);
    return ERR_OK;
}

void holdout_fini(struct holdout *holdout)
{
    mem_free(holdout->numbers);
    *holdout = (struct holdout){0};
}

void holdout_number(const struct holdout *holdout, size_t count, uint32_t *places)
{
    for (size_t k = 0; holdout->numbers != NULL && k < count; k++)
        places[k] = holdout->numbers[places[k]];
}
