/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The distance kernel for processors with AVX-512. */
#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define DISTANCE_TARGET               __attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,fma")))
#define DISTANCE_WIDTH                16
#define DISTANCE_BLOCK                5
#define DISTANCE_ADD_SQUARE(lanes, d) (block_lanes) _mm512_fmadd_ps((__m512)(d), (__m512)(d), (__m512)(lanes))
#endif
#include "sim/num/distance_block.h"

static bool avx512_usable(void)
{
#ifdef DISTANCE_BY_HAND
    return false;
#else
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw");
#endif
}

const struct distance_kernel distance_avx512 = {.name = "avx512",
                                                .block = DISTANCE_BLOCK,
                                                .usable = avx512_usable,
                                                .cross = block_cross,
                                                .diagonal = block_diagonal,
                                                .sums = block_sums};
