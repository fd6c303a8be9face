/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/model/dense.h"
#include "sim/base/mem.h"
#include "sim/model/init.h"
#include "sim/model/loss.h"
#include "sim/num/dispatch.h"
#include "sim/num/exponential.h"
#include "sim/num/gemm.h"

#include <string.h>

const char *const dense_activation_words[] = {[DENSE_RELU] = "relu", [DENSE_TANH] = "tanh", NULL};

/* Where things lie in the scratch block. */
struct workspace {
    float *hidden[BYZ_COUNTS_MOST + 2]; /* [l] (width[l], count) for 0 < l < layers */
    float *logits;                      /* (outputs, count) */
    float *spare[2];                    /* (widest layer, count): derivatives, layer by layer in turn */
    size_t bytes;
};

struct dense_stack dense_build(size_t inputs, const struct byz_counts *hidden, size_t outputs, int activation)
{
    struct dense_stack stack = {
        .layers = hidden->count + 1, .bias = true, .activation = (enum dense_activation)activation};
    stack.width[0] = inputs;
    for (size_t l = 0; l < hidden->count; l++)
        stack.width[l + 1] = (size_t)hidden->values[l];
    stack.width[stack.layers] = outputs;
    return stack;
}

/* Parameters of layer l (1-based). */
static size_t layer_size(const struct dense_stack *stack, size_t l)
{
    return stack->width[l] * (stack->width[l - 1] + stack->bias);
}

size_t dense_dimension(const struct dense_stack *stack)
{
    size_t sum = 0;
    for (size_t l = 1; l <= stack->layers; l++)
        sum += layer_size(stack, l);
    return sum;
}

double dense_dimension_estimate(const struct dense_stack *stack)
{
    double sum = 0;
    for (size_t l = 1; l <= stack->layers; l++)
        sum += (double)stack->width[l] * ((double)stack->width[l - 1] + stack->bias);
    return sum;
}

static float *claim(struct workspace *work, void *scratch, size_t floats)
{
    float *place = scratch == NULL ? NULL : (float *)(void *)((char *)scratch + work->bytes);
    work->bytes += mem_round_up(floats * sizeof(float));
    return place;
}

/* Lays out the scratch block; with scratch NULL only `bytes` counts. */
static struct workspace lay_out(const struct dense_stack *stack, size_t count, void *scratch)
{
    struct workspace work = {.bytes = 0};
    size_t widest = stack->width[stack->layers];
    for (size_t l = 1; l < stack->layers; l++) {
        work.hidden[l] = claim(&work, scratch, stack->width[l] * count);
        widest = stack->width[l] > widest ? stack->width[l] : widest;
    }
    work.logits = claim(&work, scratch, stack->width[stack->layers] * count);
    for (size_t k = 0; k < 2; k++)
        work.spare[k] = claim(&work, scratch, widest * count);
    return work;
}

size_t dense_scratch_bytes(const struct dense_stack *stack, size_t count)
{
    return lay_out(stack, count, NULL).bytes;
}

void dense_initialise(const struct dense_stack *stack, enum model_init init, struct rng *rng, float *w)
{
    for (size_t l = 1; l <= stack->layers; l++) {
        const struct init_layer layer = {.weights = stack->width[l] * stack->width[l - 1],
                                         .biases = stack->bias ? stack->width[l] : 0,
                                         .fan_in = stack->width[l - 1],
                                         .fan_out = stack->width[l]};
        w = init_fill(&layer, init, rng, w);
    }
}

NUM_CLONES static void add_value(size_t count, float b, float *restrict z)
{
    for (size_t i = 0; i < count; i++)
        z[i] += b;
}

NUM_CLONES static void rectify(size_t count, float b, float *restrict z)
{
    for (size_t i = 0; i < count; i++) {
        float sum = z[i] + b;
        z[i] = sum < 0 ? 0 : sum;
    }
}

void dense_activate(enum dense_activation activation, size_t count, float b, float *z)
{
    if (activation == DENSE_RELU) {
        rectify(count, b, z);
        return;
    }
    add_value(count, b, z);
    exponential_tangents(count, z);
}

NUM_CLONES static void tangent_slopes(size_t count, const float *restrict a, float *restrict d)
{
    for (size_t i = 0; i < count; i++)
        d[i] *= 1 - a[i] * a[i];
}

