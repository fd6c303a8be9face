/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kernels over rows against plain loops in long double, and the same bits at any number of threads. */
#include "sim/num/rows.h"
#include "tests/num/grid.h"

#include <float.h>
#include <omp.h>

enum { WIDEST = 20000, MOST_ROWS = 64 };

/* What a float must be when the true value is `value` and the terms' magnitudes add up to `size`: a last
 * place, and the rounding of a double sum. */
static bool near_true(float got, long double value, long double size)
{
    if (isnan(value) || isinf(value))
        return grid_near(got, (double)value, 0);
    if (fabsl(value) >= FLT_MAX)
        return isinf(got) || fabsl(got - value) < 1e-6L * fabsl(value);
    return fabsl(got - value) <= 1.2e-7L * fabsl(value) + 1e-14L * size + 1e-45L;
}

static long double column_sum(const float *const *rows, size_t count, size_t k, const double *weights,
                              long double *size)
{
    long double sum = 0;
    *size = 0;
    for (size_t i = 0; i < count; i++) {
        if (weights != NULL && weights[i] == 0)
            continue;
        long double term = (weights == NULL ? 1 : weights[i]) * (long double)rows[i][k];
        sum += term;
        *size += fabsl(term);
    }
    return weights == NULL ? sum / (long double)count : sum; /* exact where all rows are the same */
}

/* Squared deviations of column k from its mean, summed. */
static long double column_squares(const float *const *rows, size_t count, size_t k)
{
    long double size, mean = column_sum(rows, count, k, NULL, &size), squares = 0;
    for (size_t i = 0; i < count; i++)
        squares += (rows[i][k] - mean) * (rows[i][k] - mean);
    return squares;
}

static void check_combine(const float *const *rows, size_t n, size_t d, const double *weights, float *out)
{
    rows_combine(rows, n, d, weights, out);
    for (size_t k = 0; k < d; k++) {
        long double size, sum = column_sum(rows, n, k, weights, &size);
        cr_assert(near_true(out[k], sum, size), "n=%zu d=%zu k=%zu: %a, not %La", n, d, k, (double)out[k],
                  sum);
    }
}

static void check_spread(const float *const *rows, size_t n, size_t d, float *mean, float *std)
{
    long double total = 0;
    for (unsigned ddof = 0; ddof < 2 && ddof < n; ddof++) {
        rows_mean_std(rows, n, d, ddof, mean, std);
        for (size_t k = 0; k < d; k++) {
            long double size, sum = column_sum(rows, n, k, NULL, &size), squares = column_squares(rows, n, k);
            cr_assert(near_true(mean[k], sum, size));
            cr_assert(near_true(std[k], sqrtl(squares / (long double)(n - ddof)), size),
                      "n=%zu d=%zu k=%zu ddof=%u: %a", n, d, k, ddof, (double)std[k]);
            total += ddof == 0 ? squares / (long double)n : 0;
        }
    }
    double variance = rows_mean_variance(rows, n, d, std);
    cr_assert(grid_near(variance, (double)total, 1e-11 * fabs((double)total)), "n=%zu d=%zu: %a, not %a", n,
              d, variance, (double)total);
    cr_assert(grid_same_bits(mean, std, d));
}

static void check_pair(const float *a, const float *b, size_t d)
{
    long double dot = 0, size = 0, apart = 0, norm = 0;
    for (size_t k = 0; k < d; k++) {
        long double term = (long double)a[k] * b[k], difference = (long double)a[k] - b[k];
        dot += term;
        size += fabsl(term);
        apart += difference * difference;
        norm += (long double)a[k] * a[k];
    }
    cr_assert(grid_near(rows_dot(a, b, d), (double)dot, 1e-13 * (double)size));
    cr_assert(grid_near(rows_distance2(a, b, d), (double)apart, 1e-13 * (double)apart));
    cr_assert(grid_near(rows_norm2(a, d), (double)norm, 1e-13 * (double)norm));
}

