/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The largest eigenvalue of a symmetric matrix and its eigenvector, in memory of the caller and in a fixed
 * order of operations: Householder's reduction to a tridiagonal matrix, bisection by counting signs (Sturm),
 * inverse iteration with pivots. The eigenvalue is good to some units in the last place of the largest entry
 * times n; where it is (nearly) double, the vector is one of those of its space.
 *
 * Cost: 2 n^3 multiplications for the reduction, 55 n divisions for the bisection.
 * Check: ((2, 1), (1, 2)) has 3 and (1, 1) / sqrt(2).
 */
#ifndef SIM_NUM_EIGEN_H
#define SIM_NUM_EIGEN_H

#include <stdbool.h>
#include <stddef.h>

/* matrix (n, n) symmetric and finite, n >= 1; it is overwritten. vector (n) of length 1, or NULL: not wanted.
 * Its sign is arbitrary but always the same. Scratch: eigen_scratch_bytes(n), 8-byte aligned. */
size_t eigen_scratch_bytes(size_t n);
double eigen_largest(double *matrix, size_t n, void *scratch, double *vector);

/* Whether all eigenvalues lie below `limit`, by Cholesky's decomposition of limit - matrix, which is often
 * over after a few rows. matrix (n, n) is overwritten. Cost: n^3 / 6 multiplications at most. */
bool eigen_all_below(double *matrix, size_t n, double limit);

#endif
