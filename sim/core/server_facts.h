/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the server of a simulation knows beside the messages: names for the workers, and clean data of its
 * own, drawn from the training data, where its defence needs some. All of it depends on the seed alone, so
 * nothing is saved with a checkpoint.
 */
#ifndef SIM_CORE_SERVER_FACTS_H
#define SIM_CORE_SERVER_FACTS_H

#include "sim/base/err.h"
#include "sim/core/holdout.h"
#include "sim/core/settings.h"
#include "sim/data/dataset.h"

struct server_facts {
    unsigned needs;       /* of the defence, enum byz_need */
    size_t samples;       /* root data held, or samples drawn each round for the losses */
    uint32_t *root;       /* (samples) sample numbers of the root data; NULL when there is none */
    float *gradient;      /* (d) on the root data, of the round under way; NULL unless needed */
    uint32_t *pseudonyms; /* (n) the name under which the defence knows each worker: a random permutation */
    uint32_t *senders;    /* (n) names of the rows' senders, in the order of the rows */
};

/* Samples that the server uses at a time: what its rule asks for, at most all training samples. */
size_t server_facts_samples(const struct settings *settings, const struct dataset *dataset);

/* Bytes that server_facts_init will ask for, where d says how many parameters there are. */
double server_facts_memory(const struct settings *settings, const struct dataset *dataset, size_t d);

/* Never draws what is held out. Release with server_facts_fini, also after a failure. */
int server_facts_init(struct server_facts *known, const struct settings *settings,
                      const struct dataset *dataset, const struct holdout *holdout, size_t d,
                      struct err *err);
void server_facts_fini(struct server_facts *known);

#endif
