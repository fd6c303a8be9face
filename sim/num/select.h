/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Choosing and weighing rows by the matrix of their squared distances alone: every rule that lives on
 * distances needs the rows themselves once more only, for the final combination. All functions are pure; the
 * caller brings scratch (8-byte aligned). `distances` is always (n, n), symmetric, zero on the diagonal, free
 * of NaN; rows with NaN or infinities are infinitely far from all others (sim/num/distance.h) and are chosen
 * only where nothing else is left. The lowest index wins ties.
 */
#ifndef SIM_NUM_SELECT_H
#define SIM_NUM_SELECT_H

#include <stddef.h>
#include <stdint.h>

/* What a Krum score sums. */
enum select_cost { SELECT_SQUARED, SELECT_EUCLIDEAN, SELECT_FOURTH };

/* Krum scores: scores[i] = sum of the costs of the q least distances from row i to other rows, smallest
 * first; q <= n - 1. Cost O(n^2 log n). */
size_t select_krum_scratch_bytes(size_t n);
void select_krum(const double *distances, size_t n, size_t q, enum select_cost cost, void *scratch,
                 double *scores);

/* The index of the least score; 0 where all are infinite. */
size_t select_least(const double *scores, size_t n);

/* best[0 .. m-1]: the rows of the m least scores, ordered by score, then index. m <= n. */
size_t select_best_scratch_bytes(size_t n);
void select_best(const double *scores, size_t n, size_t m, void *scratch, size_t *best);

/* nearest[0 .. h-1]: row i itself, then the rows nearest to it, by distance, then index. 1 <= h <= n.
 * Scratch: select_best_scratch_bytes(n). */
void select_nearest(const double *distances, size_t n, size_t i, size_t h, void *scratch, size_t *nearest);

/* Bulyan's first half: picks[0 .. n-2f-1] in the order of picking. Each pick is the Krum winner among the
 * rows that remain: with m of them, scores sum the q = m-f-2 least squared distances to other remaining rows
 * (at least 1, at most m-1), smallest first. Cost O(n^2 log n + n^2 (n-2f)) with a small constant: neighbours
 * stay sorted, and only the sums behind a removed one change. n > 2f. */
size_t select_bulyan_scratch_bytes(size_t n);
void select_bulyan(const double *distances, size_t n, size_t f, void *scratch, size_t *picks);

/* rest[0 .. h-1]: what is left, in rising order, when n-h times the row farthest from the mean of those that
 * are left is taken away, which is the one of the largest sum of squared distances to them (of the most
 * infinite ones first). 1 <= h <= n; rest has room for n. Cost O(n^2 (n-h)). */
void select_without_farthest(const double *distances, size_t n, size_t h, size_t *rest);

/* Scores of rows among themselves, by which other rules pick one row after the other (the least score wins):
 * Krum's with q = n-f-2 neighbours, at least 1 and at most n-1; the squared distance to the mean of the
 * select_multi(n, f) rows of best Krum score; the sum of plain distances to the others, malformed ones left
 * out (their own score is infinite). */
enum select_base { SELECT_KRUM, SELECT_MULTI_KRUM, SELECT_MEDOID };
size_t select_scores_scratch_bytes(size_t n);
void select_scores(const double *distances, size_t n, size_t f, enum select_base base, void *scratch,
                   double *scores);

/* n-f-2, at least 1: how many rows multi-Krum averages. */
size_t select_multi(size_t n, size_t f);

/* The (n-f)-subset of least diameter, exactly: subset[0 .. n-f-1] ascending, the lexicographically first one
 * among those of least diameter; *diameter: its largest squared distance, 0 for a single row. *work: nodes of
 * the search, about n^2/20 ns each. 0, or ERR_INVALID when more than `most_work` nodes are needed: then
 * subset is not filled. Cost: exponential in f at worst, milliseconds on ordinary rows. n > f. */
size_t select_mda_scratch_bytes(size_t n, size_t f);
int select_mda(const double *distances, size_t n, size_t f, uint64_t most_work, void *scratch, size_t *subset,
               double *diameter, uint64_t *work);

/* What an iteration on weights has done. */
struct select_trace {
    size_t iterations;
    /* The largest relative uncertainty of a squared distance to the moving point, taking those between rows
     * as good to 2^-24. It grows when one row with weight is farther away than the others by many orders of
     * magnitude: beyond about 1e-3 work on the rows themselves instead. */
    double uncertainty;
};

/* squared[i] = ||x_i - z||^2 for z = sum_j weights[j] x_j, weights summing to 1: sum_j w_j D_ij - sum_jk w_j
 * w_k D_jk / 2. Squared distances below `negligible` make no difference to the caller. Returns the largest
 * relative uncertainty of the others, as in the trace above. */
double select_distances_to(const double *distances, size_t n, const double *weights, double negligible,
                           double *squared);

/* Smoothed Weiszfeld: w_i = 1 / max(nu, ||x_i - z||), normalised, z = sum w_i x_i, from
 * ||x_i - z||^2 = sum_j w_j D_ij - sum_jk w_j w_k D_jk / 2 (Pillutla, Kakade, Harchaoui, IEEE TSP 2022).
 * `first` (n): squared distances from the rows to the starting point, ||x_i||^2 to start from zero, infinite
 * or NaN for rows that take no part; NULL: start from the mean of the rows that have another at finite
 * distance. Stops after `iterations` steps (at least 1), or when no weight changes by more than `tolerance`
 * (> 0). weights (n) sum to 1, and are all 0 when there is no usable row. nu > 0. */
size_t select_weights_scratch_bytes(size_t n);
struct select_trace select_geometric_median(const double *distances, size_t n, const double *first, double nu,
                                            size_t iterations, double tolerance, void *scratch,
                                            double *weights);

/* Centered clipping: v <- v + (1/n) sum_i (x_i - v) min(1, tau / ||x_i - v||), `iterations` times, in weights
 * of the rows and of the starting point, which is point n of `distances` (n+1, n+1). weights (n+1) sum to 1;
 * infinitely far rows weigh 0. Karimireddy, He, Jaggi, ICML 2021. Scratch: select_weights_scratch_bytes(n+1).
 */
struct select_trace select_centered_clipping(const double *distances, size_t n, double tau, size_t iterations,
                                             void *scratch, double *weights);

#endif
