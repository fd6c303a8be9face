/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "aggregators/leave.h"
#include "sim/num/dispatch.h"

#include <math.h>
#include <string.h>

/* How far above the limit B's is: an eigenvalue of all rows too near to it would spoil the inverse, whose
 * entries are near 1 else; where one is, the next is tried. */
static const double margins[] = {1e-6, 1e-4, 1e-3, 1e-2};
static const double largest_entry = 1e4;

/* A pivot of less than this part of the numbers it was made from has no certain sign. */
static const double doubtful = 1e-7;

/* Step t leaves a row out of matrix t (n, n) of the inverse less what the rows before took; the last step
 * needs the diagonal alone. */
struct steps {
    const struct leave *leave;
    double *matrix, *diagonal;    /* (f - 1 or 1, n, n), (f, n) */
    double *bordered, *part;      /* (n + 1, n + 1), (f, f) */
    size_t *swapped, *out, *rest; /* (n + 1), (f), (f) */
    size_t needed;                /* negative pivots of a set that is shown */
    double size;                  /* of the inverse's entries */
    bool stale;                   /* the limit has fallen since */
};

static size_t matrices(size_t f)
{
    return f > 1 ? f - 1 : 1;
}

size_t leave_scratch_bytes(size_t n, size_t f)
{
    return (matrices(f) * n * n + f * n + (n + 1) * (n + 1) + f * f) * sizeof(double) +
           (n + 1 + 2 * f) * sizeof(size_t);
}

static struct steps lay_out(const struct leave *leave)
{
    size_t n = leave->n, f = leave->f;
    struct steps s = {.leave = leave, .matrix = leave->scratch};
    s.diagonal = s.matrix + matrices(f) * n * n;
    s.bordered = s.diagonal + f * n;
    s.part = s.bordered + (n + 1) * (n + 1);
    s.swapped = (size_t *)(void *)(s.part + f * f);
    s.out = s.swapped + n + 1;
    s.rest = s.out + f;
    return s;
}

/* row -= factor * other. */
NUM_CLONES static void subtract(double *restrict row, const double *restrict other, double factor,
                                size_t count)
{
    for (size_t j = 0; j < count; j++)
        row[j] -= factor * other[j];
}

static void swap_rows(double *a, double *b, size_t m)
{
    for (size_t j = 0; j < m; j++) {
        double kept = a[j];
        a[j] = b[j];
        b[j] = kept;
    }
}

/* Gauss and Jordan's elimination in place with row exchanges; false where there is no inverse. */
static bool invert(double *a, size_t m, size_t *swapped)
{
    for (size_t k = 0; k < m; k++) {
        size_t p = k;
        for (size_t i = k + 1; i < m; i++)
            p = fabs(a[i * m + k]) > fabs(a[p * m + k]) ? i : p;
        if (!(fabs(a[p * m + k]) > 0))
            return false;
        swapped[k] = p;
        if (p != k)
            swap_rows(a + p * m, a + k * m, m);
        double inverse = 1 / a[k * m + k];
        a[k * m + k] = 1;
        for (size_t j = 0; j < m; j++)
            a[k * m + j] *= inverse;
        for (size_t i = 0; i < m; i++) {
            double factor = a[i * m + k];
            if (i == k)
                continue;
            a[i * m + k] = 0;
            subtract(a + i * m, a + k * m, factor, m);
        }
    }
    for (size_t k = m; k-- > 0;)
        for (size_t i = 0; swapped[k] != k && i < m; i++) {
            double kept = a[i * m + k];
            a[i * m + k] = a[i * m + swapped[k]];
            a[i * m + swapped[k]] = kept;
        }
    return true;
}

/* B over the limit. Rows farther apart than the limit allows are never together, however far: they count as
 * twice too far, which keeps the numbers small. */
static void fill(const struct steps *s, double margin)
{
    size_t n = s->leave->n, m = n + 1;
    double limit = *s->leave->limit;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++)
            s->bordered[i * m + j] =
                i == j ? 1 + margin : fmin(s->leave->distances[i * n + j] / limit, 4) / 2;
        s->bordered[i * m + n] = s->bordered[n * m + i] = 1;
    }
    s->bordered[n * m + n] = 0;
}

