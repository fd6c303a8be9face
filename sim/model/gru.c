/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Gated recurrent units on characters: an embedding, one layer or several, and an affine layer that gives the
 * logits of the next character at every position. With states h_0 = 0,
 *
 *   r = sigmoid(W_r x_t + b_r + U_r h + c_r)        reset gate        (h = h_(t-1))
 *   z = sigmoid(W_z x_t + b_z + U_z h + c_z)        update gate
 *   n = tanh(W_n x_t + b_n + r * (U_n h + c_n))     candidate
 *   h_t = (1 - z) * n + z * h
 *
 * Cho et al., "Learning phrase representations using RNN encoder-decoder for statistical machine
 * translation", EMNLP 2014, with the reset gate behind the product, as torch.nn.GRU has it: all three
 * products with h are then one. Parameters: the embedding (classes, embedding); of each layer W (r, z, n
 * stacked), b, U and c, in this order; the output weights and biases. Gradients by back-propagation through
 * time over the whole sequence.
 *
 * Check: embedding 4, hidden 3, 5 characters: 20 + (36 + 27 + 9 + 9) + 20 = 121 parameters.
 */
#include "sim/model/affine.h"
#include "sim/model/kinds.h"
#include "sim/model/sequence.h"
#include "sim/model/shape.h"
#include "sim/num/dispatch.h"
#include "sim/num/exponential.h"
#include "sim/num/gemm.h"

#include <string.h>

enum { LAYERS_MOST = 8 };

struct params {
    uint64_t embedding, hidden, layers;
};

static const struct byz_param table[] = {
    {.name = "embedding",
     .type = BYZ_COUNT,
     .offset = offsetof(struct params, embedding),
     .initial = 16,
     .min = 1,
     .max = 1e4,
     .doc = "Length of the vector that stands for a character."},
    {.name = "hidden",
     .type = BYZ_COUNT,
     .offset = offsetof(struct params, hidden),
     .initial = 64,
     .min = 1,
     .max = 1e4,
     .doc = "Units of a layer: the length of its state."},
    {.name = "layers",
     .type = BYZ_COUNT,
     .offset = offsetof(struct params, layers),
     .initial = 1,
     .min = 1,
     .max = LAYERS_MOST,
     .doc = "Layers, each reading the states of the one before."},
};

/* Arrays of a layer for a block; rows as in sequence.h. */
struct layer {
    size_t in;
    float *states;    /* (rows + count, hidden): the state before every step; behind the first `count` rows,
                         those after every step */
    float *gates;     /* (rows, 3 hidden): r, z, n; while going back their derivatives */
    float *recurrent; /* (rows, 3 hidden): U h + c; while going back its derivatives */
};

struct gru {
    size_t embedding, hidden, layers, length, classes;
    struct layer layer[LAYERS_MOST];
    float *embedded; /* (rows, embedding) */
    float *carry;    /* (block, hidden): derivative at the state, on its way back */
    float *d[2];     /* (rows, hidden or embedding): derivatives at a layer's inputs and outputs, in turn */
    struct sequence_net net;
    size_t bytes;
};

/* The input side of a layer (W, b) and, behind it, its state side (U, c). */
static struct affine input_side(const struct gru *gru, size_t l)
{
    return (struct affine){gru->layer[l].in, 3 * gru->hidden};
}

static struct affine state_side(const struct gru *gru)
{
    return (struct affine){gru->hidden, 3 * gru->hidden};
}

static struct affine output_side(const struct gru *gru)
{
    return (struct affine){gru->hidden, gru->classes};
}

static size_t layer_dimension(const struct gru *gru, size_t l)
{
    return affine_dimension(input_side(gru, l)) + affine_dimension(state_side(gru));
}

/* One sequence, one step: g = W x + b becomes r, z, n; a = U h + c; next = h_t. */
NUM_CLONES static void step_forward(size_t hidden, float *restrict g, const float *restrict a,
                                    const float *restrict h, float *restrict next)
{
    const float *restrict an = a + 2 * hidden;
    float *restrict z = g + hidden, *restrict n = g + 2 * hidden;
    for (size_t k = 0; k < 2 * hidden; k++)
        g[k] += a[k];
    exponential_sigmoids(2 * hidden, g);
    for (size_t k = 0; k < hidden; k++)
        n[k] += g[k] * an[k];
    exponential_tangents(hidden, n);
    for (size_t k = 0; k < hidden; k++)
        next[k] = n[k] + z[k] * (h[k] - n[k]);
}

/* Back: dh is the derivative at h_t, less what `carry` still brings from the step behind. Leaves the
 * derivatives at the sums in g and a, and in carry the part of h_(t-1)'s that does not pass through U. */
