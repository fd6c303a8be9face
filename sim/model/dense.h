/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Stacks of fully connected layers under a softmax: a_0 = x, a_l = s(W_l a_(l-1) + b_l), logits = W_L a_(L-1)
 * + b_L, with s = ReLU or tanh. The parameters are W_1 (width_1, width_0) row-major, b_1, W_2, b_2, ... as
 * PyTorch orders torch.nn.Linear. Gradients by backpropagation (Rumelhart, Hinton, Williams, Nature 323,
 * 1986).
 *
 * Cost: three matrix products a layer (two for the first). Hidden activations lie unit by unit, (width,
 * count): the weights are then read in place by all products, and a worker's small batch is the side that is
 * a multiple of the vectors' length.
 *
 * Check: widths 784, 100, 10 with biases are 79,510 parameters.
 */
#ifndef SIM_MODEL_DENSE_H
#define SIM_MODEL_DENSE_H

#include "sim/model/model.h"
#include <stdbool.h>
#include <stddef.h>

enum dense_activation { DENSE_RELU, DENSE_TANH };

/* Words of the knob that chooses enum dense_activation, ended by NULL. */
extern const char *const dense_activation_words[];

struct dense_stack {
    size_t layers;                     /* at least 1 */
    size_t width[BYZ_COUNTS_MOST + 2]; /* layers + 1: inputs, hidden units, outputs */
    bool bias;
    enum dense_activation activation; /* of all layers but the last */
};

/* inputs - hidden[0] - ... - outputs, with biases. */
struct dense_stack dense_build(size_t inputs, const struct byz_counts *hidden, size_t outputs,
                               int activation);

/* Number of parameters: exact, and as a double that cannot overflow. */
size_t dense_dimension(const struct dense_stack *stack);
double dense_dimension_estimate(const struct dense_stack *stack);

size_t dense_scratch_bytes(const struct dense_stack *stack, size_t count);

/* The inputs of a batch: sample by sample, (count, width[0]), as data sets give them, of floats or of bytes,
 * or unit by unit, (width[0], count), as the maps of convolutions lie. */
struct dense_inputs {
    const float *v;
    const struct gemm_bytes *bytes; /* not NULL: instead of v */
    bool by_sample;
};

struct dense_inputs dense_samples(const struct model_batch *batch);

/* Draws layer by layer with init_fill. */
void dense_initialise(const struct dense_stack *stack, enum model_init init, struct rng *rng, float *w);

/* Mean cross entropy of the batch, whose x is `x` here; g (dense_dimension) is overwritten with its gradient,
 * and dx (width[0], count), when not NULL, with the derivative with respect to the inputs. */
double dense_gradient(const struct dense_stack *stack, const float *w, struct dense_inputs x,
                      const struct model_batch *batch, void *scratch, float *g, float *dx);

/* Of a single layer, as model_kind.fold. */
void dense_fold(const struct dense_stack *stack, const float *w, const struct model_batch *batch,
                void *scratch, float keep, float fresh, float *g);

/* Of a single layer, the gradient by blocks of columns, as in struct model_kind: r (outputs, count) are the
 * derivatives at the logits. */
void dense_residuals(const struct dense_stack *stack, const float *w, const struct model_batch *batch,
                     void *scratch, float *r);
void dense_columns(const struct dense_stack *stack, const struct model_batch *batch, const float *r,
                   size_t from, size_t width, float *g);

/* Operations of dense_gradient, with dx when `inputs`: as model_kind.flops. */
double dense_flops(const struct dense_stack *stack, size_t count, bool inputs);

/* out (count, outputs): the logits. */
void dense_predict(const struct dense_stack *stack, const float *w, size_t count, struct dense_inputs x,
                   void *scratch, float *out);

/* z = s(z + b), one constant b for a run of values. NaNs stay. */
void dense_activate(enum dense_activation activation, size_t count, float b, float *z);

/* d *= s'(z), given a = s(z). */
void dense_deactivate(enum dense_activation activation, size_t count, const float *a, float *d);

#endif
