/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where the gradient of the convolutional network of 431,080 parameters spends its time, on one thread: each
 * layer forward and backward, beside the speed of a large matrix product. The backward pass of a convolution
 * is timed with and without the derivative at its inputs; the difference is given. usage: bench_layers
 * [batch, 32]
 */
#include "sim/base/mem.h"
#include "sim/model/conv.h"
#include "tests/bench/bench_peak.h"

#include <stdio.h>

enum { CALLS = 20, CLASSES = 10 };

/* One convolution, 28x28 images being the first one's input, with its buffers. */
struct convolution {
    struct conv_layer layer;
    size_t images;
    float *w, *g, *out;
    void *memory;
    struct conv_kept kept;
    struct conv_room room;
    struct conv_map map, d_map;
    bool inputs;
};

static void fill(float *x, size_t count)
{
    struct rng rng;
    rng_start(&rng, 1, RNG_TEST, count, 0);
    for (size_t j = 0; j < count; j++)
        x[j] = (float)rng_real(&rng) - 0.5f;
}

static void convolution_open(struct convolution *c)
{
    const struct conv_layer *l = &c->layer;
    size_t d = conv_dimension(l), pixels = conv_rows(l) * conv_columns(l),
           values = l->out * pixels * c->images;
    size_t kept = conv_lay_out_kept(l, c->images, NULL, &c->kept);
    c->w = bench_block(2 * d, sizeof *c->w);
    c->g = c->w + d;
    c->out = bench_block(2 * values, sizeof *c->out);
    c->memory = bench_block(kept + conv_lay_out_room(l, c->images, NULL, &c->room), 1);
    conv_lay_out_kept(l, c->images, c->memory, &c->kept);
    conv_lay_out_room(l, c->images, (char *)c->memory + kept, &c->room);
    c->map = c->d_map = (struct conv_map){c->out, pixels * c->images, conv_columns(l) * c->images, c->images};
    c->d_map.v = c->out + values;
    fill(c->w, d);
    fill(c->d_map.v, values);
    fill(c->kept.in, conv_input_size(l) * c->images);
}

static void convolution_close(struct convolution *c)
{
    mem_free(c->w);
    mem_free(c->out);
    mem_free(c->memory);
}

static void run_forward(void *what)
{
    struct convolution *c = what;
    conv_forward(&c->layer, c->images, c->w, &c->kept, &c->room, &c->map);
}

static void run_backward(void *what)
{
    struct convolution *c = what;
    conv_backward(&c->layer, c->images, c->w, &c->kept, &c->room, &c->map, &c->d_map, c->inputs, false, c->g);
}

/* `products`: multiplications of one pass for one image. */
static void bench_convolution(struct convolution *c, const char *name, double products, struct peak *peak)
{
    char label[64];
    convolution_open(c);
    products *= (double)c->images;
    snprintf(label, sizeof label, "%s, forward", name);
    bench_print_row(label, bench_measure(run_forward, c, CALLS, peak), products, peak);
    struct times weights = bench_measure(run_backward, c, CALLS, peak);
    snprintf(label, sizeof label, "%s, backward, weights", name);
    bench_print_row(label, weights, products, peak);
    if (c->layer.in > 1) {
        c->inputs = true;
        struct times both = bench_measure(run_backward, c, CALLS, peak);
        snprintf(label, sizeof label, "%s, backward, inputs", name);
        bench_print_row(label, (struct times){both.least - weights.least, both.median - weights.median},
                        products, peak);
    }
    convolution_close(c);
}

struct head {
    struct dense_stack stack;
    struct model_batch batch;
    float *w, *g, *x, *dx, *out;
    void *scratch;
};

static void run_predict(void *what)
{
    struct head *h = what;
    dense_predict(&h->stack, h->w, h->batch.count, (struct dense_inputs){.v = h->x}, h->scratch, h->out);
}

static void run_gradient(void *what)
{
    struct head *h = what;
    dense_gradient(&h->stack, h->w, (struct dense_inputs){.v = h->x}, &h->batch, h->scratch, h->g, h->dx);
}

static void bench_head(size_t images, struct peak *peak)
{
    struct byz_counts hidden = {1, {500}};
    struct head h = {.stack = dense_build(800, &hidden, CLASSES, DENSE_RELU), .batch = {.count = images}};
    size_t d = dense_dimension(&h.stack);
    int32_t *labels = bench_block(images, sizeof *labels);
    h.batch.labels = labels;
    h.w = bench_block(2 * d, sizeof *h.w);
    h.g = h.w + d;
    h.x = bench_block((2 * 800 + CLASSES) * images, sizeof *h.x);
    h.dx = h.x + 800 * images;
    h.out = h.dx + 800 * images;
    h.scratch = bench_block(dense_scratch_bytes(&h.stack, images), 1);
    fill(h.w, d);
    fill(h.x, 800 * images);
    double products = 405000 * (double)images;
    struct times forward = bench_measure(run_predict, &h, CALLS, peak),
                 both = bench_measure(run_gradient, &h, CALLS, peak);
    bench_print_row("dense 800-500-10, forward", forward, products, peak);
    bench_print_row("dense 800-500-10, loss, backward",
                    (struct times){both.least - forward.least, both.median - forward.median}, 2 * products,
                    peak);
    mem_free(labels);
    mem_free(h.w);
    mem_free(h.x);
    mem_free(h.scratch);
}

int main(int argc, char **argv)
{
    size_t batch = bench_read_batch("bench_layers", argc, argv);
    struct peak peak = bench_peak_open();
    struct conv_layer first = {1, 20, 5, 0, 2, 28, 28, DENSE_RELU},
                      second = {20, 50, 5, 0, 2, 12, 12, DENSE_RELU};
    bench_print_head("cnn, layer by layer", batch);
    bench_convolution(&(struct convolution){.layer = first, .images = batch}, "20 kernels 5x5", 288000,
                      &peak);
    bench_convolution(&(struct convolution){.layer = second, .images = batch}, "50 kernels 5x5", 1600000,
                      &peak);
    bench_head(batch, &peak);
    bench_print_peak(&peak);
    bench_peak_close(&peak);
    return 0;
}
