/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/num/eigen.h"
#include "sim/num/dispatch.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* The tridiagonal matrix: diagonal (n), and off[i] beside diagonal[i] and diagonal[i + 1]; the factors of the
 * reflections that led to it; what solving needs. */
struct tridiagonal {
    size_t n;
    double *diagonal, *off, *factor, *upper[3];
};

size_t eigen_scratch_bytes(size_t n)
{
    return 6 * n * sizeof(double);
}

static struct tridiagonal lay_out(size_t n, double *scratch)
{
    return (struct tridiagonal){
        n, scratch, scratch + n, scratch + 2 * n, {scratch + 3 * n, scratch + 4 * n, scratch + 5 * n}};
}

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* The reflection 1 - factor v v' that turns (x_0 .. x_m-1) into (result, 0 .. 0); v replaces x. The largest
 * entry of the matrix is 1: what is left of a matrix of low rank, smaller than 1e-30, counts as zero, before
 * its squares vanish and the factor overflows. */
static double reflection(double *x, size_t m, double *factor)
{
    double tail = dot(x + 1, x + 1, m - 1), result = x[0];
    *factor = 0;
    if (tail < 1e-60)
        return result;
    result = x[0] > 0 ? -sqrt(x[0] * x[0] + tail) : sqrt(x[0] * x[0] + tail);
    x[0] -= result;
    *factor = 2 / (x[0] * x[0] + tail);
    return result;
}

/* q = factor A v, added up column by column, which lie in the rows of the symmetric matrix. */
NUM_CLONES static void multiply(const double *restrict a, size_t m, size_t n, const double *restrict v,
                                double factor, double *restrict q)
{
    memset(q, 0, m * sizeof *q);
    for (size_t j = 0; j < m; j++)
        for (size_t i = 0; i < m; i++)
            q[i] += a[j * n + i] * v[j];
    for (size_t i = 0; i < m; i++)
        q[i] *= factor;
}

/* a -= v q' + q v'. */
NUM_CLONES static void subtract_outer(double *restrict a, size_t m, size_t n, const double *restrict v,
                                      const double *restrict q)
{
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < m; j++)
            a[i * n + j] -= v[i] * q[j] + q[i] * v[j];
}

/* A <- (1 - factor v v') A (1 - factor v v') for the square of m rows at a, n numbers from row to row. */
static void reflect_both_sides(double *a, size_t m, size_t n, const double *v, double factor, double *q)
{
    multiply(a, m, n, v, factor, q);
    double half = factor * dot(q, v, m) / 2;
    for (size_t i = 0; i < m; i++)
        q[i] -= half * v[i];
    subtract_outer(a, m, n, v, q);
}

/* The reflections stay in the rows of the matrix, right of the diagonal. */
static void reduce(double *matrix, struct tridiagonal *t)
{
    size_t n = t->n;
    for (size_t k = 0; k + 1 < n; k++) {
        double *v = matrix + k * n + k + 1;
        t->diagonal[k] = matrix[k * n + k];
        t->off[k] = reflection(v, n - k - 1, &t->factor[k]);
        if (t->factor[k] != 0)
            reflect_both_sides(matrix + (k + 1) * n + k + 1, n - k - 1, n, v, t->factor[k], t->upper[0]);
    }
    t->diagonal[n - 1] = matrix[n * n - 1];
    t->off[n - 1] = 0;
}

/* Whether some eigenvalue is larger than x: a pivot of T - x is positive. */
static bool any_above(const struct tridiagonal *t, double x)
{
    double pivot = t->diagonal[0] - x;
    for (size_t i = 1; pivot <= 0 && i < t->n; i++) {
        if (pivot > -DBL_MIN)
            pivot = -DBL_MIN;
        pivot = t->diagonal[i] - x - t->off[i - 1] * (t->off[i - 1] / pivot);
    }
    return pivot > 0;
}

