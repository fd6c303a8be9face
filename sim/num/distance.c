/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/num/distance.h"
#include "sim/num/distance_kernel.h"
#include "sim/num/rows.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

/* Columns come in stretches and rows in tiles, so that the rows of two tiles stay in the cache for a stretch.
 * A tile is full of blocks of any kernel. */
enum { LANES = DISTANCE_LANES, STRETCH = DISTANCE_STRETCH, TILE = 60, MOST = DISTANCE_BLOCK_MOST };

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

/* A stretch of two tiles: the rows from a on and those from b on; the same rows when `same`. */
struct stretch {
    const struct distance_kernel *kernel;
    const float *a, *b;
    size_t rows, columns, ld, width;
    bool same;
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

/* Adds the pairs of the block of rows from i and from j to tile (TILE, TILE). */
static void add_block(const struct stretch *s, size_t i, size_t j, const struct distance_ahead *ahead,
                      double *tile)
{
    const float *a = s->a + i * s->ld, *b = s->b + j * s->ld;
    size_t rows = at_most(s->rows - i, s->kernel->block), columns = at_most(s->columns - j, s->kernel->block);
    bool diagonal = s->same && i == j;
    double found[MOST * MOST] = {0};
    if (diagonal && rows > 1)
        s->kernel->diagonal(a, rows, s->ld, s->width, ahead, found);
    else if (!diagonal)
        s->kernel->cross(a, b, columns, s->ld, s->width, ahead, found);
    for (size_t r = 0; r < rows; r++) {
        size_t c = diagonal ? r + 1 : 0;
        add_row(found + r * s->kernel->block + c, columns - c, a + r * s->ld, b + c * s->ld, s->ld, s->width,
                tile + (i + r) * TILE + j + c);
    }
}

/* All blocks of a stretch, each fetching its share of the columns that follow. */
static void add_stretch(const struct stretch *s, bool last, double *tile)
{
    size_t block = s->kernel->block, across = (s->columns + block - 1) / block, call = 0;
    size_t calls = s->same ? across * (across + 1) / 2 : (s->rows + block - 1) / block * across;
    for (size_t i = 0; i < s->rows; i += block)
        for (size_t j = s->same ? i : 0; j < s->columns; j += block, call++) {
            size_t from = call * s->rows / calls, to = (call + 1) * s->rows / calls;
            struct distance_ahead ahead = {s->a + from * s->ld + s->width, last ? 0 : to - from};
            add_block(s, i, j, &ahead, tile);
        }
}

static void add_in_double(const struct stretch *s, double *tile)
{
    for (size_t i = 0; i < s->rows; i++)
        for (size_t j = s->same ? i + 1 : 0; j < s->columns; j++)
            tile[i * TILE + j] += rows_distance2(s->a + i * s->ld, s->b + j * s->ld, s->width);
}

/* Adds `width` columns of all pairs of two tiles. A tile behind another is never the first one, so that the
 * first of two is full, and its blocks as well. */
static void add_columns(struct stretch s, bool last, double *tile)
{
    size_t left = s.width, behind = left <= SHORT ? left : left % LANES;
    for (; left > behind; left -= s.width, s.a += s.width, s.b += s.width) {
        s.width = at_most(left - behind, STRETCH);
        add_stretch(&s, last && s.width + behind >= left, tile);
    }
    s.width = behind;
    if (behind > 0)
        add_in_double(&s, tile);
}

/* A run of columns, and the triangle for the sums over them. */
struct part {
    const struct distance_kernel *kernel;
    const float *x; /* (n, width), ld floats per row */
    size_t n, ld, width;
    double *sums;
    bool last; /* no columns follow */
};

/* One unit of work: the pairs between the rows from i on and those from j on. */
static void tile_squared(const struct part *part, size_t i, size_t j)
{
    size_t n = part->n;
    double tile[TILE * TILE] = {0};
    struct stretch s = {.kernel = part->kernel,
                        .a = part->x + i * part->ld,
                        .b = part->x + j * part->ld,
                        .rows = at_most(n - i, TILE),
                        .columns = at_most(n - j, TILE),
                        .ld = part->ld,
                        .width = part->width,
                        .same = i == j};
    add_columns(s, part->last, tile);
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
        struct part part = {kernel, x + from, n, ld, to - from, sums + at * triangle(n), to == d};
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
