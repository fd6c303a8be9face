/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

size_t mem_round_up(size_t bytes)
{
    return (bytes + MEM_ALIGNMENT - 1) / MEM_ALIGNMENT * MEM_ALIGNMENT;
}

void *mem_array(size_t count, size_t size, struct err *err)
{
    if (size != 0 && count > (SIZE_MAX - MEM_ALIGNMENT) / size) {
        err_set(err, ERR_MEMORY, "an array of %zu items of %zu bytes does not fit into the address space",
                count, size);
        return NULL;
    }
    size_t bytes = mem_round_up(count * size == 0 ? 1 : count * size);
    void *block = NULL;
    if (posix_memalign(&block, MEM_ALIGNMENT, bytes) != 0) {
        err_set(err, ERR_MEMORY,
                "out of memory: %.1f MB were asked for; use fewer workers, samples or parameters",
                (double)bytes / 1e6);
        return NULL;
    }
    memset(block, 0, bytes);
    return block;
}

void mem_free(void *block)
{
    free(block);
}

void *mem_take(struct mem_arena *arena, size_t count, size_t size)
{
    if (size != 0 && count > (SIZE_MAX - MEM_ALIGNMENT) / size)
        return NULL;
    size_t bytes = mem_round_up(count * size);
    if (bytes > arena->capacity - arena->used)
        return NULL;
    void *block = arena->base + arena->used;
    arena->used += bytes;
    return block;
}
