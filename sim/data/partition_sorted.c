/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Extreme heterogeneity: sorted by label and cut into equal contiguous pieces; order within a class is
 * random. */
#include "sim/data/partition_common.h"
#include "sim/data/registry.h"

static int split(const void *params, const struct partition_input *in, uint32_t *order, size_t *start,
                 struct err *err)
{
    (void)params;
    int rc = partition_common_check(in, "sorted", true, err);
    if (rc != ERR_OK)
        return rc;
    rng_permutation(in->rng, in->count, order);
    partition_common_equal(in->count, in->holders, start);
    return partition_common_sort(in->labels, in->classes, order, in->count, err);
}

const struct partition_kind partition_sorted = {
    .base = {.name = "sorted",
             .doc =
                 "Samples sorted by label and cut into equal contiguous pieces: most workers see one or two "
                 "classes only. The extreme case of heterogeneity."},
    .split = split,
};