NUM_CLONES static void rectifier_slopes(size_t count, const float *restrict a, float *restrict d)
{
    for (size_t i = 0; i < count; i++)
        d[i] = a[i] > 0 ? d[i] : 0;
}

void dense_deactivate(enum dense_activation activation, size_t count, const float *a, float *d)
{
    (activation == DENSE_TANH ? tangent_slopes : rectifier_slopes)(count, a, d);
}

struct dense_inputs dense_samples(const struct model_batch *batch)
{
    return (struct dense_inputs){.v = batch->x, .bytes = batch->bytes, .by_sample = true};
}

/* The inputs of layer l: those of the stack for the first, hidden activations for the others. */
static struct dense_inputs inputs_of(const struct workspace *work, size_t l, struct dense_inputs x)
{
    return l == 1 ? x : (struct dense_inputs){.v = work->hidden[l - 1]};
}

static void add_bias(size_t units, size_t count, const float *restrict b, float *restrict z)
{
    for (size_t u = 0; u < units; u++)
        for (size_t i = 0; i < count; i++)
            z[u * count + i] += b[u];
}

/* c (m, n) = keep c + fresh left (m, k) times a layer's inputs a, as they lie (k, n) or turned. */
static void add_inputs(bool turned, size_t m, size_t n, size_t k, float fresh, const float *left,
                       const struct dense_inputs *a, float keep, float *c)
{
    if (a->bytes != NULL)
        gemm_bytes(turned, m, n, k, fresh, left, k, a->bytes, keep, c, n);
    else
        gemm(false, turned, m, n, k, fresh, left, k, a->v, turned ? k : n, keep, c, n);
}

static void times_inputs(bool turned, size_t m, size_t n, size_t k, const float *left,
                         const struct dense_inputs *a, float *c)
{
    add_inputs(turned, m, n, k, 1, left, a, 0, c);
}

/* The activations of all layers, the last one's, logits, in work->logits. */
static void forward(const struct dense_stack *stack, const struct workspace *work, const float *w,
                    size_t count, struct dense_inputs x)
{
    for (size_t l = 1; l <= stack->layers; l++) {
        size_t in = stack->width[l - 1], units = stack->width[l];
        struct dense_inputs a = inputs_of(work, l, x);
        const float *b = stack->bias ? w + units * in : NULL;
        float *z = l < stack->layers ? work->hidden[l] : work->logits;
        times_inputs(a.by_sample, units, count, in, w, &a, z);
        if (l < stack->layers)
            for (size_t u = 0; u < units; u++)
                dense_activate(stack->activation, count, b != NULL ? b[u] : 0, z + u * count);
        else if (b != NULL)
            add_bias(units, count, b, z);
        w += layer_size(stack, l);
    }
}

/* g (units) = sum of d (units, count) over the batch, in the order of the samples. */
static void sum_in_order(const float *d, size_t count, size_t units, float *g)
{
    memset(g, 0, units * sizeof *g);
    for (size_t i = 0; i < count; i++)
        for (size_t u = 0; u < units; u++)
            g[u] += d[u * count + i];
}

/* The same in the lanes of vectors. */
static void sum_in_lanes(const float *d, size_t count, size_t units, float *g)
{
    enum { LANES = 8 };
    for (size_t u = 0; u < units; u++) {
        const float *row = d + u * count;
        float part[LANES] = {0};
        size_t i = 0;
        for (; i + LANES <= count; i += LANES)
            for (size_t l = 0; l < LANES; l++)
                part[l] += row[i + l];
        for (size_t l = 0; i + l < count; l++)
            part[l] += row[i + l];
        g[u] = ((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7]));
    }
}

/* From the derivative at the logits (in work->logits) down to the first layer. */
static void backward(const struct dense_stack *stack, const struct workspace *work, const float *w,
                     size_t count, struct dense_inputs x, float *g, float *dx)
{
    const float *d = work->logits;
    w += dense_dimension(stack);
    g += dense_dimension(stack);
    for (size_t l = stack->layers; l >= 1; l--) {
        size_t in = stack->width[l - 1], units = stack->width[l];
        struct dense_inputs a = inputs_of(work, l, x);
        w -= layer_size(stack, l);
        g -= layer_size(stack, l);
        times_inputs(!a.by_sample, units, in, count, d, &a, g);
        if (stack->bias && l == stack->layers)
            sum_in_order(d, count, units, g + units * in);
        else if (stack->bias)
            sum_in_lanes(d, count, units, g + units * in);
        if (l > 1) {
            gemm(true, false, in, count, units, 1, w, in, d, count, 0, work->spare[l % 2], count);
            dense_deactivate(stack->activation, in * count, a.v, work->spare[l % 2]);
            d = work->spare[l % 2];
        } else if (dx != NULL) {
            gemm(true, false, in, count, units, 1, w, in, d, count, 0, dx, count);
        }
    }
}

