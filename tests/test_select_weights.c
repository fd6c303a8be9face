/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Geometric median and centered clipping on weights against the same steps on the rows. */
#include "sim/num/select.h"
#include "tests/num/cloud.h"

enum { MOST = 130, D = 7 };

static double norm2(const double *a)
{
    static const double zero[D];
    return cloud_squared(a, zero, D);
}

static void combine(const struct cloud *cloud, const double *weights, double *z)
{
    memset(z, 0, D * sizeof *z);
    for (size_t i = 0; i < cloud->n; i++)
        for (size_t k = 0; weights[i] != 0 && k < D; k++)
            z[k] += weights[i] * cloud->x[i * D + k];
}

/* Weiszfeld on the rows, malformed ones left out. */
static void naive_median(const struct cloud *cloud, bool from_mean, double nu, size_t iterations, double *z)
{
    double sum = 0, weights[MOST];
    for (size_t i = 0; i < cloud->n; i++)
        sum += weights[i] = isfinite(norm2(cloud->x + i * D));
    for (size_t i = 0; i < cloud->n; i++)
        weights[i] /= sum;
    memset(z, 0, D * sizeof *z);
    if (from_mean)
        combine(cloud, weights, z);
    for (size_t t = 0; t < iterations; t++) {
        sum = 0;
        for (size_t i = 0; i < cloud->n; i++) {
            double squared = cloud_squared(cloud->x + i * D, z, D);
            sum += weights[i] = isfinite(squared) ? 1 / fmax(nu, sqrt(squared)) : 0;
        }
        for (size_t i = 0; i < cloud->n; i++)
            weights[i] /= sum;
        combine(cloud, weights, z);
    }
}

static void check_near(const double *got, const double *wanted, double size, const char *what)
{
    for (size_t k = 0; k < D; k++)
        cr_assert(fabs(got[k] - wanted[k]) <= 1e-9 * size, "%s: %g, not %g", what, got[k], wanted[k]);
}

static void check_median(struct cloud cloud)
{
    double first[MOST], weights[MOST], got[D], wanted[D];
    void *scratch = cloud_bytes(select_weights_scratch_bytes(cloud.n));
    for (size_t i = 0; i < cloud.n; i++)
        first[i] = norm2(cloud.x + i * D);
    for (size_t iterations = 1; iterations <= 20; iterations += 6)
        for (int from_mean = 0; from_mean < 2; from_mean++) {
            struct select_trace trace = select_geometric_median(
                cloud.distances, cloud.n, from_mean ? NULL : first, 0.1, iterations, 0, scratch, weights);
            cr_assert_eq(trace.iterations, iterations);
            cr_assert_lt(trace.uncertainty, 1e-3);
            naive_median(&cloud, from_mean, 0.1, iterations, wanted);
            combine(&cloud, weights, got);
            check_near(got, wanted, 1, "geometric median");
        }
    mem_free(scratch);
    cloud_fini(&cloud);
}

Test(select_weights, geometric_median_equals_steps_on_rows)
{
    for (size_t n = 1; n <= MOST; n += 1 + n / 3)
        check_median(cloud_of_rows(n, D, 0, 1));
}

Test(select_weights, malformed_rows_have_no_weight)
{
    for (size_t n = 5; n <= MOST; n += 1 + n / 2)
        check_median(cloud_of_rows(n, D, n / 3, 2));
}

Test(select_weights, no_usable_row)
{
    struct cloud cloud = cloud_of_rows(4, D, 4, 3);
    const double bad[] = {INFINITY, NAN, INFINITY, INFINITY}, one[] = {INFINITY, 4, NAN, INFINITY};
    double weights[4] = {9, 9, 9, 9};
    void *scratch = cloud_bytes(select_weights_scratch_bytes(4));
    for (int given = 0; given < 2; given++) {
        struct select_trace trace =
            select_geometric_median(cloud.distances, 4, given ? bad : NULL, 0.1, 3, 0, scratch, weights);
        cr_expect_eq(trace.iterations, 0);
        for (size_t i = 0; i < 4; i++)
            cr_expect_eq(weights[i], 0);
    }
    select_geometric_median(cloud.distances, 4, one, 0.1, 3, 0, scratch, weights);
    for (size_t i = 0; i < 4; i++)
        cr_expect_eq(weights[i], i == 1);
    mem_free(scratch);
    cloud_fini(&cloud);
}

/* The output stays where it is once it stands still; identical rows are at distance 0 from it. */
Test(select_weights, tolerance_ends_the_iteration)
{
    struct cloud cloud = cloud_of_rows(25, D, 0, 4), same = cloud_of_rows(6, D, 0, 5);
    double weights[25];
    void *scratch = cloud_bytes(select_weights_scratch_bytes(25));
    struct select_trace trace =
        select_geometric_median(cloud.distances, 25, NULL, 1e-6, 10000, 1e-10, scratch, weights);
    cr_expect(trace.iterations > 3 && trace.iterations < 10000);
    memset(same.distances, 0, 36 * sizeof(double));
    trace = select_geometric_median(same.distances, 6, NULL, 0.1, 50, 1e-12, scratch, weights);
    cr_expect_eq(trace.iterations, 1);
    for (size_t i = 0; i < 6; i++)
        cr_expect_float_eq(weights[i], 1.0 / 6, 1e-15);
    mem_free(scratch);
    cloud_fini(&cloud);
    cloud_fini(&same);
}

