/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Bulyan. First n-2f rows are picked one by one, each the winner of a base rule among the rows that remain;
 * then per coordinate the mean of the n-4f picked values nearest to the median of the picked ones. El Mhamdi,
 * Guerraoui, Rouault, "The hidden vulnerability of distributed learning in Byzantium", ICML 2018. The winner
 * is the remaining row nearest to the base's answer: with m rows left, for "krum" the row of least score
 * (sums of the m-f-2 least squared distances to other remaining rows, at least one), for "multi_krum" the row
 * nearest to the mean of the m-f-2 (at least one) rows of best score, for "medoid" the row of least sum of
 * distances to the others, which is the geometric median where only the rows themselves are allowed.
 *
 * variant "multi": what is picked is not the winner but the mean of the m-f-2 (at least one) remaining rows
 * of best score; the winner leaves. Published code calls this Bulyan over Multi-Krum.
 *
 * The last picks of a small f look at a single neighbour: the two rows nearest to each other have the same
 * score whatever their values and the lower index wins, so the order of the rows may matter.
 *
 * Cost: one pass for the distances, selection in O(n^2 (n-2f)) (krum) or O(n^2 log n (n-2f)), one pass over
 * the picked rows by blocks; "multi" makes its n-2f means in each block. Check: positions 0 1 3 4 6 9 100, f
 * = 1: the picks are 3, 4, 1, 6, 0 in this order (the scores of each step are in the tests); their median is
 * 3, and the mean of 3, 4, 1 is 8/3.
 */
#include "sim/api/byz_aggregator.h"
#include "sim/num/mix.h"
#include "sim/num/order.h"
#include "sim/num/select.h"

#include <omp.h>
#include <stdio.h>
#include <string.h>

/* The picked rows are gathered in tiles of about this many bytes, which stay in the cache. */
enum { TILE = 48 * 1024, NARROW = 32, WIDE = 1024, LINE = 64 };

enum { PAPER, MULTI };

struct bulyan_params {
    int base, variant;
};

static const char *const base_words[] = {"krum", "multi_krum", "medoid", NULL};
static const char *const variant_words[] = {"paper", "multi", NULL};
static const enum select_base bases[] = {SELECT_KRUM, SELECT_MULTI_KRUM, SELECT_MEDOID};

static const struct byz_param bulyan_params[] = {
    {.name = "base",
     .type = BYZ_CHOICE,
     .offset = offsetof(struct bulyan_params, base),
     .choices = base_words,
     .initial_word = "krum",
     .doc = "What picks one message after the other: \"krum\", \"multi_krum\" (the message nearest to its "
            "mean), \"medoid\" (the message of least sum of distances to the others)."},
    {.name = "variant",
     .type = BYZ_CHOICE,
     .offset = offsetof(struct bulyan_params, variant),
     .choices = variant_words,
     .initial_word = "paper",
     .doc = "\"paper\": the winner of each step is picked; \"multi\": the mean of the best m-f-2 of the m "
            "messages that are left."},
};

static int bulyan_unsuitable(const void *params, size_t n, size_t f, char reason[BYZ_REASON_SIZE])
{
    (void)params;
    if (n >= 4 * f + 3)
        return 0;
    snprintf(reason, BYZ_REASON_SIZE, "bulyan needs n >= 4f+3: n=%zu, f=%zu", n, f);
    return 1;
}

static size_t whole_lines(size_t bytes)
{
    return (bytes + LINE - 1) / LINE * LINE;
}

/* Bytes of a tile of up to n rows and of what ordering it needs, for one thread. */
static size_t tile_bytes(size_t n)
{
    size_t narrow = n * NARROW * sizeof(float);
    return whole_lines(narrow > TILE ? narrow : TILE);
}

static size_t thread_bytes(size_t n)
{
    return tile_bytes(n) + whole_lines(order_scratch_bytes(n, 1));
}

