/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Aggregators and pre-aggregators: what a rule is, what it is given, what it promises.
 *
 * A rule has no init and no fini: it says how many bytes of state and of scratch it wants, the caller
 * provides them. State starts as zero bytes and may be saved and restored as plain bytes; scratch holds
 * nothing between calls. So no rule can leak, none allocates in a round, and a stopped run goes on exactly
 * where it was.
 */
#ifndef BYZ_AGGREGATOR_H
#define BYZ_AGGREGATOR_H

#include "sim/api/byz_facts.h"
#include "sim/api/byz_param.h"

struct rng;

/* What a rule promises. Each promise is a law that the tests check on every rule that makes it. */
enum byz_promise {
    BYZ_PERMUTATION = 1 << 0, /* the order of the rows does not matter (ties apart) */
    BYZ_TRANSLATION = 1 << 1, /* F(x + c) = F(x) + c */
    BYZ_SCALE = 1 << 2,       /* F(a x) = a F(x), a > 0 */
    BYZ_ORTHOGONAL = 1 << 3,  /* F(x Q) = F(x) Q, Q orthogonal */
    BYZ_RANGE = 1 << 4,       /* each coordinate lies between the least and the greatest of that coordinate */
    BYZ_PICKS_ROW = 1 << 5,   /* the output is one of the rows */
    BYZ_TOLERANT = 1 << 6, /* f arbitrary rows (huge, NaN, Inf) cannot carry the output far from the others */
    BYZ_WEIGHTED = 1 << 7, /* honours worker weights */
    BYZ_COORDINATEWISE = 1 << 8, /* F of a block of columns is that block of F: fed block by block */
    BYZ_REPORTS = 1 << 9,        /* fills the report's weights */
};

/* Filled by the rule, read by the metrics. */
struct byz_report {
    double *weights; /* (n) share of each row in the output, >= 0, summing to 1; NULL: nobody asks */
    bool filled;     /* the rule has written weights */
    size_t iterations;
};

struct byz_aggregator_input {
    size_t n, f, d, ld;      /* rows, declared Byzantine rows, coordinates, floats from one row to the next */
    uint64_t round;          /* 0, 1, ... */
    const float *x;          /* (n, d) row-major, ld floats per row, rows 64-byte aligned; not written to */
    const double *weights;   /* (n) positive worker weights, or NULL: all equal */
    const double *distances; /* (n, n) squared distances, symmetric; NULL unless needed */
    struct byz_facts facts;  /* what else is known; never less than the rule needs */
    struct rng *rng;         /* a stream of this call's own */
    void *state;             /* state_bytes, kept from round to round; NULL when 0 */
    void *scratch;           /* scratch_bytes, 64-byte aligned; NULL when 0 */
    size_t scratch_size;
    struct byz_report *report; /* never NULL */
};

struct byz_aggregator {
    struct byz_descriptor base;
    unsigned promises; /* enum byz_promise */
    unsigned needs;    /* enum byz_need */
    bool rescales; /* changes the length of rows before it weighs them: the weights it reports are the shares
                      by which the changed rows enter */

    /* 0 when the rule is defined for n rows of which f may be Byzantine; otherwise writes why not, with the
     * numbers, and returns non-zero. NULL: always defined. */
    int (*unsuitable)(const void *params, size_t n, size_t f, char reason[BYZ_REASON_SIZE]);

    /* The best known constant of (f, kappa)-robustness, ||F(x) - mean_S||^2 <= kappa/|S| sum_S ||x_i -
     * mean_S||^2 for every S of n - f rows (Allouah et al., AISTATS 2023). NaN where none is known. NULL:
     * never known. */
    double (*kappa)(const void *params, size_t n, size_t f);

    /* The factor of the variance condition eta sqrt(d) sigma < ||true gradient||, sigma^2 the variance of a
     * coordinate of an honest message, under which the output points into the half-space of the true gradient
     * (Blanchard et al., NeurIPS 2017). NaN where it does not hold. NULL: no such condition is known. */
    double (*eta)(const void *params, size_t n, size_t f);

    size_t (*state_bytes)(const void *params, size_t n, size_t d);                   /* NULL: 0 */
    size_t (*scratch_bytes)(const void *params, size_t n, size_t d, size_t threads); /* NULL: 0 */

    /* Samples that the server holds (BYZ_NEEDS_SERVER_GRADIENT) or draws each round (BYZ_NEEDS_LOSS); at
     * most all training samples are used. NULL: none. */
    size_t (*server_samples)(const void *params);

    /* Writes out[d] (64-byte aligned, does not overlap x). Non-zero with a reason when this very input has no
     * answer (the round is then skipped and recorded). */
    int (*apply)(const void *params, const struct byz_aggregator_input *in, float *out,
                 char reason[BYZ_REASON_SIZE]);
};

/* A pre-aggregator turns n rows into m rows of the same length for the next stage. It decides once, from what
 * needs all coordinates (distances, norms, a draw), and then writes any columns of its rows on demand: so a
 * coordinate-wise rule behind it can be fed block by block, and the new matrix need not exist. */
struct byz_preaggregator {
    struct byz_descriptor base;
    unsigned needs;
    bool coordinatewise; /* prepare looks at no value of the rows: a block of columns of its rows is that of
                            the rows of a block of columns */
    bool keeps_rows;     /* row i that goes on is still that of the worker who sent row i */
    bool in_place; /* a number that goes on depends on that number of x and on what prepare found, no other:
                      `columns` may be given the matrix in->x itself to write to, and leaves there what
                      does not change */
    int (*unsuitable)(const void *params, size_t n, size_t f, char reason[BYZ_REASON_SIZE]);
    size_t (*rows)(const void *params, size_t n, size_t f); /* rows that go on; NULL: n */
    size_t (*state_bytes)(const void *params, size_t n, size_t d);
    size_t (*scratch_bytes)(const void *params, size_t n, size_t d, size_t threads);

    /* Decides; what `columns` needs stays in in->scratch. `mix` (rows, n) row-major is NULL or wants the
     * share of input row j in output row i, so that the weights of a rule behind can be led back to workers.
     */
    int (*prepare)(const void *params, const struct byz_aggregator_input *in, double *mix,
                   char reason[BYZ_REASON_SIZE]);

    /* Writes columns from .. from + width - 1 of all its rows: out (rows, width), ld floats per row. Called
     * after prepare, for disjoint columns, by several threads at once; a column does not depend on how the
     * others are cut. out is apart from in->x, or, under `in_place`, the very same columns of it. */
    void (*columns)(const void *params, const struct byz_aggregator_input *in, size_t from, size_t width,
                    float *out, size_t ld);
};

#endif
