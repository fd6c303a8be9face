/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checked memory: sizes are multiplied with an overflow test, every block is zeroed and 64-byte aligned. */
#ifndef SIM_BASE_MEM_H
#define SIM_BASE_MEM_H

#include "sim/base/err.h"
#include <stddef.h>

#define MEM_ALIGNMENT 64

/* count * size bytes, zeroed, 64-byte aligned; NULL and *err filled on failure. count 0 gives a valid block.
 * Released with mem_free. */
void *mem_array(size_t count, size_t size, struct err *err);

/* Releases a block of mem_array; NULL is allowed. */
void mem_free(void *block);

/* `bytes` rounded up to the next multiple of MEM_ALIGNMENT: for laying several arrays into one block. */
size_t mem_round_up(size_t bytes);

/* A bump allocator over a caller's block, so that hot code can lay out its scratch without allocating. */
struct mem_arena {
    char *base;
    size_t capacity, used;
};

/* The next count * size bytes, 64-byte aligned and not zeroed; NULL when the arena is full
 * or the size overflows. */
void *mem_take(struct mem_arena *arena, size_t count, size_t size);

#endif
