/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Smallest maximum eigenvalue averaging: the mean of the n-f rows whose covariance has the least largest
 * eigenvalue, over all subsets; the first one in lexicographic order wins ties. Allouah, Guerraoui, Gupta,
 * Pinot, Stephan, "On the privacy-robustness-utility trilemma in distributed learning", ICML 2023.
 *
 * The eigenvalue is that of the centred (n-f, n-f) matrix of inner products, exactly. Members are added one
 * by one, and no largest eigenvalue falls by that: as soon as the first members have one above the best so
 * far, as a growing Cholesky decomposition shows, all subsets that begin with them are left.
 *
 * Cost: one pass for the distances (shared), up to C(n, f) steps of (n-f)^2 multiplications and few
 * eigenvalues, one pass for the mean. Refused where C(n, f) (n-f)^3 is above 1e10, which is some seconds.
 * Check: on a line it is mva; (0,0), (2,0), (0,2), (1,1.9), f = 1: the scatters' largest eigenvalues are
 * 4.288, 2.716, 2.407 and 4 without the first row to the last: the answer is (1, 0.63333333), without the
 * third.
 */
#include "aggregators/leave.h"
#include "aggregators/spectral.h"
#include "sim/num/dispatch.h"
#include "sim/num/eigen.h"
#include "sim/num/select.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double most_work = 1e10;

static double work_of(size_t n, size_t f)
{
    return spectral_subsets(n, f) * pow((double)(n - f), 3);
}

static int smea_unsuitable(const void *params, size_t n, size_t f, char reason[BYZ_REASON_SIZE])
{
    (void)params;
    if (n < 2 * f + 1)
        snprintf(reason, BYZ_REASON_SIZE, "smea needs n >= 2f+1: n=%zu, f=%zu", n, f);
    else if (work_of(n, f) > most_work)
        snprintf(reason, BYZ_REASON_SIZE,
                 "smea looks at all %.4g subsets of n-f messages, (n-f)^3 steps each, more than 1e10 in all: "
                 "n=%zu, f=%zu",
                 spectral_subsets(n, f), n, f);
    else
        return 0;
    return 1;
}

/* Of any number of rows up to n, and the largest f that is allowed with them. */
static size_t leave_bytes(size_t n)
{
    size_t most = 0;
    for (size_t rows = 1; rows <= n && work_of(rows, 1) <= most_work; rows++)
        for (size_t f = 1; rows >= 2 * f + 1 && spectral_subsets(rows, f) <= most_work; f++) {
            size_t bytes = work_of(rows, f) <= most_work ? leave_scratch_bytes(rows, f) : 0;
            most = bytes > most ? bytes : most;
        }
    return most;
}

static size_t smea_scratch(const void *params, size_t n, size_t d, size_t threads)
{
    (void)params, (void)d, (void)threads;
    return leave_bytes(n) + (4 * n * n + 6 * n) * sizeof(double) + eigen_scratch_bytes(n) +
           2 * n * sizeof(size_t) + n * sizeof(void *);
}

/* The inner products of the subset's rows around their mean (h, h), twice. r: room for h. */
static void centre(const double *distances, size_t n, const size_t *subset, size_t h, double *r,
                   double *matrix, double *copy)
{
    double middle = 0;
    for (size_t a = 0; a < h; a++) {
        r[a] = 0;
        for (size_t b = 0; b < h; b++)
            r[a] += distances[subset[a] * n + subset[b]];
        r[a] /= (double)h;
        middle += r[a] / (double)h;
    }
    for (size_t a = 0; a < h; a++)
        for (size_t b = 0; b < h; b++)
            matrix[a * h + b] = (r[a] + r[b] - distances[subset[a] * n + subset[b]] - middle) / 2;
    memcpy(copy, matrix, h * h * sizeof *copy);
}

/* sums[p * n + q]: from member q to the first p members; factor, row, diagonal: see extend; inverse, root:
 * 1/q and sqrt(q/(q+1)). */
struct search {
    const double *distances;
    size_t n, h, *subset, *best;
    double *matrix, *copy, *r, *sums, *factor, *row, *diagonal, *inverse, *root, least;
    void *solver;
};

/* row (p), the contrasts' inner products from 1 on, becomes the row of the factor: divided by its diagonal
 * (inverse: diagonal), less what columns before have of it. columns[q * n + j]: row j of the factor in column
 * q; row p is added. Returns what is left of pivot, at most 0 as soon as it is that. */
