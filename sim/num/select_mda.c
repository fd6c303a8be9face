/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The subset of least diameter. Rows farther apart than a diameter are in conflict; n - f rows without
 * conflict exist exactly when f rows meet all conflicts: a vertex cover of at most f in the graph of
 * conflicts. So: binary search over the distances, each step a bounded search for a cover, which forces all
 * it can before it branches. Then rows are taken into the subset in the order of their index wherever a cover
 * is still possible, which gives the lexicographically first subset.
 */
#include "sim/base/err.h"
#include "sim/num/select.h"
#include "sim/num/select_sort.h"

#include <stdbool.h>
#include <string.h>

enum { WORD = 64 };

/* The graph of conflicts and the state of a search in it. Sets of rows are `words` words. */
struct conflicts {
    size_t n, words;
    uint64_t *edges; /* (n, words) */
    uint64_t *stack; /* (f + 3, words): the rows undecided at each depth of the search */
    size_t *counts;  /* (n + 1): rows of each number of conflicts, in one look at the graph */
    uint64_t work, most_work;
};

static size_t words_for(size_t n)
{
    return (n + WORD - 1) / WORD;
}

static bool has(const uint64_t *set, size_t i)
{
    return set[i / WORD] >> i % WORD & 1;
}

static void take(uint64_t *set, size_t i)
{
    set[i / WORD] &= ~((uint64_t)1 << i % WORD);
}

static void put(uint64_t *set, size_t i)
{
    set[i / WORD] |= (uint64_t)1 << i % WORD;
}

static size_t common(const uint64_t *a, const uint64_t *b, size_t words)
{
    size_t count = 0;
    for (size_t w = 0; w < words; w++)
        count += (size_t)__builtin_popcountll(a[w] & b[w]);
    return count;
}

/* The first row in both sets; n when there is none. */
static size_t first_common(const uint64_t *a, const uint64_t *b, size_t words)
{
    for (size_t w = 0; w < words; w++)
        if ((a[w] & b[w]) != 0)
            return w * WORD + (size_t)__builtin_ctzll(a[w] & b[w]);
    return words * WORD;
}

static const uint64_t *edges_of(const struct conflicts *g, size_t i)
{
    return g->edges + i * g->words;
}

/* What one look at the graph finds: conflicts, and the row that has the most of them. */
struct look {
    size_t edges, most, vertex;
    bool changed; /* rows were decided on the way, so that the other figures are out of date */
};

/* Rows without conflict leave `open`. A row with more conflicts than the budget must be in the cover; of two
 * rows in conflict where one has no other conflict, the other one may be. false: the budget is too small. */
static bool look_at(struct conflicts *g, uint64_t *open, size_t *budget, struct look *look)
{
    *look = (struct look){.vertex = g->n};
    memset(g->counts, 0, (g->n + 1) * sizeof *g->counts);
    for (size_t i = 0; i < g->n; i++) {
        size_t degree = has(open, i) ? common(open, edges_of(g, i), g->words) : 0;
        if (degree == 0) {
            take(open, i);
        } else if (degree == 1 || degree > *budget) {
            if (*budget == 0)
                return false;
            take(open, degree == 1 ? first_common(open, edges_of(g, i), g->words) : i);
            --*budget;
            look->changed = true;
        } else {
            look->edges += degree;
            g->counts[degree]++;
            look->vertex = degree > look->most ? i : look->vertex;
            look->most = degree > look->most ? degree : look->most;
        }
    }
    look->edges /= 2;
    return true;
}

/* The rows of most conflicts together can meet all conflicts, were they to share none. */
static bool within_reach(const struct conflicts *g, const struct look *look, size_t budget)
{
    size_t met = 0;
    for (size_t degree = look->most; degree > 0 && budget > 0 && met < look->edges; degree--) {
        size_t rows = g->counts[degree] < budget ? g->counts[degree] : budget;
        met += rows * degree;
        budget -= rows;
    }
    return met >= look->edges;
}

