/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/num/mix.h"
#include "sim/num/dispatch.h"

/* Columns of a tile; rows that it holds in double, 32 KiB in all; columns of one unit of parallel work;
 * floats ahead that a row is fetched, because the processor's prefetcher does not follow this many streams.
 */
enum { WIDE = 32, MOST_ROWS = 128, BLOCK = 4096, AHEAD = 128 };

enum { GROUP = 8, GROUPS = WIDE / GROUP };
typedef double group __attribute__((vector_size(64)));

NUM_CLONES static void widen(const float *x, size_t n, size_t ld, double *tile)
{
    for (size_t i = 0; i < n; i++) {
        const float *row = x + i * ld;
        __builtin_prefetch(row + AHEAD);
        __builtin_prefetch(row + AHEAD + WIDE / 2);
        for (size_t k = 0; k < WIDE; k++)
            tile[i * WIDE + k] = (double)row[k];
    }
}

NUM_CLONES static void wide_means(const struct mix *mix, const double *tile, float *out, size_t ld_out)
{
    for (size_t r = 0; r < mix->m; r++) {
        const size_t *members = mix->members + r * mix->h;
        group sum[GROUPS] = {{0}};
        for (size_t j = 0; j < mix->h; j++)
            for (size_t g = 0; g < GROUPS; g++)
                sum[g] += *(const group *)(tile + members[j] * WIDE + g * GROUP);
        double mean[WIDE];
        for (size_t g = 0; g < GROUPS; g++)
            *(group *)(mean + g * GROUP) = sum[g] / (double)mix->h;
        for (size_t k = 0; k < WIDE; k++)
            out[r * ld_out + k] = (float)mean[k];
    }
}

/* Any number of rows, and columns up to WIDE. */
NUM_CLONES static void narrow_means(const struct mix *mix, const float *x, size_t ld, size_t width,
                                    float *out, size_t ld_out)
{
    for (size_t r = 0; r < mix->m; r++) {
        double sum[WIDE] = {0};
        for (size_t j = 0; j < mix->h; j++)
            for (size_t k = 0; k < width; k++)
                sum[k] += (double)x[mix->members[r * mix->h + j] * ld + k];
        for (size_t k = 0; k < width; k++)
            out[r * ld_out + k] = (float)(sum[k] / (double)mix->h);
    }
}

void mix_tile(const struct mix *mix, const float *x, size_t ld, size_t width, float *out, size_t ld_out)
{
    double tile[MOST_ROWS * WIDE] __attribute__((aligned(64)));
    for (size_t k = 0; k < width; k += WIDE) {
        size_t columns = width - k < WIDE ? width - k : WIDE;
        if (columns < WIDE || mix->n > MOST_ROWS) {
            narrow_means(mix, x + k, ld, columns, out + k, ld_out);
        } else {
            widen(x + k, mix->n, ld, tile);
            wide_means(mix, tile, out + k, ld_out);
        }
    }
}

void mix_rows(const struct mix *mix, const float *x, size_t d, size_t ld, float *out, size_t ld_out)
{
#pragma omp parallel for schedule(static)
    for (size_t from = 0; from < d; from += BLOCK)
        mix_tile(mix, x + from, ld, d - from < BLOCK ? d - from : BLOCK, out + from, ld_out);
}