/* What pick_by_base needs behind the sets: distances between what is left (n, n), scores, what is left and
 * its order (n each). */
static size_t pick_bytes(size_t n)
{
    size_t scores = select_scores_scratch_bytes(n), best = select_best_scratch_bytes(n);
    return (n + 1) * n * sizeof(double) + 2 * n * sizeof(size_t) + (scores > best ? scores : best);
}

/* Sets of rows whose means are reduced: (n, n) rows, (n) sizes. */
static size_t sets_bytes(size_t n)
{
    return (n + 1) * n * sizeof(size_t);
}

/* Where the threads' memory begins. */
static size_t shared_bytes(size_t n)
{
    size_t fast = select_bulyan_scratch_bytes(n), slow = pick_bytes(n);
    return whole_lines(sets_bytes(n) + (fast > slow ? fast : slow));
}

static size_t bulyan_scratch(const void *params, size_t n, size_t d, size_t threads)
{
    (void)params, (void)d;
    size_t picked = shared_bytes(n) + threads * thread_bytes(n), all = order_scratch_bytes(n, threads);
    return picked > all ? picked : all;
}

/* The n-2f sets of rows whose means go on: set k has sizes[k] rows, from rows + k n on. */
struct sets {
    size_t *rows, *sizes;
};

/* Single rows, by Krum. */
static void pick_by_krum(const struct byz_aggregator_input *in, const struct sets *sets, void *scratch)
{
    size_t n = in->n, count = n - 2 * in->f;
    select_bulyan(in->distances, n, in->f, scratch, sets->sizes);
    for (size_t k = 0; k < count; k++)
        sets->rows[k * n] = sets->sizes[k];
    for (size_t k = 0; k < count; k++)
        sets->sizes[k] = 1;
}

/* One set after the other, by scores among what is left. */
static void pick_by_base(const struct bulyan_params *p, const struct byz_aggregator_input *in,
                         const struct sets *sets, void *scratch)
{
    size_t n = in->n, left = n;
    double *distances = scratch, *scores = distances + n * n;
    size_t *rest = (size_t *)(void *)(scores + n), *best = rest + n;
    for (size_t i = 0; i < n; i++)
        rest[i] = i;
    for (size_t k = 0; k < n - 2 * in->f; k++) {
        size_t size = p->variant == MULTI ? select_multi(left, in->f) : 1;
        for (size_t a = 0; a < left; a++)
            for (size_t b = 0; b < left; b++)
                distances[a * left + b] = in->distances[rest[a] * n + rest[b]];
        select_scores(distances, left, in->f, bases[p->base], best + n, scores);
        select_best(scores, left, size, best + n, best);
        sets->sizes[k] = size;
        for (size_t a = 0; a < size; a++)
            sets->rows[k * n + a] = rest[best[a]];
        left--;
        for (size_t a = best[0]; a < left; a++)
            rest[a] = rest[a + 1];
    }
}

/* Columns from .. from + width - 1 of the sets' means, gathered and reduced; the next ones are fetched, as
 * each row is read too shortly for the processor to fetch ahead by itself. */
static void reduce(const struct byz_aggregator_input *in, const struct sets *sets, size_t from, size_t width,
                   char *memory, float *out)
{
    size_t n = in->n, count = n - 2 * in->f, bytes = width * sizeof(float);
    float *tile = (float *)(void *)memory;
    void *scratch = memory + tile_bytes(n);
    for (size_t k = 0; k < count; k++) {
        const size_t *rows = sets->rows + k * n;
        const struct mix mix = {.n = n, .m = 1, .h = sets->sizes[k], .members = rows};
        if (mix.h == 1) {
            const float *row = in->x + rows[0] * in->ld + from;
            memcpy(tile + k * width, row, bytes);
            for (size_t l = width; l < 2 * width && from + 2 * width <= in->d; l += LINE / sizeof *row)
                __builtin_prefetch(row + l, 0, 1);
        } else {
            mix_tile(&mix, in->x + from, in->ld, width, tile + k * width, width);
        }
    }
    order_mean_around_median(tile, count, width, width, count - 2 * in->f, scratch, out);
}

