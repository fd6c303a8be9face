/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Many means of subsets of the same rows (nearest-neighbour mixing) in one pass: the rows' columns are read
 * once, a tile at a time, and all means are taken while the tile is in the cache. Each mean adds its members
 * in double in the order given, as rows_combine does, so both give the same bits.
 */
#ifndef SIM_NUM_MIX_H
#define SIM_NUM_MIX_H

#include <stddef.h>

/* m subsets of h rows out of n: subset r is members[r * h .. r * h + h - 1], each below n. */
struct mix {
    size_t n, m, h;
    const size_t *members; /* (m, h) */
};

/* out (m, width), ld_out floats per row: the means over columns x (n, width), ld floats per row, on the
 * calling thread. For a rule that works on columns and wants them mixed first. */
void mix_tile(const struct mix *mix, const float *x, size_t ld, size_t width, float *out, size_t ld_out);

/* The same for all d columns, in parallel. out does not overlap x. */
void mix_rows(const struct mix *mix, const float *x, size_t d, size_t ld, float *out, size_t ld_out);

#endif
