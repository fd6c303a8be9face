/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Minimum variance averaging: the mean of the n-f rows with the least sum of squared distances to their own
 * mean, which is the sum of D_ij over their pairs divided by n-f. The first subset in lexicographic order
 * wins ties. Known from EPFL's published code ("minimum variance averaging", 2022); the idea is Rousseeuw's
 * of the least scatter, "Multivariate estimation with high breakdown point", 1985.
 *
 * Cost: one pass for the distances (shared), at most C(n, f) sums, one pass for the mean. Subsets are
 * walked through in order and left as soon as their first members cost as much as the best one, or the rows
 * dropped so far and any others cannot take enough off the sum of all pairs. Refused above
 * 5e7 subsets. Check: 0, 1, 3, 4.5, 9 with f = 2: sums of squares 14/3 for (0, 1, 3), 6.17 for (1, 3, 4.5):
 * the answer is 4/3.
 */
#include "aggregators/spectral.h"
#include "sim/num/select.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double most_subsets = 5e7;

static int mva_unsuitable(const void *params, size_t n, size_t f, char reason[BYZ_REASON_SIZE])
{
    (void)params;
    if (n < 2 * f + 1)
        snprintf(reason, BYZ_REASON_SIZE, "mva needs n >= 2f+1: n=%zu, f=%zu", n, f);
    else if (spectral_subsets(n, f) > most_subsets)
        snprintf(reason, BYZ_REASON_SIZE,
                 "mva looks at all subsets of n-f messages, 5e7 at most, and here are %.4g: n=%zu, f=%zu",
                 spectral_subsets(n, f), n, f);
    else
        return 0;
    return 1;
}

/* Distances to the first members (h, n); what the most that later rows can take off is found from (n, n);
 * cost of the first members (h + 1); sums, and what dropped rows take off (n + 1 each); two subsets and the
 * dropped rows. Or what the mean needs. */
static size_t mva_scratch(const void *params, size_t n, size_t d, size_t threads)
{
    (void)params, (void)d, (void)threads;
    return (2 * n * n + 3 * n + 2) * sizeof(double) + 3 * n * sizeof(size_t) + n * sizeof(void *);
}

/* sums[p * n + i]: from row i to the first p members. Of a first guess the best has cost `least`; no pair of
 * a better subset is farther apart than that, so distances count as no more: then `total` of all pairs less
 * what the dropped rows took off is a bound that keeps its digits beside a far row. */
struct search {
    const double *distances;
    size_t n, h, *subset, *best, *dropped;
    double *sums, *cost, least;
    double cap, total, nearest, *row_sums, *taken,
        *most; /* most[i * n + e]: the e largest row sums from i on */
};

static double capped(const struct search *s, size_t i, size_t j)
{
    return fmin(s->distances[i * s->n + j], s->cap);
}

/* A subset's cost, added up as the search does. */
static double cost_of(const double *distances, size_t n, const size_t *subset, size_t h)
{
    double cost = 0;
    for (size_t p = 0; p < h; p++) {
        double sum = 0;
        for (size_t q = 0; q < p; q++)
            sum += distances[subset[q] * n + subset[p]];
        cost += sum;
    }
    return cost;
}

/* The first guess, and the sums for the bound. */
static void prepare(struct search *s)
{
    size_t n = s->n, f = n - s->h;
    select_without_farthest(s->distances, n, s->h, s->best);
    s->cap = cost_of(s->distances, n, s->best, s->h);
    s->least = isfinite(s->cap) ? nextafter(s->cap, (double)INFINITY) : (double)INFINITY;
    s->total = s->taken[0] = 0;
    s->nearest = INFINITY;
    for (size_t i = 0; i < n; i++) {
        s->row_sums[i] = 0;
        for (size_t j = 0; j < n; j++) {
            s->row_sums[i] += capped(s, i, j);
            s->nearest = i == j ? s->nearest : fmin(s->nearest, capped(s, i, j));
        }
        s->total += s->row_sums[i] / 2;
    }
    for (size_t i = n; i-- > 0;) { /* the largest from i on: those from i + 1 on, and this one in its place */
        double *here = s->most + i * n, value = s->row_sums[i];
        const double *next = here + n;
        here[0] = 0;
        for (size_t e = 0; e < f; e++) {
            double before = i + e + 1 < n ? next[e + 1] - next[e] : 0; /* there are n-i-1 of them */
            double largest = e < n - i - 1 ? fmax(before, value) : value;
            value = e < n - i - 1 ? fmin(before, value) : 0;
            here[e + 1] = here[e] + largest;
        }
    }
}

