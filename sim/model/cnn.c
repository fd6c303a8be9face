/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Convolutional network: layers of convolution, max pooling and activation (conv.h), then fully connected
 * layers (dense.h) under a softmax and the cross entropy. Parameters: each convolution's kernels (out, in,
 * kernel, kernel) and biases, then each dense layer's weights and biases; the last maps are flattened channel
 * by channel, so the vector is that of the PyTorch module with the same layers. LeCun, Bottou, Bengio,
 * Haffner, Proc. IEEE 86 (1998).
 *
 * Check: the defaults on 28x28 images with 10 classes have 520 + 25,050 + 400,500 + 5,010 = 431,080
 * parameters, the MNIST network of Farhadkhani, Guerraoui, Gupta, Hoang, Pinot, Stephan, "Robust
 * collaborative learning with linear gradient overhead", ICML 2023, and of the ByzFL library.
 */
#include "sim/base/mem.h"
#include "sim/model/conv.h"
#include "sim/model/init.h"
#include "sim/model/kinds.h"
#include "sim/model/shape.h"

#include <limits.h>

struct params {
    struct byz_counts channels, hidden;
    uint64_t kernel, padding, pool;
    int activation;
};

static const uint64_t usual_channels[] = {20, 50, 0}, usual_hidden[] = {500, 0};

static const struct byz_param table[] = {
    {.name = "channels",
     .type = BYZ_COUNTS,
     .offset = offsetof(struct params, channels),
     .min = 1,
     .max = 65536,
     .initial_counts = usual_channels,
     .doc = "Output channels of the convolutions, from the first to the last."},
    {.name = "kernel",
     .type = BYZ_COUNT,
     .offset = offsetof(struct params, kernel),
     .initial = 5,
     .min = 1,
     .max = 255,
     .doc = "Side of the square kernels, in pixels; the stride is 1."},
    {.name = "padding",
     .type = BYZ_COUNT,
     .offset = offsetof(struct params, padding),
     .initial = 0,
     .min = 0,
     .max = 127,
     .doc = "Zero pixels added on each side of every map before its convolution."},
    {.name = "pool",
     .type = BYZ_COUNT,
     .offset = offsetof(struct params, pool),
     .initial = 2,
     .min = 1,
     .max = 255,
     .doc = "Side and stride of the max pooling windows after each convolution, in pixels; 1 pools nothing."},
    {.name = "hidden",
     .type = BYZ_COUNTS,
     .offset = offsetof(struct params, hidden),
     .min = 1,
     .max = 1e6,
     .initial_counts = usual_hidden,
     .doc = "Units of the fully connected layers between the last convolution and the outputs."},
    {.name = "activation",
     .type = BYZ_CHOICE,
     .offset = offsetof(struct params, activation),
     .choices = dense_activation_words,
     .initial_word = "relu",
     .doc = "Function applied after each pooling and to every hidden unit."},
};

/* The network for a shape: `layers` convolutions, then the dense head. */
struct net {
    size_t layers;
    struct conv_layer layer[BYZ_COUNTS_MOST];
    size_t rows, columns, channels; /* of the last pooled map */
    struct dense_stack head;
};

/* 0, or the 1-based number of the layer whose map vanishes. */
static size_t build(const struct params *knobs, const struct model_shape *shape, struct net *net)
{
    *net = (struct net){.rows = shape->height, .columns = shape->width, .channels = shape->channels};
    for (size_t l = 0; l < knobs->channels.count; l++) {
        struct conv_layer *layer = &net->layer[net->layers++];
        *layer = (struct conv_layer){.in = net->channels,
                                     .out = (size_t)knobs->channels.values[l],
                                     .kernel = (size_t)knobs->kernel,
                                     .padding = (size_t)knobs->padding,
                                     .pool = (size_t)knobs->pool,
                                     .height = net->rows,
                                     .width = net->columns,
                                     .activation = (enum dense_activation)knobs->activation};
        size_t least = layer->kernel + layer->pool - 1; /* side that still leaves one pooled pixel */
        if (net->rows + 2 * layer->padding < least || net->columns + 2 * layer->padding < least)
            return net->layers;
        net->rows = conv_rows(layer);
        net->columns = conv_columns(layer);
        net->channels = layer->out;
    }
    net->head = dense_build(net->rows * net->columns * net->channels, &knobs->hidden, shape->classes,
                            knobs->activation);
    return 0;
}

