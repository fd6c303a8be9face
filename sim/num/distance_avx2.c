/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The distance kernel for processors with AVX2+FMA. */
#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define DISTANCE_TARGET               __attribute__((target("avx2,fma")))
#define DISTANCE_WIDTH                8
#define DISTANCE_BLOCK                3
#define DISTANCE_ADD_SQUARE(lanes, d) (block_lanes) _mm256_fmadd_ps((__m256)(d), (__m256)(d), (__m256)(lanes))
#endif
#include "sim/num/distance_block.h"

static bool avx2_usable(void)
{
#ifdef DISTANCE_BY_HAND
    return false;
#else
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
}

const struct distance_kernel distance_avx2 = {.name = "avx2",
                                              .block = DISTANCE_BLOCK,
                                              .usable = avx2_usable,
                                              .cross = block_cross,
                                              .diagonal = block_diagonal,
                                              .sums = block_sums};
