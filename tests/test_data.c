/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/data/scratch.h"

#include <math.h>

static struct dataset load(const struct dataset_kind *kind, const void *params)
{
    struct data_places places = {0};
    struct dataset data = {0};
    struct err err = {0};
    cr_assert_eq(kind->load(params, &places, &data, &err), 0, "%s", err.text);
    return data;
}

Test(data, every_kind_is_described_and_its_defaults_are_in_range)
{
    cr_assert_geq(dataset_family.count, 9);
    for (size_t k = 0; k < dataset_family.count; k++) {
        const struct byz_descriptor *kind = dataset_family.at(k);
        cr_assert_eq(byz_family_find(&dataset_family, kind->name), kind);
        cr_assert_gt(strlen(kind->doc), 40);
        for (size_t i = 0; i < kind->param_count; i++) {
            const struct byz_param *param = &kind->params[i];
            bool number = param->type == BYZ_REAL || param->type == BYZ_COUNT;
            cr_assert(!number || (param->min <= param->initial && param->initial <= param->max), "%s.%s",
                      kind->name, param->name);
            cr_assert_lt(param->offset, kind->params_size);
            cr_assert_not_null(param->doc);
        }
    }
}

Test(data, gather_converts_bytes_by_channel_and_copies_values)
{
    uint8_t bytes[] = {0, 255, 51, 102, 1, 2, 3, 4};
    int32_t labels[] = {3, 5}, got_labels[3];
    struct dataset data = {.features = 4, .channels = 2, .height = 1, .width = 2, .classes = 10};
    dataset_scale_channel(&data, 0, false, 9, 9);
    dataset_scale_channel(&data, 1, true, 0.5, 0.25);
    data.train = (struct samples){.count = 2, .bytes = bytes, .labels = labels};
    uint32_t index[] = {1, 0, 1};
    float x[12], targets[3] = {7, 7, 7};
    dataset_gather(&data, &data.train, index, 3, x, got_labels, targets);
    const double expected[] = {0, 1, (0.2 - 0.5) / 0.25, (0.4 - 0.5) / 0.25};
    for (size_t k = 0; k < 4; k++)
        cr_assert_float_eq((double)x[4 + k], expected[k], 1e-6);
    cr_assert_eq(got_labels[0], 5);
    cr_assert_eq(got_labels[1], 3);
    cr_assert_eq(targets[0], 7.0f); /* left alone: there are none */

    struct gemm_bytes there;
    cr_assert_not(dataset_bytes_at(&data, &data.train, index, &there), "two channels");
    data.channels = 1;
    cr_assert(dataset_bytes_at(&data, &data.train, index, &there));
    dataset_gather(&data, &data.train, index, 3, x, NULL, NULL);
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < 4; k++)
            cr_assert_eq((float)there.from[there.row[i] * there.ld + k] * there.scale + there.shift,
                         x[4 * i + k]);
    got_labels[0] = 0;
    dataset_gather(&data, &data.train, index, 1, NULL, got_labels, NULL);
    cr_assert_eq(got_labels[0], 5);

    float values[] = {1, 2, 3, 4, 5, 6, 7, 8}, wanted[] = {10, 20};
    data.test = (struct samples){.count = 2, .values = values, .targets = wanted};
    dataset_gather(&data, &data.test, index, 2, x, NULL, targets);
    cr_assert_arr_eq(x, &values[4], 4 * sizeof *x);
    cr_assert_eq(targets[0], 20.0f);
    cr_assert_eq(targets[1], 10.0f);
    cr_assert_not(dataset_bytes_at(&data, &data.test, index, &there), "no bytes");
}

