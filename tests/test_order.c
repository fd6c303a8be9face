/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Order statistics against qsort, on every kind of nasty column; NaN ranks above +Inf, -0 below +0. */
#include "sim/num/order.h"
#include "sim/num/order_run.h"
#include "tests/num/grid.h"

#include <omp.h>
#include <stdlib.h>

/* NaN last, -0 before +0. */
static int by_rank(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    if (isnan(x) || isnan(y))
        return isnan(x) - isnan(y);
    if (x != y)
        return x < y ? -1 : 1;
    return (signbit(y) != 0) - (signbit(x) != 0);
}

static void sorted_column(const struct grid *grid, size_t k, float *out)
{
    for (size_t i = 0; i < grid->n; i++)
        out[i] = grid_row(grid, i)[k];
    qsort(out, grid->n, sizeof *out, by_rank);
}

static float mean_between(const float *sorted, size_t first, size_t last)
{
    double sum = 0;
    for (size_t i = first; i <= last; i++)
        sum += (double)sorted[i];
    return (float)(sum / (double)(last - first + 1));
}

/* Every value moved into the kept range, then the mean; `size` is the sum of the magnitudes. */
static double winsorized(const float *sorted, size_t n, size_t trim, double *size)
{
    double sum = 0;
    *size = 0;
    for (size_t i = 0; i < n; i++) {
        size_t at = i < trim ? trim : i > n - trim - 1 ? n - trim - 1 : i;
        sum += (double)sorted[at];
        *size += fabs((double)sorted[at]);
    }
    return sum / (double)n;
}

static void *scratch_for(size_t n, size_t threads)
{
    void *scratch = mem_array(order_scratch_bytes(n, threads), 1, NULL);
    cr_assert_not_null(scratch);
    return scratch;
}

static void check_medians(const struct grid *grid, void *scratch, float *out, float *sorted)
{
    size_t n = grid->n;
    for (int even = ORDER_MID; even <= ORDER_UPPER; even++) {
        size_t low = even == ORDER_UPPER ? n / 2 : (n - 1) / 2,
               high = even == ORDER_LOWER ? (n - 1) / 2 : n / 2;
        order_median(grid->x, n, grid->d, grid->ld, (enum order_even)even, scratch, out);
        for (size_t k = 0; k < grid->d; k++) {
            sorted_column(grid, k, sorted);
            float wanted = mean_between(sorted, low, high);
            cr_assert(grid_near(out[k], wanted, 0), "n=%zu d=%zu k=%zu even=%d: %a, not %a", n, grid->d, k,
                      even, (double)out[k], (double)wanted);
        }
    }
}

static void check_trimmed(const struct grid *grid, size_t trim, void *scratch, float *out, float *sorted)
{
    size_t n = grid->n;
    order_trimmed_mean(grid->x, n, grid->d, grid->ld, trim, 0, scratch, out);
    for (size_t k = 0; k < grid->d; k++) {
        sorted_column(grid, k, sorted);
        float wanted = mean_between(sorted, trim, n - trim - 1);
        cr_assert(grid_near(out[k], wanted, 0), "n=%zu d=%zu k=%zu trim=%zu: %a, not %a", n, grid->d, k, trim,
                  (double)out[k], (double)wanted);
    }
    order_trimmed_mean(grid->x, n, grid->d, grid->ld, trim, 1, scratch, out);
    for (size_t k = 0; k < grid->d; k++) {
        double size;
        sorted_column(grid, k, sorted);
        double wanted = winsorized(sorted, n, trim, &size);
        double slack = 1.2e-7 * fabs(wanted) + 1e-14 * size + 1e-45;
        cr_assert(grid_near(out[k], wanted, slack), "n=%zu d=%zu k=%zu trim=%zu clamped: %a, not %a", n,
                  grid->d, k, trim, (double)out[k], wanted);
    }
}

