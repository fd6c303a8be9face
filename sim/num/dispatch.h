/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * NUM_CLONES in front of a kernel compiles it for AVX-512, AVX2 and the base instruction set; the loader
 * picks one. All of them give the same bits: kernels accumulate in lanes whose number is fixed in the source,
 * and contraction into fused multiply-adds is off for the whole program. (Not under sanitizers, whose
 * start-up the loader's choice precedes, nor outside gcc on x86-64 Linux: the plain version runs there.)
 */
#ifndef SIM_NUM_DISPATCH_H
#define SIM_NUM_DISPATCH_H

#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__) &&                 \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define NUM_CLONES __attribute__((noinline, target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define NUM_CLONES __attribute__((noinline))
#endif

#endif