/* Between the largest diagonal entry and Gershgorin's bound, down to neighbouring numbers. */
static double largest_of(const struct tridiagonal *t)
{
    double low = t->diagonal[0], high = low;
    for (size_t i = 0; i < t->n; i++) {
        double reach = fabs(t->off[i]) + (i > 0 ? fabs(t->off[i - 1]) : 0);
        low = fmax(low, t->diagonal[i]);
        high = fmax(high, t->diagonal[i] + reach);
    }
    while (high - low > DBL_EPSILON / 4 * fabs(high)) {
        double middle = low + (high - low) / 2;
        if (middle <= low || middle >= high)
            break;
        if (any_above(t, middle))
            low = middle;
        else
            high = middle;
    }
    return high;
}

static double away_from_zero(double pivot)
{
    return fabs(pivot) < DBL_EPSILON ? copysign(DBL_EPSILON, pivot) : pivot;
}

/* Solves (T - value) y = x in place by elimination with row exchanges. */
static void solve(const struct tridiagonal *t, double value, double *x)
{
    size_t n = t->n;
    double *const *u = t->upper, pivot = t->diagonal[0] - value, beside = t->off[0];
    for (size_t i = 0; i + 1 < n; i++) {
        double below = t->off[i], next = t->diagonal[i + 1] - value, after = t->off[i + 1];
        if (fabs(below) > fabs(pivot)) {
            double factor = pivot / below, kept = x[i];
            u[0][i] = below, u[1][i] = next, u[2][i] = after;
            pivot = beside - factor * next;
            beside = -factor * after;
            x[i] = x[i + 1];
            x[i + 1] = kept - factor * x[i + 1];
        } else {
            pivot = away_from_zero(pivot);
            double factor = below / pivot;
            u[0][i] = pivot, u[1][i] = beside, u[2][i] = 0;
            pivot = next - factor * beside;
            beside = after;
            x[i + 1] -= factor * x[i];
        }
    }
    u[0][n - 1] = away_from_zero(pivot), u[1][n - 1] = u[2][n - 1] = 0;
    for (size_t i = n; i-- > 0;)
        x[i] = (x[i] - (i + 1 < n ? u[1][i] * x[i + 1] : 0) - (i + 2 < n ? u[2][i] * x[i + 2] : 0)) / u[0][i];
}

static void to_unit_length(double *x, size_t n)
{
    double largest = 0;
    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, fabs(x[i]));
    for (size_t i = 0; i < n; i++)
        x[i] /= largest;
    double length = sqrt(dot(x, x, n));
    for (size_t i = 0; i < n; i++)
        x[i] /= length;
}

/* Three steps of inverse iteration from numbers without a pattern, then the reflections backwards. */
static void vector_of(const double *matrix, const struct tridiagonal *t, double value, double *x)
{
    size_t n = t->n;
    for (size_t i = 0; i < n; i++)
        x[i] = 1 + fmod((double)(i + 1) * 0.6180339887498949, 1);
    for (int step = 0; step < 3; step++) {
        solve(t, value, x);
        to_unit_length(x, n);
    }
    for (size_t k = n - 1; k-- > 0;) {
        const double *v = matrix + k * n + k + 1;
        double share = t->factor[k] * dot(v, x + k + 1, n - k - 1);
        for (size_t i = 0; t->factor[k] != 0 && i < n - k - 1; i++)
            x[k + 1 + i] -= share * v[i];
    }
    to_unit_length(x, n);
}

double eigen_largest(double *matrix, size_t n, void *scratch, double *vector)
{
    struct tridiagonal t = lay_out(n, scratch);
    double size = 0;
    for (size_t k = 0; k < n * n; k++)
        size = fmax(size, fabs(matrix[k]));
    for (size_t k = 0; size > 0 && k < n * n; k++)
        matrix[k] /= size;
    reduce(matrix, &t);
    double value = largest_of(&t);
    if (vector != NULL)
        vector_of(matrix, &t, value, vector);
    return value * size;
}

bool eigen_all_below(double *matrix, size_t n, double limit)
{
    for (size_t i = 0; i < n; i++) {
        double *row = matrix + i * n, rest = limit - row[i];
        for (size_t j = 0; j < i; j++) {
            row[j] = (-row[j] - dot(row, matrix + j * n, j)) / matrix[j * n + j];
            rest -= row[j] * row[j];
        }
        if (!(rest > 0))
            return false;
        row[i] = sqrt(rest);
    }
    return true;
}
