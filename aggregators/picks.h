/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the rules that average some of the rows have in common. */
#ifndef AGGREGATORS_PICKS_H
#define AGGREGATORS_PICKS_H

#include "sim/api/byz_aggregator.h"

/* squared[i] = ||x_i - centre||^2, of the row itself where centre is NULL; +Inf for a row with a NaN. */
void picks_distances(const struct byz_aggregator_input *in, const float *centre, double *squared);

/* out = the mean of the rows picks[0 .. count-1], summed in that order; reports their equal weights.
 * scratch: picks_scratch_bytes, 8-byte aligned. */
size_t picks_scratch_bytes(size_t n);
void picks_mean(const struct byz_aggregator_input *in, const size_t *picks, size_t count, void *scratch,
                float *out);

/* The mean of the m rows of least score, by score, then index. Same scratch. */
void picks_mean_of_best(const struct byz_aggregator_input *in, const double *scores, size_t m, void *scratch,
                        float *out);

#endif