/* The k nearest one after the other: the next below the centre unless the next above is nearer. */
static float nearest_mean(const float *sorted, size_t n, size_t k, float centre)
{
    size_t low = 0, high, split;
    double sum = 0;
    while (low < n && sorted[low] <= centre)
        low++;
    high = split = low;
    while (high - low < k) {
        double below = low > 0 ? (double)centre - (double)sorted[low - 1] : INFINITY;
        double above = high < n ? (double)sorted[high] - (double)centre : INFINITY;
        if (low > 0 && (high == n || isnan(above) || below <= above))
            low--;
        else
            high++;
    }
    for (size_t i = low; i < high; i++)
        sum += (double)sorted[i];
    return (float)(sum / (double)k);
}

/* The mean of the k values nearest to given centres. */
static void run_nearest(const struct grid *grid, size_t k, const float *centre, void *scratch, float *out)
{
    order_run(&(struct order_run){.kernels = order_kernels_best(),
                                  .x = grid->x,
                                  .n = grid->n,
                                  .d = grid->d,
                                  .ld = grid->ld,
                                  .centre = centre,
                                  .k = k,
                                  .scratch = scratch,
                                  .out = out});
}

static void check_nearest(const struct grid *grid, size_t k, float *centre, void *scratch, float *out,
                          float *sorted)
{
    size_t n = grid->n;
    for (size_t c = 0; c < grid->d; c++)
        centre[c] = c % 3 == 0 ? 0.25f : c % 3 == 1 ? grid_row(grid, c % n)[c] : 1e30f;
    run_nearest(grid, k, centre, scratch, out);
    for (size_t c = 0; c < grid->d; c++) {
        if (!isfinite(centre[c]))
            continue;
        sorted_column(grid, c, sorted);
        float wanted = nearest_mean(sorted, n, k, centre[c]);
        cr_assert(grid_near(out[c], wanted, 0), "n=%zu d=%zu c=%zu k=%zu: %a, not %a", n, grid->d, c, k,
                  (double)out[c], (double)wanted);
    }
}

/* Around the median and around the trimmed mean, whose own bits are tested above. */
static void check_around(const struct grid *grid, size_t k, float *centre, void *scratch, float *out,
                         float *sorted)
{
    size_t n = grid->n, trim = (n - 1) / 3;
    for (int trimmed = 0; trimmed < 2; trimmed++) {
        if (trimmed) {
            order_trimmed_mean(grid->x, n, grid->d, grid->ld, trim, 0, scratch, centre);
            order_mean_around_trimmed_mean(grid->x, n, grid->d, grid->ld, k, trim, scratch, out);
        } else {
            order_median(grid->x, n, grid->d, grid->ld, ORDER_MID, scratch, centre);
            order_mean_around_median(grid->x, n, grid->d, grid->ld, k, scratch, out);
        }
        for (size_t c = 0; c < grid->d; c++) {
            sorted_column(grid, c, sorted);
            if (!isfinite(centre[c]))
                continue;
            float wanted = nearest_mean(sorted, n, k, centre[c]);
            cr_assert(grid_near(out[c], wanted, 0), "n=%zu d=%zu c=%zu k=%zu trimmed=%d: %a, not %a", n,
                      grid->d, c, k, trimmed, (double)out[c], (double)wanted);
        }
    }
}

static void check_grid(size_t n, size_t d, enum grid_kind kind)
{
    struct grid grid = grid_make(n, d, kind, 7);
    void *scratch = scratch_for(n, 1);
    float *out = mem_array(d, sizeof *out, NULL), *sorted = mem_array(n, sizeof *sorted, NULL);
    float *centre = mem_array(d, sizeof *centre, NULL);
    cr_assert(out != NULL && sorted != NULL && centre != NULL);
    check_medians(&grid, scratch, out, sorted);
    check_trimmed(&grid, 0, scratch, out, sorted);
    check_trimmed(&grid, n / 5, scratch, out, sorted);
    check_trimmed(&grid, (n - 1) / 2, scratch, out, sorted);
    check_nearest(&grid, 1, centre, scratch, out, sorted);
    check_nearest(&grid, n - n / 5, centre, scratch, out, sorted);
    check_around(&grid, n - n / 5, centre, scratch, out, sorted);
    check_around(&grid, (n + 3) / 4, centre, scratch, out, sorted);
    mem_free(out);
    mem_free(sorted);
    mem_free(centre);
    mem_free(scratch);
    grid_fini(&grid);
}

