/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/num/select_sort.h"

#include <string.h>

enum { RUN = 8 };

static void insertion(struct select_item *items, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct select_item item = items[i];
        size_t at = i;
        for (; at > 0 && items[at - 1].key > item.key; at--)
            items[at] = items[at - 1];
        items[at] = item;
    }
}

static void merge(const struct select_item *from, size_t middle, size_t count, struct select_item *to)
{
    size_t left = 0, right = middle;
    for (size_t at = 0; left < middle && right < count; at++) {
        size_t take_right = from[right].key < from[left].key; /* no branch: keys come in no order */
        to[at] = take_right ? from[right] : from[left];
        right += take_right;
        left += 1 - take_right;
    }
    size_t at = left + right - middle;
    memcpy(to + at, from + left, (middle - left) * sizeof *to);
    memcpy(to + at + middle - left, from + right, (count - right) * sizeof *to);
}

void select_sort(struct select_item *items, size_t count, struct select_item *spare)
{
    for (size_t at = 0; at < count; at += RUN)
        insertion(items + at, count - at < RUN ? count - at : RUN);
    struct select_item *from = items, *to = spare;
    for (size_t run = RUN; run < count; run *= 2) {
        for (size_t at = 0; at < count; at += 2 * run) {
            size_t left = count - at < run ? count - at : run;
            size_t both = count - at < 2 * run ? count - at : 2 * run;
            merge(from + at, left, both, to + at);
        }
        struct select_item *sorted = to;
        to = from;
        from = sorted;
    }
    if (from != items)
        memcpy(items, from, count * sizeof *items);
}
