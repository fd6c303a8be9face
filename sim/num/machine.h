/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the machine can do at most, measured now: the yardsticks of a benchmark. */
#ifndef SIM_NUM_MACHINE_H
#define SIM_NUM_MACHINE_H

#include "sim/base/err.h"
#include <stddef.h>

/* Monotonic seconds. */
double machine_seconds(void);

/* Bytes a second read from memory far larger than the caches, by the OpenMP threads in force: the best of
 * several passes over 512 MB. */
int machine_read_bandwidth(double *bytes_per_second, struct err *err);

/* Floating-point operations a second of large single-precision matrix products, one on each of `threads`
 * threads at the same time, together: the best of several. */
int machine_product_rate(size_t threads, double *flops_per_second, struct err *err);

/* Memory that this process can have in all, what it holds already included. */
struct machine_memory {
    double bytes;      /* 0: unknown */
    const char *bound; /* which limit is the least, in words that follow "you have 2 GB, " */
};

struct machine_memory machine_memory(void);

/* The same as read from the files below root/proc and root/sys: for tests. */
struct machine_memory machine_memory_below(const char *root);

#endif
