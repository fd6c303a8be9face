/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Timing beside the speed of large matrix products that alternate with what is timed, in the same process and
 * on the same thread: ours, and that of OpenBLAS where the Makefile finds it. "Of peak" is against the faster
 * of the two.
 */
#ifndef TESTS_BENCH_BENCH_PEAK_H
#define TESTS_BENCH_BENCH_PEAK_H

#include <stddef.h>

/* Least seconds of a large product so far. */
struct peak {
    float *a, *b, *c;
    double own, peer;
};

struct peak bench_peak_open(void);
void bench_peak_close(struct peak *peak);

/* Prints both speeds. */
void bench_print_peak(const struct peak *peak);

/* Least and median seconds. */
struct times {
    double least, median;
};

/* `each` calls of run(what) between two products, many times in turn. */
struct times bench_measure(void (*run)(void *what), void *what, size_t each, struct peak *peak);

void bench_print_head(const char *what, size_t batch);

/* `products`: multiplications of matrix products in all. */
void bench_print_row(const char *label, struct times times, double products, const struct peak *peak);

/* The batch size of the command line: the one argument, 32 without; ends the program when it is none. */
size_t bench_read_batch(const char *program, int argc, char **argv);

/* Seconds of a clock that only goes on. */
double bench_now(void);

/* Zeroed memory for mem_free; ends the program when there is none. */
void *bench_block(size_t count, size_t size);

#endif