NUM_CLONES static void step_backward(size_t hidden, float *restrict g, float *restrict a,
                                     const float *restrict h, const float *restrict dh, float *restrict carry)
{
    for (size_t k = 0; k < hidden; k++) {
        float r = g[k], z = g[hidden + k], n = g[2 * hidden + k], d = dh[k] + carry[k];
        float dn = d * (1 - z) * (1 - n * n), dz = d * (h[k] - n) * z * (1 - z);
        float dr = dn * a[2 * hidden + k] * r * (1 - r);
        g[k] = a[k] = dr;
        g[hidden + k] = a[hidden + k] = dz;
        g[2 * hidden + k] = dn;
        a[2 * hidden + k] = dn * r;
        carry[k] = d * z;
    }
}

/* What layer l reads: embedded characters, or the states of the layer before. */
static const float *inputs_of(const struct gru *gru, size_t l, size_t count)
{
    return l == 0 ? gru->embedded : gru->layer[l - 1].states + count * gru->hidden;
}

static void layer_forward(const struct gru *gru, size_t l, const float *w, size_t count)
{
    const struct layer *layer = &gru->layer[l];
    size_t h = gru->hidden, step = count * h;
    const float *u = w + affine_dimension(input_side(gru, l));
    affine_forward(input_side(gru, l), gru->length * count, w, inputs_of(gru, l, count), layer->gates);
    memset(layer->states, 0, step * sizeof *layer->states);
    for (size_t t = 0; t < gru->length; t++) {
        float *states = layer->states + t * step, *recurrent = layer->recurrent + 3 * t * step;
        affine_forward(state_side(gru), count, u, states, recurrent);
        for (size_t i = 0; i < count; i++)
            step_forward(h, layer->gates + 3 * (t * step + i * h), recurrent + 3 * i * h, states + i * h,
                         states + step + i * h);
    }
}

/* dy (rows, hidden): the derivative at the layer's states; dx as in affine_backward. */
static void layer_backward(const struct gru *gru, size_t l, const float *w, size_t count, const float *dy,
                           float *g, float *dx)
{
    const struct layer *layer = &gru->layer[l];
    size_t h = gru->hidden, step = count * h, state_part = affine_dimension(input_side(gru, l));
    memset(gru->carry, 0, step * sizeof *gru->carry);
    for (size_t t = gru->length; t-- > 0;) {
        float *recurrent = layer->recurrent + 3 * t * step;
        for (size_t i = 0; i < count; i++)
            step_backward(h, layer->gates + 3 * (t * step + i * h), recurrent + 3 * i * h,
                          layer->states + t * step + i * h, dy + t * step + i * h, gru->carry + i * h);
        gemm(false, false, count, h, 3 * h, 1, recurrent, 3 * h, w + state_part, h, 1, gru->carry, h);
    }
    affine_backward(state_side(gru), gru->length * count, w + state_part, layer->states, layer->recurrent,
                    g + state_part, NULL);
    affine_backward(input_side(gru, l), gru->length * count, w, inputs_of(gru, l, count), layer->gates, g,
                    dx);
}

static void forward(const void *net, const float *w, size_t count, const int32_t *characters, float *logits)
{
    const struct gru *gru = net;
    size_t rows = gru->length * count;
    sequence_embed(rows, gru->embedding, w, characters, gru->embedded);
    w += gru->classes * gru->embedding;
    for (size_t l = 0; l < gru->layers; l++) {
        layer_forward(gru, l, w, count);
        w += layer_dimension(gru, l);
    }
    affine_forward(output_side(gru), rows, w, inputs_of(gru, gru->layers, count), logits);
}

static void backward(const void *net, const float *w, size_t count, const int32_t *characters,
                     const float *d_logits, float *g)
{
    const struct gru *gru = net;
    size_t rows = gru->length * count, offset = gru->net.dimension - affine_dimension(output_side(gru));
    affine_backward(output_side(gru), rows, w + offset, inputs_of(gru, gru->layers, count), d_logits,
                    g + offset, gru->d[gru->layers % 2]);
    for (size_t l = gru->layers; l-- > 0;) {
        offset -= layer_dimension(gru, l);
        layer_backward(gru, l, w + offset, count, gru->d[(l + 1) % 2], g + offset, gru->d[l % 2]);
    }
    sequence_embed_backward(rows, gru->embedding, characters, gru->d[0], g);
}