static int bulyan_apply(const void *params, const struct byz_aggregator_input *in, float *out,
                        char reason[BYZ_REASON_SIZE])
{
    (void)reason;
    const struct bulyan_params *p = params;
    if (in->f == 0 && p->variant == PAPER) { /* all rows are picked, and their order does not matter */
        order_mean_around_median(in->x, in->n, in->d, in->ld, in->n, in->scratch, out);
        return 0;
    }
    size_t n = in->n, fitting = TILE / (n * sizeof(float)) / NARROW * NARROW;
    size_t block = fitting < NARROW ? NARROW : fitting > WIDE ? WIDE : fitting;
    struct sets sets = {.rows = in->scratch};
    sets.sizes = sets.rows + n * n;
    void *select = sets.sizes + n;
    char *memory = (char *)in->scratch + shared_bytes(n);
    if (bases[p->base] == SELECT_KRUM && p->variant == PAPER)
        pick_by_krum(in, &sets, select);
    else
        pick_by_base(p, in, &sets, select);
#pragma omp parallel for schedule(static)
    for (size_t from = 0; from < in->d; from += block) {
        size_t left = in->d - from;
        reduce(in, &sets, from, left < block ? left : block,
               memory + (size_t)omp_get_thread_num() * thread_bytes(n), out + from);
    }
    return 0;
}

const struct byz_aggregator aggregator_bulyan = {
    .base =
        {
            .name = "bulyan",
            .doc =
                "A base rule, Krum, picks most of the messages one after the other; then every coordinate is "
                "averaged around the median of the picks. Bounds what a Byzantine worker can do to a "
                "single coordinate, which Krum alone does not.",
            .formula = "R = all rows; n-2f times, with m = |R| and h = max(1, m-f-2):\n"
                       "  a score for every row i of R\n"
                       "    krum: s_i = sum of the h least ||x_i - x_j||^2 over j in R, j != i\n"
                       "    multi_krum: ||x_i - mean of the h rows of least Krum score||^2\n"
                       "    medoid: sum of ||x_i - x_j|| over j in R\n"
                       "  the row of least score, the lowest i on a tie, leaves R and is the pick\n"
                       "  multi: the mean of the h rows of least score is the pick instead\n"
                       "out_k = mean of the n-4f values in coordinate k of the picks, nearest to\n"
                       "their median",
            .validity = "n >= 4f+3",
            .cost = "2 passes: distances, O(n^2 d), and the picked rows; O(n^3) selection, O(n^3 log n) by "
                    "other bases; \"multi\" makes n-2f means; O(n^2) memory",
            .paper = "El Mhamdi, Guerraoui, Rouault, \"The hidden vulnerability of distributed learning in "
                     "Byzantium\", ICML 2018.",
            .resists = "one_coordinate and far messages: in every coordinate, no value that is kept lies "
                       "farther from the median of the picks than some honest value does.",
            .breaks = "ALIE hides inside the honest spread: an MNIST network falls from 96 to 88 %, a "
                      "CIFAR-10 one from 60 to 28 % (n=51, b=12; Baruch et al., NeurIPS 2019). It tolerates "
                      "few workers: f <= (n-3)/4.",
            .params = bulyan_params,
            .param_count = BYZ_LENGTH(bulyan_params),
            .params_size = sizeof(struct bulyan_params),
        },
    .promises = BYZ_TRANSLATION | BYZ_SCALE | BYZ_RANGE | BYZ_TOLERANT,
    .needs = BYZ_NEEDS_DISTANCES,
    .unsuitable = bulyan_unsuitable,
    .scratch_bytes = bulyan_scratch,
    .apply = bulyan_apply,
};