/* Two results of one reading have the bits that each has by itself. */
static void check_fused(const float *a, const float *b, size_t d)
{
    static char marks[WIDEST];
    struct rows_signs signs;
    double norm2, fused;
    uint64_t positive = 0, negative = 0;
    for (size_t k = 0; k < d; k++) {
        marks[k] = k % 3 != 1;
        positive += k % 3 != 1 && a[k] > 0;
        negative += k % 3 != 1 && a[k] < 0;
    }
    double dot = rows_dot(a, b, d), plain = rows_norm2(a, d);
    fused = rows_norm2_signs(a, marks, d, &signs);
    cr_assert(memcmp(&fused, &plain, sizeof fused) == 0 || (isnan(fused) && isnan(plain)));
    cr_assert(signs.positive == positive && signs.negative == negative, "d=%zu", d);
    fused = rows_dot_norm2(a, b, d, &norm2);
    cr_assert(memcmp(&fused, &dot, sizeof fused) == 0 || (isnan(fused) && isnan(dot)));
    cr_assert(memcmp(&norm2, &plain, sizeof norm2) == 0 || (isnan(norm2) && isnan(plain)));
}

static void check_grid(size_t n, size_t d, enum grid_kind kind, float *one, float *two)
{
    struct grid grid = grid_make(n, d, kind, 1);
    const float *rows[MOST_ROWS];
    double weights[MOST_ROWS];
    for (size_t i = 0; i < n; i++)
        weights[i] = i % 3 == 1 ? 0 : (double)i - 2.5;
    rows_of_matrix(grid.x, n, grid.ld, rows);
    check_combine(rows, n, d, NULL, one);
    check_combine(rows, n, d, weights, one);
    check_spread(rows, n, d, one, two);
    check_pair(rows[0], rows[n - 1], d);
    check_fused(rows[0], rows[n - 1], d);
    grid_fini(&grid);
}

Test(rows, match_plain_loops)
{
    static float one[WIDEST], two[WIDEST];
    omp_set_num_threads(1);
    for (size_t n = 1; n <= 40; n++)
        for (const size_t *d = grid_widths; *d != 0; d++)
            for (int kind = 0; kind < GRID_KINDS; kind++)
                check_grid(n, *d, (enum grid_kind)kind, one, two);
    for (int kind = 0; kind < GRID_KINDS; kind++)
        check_grid(5, 2049, (enum grid_kind)kind, one, two);
}

Test(rows, same_bits_at_any_number_of_threads)
{
    static float mean[4][WIDEST], std[4][WIDEST], sum[4][WIDEST];
    const double weights[] = {0.5, 0, 2, -1, 3, 0.1, 0.2};
    const float *rows[7];
    double variance[4] = {0};
    struct grid grid = grid_make(7, WIDEST, GRID_NORMAL, 2);
    rows_of_matrix(grid.x, 7, grid.ld, rows);
    for (size_t t = 0; t < 4; t++) {
        omp_set_num_threads(grid_threads[t]);
        rows_combine(rows, 7, WIDEST, weights, sum[t]);
        rows_mean_std(rows, 7, WIDEST, 1, mean[t], std[t]);
        variance[t] = rows_mean_variance(rows, 7, WIDEST, mean[t]);
        cr_expect(grid_same_bits(sum[0], sum[t], WIDEST));
        cr_expect(grid_same_bits(mean[0], mean[t], WIDEST));
        cr_expect(grid_same_bits(std[0], std[t], WIDEST));
        cr_expect_eq(variance[0], variance[t]);
    }
    grid_fini(&grid);
}

/* Against sums in long double; around one part, and where parts grow because there may be 64 at most. */
Test(rows, compare_two_vectors)
{
    static const size_t widths[] = {0, 1, 15, 17, 1023, 1024, 1025, 2049, 7850, 65536, 65537, 70001};
    enum { MOST = 70001 };
    struct grid grid = grid_make(2, MOST, GRID_NORMAL, 3);
    const float *a = grid.x, *b = grid_row(&grid, 1);
    for (size_t w = 0; w < sizeof widths / sizeof widths[0]; w++) {
        long double norm_a = 0, norm_b = 0, inner = 0, apart = 0;
        struct rows_comparison first = {0}, to;
        for (size_t k = 0; k < widths[w]; k++) {
            long double x = (long double)a[k], y = (long double)b[k];
            norm_a += x * x, norm_b += y * y, inner += x * y, apart += (x - y) * (x - y);
        }
        for (size_t t = 0; grid_threads[t] != 0; t++) {
            omp_set_num_threads(grid_threads[t]);
            rows_compare(a, b, widths[w], &to);
            first = t == 0 ? to : first;
            cr_expect(memcmp(&first, &to, sizeof to) == 0, "d = %zu, %d threads", widths[w], grid_threads[t]);
        }
        double slack = 1e-13 * (double)(norm_a + norm_b);
        cr_expect(
            grid_near(to.norm2_a, (double)norm_a, slack) && grid_near(to.norm2_b, (double)norm_b, slack) &&
                grid_near(to.inner, (double)inner, slack) && grid_near(to.distance2, (double)apart, slack),
            "d = %zu: %g %g %g %g", widths[w], to.norm2_a, to.norm2_b, to.inner, to.distance2);
    }
    grid_fini(&grid);
}

