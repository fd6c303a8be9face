/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Times the order statistics beside the read bandwidth of the same run, on one thread: GB/s of matrix read,
 * the shortest of several repetitions. Arguments: the largest d (default 1e6), then any of the names of
 * kernels (avx512 avx2 plain) and methods (merge count), which replace the automatic choice.
 */
#include "sim/base/mem.h"
#include "sim/num/dispatch.h"
#include "sim/num/order.h"
#include "sim/num/order_run.h"
#include "sim/num/rng.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* A sum over all words in eight vectors, as fast as memory gives them. */
NUM_CLONES static uint64_t read_all(const uint64_t *words, size_t count)
{
    uint64_t sum[64] = {0}, total = 0;
    for (size_t i = 0; i + 64 <= count; i += 64)
        for (size_t l = 0; l < 64; l++)
            sum[l] += words[i + l];
    for (size_t l = 0; l < 64; l++)
        total += sum[l];
    return total;
}

struct bench {
    struct order_run run;
    size_t size;
    const char *what;
    volatile uint64_t sink;
};

static void run_once(struct bench *bench)
{
    if (strcmp(bench->what, "read") == 0)
        bench->sink += read_all((const uint64_t *)(const void *)bench->run.x, bench->size / 2);
    else
        order_run(&bench->run);
}

/* GB/s of the fastest repetition within about `budget` seconds, three at least. */
static double rate(struct bench *bench, const char *what, double budget)
{
    double start = now(), best = 1e9;
    bench->what = what;
    for (size_t i = 0; i < 3 || now() - start < budget; i++) {
        double from = now();
        run_once(bench);
        double took = now() - from;
        best = took < best ? took : best;
    }
    return (double)bench->size * 4e-9 / best;
}

static void row(struct bench *bench, double budget)
{
    struct order_run *run = &bench->run;
    size_t n = run->n, low = (n - 1) / 2, high = n / 2, trim = n / 5;
    double read = rate(bench, "read", budget);
    run->k = 0;
    run->ranks = (struct order_ranks){.first = low, .last = high, .divisor = (double)(high - low + 1)};
    double median = rate(bench, "median", budget);
    run->ranks = (struct order_ranks){.first = trim, .last = n - trim - 1, .divisor = (double)(n - 2 * trim)};
    double trimmed = rate(bench, "trimmed", budget);
    run->k = n - trim;
    double nearest = rate(bench, "nearest", budget);
    printf("%5zu %9zu %8.2f %8.2f %8.2f %8.2f %7.0f %%\n", n, run->d, read, median, trimmed, nearest,
           100 * median / read);
    fflush(stdout);
}

static int measure(struct bench *bench, size_t n, size_t d)
{
    struct order_run *run = &bench->run;
    size_t ld = (d + 15) / 16 * 16;
    float *x = mem_array(n * ld, sizeof *x, NULL);
    struct rng rng;
    run->scratch = mem_array(order_scratch_bytes(n, 1), 1, NULL);
    run->out = mem_array(d, sizeof *run->out, NULL);
    if (x != NULL && run->scratch != NULL && run->out != NULL) {
        rng_start(&rng, 1, RNG_TEST, n, d);
        for (size_t k = 0; k < n * ld; k++)
            x[k] = k < 100003 ? (float)rng_normal(&rng) : x[k - 100003];
        run->x = x;
        run->n = n;
        run->d = d;
        run->ld = ld;
        bench->size = n * ld;
        row(bench, 0.2);
    }
    mem_free(run->scratch);
    mem_free(run->out);
    mem_free(x);
    return x != NULL;
}

static void choose(struct order_run *run, const char *name)
{
    static const char *const methods[] = {"auto", "merge", "count"};
    const struct order_kernels *const all[] = {order_kernels_plain(), order_kernels_avx2(),
                                               order_kernels_avx512()};
    for (int i = 0; i < 3; i++)
        if (strcmp(name, methods[i]) == 0)
            run->method = (enum order_method)i;
    for (size_t i = 0; i < 3; i++)
        if (all[i] != NULL && strcmp(name, all[i]->name) == 0)
            run->kernels = all[i];
}

int main(int argc, char **argv)
{
    static const size_t rows[] = {5, 11, 25, 51, 101, 255, 1001}, widths[] = {100000, 1000000, 10000000};
    double most = argc > 1 ? strtod(argv[1], NULL) : 1e6;
    struct bench bench = {.run = {.kernels = order_kernels_best()}};
    for (int i = 2; i < argc; i++)
        choose(&bench.run, argv[i]);
    omp_set_num_threads(1);
    printf("GB/s, 1 thread, %s kernels\n    n         d     read   median  trimmed  nearest  median/read\n",
           bench.run.kernels->name);
    for (size_t w = 0; w < 3; w++)
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
            if ((double)widths[w] <= most && (double)rows[i] * (double)widths[w] <= 1.1e9)
                measure(&bench, rows[i], widths[w]);
    return 0;
}
