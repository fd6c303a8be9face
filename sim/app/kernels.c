/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/app/kernels.h"
#include "sim/num/distance.h"
#include "sim/num/order.h"
#include "sim/num/rng.h"
#include "sim/num/rows.h"

#include <string.h>

static size_t order_scratch(size_t n, size_t d, size_t threads)
{
    (void)d;
    return order_scratch_bytes(n, threads);
}

static size_t distance_scratch(size_t n, size_t d, size_t threads)
{
    (void)threads;
    return distance_scratch_bytes(n, d);
}

static void combine(struct kernel_room *room)
{
    rows_combine(room->rows, room->n, room->d, room->weights, room->out);
}

static void mean_std(struct kernel_room *room)
{
    rows_mean_std(room->rows, room->n, room->d, room->n > 1, room->out, room->second);
}

static void mean_variance(struct kernel_room *room)
{
    room->square[0] = rows_mean_variance(room->rows, room->n, room->d, room->out);
}

static void norms(struct kernel_room *room)
{
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < room->n; i++)
        room->square[i] = rows_norm2(room->rows[i], room->d);
}

static void distances(struct kernel_room *room)
{
    distance_squared(room->x, room->n, room->d, room->ld, room->scratch, room->square);
}

static void median(struct kernel_room *room)
{
    order_median(room->x, room->n, room->d, room->ld, ORDER_MID, room->scratch, room->out);
}

static void trimmed_mean(struct kernel_room *room)
{
    order_trimmed_mean(room->x, room->n, room->d, room->ld, room->n / 5, 0, room->scratch, room->out);
}

static void accumulate(struct kernel_room *room)
{
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < room->n; i++)
        rows_accumulate(room->rows[i], room->d, 0.5, 1, room->sums + i * room->ld);
}

static void permutation(struct kernel_room *room)
{
    struct rng stream;
    rng_start(&stream, 1, RNG_AGGREGATOR, 0, 0);
    rng_permutation(&stream, room->d, room->order);
}

const struct kernel kernels_table[] = {
    {.name = "combine", .doc = "weighted sum of the rows", .call = combine},
    {.name = "mean_std", .doc = "mean and standard deviation of every column (ALIE)", .call = mean_std},
    {.name = "mean_variance",
     .doc = "mean of the rows and their mean squared distance from it (metrics)",
     .call = mean_variance},
    {.name = "norms", .doc = "squared norms of the rows", .call = norms},
    {.name = "distances",
     .doc = "squared distances between all rows",
     .scratch_bytes = distance_scratch,
     .call = distances},
    {.name = "median", .doc = "median of every column", .scratch_bytes = order_scratch, .call = median},
    {.name = "trimmed_mean",
     .doc = "mean of every column without n/5 values at each end",
     .scratch_bytes = order_scratch,
     .call = trimmed_mean},
    {.name = "accumulate",
     .doc = "the rows added to the rows of another matrix",
     .call = accumulate,
     .keeps_sums = true},
    {.name = "permutation",
     .doc = "a random order of the coordinates, on one thread",
     .call = permutation,
     .draws = true},
};

const size_t kernels_count = sizeof kernels_table / sizeof kernels_table[0];

const struct kernel *kernels_find(const char *name)
{
    for (size_t i = 0; i < kernels_count; i++)
        if (strcmp(kernels_table[i].name, name) == 0)
            return &kernels_table[i];
    return NULL;
}
