/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A small causal transformer on characters. With x_t = embedding of character t + embedding of position t,
 * every block does
 *
 *   x <- x + O attention(Q n, K n, V n) + o,  n = norm_1(x)        heads in parallel, causal
 *   x <- x + B relu(A norm_2(x) + a) + b                          at every position
 *
 * and the logits of the next character are V norm(x) + v. Vaswani et al., "Attention is all you need",
 * NeurIPS 2017, decoder only; learned positions, and the normalisation before each part and at the end, as
 * Radford et al., "Language models are unsupervised multitask learners", 2019 (pre-norm: Xiong et al., ICML
 * 2020); no dropout. The output weights are their own, not those of the embedding. The context is the length
 * of the data's sequences.
 *
 * Parameters: characters (classes, width), positions (length, width); of each block norm_1 (gain, bias), the
 * stacked Q, K, V and their biases, O, o, norm_2, A, a, B, b; the last norm; V, v.
 *
 * Check: 5 characters, length 3, width 4, one block, feedforward 6: 20 + 12 + (8 + 60 + 20 + 8 + 30 + 28) + 8
 * + 25 = 219 parameters.
 */
#include "sim/model/affine.h"
#include "sim/model/attention.h"
#include "sim/model/dense.h"
#include "sim/model/kinds.h"
#include "sim/model/norm.h"
#include "sim/model/sequence.h"
#include "sim/model/shape.h"

#include <string.h>

enum { BLOCKS_MOST = 16 };

struct params {
    uint64_t blocks, heads, width, feedforward;
};

static const struct byz_param table[] = {
    {.name = "blocks",
     .type = BYZ_COUNT,
     .offset = offsetof(struct params, blocks),
     .initial = 2,
     .min = 1,
     .max = BLOCKS_MOST,
     .doc = "Blocks of attention and feed-forward layers."},
    {.name = "heads",
     .type = BYZ_COUNT,
     .offset = offsetof(struct params, heads),
     .initial = 4,
     .min = 1,
     .max = 1024,
     .doc = "Attention heads of a block; they must divide the width."},
    {.name = "width",
     .type = BYZ_COUNT,
     .offset = offsetof(struct params, width),
     .initial = 32,
     .min = 1,
     .max = 1e4,
     .doc = "Length of the vector at every position."},
    {.name = "feedforward",
     .type = BYZ_COUNT,
     .offset = offsetof(struct params, feedforward),
     .initial = 128,
     .min = 1,
     .max = 1e5,
     .doc = "Hidden units of a feed-forward layer."},
};

/* Offsets of a block's parameters from its first. */
struct offsets {
    size_t norm_1, qkv, mix, norm_2, up, down, end;
};

/* What a block keeps for the way back; rows as in sequence.h. */
struct block {
    struct norm_trace trace_1, trace_2;
    float *normal_1, *normal_2; /* (rows, width): what attention and feed-forward read */
    float *qkv;                 /* (rows, 3 width) */
    float *shares;              /* (block, heads, length, length): how much each position looks at which */
    float *mixed;               /* (rows, width): what the heads give */
    float *hidden;              /* (rows, feedforward) */
};

struct transformer {
    size_t blocks, length, classes;
    struct attention attention;
    struct affine qkv, mix, up, down, output;
    struct offsets at;
    struct block block[BLOCKS_MOST];
    struct norm_trace trace;
    float *x, *part; /* (rows, width): the vectors at all positions; what a part adds to them */
    float *normal;   /* (rows, width): what the output layer reads */
    float *wide;     /* (rows, 3 width or feedforward): derivatives inside a part */
    float *square;   /* (length, length) */
    struct sequence_net net;
    size_t bytes;
};

static size_t width_of(const struct transformer *net)
{
    return net->attention.width;
}

/* The tables of characters and positions lie first. */
static size_t tables_size(const struct transformer *net)
{
    return (net->classes + net->length) * width_of(net);
}

static void add(size_t count, const float *restrict part, float *restrict x)
{
    for (size_t k = 0; k < count; k++)
        x[k] += part[k];
}

static void block_forward(const struct transformer *net, const struct block *block, const float *w,
                          size_t count)
{
    size_t rows = net->length * count, width = width_of(net);
    norm_forward(rows, width, w + net->at.norm_1, net->x, &block->trace_1, block->normal_1);
    affine_forward(net->qkv, rows, w + net->at.qkv, block->normal_1, block->qkv);
    attention_forward(net->attention, count, block->qkv, block->shares, block->mixed);
    affine_forward(net->mix, rows, w + net->at.mix, block->mixed, net->part);
    add(rows * width, net->part, net->x);
    norm_forward(rows, width, w + net->at.norm_2, net->x, &block->trace_2, block->normal_2);
    affine_forward(net->up, rows, w + net->at.up, block->normal_2, block->hidden);
    dense_activate(DENSE_RELU, rows * net->up.out, 0, block->hidden);
    affine_forward(net->down, rows, w + net->at.down, block->hidden, net->part);
    add(rows * width, net->part, net->x);
}

