/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ranks of many rows for processors that can squeeze chosen lanes together (vpcompressd): a column's keys lie
 * one after the other, so that all but those between two bounds can be thrown away at once, which a tile with
 * a column in each lane cannot. The bounds come from a sorted sample, then from straight lines between the
 * values at the bounds; what is left of each column after two passes or so, 64 keys at the most, goes through
 * the network for the median of 64, filled up with keys below and above so that the wanted rank is in its
 * middle.
 *
 * The kernels `load` and `select` of order_kernels.h.
 */
#ifndef SIM_NUM_ORDER_COLUMNS_H
#define SIM_NUM_ORDER_COLUMNS_H

#include "sim/num/order_kernels.h"

void order_columns_load(const float *x, size_t n, size_t ld, size_t width, int32_t *tile);

/* middle: the keys of the middle ranks of ORDER_LINES rows. */
void order_columns_select(const int32_t *tile, size_t n, size_t first, int more, const int32_t *sample,
                          size_t samples, order_lines *middle, int32_t *work, int32_t *out);

#endif
