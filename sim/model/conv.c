/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/model/conv.h"
#include "sim/base/mem.h"
#include "sim/num/gemm.h"

#include <string.h>

enum {
    SLACK = 8, /* floats that gather_patches may touch behind the end of its source and target */
    PATCH_FLOATS =
        1 << 17 /* target size of the patch matrix: half a megabyte, to stay in the second-level cache */
};

size_t conv_rows(const struct conv_layer *layer)
{
    return layer->height + 2 * layer->padding - layer->kernel + 1;
}

size_t conv_columns(const struct conv_layer *layer)
{
    return layer->width + 2 * layer->padding - layer->kernel + 1;
}

/* Floats from one row of a padded input map to the next. */
static size_t input_stride(const struct conv_layer *layer)
{
    return (layer->width + 2 * layer->padding) * layer->in;
}

size_t conv_input_size(const struct conv_layer *layer)
{
    return (layer->height + 2 * layer->padding) * input_stride(layer);
}

size_t conv_output_size(const struct conv_layer *layer)
{
    return (conv_rows(layer) / layer->pool) * (conv_columns(layer) / layer->pool) * layer->out;
}

static size_t patch_size(const struct conv_layer *layer)
{
    return layer->in * layer->kernel * layer->kernel;
}

size_t conv_dimension(const struct conv_layer *layer)
{
    return layer->out * (patch_size(layer) + 1);
}

static size_t positions(const struct conv_layer *layer)
{
    return conv_rows(layer) * conv_columns(layer);
}

/* Images whose patches are gathered together: depends on the layer and the batch alone, so sums keep their
 * order. */
static size_t block_size(const struct conv_layer *layer, size_t count)
{
    size_t images = PATCH_FLOATS / (positions(layer) * patch_size(layer));
    images = images == 0 ? 1 : images;
    return images < count ? images : count;
}

static void *claim(size_t *used, void *scratch, size_t items, size_t size)
{
    void *place = scratch == NULL ? NULL : (char *)scratch + *used;
    *used += mem_round_up(items * size);
    return place;
}

size_t conv_lay_out(const struct conv_layer *layer, size_t count, void *scratch, struct conv_buffers *buffers)
{
    size_t used = 0, f = sizeof(float);
    size_t spots = block_size(layer, count) * positions(layer);
    buffers->in = claim(&used, scratch, count * conv_input_size(layer) + SLACK, f);
    buffers->d_in = claim(&used, scratch, count * conv_input_size(layer), f);
    buffers->argmax = claim(&used, scratch, count * conv_output_size(layer), sizeof(int32_t));
    buffers->weights = claim(&used, scratch, layer->out * patch_size(layer), f);
    buffers->gradient = claim(&used, scratch, layer->out * patch_size(layer), f);
    buffers->patches = claim(&used, scratch, spots * patch_size(layer) + SLACK, f);
    buffers->maps = claim(&used, scratch, spots * layer->out, f);
    return used;
}

struct conv_map conv_interior(const struct conv_layer *layer, float *v)
{
    size_t stride = input_stride(layer);
    return (struct conv_map){v + layer->padding * (stride + layer->in), conv_input_size(layer), stride};
}

/* packed (kernel, kernel, in, out) from w (out, in, kernel, kernel), or back. */
static void pack_weights(const struct conv_layer *layer, const float *restrict w, float *restrict packed)
{
    size_t area = layer->kernel * layer->kernel;
    for (size_t k = 0; k < area; k++)
        for (size_t c = 0; c < layer->in; c++)
            for (size_t o = 0; o < layer->out; o++)
                packed[(k * layer->in + c) * layer->out + o] = w[(o * layer->in + c) * area + k];
}

static void unpack_weights(const struct conv_layer *layer, const float *restrict packed, float *restrict w)
{
    size_t area = layer->kernel * layer->kernel;
    for (size_t o = 0; o < layer->out; o++)
        for (size_t c = 0; c < layer->in; c++)
            for (size_t k = 0; k < area; k++)
                w[(o * layer->in + c) * area + k] = packed[(k * layer->in + c) * layer->out + o];
}

/* Copies `count` floats in whole groups of SLACK: what lands behind the end is overwritten by the next run.
 */