Test(order, matches_qsort_up_to_forty_rows)
{
    omp_set_num_threads(1);
    for (size_t n = 1; n <= 40; n++)
        for (const size_t *d = grid_widths; *d != 0; d++)
            for (int kind = 0; kind < GRID_KINDS; kind++)
                check_grid(n, *d, (enum grid_kind)kind);
}

Test(order, matches_qsort_up_to_130_rows)
{
    omp_set_num_threads(1);
    for (size_t n = 41; n <= 130; n++)
        for (int kind = 0; kind < GRID_KINDS; kind++)
            check_grid(n, 19, (enum grid_kind)kind);
}

Test(order, matches_qsort_for_many_rows_and_columns)
{
    const size_t shapes[][2] = {{63, 17},   {64, 33},   {65, 5},   {100, 40}, {129, 3},   {255, 18},
                                {256, 5},   {257, 7},   {300, 9},  {401, 20}, {1001, 17}, {1000, 33},
                                {9999, 17}, {10000, 3}, {5, 1100}, {4, 2049}, {25, 1000}};
    omp_set_num_threads(1);
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++)
        for (int kind = 0; kind < GRID_KINDS; kind++)
            check_grid(shapes[s][0], shapes[s][1], (enum grid_kind)kind);
}

/* Every column of zeros and ones: a network that sorts those sorts everything (Knuth's 0-1 principle). */
Test(order, sorts_every_column_of_zeros_and_ones)
{
    omp_set_num_threads(1);
    for (size_t n = 2; n <= 12; n++) {
        size_t columns = (size_t)1 << n;
        struct grid grid = grid_empty(n, columns);
        void *scratch = scratch_for(n, 1);
        float *out = mem_array(columns, sizeof *out, NULL);
        for (size_t i = 0; i < n; i++)
            for (size_t k = 0; k < columns; k++)
                grid_row(&grid, i)[k] = (float)(k >> i & 1);
        for (size_t trim = 0; 2 * trim < n; trim++) {
            order_trimmed_mean(grid.x, n, columns, grid.ld, trim, 0, scratch, out);
            for (size_t k = 0; k < columns; k++) {
                size_t ones = (size_t)__builtin_popcountll(k), kept = n - 2 * trim;
                size_t inside = ones < trim ? 0 : ones - trim > kept ? kept : ones - trim;
                cr_assert_eq(out[k], (float)((double)inside / (double)kept));
            }
        }
        mem_free(out);
        mem_free(scratch);
        grid_fini(&grid);
    }
}

Test(order, same_bits_at_any_number_of_threads_and_order_of_rows)
{
    enum { N = 23, D = 5000 };
    struct grid grid = grid_make(N, D, GRID_HUGE, 9), turned = grid_empty(N, D);
    void *scratch = scratch_for(N, 8);
    static float median[5][D], trimmed[5][D];
    for (size_t i = 0; i < N; i++)
        memcpy(grid_row(&turned, (i * 7 + 3) % N), grid_row(&grid, i), D * sizeof(float));
    for (size_t t = 0; t < 5; t++) {
        const struct grid *x = t < 4 ? &grid : &turned;
        omp_set_num_threads(grid_threads[t % 4]);
        order_median(x->x, N, D, x->ld, ORDER_MID, scratch, median[t]);
        order_trimmed_mean(x->x, N, D, x->ld, 4, 0, scratch, trimmed[t]);
        cr_expect_arr_eq(median[0], median[t], sizeof median[0]);
        cr_expect_arr_eq(trimmed[0], trimmed[t], sizeof trimmed[0]);
    }
    mem_free(scratch);
    grid_fini(&grid);
    grid_fini(&turned);
}

