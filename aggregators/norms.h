/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the pre-aggregators that change every row by itself have in common. */
#ifndef AGGREGATORS_NORMS_H
#define AGGREGATORS_NORMS_H

#include "sim/api/byz_aggregator.h"

/* norms[i] = ||x_i||; +Inf for a row with a NaN. */
void norms_of_rows(const struct byz_aggregator_input *in, double *norms);

/* Turns norms into the factors that bring rows longer than `limit` down to it (only the rows with shorten[i],
 * unless shorten is NULL), in place; 0 for a row of infinite norm, which has no direction left to keep. mix
 * as in byz_preaggregator.prepare. */
void norms_to_factors(const struct byz_aggregator_input *in, double limit, const bool *shorten, double *norms,
                      double *mix);

/* Columns of the rows times their factors, as byz_preaggregator.columns; a row of factor 0 is zero whatever
 * it holds. */
void norms_columns(const struct byz_aggregator_input *in, const double *factors, size_t from, size_t width,
                   float *out, size_t ld);

/* The mix of a pre-aggregator whose row i is made of row i alone: the identity (n, n), unless mix is NULL. */
void norms_identity_mix(size_t n, double *mix);

#endif
