/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Nearest-neighbour mixing: row i becomes the mean of the n-f rows nearest to x_i, itself included; the
 * lowest index wins ties. Allouah, Farhadkhani, Guerraoui, Gupta, Pinot, Stephan, "Fixing by mixing", AISTATS
 * 2023. Cost: one pass for the distances (shared), then n (n-f) d additions. Check: rows (1,2,3), (4,5,6),
 * (7,8,9), f = 1 give (2.5,3.5,4.5), (2.5,3.5,4.5), (5.5,6.5,7.5).
 */
#include "sim/api/byz_aggregator.h"
#include "sim/num/rows.h"

#include <stdio.h>
#include <string.h>

static int nnm_unsuitable(const void *params, size_t n, size_t f, char reason[BYZ_REASON_SIZE])
{
    (void)params;
    if (n > 2 * f)
        return 0;
    snprintf(reason, BYZ_REASON_SIZE, "nnm needs n > 2f: n=%zu, f=%zu", n, f);
    return 1;
}

static size_t nnm_scratch(const void *params, size_t n, size_t d, size_t threads)
{
    (void)params, (void)d, (void)threads;
    return n * (sizeof(double) + sizeof(size_t) + sizeof(float *));
}

/* The row itself comes first whatever else lies at distance 0; the others keep the order of their index on
 * ties. */
static void nearest_rows(const struct byz_aggregator_input *in, size_t i, double *key, size_t *order)
{
    for (size_t j = 0; j < in->n; j++)
        key[j] = j == i ? -1 : in->distances[i * in->n + j];
    for (size_t j = 0; j < in->n; j++) { /* insertion keeps equal keys in index order */
        size_t at = j;
        for (; at > 0 && key[order[at - 1]] > key[j]; at--)
            order[at] = order[at - 1];
        order[at] = j;
    }
}

static int nnm_apply(const void *params, const struct byz_aggregator_input *in, float *out, double *mix,
                     char reason[BYZ_REASON_SIZE])
{
    (void)params, (void)reason;
    size_t h = in->n - in->f;
    double *key = in->scratch;
    size_t *order = (size_t *)(void *)(key + in->n);
    const float **rows = (const float **)(void *)(order + in->n);
    if (mix != NULL)
        memset(mix, 0, in->n * in->n * sizeof *mix);
    for (size_t i = 0; i < in->n; i++) {
        nearest_rows(in, i, key, order);
        for (size_t j = 0; j < h; j++) {
            rows[j] = in->x + order[j] * in->ld;
            if (mix != NULL)
                mix[i * in->n + order[j]] = 1.0 / (double)h;
        }
        rows_combine(rows, h, in->d, NULL, out + i * in->ld);
    }
    return 0;
}

const struct byz_preaggregator preaggregator_nnm = {
    .base =
        {.name = "nnm",
         .doc =
             "Nearest-neighbour mixing: every message is replaced by the mean of the n-f messages nearest to "
             "it, itself included (Allouah et al., AISTATS 2023). Needs n > 2f. Makes the messages alike, "
             "which is what robust rules need when workers hold different data."},
    .needs = BYZ_NEEDS_DISTANCES,
    .unsuitable = nnm_unsuitable,
    .scratch_bytes = nnm_scratch,
    .apply = nnm_apply,
};
