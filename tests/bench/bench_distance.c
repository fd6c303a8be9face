/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Times of what happens in distance space, on one thread: pairwise distances by each kernel that this
 * processor runs, beside the Gram product (ssyrk) that others take distances from; then selections and
 * mixing. The best of several turns, kernels and peer in turn. OPENBLAS_CORETYPE chooses other kernels for
 * the peer. usage: bench_distance [n d]...
 */
#include "sim/base/mem.h"
#include "sim/num/distance.h"
#include "sim/num/distance_kernel.h"
#include "sim/num/mix.h"
#include "sim/num/rows.h"
#include "sim/num/select.h"

#include <gsl/gsl_cblas.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* The peer: OpenBLAS where the Makefile finds it, GSL's reference CBLAS otherwise. */
extern void openblas_set_num_threads(int threads) __attribute__((weak));
extern char *openblas_get_config(void) __attribute__((weak));

enum { MOST_ROWS = 1024 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void keep_least(double *best, double start)
{
    double time = now() - start;
    *best = *best == 0 || time < *best ? time : *best;
}

static void *block(size_t count, size_t size)
{
    void *memory = mem_array(count, size, NULL);
    if (memory == NULL) {
        fprintf(stderr, "bench_distance: out of memory\n");
        exit(1);
    }
    return memory;
}

/* A round's messages: a common part and noise of the same size, from a small generator. */
static void fill(float *x, size_t n, size_t d)
{
    unsigned state = 1;
    for (size_t k = 0; k < n * d; k++) {
        state = state * 1664525u + 1013904223u;
        x[k] = (float)(k % d % 13) + (float)(state >> 8) * 0x1p-24f;
    }
}

static void bench_distances(const float *x, size_t n, size_t d, double *distances)
{
    double best[DISTANCE_KERNELS] = {0}, gram = 0;
    float *product = block(n * n, sizeof *product);
    void *scratch = block(distance_scratch_bytes(n, d), 1);
    int turns = n * d > 20000000 ? 5 : 15;
    for (int turn = 0; turn < turns; turn++) {
        double start;
        for (size_t k = DISTANCE_KERNELS; k-- > 0;) { /* the fastest last: its distances are as good as any */
            start = now();
            if (distance_kernels[k]->usable() && (turn == 0 || k + 1 < DISTANCE_KERNELS)) {
                distance_squared_by(distance_kernels[k], x, n, d, d, scratch, distances);
                keep_least(&best[k], start);
            }
        }
        start = now();
        cblas_ssyrk(CblasRowMajor, CblasUpper, CblasNoTrans, (int)n, (int)d, 1, x, (int)d, 0, product,
                    (int)n);
        keep_least(&gram, start);
    }
    printf("%-10s %5zu %9zu", "distances", n, d);
    for (size_t k = 0; k < DISTANCE_KERNELS; k++)
        if (best[k] > 0)
            printf("  %s %.3f ms %.1f GB/s", distance_kernels[k]->name, 1e3 * best[k],
                   4e-9 * (double)(n * d) / best[k]);
    size_t first = 0;
    while (best[first] == 0)
        first++;
    printf("  ssyrk %.3f ms, ratio %.2f\n", 1e3 * gram, gram / best[first]);
    mem_free(product);
    mem_free(scratch);
}

static void bench_selections(size_t n, const double *distances)
{
    static double weights[MOST_ROWS];
    static size_t chosen[MOST_ROWS];
    double krum = 0, bulyan = 0, mda = 0, median = 0, diameter;
    size_t f = n / 4, bulyan_f = (n - 1) / 4;
    uint64_t work = 0;
    int code = 0;
    void *scratch = block(select_mda_scratch_bytes(n, f) + select_bulyan_scratch_bytes(n), 1);
    for (int turn = 0; turn < 10; turn++) {
        double start = now();
        select_krum(distances, n, n - f - 2, SELECT_SQUARED, scratch, weights);
        keep_least(&krum, start);
        start = now();
        select_bulyan(distances, n, bulyan_f, scratch, chosen);
        keep_least(&bulyan, start);
        start = now();
        code |= select_mda(distances, n, f, 1000000, scratch, chosen, &diameter, &work);
        keep_least(&mda, start);
        start = now();
        select_geometric_median(distances, n, NULL, 0.1, 8, 0, scratch, weights);
        keep_least(&median, start);
    }
    printf("%-10s %5zu            krum %.3f ms  bulyan %.3f ms  mda %.3f ms (%llu nodes%s)  weiszfeld T=8 "
           "%.3f ms\n",
           "selection", n, 1e3 * krum, 1e3 * bulyan, 1e3 * mda, (unsigned long long)work,
           code != 0 ? ", given up" : "", 1e3 * median);
    mem_free(scratch);
}

static void bench_mixing(const float *x, size_t n, size_t d, const double *distances)
{
    static const float *rows[MOST_ROWS];
    size_t h = n - n / 4, *members = block(n * h, sizeof *members);
    float *out = block(n * d, sizeof *out);
    void *scratch = block(select_best_scratch_bytes(n), 1);
    double mixed = 0, single = 0;
    for (size_t i = 0; i < n; i++)
        select_nearest(distances, n, i, h, scratch, members + i * h);
    for (int turn = 0; turn < 4; turn++) {
        double start = now();
        mix_rows(&(struct mix){n, n, h, members}, x, d, d, out, d);
        keep_least(&mixed, start);
        start = now();
        for (size_t j = 0; j < h; j++)
            rows[j] = x + members[j] * d;
        rows_combine(rows, h, d, NULL, out);
        keep_least(&single, start);
    }
    printf("%-10s %5zu %9zu  all rows %.3f ms, one mean %.3f ms, ratio %.1f for %zu means\n", "mixing", n, d,
           1e3 * mixed, 1e3 * single, (double)n * single / mixed, n);
    mem_free(members);
    mem_free(out);
    mem_free(scratch);
}

static void bench_shape(size_t n, size_t d)
{
    float *x = block(n * d, sizeof *x);
    double *distances = block(n * n, sizeof *distances);
    fill(x, n, d);
    bench_distances(x, n, d, distances);
    bench_selections(n, distances);
    bench_mixing(x, n, d, distances);
    mem_free(x);
    mem_free(distances);
}

int main(int argc, char **argv)
{
    static const size_t shapes[][2] = {{5, 100000},   {11, 100000},  {25, 100000},
                                       {51, 100000},  {101, 100000}, {5, 1000000},
                                       {11, 1000000}, {25, 1000000}, {51, 1000000}};
    omp_set_num_threads(1);
    if (openblas_set_num_threads != NULL)
        openblas_set_num_threads(1);
    printf("one thread; peer: %s\n",
           openblas_get_config != NULL ? openblas_get_config() : "the CBLAS of GSL");
    for (int k = 1; k + 1 < argc; k += 2) {
        size_t n = strtoul(argv[k], NULL, 10), d = strtoul(argv[k + 1], NULL, 10);
        if (n < 3 || n > MOST_ROWS || d < 1 || d > 100000000) {
            fprintf(stderr, "bench_distance: n must be 3 to %d and d 1 to 100000000: %s %s\n", MOST_ROWS,
                    argv[k], argv[k + 1]);
            return 2;
        }
        bench_shape(n, d);
    }
    for (size_t s = 0; argc < 3 && s < sizeof shapes / sizeof shapes[0]; s++)
        bench_shape(shapes[s][0], shapes[s][1]);
    return 0;
}
