/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/num/machine.h"
#include "sim/base/mem.h"
#include "sim/num/dispatch.h"
#include "sim/num/gemm.h"

#include <stdint.h>
#include <time.h>

enum { PASSES = 7, PART = 1 << 20, SIDE = 768 };
static const size_t read_bytes = (size_t)512 << 20;

double machine_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Four streams at once: more requests are under way than one stream keeps up. count is a multiple of 32. */
NUM_CLONES static uint64_t read_part(const uint64_t *words, size_t count)
{
    uint64_t sum[8] = {0}, total = 0;
    size_t quarter = count / 4;
    for (size_t i = 0; i < quarter; i += 8)
        for (size_t s = 0; s < 4; s++)
            for (size_t l = 0; l < 8; l++)
                sum[l] += words[s * quarter + i + l];
    for (size_t l = 0; l < 8; l++)
        total += sum[l];
    return total;
}

int machine_read_bandwidth(double *bytes_per_second, struct err *err)
{
    size_t words = read_bytes / sizeof(uint64_t);
    uint64_t *block = mem_array(words, sizeof *block, err), total = 0;
    if (block == NULL)
        return ERR_MEMORY;
    double best = 1e30;
    for (int pass = 0; pass < PASSES; pass++) {
        double begun = machine_seconds();
#pragma omp parallel for schedule(static) reduction(+ : total)
        for (size_t from = 0; from < words; from += PART)
            total += read_part(block + from, words - from < PART ? words - from : PART);
        double took = machine_seconds() - begun;
        best = took < best ? took : best;
    }
    block[0] = total; /* the sum is used, so that it is computed */
    *bytes_per_second = (double)read_bytes / best;
    mem_free(block);
    return ERR_OK;
}

int machine_product_rate(size_t threads, double *flops_per_second, struct err *err)
{
    const size_t square = (size_t)SIDE * SIDE;
    float *all = mem_array(threads * 3 * square, sizeof *all, err);
    if (all == NULL)
        return ERR_MEMORY;
    double best = 1e30;
    for (size_t i = 0; i < threads * 3 * square; i++)
        all[i] = (float)(i % 7) * 0.125f;
    for (int pass = 0; pass < PASSES; pass++) {
        double begun = machine_seconds();
#pragma omp parallel for num_threads((int)threads) schedule(static)
        for (size_t t = 0; t < threads; t++) {
            float *a = all + 3 * t * square, *b = a + square, *c = b + square;
            gemm(false, false, SIDE, SIDE, SIDE, 1, a, SIDE, b, SIDE, 0, c, SIDE);
        }
        double took = machine_seconds() - begun;
        best = took < best ? took : best;
    }
    *flops_per_second = 2.0 * (double)threads * SIDE * SIDE * SIDE / best;
    mem_free(all);
    return ERR_OK;
}
