/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/model/dot.h"
#include "sim/num/dispatch.h"

enum { LANES = 8 };

NUM_CLONES double dot_product(size_t count, const float *x, const float *y)
{
    double part[LANES] = {0};
    size_t j = 0;
    for (; j + LANES <= count; j += LANES)
        for (size_t l = 0; l < LANES; l++)
            part[l] += (double)x[j + l] * (double)y[j + l];
    for (size_t l = 0; j + l < count; l++)
        part[l] += (double)x[j + l] * (double)y[j + l];
    return ((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7]));
}
