/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/num/mix.h"
#include "sim/num/dispatch.h"

/* A tile holds rows in double, 128 KiB at most: WIDE columns of up to WIDE_ROWS rows, or one group of columns
 * of up to NARROW_ROWS. Columns of one unit of parallel work; floats ahead that a row is fetched, because the
 * processor's prefetcher does not follow this many streams. */
enum { GROUP = 8, WIDE = 4 * GROUP, WIDE_ROWS = 512, NARROW_ROWS = 2048, BLOCK = 4096, AHEAD = 128 };

typedef double group __attribute__((vector_size(8 * GROUP)));

/* One tile of `width` columns, inlined with WIDE or GROUP. */
static inline __attribute__((always_inline)) void tile_means(const struct mix *mix, const float *x, size_t ld,
                                                             size_t width, double *tile, float *out,
                                                             size_t ld_out)
{
    for (size_t i = 0; i < mix->n; i++) {
        const float *row = x + i * ld;
        __builtin_prefetch(row + AHEAD);
        __builtin_prefetch(row + AHEAD + width / 2);
        for (size_t k = 0; k < width; k++)
            tile[i * width + k] = (double)row[k];
    }
    for (size_t r = 0; r < mix->m; r++) {
        const size_t *members = mix->members + r * mix->h;
        group sum[WIDE / GROUP] = {{0}};
        for (size_t j = 0; j < mix->h; j++)
            for (size_t g = 0; g < width / GROUP; g++)
                sum[g] += *(const group *)(tile + members[j] * width + g * GROUP);
        double mean[WIDE] = {0};
        for (size_t g = 0; g < width / GROUP; g++)
            *(group *)(mean + g * GROUP) = sum[g] / (double)mix->h;
        for (size_t k = 0; k < width; k++)
            out[r * ld_out + k] = (float)mean[k];
    }
}

NUM_CLONES static void wide_means(const struct mix *mix, const float *x, size_t ld, double *tile, float *out,
                                  size_t ld_out)
{
    tile_means(mix, x, ld, WIDE, tile, out, ld_out);
}

NUM_CLONES static void group_means(const struct mix *mix, const float *x, size_t ld, double *tile, float *out,
                                   size_t ld_out)
{
    tile_means(mix, x, ld, GROUP, tile, out, ld_out);
}

/* Any number of rows, and columns up to GROUP. */
NUM_CLONES static void narrow_means(const struct mix *mix, const float *x, size_t ld, size_t width,
                                    float *out, size_t ld_out)
{
    for (size_t r = 0; r < mix->m; r++) {
        double sum[GROUP] = {0};
        for (size_t j = 0; j < mix->h; j++)
            for (size_t k = 0; k < width; k++)
                sum[k] += (double)x[mix->members[r * mix->h + j] * ld + k];
        for (size_t k = 0; k < width; k++)
            out[r * ld_out + k] = (float)(sum[k] / (double)mix->h);
    }
}

void mix_tile(const struct mix *mix, const float *x, size_t ld, size_t width, float *out, size_t ld_out)
{
    double tile[WIDE * WIDE_ROWS] __attribute__((aligned(64)));
    size_t k = 0;
    for (; width - k >= WIDE && mix->n <= WIDE_ROWS; k += WIDE)
        wide_means(mix, x + k, ld, tile, out + k, ld_out);
    for (; width - k >= GROUP && mix->n <= NARROW_ROWS; k += GROUP)
        group_means(mix, x + k, ld, tile, out + k, ld_out);
    for (; k < width; k += GROUP)
        narrow_means(mix, x + k, ld, width - k < GROUP ? width - k : GROUP, out + k, ld_out);
}

void mix_rows(const struct mix *mix, const float *x, size_t d, size_t ld, float *out, size_t ld_out)
{
#pragma omp parallel for schedule(static)
    for (size_t from = 0; from < d; from += BLOCK)
        mix_tile(mix, x + from, ld, d - from < BLOCK ? d - from : BLOCK, out + from, ld_out);
}
