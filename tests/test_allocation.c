/* SPDX-License-Identifier: GPL-3.0-or-later */
/* No rule and no pre-aggregator allocates in a round: the allocator of the test program counts while one
 * runs. */
#include "tests/rules/rule.h"

#include <stdatomic.h>

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#if defined(__has_feature)
#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
#define COUNTS_ALLOCATIONS
#endif
#else
#define COUNTS_ALLOCATIONS
#endif
#endif

static atomic_bool watching;
static atomic_size_t allocations;

#ifdef COUNTS_ALLOCATIONS
/* The names of the GNU C library for its own functions, which these stand before, for all libraries too. */
extern void *__libc_malloc(size_t bytes);
extern void *__libc_calloc(size_t count, size_t bytes);
extern void *__libc_realloc(void *block, size_t bytes);
extern void *__libc_memalign(size_t alignment, size_t bytes);

static void count_one(void)
{
    if (atomic_load_explicit(&watching, memory_order_relaxed))
        atomic_fetch_add(&allocations, 1);
}

void *malloc(size_t bytes)
{
    count_one();
    return __libc_malloc(bytes);
}

void *calloc(size_t count, size_t bytes)
{
    count_one();
    return __libc_calloc(count, bytes);
}

void *realloc(void *block, size_t bytes)
{
    count_one();
    return __libc_realloc(block, bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
    count_one();
    return __libc_memalign(alignment, bytes);
}

int posix_memalign(void **block, size_t alignment, size_t bytes)
{
    count_one();
    void *found = __libc_memalign(alignment, bytes);
    if (found != NULL)
        *block = found;
    return found == NULL ? 12 : 0; /* ENOMEM */
}
#endif

enum { ROWS = 11, COLUMNS = 1999, BYZANTINE = 2, ROUNDS = 4 };

/* The allocations of one round after two that may prepare what stays: OpenMP's threads. */
static size_t allocations_of(const char *words, const struct grid *grid)
{
    struct defence_settings settings;
    struct defence defence = {0};
    struct defence_outcome outcome;
    struct err err = {0};
    struct rule_server server = {grid->x, grid->d};
    float *out = mem_array(grid->ld, sizeof *out, NULL);
    struct defence_input in = {.x = grid->x, .n = grid->n, .f = BYZANTINE, .seed = 1};
    rule_settings(words, &settings);
    cr_assert_not_null(out);
    cr_assert_eq(defence_init(&defence, &settings, grid->n, grid->d, grid->ld, &err), 0, "%s", err.text);
    cr_assert_eq(needs_plain_facts(grid->n, grid->d, &in.facts, &err), 0);
    in.facts.server_gradient = grid->x;
    in.facts.losses = rule_losses;
    in.facts.server = &server;
    for (in.round = 0; in.round < ROUNDS; in.round++) {
        atomic_store(&allocations, 0);
        atomic_store(&watching, in.round >= ROUNDS / 2);
        defence_run(&defence, &in, out, &outcome);
        atomic_store(&watching, false);
        cr_assert(outcome.answered, "%s: %s", words, outcome.reason);
    }
    needs_free_facts(&in.facts);
    defence_fini(&defence);
    rule_release(&settings);
    mem_free(out);
    return atomic_load(&allocations);
}

static void expect_none(const char *words, const struct grid *grid)
{
    size_t found = allocations_of(words, grid);
    cr_expect_eq(found, 0, "%s allocates %zu times in a round", words, found);
}

/* Ways through the rules that the defaults do not take. */
static const char *const others[] = {
    "median:even=lower",
    "trimmed_mean:variant=winsorized",
    "krum:distance=fourth",
    "bulyan:variant=multi",
    "bulyan:base=medoid",
    "geometric_median:iterations=1",
    "geometric_median:iterations=20,start=mean",
    "geometric_median:start=median",
    "centered_clipping:iterations=5",
    "dnc:coordinates=50,iterations=3",
    "gas:base=krum,groups=7",
    "gas:base=bulyan,groups=3",
    "signguard:features=relative",
    "caf:largest=kept",
    "auto_gm:lambda=0.001",
    "nnm clipping | krum",
    "nnm arc | median",
    "bucketing nnm | trimmed_mean",
};

/* Two threads: OpenMP keeps what it needs for them, but makes a team of one anew each time. */
Test(allocation, no_rule_allocates_in_a_round)
{
#ifndef COUNTS_ALLOCATIONS
    cr_skip_test(
        "the allocator cannot be counted in this build: it needs the GNU C library, without sanitizers");
#endif
    struct grid grid = grid_make(ROWS, COLUMNS, GRID_NORMAL, 5);
    char words[64];
    omp_set_num_threads(2);
    for (size_t i = 0; i < aggregator_family.count; i++)
        expect_none(aggregator_family.at(i)->name, &grid);
    for (size_t i = 0; i < preaggregator_family.count; i++) {
        snprintf(words, sizeof words, "%s | mean", preaggregator_family.at(i)->name);
        expect_none(words, &grid);
        snprintf(words, sizeof words, "%s | median", preaggregator_family.at(i)->name);
        expect_none(words, &grid);
    }
    for (size_t i = 0; i < BYZ_LENGTH(others); i++)
        expect_none(others[i], &grid);
    grid_fini(&grid);
}

/* The watch itself works. */
Test(allocation, a_block_is_counted)
{
#ifndef COUNTS_ALLOCATIONS
    cr_skip_test(
        "the allocator cannot be counted in this build: it needs the GNU C library, without sanitizers");
#endif
    atomic_store(&watching, true);
    float *block = mem_array(3, sizeof *block, NULL);
    char *copy = strdup("x");
    atomic_store(&watching, false);
    cr_expect_eq(atomic_load(&allocations), 2);
    mem_free(block);
    free(copy);
}
