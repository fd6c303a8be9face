/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SignGuard: two filters, then a clipped mean. With M the median of the norms, the first keeps rows with low
 * M
 * <= ||x_i|| <= high M. The second draws a share of the coordinates anew in each round, counts for each row
 * the shares of positive, zero and negative numbers among them, and keeps the largest cluster of these points
 * by mean shift (sim/num/cluster.h). Rows that pass both are shortened to M where they are longer, and
 * averaged. Xu, Huang, Song, Lan, "Byzantine-robust federated learning through collaborative malicious
 * gradient filtering", ICDCS 2022. The paper does not say how wide mean shift looks; its code takes the
 * estimate described in cluster.h, and divides each of the three shares by its largest ("relative").
 *
 * A row with a NaN or an infinity takes no part. When no row passes both filters there is no answer.
 *
 * Cost: one pass for norms and signs, one for the mean; a draw for every coordinate that is drawn. Check:
 * rows (3,4) (4,3) (6,8) (-3,-4) (60,80), all coordinates: M = 5, the last is too long; signs differ in the
 * fourth alone. (3,4), (4,3) and (3,4), shortened, have the mean (10/3, 11/3).
 */
#include "aggregators/norms.h"
#include "sim/num/cluster.h"
#include "sim/num/rng.h"
#include "sim/num/rows.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SHARES, RELATIVE, POSITIVE = 0, ZERO, NEGATIVE };

struct signguard_params {
    double low, high, coordinates;
    int features;
};

static const char *const features_words[] = {"shares", "relative", NULL};

static const struct byz_param signguard_params[] = {
    {.name = "low",
     .type = BYZ_REAL,
     .offset = offsetof(struct signguard_params, low),
     .initial = 0.1,
     .min = 0,
     .max = 1,
     .doc = "Messages shorter than this times the median norm are left out."},
    {.name = "high",
     .type = BYZ_REAL,
     .offset = offsetof(struct signguard_params, high),
     .initial = 3,
     .min = 1,
     .max = DBL_MAX,
     .doc = "Messages longer than this times the median norm are left out."},
    {.name = "coordinates",
     .type = BYZ_REAL,
     .offset = offsetof(struct signguard_params, coordinates),
     .initial = 0.1,
     .min = BYZ_ABOVE_ZERO,
     .max = 1,
     .doc = "The share of the coordinates whose signs are counted, at least one coordinate; 1: all."},
    {.name = "features",
     .type = BYZ_CHOICE,
     .offset = offsetof(struct signguard_params, features),
     .choices = features_words,
     .initial_word = "shares",
     .doc = "What is clustered: the \"shares\" of positive, zero and negative numbers (the paper), or each "
            "\"relative\" to its largest among the messages (the paper's code)."},
};

static int signguard_unsuitable(const void *params, size_t n, size_t f, char reason[BYZ_REASON_SIZE])
{
    (void)params;
    if (n >= 2 * f + 1)
        return 0;
    snprintf(reason, BYZ_REASON_SIZE, "signguard needs n >= 2f+1: n=%zu, f=%zu", n, f);
    return 1;
}

static size_t drawn_of(const struct signguard_params *p, size_t d)
{
    return (size_t)ceil(p->coordinates * (double)d);
}

/* The norms, a copy, the weights of the mean (n each), three features (n, 3), the clusters' scratch, the
 * rows, which rows are clustered and which of those are members, a mark for every coordinate. */
static size_t signguard_scratch(const void *params, size_t n, size_t d, size_t threads)
{
    (void)params, (void)threads;
    return (3 + CLUSTER_DIMENSIONS) * n * sizeof(double) + cluster_shift_scratch_bytes(n) +
           n * (sizeof(float *) + sizeof(size_t) + sizeof(bool)) + d;
}

struct place {
    double *norms, *weights, *sorted, *features;
    void *cluster;
    const float **rows;
    size_t *finite;
    bool *member;
    char *marks;
};

static struct place places(const struct byz_aggregator_input *in)
{
    size_t n = in->n;
    struct place at = {.norms = in->scratch};
    at.weights = at.norms + n;
    at.sorted = at.weights + n;
    at.features = at.sorted + n;
    at.cluster = at.features + CLUSTER_DIMENSIONS * n;
    at.rows = (const float **)(void *)((char *)at.cluster + cluster_shift_scratch_bytes(n));
    at.finite = (size_t *)(void *)(at.rows + n);
    at.member = (bool *)(void *)(at.finite + n);
    at.marks = (char *)(at.member + n);
    rows_of_matrix(in->x, n, in->ld, at.rows);
    return at;
}

/* Draws coordinates; the norms of all rows, and the shares of positive, zero and negative numbers of each
 * among the drawn ones: features (n, 3). (What is neither positive nor negative is zero in rows that take
 * part.) */
