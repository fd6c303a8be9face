/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/num/select.h"
#include "sim/num/select_sort.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

size_t select_best_scratch_bytes(size_t n)
{
    return 2 * n * sizeof(struct select_item);
}

size_t select_krum_scratch_bytes(size_t n)
{
    return select_best_scratch_bytes(n);
}

static double cost_of(double squared, enum select_cost cost)
{
    if (cost == SELECT_EUCLIDEAN)
        return sqrt(squared);
    return cost == SELECT_FOURTH ? squared * squared : squared;
}

/* The other rows in the order of their distance from row i, ties in the order of their index. */
static void sort_others(const double *distances, size_t n, size_t i, struct select_item *items,
                        struct select_item *spare)
{
    size_t others = 0;
    for (size_t j = 0; j < n; j++)
        if (j != i)
            items[others++] = (struct select_item){distances[i * n + j], j};
    select_sort(items, others, spare);
}

void select_krum(const double *distances, size_t n, size_t q, enum select_cost cost, void *scratch,
                 double *scores)
{
    struct select_item *items = scratch;
    for (size_t i = 0; i < n; i++) {
        sort_others(distances, n, i, items, items + n);
        scores[i] = 0;
        for (size_t j = 0; j < q; j++)
            scores[i] += cost_of(items[j].key, cost);
    }
}

size_t select_least(const double *scores, size_t n)
{
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        best = scores[i] < scores[best] ? i : best;
    return best;
}

void select_best(const double *scores, size_t n, size_t m, void *scratch, size_t *best)
{
    struct select_item *items = scratch;
    for (size_t i = 0; i < n; i++)
        items[i] = (struct select_item){scores[i], i};
    select_sort(items, n, items + n);
    for (size_t i = 0; i < m; i++)
        best[i] = items[i].index;
}

void select_nearest(const double *distances, size_t n, size_t i, size_t h, void *scratch, size_t *nearest)
{
    struct select_item *items = scratch;
    sort_others(distances, n, i, items, items + n);
    nearest[0] = i;
    for (size_t j = 1; j < h; j++)
        nearest[j] = items[j - 1].index;
}

size_t select_multi(size_t n, size_t f)
{
    return n > f + 3 ? n - f - 2 : 1;
}

/* Neighbours in a score when `left` rows remain. */
static size_t neighbours_among(size_t left, size_t f)
{
    size_t q = select_multi(left, f);
    return q < left ? q : (left > 0 ? left - 1 : 0);
}

/* Krum scores or weights of a mean (n), then what sorting needs and the best rows (n). */
size_t select_scores_scratch_bytes(size_t n)
{
    return n * (sizeof(double) + sizeof(size_t)) + select_best_scratch_bytes(n);
}

static void score_by_multi_krum(const double *distances, size_t n, size_t f, double *weights, double *scores)
{
    size_t m = select_multi(n, f), *best = (size_t *)(void *)(weights + n);
    select_best(scores, n, m, best + n, best);
    memset(weights, 0, n * sizeof *weights);
    for (size_t k = 0; k < m; k++)
        weights[best[k]] = 1 / (double)m;
    select_distances_to(distances, n, weights, 0, scores);
}

/* A malformed row is infinitely far from all others, which must not make all of them alike. */
static void score_by_distances(const double *distances, size_t n, double *scores)
{
    for (size_t i = 0; i < n; i++) {
        bool near = n == 1;
        scores[i] = 0;
        for (size_t j = 0; j < n; j++)
            if (j != i && isfinite(distances[i * n + j])) {
                scores[i] += sqrt(distances[i * n + j]);
                near = true;
            }
        if (!near)
            scores[i] = INFINITY;
    }
}

void select_scores(const double *distances, size_t n, size_t f, enum select_base base, void *scratch,
                   double *scores)
{
    if (base == SELECT_MEDOID)
        score_by_distances(distances, n, scores);
    else
        select_krum(distances, n, neighbours_among(n, f), SELECT_SQUARED, scratch, scores);
    if (base == SELECT_MULTI_KRUM)
        score_by_multi_krum(distances, n, f, scratch, scores);
}

/* Bulyan: the remaining neighbours of each row in order, and the sums of their distances up to each. */
struct neighbours {
    size_t n, left;            /* rows in all and remaining; a list holds left - 1 neighbours */
    struct select_item *items; /* (n, n-1) */
    double *sums;              /* (n, n-1): sums[k] over items[0 .. k] */
};

