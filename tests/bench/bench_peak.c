/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/bench/bench_peak.h"
#include "sim/base/mem.h"
#include "sim/num/gemm.h"

#include <gsl/gsl_cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* The peer: OpenBLAS where it is linked; GSL's reference CBLAS, which is none, otherwise. */
extern void openblas_set_num_threads(int threads) __attribute__((weak));

enum { SIDE = 512, TURNS = 24 }; /* of the product; products beside each thing that is timed */

double bench_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void *bench_block(size_t count, size_t size)
{
    void *memory = mem_array(count, size, NULL);
    if (memory == NULL) {
        fprintf(stderr, "benchmark: out of memory\n");
        exit(1);
    }
    return memory;
}

static int compare(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void keep_least(double *best, double start)
{
    double time = bench_now() - start;
    *best = *best == 0 || time < *best ? time : *best;
}

static void sample_peak(struct peak *peak)
{
    double start = bench_now();
    gemm(false, false, SIDE, SIDE, SIDE, 1, peak->a, SIDE, peak->b, SIDE, 0, peak->c, SIDE);
    keep_least(&peak->own, start);
    if (openblas_set_num_threads == NULL)
        return;
    start = bench_now();
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, SIDE, SIDE, SIDE, 1, peak->a, SIDE, peak->b, SIDE,
                0, peak->c, SIDE);
    keep_least(&peak->peer, start);
}

struct peak bench_peak_open(void)
{
    struct peak peak = {.a = bench_block(3 * SIDE * SIDE, sizeof(float))};
    peak.b = peak.a + SIDE * SIDE;
    peak.c = peak.b + SIDE * SIDE;
    for (size_t j = 0; j < 2 * SIDE * SIDE; j++)
        peak.a[j] = (float)(j % 17) - 8;
    if (openblas_set_num_threads != NULL)
        openblas_set_num_threads(1);
    for (int k = 0; k < TURNS; k++)
        sample_peak(&peak);
    return peak;
}

void bench_peak_close(struct peak *peak)
{
    mem_free(peak->a);
}

static double speed_of(double seconds)
{
    return seconds > 0 ? 2.0 * SIDE * SIDE * SIDE / seconds : 0;
}

static double peak_speed(const struct peak *peak)
{
    double own = speed_of(peak->own), peer = speed_of(peak->peer);
    return own > peer ? own : peer;
}

void bench_print_peak(const struct peak *peak)
{
    printf("%-34s %.1f GFLOP/s (%s)", "large product", speed_of(peak->own) * 1e-9, gemm_level()->name);
    if (peak->peer > 0)
        printf(", OpenBLAS %.1f", speed_of(peak->peer) * 1e-9);
    printf("\n\n");
}

struct times bench_measure(void (*run)(void *what), void *what, size_t each, struct peak *peak)
{
    double *all = bench_block(TURNS * each, sizeof *all);
    size_t count = 0;
    run(what);
    for (size_t t = 0; t < TURNS; t++) {
        sample_peak(peak);
        for (size_t k = 0; k < each; k++) {
            double start = bench_now();
            run(what);
            all[count++] = bench_now() - start;
        }
    }
    sample_peak(peak);
    qsort(all, count, sizeof *all, compare);
    struct times times = {all[0], all[count / 2]};
    mem_free(all);
    return times;
}

void bench_print_head(const char *what, size_t batch)
{
    char words[64];
    snprintf(words, sizeof words, "%s, batch %zu", what, batch);
    printf("%-34s %10s %10s %10s %9s\n", words, "least us", "median us", "GFLOP/s", "of peak");
}

void bench_print_row(const char *label, struct times times, double products, const struct peak *peak)
{
    double speed = 2 * products / times.least;
    printf("%-34s %10.1f %10.1f %10.1f %8.0f%%\n", label, times.least * 1e6, times.median * 1e6, speed * 1e-9,
           100 * speed / peak_speed(peak));
}

size_t bench_read_batch(const char *program, int argc, char **argv)
{
    char *end = NULL;
    unsigned long batch = argc > 1 ? strtoul(argv[1], &end, 10) : 32;
    if (argc > 2 || batch == 0 || batch > 100000 || (end != NULL && *end != 0)) {
        fprintf(stderr, "usage: %s [batch size from 1 to 100000]\n", program);
        exit(2);
    }
    return batch;
}
