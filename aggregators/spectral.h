/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the rules that look along the direction of largest variance have in common. All of it comes from
 * squared distances: with weights c that sum to C, r_i = sum_j c_j D_ij / C and m = sum_i c_i r_i / C, the
 * inner product of two rows seen from their weighted mean is (r_i + r_j - D_ij - m) / 2, so rows near 1000 +-
 * 1 lose nothing, and the eigenvector of the covariance in R^d is never written down.
 */
#ifndef AGGREGATORS_SPECTRAL_H
#define AGGREGATORS_SPECTRAL_H

#include "sim/api/byz_aggregator.h"

/* Gives each row weight 1, or 0 when no other row is at a finite distance (it holds a NaN or an infinity; a
 * single row counts as sound). Returns how many have weight 1; *reason says so when that is none. */
size_t spectral_sound_rows(const double *distances, size_t n, double *weights, char reason[BYZ_REASON_SIZE]);

/* The weighted covariance sum c_i (x_i - mu)(x_i - mu)' / C has the largest eigenvalue returned, and
 * scores[i] is <x_i - mu, v>^2 along its unit vector v: of rows of weight 0 too, infinite for a malformed
 * one. C > 0. */
size_t spectral_scratch_bytes(size_t n);
double spectral_scores(const double *distances, size_t n, const double *weights, void *scratch,
                       double *scores);

/* out = sum_i weights_i x_i / sum_i weights_i, and the report. weights become the shares. Scratch: n
 * pointers. */
void spectral_mean(const struct byz_aggregator_input *in, double *weights, void *scratch, float *out);

/* C(n, f), the number of subsets of n-f rows; +Inf beyond the range of a double. f <= n. */
double spectral_subsets(size_t n, size_t f);

/* The mean of the rows subset[0 .. count-1], and the report. Scratch: n (double and pointer). */
void spectral_subset_mean(const struct byz_aggregator_input *in, const size_t *subset, size_t count,
                          void *scratch, float *out);

#endif
