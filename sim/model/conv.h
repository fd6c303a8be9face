/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One convolutional layer: cross-correlation with a square kernel (stride 1, zero padding), bias, max pooling
 * with equal size and stride (rows and columns left over are dropped), activation:
 *
 *   z[o, y, x] = b[o] + sum_(c, i, j) W[o, c, i, j] in[c, y + i - padding, x + j - padding]
 *   out[o, y, x] = s(max_(0 <= i, j < pool) z[o, pool y + i, pool x + j])
 *
 * (for a growing s the same as activation before pooling). Parameters: W (out, in, kernel, kernel) row-major,
 * then b (out), as torch.nn.Conv2d. LeCun, Bottou, Bengio, Haffner, "Gradient-based learning applied to
 * document recognition", Proc. IEEE 86 (1998).
 *
 * Maps lie with the image innermost: (channels, rows, columns, images). One row of z, of all columns and
 * images, is then one matrix product W (out, in kernel kernel) * (windows of the input, each a run of
 * contiguous floats), so the windows need not be copied out (implicit matrix product), W is read in place,
 * and the gradient of W is written in place. The layer works through a few images at a time, row of windows
 * by row of windows, with maps that stay in the cache.
 *
 * Cost: 2 images * rows * columns * out * in * kernel^2 operations for z, for the gradient of W and for the
 * derivative at the inputs each.
 *
 * Check: 20 kernels 5x5 on 1 channel have 520 parameters; 28x28 becomes 24x24, pooled by 2: 12x12.
 */
#ifndef SIM_MODEL_CONV_H
#define SIM_MODEL_CONV_H

#include "sim/model/dense.h"
#include <stddef.h>
#include <stdint.h>

struct conv_layer {
    size_t in, out; /* channels */
    size_t kernel, padding, pool;
    size_t height, width; /* of the input, without padding */
    enum dense_activation activation;
};

/* Of the pooled map. */
size_t conv_rows(const struct conv_layer *layer);
size_t conv_columns(const struct conv_layer *layer);

/* Floats of the input maps of one image with their padding, and number of parameters. */
size_t conv_input_size(const struct conv_layer *layer);
size_t conv_dimension(const struct conv_layer *layer);

/* What a block of images leaves behind for its backward pass. */
struct conv_kept {
    float *in;        /* (in, padded rows, padded columns, images), the border zero; conv_inside tells more */
    uint16_t *argmax; /* (conv_rows, out, conv_columns, images): see pool.h */
};

/* What blocks share, one after the other. */
struct conv_room {
    float *d_in;   /* as conv_kept.in: derivatives */
    size_t *at;    /* (in kernel kernel): where the windows start */
    float *turned; /* (kernel kernel, in, out): the weights, for the derivative at the inputs */
    float *z;      /* (out, pool, used columns, images): rows before pooling, or their derivatives */
    float *row;    /* (conv_columns, images): one row of a pooled map */
    float *sums;   /* (out, 16): of the derivatives, for the bias */
};

/* Point the buffers of at most `images` images into scratch; return the bytes, also when scratch is NULL. */
size_t conv_lay_out_kept(const struct conv_layer *layer, size_t images, void *scratch,
                         struct conv_kept *kept);
size_t conv_lay_out_room(const struct conv_layer *layer, size_t images, void *scratch,
                         struct conv_room *room);

/* Where the maps of a layer's inputs or outputs lie: pixel (c, y, x) of all images at v + c * plane + y * row
 * + x * pixel. */
struct conv_map {
    float *v;
    size_t plane, row, pixel;
};

/* The inside, without the border, of the padded input maps v of `layer`. */
struct conv_map conv_inside(const struct conv_layer *layer, size_t images, float *v);

/* Zeros in the border of v, which conv_inside leaves out; nothing where there is no padding. */
void conv_clear_border(const struct conv_layer *layer, size_t images, float *v);

/* kept->in must be filled; w: this layer's parameters. */
void conv_forward(const struct conv_layer *layer, size_t images, const float *w, const struct conv_kept *kept,
                  const struct conv_room *room, const struct conv_map *out);

/* After conv_forward, from the outputs and the derivative at them: the parameters' gradient into g, or added
 * to it with `more`; with `inputs`, room->d_in becomes the derivative at the padded inputs. */
void conv_backward(const struct conv_layer *layer, size_t images, const float *w,
                   const struct conv_kept *kept, const struct conv_room *room, const struct conv_map *out,
                   const struct conv_map *d_out, bool inputs, bool more, float *g);

#endif