size_t select_bulyan_scratch_bytes(size_t n)
{
    return n * (n + 1) * sizeof(struct select_item) + n * n * sizeof(double) + n * sizeof(bool);
}

static void sum_from(double *sums, const struct select_item *items, size_t from, size_t end)
{
    double sum = from > 0 ? sums[from - 1] : 0;
    for (size_t k = from; k < end; k++) {
        sum += items[k].key;
        sums[k] = sum;
    }
}

/* Where (key, index) stands in a sorted list; it is there. */
static size_t position(const struct select_item *items, size_t count, double key, size_t index)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        bool before = items[middle].key < key || (items[middle].key == key && items[middle].index < index);
        low = before ? middle + 1 : low;
        high = before ? high : middle;
    }
    return low;
}

/* Takes row `gone` out of the list of row i; only the first `wanted` sums will be asked for from now on. */
static void forget(const struct neighbours *all, size_t i, size_t gone, double key, size_t wanted)
{
    struct select_item *items = all->items + i * (all->n - 1);
    size_t count = all->left - 1, at = position(items, count, key, gone);
    for (size_t k = at; k + 1 < count; k++)
        items[k] = items[k + 1];
    if (at < wanted)
        sum_from(all->sums + i * (all->n - 1), items, at, wanted);
}

static void start_lists(struct neighbours *all, const double *distances, size_t wanted,
                        struct select_item *spare)
{
    for (size_t i = 0; i < all->n; i++) {
        struct select_item *items = all->items + i * (all->n - 1);
        sort_others(distances, all->n, i, items, spare);
        sum_from(all->sums + i * (all->n - 1), items, 0, wanted);
    }
}

/* The remaining row of least score, the first on a tie. */
static size_t bulyan_winner(const struct neighbours *all, const bool *gone, size_t q)
{
    size_t winner = all->n;
    double best = INFINITY;
    for (size_t i = 0; i < all->n; i++) {
        if (gone[i])
            continue;
        double score = q > 0 ? all->sums[i * (all->n - 1) + q - 1] : 0;
        if (winner == all->n || score < best) {
            winner = i;
            best = score;
        }
    }
    return winner;
}

void select_bulyan(const double *distances, size_t n, size_t f, void *scratch, size_t *picks)
{
    struct select_item *spare = scratch;
    struct neighbours all = {.n = n, .left = n, .items = spare + n};
    all.sums = (double *)(void *)(all.items + n * n);
    bool *gone = (bool *)(void *)(all.sums + n * n);
    memset(gone, 0, n * sizeof *gone);
    size_t q = neighbours_among(n, f);
    start_lists(&all, distances, q, spare);
    for (size_t pick = 0; pick < n - 2 * f; pick++, all.left--) {
        size_t winner = picks[pick] = bulyan_winner(&all, gone, q);
        gone[winner] = true;
        q = neighbours_among(all.left - 1, f);
        for (size_t i = 0; i < n; i++)
            if (!gone[i])
                forget(&all, i, winner, distances[i * n + winner], q);
    }
}

/* The place in rest[0 .. m-1] of the row farthest from their mean. */
static size_t farthest(const double *distances, size_t n, const size_t *rest, size_t m)
{
    size_t worst = 0, worst_lost = 0;
    double worst_sum = -1;
    for (size_t a = 0; a < m; a++) {
        const double *row = distances + rest[a] * n;
        size_t lost = 0;
        double sum = 0;
        for (size_t b = 0; b < m; b++) {
            double squared = row[rest[b]];
            if (isinf(squared))
                lost++;
            else
                sum += squared;
        }
        if (lost > worst_lost || (lost == worst_lost && sum > worst_sum)) {
            worst = a;
            worst_lost = lost;
            worst_sum = sum;
        }
    }
    return worst;
}

void select_without_farthest(const double *distances, size_t n, size_t h, size_t *rest)
{
    for (size_t i = 0; i < n; i++)
        rest[i] = i;
    for (size_t m = n; m > h;) {
        size_t place = farthest(distances, n, rest, m--);
        for (; place < m; place++)
            rest[place] = rest[place + 1];
    }
}