/* Whether at most `budget` rows of open meet all conflicts within it. Overwrites open; the levels behind it
 * on the stack are free. Also false when the work is used up. */
static bool cover_exists(struct conflicts *g, uint64_t *open, size_t budget)
{
    while (g->work++ < g->most_work) {
        struct look look;
        if (!look_at(g, open, &budget, &look))
            return false;
        if (look.changed)
            continue;
        if (look.edges == 0)
            return true;
        if (!within_reach(g, &look, budget))
            return false;
        if (look.most > 2) { /* either the row is in the cover, or all that it is in conflict with */
            uint64_t *next = open + g->words;
            memcpy(next, open, g->words * sizeof *open);
            take(next, look.vertex);
            if (cover_exists(g, next, budget - 1))
                return true;
            for (size_t w = 0; w < g->words; w++)
                open[w] &= ~edges_of(g, look.vertex)[w];
            budget -= look.most;
        } else { /* rings alone are left: any row may be taken */
            budget--;
        }
        take(open, look.vertex);
    }
    return false;
}

static void build(struct conflicts *g, const double *distances, double diameter)
{
    memset(g->edges, 0, g->n * g->words * sizeof *g->edges);
    for (size_t i = 0; i < g->n; i++)
        for (size_t j = 0; j < g->n; j++)
            if (i != j && distances[i * g->n + j] > diameter)
                put(g->edges + i * g->words, j);
}

static void open_all(const struct conflicts *g, uint64_t *open)
{
    memset(open, 0, g->words * sizeof *open);
    for (size_t i = 0; i < g->n; i++)
        put(open, i);
}

/* The least diameter: a distance between two rows. */
static double least_diameter(struct conflicts *g, const double *distances, size_t f,
                             struct select_item *items)
{
    size_t n = g->n, pairs = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++)
            items[pairs++] = (struct select_item){distances[i * n + j], 0};
    select_sort(items, pairs, items + pairs);
    size_t low = 0, high = pairs - 1;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        build(g, distances, items[middle].key);
        open_all(g, g->stack);
        if (cover_exists(g, g->stack, f))
            high = middle;
        else
            low = middle + 1;
    }
    return items[low].key;
}

/* The first subset in lexicographic order without conflict. */
static void first_subset(struct conflicts *g, size_t f, size_t *subset)
{
    uint64_t *open = g->stack, *next = open + g->words;
    size_t chosen = 0, budget = f;
    open_all(g, open);
    for (size_t i = 0; i < g->n && chosen < g->n - f; i++) {
        size_t others = common(open, edges_of(g, i), g->words);
        if (!has(open, i))
            continue;
        take(open, i);
        for (size_t w = 0; w < g->words; w++)
            next[w] = open[w] & ~edges_of(g, i)[w];
        memcpy(next + g->words, next, g->words * sizeof *next);
        if (others <= budget && cover_exists(g, next + g->words, budget - others)) {
            memcpy(open, next, g->words * sizeof *open);
            subset[chosen++] = i;
            budget -= others;
        } else {
            budget--;
        }
    }
}

size_t select_mda_scratch_bytes(size_t n, size_t f)
{
    return n * (n + 1) * sizeof(struct select_item) + (n + f + 3) * words_for(n) * sizeof(uint64_t) +
           (n + 1) * sizeof(size_t);
}

int select_mda(const double *distances, size_t n, size_t f, uint64_t most_work, void *scratch, size_t *subset,
               double *diameter, uint64_t *work)
{
    struct select_item *items = scratch;
    struct conflicts g = {.n = n, .words = words_for(n), .most_work = most_work};
    g.edges = (uint64_t *)(void *)(items + n * (n + 1));
    g.stack = g.edges + n * g.words;
    g.counts = (size_t *)(void *)(g.stack + (f + 3) * g.words);
    *diameter = n - f > 1 ? least_diameter(&g, distances, f, items) : 0;
    build(&g, distances, *diameter);
    if (g.work <= g.most_work)
        first_subset(&g, f, subset);
    *work = g.work;
    return g.work > g.most_work ? ERR_INVALID : ERR_OK;
}