NUM_CLONES static double substitute(double *restrict row, const double *restrict diagonal,
                                    double *restrict columns, size_t n, size_t p, double pivot)
{
    for (size_t q = 1; q < p && pivot > 0; q++) {
        double entry = row[q] * diagonal[q], *column = columns + q * n;
        for (size_t j = q + 1; j < p; j++)
            row[j] -= entry * column[j];
        column[p] = entry;
        pivot -= entry * entry;
    }
    return pivot;
}

/* Members x_0 .. x_p with means m_q of the first q have the scatter matrix of the contrasts c_q =
 * sqrt(q/(q+1)) (x_q - m_q), q = 1 .. p: one more member is one more contrast, and no eigenvalue falls. So
 * the first members are hopeless as soon as limit - <c_q, c_r> is not positive definite, and its Cholesky
 * factor grows by a row a member. This makes row p, and the sums for the next; false when it cannot be made.
 * The rows before may be of a higher limit. */
static bool extend(struct search *s, size_t p, double limit)
{
    const double *from = s->distances + s->subset[p] * s->n, *sums = s->sums + p * s->n;
    double *row = s->row, *next = s->sums + (p + 1) * s->n, part = s->inverse[p], before = 0, between = 0;
    next[p] = 0;
    for (size_t q = 0; q < p; q++) {
        double squared = from[s->subset[q]],
               inner = s->inverse[q] * (before - between * part) + sums[q] * part;
        row[q] = (squared - inner) * (s->root[q] * s->root[p] / 2);
        before += squared;
        between += sums[q];
        next[q] = sums[q] + squared;
    }
    next[p] = before;
    double length = (before - between * part / 2) * part * (s->root[p] * s->root[p]);
    double pivot = substitute(row, s->diagonal, s->factor, s->n, p, p > 0 ? limit - length : limit);
    s->diagonal[p] = pivot > 0 ? 1 / sqrt(pivot) : 0;
    return pivot > 0;
}

/* A full subset: keeps it when its eigenvalue is less than the least so far. */
static bool weigh(struct search *s)
{
    centre(s->distances, s->n, s->subset, s->h, s->r, s->matrix, s->copy);
    if (!eigen_all_below(s->copy, s->h, s->least * (1 + 1e-9)))
        return false;
    double value = eigen_largest(s->matrix, s->h, s->solver, NULL);
    if (value >= s->least)
        return false;
    s->least = value;
    memcpy(s->best, s->subset, s->h * sizeof *s->best);
    return true;
}

/* Begins with the rows that are left when the farthest from their mean are taken away, a subset so good that
 * it spares most of the others; with none, and false, where these are too far apart. */
static bool guess(struct search *s)
{
    select_without_farthest(s->distances, s->n, s->h, s->best);
    for (size_t a = 0; a < s->h; a++)
        for (size_t b = 0; b < a; b++)
            if (isinf(s->distances[s->best[a] * s->n + s->best[b]]))
                return false;
    centre(s->distances, s->n, s->best, s->h, s->r, s->matrix, s->copy);
    double value = eigen_largest(s->matrix, s->h, s->solver, NULL);
    s->least = fmin(s->least, nextafter(value, (double)INFINITY));
    return true;
}

/* Whether the member at place p is infinitely far from one before it, or makes the subset hopeless. */
static bool too_far(struct search *s, size_t p)
{
    for (size_t q = 0; q < p; q++)
        if (isinf(s->distances[s->subset[p] * s->n + s->subset[q]]))
            return true;
    return !extend(s, p, s->least * (1 + 1e-9));
}

/* The first place whose member is too far under a new limit, the last place if none is. */
static size_t look_again(struct search *s)
{
    size_t p = 0;
    while (p + 1 < s->h && !too_far(s, p))
        p++;
    return p;
}

static void search(struct search *s)
{
    s->subset[0] = 0;
    for (size_t p = 0;;) {
        if (s->subset[p] > s->n - s->h + p) {
            if (p == 0)
                return;
            s->subset[--p]++;
        } else if (too_far(s, p)) {
            s->subset[p]++;
        } else if (p + 1 == s->h) {
            if (weigh(s))
                p = look_again(s);
            s->subset[p]++;
        } else {
            s->subset[p + 1] = s->subset[p] + 1;
            p++;
        }
    }
}

