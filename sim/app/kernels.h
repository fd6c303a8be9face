/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The numeric kernels that rules and attacks are made of, by name, for benchmarks. */
#ifndef SIM_APP_KERNELS_H
#define SIM_APP_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a kernel is called with: the matrix, and room for what it writes. */
struct kernel_room {
    size_t n, d, ld;
    const float *x;           /* (n, d), ld floats per row */
    const float *const *rows; /* (n) pointers to the rows */
    const double *weights;    /* (n) summing to 1 */
    float *out, *second;      /* (d) each */
    float *sums;              /* (n, d), ld floats per row; NULL unless the kernel keeps sums */
    uint32_t *order;          /* (d); NULL unless the kernel draws */
    double *square;           /* (n, n) */
    void *scratch;            /* kernel.scratch_bytes */
};

struct kernel {
    const char *name, *doc;
    size_t (*scratch_bytes)(size_t n, size_t d, size_t threads); /* NULL: 0 */
    void (*call)(struct kernel_room *room);
    bool keeps_sums, draws;
};

extern const struct kernel kernels_table[];
extern const size_t kernels_count;

/* The kernel of that name, or NULL. */
const struct kernel *kernels_find(const char *name);

#endif