/* Far rows are weighed down, and farther ones are reported as beyond what distances can tell. */
Test(select_weights, huge_rows_are_weighed_down_or_reported)
{
    const double sizes[] = {1e2, 1e4, 1e15, 1e30};
    for (size_t s = 0; s < 4; s++) {
        struct cloud cloud = cloud_of_rows(11, D, 0, 6);
        for (size_t k = 9 * D; k < 11 * D; k++)
            cloud.x[k] *= sizes[s];
        for (size_t k = 0; k < 121; k++)
            cloud.distances[k] = cloud_squared(cloud.x + k / 11 * D, cloud.x + k % 11 * D, D);
        double weights[11], got[D], wanted[D];
        void *scratch = cloud_bytes(select_weights_scratch_bytes(11));
        struct select_trace trace =
            select_geometric_median(cloud.distances, 11, NULL, 0.1, 60, 0, scratch, weights);
        if (s < 2) {
            naive_median(&cloud, true, 0.1, 60, wanted);
            combine(&cloud, weights, got);
            check_near(got, wanted, 1e-1, "huge rows");
        }
        cr_expect(s < 2 || trace.uncertainty > 1e-3, "rows of %g: %g", sizes[s], trace.uncertainty);
        mem_free(scratch);
        cloud_fini(&cloud);
    }
}

/* The last row of the cloud is the old centre. */
static void naive_clipping(const struct cloud *cloud, double tau, size_t iterations, double *v)
{
    size_t n = cloud->n - 1;
    memcpy(v, cloud->x + n * D, D * sizeof *v);
    for (size_t t = 0; t < iterations; t++) {
        double step[D] = {0};
        for (size_t i = 0; i < n; i++) {
            double distance = sqrt(cloud_squared(cloud->x + i * D, v, D));
            for (size_t k = 0; isfinite(distance) && k < D; k++)
                step[k] += (cloud->x[i * D + k] - v[k]) * fmin(1, tau / distance) / (double)n;
        }
        for (size_t k = 0; k < D; k++)
            v[k] += step[k];
    }
}

static void check_clipping(struct cloud cloud, double tau)
{
    size_t n = cloud.n - 1;
    double weights[MOST + 1], got[D], wanted[D];
    void *scratch = cloud_bytes(select_weights_scratch_bytes(n + 1));
    for (size_t iterations = 0; iterations <= 9; iterations += 1 + iterations) {
        struct select_trace trace =
            select_centered_clipping(cloud.distances, n, tau, iterations, scratch, weights);
        cr_assert_eq(trace.iterations, iterations);
        naive_clipping(&cloud, tau, iterations, wanted);
        combine(&cloud, weights, got);
        check_near(got, wanted, 1, "centered clipping");
    }
    mem_free(scratch);
    cloud_fini(&cloud);
}

Test(select_weights, centered_clipping_equals_steps_on_rows)
{
    for (size_t n = 2; n <= MOST; n += 1 + n / 3) {
        check_clipping(cloud_of_rows(n, D, 0, 7), 0.5);
        check_clipping(cloud_of_rows(n, D, 0, 8), 3);
        check_clipping(cloud_of_rows(n, D, 0, 9), 100);
    }
}

/* Malformed rows stand before the centre; rows at the centre are not divided by a distance of 0. */
Test(select_weights, centered_clipping_of_nasty_rows)
{
    struct cloud cloud = cloud_of_rows(9, D, 3, 10);
    for (size_t k = 0; k < D; k++) {
        cloud.x[8 * D + k] = 0.5;
        cloud.x[k] = 0.5;
    }
    for (size_t k = 0; k < 81; k++)
        cloud.distances[k] = k / 9 == k % 9 ? 0 : cloud_squared(cloud.x + k / 9 * D, cloud.x + k % 9 * D, D);
    check_clipping(cloud, 1);
}

/* The point comes to lie on the rows: rounding must not turn their distance into the root of a negative. */
Test(select_weights, points_on_the_rows)
{
    void *scratch = cloud_bytes(select_weights_scratch_bytes(41));
    for (size_t n = 1; n <= 40; n++) {
        double distances[41 * 41] = {0}, weights[41], sum = 0;
        for (size_t i = 0; i < n; i++)
            distances[i * (n + 1) + n] = distances[n * (n + 1) + i] = 0.1;
        select_centered_clipping(distances, n, 100, 9, scratch, weights);
        for (size_t i = 0; i <= n; i++)
            sum += weights[i];
        cr_assert_float_eq(sum, 1, 1e-12, "n=%zu: %g", n, sum);
        cr_assert_float_eq(weights[n], 0, 1e-12);
    }
    mem_free(scratch);
}

/* Beside a row that has nearly all of the weight, its squared distance keeps its digits. */
Test(select_weights, distance_to_a_centre_beside_a_row)
{
    enum { ROWS = 6 };
    struct cloud cloud = cloud_of_rows(ROWS, D, 0, 11);
    for (double rest = 1e-2; rest > 1e-9; rest /= 10) {
        double weights[ROWS], squared[ROWS], z[D];
        for (size_t i = 0; i < ROWS; i++)
            weights[i] = i == 2 ? 1 - rest : i == 5 ? 0 : rest / (ROWS - 2);
        double doubt = select_distances_to(cloud.distances, ROWS, weights, 1e-30, squared), wanted = 0;
        for (size_t k = 0; k < D; k++) { /* from row 2, as the centre's own digits would not do */
            z[k] = 0;
            for (size_t i = 0; i < ROWS; i++)
                z[k] += i == 2 ? 0 : weights[i] * (cloud.x[i * D + k] - cloud.x[2 * D + k]);
            wanted += z[k] * z[k];
        }
        cr_expect_lt(doubt, 1e-3, "rest %g: doubt %g", rest, doubt);
        cr_expect(fabs(squared[2] - wanted) <= 1e-6 * wanted, "rest %g: %g, not %g", rest, squared[2],
                  wanted);
    }
    cloud_fini(&cloud);
}
