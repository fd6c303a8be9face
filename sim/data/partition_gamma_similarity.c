/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A fraction gamma of the data is spread evenly at random, the rest is sorted by label and dealt in
 * contiguous pieces. Karimireddy, Kale, Mohri, Reddi, Stich, Suresh, "SCAFFOLD", ICML 2020. gamma = 1 is iid,
 * gamma = 0 is sorted.
 */
#include "sim/base/mem.h"
#include "sim/data/partition_common.h"
#include "sim/data/registry.h"

#include <string.h>

struct params {
    double gamma;
};

static const struct byz_param knobs[] = {
    {.name = "gamma",
     .type = BYZ_REAL,
     .offset = offsetof(struct params, gamma),
     .initial = 0.5,
     .min = 0,
     .max = 1,
     .doc = "Fraction of the data spread at random: 0 is sorted by label, 1 is iid."},
};

/* Of the `even` samples spread at random, how many belong to the holders before the one that starts at
 * `from`: in proportion, so that all holders stay equal in size. */
static size_t even_before(size_t from, size_t even, size_t count)
{
    return (size_t)((uint64_t)from * even / count); /* both fit into 32 bits */
}

static int split(const void *given, const struct partition_input *in, uint32_t *order, size_t *start,
                 struct err *err)
{
    const struct params *params = given;
    int rc = partition_common_check(in, "gamma_similarity", true, err);
    if (rc != ERR_OK)
        return rc;
    uint32_t *mixed = mem_array(in->count, sizeof *mixed, err);
    if (mixed == NULL)
        return ERR_MEMORY;
    size_t even = (size_t)(params->gamma * (double)in->count + 0.5);
    rng_permutation(in->rng, in->count, mixed);
    partition_common_equal(in->count, in->holders, start);
    rc = partition_common_sort(in->labels, in->classes, mixed + even, in->count - even, err);
    for (size_t h = 0; rc == ERR_OK && h < in->holders; h++) {
        size_t first = even_before(start[h], even, in->count),
               last = even_before(start[h + 1], even, in->count);
        size_t sorted_first = even + start[h] - first, sorted_last = even + start[h + 1] - last;
        memcpy(order + start[h], mixed + first, (last - first) * sizeof *order);
        memcpy(order + start[h] + (last - first), mixed + sorted_first,
               (sorted_last - sorted_first) * sizeof *order);
    }
    mem_free(mixed);
    return rc;
}

const struct partition_kind partition_gamma_similarity = {
    .base =
        {.name = "gamma_similarity",
         .doc =
             "A fraction gamma of the data is spread evenly at random, the rest is sorted by label and dealt "
             "in contiguous pieces; all workers get equally many samples (Karimireddy et al., ICML 2020).",
         .params = knobs,
         .param_count = BYZ_LENGTH(knobs),
         .params_size = sizeof(struct params)},
    .split = split,
};