/* In parts of any multiple of 1024 columns, also where a group of columns is cut. */
Test(rows, spread_by_parts)
{
    enum { N = 5, D = 600 * 1024 + 77 };
    struct grid grid = grid_make(N, D, GRID_NORMAL, 5);
    const float *rows[N], *part[N];
    float *mean = mem_array(D, sizeof *mean, NULL), *parts = mem_array(D, sizeof *parts, NULL);
    rows_of_matrix(grid.x, N, grid.ld, rows);
    double whole = rows_mean_variance(rows, N, D, mean);
    for (size_t step = 1; step < 700; step += 97) {
        struct rows_spread spread;
        rows_spread_start(&spread, D);
        for (size_t from = 0; from < D; from += step * 1024) {
            size_t width = D - from < step * 1024 ? D - from : step * 1024;
            for (size_t i = 0; i < N; i++)
                part[i] = rows[i] + from;
            rows_spread_add(&spread, part, N, from, width, parts + from);
        }
        cr_assert_eq(rows_spread_variance(&spread), whole, "%zu", step);
        cr_assert_eq(memcmp(mean, parts, D * sizeof *mean), 0);
    }
    mem_free(mean);
    mem_free(parts);
    grid_fini(&grid);
}

/* Few columns lie in the caches, many do not, and are added up in other strides. */
Test(rows, same_bits_of_any_number_of_columns)
{
    enum { ROWS = 9, MANY = 800000, PART = 37777 };
    const double weights[ROWS] = {0.5, 0, 2, -1, 3, 0.1, 0.2, 0.3, 0.7};
    const float *rows[ROWS], *parts[ROWS];
    float *whole = mem_array(MANY, sizeof *whole, NULL), *cut = mem_array(MANY, sizeof *cut, NULL);
    struct grid grid = grid_make(ROWS, MANY, GRID_NORMAL, 6);
    cr_assert(whole != NULL && cut != NULL);
    omp_set_num_threads(1);
    rows_of_matrix(grid.x, ROWS, grid.ld, rows);
    for (int weighted = 0; weighted < 2; weighted++) {
        rows_combine(rows, ROWS, MANY, weighted ? weights : NULL, whole);
        for (size_t from = 0; from < MANY; from += PART) {
            rows_of_matrix(grid.x + from, ROWS, grid.ld, parts);
            rows_combine(parts, ROWS, MANY - from < PART ? MANY - from : PART, weighted ? weights : NULL,
                         cut + from);
        }
        cr_expect(grid_same_bits(whole, cut, MANY), "weighted %d", weighted);
    }
    mem_free(whole);
    mem_free(cut);
    grid_fini(&grid);
}

Test(rows, rows_of_weight_zero_are_not_read)
{
    struct grid grid = grid_of(3, 2, (const float[]){1, 2, NAN, INFINITY, 3, 5});
    const float *rows[3];
    float out[2];
    rows_of_matrix(grid.x, 3, grid.ld, rows);
    rows[1] = NULL;
    rows_combine(rows, 3, 2, (const double[]){0.5, 0, 0.5}, out);
    cr_expect_eq(out[0], 2);
    cr_expect_eq(out[1], 3.5f);
    grid_fini(&grid);
}

Test(rows, combine_may_write_into_one_of_its_rows)
{
    struct grid grid = grid_make(4, 1500, GRID_NORMAL, 3);
    const float *rows[4];
    float apart[1500];
    rows_of_matrix(grid.x, 4, grid.ld, rows);
    rows_combine(rows, 4, 1500, NULL, apart);
    rows_combine(rows, 4, 1500, NULL, grid_row(&grid, 2));
    cr_expect(grid_same_bits(apart, grid_row(&grid, 2), 1500));
    grid_fini(&grid);
}

