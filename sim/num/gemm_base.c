/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gemm.h for the instruction set that the compiler was asked for: vectors of 4 suit all of them. */
#include "sim/num/gemm_kernel.h"

static bool available(void)
{
    return true;
}

const struct gemm_level gemm_base = {.name = "base", .available = available, .product = product};