static double dimension_estimate(const struct net *net)
{
    double sum = dense_dimension_estimate(&net->head);
    for (size_t l = 0; l < net->layers; l++) {
        const struct conv_layer *layer = &net->layer[l];
        sum += (double)layer->out * ((double)layer->in * (double)(layer->kernel * layer->kernel) + 1);
    }
    return sum;
}

/* `number`: 1-based layer at which build gave up, of `all`. */
static int refuse_vanishing(const struct net *net, size_t number, size_t all, char reason[BYZ_REASON_SIZE])
{
    const struct conv_layer *layer = &net->layer[number - 1];
    return shape_refuse(
        reason,
        "cnn: layer %zu of %zu would apply conv %zux%zu (padding %zu) and %zux%zu pooling to a %zux%zu "
        "map; use fewer channels, a smaller kernel or pool, or padding",
        number, all, layer->kernel, layer->kernel, layer->padding, layer->pool, layer->pool, net->rows,
        net->columns);
}

static int unsuitable(const void *params, const struct model_shape *shape, char reason[BYZ_REASON_SIZE])
{
    const struct params *knobs = params;
    struct net net;
    if (shape_need_classes("cnn", shape, reason))
        return 1;
    if (shape->channels == 0 || shape->height == 0 || shape->width == 0)
        return shape_refuse(reason,
                            "cnn needs images, but the data set has %zu features without an image shape; use "
                            "model mlp or a data set of images",
                            shape->features);
    if (shape_need_fitting("cnn", shape, 0, reason))
        return 1;
    if (knobs->channels.count == 0)
        return shape_refuse(reason, "cnn needs at least one entry in channels; use model mlp for none");
    size_t number = build(knobs, shape, &net);
    if (number != 0)
        return refuse_vanishing(&net, number, knobs->channels.count, reason);
    for (size_t l = 0; l < net.layers; l++)
        if (conv_input_size(&net.layer[l]) > INT_MAX)
            return shape_refuse(reason,
                                "cnn: the maps before layer %zu have %zu values; at most %d can be handled",
                                l + 1, conv_input_size(&net.layer[l]), INT_MAX);
    return shape_need_fitting("cnn", shape, dimension_estimate(&net), reason);
}

static size_t dimension(const void *params, const struct model_shape *shape)
{
    struct net net;
    build(params, shape, &net);
    size_t sum = dense_dimension(&net.head);
    for (size_t l = 0; l < net.layers; l++)
        sum += conv_dimension(&net.layer[l]);
    return sum;
}

static size_t outputs(const void *params, const struct model_shape *shape)
{
    (void)params;
    return shape->classes;
}

enum { BLOCK = 32 }; /* most images of a block */

/* Blocks of nearly equal size, so that what a block touches stays in the cache. */
static size_t block_count(size_t count)
{
    return (count + BLOCK - 1) / BLOCK;
}

static size_t largest_block(size_t count)
{
    return (count + block_count(count) - 1) / block_count(count);
}

/* Where block b of a batch begins; b may be the number of blocks. */
static size_t block_start(size_t count, size_t b)
{
    size_t blocks = block_count(count), whole = count / blocks, longer = count % blocks;
    return b * whole + (b < longer ? b : longer);
}

struct workspace {
    struct conv_room room[BYZ_COUNTS_MOST];
    char *kept; /* (blocks): what each block keeps, kept_bytes each */
    size_t kept_bytes;
    float *flat, *d_flat; /* (channels, rows, columns, count): the last pooled maps and their derivative */
    void *head;
    size_t bytes;
};

static void *claim(struct workspace *work, void *scratch, size_t bytes)
{
    void *place = scratch == NULL ? NULL : (char *)scratch + work->bytes;
    work->bytes += mem_round_up(bytes);
    return place;
}

