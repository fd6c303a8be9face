/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/num/order.h"
#include "sim/num/dispatch.h"

#include <omp.h>
#include <stdint.h>
#include <string.h>

/* Columns sorted together: two 512-bit or four 256-bit registers of keys a row. */
enum { LANES = 32, BLOCK = 1024 };

size_t order_scratch_bytes(size_t n, size_t threads)
{
    return threads * n * LANES * sizeof(int32_t);
}

/* Flips the magnitude bits of negative numbers, so that whole numbers have the order of the floats. Its own
 * inverse. */
static inline int32_t flipped(int32_t bits)
{
    return bits ^ (-(int32_t)(bits < 0) & 0x7FFFFFFF);
}

/* A whole number with the order of the float; NaN becomes the greatest. */
static inline int32_t key_of_bits(int32_t bits)
{
    int32_t magnitude = bits & 0x7FFFFFFF, key = flipped(bits);
    return magnitude > 0x7F800000 ? 0x7FFFFFFF : key;
}

/* tile[i][l] = key of x[i][l] for the `width` columns at x; unused lanes are 0. */
NUM_CLONES static void load_tile(const float *x, size_t n, size_t ld, size_t width, int32_t *tile)
{
    for (size_t i = 0; i < n; i++) {
        int32_t bits[LANES] = {0};
        memcpy(bits, x + i * ld, width * sizeof(float));
        for (size_t l = 0; l < LANES; l++)
            tile[i * LANES + l] = key_of_bits(bits[l]);
    }
}

static inline void exchange(int32_t *restrict low, int32_t *restrict high)
{
    for (size_t l = 0; l < LANES; l++) {
        int32_t a = low[l], b = high[l];
        low[l] = a < b ? a : b;
        high[l] = a < b ? b : a;
    }
}

/* Sorts each lane over the n rows of the tile. */
NUM_CLONES static void sort_tile(int32_t *tile, size_t n)
{
    size_t top = 1;
    while (top * 2 < n)
        top *= 2;
    for (size_t p = n < 2 ? 0 : top; p > 0; p /= 2) {
        size_t q = top, r = 0, step = p;
        for (;;) {
            for (size_t i = 0; i + step < n; i++)
                if ((i & p) == r)
                    exchange(tile + i * LANES, tile + (i + step) * LANES);
            if (q == p)
                break;
            step = q - p;
            q /= 2;
            r = p;
        }
    }
}

static inline double value_of_key(int32_t key)
{
    int32_t bits = key == 0x7FFFFFFF ? 0x7FC00000 : flipped(key);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* sum[l] += weight * value of the row's lane l. */
NUM_CLONES static void add_row(const int32_t *row, double weight, double *restrict sum)
{
    for (size_t l = 0; l < LANES; l++)
        sum[l] += weight * value_of_key(row[l]);
}

/* A mean of consecutive ranks: values first..last count once, and the two ends `extra` times more. */
struct ranks {
    size_t first, last;
    double extra, divisor;
};

static void finish_tile(const int32_t *tile, const struct ranks *ranks, size_t width, float *out)
{
    double sum[LANES] = {0};
    for (size_t i = ranks->first; i <= ranks->last; i++)
        add_row(tile + i * LANES, 1.0, sum);
    if (ranks->extra > 0) {
        add_row(tile + ranks->first * LANES, ranks->extra, sum);
        add_row(tile + ranks->last * LANES, ranks->extra, sum);
    }
    for (size_t l = 0; l < width; l++)
        out[l] = (float)(sum[l] / ranks->divisor);
}

static void mean_of_ranks(const float *x, size_t n, size_t d, size_t ld, const struct ranks *ranks,
                          void *scratch, float *out)
{
#pragma omp parallel for schedule(static)
    for (size_t block = 0; block < d; block += BLOCK) {
        int32_t *tile = (int32_t *)scratch + (size_t)omp_get_thread_num() * n * LANES;
        for (size_t from = block; from < d && from < block + BLOCK; from += LANES) {
            size_t width = d - from < LANES ? d - from : LANES;
            load_tile(x + from, n, ld, width, tile);
            sort_tile(tile, n);
            finish_tile(tile, ranks, width, out + from);
        }
    }
}

void order_median(const float *x, size_t n, size_t d, size_t ld, enum order_even even, void *scratch,
                  float *out)
{
    size_t low = (n - 1) / 2, high = n / 2;
    if (even == ORDER_LOWER)
        high = low;
    if (even == ORDER_UPPER)
        low = high;
    struct ranks ranks = {.first = low, .last = high, .divisor = (double)(high - low + 1)};
    mean_of_ranks(x, n, d, ld, &ranks, scratch, out);
}

void order_trimmed_mean(const float *x, size_t n, size_t d, size_t ld, size_t trim, int clamp, void *scratch,
                        float *out)
{
    struct ranks ranks = {.first = trim, .last = n - trim - 1};
    ranks.extra = clamp ? (double)trim : 0;
    ranks.divisor = (double)(clamp ? n : n - 2 * trim);
    mean_of_ranks(x, n, d, ld, &ranks, scratch, out);
}
