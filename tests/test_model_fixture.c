/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/base/mem.h"
#include "tests/test_model.h"

#include <criterion/criterion.h>
#include <string.h>

const struct model_shape test_model_small = {
    .features = 30, .channels = 1, .height = 6, .width = 5, .classes = 4};
const struct model_shape test_model_mnist = {
    .features = 784, .channels = 1, .height = 28, .width = 28, .classes = 10};
const struct model_shape test_model_cifar = {
    .features = 3072, .channels = 3, .height = 32, .width = 32, .classes = 10};

void *test_model_knob(const struct model_kind *kind, void *params, const char *name)
{
    for (size_t i = 0; i < kind->base.param_count; i++)
        if (strcmp(kind->base.params[i].name, name) == 0)
            return (char *)params + kind->base.params[i].offset;
    return NULL;
}

bool test_model_classifies(const struct model_kind *kind)
{
    return kind->loss == MODEL_CROSS_ENTROPY || kind->loss == MODEL_LOGISTIC;
}

bool test_model_reads_sequences(const struct model_kind *kind)
{
    char params[1024] __attribute__((aligned(16))), reason[BYZ_REASON_SIZE];
    const struct model_shape shape = {.features = 3, .sequence = 3, .classes = 2};
    byz_param_defaults(kind->base.params, kind->base.param_count, params);
    return kind->unsuitable(params, &shape, reason) == 0;
}

static void set_knobs(const struct setting *setting, const struct model_kind *kind, void *params)
{
    struct byz_counts *hidden = test_model_knob(kind, params, "hidden"),
                      *channels = test_model_knob(kind, params, "channels");
    bool *bias = test_model_knob(kind, params, "bias");
    int *curvature = test_model_knob(kind, params, "curvature");
    if (setting->smooth && hidden != NULL) {
        *hidden = (struct byz_counts){.count = 1, .values = {5}};
        *(int *)test_model_knob(kind, params, "activation") = 1;
    }
    if (setting->smooth && channels != NULL) {
        *channels = (struct byz_counts){.count = 1, .values = {3}};
        *(uint64_t *)test_model_knob(kind, params, "kernel") = 3;
        *(uint64_t *)test_model_knob(kind, params, "pool") = 1;
    }
    if (setting->flip_bias && bias != NULL)
        *bias = !*bias;
    if (curvature != NULL)
        *curvature = setting->curvature;
}

static void fill_normal(struct rng *rng, double deviation, size_t count, float *v)
{
    for (size_t j = 0; j < count; j++)
        v[j] = (float)(deviation * rng_normal(rng));
}

void test_model_start(struct fixture *f, const struct setting *setting)
{
    struct rng rng;
    const struct model_kind *kind = (const void *)model_family.at(setting->index);
    size_t count = setting->count;
    byz_param_defaults(kind->base.params, kind->base.param_count, f->params);
    set_knobs(setting, kind, f->params);
    f->model = (struct model){.kind = kind, .params = f->params, .shape = setting->shape};
    if (test_model_reads_sequences(kind))
        f->model.shape =
            (struct model_shape){.features = 12, .sequence = 12, .classes = setting->shape.classes};
    if (kind->loss == MODEL_SQUARED)
        f->model.shape.classes = 0;
    if (kind->loss == MODEL_LOGISTIC)
        f->model.shape.classes = 2;
    byz_param_defaults(model_common_params, model_common_param_count, &f->model.common);
    f->model.common.l2 = setting->l2;
    char reason[BYZ_REASON_SIZE] = "";
    cr_assert_eq(kind->unsuitable(f->params, &f->model.shape, reason), 0, "%s", reason);
    size_t features = f->model.shape.features, labels = count * model_labels_each(&f->model.shape);
    f->dimension = model_dimension(&f->model);
    f->w = mem_array(f->dimension, sizeof(float), NULL);
    f->g = mem_array(f->dimension, sizeof(float), NULL);
    f->x = mem_array(count * features, sizeof(float), NULL);
    f->targets = mem_array(count, sizeof(float), NULL);
    f->labels = mem_array(labels, sizeof(int32_t), NULL);
    f->scratch = mem_array(model_scratch_bytes(&f->model, count), 1, NULL);
    rng_start(&rng, 7, RNG_TEST, setting->index, 0);
    fill_normal(&rng, 0.3, f->dimension, f->w);
    fill_normal(&rng, 1, count * features, f->x);
    for (size_t i = 0; f->model.shape.sequence > 0 && i < labels; i++)
        f->x[i] = (float)rng_below(&rng, f->model.shape.classes);
    fill_normal(&rng, 1, count, f->targets);
    for (size_t i = 0; i < labels; i++)
        f->labels[i] = (int32_t)rng_below(&rng, f->model.shape.classes > 0 ? f->model.shape.classes : 1);
    f->batch = (struct model_batch){.count = count, .x = f->x, .labels = f->labels, .targets = f->targets};
}

void test_model_finish(struct fixture *f)
{
    mem_free(f->w);
    mem_free(f->g);
    mem_free(f->x);
    mem_free(f->targets);
    mem_free(f->labels);
    mem_free(f->scratch);
}

double test_model_gradient(struct fixture *f)
{
    return model_gradient(&f->model, f->w, &f->batch, f->scratch, f->g);
}

size_t test_model_index(const char *name)
{
    for (size_t index = 0; index < model_family.count; index++)
        if (strcmp(model_family.at(index)->name, name) == 0)
            return index;
    cr_assert_fail("no model %s", name);
    return 0;
}