/* The sum of the losses; work->logits become the derivatives of their mean. */
static double derive(const struct dense_stack *stack, const struct model_batch *batch,
                     const struct workspace *work)
{
    return loss_derive_columns(batch->count, stack->width[stack->layers], batch->labels,
                               1.0f / (float)batch->count, work->logits);
}

double dense_gradient(const struct dense_stack *stack, const float *w, struct dense_inputs x,
                      const struct model_batch *batch, void *scratch, float *g, float *dx)
{
    struct workspace work = lay_out(stack, batch->count, scratch);
    forward(stack, &work, w, batch->count, x);
    double loss = derive(stack, batch, &work);
    backward(stack, &work, w, batch->count, x, g, dx);
    return loss / (double)batch->count;
}

void dense_fold(const struct dense_stack *stack, const float *w, const struct model_batch *batch,
                void *scratch, float keep, float fresh, float *g)
{
    struct workspace work = lay_out(stack, batch->count, scratch);
    size_t in = stack->width[0], units = stack->width[1];
    const struct dense_inputs x = dense_samples(batch);
    float *b = g + units * in;
    forward(stack, &work, w, batch->count, x);
    derive(stack, batch, &work);
    add_inputs(false, units, in, batch->count, fresh, work.logits, &x, keep, g);
    if (!stack->bias)
        return;
    sum_in_order(work.logits, batch->count, units, work.spare[0]);
    for (size_t u = 0; u < units; u++)
        b[u] = keep * b[u] + fresh * work.spare[0][u];
}

void dense_residuals(const struct dense_stack *stack, const float *w, const struct model_batch *batch,
                     void *scratch, float *r)
{
    struct workspace work = lay_out(stack, batch->count, scratch);
    work.logits = r;
    forward(stack, &work, w, batch->count, dense_samples(batch));
    derive(stack, batch, &work);
}

/* Rows of the weights that lie in the block as a whole go in one product, those cut by its ends alone. */
void dense_columns(const struct dense_stack *stack, const struct model_batch *batch, const float *r,
                   size_t from, size_t width, float *g)
{
    size_t in = stack->width[0], units = stack->width[1], count = batch->count, end = from + width;
    size_t weights_end = end < units * in ? end : units * in, at = from;
    while (at < weights_end) {
        size_t unit = at / in, column = at % in, left = weights_end - at;
        size_t rows = column == 0 && left >= in ? left / in : 1;
        size_t columns = column == 0 && left >= in ? in : in - column < left ? in - column : left;
        const float *d = r + unit * count;
        if (batch->bytes != NULL) {
            struct gemm_bytes bytes = *batch->bytes;
            bytes.from += column;
            gemm_bytes(false, rows, columns, count, 1, d, count, &bytes, 0, g + (at - from), in);
        } else {
            gemm(false, false, rows, columns, count, 1, d, count, batch->x + column, in, 0, g + (at - from),
                 in);
        }
        at += rows * columns;
    }
    for (; at < end; at++) {
        float sum = 0;
        for (size_t i = 0; i < count; i++)
            sum += r[(at - units * in) * count + i];
        g[at - from] = sum;
    }
}

double dense_flops(const struct dense_stack *stack, size_t count, bool inputs)
{
    double sum = 0;
    for (size_t l = 1; l <= stack->layers; l++)
        sum += (l > 1 || inputs ? 3 : 2) * (double)stack->width[l] * (double)stack->width[l - 1];
    return 2 * (double)count * sum;
}

/* out (count, units) = transpose of z (units, count). */
static void turn_logits(size_t count, size_t units, const float *restrict z, float *restrict out)
{
    for (size_t i = 0; i < count; i++)
        for (size_t u = 0; u < units; u++)
            out[i * units + u] = z[u * count + i];
}

void dense_predict(const struct dense_stack *stack, const float *w, size_t count, struct dense_inputs x,
                   void *scratch, float *out)
{
    struct workspace work = lay_out(stack, count, scratch);
    forward(stack, &work, w, count, x);
    turn_logits(count, stack->width[stack->layers], work.logits, out);
}