Test(data, sizes_beyond_the_machine_are_refused_before_they_are_allocated)
{
    struct samples split = {0};
    struct err err = {0};
    cr_assert_eq(dataset_allocate(&split, (size_t)1 << 31, 1000000, DATASET_VALUES, &err), ERR_MEMORY);
    cr_assert_not_null(strstr(err.text, "GB"), "%s", err.text);
    cr_assert_eq(dataset_allocate(&split, (size_t)1 << 33, 1, DATASET_BYTES, &err), ERR_MEMORY);
    cr_assert_eq(dataset_allocate(&split, 2, SIZE_MAX / 2, DATASET_VALUES, &err), ERR_MEMORY);
    cr_assert_null(split.values);
    const struct dataset_kind *kind = scratch_kind("blobs");
    struct data_places places = {0};
    struct dataset data = {0};
    void *params = scratch_params(&kind->base);
    scratch_set_count(&kind->base, params, "features", 1000000);
    scratch_set_count(&kind->base, params, "classes", 100000);
    scratch_set_count(&kind->base, params, "train", 1);
    scratch_set_count(&kind->base, params, "test", 1);
    cr_assert_eq(kind->load(params, &places, &data, &err), ERR_MEMORY); /* centres of 400 GB */
    cr_assert_not_null(strstr(err.text, "GB"), "%s", err.text);
    dataset_fini(&data);
    free(params);
}

/* Yin et al., Proposition 1: the trace of the covariance of the gradient of (y - <x, w>)^2 / 2 over samples.
 */
Test(data, linear_regression_has_the_gradient_variance_of_proposition_1)
{
    enum { D = 10, N = 40000 };
    const struct dataset_kind *kind = scratch_kind("linear_regression");
    void *params = scratch_params(&kind->base);
    scratch_set_count(&kind->base, params, "dimension", D);
    scratch_set_count(&kind->base, params, "train", N);
    scratch_set_real(&kind->base, params, "noise", 5);
    struct dataset data = load(kind, params);
    cr_assert_eq(data.truth_size, D);
    cr_assert_eq(data.classes, 0);
    double distance = 0, mean[D] = {0}, squares = 0;
    for (size_t j = 0; j < D; j++)
        distance += 0.3 * 0.3 * (double)(j + 1) * (double)(j + 1);
    for (size_t i = 0; i < N; i++) {
        const float *x = data.train.values + i * D;
        double residual = -(double)data.train.targets[i];
        for (size_t j = 0; j < D; j++) {
            cr_assert(x[j] == 1 || x[j] == -1);
            residual +=
                (double)x[j] * ((double)data.truth[j] + 0.3 * (double)(j + 1)); /* w = w* + 0.3 (1, ..., d) */
        }
        for (size_t j = 0; j < D; j++) {
            mean[j] += residual * (double)x[j] / N;
            squares += residual * residual / N;
        }
    }
    double variance = squares;
    for (size_t j = 0; j < D; j++) {
        cr_assert_float_eq(mean[j], 0.3 * (double)(j + 1), 0.2); /* E grad = w - w* */
        variance -= mean[j] * mean[j];
    }
    double expected = (D - 1) * distance + D * 5.0 * 5.0;
    cr_assert_lt(fabs(variance / expected - 1), 4 * 1.5 / sqrt(N), "%g, expected %g", variance, expected);
    dataset_fini(&data);
    free(params);
}

Test(data, linear_regression_truth_may_be_one_number)
{
    const struct dataset_kind *kind = scratch_kind("linear_regression");
    void *params = scratch_params(&kind->base);
    *(struct byz_real_or_choice *)scratch_knob(&kind->base, params, "truth") =
        (struct byz_real_or_choice){-1, 2.5};
    scratch_set_real(&kind->base, params, "noise", 0);
    struct dataset data = load(kind, params);
    for (size_t i = 0; i < 50; i++) {
        double product = 0;
        for (size_t j = 0; j < data.features; j++)
            product += 2.5 * (double)data.train.values[i * data.features + j];
        cr_assert_float_eq((double)data.train.targets[i], product, 1e-4);
    }
    dataset_fini(&data);
    free(params);
}

