/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Models against values computed by hand. */
#include "tests/test_model.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

Test(model_values, known_dimensions)
{
    const struct {
        const char *name;
        struct model_shape shape;
        size_t dimension;
    } known[] = {{"linear", test_model_mnist, 784},
                 {"logistic", test_model_mnist, 785},
                 {"softmax", test_model_mnist, 7850},
                 {"mlp", test_model_mnist, 79510},
                 {"cnn", test_model_mnist, 431080},
                 {"cnn", test_model_cifar, 20 * 75 + 20 + 50 * 500 + 50 + 500 * 1250 + 500 + 5010},
                 {"quadratic", test_model_mnist, 784}};
    for (size_t k = 0; k < BYZ_LENGTH(known); k++) {
        struct fixture f;
        test_model_start(
            &f,
            &(struct setting){.index = test_model_index(known[k].name), .shape = known[k].shape, .count = 2});
        cr_assert_eq(f.dimension, known[k].dimension, "%s: %zu", known[k].name, f.dimension);
        cr_assert(isfinite(test_model_gradient(&f)));
        test_model_finish(&f);
    }
}

/* Products forward, and backward for the weights and, behind the first layer, for the inputs. */
Test(model_values, known_operations)
{
    const struct model_shape text = {.features = 12, .classes = 5, .sequence = 12};
    const struct {
        const char *name;
        struct model_shape shape;
        double each; /* of one sample */
    } known[] = {
        {"linear", test_model_mnist, 4 * 784},
        {"logistic", test_model_mnist, 4 * 784},
        {"quadratic", test_model_mnist, 4 * 784},
        {"softmax", test_model_mnist, 4 * 7840},
        {"mlp", test_model_mnist, 4 * 78400 + 6 * 1000},
        {"cnn", test_model_mnist, 4 * 576 * 20 * 25 + 6 * 64 * 50 * 500 + 6 * (800 * 500 + 500 * 10)},
        {"gru", text, 12 * 6 * (3 * 64 * (16 + 64) + 64 * 5)},
        {"transformer", text, 12 * 6 * (2 * (4 * 32 + 2 * 128 + 2 * 12) * 32 + 32 * 5)},
    };
    for (size_t k = 0; k < BYZ_LENGTH(known); k++) {
        char params[1024] __attribute__((aligned(16)));
        const struct model_kind *kind = (const void *)byz_family_find(&model_family, known[k].name);
        byz_param_defaults(kind->base.params, kind->base.param_count, params);
        const struct model model = {.kind = kind, .params = params, .shape = known[k].shape};
        cr_assert_eq(model_flops(&model, 1), known[k].each, "%s: %.0f", known[k].name,
                     model_flops(&model, 1));
        cr_assert_eq(model_flops(&model, 7), 7 * known[k].each);
    }
    cr_assert_eq(BYZ_LENGTH(known), model_family.count);
}

static const char *refusal(const char *name, struct model_shape shape, uint64_t pool)
{
    static char reason[BYZ_REASON_SIZE];
    char params[1024] __attribute__((aligned(16)));
    const struct model_kind *kind = (const void *)byz_family_find(&model_family, name);
    byz_param_defaults(kind->base.params, kind->base.param_count, params);
    if (pool > 0)
        *(uint64_t *)test_model_knob(kind, params, "pool") = pool;
    cr_assert_neq(kind->unsuitable(params, &shape, reason), 0, "%s", name);
    return reason;
}

Test(model_values, unsuitable_data_is_refused_with_the_reason)
{
    struct model_shape regression = {.features = 5}, huge = {.features = (size_t)1 << 29, .classes = 10},
                       flat = test_model_mnist;
    flat.channels = flat.height = flat.width = 0;
    cr_assert(strstr(refusal("linear", test_model_mnist, 0), "regression") &&
              strstr(refusal("linear", test_model_mnist, 0), "10 classes"));
    cr_assert(strstr(refusal("logistic", test_model_mnist, 0), "2 classes") &&
              strstr(refusal("logistic", test_model_mnist, 0), "10"));
    for (const char *const *name = (const char *const[]){"logistic", "softmax", "mlp", "cnn", NULL}; *name;
         name++) {
        cr_assert(strstr(refusal(*name, regression, 0), "classification"));
        cr_assert(strstr(refusal(*name, regression, 0), "data set is for regression"));
    }
    cr_assert(strstr(refusal("softmax", huge, 0), "parameters") &&
              strstr(refusal("mlp", huge, 0), "parameters"));
    cr_assert(strstr(refusal("cnn", flat, 0), "image shape"));
    cr_assert(strstr(refusal("cnn", test_model_mnist, 5), "layer 2 of 2 would apply conv 5x5"));
    cr_assert(strstr(refusal("cnn", test_model_mnist, 5), "4x4 map"));
    cr_assert(strstr(refusal("cnn", test_model_small, 0), "layer 1 of 2"));
}

