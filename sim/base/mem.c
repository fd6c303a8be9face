/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

size_t mem_round_up(size_t bytes)
{
    return (bytes + MEM_ALIGNMENT - 1) / MEM_ALIGNMENT * MEM_ALIGNMENT;
}

/* Blocks from this size on lie on large pages where the system offers them (Linux, "madvise" mode): kernels
 * walk many rows at once, and small pages would cost them more address translations than the processor
 * remembers. */
enum { LARGE_PAGE = 2 << 20, LARGE_FROM = 4 << 20 };

static int make_block(void **block, size_t bytes)
{
    int rc = posix_memalign(block, bytes >= LARGE_FROM ? LARGE_PAGE : MEM_ALIGNMENT, bytes);
#ifdef MADV_HUGEPAGE
    if (rc == 0 && bytes >= LARGE_FROM)
        (void)madvise(*block, bytes, MADV_HUGEPAGE); /* advice: without it everything works as well */
#endif
    return rc;
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
    if (make_block(&block, bytes) != 0) {
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
