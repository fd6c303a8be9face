/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/model/pool.h"
#include "sim/num/dispatch.h"

#include <string.h>

/* Loops over the images of one pixel have no branches, so that they become vectors in every clone. */
#define POOL_INLINE static inline __attribute__((always_inline))

enum { SUMS = 16 };

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
    return relu & (value < 0) ? 0 : value;
}

/* One window of 2 x 2 values: rows `above` and `below`, two pixels each. */
POOL_INLINE void pool_four(size_t images, const float *restrict above, const float *restrict below,
                           float bias, int32_t relu, float *restrict out, uint16_t *restrict argmax)
{
    for (size_t i = 0; i < images; i++) {
        float most = above[i];
        int32_t place = 0;
        take_larger(above[images + i], 1, &most, &place);
        take_larger(below[i], 2, &most, &place);
        take_larger(below[images + i], 3, &most, &place);
        out[i] = finish(most, bias, relu);
        argmax[i] = (uint16_t)place;
    }
}

/* One pixel, number k of its window, into the largest values so far. */
POOL_INLINE void pool_pixel(size_t images, const float *restrict z, int32_t k, float *restrict out,
                            uint16_t *restrict argmax)
{
    for (size_t i = 0; i < images; i++) {
        float most = out[i];
        int32_t place = argmax[i];
        take_larger(z[i], k, &most, &place);
        out[i] = most;
        argmax[i] = (uint16_t)place;
    }
}

/* One window of any side. */
POOL_INLINE void pool_window(const struct pool_row *row, const float *z, size_t stride, float bias,
                             int32_t relu, float *restrict out, uint16_t *restrict argmax)
{
    size_t images = row->images, side = row->side;
    memcpy(out, z, images * sizeof *out);
    memset(argmax, 0, images * sizeof *argmax);
    for (size_t k = 1; k < side * side; k++)
        pool_pixel(images, z + k / side * stride + k % side * images, (int32_t)k, out, argmax);
    for (size_t i = 0; i < images; i++)
        out[i] = finish(out[i], bias, relu);
}

NUM_CLONES static void pool_windows(const struct pool_row *row, const float *z, size_t stride, float bias,
                                    float *out, uint16_t *argmax)
{
    size_t images = row->images;
    int32_t relu = row->activation == DENSE_RELU;
    for (size_t w = 0; w < row->windows; w++, z += row->side * images, out += images, argmax += images)
        if (row->side == 2)
            pool_four(images, z, z + stride, bias, relu, out, argmax);
        else
            pool_window(row, z, stride, bias, relu, out, argmax);
}

void pool_forward(const struct pool_row *row, const float *z, size_t stride, float bias, float *out,
                  uint16_t *argmax)
{
    pool_windows(row, z, stride, bias, out, argmax);
    if (row->activation != DENSE_RELU)
        dense_activate(row->activation, row->windows * row->images, 0, out);
}

/* d = s'(.) d_out for the images of one pixel. */
POOL_INLINE void derive_pixel(enum dense_activation activation, size_t images, const float *restrict a,
                              const float *restrict d_out, float *restrict d)
{
    if (activation == DENSE_RELU)
        for (size_t i = 0; i < images; i++) {
            float slope = d_out[i];
            d[i] = a[i] > 0 ? slope : 0;
        }
    else
        for (size_t i = 0; i < images; i++)
            d[i] = d_out[i] * (1 - a[i] * a[i]);
}

NUM_CLONES static void derive_windows(const struct pool_row *row, const float *a, const float *d_out,
                                      size_t step, float *d)
{
    for (size_t w = 0; w < row->windows; w++)
        derive_pixel(row->activation, row->images, a + w * step, d_out + w * step, d + w * row->images);
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
POOL_INLINE void spread_pixel(size_t images, const float *restrict d, const uint16_t *restrict argmax,
                              int32_t k, float *restrict dz)
{
    for (size_t i = 0; i < images; i++) {
        float value = d[i];
        dz[i] = argmax[i] == k ? value : 0;
    }
}

NUM_CLONES void pool_backward(const struct pool_row *row, const float *d, const uint16_t *argmax, float *dz,
                              size_t stride)
{
    size_t images = row->images, side = row->side;
    for (size_t r = 0; r < side; r++)
        for (size_t x = 0; x < row->windows * side; x++)
            spread_pixel(images, d + x / side * images, argmax + x / side * images,
                         (int32_t)(r * side + x % side), dz + r * stride + x * images);
}
