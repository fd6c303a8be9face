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

void norms_to_factors(const struct byz_aggregator_input *in, double limit, const bool *shorten, double *norms,
                      double *mix)
{
    if (mix != NULL)
        memset(mix, 0, in->n * in->n * sizeof *mix);
    for (size_t i = 0; i < in->n; i++) {
        bool clipped = norms[i] > limit && (shorten == NULL || shorten[i]);
        norms[i] = !clipped ? 1 : isinf(norms[i]) ? 0 : limit / norms[i];
        if (mix != NULL)
            mix[i * in->n + i] = norms[i];
    }
}

/* From so many bytes of rows on, what becomes of them goes past the caches, which the rows need. */
enum { HELD = 16 << 20 };

void norms_columns(const struct byz_aggregator_input *in, const double *factors, size_t from, size_t width,
                   float *out, size_t ld)
{
    size_t bytes = in->n * in->d * sizeof(float);
    bool same = out == in->x + from, past = bytes > HELD && ld >= in->d && !same; /* not into a tile */
    for (size_t i = in->n; i-- > 0;) { /* backwards: the last rows measured are still in the caches */
        const float *row = in->x + i * in->ld + from;
        if (past && factors[i] != 0)
            rows_scale_past(row, width, factors[i], out + i * ld);
        else if (factors[i] == 1 && same)
            continue;
        else if (factors[i] == 1)
            memcpy(out + i * ld, row, width * sizeof *out);
        else if (factors[i] == 0)
            memset(out + i * ld, 0, width * sizeof *out);
        else
            rows_scale(row, width, factors[i], out + i * ld);
    }
}

void norms_identity_mix(size_t n, double *mix)
{
    for (size_t i = 0; mix != NULL && i < n * n; i++)
        mix[i] = i % (n + 1) == 0;
}

void norms_clipped_mean(const struct byz_aggregator_input *in, const float *const *rows, const double *norms,
                        double limit, double kept, double *weights, float *out)
{
    for (size_t i = 0; i < in->n; i++) {
        weights[i] /= kept;
        if (in->report->weights != NULL)
            in->report->weights[i] = weights[i];
        if (norms[i] > limit && weights[i] > 0)
            weights[i] *= limit / norms[i];
    }
    in->report->filled = in->report->weights != NULL;
    rows_combine(rows, in->n, in->d, weights, out);
}
