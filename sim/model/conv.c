/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/model/conv.h"
#include "sim/base/mem.h"
#include "sim/model/pool.h"
#include "sim/num/gemm.h"

#include <string.h>

enum { LINE = 16, SUMS = 16 }; /* floats of a cache line; partial sums of pool_derive */

size_t conv_rows(const struct conv_layer *layer)
{
    return (layer->height + 2 * layer->padding - layer->kernel + 1) / layer->pool;
}

size_t conv_columns(const struct conv_layer *layer)
{
    return (layer->width + 2 * layer->padding - layer->kernel + 1) / layer->pool;
}

static size_t padded_width(const struct conv_layer *layer)
{
    return layer->width + 2 * layer->padding;
}

static size_t padded_area(const struct conv_layer *layer)
{
    return (layer->height + 2 * layer->padding) * padded_width(layer);
}

size_t conv_input_size(const struct conv_layer *layer)
{
    return layer->in * padded_area(layer);
}

static size_t window_size(const struct conv_layer *layer)
{
    return layer->in * layer->kernel * layer->kernel;
}

size_t conv_dimension(const struct conv_layer *layer)
{
    return layer->out * (window_size(layer) + 1);
}

/* The next odd number of cache lines: rows at such a distance do not fall on the same lines of a cache. */
static size_t spread(size_t floats)
{
    return ((floats + LINE - 1) / LINE | 1) * LINE;
}

/* Floats from one channel of the padded input maps to the next. */
static size_t plane_size(const struct conv_layer *layer, size_t images)
{
    return spread(padded_area(layer) * images);
}

/* Floats of one row of z that pooling keeps, and from one channel of conv_room.z to the next. */
static size_t used_columns(const struct conv_layer *layer, size_t images)
{
    return conv_columns(layer) * layer->pool * images;
}

static size_t z_size(const struct conv_layer *layer, size_t images)
{
    return spread(layer->pool * used_columns(layer, images));
}

static void *claim(size_t *used, void *scratch, size_t items, size_t size)
{
    void *place = scratch == NULL ? NULL : (char *)scratch + *used;
    *used += mem_round_up(items * size);
    return place;
}

size_t conv_lay_out_kept(const struct conv_layer *layer, size_t images, void *scratch, struct conv_kept *kept)
{
    size_t used = 0, values = layer->out * conv_rows(layer) * conv_columns(layer) * images;
    kept->in = claim(&used, scratch, layer->in * plane_size(layer, images), sizeof *kept->in);
    kept->argmax = claim(&used, scratch, values, sizeof *kept->argmax);
    return used;
}

size_t conv_lay_out_room(const struct conv_layer *layer, size_t images, void *scratch, struct conv_room *room)
{
    size_t used = 0, f = sizeof(float);
    room->d_in = claim(&used, scratch, layer->in * plane_size(layer, images), f);
    room->at = claim(&used, scratch, window_size(layer), sizeof *room->at);
    room->turned = claim(&used, scratch, layer->out * window_size(layer), f);
    room->z = claim(&used, scratch, layer->out * z_size(layer, images), f);
    room->row = claim(&used, scratch, conv_columns(layer) * images, f);
    room->sums = claim(&used, scratch, layer->out * SUMS, f);
    return used;
}

struct conv_map conv_inside(const struct conv_layer *layer, size_t images, float *v)
{
    size_t row = padded_width(layer) * images;
    return (struct conv_map){v + layer->padding * (row + images), plane_size(layer, images), row, images};
}

void conv_clear_border(const struct conv_layer *layer, size_t images, float *v)
{
    if (layer->padding > 0)
        memset(v, 0, layer->in * plane_size(layer, images) * sizeof *v);
}

/* Where window element (c, i, j) lies behind the first one. */
static void find_windows(const struct conv_layer *layer, size_t images, size_t *at)
{
    size_t plane = plane_size(layer, images), row = padded_width(layer) * images;
    for (size_t c = 0; c < layer->in; c++)
        for (size_t i = 0; i < layer->kernel; i++)
            for (size_t j = 0; j < layer->kernel; j++)
                *at++ = c * plane + i * row + j * images;
}

static struct pool_row pool_row_of(const struct conv_layer *layer, size_t images)
{
    return (struct pool_row){layer->pool, conv_columns(layer), images, layer->activation};
}

/* `count` pixels of `images` values, `pixel` floats apart in to. */
static void place_row(size_t count, size_t images, const float *from, float *to, size_t pixel)
{
    if (pixel == images)
        memcpy(to, from, count * images * sizeof *to);
    else
        for (size_t x = 0; x < count; x++)
            memcpy(to + x * pixel, from + x * images, images * sizeof *to);
}

