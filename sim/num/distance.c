/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/num/distance.h"
#include "sim/num/distance_kernel.h"
#include "sim/num/rows.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

/* Columns come in stretches, rows in tiles: the totals of all pairs of a tile stay in the cache for a
 * stretch, and rows only for a step, so that a matrix of any width is read once. A tile is full of blocks of
 * any kernel. */
enum {
    LANES = DISTANCE_LANES,
    STEP = DISTANCE_STEP,
    STRETCH = DISTANCE_STRETCH,
    TILE = 60,
    LEAST = DISTANCE_BLOCK_LEAST,
    MOST = DISTANCE_BLOCK_MOST,
    BLOCKS = (TILE / LEAST) * (TILE / LEAST)
};

/* So many rows are fetched one step ahead, fewer as many more: memory answers after the same time. */
enum { FETCH_ROWS = 36 };

/* Up to here rounded differences have too few others to average with, and double costs little. */
enum { SHORT = 128 };

const struct distance_kernel *const distance_kernels[] = {&distance_avx512, &distance_avx2, &distance_plain};

/* Columns are cut into parts, each summed by one thread into its own triangle; the number of parts depends on
 * the shape alone and is small when triangles are large. */
static size_t part_count(size_t n, size_t d)
{
    size_t by_length = (d + 8191) / 8192, by_memory = ((size_t)1 << 22) / (n * n + 1) + 1;
    size_t parts = by_length < 64 ? by_length : 64;
    parts = parts < by_memory ? parts : by_memory;
    return parts < 1 ? 1 : parts;
}

static size_t triangle(size_t n)
{
    return n * (n - 1) / 2 + 1;
}

/* Where the pair i < j lies in a triangle. */
static size_t pair_at(size_t n, size_t i, size_t j)
{
    return i * (2 * n - i - 1) / 2 + j - i - 1;
}

size_t distance_scratch_bytes(size_t n, size_t d)
{
    size_t most = 0;
    for (size_t rows = 1; rows <= n; rows++) { /* fewer rows may be cut into more parts */
        size_t bytes = part_count(rows, d) * triangle(rows);
        most = bytes > most ? bytes : most;
    }
    return most * sizeof(double);
}

/* Squares below the normal floats lose digits, at most 2^-150 each: a sum under this has not enough left. */
static const double least_exact = 0x1p-114;

/* What to add for a pair of which `sum` came out in floats; `before`: what the pair has already. */
static double careful_squared(double sum, double before, const float *a, const float *b, size_t width)
{
    if (isfinite(sum) && sum >= least_exact)
        return sum;
    if (!isfinite(before)) /* infinitely far, whatever follows */
        return 0;
    if (sum == 0 && memcmp(a, b, width * sizeof *a) == 0) /* dead units: long runs of equal zeros */
        return 0;
    return rows_distance2(a, b, width);
}

/* The pairs between `rows` rows from row i of one tile on and `columns` rows from row j of the other on; when
 * diagonal, those within the same rows. On the way it fetches rows of the other tile: fetch_from .. fetch_to
 * - 1. */
struct block {
    unsigned char i, j, rows, columns, fetch_from, fetch_to;
    bool diagonal;
};

/* A stretch of two tiles: the rows from a on and those from b on; the same rows when `same`. */
struct stretch {
    const struct distance_kernel *kernel;
    const float *a, *b;
    size_t rows, columns, ld, width;
    bool same;
    size_t room; /* columns from b on that there are: what follows the stretch is fetched */
    size_t count;
    struct block blocks[BLOCKS]; /* (count), of any stretch of these tiles */
};

static size_t at_most(size_t count, size_t most)
{
    return count < most ? count : most;
}

/* Adds `found` to the sums of a row of pairs in a tile; those that floats cannot hold are done again. */
static void add_row(const double *found, size_t count, const float *a, const float *b, size_t ld,
                    size_t width, double *sums)
{
    bool doubtful = false;
    for (size_t c = 0; c < count; c++)
        doubtful |= !(found[c] >= least_exact && found[c] <= DBL_MAX);
    for (size_t c = 0; c < count; c++)
        sums[c] += doubtful ? careful_squared(found[c], sums[c], a, b + c * ld, width) : found[c];
}

