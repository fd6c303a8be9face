/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which f of n rows to leave out so that the largest eigenvalue of the others' scatter falls below a limit.
 *
 * The scatter of rows S lies below L just when the matrix B_S = ((L + D_S / 2, 1), (1', 0)) of their squared
 * distances has one negative eigenvalue, the least it can have. By Haynsworth, leaving rows R out of B takes
 * away as many as the (f, f) part R of B's inverse has: so a subset costs some f^2 steps, and rows left out
 * one after the other share them. As each takes one away at most, a search ends early where too many remain.
 *
 * Haynsworth, "Determination of the inertia of a partitioned Hermitian matrix", Linear Algebra Appl. 1, 1968.
 */
#ifndef AGGREGATORS_LEAVE_H
#define AGGREGATORS_LEAVE_H

#include <stdbool.h>
#include <stddef.h>

/* Sees the f rows left out, ascending; tells whether it has lowered `limit` and put its rows into `best`. */
typedef bool leave_visit(void *context, const size_t *out);

struct leave {
    const double *distances; /* (n, n) */
    size_t n, f;
    const double *limit; /* of the largest eigenvalue; positive */
    const size_t *best;  /* (n - f) rows with an eigenvalue below it, ascending */
    leave_visit *visit;
    void *context, *scratch; /* leave_scratch_bytes, 8-byte aligned */
};

size_t leave_scratch_bytes(size_t n, size_t f);

/* Shows all sets of f rows without which the largest eigenvalue of the others is less than the limit as it
 * stands, and some of those that come near; the rows that remain come in lexicographic order. n > f >= 1.
 * False, before any is shown, where the numbers do not allow it. */
bool leave_search(const struct leave *leave);

#endif
