/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Models with flat parameters and flat gradients. A model has no state: its parameters are one float array of
 * dimension(...) entries, which is what workers send and servers step.
 */
#ifndef SIM_MODEL_MODEL_H
#define SIM_MODEL_MODEL_H

#include "sim/api/byz_param.h"
#include "sim/num/gemm.h"
#include "sim/num/rng.h"
#include <stddef.h>
#include <stdint.h>

/* What the data looks like to the model. */
struct model_shape {
    size_t features, channels, height, width; /* the last three are 0 when the features are no image */
    size_t classes;                           /* 0 for regression */
    size_t sequence; /* characters of a sample, each with a label of its own; 0: no sequences, one label */
};

/* Labels of a sample: 1, or as many as a sequence has characters. */
size_t model_labels_each(const struct model_shape *shape);

/* Labels, and the characters of sequences, are trusted to lie in 0..classes-1: whoever loads data checks
 * them.
 */
struct model_batch {
    size_t count;                   /* at least 1 */
    const float *x;                 /* (count, features) row-major */
    const struct gemm_bytes *bytes; /* the same as bytes, for kinds that read them: then x may be NULL */
    const int32_t *labels;          /* (count, labels of a sample), or NULL */
    const float *targets;           /* (count), or NULL */
};

enum model_loss {
    MODEL_CROSS_ENTROPY, /* softmax over `outputs` logits */
    MODEL_LOGISTIC,      /* one logit, labels 0 and 1 */
    MODEL_SQUARED,       /* half the squared error of one output */
    MODEL_POTENTIAL,     /* the one output is itself the loss of the sample */
};

/* Knobs that every model has, read from the same configuration object. */
struct model_common {
    int init;  /* enum model_init */
    double l2; /* adds l2/2 ||w||^2 to the loss and l2 w to the gradient, biases included */
};
enum model_init {
    MODEL_INIT_USUAL, /* zeros for convex models; uniform in +-1/sqrt(fan_in) for networks */
    MODEL_INIT_ZEROS,
    MODEL_INIT_XAVIER_UNIFORM,
    MODEL_INIT_XAVIER_NORMAL,
    MODEL_INIT_HE_UNIFORM,
    MODEL_INIT_HE_NORMAL,
};
extern const struct byz_param model_common_params[];
extern const size_t model_common_param_count;

struct model_kind {
    struct byz_descriptor base;
    enum model_loss loss;
    bool reads_bytes; /* gradient, residuals and columns take a batch as bytes, with the same bits */
    /* 0 when the model can learn data of this shape; otherwise the reason and non-zero. The functions below
     * may only be called after it has answered 0. */
    int (*unsuitable)(const void *params, const struct model_shape *shape, char reason[BYZ_REASON_SIZE]);
    size_t (*dimension)(const void *params, const struct model_shape *shape);
    size_t (*outputs)(const void *params, const struct model_shape *shape); /* for each label */
    /* Bytes of scratch that gradient and predict need for `count` samples (64-byte aligned block). */
    size_t (*scratch_bytes)(const void *params, const struct model_shape *shape, size_t count);
    void (*initialise)(const void *params, const struct model_shape *shape, enum model_init init,
                       struct rng *rng, float *w);
    /* Mean loss over the batch; g (dimension) is overwritten with its gradient. An output that is NaN or
     * infinite makes the loss so too. Runs on the calling thread alone. */
    double (*gradient)(const void *params, const struct model_shape *shape, const float *w,
                       const struct model_batch *batch, void *scratch, float *g);
    /* g = keep g + fresh times the gradient, with the bits of a pass of its own, as long as the batch has at
     * most GEMM_WHOLE samples; NULL where such a pass is not slower: with many rows of weights the product
     * visits too many places of g at a time. */
    void (*fold)(const void *params, const struct model_shape *shape, const float *w,
                 const struct model_batch *batch, void *scratch, float keep, float fresh, float *g);
    /* Floating-point operations of one gradient of `count` samples: those of the products of parameters with
     * data, forward and backward, a multiplication and an addition each; activations and losses are left
     * out, as the custom is. */
    double (*flops)(const void *params, const struct model_shape *shape, size_t count);
    /* Where the gradient can be made of any block of its columns, from a few numbers kept of the batch; NULL,
     * all three, where it cannot. `residuals` fills r, residual_floats of them, from w and the batch; from
     * these and the same batch `columns` writes g (width) = columns from .. from + width - 1 of the gradient,
     * with the bits of `gradient`. Both run on the calling thread alone. */
    size_t (*residual_floats)(const void *params, const struct model_shape *shape, size_t count);
    void (*residuals)(const void *params, const struct model_shape *shape, const float *w,
                      const struct model_batch *batch, void *scratch, float *r);
    void (*columns)(const void *params, const struct model_shape *shape, const struct model_batch *batch,
                    const float *r, size_t from, size_t width, float *g);
    /* out (count, labels of a sample, outputs): logits, predictions or potentials. Runs on the calling thread
     * alone. */
    void (*predict)(const void *params, const struct model_shape *shape, const float *w, size_t count,
                    const float *x, void *scratch, float *out);
};

extern const struct byz_family model_family;

/* A model as configured: everything the functions below need. Borrows params. */
struct model {
    const struct model_kind *kind;
    const void *params;
    struct model_common common;
    struct model_shape shape;
};

size_t model_dimension(const struct model *model);
size_t model_scratch_bytes(const struct model *model, size_t count);

/* As model_kind.flops. */
double model_flops(const struct model *model, size_t count);

void model_initialise(const struct model *model, struct rng *rng, float *w);

/* As model_kind.gradient; g with the l2 term, the loss without it, like that of an evaluation. */
double model_gradient(const struct model *model, const float *w, const struct model_batch *batch,
                      void *scratch, float *g);

/* Whether batches of `count` can be folded, and that, as in model_kind. */
bool model_folds(const struct model *model, size_t count);
void model_fold(const struct model *model, const float *w, const struct model_batch *batch, void *scratch,
                float keep, float fresh, float *g);

/* As in model_kind, for kinds that have them; model_columns adds the l2 term, for which it needs w. */
size_t model_residual_floats(const struct model *model, size_t count);
void model_residuals(const struct model *model, const float *w, const struct model_batch *batch,
                     void *scratch, float *r);
void model_columns(const struct model *model, const float *w, const struct model_batch *batch, const float *r,
                   size_t from, size_t width, float *g);

/* Sums over a batch, to be added up over batches in a fixed order. */
struct model_score {
    double loss;    /* sum of the losses, l2 term not included */
    size_t count;   /* labels: samples, or characters of sequences */
    size_t correct; /* labels that are the arg-max; one with a non-finite output is never correct */
};

/* Scores a batch: predictions, their losses, how many are right. For models with classes, class_count and
 * class_correct (classes) are added to when they are not NULL. predictions (labels), when not NULL, receives
 * the predicted classes: the first largest logit, or 1 for a positive single logit; -1 where an output is not
 * finite or the model has no classes. scratch: model_scratch_bytes. */
struct model_score model_evaluate(const struct model *model, const float *w, const struct model_batch *batch,
                                  void *scratch, size_t *class_count, size_t *class_correct,
                                  int32_t *predictions);

#endif
