/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/num/signs.h"
#include "sim/num/dispatch.h"

#include <stdint.h>

/* Columns of one unit of work; floats ahead that a row is fetched, because the processor's prefetcher does
 * not follow this many streams. */
enum { BLOCK = 1024, LANES = 16, GROUPS = 2, WIDE = GROUPS * LANES, AHEAD = 128 };

typedef float floats __attribute__((vector_size(64), aligned(4), may_alias));
typedef int32_t wholes __attribute__((vector_size(64), aligned(4), may_alias));

/* WIDE columns, whose balance of votes stays in registers; a comparison is -1 where it holds. */
NUM_CLONES static void wide_majority(const float *x, size_t n, size_t ld, float *out)
{
    wholes balance[GROUPS] = {{0}};
    for (size_t i = 0; i < n; i++) {
        const float *row = x + i * ld;
        for (size_t g = 0; g < GROUPS; g++) {
            floats values = *(const floats *)(row + g * LANES);
            __builtin_prefetch(row + AHEAD + g * LANES);
            balance[g] += (values < 0) - (values > 0);
        }
    }
    for (size_t g = 0; g < GROUPS; g++)
        *(floats *)(out + g * LANES) = __builtin_convertvector((balance[g] < 0) - (balance[g] > 0), floats);
}

static void narrow_majority(const float *x, size_t n, size_t ld, size_t width, float *out)
{
    for (size_t k = 0; k < width; k++) {
        int32_t balance = 0;
        for (size_t i = 0; i < n; i++)
            balance += (x[i * ld + k] > 0) - (x[i * ld + k] < 0);
        out[k] = (float)((balance > 0) - (balance < 0));
    }
}

void signs_majority(const float *x, size_t n, size_t d, size_t ld, float *out)
{
#pragma omp parallel for schedule(static)
    for (size_t from = 0; from < d; from += BLOCK) {
        size_t end = d - from < BLOCK ? d : from + BLOCK, k = from;
        for (; k + WIDE <= end; k += WIDE)
            wide_majority(x + k, n, ld, out + k);
        narrow_majority(x + k, n, ld, end - k, out + k);
    }
}