Test(rows, identical_rows_have_no_spread)
{
    struct grid grid = grid_make(13, 40, GRID_SAME, 4);
    const float *rows[13];
    float mean[40], std[40];
    rows_of_matrix(grid.x, 13, grid.ld, rows);
    rows_mean_std(rows, 13, 40, 1, mean, std);
    cr_expect(grid_same_bits(mean, grid.x, 40));
    for (size_t k = 0; k < 40; k++)
        cr_expect_eq(std[k], 0);
    cr_expect_eq(rows_mean_variance(rows, 13, 40, mean), 0);
    grid_fini(&grid);
}

/* The mean of 2^24, 2^24 + 2, 2^24 + 2 is no float; the deviations are taken from it all the same. */
Test(rows, spread_is_taken_from_the_unrounded_mean)
{
    const float column[] = {16777216, 16777218, 16777218};
    const float *const rows[] = {column, column + 1, column + 2};
    float mean, std;
    rows_mean_std(rows, 3, 1, 0, &mean, &std);
    cr_expect_float_eq((double)std, sqrt(8.0 / 9), 1e-6);
    cr_expect_float_eq(rows_mean_variance(rows, 3, 1, &mean), 8.0 / 9, 1e-9);
    cr_expect_eq(mean, 16777218);
}

Test(rows, scale)
{
    float a[37], out[37];
    for (size_t k = 0; k < 37; k++)
        a[k] = (float)k - 18.25f;
    rows_scale(a, 37, 1.0 / 3, out);
    for (size_t k = 0; k < 37; k++)
        cr_expect_eq(out[k], (float)((1.0 / 3) * (double)a[k]));
    rows_scale(a, 37, 1.0 / 3, a);
    cr_expect(grid_same_bits(a, out, 37));
}

/* Shorter than a unit of work, and several of them with a rest; nothing behind the end is touched. */
Test(rows, copy)
{
    enum { MOST = 50000 };
    static float a[MOST], out[MOST + 1];
    const size_t lengths[] = {0, 1, 37, 16384, 16385, MOST};
    for (size_t k = 0; k < MOST; k++)
        a[k] = (float)k;
    a[3] = NAN;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        memset(out, 0, sizeof out);
        rows_copy(a, lengths[i], out);
        cr_expect(grid_same_bits(out, a, lengths[i]));
        cr_expect_eq(out[lengths[i]], 0);
    }
}

/* From the start of a cache line and from elsewhere, whole lines and a rest; a factor of 1 leaves every bit.
 */
Test(rows, scale_past)
{
    enum { MOST = 100 };
    float a[MOST], wanted[MOST];
    _Alignas(64) float out[MOST + 1];
    for (size_t k = 0; k < MOST; k++)
        a[k] = (float)k - 18.25f;
    a[5] = INFINITY;
    a[17] = -0.0f;
    for (size_t from = 0; from < 2; from++)
        for (size_t d = 0; d + from <= MOST; d++) {
            memset(out, 0, sizeof out);
            rows_scale_past(a, d, 1.0 / 3, out + from);
            rows_scale(a, d, 1.0 / 3, wanted);
            cr_assert(grid_same_bits(out + from, wanted, d));
            rows_scale_past(a, d, 1, out + from);
            cr_assert(grid_same_bits(out + from, a, d));
            cr_assert_eq(out[from + d], 0);
        }
}

Test(rows, accumulate)
{
    float a[37], sum[37], wanted[37];
    for (size_t k = 0; k < 37; k++) {
        a[k] = (float)k - 18.25f;
        sum[k] = 1 / (1 + (float)k);
        wanted[k] = (float)(0.3 * (double)sum[k] + 7.0 / 3 * (double)a[k]);
    }
    rows_accumulate(a, 37, 0.3, 7.0 / 3, sum);
    cr_expect(grid_same_bits(sum, wanted, 37));
}

Test(rows, finite_sees_one_bad_float_anywhere)
{
    const float bad[] = {NAN, -NAN, INFINITY, -INFINITY}, good[] = {3.4e38f, -3.4e38f, 1e-45f, 0, -0.0f};
    float a[67] = {0};
    cr_expect(rows_finite(a, 0));
    for (size_t d = 1; d <= 67; d++)
        for (size_t k = 0; k < d; k++) {
            for (size_t g = 0; g < 5; g++) {
                a[k] = good[g];
                cr_assert(rows_finite(a, d));
            }
            for (size_t b = 0; b < 4; b++) {
                a[k] = bad[b];
                cr_assert_not(rows_finite(a, d), "d=%zu, k=%zu", d, k);
                cr_assert(rows_finite(a, k)); /* what lies behind is not looked at */
            }
            a[k] = 0;
        }
}