/* Cuts the pairs of the two tiles into blocks. */
static void list_blocks(struct stretch *s)
{
    size_t most = s->kernel->block;
    s->count = 0;
    for (size_t i = 0; i < s->rows; i += most)
        for (size_t j = s->same ? i : 0; j < s->columns; j += most)
            s->blocks[s->count++] = (struct block){.i = (unsigned char)i,
                                                   .j = (unsigned char)j,
                                                   .rows = (unsigned char)at_most(s->rows - i, most),
                                                   .columns = (unsigned char)at_most(s->columns - j, most),
                                                   .diagonal = s->same && i == j};
    for (size_t at = 0; at < s->count; at++) {
        s->blocks[at].fetch_from = (unsigned char)(at * s->columns / s->count);
        s->blocks[at].fetch_to = (unsigned char)((at + 1) * s->columns / s->count);
    }
}

/* Adds the sums of a block to tile (TILE, TILE). */
static void take_block(const struct stretch *s, const struct block *b, const float *total, double *tile)
{
    double found[MOST * MOST];
    s->kernel->sums(total, found);
    for (size_t r = 0; r < b->rows; r++) {
        size_t c = b->diagonal ? r + 1 : 0;
        add_row(found + r * s->kernel->block + c, b->columns - c, s->a + (b->i + r) * s->ld,
                s->b + (b->j + c) * s->ld, s->ld, s->width, tile + (b->i + r) * TILE + b->j + c);
    }
}

/* Adds the columns from `from` to `to` of a block to its totals. */
static void add_block(const struct stretch *s, const struct block *b, size_t from, size_t to, float *total)
{
    for (size_t k = from; k < to; k += STEP) {
        const float *x = s->a + b->i * s->ld + k, *y = s->b + b->j * s->ld + k;
        size_t width = at_most(to - k, STEP);
        if (!b->diagonal)
            s->kernel->cross(x, y, b->columns, s->ld, width, total);
        else if (b->rows > 1)
            s->kernel->diagonal(x, b->rows, s->ld, width, total);
    }
}

/* Fetches `width` columns of a block's share of the rows of x into the cache: the processor's own prefetcher
 * does not follow this many rows. */
static void fetch(const float *x, const struct block *b, size_t ld, size_t width)
{
    for (size_t row = b->fetch_from; row < b->fetch_to; row++)
        for (size_t k = 0; k < width; k += LANES)
            __builtin_prefetch(x + row * ld + k);
}

/* All blocks of a stretch, a step of columns after the other while the rows are in the first cache; each
 * block fetches its share of the columns that follow. Two tiles have so many totals that these come from the
 * second cache: there, two steps at a time. */
static void add_stretch(const struct stretch *s, double *tile)
{
    size_t size = s->kernel->block * s->kernel->block * LANES, step = s->same ? STEP : 2 * STEP;
    size_t ahead = step * (s->columns < FETCH_ROWS ? FETCH_ROWS / s->columns : 1);
    _Alignas(64) float totals[TILE * TILE * LANES];
    memset(totals, 0, s->count * size * sizeof *totals);
    for (size_t k = 0; k < s->width; k += step) {
        size_t to = at_most(k + step, s->width);
        bool more = k + ahead + step <= s->room;
        for (size_t at = 0; at < s->count; at++) {
            if (more)
                fetch(s->b + k + ahead, &s->blocks[at], s->ld, step);
            add_block(s, &s->blocks[at], k, to, totals + at * size);
        }
    }
    for (size_t at = 0; at < s->count; at++)
        take_block(s, &s->blocks[at], totals + at * size, tile);
}

