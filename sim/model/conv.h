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
 * Inside, maps lie with the channel innermost (height, width, channels), so that a patch is `kernel`
 * contiguous runs and bias, pooling and activation run along the channels. Patches of a few images at a time
 * are gathered into a matrix that stays in the cache (im2col: Chellapilla, Puri, Simard, 2006) and multiplied
 * by one matrix product.
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

/* Of the map before pooling. */
size_t conv_rows(const struct conv_layer *layer);
size_t conv_columns(const struct conv_layer *layer);

/* Floats of one input map with its padding, of one pooled output map, and number of parameters. */
size_t conv_input_size(const struct conv_layer *layer);
size_t conv_output_size(const struct conv_layer *layer);
size_t conv_dimension(const struct conv_layer *layer);

/* Buffers for a batch; conv_lay_out points them into one block. */
struct conv_buffers {
    float *in;       /* (count, conv_input_size), channels innermost, the border zero */
    float *d_in;     /* the same shape: derivatives */
    int32_t *argmax; /* (count, conv_output_size): which of the pool * pool values was largest */
    float *weights;  /* (in kernel kernel, out): the weights as the products read them */
    float *gradient; /* the same shape */
    float *patches;  /* (positions of a block of images, in kernel kernel) */
    float *maps;     /* (positions of a block of images, out) */
};

/* Points the buffers for `count` images into scratch; returns the bytes needed, also when scratch is NULL. */
size_t conv_lay_out(const struct conv_layer *layer, size_t count, void *scratch,
                    struct conv_buffers *buffers);

/* Where a layer's output goes and its derivative comes from: image i at v + i * size, row y of it at + y *
 * stride, channels innermost. */
struct conv_map {
    float *v;
    size_t size, stride;
};

/* The interior, without the border, of padded input maps v of `layer`. */
struct conv_map conv_interior(const struct conv_layer *layer, float *v);

/* buffers->in must be filled; w: this layer's parameters. Leaves behind argmax and weights for conv_backward.
 */
void conv_forward(const struct conv_layer *layer, size_t count, const float *w,
                  const struct conv_buffers *buffers, const struct conv_map *out);

/* After conv_forward: turns *d_out, the derivative at the layer's outputs, into that before the activation,
 * and overwrites g with the parameters' gradient; with `inputs`, d_in with the derivative at the padded
 * inputs. */
void conv_backward(const struct conv_layer *layer, size_t count, const struct conv_buffers *buffers,
                   const struct conv_map *out, const struct conv_map *d_out, bool inputs, float *g);

#endif