void conv_forward(const struct conv_layer *layer, size_t images, const float *w, const struct conv_kept *kept,
                  const struct conv_room *room, const struct conv_map *out)
{
    size_t size = window_size(layer), columns = conv_columns(layer), used = used_columns(layer, images);
    size_t row = padded_width(layer) * images, ldz = z_size(layer, images);
    const struct pool_row pool = pool_row_of(layer, images);
    find_windows(layer, images, room->at);
    for (size_t y = 0; y < conv_rows(layer); y++) {
        for (size_t r = 0; r < layer->pool; r++)
            gemm_rows(false, layer->out, used, size, w, size, kept->in + (y * layer->pool + r) * row,
                      room->at, 0, room->z + r * used, ldz);
        for (size_t o = 0; o < layer->out; o++) {
            pool_forward(&pool, room->z + o * ldz, used, w[layer->out * size + o], room->row,
                         kept->argmax + (y * layer->out + o) * columns * images);
            place_row(columns, images, room->row, out->v + o * out->plane + y * out->row, out->pixel);
        }
    }
}

/* turned (kernel kernel, in, out) from w (out, in, kernel kernel). */
static void turn_weights(const struct conv_layer *layer, const float *restrict w, float *restrict turned)
{
    size_t area = layer->kernel * layer->kernel, size = window_size(layer);
    for (size_t c = 0; c < layer->in; c++)
        for (size_t k = 0; k < area; k++) {
            float *to = turned + (k * layer->in + c) * layer->out;
            for (size_t o = 0; o < layer->out; o++)
                to[o] = w[o * size + c * area + k];
        }
}

/* One row y of pooled maps: its derivatives before pooling into room->z, their sums to room->sums. */
static void unpool_row(const struct conv_layer *layer, size_t images, size_t y, const struct conv_kept *kept,
                       const struct conv_room *room, const struct conv_map *out, const struct conv_map *d_out)
{
    size_t used = used_columns(layer, images), ldz = z_size(layer, images);
    const struct pool_row pool = pool_row_of(layer, images);
    for (size_t o = 0; o < layer->out; o++) {
        pool_derive(&pool, out->v + o * out->plane + y * out->row,
                    d_out->v + o * d_out->plane + y * d_out->row, out->pixel, room->row,
                    room->sums + o * SUMS);
        pool_backward(&pool, room->row, kept->argmax + (y * layer->out + o) * conv_columns(layer) * images,
                      room->z + o * ldz, used);
    }
}

/* d_in += what one row dz of derivatives before pooling, at row y, brings through each weight. */
static void add_inputs(const struct conv_layer *layer, size_t images, size_t y, const float *dz,
                       const struct conv_room *room)
{
    size_t plane = plane_size(layer, images), row = padded_width(layer) * images;
    const float *w = room->turned;
    for (size_t i = 0; i < layer->kernel; i++)
        for (size_t j = 0; j < layer->kernel; j++, w += layer->in * layer->out)
            gemm(false, false, layer->in, used_columns(layer, images), layer->out, 1, w, layer->out, dz,
                 z_size(layer, images), 1, room->d_in + (y + i) * row + j * images, plane);
}

static float add_up(const float sums[SUMS])
{
    float part[SUMS];
    memcpy(part, sums, sizeof part);
    for (size_t half = SUMS / 2; half > 0; half /= 2)
        for (size_t l = 0; l < half; l++)
            part[l] += part[l + half];
    return part[0];
}

void conv_backward(const struct conv_layer *layer, size_t images, const float *w,
                   const struct conv_kept *kept, const struct conv_room *room, const struct conv_map *out,
                   const struct conv_map *d_out, bool inputs, bool more, float *g)
{
    size_t size = window_size(layer), used = used_columns(layer, images), ldz = z_size(layer, images);
    size_t row = padded_width(layer) * images;
    find_windows(layer, images, room->at);
    memset(room->sums, 0, layer->out * SUMS * sizeof *room->sums);
    if (inputs) {
        turn_weights(layer, w, room->turned);
        memset(room->d_in, 0, layer->in * plane_size(layer, images) * sizeof *room->d_in);
    }
    for (size_t y = 0; y < conv_rows(layer) * layer->pool; y++) {
        const float *dz = room->z + y % layer->pool * used;
        if (y % layer->pool == 0)
            unpool_row(layer, images, y / layer->pool, kept, room, out, d_out);
        gemm_rows(true, layer->out, size, used, dz, ldz, kept->in + y * row, room->at, more || y > 0 ? 1 : 0,
                  g, size);
        if (inputs)
            add_inputs(layer, images, y, dz, room);
    }
    for (size_t o = 0; o < layer->out; o++)
        g[layer->out * size + o] = (more ? g[layer->out * size + o] : 0) + add_up(room->sums + o * SUMS);
}