Test(order, nan_ranks_above_infinity)
{
    struct grid grid = grid_of(5, 3,
                               (const float[]){-NAN, 1, INFINITY, 1, NAN, 2, INFINITY, 5, -NAN, -INFINITY,
                                               INFINITY, 3, 2, NAN, NAN});
    float out[3];
    void *scratch = scratch_for(5, 1);
    omp_set_num_threads(1);
    order_median(grid.x, 5, 3, grid.ld, ORDER_MID, scratch, out);
    cr_expect_eq(out[0], 2);        /* -Inf 1 2 Inf NaN */
    cr_expect_eq(out[1], INFINITY); /* 1 5 Inf NaN NaN */
    cr_expect_eq(out[2], INFINITY); /* 2 3 Inf NaN NaN */
    order_trimmed_mean(grid.x, 5, 3, grid.ld, 1, 0, scratch, out);
    cr_expect_eq(out[0], INFINITY);
    cr_expect(isnan(out[1]));
    mem_free(scratch);
    grid_fini(&grid);
}

/* Subtracting the extremes from a total would leave rounding errors of 1e22. */
Test(order, trimmed_values_do_not_disturb_the_sum)
{
    enum { N = 11, F = 3 };
    struct grid grid = grid_empty(N, 1);
    float out;
    void *scratch = scratch_for(N, 1);
    omp_set_num_threads(1);
    for (size_t i = 0; i < N; i++)
        grid_row(&grid, i)[0] = i < F ? 1e30f : (float)i;
    order_trimmed_mean(grid.x, N, 1, grid.ld, F, 0, scratch, &out);
    cr_expect_eq(out, 8); /* of 3 .. 10 the values 6 .. 10 stay */
    mem_free(scratch);
    grid_fini(&grid);
}

/* Every method of every instruction set that this processor has, on the same matrix: the same bits. */
static void check_methods(struct order_run run, const char *what)
{
    const struct order_kernels *const all[] = {order_kernels_plain(), order_kernels_avx2(),
                                               order_kernels_avx512()};
    float *wanted = mem_array(run.d, sizeof *wanted, NULL), *got = mem_array(run.d, sizeof *got, NULL);
    run.kernels = order_kernels_plain();
    run.method = ORDER_MERGE;
    run.out = wanted;
    order_run(&run);
    run.out = got;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        for (int method = ORDER_AUTO; all[i] != NULL && method <= ORDER_COUNT; method++) {
            run.kernels = all[i];
            run.method = (enum order_method)method;
            run.ranks.stream = method == ORDER_AUTO;
            order_run(&run);
            cr_assert_arr_eq(got, wanted, run.d * sizeof *got, "%s n=%zu d=%zu: %s method %d", what, run.n,
                             run.d, all[i]->name, method);
        }
    mem_free(wanted);
    mem_free(got);
}

static void check_all_methods(size_t n, size_t d, enum grid_kind kind)
{
    struct grid grid = grid_make(n, d, kind, 3);
    struct order_run run = {.x = grid.x, .n = n, .d = d, .ld = grid.ld, .scratch = scratch_for(n, 1)};
    for (size_t first = (n - 1) / 2; first <= n / 2; first++) {
        run.ranks =
            (struct order_ranks){.first = first, .last = n / 2, .divisor = (double)(n / 2 - first + 1)};
        check_methods(run, "median");
    }
    run.ranks.last = (n - 1) / 2;
    run.ranks.first = run.ranks.last;
    check_methods(run, "lower median");
    run.ranks = (struct order_ranks){
        .first = (n - 1) / 2, .last = n / 2, .extra = (double)((n - 1) / 2), .divisor = (double)n};
    check_methods(run, "clamped to the middle");
    run.ranks =
        (struct order_ranks){.first = n / 4, .last = n - n / 4 - 1, .divisor = (double)(n - n / 4 * 2)};
    check_methods(run, "trimmed");
    run.centre = grid.x;
    run.k = n - n / 4;
    check_methods(run, "nearest to given centres");
    run.centre = NULL;
    check_methods(run, "nearest to the trimmed mean");
    mem_free(run.scratch);
    grid_fini(&grid);
}

