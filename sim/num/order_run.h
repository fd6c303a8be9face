/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The functions of order.h with the kernels and the method chosen by the caller: for order.c, tests and the
 * benchmark. */
#ifndef SIM_NUM_ORDER_RUN_H
#define SIM_NUM_ORDER_RUN_H

#include "sim/num/order_kernels.h"

enum order_method {
    ORDER_AUTO,  /* the fastest for this n */
    ORDER_MERGE, /* sorted runs, merged; straight-line code alone where the kernels have it for n rows */
    ORDER_COUNT, /* counting, for one or two ranks, else ORDER_MERGE */
};

struct order_run {
    const struct order_kernels *kernels;
    enum order_method method;
    const float *x; /* (n, d), ld floats per row */
    size_t n, d, ld;
    struct order_ranks ranks; /* the mean of these; */
    size_t k;                 /* if not 0: the mean of the k values nearest to that, */
    const float *centre;      /* or to these (d), unless NULL */
    void *scratch;            /* order_scratch_bytes, 64-byte aligned */
    float *out;               /* (d) */
};

void order_run(const struct order_run *run);

#endif
