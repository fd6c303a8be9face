/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Independent and identically distributed: a random permutation in equal pieces (sizes differ by at most
 * one). */
#include "sim/data/partition_common.h"
#include "sim/data/registry.h"

static int split(const void *params, const struct partition_input *in, uint32_t *order, size_t *start,
                 struct err *err)
{
    (void)params;
    int rc = partition_common_check(in, "iid", false, err);
    if (rc != ERR_OK)
        return rc;
    rng_permutation(in->rng, in->count, order);
    partition_common_equal(in->count, in->holders, start);
    return ERR_OK;
}

const struct partition_kind partition_iid = {
    .base = {.name = "iid",
             .doc = "A random permutation of the samples, cut into equal pieces: all workers alike."},
    .split = split,
};
