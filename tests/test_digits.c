/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/data/digits_draw.h"
#include "tests/data/scratch.h"

#include <math.h>
#include <omp.h>

static struct dataset draw(uint64_t train, uint64_t test, uint64_t seed, double difficulty, int threads)
{
    const struct dataset_kind *kind = scratch_kind("digits");
    void *params = scratch_params(&kind->base);
    struct data_places places = {0};
    struct dataset data = {0};
    struct err err = {0};
    scratch_set_count(&kind->base, params, "train", train);
    scratch_set_count(&kind->base, params, "test", test);
    scratch_set_count(&kind->base, params, "seed", seed);
    scratch_set_real(&kind->base, params, "difficulty", difficulty);
    omp_set_num_threads(threads);
    cr_assert_eq(kind->load(params, &places, &data, &err), 0, "%s", err.text);
    free(params);
    return data;
}

Test(digits, same_bytes_at_any_thread_count_and_as_the_beginning_of_a_longer_set)
{
    struct dataset one = draw(200, 50, 1, 1, 1), many = draw(300, 60, 1, 1, 5);
    cr_assert_arr_eq(one.train.bytes, many.train.bytes, 200 * 784);
    cr_assert_arr_eq(one.train.labels, many.train.labels, 200 * sizeof(int32_t));
    cr_assert_arr_eq(one.test.bytes, many.test.bytes, 50 * 784);
    dataset_fini(&one);
    dataset_fini(&many);
}

Test(digits, seed_and_split_name_different_pictures)
{
    struct dataset a = draw(50, 50, 1, 1, 2), b = draw(50, 50, 2, 1, 2);
    cr_assert_neq(memcmp(a.train.bytes, b.train.bytes, 50 * 784), 0);
    for (size_t i = 0; i < 50; i++)
        for (size_t j = 0; j < 50; j++)
            cr_assert_neq(memcmp(a.train.bytes + i * 784, a.test.bytes + j * 784, 784), 0);
    dataset_fini(&a);
    dataset_fini(&b);
}

Test(digits, labels_are_balanced_and_shuffled)
{
    struct dataset data = draw(1000, 10, 1, 1, 2);
    size_t counts[10] = {0}, in_order = 0, repeated = 0;
    for (size_t i = 0; i < 1000; i++) {
        counts[data.train.labels[i]]++;
        in_order += (size_t)data.train.labels[i] == i % 10;
        repeated += i >= 10 && data.train.labels[i] == data.train.labels[i - 10];
    }
    for (size_t c = 0; c < 10; c++)
        cr_assert_eq(counts[c], 100);
    cr_assert_lt(in_order, 200);
    cr_assert_lt(repeated, 200);
    dataset_fini(&data);
}

Test(digits, standard_pixels_have_mean_0_and_std_1)
{
    enum { COUNT = 1000 };
    struct dataset data = draw(COUNT, 1, 1, 1, 2);
    float *x = malloc(COUNT * 784 * sizeof *x);
    uint32_t index[COUNT];
    for (uint32_t i = 0; i < COUNT; i++)
        index[i] = i;
    dataset_gather(&data, &data.train, index, COUNT, x, NULL, NULL);
    double sum = 0, squares = 0;
    for (size_t k = 0; k < COUNT * 784; k++) {
        sum += (double)x[k];
        squares += (double)x[k] * (double)x[k];
    }
    cr_assert_lt(fabs(sum / (COUNT * 784)), 0.02);
    cr_assert_lt(fabs(squares / (COUNT * 784) - 1), 0.02);
    free(x);
    dataset_fini(&data);
}

/* Mean picture of every class, from the training set; the share of test pictures nearest to their own mean.
 */
static double nearest_mean_accuracy(const struct dataset *data)
{
    static double mean[10][784];
    size_t right = 0;
    for (size_t i = 0; i < data->train.count; i++)
        for (size_t k = 0; k < 784; k++)
            mean[data->train.labels[i]][k] +=
                data->train.bytes[i * 784 + k] * 10.0 / (double)data->train.count;
    for (size_t i = 0; i < data->test.count; i++) {
        int best = -1;
        double least = INFINITY;
        for (int c = 0; c < 10; c++) {
            double distance = 0;
            for (size_t k = 0; k < 784; k++) {
                double away = data->test.bytes[i * 784 + k] - mean[c][k];
                distance += away * away;
            }
            if (distance < least) {
                least = distance;
                best = c;
            }
        }
        right += best == data->test.labels[i];
    }
    return (double)right / (double)data->test.count;
}

Test(digits, classes_can_be_told_apart_about_as_well_as_on_mnist)
{
    struct dataset usual = draw(2000, 500, 1, 1, 2);
    double accuracy = nearest_mean_accuracy(&usual);
    dataset_fini(&usual);
    cr_assert(accuracy > 0.6 && accuracy < 0.9, "%g", accuracy); /* 0.82 on MNIST */
}

Test(digits, little_difficulty_is_easy)
{
    struct dataset easy = draw(1000, 300, 1, 0.3, 2);
    cr_assert_gt(nearest_mean_accuracy(&easy), 0.95);
    dataset_fini(&easy);
}

Test(digits, clean_pictures_have_ink_in_the_middle_and_none_at_the_border)
{
    for (int digit = 0; digit < 10; digit++) {
        struct rng rng;
        uint8_t pixels[784];
        rng_start(&rng, 1, RNG_TEST, (uint64_t)digit, 0);
        digits_draw(&rng, digit, 0, pixels);
        size_t ink = 0;
        for (size_t k = 0; k < 784; k++) {
            bool border = k < 56 || k >= 728 || k % 28 < 2 || k % 28 > 25;
            cr_assert(!border || pixels[k] == 0, "digit %d pixel %zu", digit, k);
            ink += pixels[k] > 127;
        }
        cr_assert(ink > 20 && ink < 200, "digit %d: %zu", digit, ink);
    }
}
