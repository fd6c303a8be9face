/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Divide and conquer: `iterations` times, draw some coordinates, centre the rows on them, take the top right
 * singular vector v and the outlier scores <x_i - mu, v>^2, and keep the n - ceil(c f) rows of least score,
 * the lowest index on ties. The mean of the rows kept every time is the output. Shejwalkar, Houmansadr,
 * "Manipulating the Byzantine", NDSS 2021.
 *
 * Malformed rows take no part in the mean and are kept only where nothing else is left. When no row is kept
 * every time there is no answer.
 *
 * Cost: with all coordinates drawn, a pass for the distances; else one pass over the drawn ones; 2 n^3 per
 * iteration; one pass for the mean. Check: 0, 1, 2, 9 with f = 1: mu = 3, scores 9, 4, 1, 36: the answer
 * is 1.
 */
#include "aggregators/spectral.h"
#include "sim/num/distance.h"
#include "sim/num/rng.h"
#include "sim/num/select.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct dnc_params {
    uint64_t iterations, coordinates;
    double c;
};

static const struct byz_param dnc_params[] = {
    {.name = "iterations",
     .type = BYZ_COUNT,
     .offset = offsetof(struct dnc_params, iterations),
     .initial = 1,
     .min = 1,
     .max = 1e4,
     .doc = "How many times coordinates are drawn and rows are scored."},
    {.name = "coordinates",
     .type = BYZ_COUNT,
     .offset = offsetof(struct dnc_params, coordinates),
     .initial = 10000,
     .min = 1,
     .max = BYZ_COUNT_MOST,
     .doc = "Coordinates drawn each time; all of them when a message has no more than that."},
    {.name = "c",
     .type = BYZ_REAL,
     .offset = offsetof(struct dnc_params, c),
     .initial = 1,
     .min = 0,
     .max = 1e6,
     .doc = "ceil(c f) rows are left out each time."},
};

static double left_out(const struct dnc_params *p, size_t f)
{
    return ceil(p->c * (double)f);
}

static int dnc_unsuitable(const void *params, size_t n, size_t f, char reason[BYZ_REASON_SIZE])
{
    double out = left_out(params, f);
    if (n > 2 * f && out < (double)n)
        return 0;
    if (n <= 2 * f)
        snprintf(reason, BYZ_REASON_SIZE, "dnc needs n > 2f: n=%zu, f=%zu", n, f);
    else
        snprintf(reason, BYZ_REASON_SIZE, "dnc needs n > ceil(c f): n=%zu, f=%zu, ceil(c f)=%.0f", n, f, out);
    return 1;
}

static size_t width_of(const struct dnc_params *p, size_t d)
{
    return p->coordinates < d ? (size_t)p->coordinates : d;
}

/* Floats from one drawn row to the next. */
static size_t stride_of(size_t width)
{
    return (width + 15) / 16 * 16;
}

/* From the front, each a multiple of 64 bytes where it matters: drawn rows, the kernel's scratch or the
 * solver's, distances (n, n), three weights (n), the best rows (n), a bit for each coordinate, the drawn
 * ones.
 */
static size_t kernel_bytes(size_t n, size_t width)
{
    size_t distance = distance_scratch_bytes(n, width), best = select_best_scratch_bytes(n),
           bytes = spectral_scratch_bytes(n);
    bytes = distance > bytes ? distance : bytes;
    bytes = best > bytes ? best : bytes;
    return (bytes + 63) / 64 * 64;
}

static size_t dnc_scratch(const void *params, size_t n, size_t d, size_t threads)
{
    (void)threads;
    size_t width = width_of(params, d);
    return n * stride_of(width) * sizeof(float) + kernel_bytes(n, width) + (n * n + 3 * n) * sizeof(double) +
           n * sizeof(size_t) + width * sizeof(uint32_t) + (d + 63) / 64 * sizeof(uint64_t);
}

struct work {
    size_t width, ld;
    float *rows;
    void *kernel;
    double *distances, *kept, *weights, *scores;
    size_t *best;
    uint64_t *set; /* a bit for each coordinate */
    uint32_t *drawn;
};

static struct work lay_out(const struct dnc_params *p, const struct byz_aggregator_input *in)
{
    struct work w = {.width = width_of(p, in->d), .rows = in->scratch};
    w.ld = stride_of(w.width);
    w.kernel = w.rows + in->n * w.ld;
    w.distances = (double *)(void *)((char *)w.kernel + kernel_bytes(in->n, w.width));
    w.kept = w.distances + in->n * in->n;
    w.weights = w.kept + in->n;
    w.scores = w.weights + in->n;
    w.best = (size_t *)(void *)(w.scores + in->n);
    w.set = (uint64_t *)(void *)(w.best + in->n);
    w.drawn = (uint32_t *)(void *)(w.set + (in->d + 63) / 64);
    return w;
}

