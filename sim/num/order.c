/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/num/order.h"
#include "sim/num/order_run.h"

#include <omp.h>
#include <string.h>

/* Columns a thread takes at a time, and those sorted in one go by straight-line code. */
enum { BLOCK = 1024, STRIP = 64, STREAM_ALIGNMENT = 64 };
/* Outputs of so many bytes, read again only after much else, are not worth the caches, nor reading what was
 * there before they are written. */
#define STREAM_BYTES ((size_t)16 << 20)
/* Rows whose sorted keys give the first bounds for counting. */
enum { SAMPLES = 31 };
/* Keys of the sorted runs that should stay in the nearest cache, beside what is fetched ahead: more lines of
 * each row in a whole strip, so fewer keys; of few rows fewer are enough for the calls not to count. */
enum { NEAR = 8192, NEAR_WHOLE = 5120, ENOUGH = 4096 };

/* A thread's part of the scratch: whole numbers of 4 bytes, each part a multiple of 64 bytes. */
struct parts {
    float *edge;     /* (n, ORDER_LANES): columns at the right edge */
    int32_t *tile;   /* (n, tile_width(n)), or (STRIP, order_padded(n)) */
    int32_t *work;   /* order_work_keys(n) */
    int32_t *sample; /* (SAMPLES, ORDER_LANES) */
    int32_t *found;  /* (2, BLOCK) keys of the ranks found */
};

/* Columns of a tile: as many as keep it near. */
static size_t tile_width(size_t n)
{
    if (n > 0 && n * STRIP <= ENOUGH)
        return ENOUGH / (n * STRIP) * STRIP;
    return n * STRIP <= NEAR_WHOLE ? STRIP : n * STRIP / 2 <= NEAR ? STRIP / 2 : ORDER_LANES;
}

/* Keys of a tile at the most: never more for fewer rows, as some may be missing when the room has been made.
 */
static size_t tile_keys(size_t n)
{
    return n * STRIP < ENOUGH ? ENOUGH : order_padded(n) * STRIP;
}

static size_t words_per_thread(size_t n)
{
    return n * ORDER_LANES + tile_keys(n) + order_work_keys(n) + SAMPLES * ORDER_LANES + 2 * BLOCK;
}

static struct parts parts_of(void *scratch, size_t n, size_t thread)
{
    int32_t *words = (int32_t *)scratch + thread * words_per_thread(n);
    struct parts parts = {.edge = (float *)words, .tile = words + n * ORDER_LANES};
    parts.work = parts.tile + tile_keys(n);
    parts.sample = parts.work + order_work_keys(n);
    parts.found = parts.sample + SAMPLES * ORDER_LANES;
    return parts;
}

size_t order_scratch_bytes(size_t n, size_t threads)
{
    return threads * words_per_thread(n) * sizeof(int32_t);
}

/* Are at most the two ranks of the median wanted? */
static int middle(const struct order_run *run)
{
    size_t n = run->n;
    return run->k == 0 && run->ranks.first >= (n - 1) / 2 && run->ranks.last <= n / 2;
}

static int counts(const struct order_run *run)
{
    int few = run->k == 0 && run->ranks.last - run->ranks.first <= 1 && run->ranks.extra <= 0;
    size_t from = run->method == ORDER_AUTO ? run->kernels->count_from : ORDER_LINES;
    return few && run->method != ORDER_MERGE && run->n >= from;
}

/* The last step of every method: the sorted tile (or the ranks from `from_rank` on), ld keys per row, becomes
 * `width` outputs from column `at` on. */
