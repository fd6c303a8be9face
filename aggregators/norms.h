/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the pre-aggregators that shorten long rows have in common. */
#ifndef AGGREGATORS_NORMS_H
#define AGGREGATORS_NORMS_H

#include "sim/api/byz_aggregator.h"

/* norms[i] = ||x_i||; +Inf for a row with a NaN. */
void norms_of_rows(const struct byz_aggregator_input *in, double *norms);

/* Writes every row scaled down to `limit` where its norm exceeds it (only the rows with shorten[i], unless
 * shorten is NULL; a row of infinite norm becomes zero); mix as in byz_preaggregator.apply. */
void norms_clip(const struct byz_aggregator_input *in, const double *norms, double limit, const bool *shorten,
                float *out, double *mix);

#endif