/* drawn: the members of a set of numbers below d, in rising order. Returns how many. */
static size_t list_members(const uint64_t *set, size_t d, uint32_t *drawn)
{
    size_t count = 0;
    for (size_t word = 0; word * 64 < d; word++)
        for (uint64_t bits = set[word]; bits != 0; bits &= bits - 1)
            drawn[count++] = (uint32_t)(word * 64 + (size_t)__builtin_ctzll(bits));
    return count;
}

/* The columns of the drawn coordinates, in rising order: row by row, which memory fetches ahead. */
static void draw(const struct byz_aggregator_input *in, struct work *w)
{
    rng_subset_bits(in->rng, w->width, in->d, w->set);
    size_t count = list_members(w->set, in->d, w->drawn);
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < in->n; i++) {
        const float *row = in->x + i * in->ld;
        for (size_t k = 0; k < count; k++)
            w->rows[i * w->ld + k] = row[w->drawn[k]];
    }
}

/* Takes what is not among the `keep` best of one draw out of `kept`. */
static int one_draw(const struct byz_aggregator_input *in, struct work *w, size_t keep,
                    char reason[BYZ_REASON_SIZE])
{
    size_t n = in->n;
    if (w->width == in->d) {
        distance_squared(in->x, n, in->d, in->ld, w->kernel, w->distances);
    } else {
        draw(in, w);
        distance_squared(w->rows, n, w->width, w->ld, w->kernel, w->distances);
    }
    if (spectral_sound_rows(w->distances, n, w->weights, reason) == 0)
        return 1;
    spectral_scores(w->distances, n, w->weights, w->kernel, w->scores);
    select_best(w->scores, n, keep, w->kernel, w->best);
    memset(w->weights, 0, n * sizeof *w->weights);
    for (size_t i = 0; i < keep; i++)
        w->weights[w->best[i]] = isfinite(w->scores[w->best[i]]);
    for (size_t i = 0; i < n; i++)
        w->kept[i] *= w->weights[i];
    return 0;
}

static int dnc_apply(const void *params, const struct byz_aggregator_input *in, float *out,
                     char reason[BYZ_REASON_SIZE])
{
    const struct dnc_params *p = params;
    struct work w = lay_out(p, in);
    size_t n = in->n, keep = n - (size_t)left_out(p, in->f), left = 0;
    for (size_t i = 0; i < n; i++)
        w.kept[i] = 1;
    for (uint64_t turn = 0; turn < p->iterations; turn++)
        if (one_draw(in, &w, keep, reason) != 0)
            return 1;
    in->report->iterations = (size_t)p->iterations;
    for (size_t i = 0; i < n; i++)
        left += w.kept[i] > 0;
    if (left == 0) {
        snprintf(reason, BYZ_REASON_SIZE, "dnc keeps no message in all %zu draws: n=%zu, f=%zu",
                 (size_t)p->iterations, n, in->f);
        return 1;
    }
    spectral_mean(in, w.kept, w.kernel, out);
    return 0;
}

const struct byz_aggregator aggregator_dnc = {
    .base = {.name = "dnc",
             .doc = "Divide and conquer: on randomly drawn coordinates the rows farthest along the "
                    "direction of largest variance are left out; the mean of the rows never left out.",
             .formula = "K = all rows; `iterations` times:\n"
                        "  draw min(coordinates, d) different coordinates; on them mu = mean of the\n"
                        "  rows, v = top right singular vector of the centred rows\n"
                        "  t_i = <x_i - mu, v>^2\n"
                        "  K loses all but the n - ceil(c f) rows of least t_i, lowest index on ties\n"
                        "out = mean of K; no answer when K is empty",
             .validity = "n > 2f and n > ceil(c f)",
             .cost = "2 passes and O(n^2 min(coordinates, d) + n^3) an iteration; the drawn columns and "
                     "O(n^2) memory",
             .paper = "Shejwalkar, Houmansadr, \"Manipulating the Byzantine: optimizing model poisoning "
                      "attacks and defenses for federated learning\", NDSS 2021.",
             .resists = "Colluders who push together in one direction: min_max, min_sum, alie at large z.",
             .breaks = "Attackers spread over several directions hide one another, as each draw looks along "
                       "one direction only; with c < 1 it leaves out fewer than f.",
             .params = dnc_params,
             .param_count = BYZ_LENGTH(dnc_params),
             .params_size = sizeof(struct dnc_params)},
    .promises = BYZ_PERMUTATION | BYZ_TRANSLATION | BYZ_SCALE | BYZ_RANGE | BYZ_REPORTS,
    .unsuitable = dnc_unsuitable,
    .scratch_bytes = dnc_scratch,
    .apply = dnc_apply,
};
