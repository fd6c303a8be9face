/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests in distance space: matrices of squared distances of rows, or made up, with ties and infinities.
 */
#ifndef TESTS_NUM_CLOUD_H
#define TESTS_NUM_CLOUD_H

#include "tests/num/grid.h"

struct cloud {
    size_t n, d;
    double *x;         /* (n, d); NULL for made-up distances */
    double *distances; /* (n, n) */
};

static inline void *cloud_bytes(size_t bytes)
{
    void *block = mem_array(bytes, 1, NULL);
    cr_assert_not_null(block);
    return block;
}

static inline void cloud_fini(struct cloud *cloud)
{
    mem_free(cloud->x);
    mem_free(cloud->distances);
}

static inline double cloud_squared(const double *a, const double *b, size_t d)
{
    double sum = 0;
    for (size_t k = 0; k < d; k++)
        sum += (a[k] - b[k]) * (a[k] - b[k]);
    return isnan(sum) ? INFINITY : sum;
}

/* Rows of N(0, 1), of which the last `bad` are NaN. */
static inline struct cloud cloud_of_rows(size_t n, size_t d, size_t bad, uint64_t seed)
{
    struct cloud cloud = {.n = n, .d = d, .x = cloud_bytes(n * d * sizeof(double))};
    cloud.distances = cloud_bytes(n * n * sizeof(double));
    struct rng rng;
    rng_start(&rng, seed, RNG_TEST, n, d);
    for (size_t k = 0; k < n * d; k++)
        cloud.x[k] = k / d < n - bad ? rng_normal(&rng) : (double)NAN;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            cloud.distances[i * n + j] = i == j ? 0 : cloud_squared(cloud.x + i * d, cloud.x + j * d, d);
    return cloud;
}

/* Distances 0 .. values-1, and now and then infinity when `infinite`. */
static inline struct cloud cloud_of_ties(size_t n, unsigned values, bool infinite, uint64_t seed)
{
    struct cloud cloud = {.n = n, .distances = cloud_bytes(n * n * sizeof(double))};
    struct rng rng;
    rng_start(&rng, seed, RNG_TEST, n, values);
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++) {
            double value = infinite && rng_below(&rng, 10) == 0 ? INFINITY : (double)rng_below(&rng, values);
            cloud.distances[i * n + j] = cloud.distances[j * n + i] = value;
        }
    return cloud;
}

#endif
