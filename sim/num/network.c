/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/num/network.h"

#include <string.h>

struct list {
    struct network_pair *pairs; /* NULL: count only */
    size_t count;
};

static void add(struct list *list, size_t low, size_t high)
{
    if (list->pairs != NULL)
        list->pairs[list->count] = (struct network_pair){
            .low = low & 0x7FFFFFFF, .high = high & 0x7FFFFFFF, .keep_low = 1, .keep_high = 1};
    list->count++;
}

/* Sorts the m values at from, from + step, ... */
static void pairwise(struct list *list, size_t from, size_t step, size_t m)
{
    size_t span = 1;
    if (m < 2)
        return;
    for (size_t i = 0; i + 1 < m; i += 2)
        add(list, from + i * step, from + (i + 1) * step);
    pairwise(list, from, 2 * step, (m + 1) / 2);
    pairwise(list, from + step, 2 * step, m / 2);
    while (2 * span < m)
        span *= 2;
    for (; span >= 2; span /= 2)
        for (size_t i = 1; i + span - 1 < m; i += 2)
            add(list, from + i * step, from + (i + span - 1) * step);
}

size_t network_size(size_t n)
{
    struct list list = {0};
    pairwise(&list, 0, 1, n);
    return list.count;
}

void network_sort(size_t n, struct network_pair *pairs)
{
    struct list list = {.pairs = pairs};
    pairwise(&list, 0, 1, n);
}

size_t network_prune(struct network_pair *pairs, size_t count, size_t n, size_t first, size_t last,
                     unsigned char *wanted)
{
    size_t kept = count;
    memset(wanted, 0, n);
    memset(wanted + first, 1, last - first + 1);
    for (size_t i = count; i-- > 0;) {
        struct network_pair pair = pairs[i];
        pair.keep_low = wanted[pair.low] != 0;
        pair.keep_high = wanted[pair.high] != 0;
        if (pair.keep_low || pair.keep_high) {
            wanted[pair.low] = wanted[pair.high] = 1;
            pairs[--kept] = pair;
        }
    }
    memmove(pairs, pairs + kept, (count - kept) * sizeof *pairs);
    return count - kept;
}
