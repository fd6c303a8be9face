/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/model/model.h"
#include "sim/base/mem.h"
#include "sim/model/kinds.h"
#include "sim/model/loss.h"
#include "sim/num/dispatch.h"

static const struct model_kind *const table[] = {
    &model_linear, &model_logistic, &model_softmax,     &model_mlp,
    &model_cnn,    &model_gru,      &model_transformer, &model_quadratic,
};

static const struct byz_descriptor *at(size_t index)
{
    return &table[index]->base;
}

const struct byz_family model_family = {
    .name = "model", .plural = "models", .count = BYZ_LENGTH(table), .at = at};

static const char *const init_words[] = {
    [MODEL_INIT_USUAL] = "usual",
    [MODEL_INIT_ZEROS] = "zeros",
    [MODEL_INIT_XAVIER_UNIFORM] = "xavier_uniform",
    [MODEL_INIT_XAVIER_NORMAL] = "xavier_normal",
    [MODEL_INIT_HE_UNIFORM] = "he_uniform",
    [MODEL_INIT_HE_NORMAL] = "he_normal",
    [MODEL_INIT_HE_NORMAL + 1] = NULL,
};

const struct byz_param model_common_params[] = {
    {.name = "init",
     .type = BYZ_CHOICE,
     .offset = offsetof(struct model_common, init),
     .choices = init_words,
     .initial_word = "usual",
     .doc = "Initial parameters: usual is zeros for convex models and uniform in +-1/sqrt(inputs) for "
            "networks; the "
            "xavier and he kinds draw the weights and leave the biases at zero."},
    {.name = "l2",
     .type = BYZ_REAL,
     .offset = offsetof(struct model_common, l2),
     .initial = 0,
     .min = 0,
     .max = DBL_MAX,
     .doc = "Strength of the penalty l2/2 ||w||^2 on all parameters, biases included."},
};
const size_t model_common_param_count = BYZ_LENGTH(model_common_params);

size_t model_labels_each(const struct model_shape *shape)
{
    return shape->sequence > 0 ? shape->sequence : 1;
}

size_t model_dimension(const struct model *model)
{
    return model->kind->dimension(model->params, &model->shape);
}

static size_t output_bytes(const struct model *model, size_t count)
{
    size_t labels = count * model_labels_each(&model->shape);
    return mem_round_up(labels * model->kind->outputs(model->params, &model->shape) * sizeof(float));
}

size_t model_scratch_bytes(const struct model *model, size_t count)
{
    return output_bytes(model, count) + model->kind->scratch_bytes(model->params, &model->shape, count);
}

double model_flops(const struct model *model, size_t count)
{
    return model->kind->flops(model->params, &model->shape, count);
}

void model_initialise(const struct model *model, struct rng *rng, float *w)
{
    model->kind->initialise(model->params, &model->shape, (enum model_init)model->common.init, rng, w);
}

/* Adds l2 w to g. */
NUM_CLONES static void add_penalty(double l2, size_t count, const float *restrict w, float *restrict g)
{
    float strength = (float)l2;
    for (size_t j = 0; j < count; j++)
        g[j] += strength * w[j];
}

double model_gradient(const struct model *model, const float *w, const struct model_batch *batch,
                      void *scratch, float *g)
{
    double loss = model->kind->gradient(model->params, &model->shape, w, batch, scratch, g);
    if (model->common.l2 > 0)
        add_penalty(model->common.l2, model_dimension(model), w, g);
    return loss;
}

bool model_folds(const struct model *model, size_t count)
{
    return model->kind->fold != NULL && model->common.l2 == 0 && count <= GEMM_WHOLE;
}

void model_fold(const struct model *model, const float *w, const struct model_batch *batch, void *scratch,
                float keep, float fresh, float *g)
{
    model->kind->fold(model->params, &model->shape, w, batch, scratch, keep, fresh, g);
}

size_t model_residual_floats(const struct model *model, size_t count)
{
    return model->kind->residual_floats(model->params, &model->shape, count);
}

void model_residuals(const struct model *model, const float *w, const struct model_batch *batch,
                     void *scratch, float *r)
{
    model->kind->residuals(model->params, &model->shape, w, batch, scratch, r);
}

void model_columns(const struct model *model, const float *w, const struct model_batch *batch, const float *r,
                   size_t from, size_t width, float *g)
{
    model->kind->columns(model->params, &model->shape, batch, r, from, width, g);
    if (model->common.l2 > 0)
        add_penalty(model->common.l2, width, w + from, g);
}

/* Counts one label for its class, where there are classes. */
static void count_label(int32_t label, bool right, struct model_score *score, size_t *class_count,
                        size_t *class_correct)
{
    score->correct += right;
    if (class_count != NULL)
        class_count[label]++;
    if (class_correct != NULL)
        class_correct[label] += right;
}

struct model_score model_evaluate(const struct model *model, const float *w, const struct model_batch *batch,
                                  void *scratch, size_t *class_count, size_t *class_correct,
                                  int32_t *predictions)
{
    const struct model_kind *kind = model->kind;
    size_t outputs = kind->outputs(model->params, &model->shape);
    bool classifies = kind->loss == MODEL_CROSS_ENTROPY || kind->loss == MODEL_LOGISTIC;
    struct model_score score = {.count = batch->count * model_labels_each(&model->shape)};
    float *out = scratch;
    kind->predict(model->params, &model->shape, w, batch->count, batch->x,
                  (char *)scratch + output_bytes(model, batch->count), out);
    for (size_t i = 0; i < score.count; i++) {
        const float *z = out + i * outputs;
        int32_t decision = loss_decide(kind->loss, outputs, z);
        score.loss += loss_sample(kind->loss, batch, i, outputs, z);
        if (classifies)
            count_label(batch->labels[i], decision == batch->labels[i], &score, class_count, class_correct);
        if (predictions != NULL)
            predictions[i] = decision;
    }
    return score;
}