Test(order, same_bits_by_every_method_and_instruction_set)
{
    const size_t rows[] = {1,  2,  3,  5,   10,  11,  24,  25,  32,   33,  51,
                           63, 64, 65, 101, 128, 255, 256, 401, 1001, 1024};
    omp_set_num_threads(1);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (int kind = 0; kind < GRID_KINDS; kind++)
            check_all_methods(rows[i], rows[i] > 300 ? 35 : 100, (enum grid_kind)kind);
}

/* The nth smallest is found whatever its distance from the others, in few or many steps. */
Test(order, counting_finds_any_rank_of_hard_columns)
{
    enum { N = 500, D = 32 };
    struct grid grid = grid_empty(N, D);
    float out[D], sorted[N];
    omp_set_num_threads(1);
    for (size_t i = 0; i < N; i++)
        for (size_t c = 0; c < D; c++) {
            float value = ldexpf(1 + (float)i / N, (int)((i * 7) % 250) - 125);
            grid_row(&grid, i)[c] = c % 4 == 0   ? value
                                    : c % 4 == 1 ? -value
                                    : c % 4 == 2 ? (i % 31 == 0 ? 1 : -1) * value
                                                 : (float)(i == c);
        }
    void *scratch = scratch_for(N, 1);
    for (size_t rank = 0; rank < N; rank += rank < 4 || rank > N - 6 ? 1 : 61) {
        struct order_run run = {.kernels = order_kernels_best(),
                                .method = ORDER_COUNT,
                                .x = grid.x,
                                .n = N,
                                .d = D,
                                .ld = grid.ld,
                                .scratch = scratch,
                                .out = out,
                                .ranks = {.first = rank, .last = rank, .divisor = 1}};
        order_run(&run);
        for (size_t c = 0; c < D; c++) {
            sorted_column(&grid, c, sorted);
            cr_assert_eq(out[c], sorted[rank], "rank %zu column %zu: %a, not %a", rank, c, (double)out[c],
                         (double)sorted[rank]);
        }
    }
    mem_free(scratch);
    grid_fini(&grid);
}

/* On equal distance the lower value; NaN and infinities only for want of finite values. */
Test(order, nearest_breaks_ties_downwards_and_passes_over_what_is_not_finite)
{
    struct grid grid =
        grid_of(4, 5, (const float[]){1, -INFINITY, NAN,      1, INFINITY, 3, 5,   1, 1, INFINITY,
                                      4, 7,         INFINITY, 1, 2,        6, NAN, 2, 9, INFINITY});
    float out[5];
    void *scratch = scratch_for(4, 1);
    omp_set_num_threads(1);
    run_nearest(&grid, 2, (const float[]){3.5f, 6, -9, 9, INFINITY}, scratch, out);
    cr_expect_eq(out[0], 3.5f); /* 3 and 4 */
    cr_expect_eq(out[1], 6);    /* 5 and 7, the only finite ones */
    cr_expect_eq(out[2], 1.5f); /* 1 and 2 */
    cr_expect_eq(out[3], 5);    /* 9 and a 1 */
    cr_expect_eq(out[4], INFINITY);
    run_nearest(&grid, 1, (const float[]){2, 6, NAN, 5, INFINITY}, scratch, out);
    cr_expect_eq(out[0], 1); /* not 3 */
    cr_expect_eq(out[1], 5); /* not 7 */
    cr_expect_eq(out[2], 1); /* not Inf, not NaN */
    cr_expect_eq(out[3], 1); /* not 9 */
    cr_expect_eq(out[4], 2); /* the only finite one */
    mem_free(scratch);
    grid_fini(&grid);
}

/* Rows may be missing or mixed after the room has been made. */
Test(order, fewer_rows_need_no_more_room)
{
    for (size_t n = 2; n < 3000; n++)
        cr_assert_leq(order_scratch_bytes(n - 1, 2), order_scratch_bytes(n, 2), "%zu", n);
}