/* net->x holds the derivative at the block's outputs, and afterwards that at its inputs. */
static void block_backward(const struct transformer *net, const struct block *block, const float *w,
                           size_t count, float *g)
{
    size_t rows = net->length * count, width = width_of(net);
    const struct offsets *at = &net->at;
    affine_backward(net->down, rows, w + at->down, block->hidden, net->x, g + at->down, net->wide);
    dense_deactivate(DENSE_RELU, rows * net->up.out, block->hidden, net->wide);
    affine_backward(net->up, rows, w + at->up, block->normal_2, net->wide, g + at->up, net->part);
    norm_backward(rows, width, w + at->norm_2, &block->trace_2, net->part, g + at->norm_2, net->x);
    affine_backward(net->mix, rows, w + at->mix, block->mixed, net->x, g + at->mix, net->part);
    attention_backward(net->attention, count, block->qkv, block->shares, net->part, net->square, net->wide);
    affine_backward(net->qkv, rows, w + at->qkv, block->normal_1, net->wide, g + at->qkv, net->part);
    norm_backward(rows, width, w + at->norm_1, &block->trace_1, net->part, g + at->norm_1, net->x);
}

static void forward(const void *given, const float *w, size_t count, const int32_t *characters, float *logits)
{
    const struct transformer *net = given;
    size_t rows = net->length * count, width = width_of(net);
    const float *positions = w + net->classes * width;
    sequence_embed(rows, width, w, characters, net->x);
    for (size_t r = 0; r < rows; r++)
        add(width, positions + r / count * width, net->x + r * width);
    w += tables_size(net);
    for (size_t b = 0; b < net->blocks; b++, w += net->at.end)
        block_forward(net, &net->block[b], w, count);
    norm_forward(rows, width, w, net->x, &net->trace, net->normal);
    affine_forward(net->output, rows, w + 2 * width, net->normal, logits);
}

static void backward(const void *given, const float *w, size_t count, const int32_t *characters,
                     const float *d_logits, float *g)
{
    const struct transformer *net = given;
    size_t rows = net->length * count, width = width_of(net);
    size_t last = tables_size(net) + net->blocks * net->at.end;
    float *positions = g + net->classes * width;
    affine_backward(net->output, rows, w + last + 2 * width, net->normal, d_logits, g + last + 2 * width,
                    net->part);
    memset(net->x, 0, rows * width * sizeof *net->x);
    norm_backward(rows, width, w + last, &net->trace, net->part, g + last, net->x);
    for (size_t b = net->blocks; b-- > 0;) {
        last -= net->at.end;
        block_backward(net, &net->block[b], w + last, count, g + last);
    }
    sequence_embed_backward(rows, width, characters, net->x, g);
    for (size_t r = 0; r < rows; r++)
        add(width, net->x + r * width, positions + r / count * width);
}

static struct offsets offsets_of(const struct transformer *net)
{
    struct offsets at = {.norm_1 = 0, .qkv = 2 * width_of(net)};
    at.mix = at.qkv + affine_dimension(net->qkv);
    at.norm_2 = at.mix + affine_dimension(net->mix);
    at.up = at.norm_2 + 2 * width_of(net);
    at.down = at.up + affine_dimension(net->up);
    at.end = at.down + affine_dimension(net->down);
    return at;
}

static struct norm_trace claim_trace(struct sequence_room *room, size_t rows, size_t width)
{
    float *normal = sequence_claim(room, rows * width);
    return (struct norm_trace){.normal = normal, .deviation = sequence_claim(room, rows)};
}

static struct block claim_block(const struct transformer *net, struct sequence_room *room)
{
    size_t rows = sequence_rows(net->length), width = width_of(net);
    struct block block = {.trace_1 = claim_trace(room, rows, width),
                          .trace_2 = claim_trace(room, rows, width)};
    block.normal_1 = sequence_claim(room, rows * width);
    block.normal_2 = sequence_claim(room, rows * width);
    block.qkv = sequence_claim(room, rows * 3 * width);
    block.shares = sequence_claim(room, rows * net->attention.heads * net->length);
    block.mixed = sequence_claim(room, rows * width);
    block.hidden = sequence_claim(room, rows * net->up.out);
    return block;
}

/* Sizes alone. */
static struct transformer plan(const void *params, const struct model_shape *shape)
{
    const struct params *p = params;
    struct transformer net = {.blocks = p->blocks,
                              .length = shape->sequence,
                              .classes = shape->classes,
                              .attention = {p->width, p->heads, shape->sequence},
                              .qkv = {p->width, 3 * p->width},
                              .mix = {p->width, p->width},
                              .up = {p->width, p->feedforward},
                              .down = {p->feedforward, p->width},
                              .output = {p->width, shape->classes}};
    net.at = offsets_of(&net);
    net.net = (struct sequence_net){
        .length = net.length, .classes = net.classes, .forward = forward, .backward = backward};
    net.net.dimension =
        tables_size(&net) + net.blocks * net.at.end + 2 * p->width + affine_dimension(net.output);
    return net;
}

