/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Shards: sorted by label, cut into holders * labels_per_worker equal shards, and each worker gets
 * labels_per_worker of them at random. McMahan, Moore, Ramage, Hampson, Aguera y Arcas,
 * "Communication-efficient learning of deep networks from decentralized data", AISTATS 2017 (100 workers, 2
 * shards of 300 samples).
 */
#include "sim/base/mem.h"
#include "sim/data/partition_common.h"
#include "sim/data/registry.h"

struct params {
    uint64_t labels_per_worker;
};

static const struct byz_param knobs[] = {
    {.name = "labels_per_worker",
     .type = BYZ_COUNT,
     .offset = offsetof(struct params, labels_per_worker),
     .initial = 2,
     .min = 1,
     .max = 100000,
     .doc = "Shards that each worker gets; about as many different labels, as a shard may hold the end of "
            "one class "
            "and the beginning of the next."},
};

static int split(const void *given, const struct partition_input *in, uint32_t *order, size_t *start,
                 struct err *err)
{
    const struct params *params = given;
    int rc = partition_common_check(in, "shards", true, err);
    if (rc != ERR_OK)
        return rc;
    size_t each = params->labels_per_worker, shards = in->holders * each;
    if (each > in->count / in->holders)
        return err_set(err, ERR_INVALID,
                       "partition \"shards\": %zu samples cannot be cut into %zu workers times %zu shards; "
                       "lower labels_per_worker",
                       in->count, in->holders, each);
    uint32_t *sorted = mem_array(in->count, sizeof *sorted, err),
             *deal = mem_array(shards, sizeof *deal, err);
    size_t *cut = mem_array(shards + 1, sizeof *cut, err);
    if (sorted == NULL || deal == NULL || cut == NULL) {
        rc = ERR_MEMORY;
        goto out;
    }
    rng_permutation(in->rng, in->count, sorted);
    rng_permutation(in->rng, shards, deal);
    partition_common_equal(in->count, shards, cut);
    rc = partition_common_sort(in->labels, in->classes, sorted, in->count, err);
    size_t at = 0;
    for (size_t s = 0; s < shards; s++) {
        if (s % each == 0)
            start[s / each] = at;
        for (size_t i = cut[deal[s]]; i < cut[deal[s] + 1]; i++)
            order[at++] = sorted[i];
    }
    start[in->holders] = at;
out:
    mem_free(sorted);
    mem_free(deal);
    mem_free(cut);
    return rc;
}

const struct partition_kind partition_shards = {
    .base = {.name = "shards",
             .doc = "Samples sorted by label and cut into equal shards, labels_per_worker of which go to "
                    "each worker "
                    "at random: every worker sees few classes (McMahan et al., AISTATS 2017).",
             .params = knobs,
             .param_count = BYZ_LENGTH(knobs),
             .params_size = sizeof(struct params)},
    .split = split,
};