/* The network and its arrays in the scratch block; with scratch NULL only `bytes` counts. */
static struct gru lay_out(const void *params, const struct model_shape *shape, void *scratch)
{
    const struct params *p = params;
    struct gru gru = {.embedding = p->embedding,
                      .hidden = p->hidden,
                      .layers = p->layers,
                      .length = shape->sequence,
                      .classes = shape->classes};
    struct sequence_room room = {.base = scratch};
    size_t rows = sequence_rows(gru.length), block = sequence_block(gru.length), h = gru.hidden;
    size_t widest = h > gru.embedding ? h : gru.embedding;
    gru.net = (struct sequence_net){.length = gru.length,
                                    .classes = gru.classes,
                                    .dimension = gru.classes * gru.embedding,
                                    .forward = forward,
                                    .backward = backward};
    gru.embedded = sequence_claim(&room, rows * gru.embedding);
    for (size_t l = 0; l < gru.layers; l++) {
        gru.layer[l] = (struct layer){.in = l == 0 ? gru.embedding : h,
                                      .states = sequence_claim(&room, (rows + block) * h),
                                      .gates = sequence_claim(&room, rows * 3 * h),
                                      .recurrent = sequence_claim(&room, rows * 3 * h)};
        gru.net.dimension += layer_dimension(&gru, l);
    }
    gru.net.dimension += affine_dimension(output_side(&gru));
    gru.carry = sequence_claim(&room, block * h);
    for (size_t k = 0; k < 2; k++)
        gru.d[k] = sequence_claim(&room, rows * widest);
    sequence_lay_out(&gru.net, &room);
    gru.bytes = room.bytes;
    return gru;
}

static size_t dimension(const void *params, const struct model_shape *shape)
{
    return lay_out(params, shape, NULL).net.dimension;
}

static int unsuitable(const void *params, const struct model_shape *shape, char reason[BYZ_REASON_SIZE])
{
    return sequence_needed("gru", shape, reason) ||
           shape_need_fitting("gru", shape, (double)dimension(params, shape), reason);
}

static size_t scratch_bytes(const void *params, const struct model_shape *shape, size_t count)
{
    (void)count; /* block by block */
    return lay_out(params, shape, NULL).bytes;
}

static void initialise(const void *params, const struct model_shape *shape, enum model_init init,
                       struct rng *rng, float *w)
{
    const struct gru gru = lay_out(params, shape, NULL);
    w = sequence_initialise_table(gru.classes, gru.embedding, init, rng, w);
    for (size_t l = 0; l < gru.layers; l++) {
        w = affine_initialise(input_side(&gru, l), init, rng, w);
        w = affine_initialise(state_side(&gru), init, rng, w);
    }
    affine_initialise(output_side(&gru), init, rng, w);
}

static double gradient(const void *params, const struct model_shape *shape, const float *w,
                       const struct model_batch *batch, void *scratch, float *g)
{
    struct gru gru = lay_out(params, shape, scratch);
    return sequence_gradient(&gru.net, &gru, w, batch, g);
}

static double flops(const void *params, const struct model_shape *shape, size_t count)
{
    const struct gru gru = lay_out(params, shape, NULL);
    double products = (double)(gru.hidden * gru.classes);
    for (size_t l = 0; l < gru.layers; l++)
        products += 3 * (double)gru.hidden * (double)(gru.layer[l].in + gru.hidden);
    return 6 * (double)(count * gru.length) * products;
}

static void predict(const void *params, const struct model_shape *shape, const float *w, size_t count,
                    const float *x, void *scratch, float *out)
{
    struct gru gru = lay_out(params, shape, scratch);
    sequence_predict(&gru.net, &gru, w, count, x, out);
}

const struct model_kind model_gru = {
    .base = {.name = "gru",
             .doc =
                 "Gated recurrent units on characters (Cho et al., EMNLP 2014): an embedding, one layer or "
                 "several, and the logits of the next character at every position, from a state of zeros. "
                 "The reset gate acts behind the product with the state, as in torch.nn.GRU. For sequence "
                 "data (words, text).",
             .formula = "r = sigmoid(W_r x + b_r + U_r h + c_r),  z = sigmoid(W_z x + b_z + U_z h + c_z)\n"
                        "n = tanh(W_n x + b_n + r * (U_n h + c_n)),  h <- (1 - z) * n + z * h\n"
                        "logits of the next character: V h + v;  loss: mean over all characters\n"
                        "parameters: embedding; of each layer W, b, U, c (r, z, n stacked); V, v",
             .validity = "sequence data",
             .cost = "2 x 3 hidden (inputs + hidden) operations a character and layer, twice that backwards; "
                     "activations of some 512 characters at a time",
             .paper =
                 "Cho, van Merrienboer, Gulcehre, Bahdanau, Bougares, Schwenk, Bengio, \"Learning phrase "
                 "representations using RNN encoder-decoder for statistical machine translation\", EMNLP "
                 "2014",
             .params = table,
             .param_count = BYZ_LENGTH(table),
             .params_size = sizeof(struct params)},
    .loss = MODEL_CROSS_ENTROPY,
    .unsuitable = unsuitable,
    .dimension = dimension,
    .outputs = sequence_outputs,
    .scratch_bytes = scratch_bytes,
    .initialise = initialise,
    .gradient = gradient,
    .flops = flops,
    .predict = predict,
};
