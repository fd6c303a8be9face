/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blocks are zeroed and aligned, sizes that overflow are refused, the arena never hands out what it lacks. */
#include "sim/base/mem.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

Test(mem, blocks_are_zeroed_and_aligned)
{
    struct err err = {0};
    for (size_t count = 0; count < 300; count += 7) {
        unsigned char *block = mem_array(count, 3, &err);
        cr_assert_not_null(block, "%s", err.text);
        cr_assert_eq((uintptr_t)block % MEM_ALIGNMENT, 0);
        for (size_t k = 0; k < 3 * count; k++)
            cr_assert_eq(block[k], 0);
        memset(block, 0xA5, 3 * count);
        mem_free(block);
    }
    mem_free(NULL);
}

Test(mem, products_that_overflow_are_refused)
{
    const size_t sizes[][2] = {{SIZE_MAX, 1},         {SIZE_MAX, SIZE_MAX},
                               {SIZE_MAX / 8 + 1, 8}, {SIZE_MAX / 2 + 2, 2},
                               {3, SIZE_MAX / 2},     {SIZE_MAX - MEM_ALIGNMENT + 1, 1}};
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
        struct err err = {0};
        cr_expect_null(mem_array(sizes[k][0], sizes[k][1], &err), "case %zu", k);
        cr_expect_eq(err.code, ERR_MEMORY);
        cr_expect_not_null(strstr(err.text, "does not fit"), "%s", err.text);
        cr_expect_null(mem_array(sizes[k][0], sizes[k][1], NULL));
    }
}

Test(mem, round_up)
{
    cr_expect_eq(mem_round_up(0), 0);
    cr_expect_eq(mem_round_up(1), 64);
    cr_expect_eq(mem_round_up(64), 64);
    cr_expect_eq(mem_round_up(65), 128);
}

Test(mem, arena_hands_out_aligned_pieces_until_it_is_full)
{
    struct err err = {0};
    char *block = mem_array(5, 64, &err);
    struct mem_arena arena = {.base = block, .capacity = 320};
    cr_expect_eq(mem_take(&arena, 1, 1), block);
    cr_expect_eq(mem_take(&arena, 9, 8), block + 64); /* 72 bytes: two lines */
    cr_expect_eq(mem_take(&arena, 0, 8), block + 192);
    cr_expect_null(mem_take(&arena, 129, 1));
    cr_expect_eq(arena.used, 192);
    cr_expect_eq(mem_take(&arena, 128, 1), block + 192);
    cr_expect_null(mem_take(&arena, 1, 1));
    mem_free(block);
}

Test(mem, arena_refuses_sizes_that_overflow)
{
    struct err err = {0};
    char *block = mem_array(2, 64, &err);
    struct mem_arena arena = {.base = block, .capacity = 128};
    cr_expect_null(mem_take(&arena, SIZE_MAX / 8 + 2, 8)); /* 8 after wrapping */
    cr_expect_null(mem_take(&arena, SIZE_MAX, 1));         /* 0 after rounding up */
    cr_expect_null(mem_take(&arena, SIZE_MAX, SIZE_MAX));  /* 1 after wrapping */
    cr_expect_eq(arena.used, 0);
    mem_free(block);
}