/* Weighs the rows that remain without f of them. */
static bool without(void *context, const size_t *out)
{
    struct search *s = context;
    for (size_t i = 0, p = 0, q = 0; i < s->n; i++)
        if (q < s->n - s->h && out[q] == i)
            q++;
        else
            s->subset[p++] = i;
    for (size_t p = 0; p < s->h; p++)
        for (size_t q = 0; q < p; q++)
            if (isinf(s->distances[s->subset[p] * s->n + s->subset[q]]))
                return false;
    return weigh(s);
}

/* By rows left out, which is faster; member by member where the numbers do not allow it. */
static void search_all(struct search *s, bool guessed, void *scratch)
{
    const struct leave leave = {.distances = s->distances,
                                .n = s->n,
                                .f = s->n - s->h,
                                .limit = &s->least,
                                .best = s->best,
                                .visit = without,
                                .context = s,
                                .scratch = scratch};
    if (!guessed || s->h == s->n || !leave_search(&leave))
        search(s);
}

/* More than the scatter of any subset of sound rows; infinite where that is beyond a double. */
static double highest(const double *distances, size_t n)
{
    double sum = DBL_MIN;
    for (size_t k = 0; k < n * n; k++)
        sum += isfinite(distances[k]) ? distances[k] : 0;
    return sum;
}

static int smea_apply(const void *params, const struct byz_aggregator_input *in, float *out,
                      char reason[BYZ_REASON_SIZE])
{
    (void)params;
    size_t n = in->n, h = n - in->f, *subset = in->scratch;
    double *matrix = (double *)(void *)(subset + 2 * n);
    double above = highest(in->distances, n);
    struct search s = {.distances = in->distances, .n = n, .h = h, .subset = subset, .best = subset + n};
    s.matrix = matrix;
    s.copy = s.matrix + n * n;
    s.factor = s.copy + n * n;
    s.r = s.factor + n * n;
    s.row = s.r + n;
    s.diagonal = s.row + n;
    s.inverse = s.diagonal + n;
    s.root = s.inverse + n;
    for (size_t q = 0; q < n; q++) {
        s.inverse[q] = q > 0 ? 1 / (double)q : 0;
        s.root[q] = sqrt((double)q / (double)(q + 1));
    }
    s.sums = s.root + n;
    s.solver = s.sums + (n + 1) * n;
    s.least = above;
    bool guessed = guess(&s);
    search_all(&s, guessed, (char *)s.solver + eigen_scratch_bytes(n));
    if (s.least == above) {
        snprintf(reason, BYZ_REASON_SIZE, "smea finds no n-f messages at finite distances: n=%zu, f=%zu", n,
                 in->f);
        return 1;
    }
    spectral_subset_mean(in, s.best, h, matrix, out);
    return 0;
}

const struct byz_aggregator aggregator_smea = {
    .base =
        {
            .name = "smea",
            .doc = "Smallest-maximum-eigenvalue averaging: the mean of the n-f messages whose covariance "
                   "has the least largest eigenvalue, over all such subsets. Made as the companion of "
                   "noise added for privacy.",
            .formula = "C_S = (1/(n-f)) sum_{i in S} (x_i - mean_S)(x_i - mean_S)^T\n"
                       "S = the (n-f)-subset of least largest eigenvalue of C_S,\n"
                       "    the first in lexicographic order on a tie\n"
                       "out = mean_S",
            .validity = "n >= 2f+1 and C(n, f) (n-f)^3 <= 1e10",
            .cost =
                "2 passes: distances, O(n^2 d), and the mean; up to C(n, f) steps of (n-f)^2; O(n^2) memory",
            .paper = "Allouah, Guerraoui, Gupta, Pinot, Stephan, \"On the privacy-robustness-utility "
                     "trilemma in distributed learning\", ICML 2023.",
            .resists = "Far messages; its error grows with the variance in the worst direction only, not "
                       "with the dimension.",
            .breaks = "Attackers inside the honest variance (alie, ipm with a small factor) are averaged "
                      "in. Its cost confines it to few workers.",
        },
    .promises = BYZ_PERMUTATION | BYZ_TRANSLATION | BYZ_SCALE | BYZ_ORTHOGONAL | BYZ_RANGE | BYZ_TOLERANT |
                BYZ_REPORTS,
    .needs = BYZ_NEEDS_DISTANCES,
    .unsuitable = smea_unsuitable,
    .scratch_bytes = smea_scratch,
    .apply = smea_apply,
};
