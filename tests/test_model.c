/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Laws over the whole table of models. */
#include "tests/test_model.h"
#include "sim/base/mem.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

/* l2/2 of the squared norm of w. */
static double penalty(const struct fixture *f)
{
    double sum = 0;
    for (size_t j = 0; j < f->dimension; j++)
        sum += (double)f->w[j] * (double)f->w[j];
    return 0.5 * f->model.common.l2 * sum;
}

static double loss_at(struct fixture *f, size_t j, float value, float *spare)
{
    float kept = f->w[j];
    f->w[j] = value;
    double loss = model_gradient(&f->model, f->w, &f->batch, f->scratch, spare) + penalty(f);
    f->w[j] = kept;
    return loss;
}

/* Five-point stencil: error h^4, so that h can be large against the rounding of the single-precision outputs.
 */
static void check_differences(struct fixture *f)
{
    float *spare = mem_array(f->dimension, sizeof *spare, NULL);
    double scale = 0;
    test_model_gradient(f);
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
            if (test_model_reads_sequences((const void *)model_family.at(index)))
                break; /* see test_model_sequence.c: a ReLU has kinks */
            test_model_start(&f, &(struct setting){.index = index,
                                                   .shape = test_model_small,
                                                   .count = counts[k % 2],
                                                   .smooth = true,
                                                   .flip_bias = k / 2 == 1,
                                                   .curvature = k / 2,
                                                   .l2 = k / 2 == 2 ? 0.25 : 0});
            check_differences(&f);
            test_model_finish(&f);
        }
}

Test(model, nonfinite_parameters_give_nonfinite_losses_and_no_prediction)
{
    for (size_t index = 0; index < model_family.count; index++)
        for (int k = 0; k < 2; k++) {
            struct fixture f;
            size_t counts[10] = {0}, correct[10] = {0};
            int32_t predictions[5 * 12];
            test_model_start(&f, &(struct setting){.index = index, .shape = test_model_mnist, .count = 5});
            for (size_t j = 0; j < f.dimension; j += k == 0 ? 1 : 7)
                f.w[j] = k == 0 ? INFINITY : NAN;
            cr_assert_not(isfinite(test_model_gradient(&f)));
            struct model_score score =
                model_evaluate(&f.model, f.w, &f.batch, f.scratch, counts, correct, predictions);
            cr_assert_not(isfinite(score.loss));
            cr_assert_eq(score.correct, 0);
            for (int i = 0; i < 5; i++)
                cr_assert_eq(predictions[i], -1);
            test_model_finish(&f);
        }
}

Test(model, evaluation_is_the_loss_of_the_gradient)
{
    for (size_t index = 0; index < model_family.count; index++) {
        struct fixture f;
        test_model_start(&f, &(struct setting){.index = index, .shape = test_model_mnist, .count = 9});
        struct model_score score = model_evaluate(&f.model, f.w, &f.batch, f.scratch, NULL, NULL, NULL);
        double loss = test_model_gradient(&f);
        cr_assert_float_eq(score.loss / (double)score.count, loss, 1e-6 * (1 + loss), "%s",
                           f.model.kind->base.name);
        test_model_finish(&f);
    }
}

Test(model, bits_do_not_depend_on_thread_scratch_or_alignment)
{
    enum { THREADS = 4 };
    for (size_t index = 0; index < model_family.count; index++) {
        struct fixture f;
        test_model_start(&f, &(struct setting){.index = index, .shape = test_model_mnist, .count = 32});
        double loss = test_model_gradient(&f), losses[THREADS];
        size_t bytes = model_scratch_bytes(&f.model, 32), d = f.dimension;
        bool same[THREADS];
        size_t values = 32 * f.model.shape.features;
#pragma omp parallel for num_threads(THREADS) schedule(static, 1)
        for (size_t t = 0; t < THREADS; t++) {
            void *scratch = mem_array(bytes, 1, NULL);
            float *g = mem_array(d, sizeof *g, NULL), *block = mem_array(values + 3, sizeof *block, NULL);
            memset(scratch, 0xff, bytes);
            memcpy(block + t, f.x, values * sizeof *block);
            struct model_batch batch = {
                .count = 32, .x = block + t, .labels = f.labels, .targets = f.targets};
            losses[t] = model_gradient(&f.model, f.w, &batch, scratch, g);
            same[t] = memcmp(g, f.g, d * sizeof *g) == 0;
            mem_free(scratch);
            mem_free(g);
            mem_free(block);
        }
        for (size_t t = 0; t < THREADS; t++)
            cr_assert(same[t] && losses[t] == loss, "%s on thread %zu", f.model.kind->base.name, t);
        test_model_finish(&f);
    }
}

