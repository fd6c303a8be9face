/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The distance kernel for any processor: no fused instruction is assumed, its rounding is done by hand. */
#include "sim/num/distance_block.h"

static bool plain_usable(void)
{
    return true;
}

const struct distance_kernel distance_plain = {.name = "plain",
                                               .block = DISTANCE_BLOCK,
                                               .usable = plain_usable,
                                               .cross = block_cross,
                                               .diagonal = block_diagonal,
                                               .sums = block_sums};
