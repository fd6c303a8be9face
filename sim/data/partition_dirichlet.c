/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Label skew by Dirichlet draws: the samples of each class are divided over the workers in proportions drawn
 * from Dirichlet(alpha, ..., alpha). Hsu, Qi, Brown, "Measuring the effects of non-identical data
 * distribution for federated visual classification", 2019. Small alpha: a class sits with few workers; large
 * alpha: near iid. A share has mean 1/holders and variance (1/holders)(1 - 1/holders) / (holders alpha + 1).
 * A worker left with nothing receives one sample of the worker that has most.
 */
#include "sim/base/mem.h"
#include "sim/data/partition_common.h"
#include "sim/data/registry.h"

#include <gsl/gsl_randist.h>

struct params {
    double alpha;
};

static const struct byz_param knobs[] = {
    {.name = "alpha",
     .type = BYZ_REAL,
     .offset = offsetof(struct params, alpha),
     .initial = 1,
     .min = 1e-4,
     .max = 1e6,
     .doc = "Concentration: small is heterogeneous (0.1), large is near iid (100)."},
};

/* Gives the `count` samples of one class to owners, in shares drawn for this class. alpha, share: (holders).
 */
static void deal_class(struct rng *rng, size_t holders, const double *alpha, double *share, size_t count,
                       uint32_t *owner)
{
    gsl_ran_dirichlet(&rng->gsl, holders, alpha, share);
    double reached = 0;
    size_t at = 0;
    for (size_t h = 0; h < holders; h++) {
        reached += share[h];
        size_t end = h + 1 == holders ? count : (size_t)(reached * (double)count + 0.5);
        for (end = end > count ? count : end; at < end; at++)
            owner[at] = (uint32_t)h;
    }
}

/* Moves one sample from the largest holder (the first of equals) to each empty one. size: (holders). */
static void fill_empty(uint32_t *owner, size_t count, size_t holders, size_t *size)
{
    for (size_t i = 0; i < count; i++)
        size[owner[i]]++;
    for (size_t h = 0; h < holders; h++) {
        if (size[h] > 0)
            continue;
        size_t richest = 0, i = 0;
        for (size_t k = 1; k < holders; k++)
            richest = size[k] > size[richest] ? k : richest;
        while (owner[i] != richest)
            i++;
        owner[i] = (uint32_t)h;
        size[richest]--;
        size[h]++;
    }
}

static int split(const void *given, const struct partition_input *in, uint32_t *order, size_t *start,
                 struct err *err)
{
    const struct params *params = given;
    size_t count = in->count, holders = in->holders;
    int rc = partition_common_check(in, "dirichlet", true, err);
    if (rc != ERR_OK)
        return rc;
    uint32_t *sorted = mem_array(count, sizeof *sorted, err), *owner = mem_array(count, sizeof *owner, err);
    double *alpha = mem_array(holders, sizeof *alpha, err), *share = mem_array(holders, sizeof *share, err);
    size_t *size = mem_array(holders, sizeof *size, err);
    if (sorted == NULL || owner == NULL || alpha == NULL || share == NULL || size == NULL) {
        rc = ERR_MEMORY;
        goto out;
    }
    for (size_t h = 0; h < holders; h++)
        alpha[h] = params->alpha;
    rng_permutation(in->rng, count, sorted);
    rc = partition_common_sort(in->labels, in->classes, sorted, count, err);
    for (size_t i = 0, end = 0; rc == ERR_OK && i < count; i = end) {
        while (end < count && in->labels[sorted[end]] == in->labels[sorted[i]])
            end++;
        deal_class(in->rng, holders, alpha, share, end - i, owner + i);
    }
    if (rc == ERR_OK) {
        fill_empty(owner, count, holders, size);
        partition_common_group(sorted, owner, count, holders, order, start);
    }
out:
    mem_free(sorted);
    mem_free(owner);
    mem_free(alpha);
    mem_free(share);
    mem_free(size);
    return rc;
}

const struct partition_kind partition_dirichlet = {
    .base =
        {.name = "dirichlet",
         .doc = "The samples of each class are divided over the workers in proportions drawn from "
                "Dirichlet(alpha): small alpha is heterogeneous, large alpha near iid (Hsu, Qi, Brown 2019).",
         .params = knobs,
         .param_count = BYZ_LENGTH(knobs),
         .params_size = sizeof(struct params)},
    .split = split,
};