Test(data, quadratic_noise_grows_with_the_coordinate_when_inverse)
{
    enum { D = 9, N = 20000 };
    const struct dataset_kind *kind = scratch_kind("quadratic");
    void *params = scratch_params(&kind->base);
    scratch_set_count(&kind->base, params, "dimension", D);
    scratch_set_count(&kind->base, params, "train", N);
    scratch_set_real(&kind->base, params, "noise", 0.5);
    for (int shape = 0; shape < 2; shape++) {
        scratch_set_choice(&kind->base, params, "noise_shape", shape);
        struct dataset data = load(kind, params);
        for (size_t j = 0; j < D; j++) {
            double sum = 0, squares = 0, expected = shape == 0 ? 0.25 : 0.25 * (double)(j + 1);
            for (size_t i = 0; i < N; i++) {
                double away = (double)data.train.values[i * D + j] - (double)data.truth[j];
                sum += away / N;
                squares += away * away / N;
            }
            cr_assert_eq(data.truth[j], 1.0f);
            cr_assert_lt(fabs(sum), 4 * sqrt(expected / N));
            cr_assert_lt(fabs(squares / expected - 1), 4 * sqrt(2.0 / N), "%d %zu", shape, j);
        }
        dataset_fini(&data);
    }
    free(params);
}

Test(data, quadratic_groups_have_centres_of_the_given_spread_around_the_truth)
{
    enum { D = 5, GROUPS = 4, N = 4000 };
    const struct dataset_kind *kind = scratch_kind("quadratic");
    void *params = scratch_params(&kind->base);
    scratch_set_count(&kind->base, params, "dimension", D);
    scratch_set_count(&kind->base, params, "train", N);
    scratch_set_count(&kind->base, params, "groups", GROUPS);
    scratch_set_real(&kind->base, params, "noise", 0);
    scratch_set_real(&kind->base, params, "spread", 3);
    struct dataset data = load(kind, params);
    cr_assert_eq(data.classes, GROUPS);
    double mean[D] = {0}, squares = 0;
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < D; j++) {
            double value = (double)data.train.values[i * D + j];
            mean[j] += value / N;
            squares += (value - 1) * (value - 1) / N;
        }
    for (size_t j = 0; j < D; j++)
        cr_assert_float_eq(mean[j], 1, 1e-5);
    cr_assert_float_eq(squares, 9, 1e-4);
    dataset_fini(&data);
    free(params);
}

Test(data, blobs_scatter_by_std_around_centres_by_separation)
{
    enum { D = 50, CLASSES = 4, N = 8000 };
    const struct dataset_kind *kind = scratch_kind("blobs");
    void *params = scratch_params(&kind->base);
    scratch_set_count(&kind->base, params, "features", D);
    scratch_set_count(&kind->base, params, "classes", CLASSES);
    scratch_set_count(&kind->base, params, "train", N);
    scratch_set_real(&kind->base, params, "std", 2);
    scratch_set_real(&kind->base, params, "separation", 30);
    struct dataset data = load(kind, params);
    double mean[CLASSES][D] = {0}, squares = 0, apart = 0;
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < D; j++)
            mean[data.train.labels[i]][j] += (double)data.train.values[i * D + j] * CLASSES / N;
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < D; j++) {
            double away = (double)data.train.values[i * D + j] - mean[data.train.labels[i]][j];
            squares += away * away / (N * (double)D);
        }
    for (size_t a = 0; a < CLASSES; a++)
        for (size_t b = 0; b < a; b++)
            for (size_t j = 0; j < D; j++)
                apart += (mean[a][j] - mean[b][j]) * (mean[a][j] - mean[b][j]) / 6;
    cr_assert_float_eq(squares, 4, 0.05);
    cr_assert(sqrt(apart) > 22 && sqrt(apart) < 38, "%g", sqrt(apart));
    dataset_fini(&data);
    free(params);
}