Test(model_values, values_computed_by_hand)
{
    struct fixture f;
    test_model_start(
        &f, &(struct setting){.index = test_model_index("linear"), .shape = {.features = 2}, .count = 1});
    memcpy(f.w, (float[]){1, 2}, 2 * sizeof(float));
    memcpy(f.x, (float[]){3, 4}, 2 * sizeof(float));
    f.targets[0] = 10;
    cr_assert_eq(test_model_gradient(&f), 0.5);
    cr_assert(f.g[0] == 3 && f.g[1] == 4);
    test_model_finish(&f);

    test_model_start(&f, &(struct setting){.index = test_model_index("softmax"),
                                           .shape = {.features = 1, .classes = 2},
                                           .count = 1});
    memcpy(f.w, (float[]){1, -1, 0.5f, -0.5f}, 4 * sizeof(float)); /* logits 2.5 and -2.5: p = 1/(1+e^-5) */
    f.x[0] = 2;
    f.labels[0] = 1;
    cr_assert_float_eq(test_model_gradient(&f), 5.006715348489118, 1e-6);
    cr_assert_float_eq((double)f.g[0], 2 * 0.993307149075715, 1e-6);
    cr_assert_float_eq((double)f.g[3], -0.993307149075715, 1e-6);
    test_model_finish(&f);

    test_model_start(&f, &(struct setting){.index = test_model_index("quadratic"),
                                           .shape = {.features = 2},
                                           .count = 1,
                                           .curvature = 1});
    memcpy(f.w, (float[]){1, 2}, 2 * sizeof(float));
    memcpy(f.x, (float[]){0, 4}, 2 * sizeof(float));
    cr_assert_eq(test_model_gradient(&f), 1.5);
    cr_assert(f.g[0] == 1 && f.g[1] == -1);
    test_model_finish(&f);
}

Test(model_values, large_logits_stay_exact)
{
    struct fixture f;
    test_model_start(&f, &(struct setting){.index = test_model_index("softmax"),
                                           .shape = {.features = 1, .classes = 2},
                                           .count = 1});
    memcpy(f.w, (float[]){1000, 0, 0, 0}, 4 * sizeof(float));
    f.x[0] = 1;
    f.labels[0] = 1;
    cr_assert_eq(test_model_gradient(&f), 1000);
    cr_assert(f.g[0] == 1 && f.g[1] == -1);
    test_model_finish(&f);
    test_model_start(&f, &(struct setting){.index = test_model_index("logistic"),
                                           .shape = {.features = 1, .classes = 2},
                                           .count = 2});
    memcpy(f.w, (float[]){1000, 0}, 2 * sizeof(float));
    memcpy(f.x, (float[]){1, -1}, 2 * sizeof(float));
    memcpy(f.labels, (int32_t[]){0, 1}, 2 * sizeof(int32_t));
    cr_assert_eq(test_model_gradient(&f), 1000);
    cr_assert(f.g[0] == 1 && f.g[1] == 0);
    test_model_finish(&f);
}

Test(model_values, one_nan_weight_reaches_the_loss_of_every_network)
{
    for (const char *const *name = (const char *const[]){"mlp", "cnn", NULL}; *name; name++) {
        struct fixture f;
        test_model_start(
            &f, &(struct setting){.index = test_model_index(*name), .shape = test_model_mnist, .count = 3});
        f.w[3] = NAN;
        cr_assert_not(isfinite(test_model_gradient(&f)));
        test_model_finish(&f);
    }
}

Test(model_values, one_nan_pixel_survives_pooling)
{
    struct fixture f;
    test_model_start(
        &f, &(struct setting){.index = test_model_index("cnn"), .shape = test_model_mnist, .count = 1});
    f.x[783] = NAN; /* seen by the last convolution position alone, the last of its pooling window */
    cr_assert_not(isfinite(test_model_gradient(&f)));
    test_model_finish(&f);
}

Test(model_values, evaluation_counts)
{
    struct fixture f;
    size_t counts[3] = {1, 0, 0}, correct[3] = {0};
    int32_t predictions[4];
    test_model_start(&f, &(struct setting){.index = test_model_index("softmax"),
                                           .shape = {.features = 3, .classes = 3},
                                           .count = 4});
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
    test_model_finish(&f);
}

Test(model_values, initial_parameters)
{
    struct fixture f;
    struct rng rng;
    test_model_start(
        &f, &(struct setting){.index = test_model_index("mlp"), .shape = test_model_mnist, .count = 1});
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
    test_model_finish(&f);
    for (const char *const *name = (const char *const[]){"linear", "logistic", "softmax", "quadratic", NULL};
         *name; name++) {
        test_model_start(
            &f, &(struct setting){.index = test_model_index(*name), .shape = test_model_mnist, .count = 1});
        model_initialise(&f.model, &rng, f.w);
        for (size_t j = 0; j < f.dimension; j++)
            cr_assert_eq(f.w[j], 0);
        test_model_finish(&f);
    }
}