/* Batches that lie scattered as bytes, against the same as floats: gradients, and columns of them. */
Test(model, bytes_give_the_bits_of_their_floats)
{
    enum { COUNT = 21, SAMPLES = 40, FEATURES = 784 };
    size_t readers = 0;
    uint8_t *bytes = mem_array(SAMPLES, FEATURES, NULL);
    for (size_t index = 0; index < model_family.count; index++) {
        struct fixture f;
        uint32_t row[COUNT];
        struct rng rng;
        test_model_start(&f, &(struct setting){.index = index, .shape = test_model_mnist, .count = COUNT});
        rng_start(&rng, 11, RNG_TEST, 0, 0);
        for (size_t j = 0; j < (size_t)SAMPLES * FEATURES; j++)
            bytes[j] = (uint8_t)rng_below(&rng, 256);
        const struct gemm_bytes images = {
            .from = bytes, .row = row, .ld = FEATURES, .scale = 1 / 255.0f, .shift = -0.5f};
        for (size_t i = 0; i < COUNT; i++) {
            row[i] = (uint32_t)rng_below(&rng, SAMPLES);
            for (size_t j = 0; f.model.kind->reads_bytes && j < FEATURES; j++)
                f.x[i * FEATURES + j] = (float)bytes[row[i] * FEATURES + j] * images.scale + images.shift;
        }
        const struct model_batch scattered = {.count = COUNT, .bytes = &images, .labels = f.labels};
        size_t size = f.dimension * sizeof *f.g, from = 700, width = f.dimension - from;
        if (f.model.kind->reads_bytes) {
            float *g = mem_array(f.dimension, sizeof *g, NULL), residuals[COUNT * 10];
            double loss = test_model_gradient(&f);
            cr_assert_eq(model_gradient(&f.model, f.w, &scattered, f.scratch, g), loss);
            cr_assert_arr_eq(g, f.g, size, "%s", f.model.kind->base.name);
            if (f.model.kind->columns != NULL) {
                model_residuals(&f.model, f.w, &scattered, f.scratch, residuals);
                model_columns(&f.model, f.w, &scattered, residuals, from, width, g);
                cr_assert_arr_eq(g, f.g + from, width * sizeof *g, "columns");
            }
            mem_free(g);
            readers++;
        }
        test_model_finish(&f);
    }
    mem_free(bytes);
    cr_assert_eq(readers, 2);
}

Test(model, every_model_learns_a_small_problem)
{
    for (size_t index = 0; index < model_family.count; index++) {
        struct fixture f;
        struct rng rng;
        struct model_shape shape = {.features = 36, .channels = 1, .height = 6, .width = 6, .classes = 2};
        if (test_model_reads_sequences((const void *)model_family.at(index)))
            continue; /* see test_model_sequence.c */
        test_model_start(
            &f, &(struct setting){.index = index, .shape = shape, .count = 40, .smooth = true, .l2 = 1e-4});
        for (size_t i = 0; i < 40; i++) { /* label 1 where the left half is brighter */
            f.labels[i] = (int32_t)(i % 2);
            f.targets[i] = f.labels[i] == 0 ? -1 : 1;
            for (size_t j = 0; j < 36; j++)
                f.x[i * 36 + j] = 0.3f * f.x[i * 36 + j] + (j % 6 < 3 ? f.targets[i] : 0);
        }
        rng_start(&rng, 3, RNG_PARAMETERS, 0, 0);
        model_initialise(&f.model, &rng, f.w);
        double first = test_model_gradient(&f), last = first;
        for (int step = 0; step < 200; step++) {
            for (size_t j = 0; j < f.dimension; j++)
                f.w[j] -= 0.03f * f.g[j];
            last = test_model_gradient(&f);
        }
        struct model_score score = model_evaluate(&f.model, f.w, &f.batch, f.scratch, NULL, NULL, NULL);
        const char *name = f.model.kind->base.name;
        cr_assert_lt(last, (f.model.kind->loss == MODEL_POTENTIAL ? 1 : 0.3) * first, "%s: %g -> %g", name,
                     first, last);
        if (test_model_classifies(f.model.kind))
            cr_assert_eq(score.correct, 40, "%s", name);
        test_model_finish(&f);
    }
}
