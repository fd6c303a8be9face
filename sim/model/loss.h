/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Losses of model outputs, written so that no intermediate overflows:
 *
 *   cross entropy   log sum_k exp(z_k - m) - (z_y - m),  m = max_k z_k;   derivative softmax(z)_k - [k = y]
 *   logistic        max(z, 0) - y z + log(1 + exp(-|z|));                 derivative 1 / (1 + exp(-z)) - y
 *   squared         (z - t)^2 / 2;                                        derivative z - t
 *   potential       z itself;                                             derivative 1
 *
 * Check: logits (0, 0, 0) cost log 3 = 1.0986 whatever the label; a logit of 1000 with label 0 costs 1000.
 */
#ifndef SIM_MODEL_LOSS_H
#define SIM_MODEL_LOSS_H

#include "sim/model/model.h"
#include <stddef.h>

/* The loss of label (or target) `index` of the batch, given its out (outputs). Not finite when an output is
 * not. */
double loss_sample(enum model_loss loss, const struct model_batch *batch, size_t index, size_t outputs,
                   const float *out);

/* Returns the mean loss of a batch with one output a sample, and overwrites out (count) with the mean loss's
 * derivative. */
double loss_derive(enum model_loss loss, const struct model_batch *batch, float *out);

/* Cross entropy, of `count` labels: returns the sum of their losses, and overwrites out (count, classes), or
 * z (classes, count), with the derivatives times `share`. */
double loss_derive_classes(size_t count, size_t classes, const int32_t *labels, float share, float *out);
double loss_derive_columns(size_t count, size_t classes, const int32_t *labels, float share, float *z);

/* The predicted class: the first largest of the outputs (cross entropy), or whether the output is positive
 * (logistic); -1 when an output is not finite or the loss is of another kind. */
int32_t loss_decide(enum model_loss loss, size_t outputs, const float *out);

#endif