static void copy_run(size_t count, const float *from, float *to)
{
    for (size_t j = 0; j < count; j += SLACK)
        memcpy(to + j, from + j, SLACK * sizeof *to);
}

/* patches (images * positions, kernel kernel in) from in (images, padded map). */
static void gather_patches(const struct conv_layer *layer, size_t images, const float *in, float *patches)
{
    size_t rows = conv_rows(layer), columns = conv_columns(layer), stride = input_stride(layer);
    size_t run = layer->kernel * layer->in;
    for (size_t i = 0; i < images; i++, in += conv_input_size(layer))
        for (size_t y = 0; y < rows; y++)
            for (size_t x = 0; x < columns; x++)
                for (size_t k = 0; k < layer->kernel; k++, patches += run)
                    copy_run(run, in + (y + k) * stride + x * layer->in, patches);
}

static void add_run(size_t count, const float *restrict from, float *restrict to)
{
    for (size_t j = 0; j < count; j++)
        to[j] += from[j];
}

/* The transpose of gather_patches: in += each patch where it came from. */
static void scatter_patches(const struct conv_layer *layer, size_t images, const float *patches, float *in)
{
    size_t rows = conv_rows(layer), columns = conv_columns(layer), stride = input_stride(layer);
    size_t run = layer->kernel * layer->in;
    for (size_t i = 0; i < images; i++, in += conv_input_size(layer))
        for (size_t y = 0; y < rows; y++)
            for (size_t x = 0; x < columns; x++)
                for (size_t k = 0; k < layer->kernel; k++, patches += run)
                    add_run(run, patches, in + (y + k) * stride + x * layer->in);
}

/* Where z is larger than out or NaN: takes it, and its number k. */
static void pool_value(size_t channels, int32_t k, const float *restrict z, float *restrict out,
                       int32_t *restrict argmax)
{
    for (size_t o = 0; o < channels; o++) {
        float now = z[o], most = out[o];
        int32_t take = -((now > most) | (now != now)), old = argmax[o];
        out[o] = take ? now : most;
        argmax[o] = (take & k) | (~take & old);
    }
}

/* out (channels) = the largest of a pool * pool window of z (rows of `stride` floats); NaNs win. */
static void pool_window(size_t channels, size_t pool, const float *restrict z, size_t stride,
                        float *restrict out, int32_t *restrict argmax)
{
    for (size_t o = 0; o < channels; o++) {
        out[o] = z[o];
        argmax[o] = 0;
    }
    int32_t k = 0;
    for (size_t i = 0; i < pool; i++)
        for (size_t j = 0; j < pool; j++, k++)
            pool_value(channels, k, z + i * stride + j * channels, out, argmax);
}

/* Pools, adds the bias and activates one image. */
static void pool_image(const struct conv_layer *layer, const float *z, const float *bias, float *out,
                       size_t out_stride, int32_t *argmax)
{
    size_t rows = conv_rows(layer) / layer->pool, columns = conv_columns(layer) / layer->pool, n = layer->out;
    size_t stride = conv_columns(layer) * n;
    for (size_t y = 0; y < rows; y++) {
        float *row = out + y * out_stride;
        for (size_t x = 0; x < columns; x++, argmax += n) {
            pool_window(n, layer->pool, z + (y * stride + x * n) * layer->pool, stride, row + x * n, argmax);
            add_run(n, bias, row + x * n);
        }
        dense_activate(layer->activation, columns * n, 0, row);
    }
}

void conv_forward(const struct conv_layer *layer, size_t count, const float *w,
                  const struct conv_buffers *buffers, const struct conv_map *out)
{
    size_t size = patch_size(layer), n = layer->out, block = block_size(layer, count);
    pack_weights(layer, w, buffers->weights);
    for (size_t start = 0; start < count; start += block) {
        size_t images = count - start < block ? count - start : block;
        gather_patches(layer, images, buffers->in + start * conv_input_size(layer), buffers->patches);
        gemm(false, false, images * positions(layer), n, size, 1, buffers->patches, size, buffers->weights, n,
             0, buffers->maps, n);
        for (size_t i = 0; i < images; i++)
            pool_image(layer, buffers->maps + i * positions(layer) * n, w + n * size,
                       out->v + (start + i) * out->size, out->stride,
                       buffers->argmax + (start + i) * conv_output_size(layer));
    }
}

