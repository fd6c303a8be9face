/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stable sorting of rows by a key, without allocation: merges of short runs sorted by insertion. */
#ifndef SIM_NUM_SELECT_SORT_H
#define SIM_NUM_SELECT_SORT_H

#include <stddef.h>

struct select_item {
    double key; /* never NaN */
    size_t index;
};

/* Sorts by key; equal keys keep their order. spare: room for `count` items. */
void select_sort(struct select_item *items, size_t count, struct select_item *spare);

#endif
