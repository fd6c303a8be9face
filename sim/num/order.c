/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/num/order.h"
#include "sim/num/order_run.h"

#include <omp.h>
#include <string.h>

/* Columns a thread takes at a time, and those sorted in one go by straight-line code. */
enum { BLOCK = 1024, STRIP = 64 };
/* From so many rows on one or two ranks are found faster by counting than by a network. */
enum { COUNT_FROM = 400 };
/* Rows whose sorted keys give the first bounds for counting. */
enum { SAMPLES = 31 };

/* A thread's part of the scratch: whole numbers of 4 bytes, each part a multiple of 64 bytes. */
struct parts {
    float *edge;     /* (n, ORDER_LANES): columns at the right edge */
    int32_t *tile;   /* (n, STRIP) */
    int32_t *sample; /* (SAMPLES, ORDER_TILE) */
    int32_t *found;  /* (2, BLOCK) keys of the ranks found */
};

static size_t words_per_thread(size_t n)
{
    return n * (ORDER_LANES + STRIP) + SAMPLES * ORDER_TILE + 2 * BLOCK;
}

static struct parts parts_of(void *scratch, size_t n, size_t thread)
{
    int32_t *words = (int32_t *)scratch + thread * words_per_thread(n);
    struct parts parts = {.edge = (float *)words, .tile = words + n * ORDER_LANES};
    parts.sample = parts.tile + n * STRIP;
    parts.found = parts.sample + SAMPLES * ORDER_TILE;
    return parts;
}

static size_t list_bytes(size_t n)
{
    size_t bytes = network_size(n) * sizeof(struct network_pair) + n;
    return (bytes + 63) / 64 * 64;
}

size_t order_scratch_bytes(size_t n, size_t threads)
{
    return list_bytes(n) + threads * words_per_thread(n) * sizeof(int32_t);
}

/* What one call does: its method, and the comparators if they are needed. */
struct plan {
    const struct order_run *run;
    enum order_method method;
    int selects; /* only ranks first .. last are found, not all sorted */
    const struct network_pair *pairs;
    size_t count;
    void *threads; /* scratch behind the comparators */
};

static int has_lines(const struct order_run *run)
{
    return run->n >= 2 && run->n <= ORDER_LINES && run->kernels->median[run->n] != NULL;
}

/* Are the ranks wanted those of the median? Straight-line code finds no others. */
static int middle(const struct order_run *run)
{
    size_t n = run->n;
    return run->centre == NULL && run->ranks.first >= (n - 1) / 2 && run->ranks.last <= n / 2;
}

static enum order_method chosen(const struct order_run *run)
{
    int counts = run->centre == NULL && run->ranks.last - run->ranks.first <= 1 && run->ranks.extra <= 0 &&
                 run->n > SAMPLES;
    if (run->method == ORDER_COUNT || (run->method == ORDER_AUTO && run->n >= COUNT_FROM))
        return counts ? ORDER_COUNT : ORDER_LIST;
    return run->method != ORDER_LIST && has_lines(run) ? ORDER_STRAIGHT : ORDER_LIST;
}

static struct plan plan_of(const struct order_run *run)
{
    struct plan plan = {.run = run, .method = chosen(run), .selects = middle(run)};
    struct network_pair *pairs = run->scratch;
    size_t n = plan.method == ORDER_COUNT ? SAMPLES : run->n, size = network_size(n);
    int whole = plan.method == ORDER_COUNT || run->centre != NULL;
    plan.threads = (char *)run->scratch + list_bytes(run->n);
    if (plan.method == ORDER_STRAIGHT)
        return plan;
    network_sort(n, pairs);
    plan.count = network_prune(pairs, size, n, whole ? 0 : run->ranks.first, whole ? n - 1 : run->ranks.last,
                               (unsigned char *)(pairs + size));
    plan.pairs = pairs;
    return plan;
}

/* The last step of every method: the sorted tile (or the ranks from `from_rank` on), ld keys per row, becomes
 * `width` outputs from column `at` on. */
static void finish(const struct order_run *run, const int32_t *tile, size_t ld, size_t from_rank, size_t at,
                   size_t width)
{
    struct order_ranks ranks = run->ranks;
    ranks.first -= from_rank;
    ranks.last -= from_rank;
    if (run->centre != NULL)
        run->kernels->nearest(tile, ld, run->n, run->k, run->centre + at, width, run->out + at);
    else
        run->kernels->mean(tile, ld, &ranks, width, run->out + at);
}

/* A place to read columns from: the matrix itself, or a copy of its right edge. */
struct source {
    const float *x;
    size_t ld, at, width; /* outputs at .. at + width - 1; readable up to the next multiple of ORDER_LANES */
};

static size_t padded(size_t width)
{
    return (width + ORDER_LANES - 1) / ORDER_LANES * ORDER_LANES;
}

static void straight_median(const struct order_run *run, const struct source *from, struct parts parts)
{
    size_t columns = padded(from->width);
    run->kernels->median[run->n](from->x, from->ld, columns, parts.found);
    finish(run, parts.found, columns, (run->n - 1) / 2, from->at, from->width);
}