/* dz = d where argmax is k, 0 elsewhere. */
static void unpool_value(size_t channels, int32_t k, const float *restrict d, const int32_t *restrict argmax,
                         float *restrict dz)
{
    for (size_t o = 0; o < channels; o++) {
        float value = d[o];
        dz[o] = argmax[o] == k ? value : 0;
    }
}

/* unpool_value over a window of dz with rows of `stride` floats. */
static void unpool_window(size_t channels, size_t pool, const float *d, const int32_t *argmax, float *dz,
                          size_t stride)
{
    int32_t k = 0;
    for (size_t i = 0; i < pool; i++)
        for (size_t j = 0; j < pool; j++, k++)
            unpool_value(channels, k, d, argmax, dz + i * stride + j * channels);
}

/* dz (positions, out) of one image from d, the derivative at its pooled map before the activation; g_bias +=
 * d. */
static void unpool_image(const struct conv_layer *layer, const float *d, size_t d_stride,
                         const int32_t *argmax, float *dz, float *g_bias)
{
    size_t rows = conv_rows(layer) / layer->pool, columns = conv_columns(layer) / layer->pool, n = layer->out;
    size_t stride = conv_columns(layer) * n;
    if (conv_rows(layer) % layer->pool != 0 || conv_columns(layer) % layer->pool != 0)
        memset(dz, 0, positions(layer) * n * sizeof *dz);
    for (size_t y = 0; y < rows; y++)
        for (size_t x = 0; x < columns; x++, argmax += n) {
            add_run(n, d + y * d_stride + x * n, g_bias);
            unpool_window(n, layer->pool, d + y * d_stride + x * n, argmax,
                          dz + (y * stride + x * n) * layer->pool, stride);
        }
}

/* One block: the derivative before pooling into buffers->maps. */
static void unpool_block(const struct conv_layer *layer, size_t start, size_t images,
                         const struct conv_buffers *buffers, const struct conv_map *out,
                         const struct conv_map *d_out, float *g_bias)
{
    size_t rows = conv_rows(layer) / layer->pool, length = conv_columns(layer) / layer->pool * layer->out;
    for (size_t i = 0; i < images; i++) {
        const float *a = out->v + (start + i) * out->size;
        float *d = d_out->v + (start + i) * d_out->size;
        for (size_t y = 0; y < rows; y++)
            dense_deactivate(layer->activation, length, a + y * out->stride, d + y * d_out->stride);
        unpool_image(layer, d, d_out->stride, buffers->argmax + (start + i) * conv_output_size(layer),
                     buffers->maps + i * positions(layer) * layer->out, g_bias);
    }
}

void conv_backward(const struct conv_layer *layer, size_t count, const struct conv_buffers *buffers,
                   const struct conv_map *out, const struct conv_map *d_out, bool inputs, float *g)
{
    size_t size = patch_size(layer), n = layer->out, block = block_size(layer, count);
    float *g_bias = g + n * size;
    memset(g_bias, 0, n * sizeof *g_bias);
    if (inputs)
        memset(buffers->d_in, 0, count * conv_input_size(layer) * sizeof(float));
    for (size_t start = 0; start < count; start += block) {
        size_t images = count - start < block ? count - start : block, spots = images * positions(layer);
        size_t offset = start * conv_input_size(layer);
        unpool_block(layer, start, images, buffers, out, d_out, g_bias);
        gather_patches(layer, images, buffers->in + offset, buffers->patches);
        gemm(true, false, size, n, spots, 1, buffers->patches, size, buffers->maps, n, start > 0 ? 1 : 0,
             buffers->gradient, n);
        if (inputs) {
            gemm(false, true, spots, size, n, 1, buffers->maps, n, buffers->weights, n, 0, buffers->patches,
                 size);
            scatter_patches(layer, images, buffers->patches, buffers->d_in + offset);
        }
    }
    unpack_weights(layer, buffers->gradient, g);
}