static void measure(const struct signguard_params *p, const struct byz_aggregator_input *in,
                    const struct place *at)
{
    size_t drawn = drawn_of(p, in->d);
    rng_subset(in->rng, drawn, in->d, at->marks);
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < in->n; i++) {
        double *shares = at->features + i * CLUSTER_DIMENSIONS;
        struct rows_signs signs;
        double norm = sqrt(rows_norm2_signs(at->rows[i], at->marks, in->d, &signs));
        at->norms[i] = isnan(norm) ? INFINITY : norm;
        shares[POSITIVE] = (double)signs.positive / (double)drawn;
        shares[ZERO] = (double)(drawn - signs.positive - signs.negative) / (double)drawn;
        shares[NEGATIVE] = (double)signs.negative / (double)drawn;
    }
}

static void divide_by_largest(double *features, size_t count)
{
    for (size_t k = 0; k < CLUSTER_DIMENSIONS; k++) {
        double most = 0;
        for (size_t i = 0; i < count; i++)
            most = fmax(most, features[i * CLUSTER_DIMENSIONS + k]);
        for (size_t i = 0; most > 0 && i < count; i++)
            features[i * CLUSTER_DIMENSIONS + k] /= most;
    }
}

/* weights[i] = 1 for the rows of the largest cluster, 0 for the others. finite (count): rows that take part.
 */
static void cluster_signs(const struct signguard_params *p, const struct byz_aggregator_input *in,
                          const struct place *at, size_t count)
{
    for (size_t i = 0; i < count; i++)
        memmove(at->features + i * CLUSTER_DIMENSIONS, at->features + at->finite[i] * CLUSTER_DIMENSIONS,
                CLUSTER_DIMENSIONS * sizeof *at->features);
    if (p->features == RELATIVE)
        divide_by_largest(at->features, count);
    cluster_mean_shift(at->features, count, at->cluster, at->member);
    memset(at->weights, 0, in->n * sizeof *at->weights);
    for (size_t i = 0; i < count; i++)
        at->weights[at->finite[i]] = at->member[i];
}

/* The median norm; infinite when half of the rows or more are malformed. */
static double median_norm(const struct byz_aggregator_input *in, const struct place *at)
{
    memcpy(at->sorted, at->norms, in->n * sizeof *at->sorted);
    gsl_sort(at->sorted, 1, in->n);
    return gsl_stats_median_from_sorted_data(at->sorted, 1, in->n);
}

static int signguard_apply(const void *params, const struct byz_aggregator_input *in, float *out,
                           char reason[BYZ_REASON_SIZE])
{
    const struct signguard_params *p = params;
    struct place at = places(in);
    size_t count = 0;
    double kept = 0;
    measure(p, in, &at);
    for (size_t i = 0; i < in->n; i++)
        if (isfinite(at.norms[i]))
            at.finite[count++] = i;
    double limit = median_norm(in, &at);
    if (!isfinite(limit)) {
        snprintf(reason, BYZ_REASON_SIZE, "signguard finds %zu finite messages, no majority: n=%zu", count,
                 in->n);
        return 1;
    }
    cluster_signs(p, in, &at, count);
    for (size_t i = 0; i < in->n; i++) {
        at.weights[i] *= at.norms[i] >= p->low * limit && at.norms[i] <= p->high * limit;
        kept += at.weights[i];
    }
    if (kept == 0) {
        snprintf(reason, BYZ_REASON_SIZE,
                 "signguard: no message of the largest cluster has a norm between %g and %g: n=%zu",
                 p->low * limit, p->high * limit, in->n);
        return 1;
    }
    norms_clipped_mean(in, at.rows, at.norms, limit, kept, at.weights, out);
    return 0;
}

const struct byz_aggregator aggregator_signguard = {
    .base =
        {.name = "signguard",
         .doc = "The mean of the messages whose norm is near the median norm and whose signs are distributed "
                "as in most messages, each shortened to the median norm.",
         .formula = "M = median of ||x_i||\n"
                    "S1 = {i : low M <= ||x_i|| <= high M}\n"
                    "p_i = shares of positive, zero and negative numbers in x_i, among randomly\n"
                    "      drawn coordinates\n"
                    "S2 = the largest mean shift cluster of the p_i\n"
                    "out = mean over S1 and S2 of x_i min(1, M / ||x_i||)\n"
                    "a row with a NaN or an infinity takes no part",
         .validity = "n >= 2f+1; no answer for messages of which none passes both filters",
         .cost = "3 passes: norms, drawn coordinates, mean; a draw for each coordinate drawn; O(n^2) a "
                 "shift; d + 4 share d bytes",
         .paper = "J. Xu, S.-L. Huang, L. Song, T. Lan, \"Byzantine-robust federated learning through "
                  "collaborative malicious gradient filtering\", ICDCS 2022.",
         .resists =
             "Messages too long or too short, reversed ones, noise, and alie where it shifts many signs.",
         .breaks = "Messages of an honest one's norm and sign counts, whatever coordinates the signs stand "
                   "in; very heterogeneous data scatter the sign counts, and honest messages are left out.",
         .params = signguard_params,
         .param_count = BYZ_LENGTH(signguard_params),
         .params_size = sizeof(struct signguard_params)},
    .promises = BYZ_PERMUTATION | BYZ_SCALE | BYZ_TOLERANT | BYZ_REPORTS,
    .rescales = true,
    .unsuitable = signguard_unsuitable,
    .scratch_bytes = signguard_scratch,
    .apply = signguard_apply,
};
