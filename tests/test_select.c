/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Krum scores, best rows, nearest rows and Bulyan's picks against naive twins. */
#include "sim/num/select.h"
#include "tests/num/cloud.h"

enum { MOST = 130 };

static double naive_cost(double squared, enum select_cost cost)
{
    return cost == SELECT_EUCLIDEAN ? sqrt(squared) : cost == SELECT_FOURTH ? squared * squared : squared;
}

/* The sum of the q least costs from row i to rows that are not gone, found one after the other. */
static double naive_score(const struct cloud *cloud, size_t i, size_t q, const bool *gone,
                          enum select_cost cost)
{
    bool used[MOST];
    double sum = 0;
    for (size_t j = 0; j < cloud->n; j++)
        used[j] = j == i || gone[j];
    for (size_t k = 0; k < q; k++) {
        size_t least = cloud->n;
        for (size_t j = 0; j < cloud->n; j++)
            if (!used[j] && (least == cloud->n ||
                             cloud->distances[i * cloud->n + j] < cloud->distances[i * cloud->n + least]))
                least = j;
        cr_assert_lt(least, cloud->n);
        used[least] = true;
        sum += naive_cost(cloud->distances[i * cloud->n + least], cost);
    }
    return sum;
}

static void check_krum(const struct cloud *cloud)
{
    static const bool nobody[MOST];
    size_t n = cloud->n, best[MOST];
    double scores[MOST];
    void *scratch = cloud_bytes(select_krum_scratch_bytes(n));
    for (int cost = SELECT_SQUARED; cost <= SELECT_FOURTH; cost++)
        for (size_t q = 0; q < n; q += 1 + n / 7) {
            select_krum(cloud->distances, n, q, (enum select_cost)cost, scratch, scores);
            for (size_t i = 0; i < n; i++)
                cr_assert_eq(scores[i], naive_score(cloud, i, q, nobody, (enum select_cost)cost));
            select_best(scores, n, n, scratch, best);
            cr_assert_eq(best[0], select_least(scores, n));
            for (size_t k = 1; k < n; k++)
                cr_assert(scores[best[k - 1]] < scores[best[k]] ||
                          (scores[best[k - 1]] == scores[best[k]] && best[k - 1] < best[k]));
        }
    mem_free(scratch);
}

static void check_nearest(const struct cloud *cloud)
{
    size_t n = cloud->n, nearest[MOST];
    void *scratch = cloud_bytes(select_best_scratch_bytes(n));
    for (size_t i = 0; i < n; i += 1 + n / 9) {
        const double *row = cloud->distances + i * n;
        bool chosen[MOST] = {false};
        size_t h = n - n / 3;
        select_nearest(cloud->distances, n, i, h, scratch, nearest);
        cr_assert_eq(nearest[0], i);
        for (size_t k = 0; k < h; k++) {
            cr_assert(!chosen[nearest[k]]);
            chosen[nearest[k]] = true;
            cr_assert(k < 2 || row[nearest[k - 1]] < row[nearest[k]] ||
                      (row[nearest[k - 1]] == row[nearest[k]] && nearest[k - 1] < nearest[k]));
        }
        for (size_t j = 0; j < n && h > 1; j++) /* nobody who was left out comes before the last one */
            cr_assert(chosen[j] || row[j] > row[nearest[h - 1]] ||
                      (row[j] == row[nearest[h - 1]] && j > nearest[h - 1]));
    }
    mem_free(scratch);
}

static void naive_bulyan(const struct cloud *cloud, size_t f, size_t *picks)
{
    size_t n = cloud->n;
    bool gone[MOST] = {false};
    for (size_t pick = 0; pick < n - 2 * f; pick++) {
        size_t left = n - pick, winner = n, q = left > f + 3 ? left - f - 2 : 1;
        double best = 0;
        q = q < left ? q : left - 1;
        for (size_t i = 0; i < n; i++) {
            double score = gone[i] ? 0 : naive_score(cloud, i, q, gone, SELECT_SQUARED);
            if (!gone[i] && (winner == n || score < best)) {
                best = score;
                winner = i;
            }
        }
        gone[winner] = true;
        picks[pick] = winner;
    }
}