/* The kept buffers of all layers for one block in `place`; returns their bytes. */
static size_t lay_out_kept(const struct net *net, size_t images, char *place,
                           struct conv_kept kept[BYZ_COUNTS_MOST])
{
    size_t used = 0;
    for (size_t l = 0; l < net->layers; l++)
        used += conv_lay_out_kept(&net->layer[l], images, place == NULL ? NULL : place + used, &kept[l]);
    return used;
}

static struct workspace lay_out(const struct net *net, size_t count, void *scratch)
{
    struct workspace work = {.bytes = 0};
    struct conv_kept kept[BYZ_COUNTS_MOST];
    size_t flat = count * net->head.width[0] * sizeof(float), images = largest_block(count);
    for (size_t l = 0; l < net->layers; l++) {
        void *place = claim(&work, scratch, 0);
        claim(&work, scratch, conv_lay_out_room(&net->layer[l], images, place, &work.room[l]));
    }
    work.kept_bytes = lay_out_kept(net, images, NULL, kept);
    work.kept = claim(&work, scratch, block_count(count) * work.kept_bytes);
    work.flat = claim(&work, scratch, flat);
    work.d_flat = claim(&work, scratch, flat);
    work.head = claim(&work, scratch, dense_scratch_bytes(&net->head, count));
    return work;
}

static size_t scratch_bytes(const void *params, const struct model_shape *shape, size_t count)
{
    struct net net;
    build(params, shape, &net);
    return lay_out(&net, count, NULL).bytes;
}

static void initialise(const void *params, const struct model_shape *shape, enum model_init init,
                       struct rng *rng, float *w)
{
    struct net net;
    build(params, shape, &net);
    for (size_t l = 0; l < net.layers; l++) {
        const struct conv_layer *layer = &net.layer[l];
        size_t area = layer->kernel * layer->kernel;
        const struct init_layer fill = {.weights = layer->out * layer->in * area,
                                        .biases = layer->out,
                                        .fan_in = layer->in * area,
                                        .fan_out = layer->out * area};
        w = init_fill(&fill, init, rng, w);
    }
    dense_initialise(&net.head, init, rng, w);
}

/* Images (images, channels, height, width) into the first layer's padded maps, image innermost. */
static void load_images(const struct conv_layer *layer, size_t images, const float *restrict x, float *in)
{
    struct conv_map map = conv_inside(layer, images, in);
    size_t features = layer->in * layer->height * layer->width;
    conv_clear_border(layer, images, in);
    for (size_t c = 0; c < layer->in; c++)
        for (size_t y = 0; y < layer->height; y++, x += layer->width) {
            float *restrict to = map.v + c * map.plane + y * map.row;
            for (size_t k = 0; k < layer->width; k++)
                for (size_t i = 0; i < images; i++)
                    to[k * images + i] = x[i * features + k];
        }
}

/* Block `b` of a batch of `count` on its way through the convolutions. */
struct block {
    size_t count, start, images;
    struct conv_kept kept[BYZ_COUNTS_MOST];
};

/* `place`: which of the kept buffers it uses. */
static struct block open_block(const struct net *net, const struct workspace *work, size_t count, size_t b,
                               size_t place)
{
    struct block block = {.count = count, .start = block_start(count, b)};
    block.images = block_start(count, b + 1) - block.start;
    lay_out_kept(net, block.images, work->kept + place * work->kept_bytes, block.kept);
    return block;
}

/* Where layer l puts its output (or, with `derivative`, finds the derivative there). */
static struct conv_map output_of(const struct net *net, const struct workspace *work,
                                 const struct block *block, size_t l, bool derivative)
{
    if (l + 1 < net->layers)
        return conv_inside(&net->layer[l + 1], block->images,
                           derivative ? work->room[l + 1].d_in : block->kept[l + 1].in);
    size_t row = net->columns * block->count;
    return (struct conv_map){(derivative ? work->d_flat : work->flat) + block->start, net->rows * row, row,
                             block->count};
}

