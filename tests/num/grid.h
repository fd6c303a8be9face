/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests of kernels and rules: matrices of ordinary and nasty values with NaN behind every row. */
#ifndef TESTS_NUM_GRID_H
#define TESTS_NUM_GRID_H

#include "sim/base/mem.h"
#include "sim/num/rng.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

struct grid {
    size_t n, d, ld;
    float *x; /* (n, d), ld floats per row; the ld - d floats behind each row are NaN */
};

enum grid_kind {
    GRID_NORMAL,   /* N(0, 1) */
    GRID_TIED,     /* few different values, zeros of both signs among them */
    GRID_DENORMAL, /* below the smallest normal float */
    GRID_HUGE,     /* +-1e30 and +-3e38 among small values */
    GRID_SPECIAL,  /* NaN of both signs, infinities, zeros, small values */
    GRID_SAME,     /* all rows identical */
    GRID_KINDS
};

static inline float grid_value(enum grid_kind kind, struct rng *rng)
{
    static const float tied[] = {-1.5f, -0.0f, 0.0f, 0.1f, 7}, huge[] = {1e30f, -1e30f, 3e38f, -3e38f},
                       special[] = {INFINITY, -INFINITY, 0.0f, -0.0f};
    float normal = (float)rng_normal(rng);
    uint64_t pick = rng_below(rng, 8);
    switch (kind) {
    case GRID_TIED:
        return tied[pick % 5];
    case GRID_DENORMAL:
        return normal * 1e-39f;
    case GRID_HUGE:
        return pick < 4 ? huge[pick] : normal;
    case GRID_SPECIAL:
        return pick < 4 ? special[pick] : pick < 6 ? copysignf(NAN, pick == 4 ? 1.0f : -1.0f) : normal;
    default:
        return normal;
    }
}

static inline struct grid grid_empty(size_t n, size_t d)
{
    struct grid grid = {.n = n, .d = d, .ld = (d + 15) / 16 * 16 + 16};
    grid.x = mem_array(n, grid.ld * sizeof *grid.x, NULL);
    cr_assert_not_null(grid.x);
    for (size_t k = 0; k < n * grid.ld; k++)
        grid.x[k] = k % grid.ld < d ? 0 : NAN;
    return grid;
}

static inline struct grid grid_make(size_t n, size_t d, enum grid_kind kind, uint64_t seed)
{
    struct grid grid = grid_empty(n, d);
    struct rng rng;
    rng_start(&rng, seed, RNG_TEST, n, d);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < d; k++)
            grid.x[i * grid.ld + k] = kind == GRID_SAME && i > 0 ? grid.x[k] : grid_value(kind, &rng);
    return grid;
}

/* The matrix of n * d values written one row behind the other. */
static inline struct grid grid_of(size_t n, size_t d, const float *values)
{
    struct grid grid = grid_empty(n, d);
    for (size_t i = 0; i < n; i++)
        memcpy(grid.x + i * grid.ld, values + i * d, d * sizeof *values);
    return grid;
}

static inline void grid_fini(struct grid *grid)
{
    mem_free(grid->x);
    grid->x = NULL;
}

static inline float *grid_row(const struct grid *grid, size_t i)
{
    return grid->x + i * grid->ld;
}

/* Both NaN, or equal (zeros of either sign are), or both finite and at most `slack` apart. */
static inline bool grid_near(double a, double b, double slack)
{
    if (isnan(a) || isnan(b))
        return isnan(a) && isnan(b);
    return a == b || fabs(a - b) <= slack;
}

/* The same bits, where every NaN is like any other. */
static inline bool grid_same_bits(const float *a, const float *b, size_t count)
{
    for (size_t k = 0; k < count; k++)
        if (memcmp(&a[k], &b[k], sizeof *a) != 0 && !(isnan(a[k]) && isnan(b[k])))
            return false;
    return true;
}

/* The numbers of columns around the kernels' vector widths, ended by 0. */
static const size_t grid_widths[] = {1, 15, 16, 17, 31, 32, 33, 0};
/* The numbers of threads under which results must be the same bits, ended by 0. */
static const int grid_threads[] = {1, 2, 3, 8, 0};

#endif