static void straight_sort(const struct order_run *run, const struct source *from, struct parts parts)
{
    for (size_t k = 0; k < from->width; k += STRIP) {
        size_t width = from->width - k < STRIP ? from->width - k : STRIP;
        run->kernels->sort[run->n](from->x + k, from->ld, padded(width), parts.tile);
        finish(run, parts.tile, padded(width), 0, from->at + k, width);
    }
}

static void by_list(const struct plan *plan, const struct source *from, struct parts parts)
{
    const struct order_run *run = plan->run;
    for (size_t k = 0; k < from->width; k += ORDER_TILE) {
        size_t width = from->width - k < ORDER_TILE ? from->width - k : ORDER_TILE;
        run->kernels->load(from->x + k, run->n, from->ld, padded(width), ORDER_TILE, parts.tile);
        run->kernels->exchange(parts.tile, plan->pairs, plan->count);
        finish(run, parts.tile, ORDER_TILE, 0, from->at + k, width);
    }
}

static void by_counting(const struct plan *plan, const struct source *from, struct parts parts)
{
    const struct order_run *run = plan->run;
    for (size_t k = 0; k < from->width; k += ORDER_LANES) {
        size_t width = from->width - k < ORDER_LANES ? from->width - k : ORDER_LANES;
        run->kernels->load(from->x + k, SAMPLES, from->ld * (run->n / SAMPLES), ORDER_LANES, ORDER_TILE,
                           parts.sample);
        run->kernels->exchange(parts.sample, plan->pairs, plan->count);
        run->kernels->load(from->x + k, run->n, from->ld, ORDER_LANES, ORDER_LANES, parts.tile);
        run->kernels->select(parts.tile, run->n, run->ranks.first, run->ranks.last > run->ranks.first,
                             parts.sample, SAMPLES, parts.found);
        finish(run, parts.found, ORDER_LANES, run->ranks.first, from->at + k, width);
    }
}

static void columns(const struct plan *plan, const struct source *from, struct parts parts)
{
    if (plan->method == ORDER_COUNT)
        by_counting(plan, from, parts);
    else if (plan->method == ORDER_LIST)
        by_list(plan, from, parts);
    else if (plan->selects)
        straight_median(plan->run, from, parts);
    else
        straight_sort(plan->run, from, parts);
}

/* Columns at .. at + width - 1: those that fill vectors from the matrix, the rest from a copy. */
static void block(const struct plan *plan, size_t at, size_t width, struct parts parts)
{
    const struct order_run *run = plan->run;
    size_t full = width / ORDER_LANES * ORDER_LANES, rest = width - full;
    const float *x = run->x + at;
    if (full > 0)
        columns(plan, &(struct source){x, run->ld, at, full}, parts);
    if (rest == 0)
        return;
    memset(parts.edge, 0, run->n * ORDER_LANES * sizeof *parts.edge);
    for (size_t i = 0; i < run->n; i++)
        memcpy(parts.edge + i * ORDER_LANES, x + i * run->ld + full, rest * sizeof *x);
    columns(plan, &(struct source){parts.edge, ORDER_LANES, at + full, rest}, parts);
}

void order_run(const struct order_run *run)
{
    struct plan plan = plan_of(run);
#pragma omp parallel for schedule(static)
    for (size_t at = 0; at < run->d; at += BLOCK) {
        struct parts parts = parts_of(plan.threads, run->n, (size_t)omp_get_thread_num());
        block(&plan, at, run->d - at < BLOCK ? run->d - at : BLOCK, parts);
    }
}

void order_median(const float *x, size_t n, size_t d, size_t ld, enum order_even even, void *scratch,
                  float *out)
{
    size_t low = (n - 1) / 2, high = n / 2;
    if (even == ORDER_LOWER)
        high = low;
    if (even == ORDER_UPPER)
        low = high;
    order_run(&(struct order_run){.kernels = order_kernels_best(),
                                  .x = x,
                                  .n = n,
                                  .d = d,
                                  .ld = ld,
                                  .ranks = {.first = low, .last = high, .divisor = (double)(high - low + 1)},
                                  .scratch = scratch,
                                  .out = out});
}

void order_trimmed_mean(const float *x, size_t n, size_t d, size_t ld, size_t trim, int clamp, void *scratch,
                        float *out)
{
    struct order_ranks ranks = {.first = trim, .last = n - trim - 1};
    ranks.extra = clamp ? (double)trim : 0;
    ranks.divisor = (double)(clamp ? n : n - 2 * trim);
    order_run(&(struct order_run){.kernels = order_kernels_best(),
                                  .x = x,
                                  .n = n,
                                  .d = d,
                                  .ld = ld,
                                  .ranks = ranks,
                                  .scratch = scratch,
                                  .out = out});
}

void order_nearest_mean(const float *x, size_t n, size_t d, size_t ld, size_t k, const float *centre,
                        void *scratch, float *out)
{
    order_run(&(struct order_run){.kernels = order_kernels_best(),
                                  .x = x,
                                  .n = n,
                                  .d = d,
                                  .ld = ld,
                                  .centre = centre,
                                  .k = k,
                                  .scratch = scratch,
                                  .out = out});
}
