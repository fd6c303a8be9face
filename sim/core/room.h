/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Room of one thread: a batch, and what a model needs to work on it. */
#ifndef SIM_CORE_ROOM_H
#define SIM_CORE_ROOM_H

#include "sim/num/gemm.h"
#include <stddef.h>
#include <stdint.h>

/* What one thread needs to compute gradients and evaluations. */
struct thread_room {
    uint32_t *index;         /* (batch) */
    float *x;                /* (batch, features) */
    struct gemm_bytes bytes; /* the batch where it lies, for models that read bytes */
    int32_t *labels;
    float *targets;
    float *gradient;   /* (d) */
    float *whole;      /* (d) a message, where the matrix holds a block of its columns */
    float *local;      /* (d) parameters during local steps, where there are several */
    void *scratch;     /* of the model */
    size_t *per_class; /* (2, classes): samples and right answers of each class */
};

#endif
