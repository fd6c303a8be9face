/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What order.c runs on a tile of columns, once for each instruction set. Every kernel gives the same bits in
 * all of them: keys are whole numbers, and sums run lane by lane in the order of the rows.
 *
 * The key of a float is a 32-bit whole number with the same order, NaN of either sign above +Inf and -0
 * below +0; float and key can be turned into each other without loss (order_keys.h).
 */
#ifndef SIM_NUM_ORDER_KERNELS_H
#define SIM_NUM_ORDER_KERNELS_H

#include "sim/num/order_keys.h"

#include <stddef.h>
#include <stdint.h>

enum {
    ORDER_LINES = 64, /* up to so many rows there is straight-line code at best */
    ORDER_LANES = 16, /* columns are handled in multiples of this */
};

/* Straight-line network: x has at least `columns` readable columns, a multiple of ORDER_LANES; out gets the
 * keys of the wanted ranks, (ranks, columns). */
typedef void order_lines(const float *x, size_t ld, size_t columns, int32_t *out);

/* A mean of consecutive ranks: values first..last count once, and the two ends `extra` times more. */
struct order_ranks {
    size_t first, last;
    double extra, divisor;
    int stream; /* outputs are many and 64-byte aligned: they are written past the caches */
};

/* A straight-line network that goes on to the median: out (columns) = the value of rank (n-1)/2 or n/2, or
 * the mean of both, whichever `ranks` asks for. */
typedef void order_median_lines(const float *x, size_t ld, size_t columns, const struct order_ranks *ranks,
                                float *out);

/* Keys of a column in a tile that `load` fills: an odd number of cache lines, so that columns one below the
 * other do not compete for the same place in a cache. */
static inline size_t order_padded(size_t n)
{
    return ((n + ORDER_LANES - 1) / ORDER_LANES | 1) * ORDER_LANES;
}

static inline size_t order_work_keys(size_t n)
{
    return (order_padded(n) + ORDER_LANES + ORDER_LINES) * ORDER_LANES;
}

struct order_kernels {
    const char *name;
    size_t lines;      /* rows up to which there is straight-line code, a power of two */
    size_t count_from; /* from so many rows on `select` finds one or two ranks faster than a sort */
    order_median_lines *const *median; /* [lines + 1], from 1 row on */
    order_lines *const *sort;          /* [lines + 1], from 1 row on: all ranks */

    /* Keys of `width` columns, a multiple of ORDER_LANES, of n >= ORDER_LINES rows of x, for `select`: for
     * each ORDER_LANES columns order_padded(n) * ORDER_LANES keys of the tile, in an order of its own. */
    void (*load)(const float *x, size_t n, size_t ld, size_t width, int32_t *tile);

    /* Merges the sorted runs of `half` rows of tile (n, width) two by two; the last may be shorter. */
    void (*merge)(int32_t *tile, size_t n, size_t width, size_t half);

    /* out (width) = the keys of a rank among the n rows of the tile, the first a of which are sorted, and the
     * rest. */
    void (*pick)(const int32_t *tile, size_t n, size_t width, size_t a, size_t rank, int32_t *out);

    /* Finds the keys of ranks first and first + (0 or 1 =) `more` of each of ORDER_LANES columns that `load`
     * left in the tile; sample (samples, ORDER_LANES): some of the keys, sorted. out (1 + more, ORDER_LANES).
     * work: order_work_keys(n) keys. */
    void (*select)(const int32_t *tile, size_t n, size_t first, int more, const int32_t *sample,
                   size_t samples, int32_t *work, int32_t *out);

    /* out[l] = mean of the ranks of column l of the sorted tile, ld keys per row, width columns. */
    void (*mean)(const int32_t *tile, size_t ld, const struct order_ranks *ranks, size_t width, float *out);

    /* Outputs written past the caches become visible to other threads. */
    void (*flush)(void);

    /* out[l] = mean of the k values of column l, of n in the sorted tile, nearest to centre[l]. */
    void (*nearest)(const int32_t *tile, size_t ld, size_t n, size_t k, const float *centre, size_t width,
                    float *out);
};

/* NULL where the compiler or the processor does not know the instructions. */
const struct order_kernels *order_kernels_avx512(void);
const struct order_kernels *order_kernels_avx2(void);
/* Always there. */
const struct order_kernels *order_kernels_plain(void);

/* The fastest of them. */
const struct order_kernels *order_kernels_best(void);

#endif
