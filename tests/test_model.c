/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Models: laws over the whole table, then values computed by hand. Networks have their naive twin in
 * test_model_network.c. */
#include "sim/base/mem.h"
#include "sim/model/model.h"
#include "sim/num/blas.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

/* A model with its data, all from one seed. */
struct fixture {
    char params[1024] __attribute__((aligned(16)));
    struct model model;
    size_t dimension;
    float *w, *g, *x, *targets;
    int32_t *labels;
    void *scratch;
    struct model_batch batch;
};

static void *knob(const struct model_kind *kind, void *params, const char *name)
{
    for (size_t i = 0; i < kind->base.param_count; i++)
        if (strcmp(kind->base.params[i].name, name) == 0)
            return (char *)params + kind->base.params[i].offset;
    return NULL;
}

static bool classifies(const struct model_kind *kind)
{
    return kind->loss == MODEL_CROSS_ENTROPY || kind->loss == MODEL_LOGISTIC;
}

/* How a fixture differs from the defaults. */
struct setting {
    size_t index; /* in model_family */
    struct model_shape shape;
    size_t count;
    bool smooth;    /* small networks without kinks, for finite differences */
    bool flip_bias; /* the other value of the knob than the default */
    int curvature;  /* choice of the knob */
    double l2;
};

static void set_knobs(const struct setting *setting, const struct model_kind *kind, void *params)
{
    struct byz_counts *hidden = knob(kind, params, "hidden"), *channels = knob(kind, params, "channels");
    bool *bias = knob(kind, params, "bias");
    int *curvature = knob(kind, params, "curvature");
    if (setting->smooth && hidden != NULL) {
        *hidden = (struct byz_counts){.count = 1, .values = {5}};
        *(int *)knob(kind, params, "activation") = 1;
    }
    if (setting->smooth && channels != NULL) {
        *channels = (struct byz_counts){.count = 1, .values = {3}};
        *(uint64_t *)knob(kind, params, "kernel") = 3;
        *(uint64_t *)knob(kind, params, "pool") = 1;
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

static void start(struct fixture *f, const struct setting *setting)
{
    struct rng rng;
    const struct model_kind *kind = (const void *)model_family.at(setting->index);
    size_t count = setting->count, features = setting->shape.features;
    blas_start();
    byz_param_defaults(kind->base.params, kind->base.param_count, f->params);
    set_knobs(setting, kind, f->params);
    f->model = (struct model){.kind = kind, .params = f->params, .shape = setting->shape};
    if (kind->loss == MODEL_SQUARED)
        f->model.shape.classes = 0;
    if (kind->loss == MODEL_LOGISTIC)
        f->model.shape.classes = 2;
    byz_param_defaults(model_common_params, model_common_param_count, &f->model.common);
    f->model.common.l2 = setting->l2;
    char reason[BYZ_REASON_SIZE] = "";
    cr_assert_eq(kind->unsuitable(f->params, &f->model.shape, reason), 0, "%s", reason);
    f->dimension = model_dimension(&f->model);
    f->w = mem_array(f->dimension, sizeof(float), NULL);
    f->g = mem_array(f->dimension, sizeof(float), NULL);
    f->x = mem_array(count * features, sizeof(float), NULL);
    f->targets = mem_array(count, sizeof(float), NULL);
    f->labels = mem_array(count, sizeof(int32_t), NULL);
    f->scratch = mem_array(model_scratch_bytes(&f->model, count), 1, NULL);
    rng_start(&rng, 7, RNG_TEST, setting->index, 0);
    fill_normal(&rng, 0.3, f->dimension, f->w);
    fill_normal(&rng, 1, count * features, f->x);
    fill_normal(&rng, 1, count, f->targets);
    for (size_t i = 0; i < count; i++)
        f->labels[i] = (int32_t)rng_below(&rng, f->model.shape.classes > 0 ? f->model.shape.classes : 1);
    f->batch = (struct model_batch){count, f->x, f->labels, f->targets};
}

static void finish(struct fixture *f)
{
    mem_free(f->w);
    mem_free(f->g);
    mem_free(f->x);
    mem_free(f->targets);
    mem_free(f->labels);
    mem_free(f->scratch);
}

static double gradient(struct fixture *f)
{
    return model_gradient(&f->model, f->w, &f->batch, f->scratch, f->g);
}

static double loss_at(struct fixture *f, size_t j, float value, float *spare)
{
    float kept = f->w[j];
    f->w[j] = value;
    double loss = model_gradient(&f->model, f->w, &f->batch, f->scratch, spare);
    f->w[j] = kept;
    return loss;
}

static const struct model_shape small_image = {
    .features = 30, .channels = 1, .height = 6, .width = 5, .classes = 4};

/* Five-point stencil: error h^4, so that h can be large against the rounding of the single-precision outputs.
 */
static void check_differences(struct fixture *f)
{
    float *spare = mem_array(f->dimension, sizeof *spare, NULL);
    double scale = 0;
    gradient(f);
    for (size_t j = 0; j < f->dimension; j++)
        scale = fmax(scale, fabs((double)f->g[j]));
    for (size_t j = 0; j < f->dimension; j += 1 + f->dimension / 64) {
        float w = f->w[j], h = 0x1p-5f;
        double slope = (8 * (loss_at(f, j, w + h, spare) - loss_at(f, j, w - h, spare)) -
                        (loss_at(f, j, w + 2 * h, spare) - loss_at(f, j, w - 2 * h, spare))) /
                       (12 * (double)h);
        cr_assert_float_eq((double)f->g[j], slope, 4e-5 * scale, "%s: coordinate %zu: %.9g, difference %.9g",
                           f->model.kind->base.name, j, (double)f->g[j], slope);
    }
    mem_free(spare);
}

Test(model, gradients_are_the_differences_of_the_loss)
{
    const size_t counts[] = {1, 7};
    for (size_t index = 0; index < model_family.count; index++)
        for (int k = 0; k < 6; k++) {
            struct fixture f;
            start(&f, &(struct setting){.index = index,
                                        .shape = small_image,
                                        .count = counts[k % 2],
                                        .smooth = true,
                                        .flip_bias = k / 2 == 1,
                                        .curvature = k / 2,
                                        .l2 = k / 2 == 2 ? 0.25 : 0});
            check_differences(&f);
            finish(&f);
        }
}

static const struct model_shape mnist = {
    .features = 784, .channels = 1, .height = 28, .width = 28, .classes = 10};
static const struct model_shape cifar = {
    .features = 3072, .channels = 3, .height = 32, .width = 32, .classes = 10};

static size_t index_of(const char *name)
{
    for (size_t index = 0; index < model_family.count; index++)
        if (strcmp(model_family.at(index)->name, name) == 0)
            return index;
    cr_assert_fail("no model %s", name);
    return 0;
}

Test(model, known_dimensions)
{
    const struct {
        const char *name;
        struct model_shape shape;
        size_t dimension;
    } known[] = {
        {"linear", mnist, 784},   {"logistic", mnist, 785},
        {"softmax", mnist, 7850}, {"mlp", mnist, 79510},
        {"cnn", mnist, 431080},   {"cnn", cifar, 20 * 75 + 20 + 50 * 500 + 50 + 500 * 1250 + 500 + 5010},
        {"quadratic", mnist, 784}};
    for (size_t k = 0; k < BYZ_LENGTH(known); k++) {
        struct fixture f;
        start(&f, &(struct setting){.index = index_of(known[k].name), .shape = known[k].shape, .count = 2});
        cr_assert_eq(f.dimension, known[k].dimension, "%s: %zu", known[k].name, f.dimension);
        cr_assert(isfinite(gradient(&f)));
        finish(&f);
    }
}

static const char *refusal(const char *name, struct model_shape shape, uint64_t pool)
{
    static char reason[BYZ_REASON_SIZE];
    char params[1024] __attribute__((aligned(16)));
    const struct model_kind *kind = (const void *)byz_family_find(&model_family, name);
    byz_param_defaults(kind->base.params, kind->base.param_count, params);
    if (pool > 0)
        *(uint64_t *)knob(kind, params, "pool") = pool;
    cr_assert_neq(kind->unsuitable(params, &shape, reason), 0, "%s", name);
    return reason;
}

Test(model, unsuitable_data_is_refused_with_the_reason)
{
    struct model_shape regression = {.features = 5}, huge = {.features = (size_t)1 << 29, .classes = 10},
                       flat = mnist;
    flat.channels = flat.height = flat.width = 0;
    cr_assert(strstr(refusal("linear", mnist, 0), "regression") &&
              strstr(refusal("linear", mnist, 0), "10 classes"));
    cr_assert(strstr(refusal("logistic", mnist, 0), "2 classes") &&
              strstr(refusal("logistic", mnist, 0), "10"));
    for (const char *const *name = (const char *const[]){"logistic", "softmax", "mlp", "cnn", NULL}; *name;
         name++) {
        cr_assert(strstr(refusal(*name, regression, 0), "classification"));
        cr_assert(strstr(refusal(*name, regression, 0), "data set is for regression"));
    }
    cr_assert(strstr(refusal("softmax", huge, 0), "parameters") &&
              strstr(refusal("mlp", huge, 0), "parameters"));
    cr_assert(strstr(refusal("cnn", flat, 0), "image shape"));
    cr_assert(strstr(refusal("cnn", mnist, 5), "layer 2 of 2 would apply conv 5x5"));
    cr_assert(strstr(refusal("cnn", mnist, 5), "4x4 map"));
    cr_assert(strstr(refusal("cnn", small_image, 0), "layer 1 of 2"));
}

Test(model, values_computed_by_hand)
{
    struct fixture f;
    start(&f, &(struct setting){.index = index_of("linear"), .shape = {.features = 2}, .count = 1});
    memcpy(f.w, (float[]){1, 2}, 2 * sizeof(float));
    memcpy(f.x, (float[]){3, 4}, 2 * sizeof(float));
    f.targets[0] = 10;
    cr_assert_eq(gradient(&f), 0.5);
    cr_assert(f.g[0] == 3 && f.g[1] == 4);
    finish(&f);

    start(&f, &(struct setting){
                  .index = index_of("softmax"), .shape = {.features = 1, .classes = 2}, .count = 1});
    memcpy(f.w, (float[]){1, -1, 0.5f, -0.5f}, 4 * sizeof(float)); /* logits 2.5 and -2.5: p = 1/(1+e^-5) */
    f.x[0] = 2;
    f.labels[0] = 1;
    cr_assert_float_eq(gradient(&f), 5.006715348489118, 1e-6);
    cr_assert_float_eq((double)f.g[0], 2 * 0.993307149075715, 1e-6);
    cr_assert_float_eq((double)f.g[3], -0.993307149075715, 1e-6);
    finish(&f);

    start(&f, &(struct setting){
                  .index = index_of("quadratic"), .shape = {.features = 2}, .count = 1, .curvature = 1});
    memcpy(f.w, (float[]){1, 2}, 2 * sizeof(float));
    memcpy(f.x, (float[]){0, 4}, 2 * sizeof(float));
    cr_assert_eq(gradient(&f), 1.5);
    cr_assert(f.g[0] == 1 && f.g[1] == -1);
    finish(&f);
}

Test(model, large_logits_stay_exact)
{
    struct fixture f;
    start(&f, &(struct setting){
                  .index = index_of("softmax"), .shape = {.features = 1, .classes = 2}, .count = 1});
    memcpy(f.w, (float[]){1000, 0, 0, 0}, 4 * sizeof(float));
    f.x[0] = 1;
    f.labels[0] = 1;
    cr_assert_eq(gradient(&f), 1000);
    cr_assert(f.g[0] == 1 && f.g[1] == -1);
    finish(&f);
    start(&f, &(struct setting){
                  .index = index_of("logistic"), .shape = {.features = 1, .classes = 2}, .count = 2});
    memcpy(f.w, (float[]){1000, 0}, 2 * sizeof(float));
    memcpy(f.x, (float[]){1, -1}, 2 * sizeof(float));
    memcpy(f.labels, (int32_t[]){0, 1}, 2 * sizeof(int32_t));
    cr_assert_eq(gradient(&f), 1000);
    cr_assert(f.g[0] == 1 && f.g[1] == 0);
    finish(&f);
}

Test(model, nonfinite_parameters_give_nonfinite_losses_and_no_prediction)
{
    for (size_t index = 0; index < model_family.count; index++)
        for (int k = 0; k < 2; k++) {
            struct fixture f;
            size_t counts[10] = {0}, correct[10] = {0};
            int32_t predictions[5];
            start(&f, &(struct setting){.index = index, .shape = mnist, .count = 5});
            for (size_t j = 0; j < f.dimension; j += k == 0 ? 1 : 7)
                f.w[j] = k == 0 ? INFINITY : NAN;
            cr_assert_not(isfinite(gradient(&f)));
            struct model_score score =
                model_evaluate(&f.model, f.w, &f.batch, f.scratch, counts, correct, predictions);
            cr_assert_not(isfinite(score.loss));
            cr_assert_eq(score.correct, 0);
            for (int i = 0; i < 5; i++)
                cr_assert_eq(predictions[i], -1);
            finish(&f);
        }
}

Test(model, one_nan_weight_reaches_the_loss_of_every_network)
{
    for (const char *const *name = (const char *const[]){"mlp", "cnn", NULL}; *name; name++) {
        struct fixture f;
        start(&f, &(struct setting){.index = index_of(*name), .shape = mnist, .count = 3});
        f.w[3] = NAN;
        cr_assert_not(isfinite(gradient(&f)));
        finish(&f);
    }
}

Test(model, evaluation_counts)
{
    struct fixture f;
    size_t counts[3] = {1, 0, 0}, correct[3] = {0};
    int32_t predictions[4];
    start(&f, &(struct setting){
                  .index = index_of("softmax"), .shape = {.features = 3, .classes = 3}, .count = 4});
    memset(f.w, 0, f.dimension * sizeof(float));
    f.w[0] = f.w[4] = f.w[8] = 1; /* logits = features */
    memcpy(f.x, (float[]){9, 0, 0, 0, 9, 0, 0, 9, 0, 5, 5, 5}, 12 * sizeof(float));
    memcpy(f.labels, (int32_t[]){0, 1, 2, 0}, 4 * sizeof(int32_t));
    struct model_score score =
        model_evaluate(&f.model, f.w, &f.batch, f.scratch, counts, correct, predictions);
    cr_assert(score.count == 4 && score.correct == 3);
    cr_assert(counts[0] == 3 && counts[1] == 1 && counts[2] == 1);
    cr_assert(correct[0] == 2 && correct[1] == 1 && correct[2] == 0);
    cr_assert(predictions[0] == 0 && predictions[1] == 1 && predictions[2] == 1 && predictions[3] == 0);
    cr_assert_float_eq(score.loss, 2 * log1p(2 * exp(-9)) + 9 + log1p(2 * exp(-9)) + log(3), 1e-6);
    finish(&f);
}

Test(model, evaluation_is_the_loss_of_the_gradient)
{
    for (size_t index = 0; index < model_family.count; index++) {
        struct fixture f;
        start(&f, &(struct setting){.index = index, .shape = mnist, .count = 9});
        struct model_score score = model_evaluate(&f.model, f.w, &f.batch, f.scratch, NULL, NULL, NULL);
        double loss = gradient(&f);
        cr_assert_float_eq(score.loss / 9, loss, 1e-6 * (1 + loss), "%s", f.model.kind->base.name);
        finish(&f);
    }
}

Test(model, initial_parameters)
{
    struct fixture f;
    struct rng rng;
    start(&f, &(struct setting){.index = index_of("mlp"), .shape = mnist, .count = 1});
    const double in = 784, out = 100;
    const double variance[] = {1 / (3 * in), 0, 2 / (in + out), 2 / (in + out), 2 / in, 2 / in};
    const double bound[] = {sqrt(1 / in), 0, sqrt(6 / (in + out)), INFINITY, sqrt(6 / in), INFINITY};
    for (int init = 0; init <= MODEL_INIT_HE_NORMAL; init++) {
        double sum = 0, squares = 0, most = 0, biases = 0;
        rng_start(&rng, 1, RNG_PARAMETERS, 0, 0);
        f.model.common.init = init;
        model_initialise(&f.model, &rng, f.w);
        for (size_t j = 0; j < 78400; j++) {
            sum += (double)f.w[j];
            squares += (double)f.w[j] * (double)f.w[j];
            most = fmax(most, fabs((double)f.w[j]));
        }
        for (size_t j = 78400; j < 78500; j++)
            biases += fabs((double)f.w[j]);
        cr_assert_float_eq(squares / 78400, variance[init], 0.03 * variance[init]);
        cr_assert_leq(fabs(sum / 78400), 5 * sqrt(variance[init] / 78400));
        cr_assert_leq(most, bound[init] * (1 + 1e-6));
        cr_assert_eq(biases > 0, init == MODEL_INIT_USUAL);
    }
    finish(&f);
    for (const char *const *name = (const char *const[]){"linear", "logistic", "softmax", "quadratic", NULL};
         *name; name++) {
        start(&f, &(struct setting){.index = index_of(*name), .shape = mnist, .count = 1});
        model_initialise(&f.model, &rng, f.w);
        for (size_t j = 0; j < f.dimension; j++)
            cr_assert_eq(f.w[j], 0);
        finish(&f);
    }
}

Test(model, bits_do_not_depend_on_thread_scratch_or_alignment)
{
    enum { THREADS = 4 };
    for (size_t index = 0; index < model_family.count; index++) {
        struct fixture f;
        start(&f, &(struct setting){.index = index, .shape = mnist, .count = 32});
        double loss = gradient(&f), losses[THREADS];
        size_t bytes = model_scratch_bytes(&f.model, 32), d = f.dimension;
        bool same[THREADS];
#pragma omp parallel for num_threads(THREADS) schedule(static, 1)
        for (size_t t = 0; t < THREADS; t++) {
            void *scratch = mem_array(bytes, 1, NULL);
            float *g = mem_array(d, sizeof *g, NULL), *block = mem_array(32 * 784 + 3, sizeof *block, NULL);
            memset(scratch, 0xff, bytes);
            memcpy(block + t, f.x, 32 * 784 * sizeof *block);
            struct model_batch batch = {32, block + t, f.labels, f.targets};
            losses[t] = model_gradient(&f.model, f.w, &batch, scratch, g);
            same[t] = memcmp(g, f.g, d * sizeof *g) == 0;
            mem_free(scratch);
            mem_free(g);
            mem_free(block);
        }
        for (size_t t = 0; t < THREADS; t++)
            cr_assert(same[t] && losses[t] == loss, "%s on thread %zu", f.model.kind->base.name, t);
        finish(&f);
    }
}

Test(model, every_model_learns_a_small_problem)
{
    for (size_t index = 0; index < model_family.count; index++) {
        struct fixture f;
        struct rng rng;
        struct model_shape shape = {.features = 36, .channels = 1, .height = 6, .width = 6, .classes = 2};
        start(&f, &(struct setting){.index = index, .shape = shape, .count = 40, .smooth = true, .l2 = 1e-4});
        for (size_t i = 0; i < 40; i++) { /* label 1 where the left half is brighter */
            f.labels[i] = (int32_t)(i % 2);
            f.targets[i] = f.labels[i] == 0 ? -1 : 1;
            for (size_t j = 0; j < 36; j++)
                f.x[i * 36 + j] = 0.3f * f.x[i * 36 + j] + (j % 6 < 3 ? f.targets[i] : 0);
        }
        rng_start(&rng, 3, RNG_PARAMETERS, 0, 0);
        model_initialise(&f.model, &rng, f.w);
        double first = gradient(&f), last = first;
        for (int step = 0; step < 200; step++) {
            for (size_t j = 0; j < f.dimension; j++)
                f.w[j] -= 0.03f * f.g[j];
            last = gradient(&f);
        }
        struct model_score score = model_evaluate(&f.model, f.w, &f.batch, f.scratch, NULL, NULL, NULL);
        const char *name = f.model.kind->base.name;
        cr_assert_lt(last, (f.model.kind->loss == MODEL_POTENTIAL ? 1 : 0.3) * first, "%s: %g -> %g", name,
                     first, last);
        if (classifies(f.model.kind))
            cr_assert_eq(score.correct, 40, "%s", name);
        finish(&f);
    }
}