/* Counts the negative pivots of the rows outside of the best, which are what a set needs: with the best, one
 * negative eigenvalue remains. False where one is doubtful. */
static bool count_needed(struct steps *s)
{
    size_t n = s->leave->n, f = s->leave->f, m = n + 1, count = 0;
    for (size_t i = 0, b = 0; i < n; i++)
        if (b < n - f && s->leave->best[b] == i)
            b++;
        else
            s->rest[count++] = i;
    for (size_t i = 0; i < f; i++)
        for (size_t j = 0; j < f; j++)
            s->part[i * f + j] = s->bordered[s->rest[i] * m + s->rest[j]];
    double size = s->size;
    s->needed = 0;
    for (size_t k = 0; k < f; k++) {
        double pivot = s->part[k * f + k];
        if (!(fabs(pivot) >= doubtful * size))
            return false;
        s->needed += pivot < 0;
        for (size_t i = k + 1; i < f; i++) {
            size = fmax(size, s->part[i * f + k] / pivot * s->part[i * f + k]);
            subtract(s->part + i * f + k + 1, s->part + k * f + k + 1, s->part[i * f + k] / pivot, f - k - 1);
        }
    }
    return true;
}

/* The inverse for the limit as it is; false, with the old one as it was, where none is good enough. */
static bool prepare(struct steps *s)
{
    size_t n = s->leave->n, m = n + 1;
    struct steps next = *s;
    for (size_t try = 0; isnormal(*s->leave->limit) && try < sizeof margins / sizeof *margins; try++) {
        fill(s, margins[try]);
        if (!invert(s->bordered, m, s->swapped))
            continue;
        next.size = 0;
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < n; j++)
                next.size = fmax(next.size, fabs(s->bordered[i * m + j]));
        if (!(next.size <= largest_entry) || !count_needed(&next))
            continue;
        *s = next;
        for (size_t i = 0; i < n; i++) {
            memcpy(s->matrix + i * n, s->bordered + i * m, n * sizeof *s->matrix);
            s->diagonal[i] = s->bordered[i * m + i];
        }
        return true;
    }
    return false;
}

/* Makes what step t + 1 needs when row r is left out; returns how large the numbers may have become. */
static double take_away(struct steps *s, size_t t, size_t r, double size)
{
    size_t n = s->leave->n;
    const double *a = s->matrix + t * n * n, *row = a + r * n;
    double *next = s->matrix + (t + 1) * n * n, pivot = s->diagonal[t * n + r], grown = 0;
    for (size_t i = r + 1; i < n; i++) {
        double factor = row[i] / pivot, taken = factor * row[i];
        s->diagonal[(t + 1) * n + i] = s->diagonal[t * n + i] - taken;
        grown = fmax(grown, fabs(taken));
        if (t + 2 < s->leave->f) {
            memcpy(next + i * n + r + 1, a + i * n + r + 1, (n - r - 1) * sizeof *next);
            subtract(next + i * n + r + 1, row + r + 1, factor, n - r - 1);
        }
    }
    return size + grown;
}

/* Step t, after `negative` negative pivots; blind: after a doubtful one, so that nothing is known. */
static void step(struct steps *s, size_t t, size_t negative, bool blind, double size)
{
    size_t n = s->leave->n, f = s->leave->f, first = t > 0 ? s->out[t - 1] + 1 : 0;
    for (size_t r = n - f + t + 1; r-- > first;) {
        if (t == 0 && s->stale)
            prepare(s);
        s->stale = s->stale && t > 0;
        size = t == 0 ? s->size : size;
        double pivot = s->diagonal[t * n + r];
        bool unknown = blind || !(fabs(pivot) >= doubtful * size);
        size_t found = negative + (pivot < 0);
        s->out[t] = r;
        if (t + 1 == f) {
            if (unknown || found >= s->needed)
                s->stale |= s->leave->visit(s->leave->context, s->out);
        } else if (unknown || found + (f - t - 1) >= s->needed) {
            double grown = unknown ? size : take_away(s, t, r, size);
            step(s, t + 1, found, unknown, grown);
        }
    }
}

bool leave_search(const struct leave *leave)
{
    struct steps s = lay_out(leave);
    if (!prepare(&s))
        return false;
    step(&s, 0, 0, false, s.size);
    return true;
}
