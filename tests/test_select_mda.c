/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The subset of least diameter against all subsets. */
#include "sim/base/err.h"
#include "sim/num/select.h"
#include "tests/num/cloud.h"

#include <gsl/gsl_combination.h>

enum { MOST = 130, WORK = 1000000 };

static double diameter_of(const struct cloud *cloud, const size_t *rows, size_t count)
{
    double diameter = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t j = i + 1; j < count; j++)
            diameter = fmax(diameter, cloud->distances[rows[i] * cloud->n + rows[j]]);
    return diameter;
}

/* Combinations come in lexicographic order, so the first of the least is kept. */
static double naive_mda(const struct cloud *cloud, size_t h, size_t *subset)
{
    gsl_combination *rows = gsl_combination_calloc(cloud->n, h);
    double best = -1;
    do {
        double diameter = diameter_of(cloud, gsl_combination_data(rows), h);
        if (best < 0 || diameter < best) {
            best = diameter;
            memcpy(subset, gsl_combination_data(rows), h * sizeof *subset);
        }
    } while (gsl_combination_next(rows) == GSL_SUCCESS);
    gsl_combination_free(rows);
    return best;
}

static double mda_of(const struct cloud *cloud, size_t f, size_t *subset, uint64_t *work)
{
    void *scratch = cloud_bytes(select_mda_scratch_bytes(cloud->n, f));
    double diameter = -1;
    cr_assert_eq(select_mda(cloud->distances, cloud->n, f, WORK, scratch, subset, &diameter, work), ERR_OK);
    mem_free(scratch);
    return diameter;
}

static void check_against_all(struct cloud cloud)
{
    for (size_t f = 0; f < cloud.n; f++) {
        size_t h = cloud.n - f, subset[MOST], wanted[MOST];
        uint64_t work;
        double best = naive_mda(&cloud, h, wanted), got = mda_of(&cloud, f, subset, &work);
        cr_assert_eq(got, best, "n=%zu f=%zu: %g, not %g", cloud.n, f, got, best);
        cr_assert_arr_eq(subset, wanted, h * sizeof *subset, "n=%zu f=%zu", cloud.n, f);
    }
    cloud_fini(&cloud);
}

Test(select_mda, equals_all_subsets)
{
    for (size_t n = 1; n <= 10; n++)
        for (uint64_t seed = 0; seed < 8; seed++) {
            check_against_all(cloud_of_rows(n, 2, 0, seed));
            check_against_all(cloud_of_ties(n, 2, false, seed));
            check_against_all(cloud_of_ties(n, 4, false, seed));
            check_against_all(cloud_of_ties(n, 12, true, seed));
        }
    check_against_all(cloud_of_ties(12, 5, false, 1));
    check_against_all(cloud_of_ties(12, 30, true, 2));
}

Test(select_mda, malformed_and_identical_rows)
{
    for (size_t n = 1; n <= 9; n++) {
        check_against_all(cloud_of_ties(n, 1, false, 1));
        for (size_t bad = 1; bad <= n; bad += 2)
            check_against_all(cloud_of_rows(n, 2, bad, 3));
    }
}

/* More rows than all subsets could be tried of: the subset has the diameter it is said to have, and no row
 * can be exchanged for an earlier one. Rows of two clusters: the larger one is found. */
Test(select_mda, many_rows)
{
    size_t subset[MOST];
    uint64_t work;
    for (size_t n = 63; n <= MOST; n += 67) {
        struct cloud cloud = cloud_of_rows(n, 50, n / 8, 4);
        double diameter = mda_of(&cloud, n / 4, subset, &work);
        cr_assert_eq(diameter, diameter_of(&cloud, subset, n - n / 4));
        for (size_t k = 0; k < n - n / 4; k++) {
            cr_assert_lt(subset[k], n - n / 8);
            cr_assert(k == 0 || subset[k - 1] < subset[k]);
        }
        cloud_fini(&cloud);
    }
    struct cloud cloud = cloud_of_ties(MOST, 5, false, 5);
    for (size_t k = 0; k < (size_t)MOST * MOST; k++)
        cloud.distances[k] += k / MOST % 3 == 0 || k % MOST % 3 == 0 ? 10 * (k / MOST != k % MOST) : 0;
    mda_of(&cloud, MOST / 3 + 1, subset, &work);
    for (size_t k = 0; k < MOST - MOST / 3 - 1; k++)
        cr_assert_neq(subset[k] % 3, 0);
    cloud_fini(&cloud);
}

Test(select_mda, refuses_what_takes_too_long)
{
    struct cloud cloud = cloud_of_ties(60, 1000, false, 6);
    size_t subset[MOST];
    uint64_t work = 0;
    double diameter;
    void *scratch = cloud_bytes(select_mda_scratch_bytes(60, 29));
    cr_expect_eq(select_mda(cloud.distances, 60, 29, 5, scratch, subset, &diameter, &work), ERR_INVALID);
    cr_expect_gt(work, 5);
    mem_free(scratch);
    cloud_fini(&cloud);
}