static void check_bulyan(const struct cloud *cloud, size_t f)
{
    size_t n = cloud->n, wanted[MOST], picks[MOST + 1];
    void *scratch = cloud_bytes(select_bulyan_scratch_bytes(n));
    naive_bulyan(cloud, f, wanted);
    picks[n - 2 * f] = 12345;
    select_bulyan(cloud->distances, n, f, scratch, picks);
    cr_assert_arr_eq(picks, wanted, (n - 2 * f) * sizeof *picks, "n=%zu f=%zu", n, f);
    cr_assert_eq(picks[n - 2 * f], 12345);
    mem_free(scratch);
}

static void check_all(struct cloud cloud)
{
    check_krum(&cloud);
    check_nearest(&cloud);
    for (size_t f = 0; 2 * f < cloud.n; f += 1 + f / 2 + cloud.n / 20)
        check_bulyan(&cloud, f);
    cloud_fini(&cloud);
}

Test(select, random_rows)
{
    for (size_t n = 1; n <= 60; n += 1 + n / 8)
        check_all(cloud_of_rows(n, 3, 0, 1));
}

Test(select, malformed_rows)
{
    for (size_t n = 3; n <= 40; n += 1 + n / 4) {
        check_all(cloud_of_rows(n, 3, n / 4, 2));
        check_all(cloud_of_rows(n, 3, n - 1, 3));
        check_all(cloud_of_rows(n, 3, n, 4));
    }
}

Test(select, ties)
{
    for (size_t n = 1; n <= 40; n += 1 + n / 8) {
        check_all(cloud_of_ties(n, 1, false, 5)); /* identical rows */
        check_all(cloud_of_ties(n, 3, false, 6));
        check_all(cloud_of_ties(n, 6, true, 7));
    }
}

Test(select, many_rows)
{
    check_all(cloud_of_rows(MOST, 5, 10, 8));
    check_all(cloud_of_ties(MOST, 40, false, 9));
}

/* A malformed row never wins while there are enough others. */
Test(select, infinitely_far_rows_are_not_chosen)
{
    enum { N = 11, F = 2 };
    struct cloud cloud = cloud_of_rows(N, 4, F, 10);
    double scores[N];
    size_t picks[N];
    void *scratch = cloud_bytes(select_bulyan_scratch_bytes(N));
    select_krum(cloud.distances, N, N - F - 2, SELECT_SQUARED, scratch, scores);
    cr_expect_lt(select_least(scores, N), N - F);
    select_bulyan(cloud.distances, N, F, scratch, picks);
    for (size_t k = 0; k < N - 2 * F; k++)
        cr_expect_lt(picks[k], N - F);
    select_nearest(cloud.distances, N, 0, N - F, scratch, picks);
    for (size_t k = 0; k < N - F; k++)
        cr_expect_lt(picks[k], N - F);
    mem_free(scratch);
    cloud_fini(&cloud);
}

/* Rows 0, 1, 3, 7, 15 on a line, f = 1: scores of the 2 nearest 10, 5, 13, 52, 208; then 1 neighbour among
 * 0, 3, 7, 15: 9, 9, 16, 64; then 1 among 3, 7, 15. */
Test(select, bulyan_by_hand)
{
    const double x[] = {0, 1, 3, 7, 15};
    double distances[25];
    for (size_t k = 0; k < 25; k++)
        distances[k] = (x[k / 5] - x[k % 5]) * (x[k / 5] - x[k % 5]);
    size_t picks[3];
    void *scratch = cloud_bytes(select_bulyan_scratch_bytes(5));
    select_bulyan(distances, 5, 1, scratch, picks);
    const size_t wanted[] = {1, 0, 2};
    cr_expect_arr_eq(picks, wanted, sizeof wanted);
    mem_free(scratch);
}
