/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exponentials, the logistic function and tangents of many numbers beside those of the C library in double.
 */
#include "sim/num/exponential.h"

#include <criterion/criterion.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

enum { SOME = 37 }; /* whole vectors, and a rest */

static double logistic(double x)
{
    return 1 / (1 + exp(-x));
}

/* Numbers of both signs, from the smallest to `most` in steps of a ratio; `units` in the last place and the
 * share of results that are not the nearest floats are what the function may miss. */
static void sweep(void (*function)(size_t, float *), double (*twin)(double), double most, double units,
                  double share)
{
    size_t off = 0, all = 0;
    for (float x = 1e-12f; (double)x < most;) {
        float at[SOME], got[SOME];
        for (size_t k = 0; k < SOME; k++, x *= 1.0003f)
            at[k] = k % 2 == 0 ? x : -x;
        memcpy(got, at, sizeof got);
        function(SOME, got);
        for (size_t k = 0; k < SOME; k++, all++) {
            double precise = twin((double)at[k]);
            off += got[k] != (float)precise;
            cr_assert_leq(fabs((double)got[k] - precise), units * fabs(precise) * 0x1p-23,
                          "%.9g gives %.9g, not %.9g", (double)at[k], (double)got[k], precise);
        }
    }
    cr_assert_leq((double)off, share * (double)all, "%zu of %zu are not the nearest floats", off, all);
}

Test(exponential, powers_are_the_nearest_floats)
{
    sweep(exponential_powers, exp, 86, 0.51, 0.01);
}

Test(exponential, the_logistic_function_is_off_by_two_units_at_most)
{
    sweep(exponential_sigmoids, logistic, 86, 2, 0.5);
}

Test(exponential, tangents_are_off_by_less_than_two_units)
{
    sweep(exponential_tangents, tanh, 200, 1.5, 0.3);
}

/* Every 4099th float from 2^-30 to 32, both signs; the sum is that of tanhf in the GNU C library 2.36. */
Test(exponential, tangents_have_the_bits_of_fdlibm)
{
    uint64_t sum = 0xcbf29ce484222325;
    for (uint32_t bits = 0x30800000; bits < 0x42000000; bits += 4099) {
        float x[2], y[2];
        memcpy(&x[0], &bits, sizeof x[0]);
        x[1] = -x[0];
        memcpy(y, x, sizeof y);
        exponential_tangents(2, y);
        cr_assert_eq(y[0], -y[1], "of %.9g and its negative", (double)x[0]);
        uint32_t of_y;
        memcpy(&of_y, &y[0], sizeof of_y);
        sum = (sum ^ of_y) * 0x100000001b3;
    }
    cr_expect_eq(sum, 0x0e420031def42145, "%016" PRIx64, sum);
}

static float one(void (*function)(size_t, float *), float x)
{
    function(1, &x);
    return x;
}

Test(exponential, special_numbers)
{
    cr_expect_eq(one(exponential_powers, 0), 1.0f);
    cr_expect_eq(one(exponential_powers, -1), 0.36787945f);
    cr_expect_eq(one(exponential_powers, -100), expf(-100), "a denormal number");
    cr_expect_eq(one(exponential_powers, -104), 0.0f);
    cr_expect_eq(one(exponential_powers, -FLT_MAX), 0.0f);
    cr_expect_eq(one(exponential_powers, -INFINITY), 0.0f);
    cr_expect(isinf(one(exponential_powers, 89)) && isinf(one(exponential_powers, INFINITY)));
    cr_expect_eq(one(exponential_sigmoids, 0), 0.5f);
    cr_expect_eq(one(exponential_sigmoids, 100), 1.0f);
    cr_expect_eq(one(exponential_sigmoids, -INFINITY), 0.0f);
    cr_expect_eq(one(exponential_tangents, 0), 0.0f);
    cr_expect(signbit(one(exponential_tangents, -0.0f)) != 0, "the zero keeps its sign");
    cr_expect_eq(one(exponential_tangents, 0x1p-140f), 0x1p-140f, "a denormal number");
    cr_expect_eq(one(exponential_tangents, INFINITY), 1.0f);
    cr_expect_eq(one(exponential_tangents, -FLT_MAX), -1.0f);
    cr_expect(isnan(one(exponential_powers, NAN)) && isnan(one(exponential_sigmoids, NAN)) &&
              isnan(one(exponential_tangents, NAN)));
}

/* Vectors and the numbers behind the last one take the same way. */
Test(exponential, a_number_gives_the_same_wherever_it_stands)
{
    void (*const functions[])(size_t, float *) = {exponential_powers, exponential_sigmoids,
                                                  exponential_tangents};
    for (size_t f = 0; f < 3; f++)
        for (int step = -400; step <= 400; step++) {
            float alone = (float)step / 7, many[SOME];
            for (size_t k = 0; k < SOME; k++)
                many[k] = alone;
            functions[f](1, &alone);
            functions[f](SOME, many);
            for (size_t k = 0; k < SOME; k++)
                cr_assert_eq(many[k], alone, "function %zu, step %d, place %zu", f, step, k);
        }
}