static void add_in_double(const struct stretch *s, double *tile)
{
    for (size_t i = 0; i < s->rows; i++)
        for (size_t j = s->same ? i + 1 : 0; j < s->columns; j++)
            tile[i * TILE + j] += rows_distance2(s->a + i * s->ld, s->b + j * s->ld, s->width);
}

/* Adds `width` columns of all pairs of two tiles to tile (TILE, TILE). A tile behind another is never the
 * first one, so that the first of two is full, and its blocks as well. */
static void add_columns(struct stretch *s, double *tile)
{
    size_t left = s->width, behind = left <= SHORT ? left : left % LANES;
    for (; left > behind; left -= s->width, s->room -= s->width, s->a += s->width, s->b += s->width) {
        s->width = at_most(left - behind, STRETCH);
        add_stretch(s, tile);
    }
    s->width = behind;
    if (behind > 0)
        add_in_double(s, tile);
}

/* A run of columns, and the triangle for the sums over them. */
struct part {
    const struct distance_kernel *kernel;
    const float *x; /* (n, width), ld floats per row */
    size_t n, ld, width;
    size_t room; /* columns from x on: those of the parts that follow are fetched as well */
    double *sums;
};

/* One unit of work: the pairs between the rows from i on and those from j on. */
static void tile_squared(const struct part *part, size_t i, size_t j)
{
    size_t n = part->n;
    struct stretch s;
    s.kernel = part->kernel;
    s.a = part->x + i * part->ld;
    s.b = part->x + j * part->ld;
    s.rows = at_most(n - i, TILE);
    s.columns = at_most(n - j, TILE);
    s.ld = part->ld;
    s.width = part->width;
    s.same = i == j;
    s.room = part->room;
    list_blocks(&s);
    double tile[TILE * TILE];
    memset(tile, 0, s.rows * TILE * sizeof *tile);
    add_columns(&s, tile);
    for (size_t r = 0; r < s.rows; r++)
        for (size_t c = s.same ? r + 1 : 0; c < s.columns; c++)
            part->sums[pair_at(n, i + r, j + c)] = tile[r * TILE + c];
}

/* Adds up the parts in their order, into the first one. */
static void fill_matrix(double *restrict sums, size_t n, size_t parts, double *restrict out)
{
    for (size_t part = 1; part < parts; part++)
        for (size_t pair = 0; pair + 1 < triangle(n); pair++)
            sums[pair] += sums[part * triangle(n) + pair];
    for (size_t i = 0; i < n; i++) {
        out[i * n + i] = 0;
        for (size_t j = i + 1; j < n; j++) {
            double sum = sums[pair_at(n, i, j)];
            out[i * n + j] = out[j * n + i] = isnan(sum) ? INFINITY : sum;
        }
    }
}

void distance_squared_by(const struct distance_kernel *kernel, const float *x, size_t n, size_t d, size_t ld,
                         void *scratch, double *out)
{
    size_t parts = part_count(n, d), tiles = (n + TILE - 1) / TILE;
    size_t step = ((d + parts - 1) / parts + STRETCH - 1) / STRETCH * STRETCH;
    double *sums = scratch;
/* guided: long runs of parts first, as fetching ahead ends with a run */
#pragma omp parallel for schedule(guided)
    for (size_t unit = 0; unit < parts * tiles * tiles; unit++) {
        size_t at = unit / (tiles * tiles), i = unit / tiles % tiles, j = unit % tiles;
        size_t from = at_most(at * step, d), to = at_most(from + step, d);
        struct part part = {kernel, x + from, n, ld, to - from, d - from, sums + at * triangle(n)};
        if (i <= j)
            tile_squared(&part, i * TILE, j * TILE);
    }
    fill_matrix(sums, n, parts, out);
}

void distance_squared(const float *x, size_t n, size_t d, size_t ld, void *scratch, double *out)
{
    size_t best = 0;
    while (best + 1 < DISTANCE_KERNELS && !distance_kernels[best]->usable())
        best++;
    distance_squared_by(distance_kernels[best], x, n, d, ld, scratch, out);
}
