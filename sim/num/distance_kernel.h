/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The inner kernels of distance_squared, one for each instruction set, all with the same bits: a difference
 * is rounded to float32 and its square added to one of 16 float32 lanes in one rounding (fused multiply-add,
 * by instruction or by hand); every 8 squares the lane is added to a second one, which takes in 16 such sums
 * before all lanes are added up in double. So few additions in a row keep the relative error near 1e-8, and
 * below 4.5e-7 at the worst, when all differences are the same and all roundings go the same way.
 */
#ifndef SIM_NUM_DISTANCE_KERNEL_H
#define SIM_NUM_DISTANCE_KERNEL_H

#include <stdbool.h>
#include <stddef.h>

/* Lanes; squares that a lane takes in before it is added to the second one; the columns of as many squares;
 * columns until all lanes are added up. */
enum {
    DISTANCE_LANES = 16,
    DISTANCE_CHAIN = 8,
    DISTANCE_STEP = DISTANCE_CHAIN * DISTANCE_LANES,
    DISTANCE_STRETCH = 2048
};

/* The fewest and the most rows in a block of any kernel. */
enum { DISTANCE_BLOCK_LEAST = 3, DISTANCE_BLOCK_MOST = 5 };

struct distance_kernel {
    const char *name;
    size_t block;         /* rows of a block: as many as the registers hold the pairs of */
    bool (*usable)(void); /* this processor runs it, and this build contains it */

    /* total (block, block, DISTANCE_LANES) += the squares of a_r - b_c, a lane for every 16th column, over
     * `width` columns: a multiple of DISTANCE_LANES, at most DISTANCE_STEP. Rows ld floats apart; `block`
     * rows from a, 1 to `block` rows from b (columns). NaN or infinite when a float overflows. */
    void (*cross)(const float *a, const float *b, size_t columns, size_t ld, size_t width, float *total);

    /* The same for the pairs r < c among 2 to `block` rows. */
    void (*diagonal)(const float *a, size_t rows, size_t ld, size_t width, float *total);

    /* out (block, block) = the sums of the lanes, in double. */
    void (*sums)(const float *total, double *out);
};

/* The fastest first; the last runs everywhere. */
extern const struct distance_kernel *const distance_kernels[];
enum { DISTANCE_KERNELS = 3 };
extern const struct distance_kernel distance_avx512, distance_avx2, distance_plain;

/* distance_squared by a given kernel. */
void distance_squared_by(const struct distance_kernel *kernel, const float *x, size_t n, size_t d, size_t ld,
                         void *scratch, double *out);

#endif
