/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gemm.h for AVX2: 16 registers of 8 lanes, of which 12 hold sums. */
#include "sim/num/gemm.h"

#if defined(__x86_64__)
#define GEMM_LANES  8
#define GEMM_ROWS   6
#define GEMM_TARGET __attribute__((target("avx2,prfchw")))
#include "sim/num/gemm_kernel.h"

static bool available(void)
{
    return __builtin_cpu_supports("avx2");
}

const struct gemm_level gemm_avx2 = {.name = "avx2", .available = available, .product = product};
#endif
