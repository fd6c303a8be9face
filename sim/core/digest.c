/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/core/digest.h"

#include <string.h>

enum { LANES = 4, FLOATS = 2 * LANES };

static uint64_t stir(uint64_t state, uint64_t word)
{
    state = (state ^ word) * 0x9E3779B97F4A7C15u;
    return state << 29 | state >> 35;
}

static void stir_block(uint64_t lanes[LANES], const float *block)
{
    uint64_t words[LANES];
    memcpy(words, block, sizeof words);
    for (size_t l = 0; l < LANES; l++)
        lanes[l] = stir(lanes[l], words[l]);
}

uint64_t digest_floats(uint64_t digest, const float *values, size_t count)
{
    uint64_t lanes[LANES];
    for (size_t l = 0; l < LANES; l++)
        lanes[l] = stir(digest, l + 1);
    size_t k = 0;
    for (; k + FLOATS <= count; k += FLOATS)
        stir_block(lanes, values + k);
    float rest[FLOATS] = {0};
    memcpy(rest, values + k, (count - k) * sizeof *rest);
    stir_block(lanes, rest);
    uint64_t sum = stir(count, 0);
    for (size_t l = 0; l < LANES; l++)
        sum = stir(sum, lanes[l]);
    return sum ^ sum >> 32;
}