/* The network and its arrays in the scratch block; with scratch NULL only `bytes` counts. */
static struct transformer lay_out(const void *params, const struct model_shape *shape, void *scratch)
{
    struct transformer net = plan(params, shape);
    struct sequence_room room = {.base = scratch};
    size_t rows = sequence_rows(net.length), width = width_of(&net), wide = net.qkv.out;
    for (size_t b = 0; b < net.blocks; b++)
        net.block[b] = claim_block(&net, &room);
    net.trace = claim_trace(&room, rows, width);
    net.x = sequence_claim(&room, rows * width);
    net.part = sequence_claim(&room, rows * width);
    net.normal = sequence_claim(&room, rows * width);
    net.wide = sequence_claim(&room, rows * (wide > net.up.out ? wide : net.up.out));
    net.square = sequence_claim(&room, net.length * net.length);
    sequence_lay_out(&net.net, &room);
    net.bytes = room.bytes;
    return net;
}

static size_t dimension(const void *params, const struct model_shape *shape)
{
    return plan(params, shape).net.dimension;
}

static int unsuitable(const void *params, const struct model_shape *shape, char reason[BYZ_REASON_SIZE])
{
    const struct params *p = params;
    if (sequence_needed("transformer", shape, reason))
        return 1;
    if (p->width % p->heads != 0)
        return shape_refuse(reason, "width %llu cannot be shared by %llu heads: use a multiple",
                            (unsigned long long)p->width, (unsigned long long)p->heads);
    return shape_need_fitting("transformer", shape, (double)dimension(params, shape), reason);
}

static size_t scratch_bytes(const void *params, const struct model_shape *shape, size_t count)
{
    (void)count; /* block by block */
    return lay_out(params, shape, NULL).bytes;
}

static void initialise(const void *params, const struct model_shape *shape, enum model_init init,
                       struct rng *rng, float *w)
{
    const struct transformer net = plan(params, shape);
    w = sequence_initialise_table(net.classes, width_of(&net), init, rng, w);
    w = sequence_initialise_table(net.length, width_of(&net), init, rng, w);
    for (size_t b = 0; b < net.blocks; b++) {
        w = norm_initialise(width_of(&net), w);
        w = affine_initialise(net.qkv, init, rng, w);
        w = affine_initialise(net.mix, init, rng, w);
        w = norm_initialise(width_of(&net), w);
        w = affine_initialise(net.up, init, rng, w);
        w = affine_initialise(net.down, init, rng, w);
    }
    w = norm_initialise(width_of(&net), w);
    affine_initialise(net.output, init, rng, w);
}

static double gradient(const void *params, const struct model_shape *shape, const float *w,
                       const struct model_batch *batch, void *scratch, float *g)
{
    const struct transformer net = lay_out(params, shape, scratch);
    return sequence_gradient(&net.net, &net, w, batch, g);
}

/* Attention makes two products of (length, length) by a head forward, and four backward. */
static double flops(const void *params, const struct model_shape *shape, size_t count)
{
    const struct transformer net = plan(params, shape);
    double width = (double)width_of(&net), length = (double)net.length;
    double block = (4 * width + 2 * (double)net.up.out + 2 * length) * width;
    return 6 * (double)count * length * ((double)net.blocks * block + width * (double)net.classes);
}

static void predict(const void *params, const struct model_shape *shape, const float *w, size_t count,
                    const float *x, void *scratch, float *out)
{
    const struct transformer net = lay_out(params, shape, scratch);
    sequence_predict(&net.net, &net, w, count, x, out);
}

const struct model_kind model_transformer = {
    .base = {.name = "transformer",
             .doc =
                 "A small causal transformer on characters (Vaswani et al., NeurIPS 2017, decoder only): "
                 "learned positions, layer normalisation before each part, ReLU feed-forward layers, output "
                 "weights of its own, no dropout. It looks back over the whole sequence: the context is the "
                 "length of the data's sequences. For sequence data (words, text).",
             .formula = "x_t = embedding of character t + embedding of position t; in every block\n"
                        "x <- x + O attention(Q n, K n, V n) + o,  n = norm_1(x)\n"
                        "x <- x + B relu(A norm_2(x) + a) + b\n"
                        "logits of the next character: V norm(x) + v;  loss: mean over all characters\n"
                        "attention of a head of size s: sum_(u <= t) softmax_u(q_t . k_u / sqrt(s)) v_u\n"
                        "norm: gain * (x - mean) / sqrt(variance + 1e-5) + bias",
             .validity = "sequence data; heads divide width",
             .cost =
                 "2 (4 width + 2 feedforward + 2 length) width operations a character and block, twice that "
                 "backwards; activations of some 512 characters at a time",
             .paper =
                 "Vaswani, Shazeer, Parmar, Uszkoreit, Jones, Gomez, Kaiser, Polosukhin, \"Attention is all "
                 "you need\", NeurIPS 2017; Ba, Kiros, Hinton, \"Layer normalization\", 2016; pre-norm: "
                 "Xiong et al., ICML 2020",
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