/* The convolutions of one block of x; returns the parameters behind the last of them. */
static const float *forward_block(const struct net *net, const struct workspace *work,
                                  const struct block *block, const float *w, const float *x)
{
    const struct conv_layer *first = &net->layer[0];
    load_images(first, block->images, x + block->start * first->in * first->height * first->width,
                block->kept[0].in);
    for (size_t l = 0; l < net->layers; l++) {
        struct conv_map out = output_of(net, work, block, l, false);
        if (l + 1 < net->layers)
            conv_clear_border(&net->layer[l + 1], block->images, block->kept[l + 1].in);
        conv_forward(&net->layer[l], block->images, w, &block->kept[l], &work->room[l], &out);
        w += conv_dimension(&net->layer[l]);
    }
    return w;
}

/* w and g: behind the parameters of the last convolution. */
static void backward_block(const struct net *net, const struct workspace *work, const struct block *block,
                           const float *w, float *g)
{
    for (size_t l = net->layers; l-- > 0;) {
        struct conv_map out = output_of(net, work, block, l, false);
        struct conv_map d_out = output_of(net, work, block, l, true);
        w -= conv_dimension(&net->layer[l]);
        g -= conv_dimension(&net->layer[l]);
        conv_backward(&net->layer[l], block->images, w, &block->kept[l], &work->room[l], &out, &d_out, l > 0,
                      block->start > 0, g);
    }
}

static double gradient(const void *params, const struct model_shape *shape, const float *w,
                       const struct model_batch *batch, void *scratch, float *g)
{
    struct net net;
    build(params, shape, &net);
    struct workspace work = lay_out(&net, batch->count, scratch);
    const float *head = w;
    for (size_t b = 0; b < block_count(batch->count); b++) {
        struct block block = open_block(&net, &work, batch->count, b, b);
        head = forward_block(&net, &work, &block, w, batch->x);
    }
    g += head - w;
    double loss = dense_gradient(&net.head, head, (struct dense_inputs){.v = work.flat}, batch, work.head, g,
                                 work.d_flat);
    for (size_t b = 0; b < block_count(batch->count); b++) {
        struct block block = open_block(&net, &work, batch->count, b, b);
        backward_block(&net, &work, &block, head, g);
    }
    return loss;
}

static double flops(const void *params, const struct model_shape *shape, size_t count)
{
    struct net net;
    build(params, shape, &net);
    double sum = dense_flops(&net.head, count, true);
    for (size_t l = 0; l < net.layers; l++) {
        const struct conv_layer *layer = &net.layer[l];
        double kernel = (double)layer->in * (double)(layer->kernel * layer->kernel);
        double places = (double)(conv_rows(layer) * conv_columns(layer) * layer->pool * layer->pool);
        double product = places * (double)layer->out * kernel; /* places that are pooled away cost as well */
        sum += (l > 0 ? 6 : 4) * (double)count * product;
    }
    return sum;
}

static void predict(const void *params, const struct model_shape *shape, const float *w, size_t count,
                    const float *x, void *scratch, float *out)
{
    struct net net;
    build(params, shape, &net);
    struct workspace work = lay_out(&net, count, scratch);
    const float *head = w;
    for (size_t b = 0; b < block_count(count); b++) {
        struct block block = open_block(&net, &work, count, b, 0);
        head = forward_block(&net, &work, &block, w, x);
    }
    dense_predict(&net.head, head, count, (struct dense_inputs){.v = work.flat}, work.head, out);
}

const struct model_kind model_cnn = {
    .base =
        {.name = "cnn",
         .doc =
             "Convolutional network (LeCun et al., Proc. IEEE 86, 1998): convolutions, each followed by max "
             "pooling and the activation, then fully connected layers under a softmax and the cross entropy. "
             "The "
             "defaults are the MNIST network with 431,080 parameters used throughout the Byzantine learning "
             "literature. Parameters are ordered as in the PyTorch module with the same layers.",
         .params = table,
         .param_count = BYZ_LENGTH(table),
         .params_size = sizeof(struct params)},
    .loss = MODEL_CROSS_ENTROPY,
    .unsuitable = unsuitable,
    .dimension = dimension,
    .outputs = outputs,
    .scratch_bytes = scratch_bytes,
    .initialise = initialise,
    .gradient = gradient,
    .flops = flops,
    .predict = predict,
};