/* Whether no subset without the first `count` dropped rows, the others dropped from row `next` on, beats the
 * best so far. What is off by rounding is far less than the allowance. */
static bool hopeless(const struct search *s, size_t count, size_t next)
{
    size_t rest = s->n - s->h - count;
    double pairs = (double)(count * rest) + (double)(rest * (rest - 1)) / 2;
    double bound = s->total - s->taken[count] - (rest > 0 ? s->most[next * s->n + rest] : 0) +
                   (rest > 0 ? pairs * s->nearest : 0);
    return isfinite(s->cap) && bound - 1e-12 * (double)s->n * s->total >= s->least;
}

/* Drops the row at place p. */
static void skip(struct search *s, size_t p)
{
    size_t row = s->subset[p]++, count = row - p;
    double off = s->row_sums[row];
    for (size_t k = 0; k < count; k++)
        off -= capped(s, row, s->dropped[k]);
    s->dropped[count] = row;
    s->taken[count + 1] = s->taken[count] + off;
}

/* Fills best; returns its cost, infinite when there is none. */
static double search(struct search *s)
{
    size_t n = s->n, h = s->h, *subset = s->subset;
    memset(s->sums, 0, n * sizeof *s->sums);
    s->cost[0] = 0;
    subset[0] = 0;
    for (size_t p = 0;;) {
        size_t row = subset[p];
        if (row > n - h + p || hopeless(s, row - p, row)) {
            if (p == 0)
                return s->least;
            skip(s, --p);
            continue;
        }
        s->cost[p + 1] = s->cost[p] + s->sums[p * n + row];
        if (!(s->cost[p + 1] < s->least)) {
            skip(s, p);
        } else if (p + 1 == h) {
            s->least = s->cost[h];
            memcpy(s->best, subset, h * sizeof *s->best);
            skip(s, p);
        } else {
            for (size_t i = row + 1; i < n; i++)
                s->sums[(p + 1) * n + i] = s->sums[p * n + i] + s->distances[row * n + i];
            subset[++p] = row + 1;
        }
    }
}

static int mva_apply(const void *params, const struct byz_aggregator_input *in, float *out,
                     char reason[BYZ_REASON_SIZE])
{
    (void)params;
    size_t n = in->n;
    struct search s = {.distances = in->distances, .n = n, .h = n - in->f, .sums = in->scratch};
    s.most = s.sums + n * n;
    s.cost = s.most + n * n;
    s.row_sums = s.cost + n + 1;
    s.taken = s.row_sums + n;
    s.subset = (size_t *)(void *)(s.taken + n + 1);
    s.best = s.subset + n;
    s.dropped = s.best + n;
    prepare(&s);
    if (isinf(search(&s))) {
        snprintf(reason, BYZ_REASON_SIZE, "mva finds no n-f messages at finite distances: n=%zu, f=%zu", n,
                 in->f);
        return 1;
    }
    spectral_subset_mean(in, s.best, s.h, in->scratch, out);
    return 0;
}

const struct byz_aggregator aggregator_mva = {
    .base =
        {
            .name = "mva",
            .doc = "Minimum-variance averaging: the mean of the n-f messages that scatter least around "
                   "their own mean, over all such subsets.",
            .formula = "S = the (n-f)-subset of least sum_{i in S} ||x_i - mean_S||^2,\n"
                       "    the first in lexicographic order on a tie\n"
                       "out = mean_S",
            .validity = "n >= 2f+1 and C(n, f) <= 5e7",
            .cost = "2 passes: distances, O(n^2 d), and the mean; up to C(n, f) sums; O(n^2) memory",
            .paper = "No single paper: published in EPFL's code as \"minimum variance averaging\", 2022; the "
                     "subset of least scatter is Rousseeuw's, \"Multivariate estimation with high breakdown "
                     "point\", 1985.",
            .resists = "Far messages never get in.",
            .breaks = "Attackers closer to the mean than honest messages are (alie, ipm, duplicate) are "
                      "always chosen, and push honest ones out where data differ from worker to worker.",
        },
    .promises = BYZ_PERMUTATION | BYZ_TRANSLATION | BYZ_SCALE | BYZ_ORTHOGONAL | BYZ_RANGE | BYZ_TOLERANT |
                BYZ_REPORTS,
    .needs = BYZ_NEEDS_DISTANCES,
    .unsuitable = mva_unsuitable,
    .scratch_bytes = mva_scratch,
    .apply = mva_apply,
};