static void finish(const struct order_run *run, const int32_t *tile, size_t ld, size_t from_rank, size_t at,
                   size_t width)
{
    struct order_ranks ranks = run->ranks;
    ranks.first -= from_rank;
    ranks.last -= from_rank;
    float *out = run->out + at;
    const float *centre = run->centre == NULL ? out : run->centre + at;
    if (run->k == 0 || run->centre == NULL)
        run->kernels->mean(tile, ld, &ranks, width, out);
    if (run->k > 0)
        run->kernels->nearest(tile, ld, run->n, run->k, centre, width, out);
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

static void straight_median(const struct order_run *run, const struct source *from)
{
    order_median_lines *median = run->kernels->median[run->n];
    size_t full = from->width / ORDER_LANES * ORDER_LANES, rest = from->width - full;
    if (full > 0)
        median(from->x, from->ld, full, &run->ranks, run->out + from->at);
    if (rest > 0) {
        struct order_ranks ranks = run->ranks;
        float last[ORDER_LANES];
        ranks.stream = 0;
        median(from->x + full, from->ld, ORDER_LANES, &ranks, last);
        memcpy(run->out + from->at + full, last, rest * sizeof *last);
    }
}

/* tile (n, width) = the keys of n rows of x, sorted in runs of `until` rows at least. Returns their length.
 */
static size_t sort_runs(const struct order_kernels *kernels, const float *x, size_t n, size_t ld,
                        size_t width, size_t until, int32_t *tile)
{
    size_t run = kernels->lines;
    for (size_t i = 0; i < n; i += run)
        kernels->sort[n - i < run ? n - i : run](x + i * ld, ld, width, tile + i * width);
    for (; run < until; run *= 2)
        kernels->merge(tile, n, width, run);
    return run;
}

static void merged_sort(const struct order_run *run, const struct source *from, struct parts parts)
{
    size_t most = tile_width(run->n);
    for (size_t k = 0; k < from->width; k += most) {
        size_t width = from->width - k < most ? from->width - k : most, ld = padded(width);
        sort_runs(run->kernels, from->x + k, run->n, from->ld, ld, run->n, parts.tile);
        finish(run, parts.tile, ld, 0, from->at + k, width);
    }
}

/* The median needs no last merge: its ranks are picked from two sorted runs. */
static void merged_median(const struct order_run *run, const struct source *from, struct parts parts)
{
    size_t most = tile_width(run->n), first = run->ranks.first, last = run->ranks.last;
    for (size_t k = 0; k < from->width; k += most) {
        size_t width = from->width - k < most ? from->width - k : most, ld = padded(width);
        size_t half =
            sort_runs(run->kernels, from->x + k, run->n, from->ld, ld, (run->n + 1) / 2, parts.tile);
        for (size_t rank = first; rank <= last; rank++)
            run->kernels->pick(parts.tile, run->n, ld, half, rank, parts.found + (rank - first) * ld);
        finish(run, parts.found, ld, first, from->at + k, width);
    }
}

/* A strip of a tile that `load` has filled from `at` on. */
static void count_strip(const struct order_run *run, const float *at, size_t ld, const int32_t *tile,
                        struct parts parts)
{
    sort_runs(run->kernels, at, SAMPLES, ld * (run->n / SAMPLES), ORDER_LANES, SAMPLES, parts.sample);
    run->kernels->select(tile, run->n, run->ranks.first, run->ranks.last > run->ranks.first, parts.sample,
                         SAMPLES, parts.work, parts.found);
}

static void by_counting(const struct order_run *run, const struct source *from, struct parts parts)
{
    size_t strip = order_padded(run->n) * ORDER_LANES;
    for (size_t k = 0; k < from->width; k += ORDER_LANES) {
        size_t rest = from->width - k, in_tile = k % STRIP;
        const float *at = from->x + k;
        if (in_tile == 0)
            run->kernels->load(at, run->n, from->ld, padded(rest < STRIP ? rest : STRIP), parts.tile);
        count_strip(run, at, from->ld, parts.tile + in_tile / ORDER_LANES * strip, parts);
        finish(run, parts.found, ORDER_LANES, run->ranks.first, from->at + k,
               rest < ORDER_LANES ? rest : ORDER_LANES);
    }
}

static void columns(const struct order_run *run, const struct source *from, struct parts parts)
{
    int straight = run->n <= run->kernels->lines;
    if (counts(run))
        by_counting(run, from, parts);
    else if (!middle(run) || (straight && run->ranks.extra > 0))
        merged_sort(run, from, parts);
    else if (straight)
        straight_median(run, from);
    else
        merged_median(run, from, parts);
}

/* Columns at .. at + width - 1: those that fill vectors from the matrix, the rest from a copy. */
static void block(const struct order_run *run, size_t at, size_t width, struct parts parts)
{
    size_t full = width / ORDER_LANES * ORDER_LANES, rest = width - full;
    const float *x = run->x + at;
    if (full > 0)
        columns(run, &(struct source){x, run->ld, at, full}, parts);
    if (rest == 0)
        return;
    memset(parts.edge, 0, run->n * ORDER_LANES * sizeof *parts.edge);
    for (size_t i = 0; i < run->n; i++)
        memcpy(parts.edge + i * ORDER_LANES, x + i * run->ld + full, rest * sizeof *x);
    columns(run, &(struct source){parts.edge, ORDER_LANES, at + full, rest}, parts);
}

void order_run(const struct order_run *run)
{
    if (run->d <= BLOCK) { /* a block of a rule's own: a team of threads would cost more than it saves */
        block(run, 0, run->d, parts_of(run->scratch, run->n, 0));
        if (run->ranks.stream)
            run->kernels->flush();
        return;
    }
#pragma omp parallel
    {
        struct parts parts = parts_of(run->scratch, run->n, (size_t)omp_get_thread_num());
#pragma omp for schedule(static) nowait
        for (size_t at = 0; at < run->d; at += BLOCK)
            block(run, at, run->d - at < BLOCK ? run->d - at : BLOCK, parts);
        if (run->ranks.stream)
            run->kernels->flush();
    }
}

static void run_ranks(struct order_run run, struct order_ranks ranks)
{
    run.kernels = order_kernels_best();
    run.ranks = ranks;
    run.ranks.stream =
        run.k == 0 && run.d * sizeof *run.out >= STREAM_BYTES && (uintptr_t)run.out % STREAM_ALIGNMENT == 0;
    order_run(&run);
}

static struct order_ranks median_ranks(size_t n, enum order_even even)
{
    size_t low = even == ORDER_UPPER ? n / 2 : (n - 1) / 2, high = even == ORDER_LOWER ? low : n / 2;
    return (struct order_ranks){.first = low, .last = high, .divisor = (double)(high - low + 1)};
}

static struct order_ranks trimmed_ranks(size_t n, size_t trim, int clamp)
{
    return (struct order_ranks){.first = trim,
                                .last = n - trim - 1,
                                .extra = clamp ? (double)trim : 0,
                                .divisor = (double)(clamp ? n : n - 2 * trim)};
}

void order_median(const float *x, size_t n, size_t d, size_t ld, enum order_even even, void *scratch,
                  float *out)
{
    run_ranks((struct order_run){.x = x, .n = n, .d = d, .ld = ld, .scratch = scratch, .out = out},
              median_ranks(n, even));
}

void order_trimmed_mean(const float *x, size_t n, size_t d, size_t ld, size_t trim, int clamp, void *scratch,
                        float *out)
{
    run_ranks((struct order_run){.x = x, .n = n, .d = d, .ld = ld, .scratch = scratch, .out = out},
              trimmed_ranks(n, trim, clamp));
}

void order_mean_around_median(const float *x, size_t n, size_t d, size_t ld, size_t k, void *scratch,
                              float *out)
{
    run_ranks((struct order_run){.x = x, .n = n, .d = d, .ld = ld, .k = k, .scratch = scratch, .out = out},
              median_ranks(n, ORDER_MID));
}

void order_mean_around_trimmed_mean(const float *x, size_t n, size_t d, size_t ld, size_t k, size_t trim,
                                    void *scratch, float *out)
{
    run_ranks((struct order_run){.x = x, .n = n, .d = d, .ld = ld, .k = k, .scratch = scratch, .out = out},
              trimmed_ranks(n, trim, 0));
}
