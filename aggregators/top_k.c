/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sparsifying: of each row the k coordinates largest in absolute value go on, the others become zero; of
 * equal ones those with the lowest index. A NaN is larger than everything, so that a malformed row stays
 * malformed. Stich, Cordonnier, Jaggi, "Sparsified SGD with memory", NeurIPS 2018.
 *
 * The bits of a float without its sign are ordered like its absolute value, so the k-th largest is found by
 * counting digits of 11, 10 and 10 bits. Each row that goes on is wholly its worker's, so the mix is the
 * identity. Cost: four passes to decide, one to write. Check: (1, -3, 2, -2), k = 2 gives (0, -3, 2, 0).
 */
#include "aggregators/norms.h"

#include <string.h>

struct top_k_params {
    uint64_t k;
};

static const struct byz_param top_k_params[] = {
    {.name = "k",
     .type = BYZ_COUNT,
     .offset = offsetof(struct top_k_params, k),
     .initial = 100,
     .min = 1,
     .max = BYZ_COUNT_MOST,
     .doc = "Coordinates of each message that are kept; all of them when it has no more than that."},
};

/* What is kept of a row: sizes above `least`, and that size itself in columns below `end`. */
struct kept {
    uint32_t least;
    size_t end;
};

static uint32_t size_bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits & 0x7FFFFFFFu;
}

/* The digit of bits low .. low + width - 1 that the k-th largest has among the sizes that agree with `found`
 * above it; *k becomes its rank among those that have this digit too. */
static uint32_t top_digit(const float *row, size_t d, uint32_t found, unsigned low, unsigned width, size_t *k)
{
    size_t counts[2048] = {0};
    uint32_t digit = (1u << width) - 1;
    for (size_t c = 0; c < d; c++) {
        uint32_t bits = size_bits(row[c]);
        if (bits >> (low + width) == found >> (low + width))
            counts[bits >> low & digit]++;
    }
    for (; counts[digit] < *k; digit--)
        *k -= counts[digit];
    return digit;
}

/* 1 <= k <= d. */
static struct kept kept_of(const float *row, size_t d, size_t k)
{
    struct kept kept = {0, 0};
    kept.least = top_digit(row, d, 0, 20, 11, &k) << 20;
    kept.least |= top_digit(row, d, kept.least, 10, 10, &k) << 10;
    kept.least |= top_digit(row, d, kept.least, 0, 10, &k);
    for (; k > 0; kept.end++)
        k -= size_bits(row[kept.end]) == kept.least;
    return kept;
}

static size_t top_k_scratch(const void *params, size_t n, size_t d, size_t threads)
{
    (void)params, (void)d, (void)threads;
    return n * sizeof(struct kept);
}

static int top_k_prepare(const void *params, const struct byz_aggregator_input *in, double *mix,
                         char reason[BYZ_REASON_SIZE])
{
    (void)reason;
    const struct top_k_params *p = params;
    size_t k = p->k < in->d ? (size_t)p->k : in->d;
    struct kept *kept = in->scratch;
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < in->n; i++)
        kept[i] = kept_of(in->x + i * in->ld, in->d, k);
    norms_identity_mix(in->n, mix);
    return 0;
}

static void top_k_columns(const void *params, const struct byz_aggregator_input *in, size_t from,
                          size_t width, float *out, size_t ld)
{
    (void)params;
    const struct kept *kept = in->scratch;
    for (size_t i = 0; i < in->n; i++) {
        const float *row = in->x + i * in->ld + from;
        for (size_t c = 0; c < width; c++) {
            uint32_t bits = size_bits(row[c]);
            bool stays = bits > kept[i].least || (bits == kept[i].least && from + c < kept[i].end);
            out[i * ld + c] = stays ? row[c] : 0;
        }
    }
}

const struct byz_preaggregator preaggregator_top_k = {
    .base = {.name = "top_k",
             .doc = "Of every message the k coordinates largest in absolute value go on, the others "
                    "become zero: a model of compression, not a defence.",
             .formula = "y_ij = x_ij for the k coordinates j of largest |x_ij|, 0 for the others\n"
                        "the lowest j on ties; a NaN is larger than everything; all when d <= k",
             .validity = "any n and f",
             .cost = "5 passes, O(n d); O(n) memory",
             .paper = "Stich, Cordonnier, Jaggi, \"Sparsified SGD with memory\", NeurIPS 2018.",
             .resists = "Nothing: it saves transport.",
             .breaks = "Honest workers keep different coordinates, so coordinate-wise medians fall to zero "
                       "and distances lose their meaning, while an attacker puts all he has into the "
                       "coordinates that count.",
             .params = top_k_params,
             .param_count = BYZ_LENGTH(top_k_params),
             .params_size = sizeof(struct top_k_params)},
    .keeps_rows = true,
    .in_place = true,
    .scratch_bytes = top_k_scratch,
    .prepare = top_k_prepare,
    .columns = top_k_columns,
};
