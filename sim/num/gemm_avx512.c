/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gemm.h for AVX-512: 32 registers of 16 lanes, of which 24 hold sums. */
#include "sim/num/gemm.h"

#if defined(__x86_64__)
#define GEMM_LANES 16
#define GEMM_ROWS  12
/* Named one by one: "arch=x86-64-v4" makes clang prefer vectors of half the width. */
#define GEMM_TARGET __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,prfchw")))
#include "sim/num/gemm_kernel.h"

static bool available(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
}

const struct gemm_level gemm_avx512 = {.name = "avx512", .available = available, .product = product};
#endif
