/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/num/order_kernels.h"

const struct order_kernels *order_kernels_best(void)
{
    const struct order_kernels *best = order_kernels_avx512();
    if (best == NULL)
        best = order_kernels_avx2();
    return best != NULL ? best : order_kernels_plain();
}
