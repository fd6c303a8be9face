/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Steps that several partitions share. */
#ifndef SIM_DATA_PARTITION_COMMON_H
#define SIM_DATA_PARTITION_COMMON_H

#include "sim/data/partition.h"
#include <stdbool.h>

/* Refuses more holders than samples and, when `by_label`, data without class labels. `name`: of the
 * partition. */
int partition_common_check(const struct partition_input *in, const char *name, bool by_label,
                           struct err *err);

/* start (holders + 1): holder i gets from floor(i * count / holders) on: sizes equal up to one. */
void partition_common_equal(size_t count, size_t holders, size_t *start);

/* Sorts indices (count) by label, keeping the order within a class. */
int partition_common_sort(const int32_t *labels, size_t classes, uint32_t *indices, size_t count,
                          struct err *err);

/* From the owner (count) of each place of `indices`, writes order and start: indices grouped by owner,
 * otherwise in the order they have. indices and order must not overlap. */
void partition_common_group(const uint32_t *indices, const uint32_t *owner, size_t count, size_t holders,
                            uint32_t *order, size_t *start);

#endif
