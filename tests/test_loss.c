/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cross entropies of many samples at once, both ways they may lie, against a twin in double. */
#include "sim/model/loss.h"
#include "sim/num/rng.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CLASSES_MOST = 70, COUNT_MOST = 200 };

struct subject {
    size_t count, classes;
    int32_t labels[COUNT_MOST];
    float z[COUNT_MOST * CLASSES_MOST], turned[COUNT_MOST * CLASSES_MOST]; /* by samples, by classes */
};

static void turn(struct subject *s)
{
    for (size_t i = 0; i < s->count; i++)
        for (size_t k = 0; k < s->classes; k++)
            s->turned[k * s->count + i] = s->z[i * s->classes + k];
}

static void fill(struct subject *s, size_t count, size_t classes, double width, struct rng *rng)
{
    s->count = count;
    s->classes = classes;
    for (size_t i = 0; i < count; i++)
        s->labels[i] = (int32_t)rng_below(rng, classes);
    for (size_t j = 0; j < count * classes; j++)
        s->z[j] = (float)(width * rng_normal(rng));
    turn(s);
}

/* The loss of a sample; d (classes): its derivative. */
static double twin(const struct subject *s, size_t i, double *d)
{
    const float *z = s->z + i * s->classes;
    double most = (double)z[0], sum = 0;
    for (size_t k = 1; k < s->classes; k++)
        most = fmax(most, (double)z[k]);
    for (size_t k = 0; k < s->classes; k++)
        sum += exp((double)z[k] - most);
    for (size_t k = 0; k < s->classes; k++)
        d[k] = exp((double)z[k] - most) / sum - ((int32_t)k == s->labels[i]);
    return log(sum) + most - (double)z[s->labels[i]];
}

static void compare(struct subject *s)
{
    double expected[COUNT_MOST * CLASSES_MOST], loss = 0;
    const float share = 0.25f;
    for (size_t i = 0; i < s->count; i++)
        loss += twin(s, i, expected + i * s->classes);
    double by_samples = loss_derive_classes(s->count, s->classes, s->labels, share, s->z);
    double by_classes = loss_derive_columns(s->count, s->classes, s->labels, share, s->turned);
    cr_assert_float_eq(by_samples, loss, 1e-6 * (1 + loss), "%zu x %zu", s->count, s->classes);
    cr_assert_float_eq(by_classes, loss, 1e-6 * (1 + loss), "%zu x %zu", s->count, s->classes);
    for (size_t i = 0; i < s->count; i++)
        for (size_t k = 0; k < s->classes; k++) {
            float here = s->z[i * s->classes + k], there = s->turned[k * s->count + i];
            cr_assert_eq(memcmp(&here, &there, sizeof here), 0, "%zu x %zu: sample %zu, class %zu", s->count,
                         s->classes, i, k);
            cr_assert_float_eq((double)here, 0.25 * expected[i * s->classes + k], 1e-7,
                               "%zu x %zu: sample %zu, class %zu is %g", s->count, s->classes, i, k,
                               (double)here);
        }
}

Test(loss, cross_entropy_is_that_of_the_twin)
{
    static const size_t counts[] = {1, 2, 15, 16, 17, 32, 33, 63, 64, 65, 100, 200};
    static const size_t classes[] = {2, 3, 10, 70};
    static const double widths[] = {0, 1, 40};
    struct subject *s = calloc(1, sizeof *s);
    struct rng rng;
    rng_start(&rng, 1, RNG_TEST, 0, 0);
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++)
        for (size_t k = 0; k < sizeof classes / sizeof classes[0]; k++)
            for (size_t w = 0; w < sizeof widths / sizeof widths[0]; w++) {
                fill(s, counts[c], classes[k], widths[w], &rng);
                compare(s);
            }
    free(s);
}

/* Differences beyond what a float holds count as far apart, and a sample with a value that is not finite
 * spoils itself alone. */
Test(loss, extreme_and_nonfinite_values)
{
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    struct subject *s = calloc(1, sizeof *s);
    struct rng rng;
    rng_start(&rng, 2, RNG_TEST, 0, 0);
    fill(s, 20, 5, 1, &rng);
    s->z[0] = -3e38f;
    s->z[1] = 3e38f;
    s->z[5 * 7 + 2] = 1000;
    turn(s);
    compare(s);
    for (size_t b = 0; b < sizeof bad / sizeof bad[0]; b++) {
        fill(s, 20, 5, 1, &rng);
        s->z[5 * 3 + 4] = bad[b];
        turn(s);
        cr_assert(isnan(loss_derive_columns(20, 5, s->labels, 1, s->turned)));
        cr_assert(isnan(loss_derive_classes(20, 5, s->labels, 1, s->z)));
        for (size_t i = 0; i < 20; i++)
            for (size_t k = 0; k < 5; k++) {
                cr_assert_eq(isnan(s->turned[k * 20 + i]) != 0, i == 3, "sample %zu", i);
                cr_assert_eq(isnan(s->z[i * 5 + k]) != 0, i == 3, "sample %zu", i);
            }
    }
    free(s);
}
