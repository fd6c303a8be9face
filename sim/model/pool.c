/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/model/pool.h"
#include "sim/num/dispatch.h"

#include <string.h>

/* All images of a pixel are treated alike, without branches, in chunks of LANES: a loop of constant length,
 * kept as a loop, becomes vectors in every clone. The last chunk of a pixel ends with its last image and may
 * repeat some of the chunk before; fewer images than LANES make one short chunk. */
#define POOL_INLINE static inline __attribute__((always_inline))
#ifdef __clang__
#define POOL_VECTORS
#else
#define POOL_VECTORS _Pragma("GCC unroll 1")
#endif

enum { LANES = 16, SUMS = 16 };

/* Where the chunk that follows `start` images begins. */
POOL_INLINE size_t chunk_at(size_t images, size_t start)
{
    return start + LANES <= images ? start : images - LANES;
}

/* Where `now` is larger than *most or NaN: takes it, and its number k. */
POOL_INLINE void take_larger(float now, int32_t k, float *most, int32_t *place)
{
    int32_t take = -((now > *most) | (now != now)), old = *place;
    *most = take ? now : *most;
    *place = (take & k) | (~take & old);
}

POOL_INLINE float finish(float most, float bias, int32_t relu)
{
    float value = most + bias;
    return (relu & (value < 0)) != 0 ? 0 : value;
}

/* A chunk of one window of 2 x 2 values: rows `above` and `below`, two pixels each. */
POOL_INLINE void pool_four(size_t count, size_t images, const float *restrict above,
                           const float *restrict below, float bias, int32_t relu, float *restrict out,
                           uint16_t *restrict argmax)
{
    POOL_VECTORS
    for (size_t i = 0; i < count; i++) {
        float most = above[i];
        int32_t place = 0;
        take_larger(above[images + i], 1, &most, &place);
        take_larger(below[i], 2, &most, &place);
        take_larger(below[images + i], 3, &most, &place);
        out[i] = finish(most, bias, relu);
        argmax[i] = (uint16_t)place;
    }
}

/* A chunk of one window of any side; z: its first value. */
POOL_INLINE void pool_any(size_t count, const struct pool_row *row, const float *restrict z, size_t stride,
                          float bias, int32_t relu, float *restrict out, uint16_t *restrict argmax)
{
    size_t side = row->side;
    float most[LANES];
    int32_t place[LANES] = {0};
    memcpy(most, z, count * sizeof *most);
    for (size_t k = 1; k < side * side; k++) {
        const float *now = z + k / side * stride + k % side * row->images;
        POOL_VECTORS
        for (size_t i = 0; i < count; i++)
            take_larger(now[i], (int32_t)k, &most[i], &place[i]);
    }
    POOL_VECTORS
    for (size_t i = 0; i < count; i++) {
        out[i] = finish(most[i], bias, relu);
        argmax[i] = (uint16_t)place[i];
    }
}

POOL_INLINE void pool_chunk(size_t count, const struct pool_row *row, const float *z, size_t stride,
                            float bias, int32_t relu, float *out, uint16_t *argmax)
{
    if (row->side == 2)
        pool_four(count, row->images, z, z + stride, bias, relu, out, argmax);
    else
        pool_any(count, row, z, stride, bias, relu, out, argmax);
}

NUM_CLONES static void pool_windows(const struct pool_row *row, const float *z, size_t stride, float bias,
                                    float *out, uint16_t *argmax)
{
    size_t images = row->images;
    int32_t relu = row->activation == DENSE_RELU;
    for (size_t w = 0; w < row->windows; w++, z += row->side * images, out += images, argmax += images)
        if (images < LANES)
            pool_chunk(images, row, z, stride, bias, relu, out, argmax);
        else
            for (size_t start = 0; start < images; start += LANES) {
                size_t i = chunk_at(images, start);
                pool_chunk(LANES, row, z + i, stride, bias, relu, out + i, argmax + i);
            }
}

void pool_forward(const struct pool_row *row, const float *z, size_t stride, float bias, float *out,
                  uint16_t *argmax)
{
    pool_windows(row, z, stride, bias, out, argmax);
    if (row->activation != DENSE_RELU)
        dense_activate(row->activation, row->windows * row->images, 0, out);
}

/* d = s'(.) d_out for a run of values. */
POOL_INLINE void derive_run(enum dense_activation activation, size_t count, const float *restrict a,
                            const float *restrict d_out, float *restrict d)
{
    if (activation == DENSE_RELU)
        for (size_t i = 0; i < count; i++) {
            float slope = d_out[i];
            d[i] = a[i] > 0 ? slope : 0;
        }
    else
        for (size_t i = 0; i < count; i++)
            d[i] = d_out[i] * (1 - a[i] * a[i]);
}

NUM_CLONES static void derive_windows(const struct pool_row *row, const float *a, const float *d_out,
                                      size_t step, float *d)
{
    bool whole = step == row->images;
    size_t runs = whole ? 1 : row->windows, count = row->windows * row->images / runs;
    for (size_t w = 0; w < runs; w++)
        derive_run(row->activation, count, a + w * step, d_out + w * step, d + w * count);
}

NUM_CLONES static void add_sums(size_t count, const float *restrict d, float *restrict sums)
{
    size_t j = 0;
    for (; j + SUMS <= count; j += SUMS)
        for (size_t l = 0; l < SUMS; l++)
            sums[l] += d[j + l];
    for (size_t l = 0; j + l < count; l++)
        sums[l] += d[j + l];
}

void pool_derive(const struct pool_row *row, const float *a, const float *d_out, size_t step, float *d,
                 float sums[SUMS])
{
    derive_windows(row, a, d_out, step, d);
    add_sums(row->windows * row->images, d, sums);
}

/* dz = d where argmax is k, 0 elsewhere. */
POOL_INLINE void spread_chunk(size_t count, const float *restrict d, const uint16_t *restrict argmax,
                              int32_t k, float *restrict dz)
{
    POOL_VECTORS
    for (size_t i = 0; i < count; i++) {
        float value = d[i];
        dz[i] = argmax[i] == k ? value : 0;
    }
}

POOL_INLINE void spread_pixel(size_t images, const float *d, const uint16_t *argmax, size_t k, float *dz)
{
    if (images < LANES)
        spread_chunk(images, d, argmax, (int32_t)k, dz);
    else
        for (size_t start = 0; start < images; start += LANES) {
            size_t i = chunk_at(images, start);
            spread_chunk(LANES, d + i, argmax + i, (int32_t)k, dz + i);
        }
}

NUM_CLONES void pool_backward(const struct pool_row *row, const float *d, const uint16_t *argmax, float *dz,
                              size_t stride)
{
    size_t images = row->images, side = row->side;
    for (size_t r = 0; r < side; r++)
        for (size_t w = 0; w < row->windows; w++)
            for (size_t c = 0; c < side; c++)
                spread_pixel(images, d + w * images, argmax + w * images, r * side + c,
                             dz + r * stride + (w * side + c) * images);
}
