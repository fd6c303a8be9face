/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "aggregators/norms.h"
#include "sim/num/rows.h"

#include <math.h>
#include <string.h>

void norms_of_rows(const struct byz_aggregator_input *in, double *norms)
{
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < in->n; i++) {
        double norm = sqrt(rows_norm2(in->x + i * in->ld, in->d));
        norms[i] = isnan(norm) ? INFINITY : norm;
    }
}

void norms_clip(const struct byz_aggregator_input *in, const double *norms, double limit, const bool *shorten,
                float *out, double *mix)
{
    if (mix != NULL)
        memset(mix, 0, in->n * in->n * sizeof *mix);
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < in->n; i++) {
        bool clipped = norms[i] > limit && (shorten == NULL || shorten[i]);
        double factor = clipped ? limit / norms[i] : 1;
        if (clipped && isinf(norms[i])) /* no direction is left to keep */
            memset(out + i * in->ld, 0, in->d * sizeof *out);
        else if (clipped)
            rows_scale(in->x + i * in->ld, in->d, factor, out + i * in->ld);
        else
            memcpy(out + i * in->ld, in->x + i * in->ld, in->d * sizeof *out);
        if (mix != NULL)
            mix[i * in->n + i] = factor;
    }
}
