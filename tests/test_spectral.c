/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules on eigenvectors, against plain ones that write the covariance down. */
#include "tests/rules/rule.h"

#include <gsl/gsl_combination.h>
#include <gsl/gsl_eigen.h>

enum { COLUMNS = 6, ROWS = 12 };

/* The weighted mean, the largest eigenvalue of the weighted (d, d) covariance and its vector. */
static double naive_top(const struct grid *grid, const double *c, double *mean, double *vector)
{
    size_t d = grid->d;
    double total = 0, value;
    gsl_matrix *covariance = gsl_matrix_calloc(d, d), *vectors = gsl_matrix_alloc(d, d);
    gsl_vector *values = gsl_vector_alloc(d);
    gsl_eigen_symmv_workspace *space = gsl_eigen_symmv_alloc(d);
    memset(mean, 0, d * sizeof *mean);
    for (size_t i = 0; i < grid->n; i++)
        total += c[i];
    for (size_t i = 0; i < grid->n; i++)
        for (size_t k = 0; k < d; k++)
            mean[k] += c[i] / total * (double)grid_row(grid, i)[k];
    for (size_t i = 0; i < grid->n; i++)
        for (size_t k = 0; k < d; k++)
            for (size_t l = 0; l < d; l++)
                covariance->data[k * covariance->tda + l] += c[i] / total *
                                                             ((double)grid_row(grid, i)[k] - mean[k]) *
                                                             ((double)grid_row(grid, i)[l] - mean[l]);
    gsl_eigen_symmv(covariance, values, vectors, space);
    gsl_eigen_symmv_sort(values, vectors, GSL_EIGEN_SORT_VAL_DESC);
    value = gsl_vector_get(values, 0);
    for (size_t k = 0; k < d; k++)
        vector[k] = gsl_matrix_get(vectors, k, 0);
    gsl_eigen_symmv_free(space);
    gsl_vector_free(values);
    gsl_matrix_free(vectors);
    gsl_matrix_free(covariance);
    return value;
}

static void naive_scores(const struct grid *grid, const double *mean, const double *vector, double *scores)
{
    for (size_t i = 0; i < grid->n; i++) {
        double sum = 0;
        for (size_t k = 0; k < grid->d; k++)
            sum += ((double)grid_row(grid, i)[k] - mean[k]) * vector[k];
        scores[i] = sum * sum;
    }
}

static double naive_most(const double *scores, const double *c, size_t n, bool all)
{
    double most = 0;
    for (size_t i = 0; i < n; i++)
        if (all || c[i] > 0)
            most = fmax(most, scores[i]);
    return most;
}

static double naive_sum(const double *c, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += c[i];
    return sum;
}

static void naive_caf(const struct grid *grid, size_t f, bool all, double *out)
{
    size_t n = grid->n;
    double c[ROWS], mean[COLUMNS], vector[COLUMNS], scores[ROWS], least = INFINITY;
    for (size_t i = 0; i < n; i++)
        c[i] = 1;
    naive_top(grid, c, out, vector);
    while (naive_sum(c, n) > (double)(n - 2 * f)) {
        double value = naive_top(grid, c, mean, vector);
        if (value < least)
            memcpy(out, mean, grid->d * sizeof *out);
        least = fmin(least, value);
        naive_scores(grid, mean, vector, scores);
        double most = naive_most(scores, c, n, all);
        for (size_t i = 0; i < n; i++)
            c[i] *= 1 - scores[i] / most;
    }
}

/* Rows of one kind with some far ones and an offset; `which` varies all of it. */
static struct grid spectral_grid(size_t which)
{
    size_t n = 3 + which % (ROWS - 2), d = 2 + which % (COLUMNS - 1);
    struct grid grid = grid_make(n, d, GRID_NORMAL, which);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < d; k++)
            grid_row(&grid, i)[k] += (which % 3 == 0 ? 1000.0f : 0) + (which % 2 == 0 && i == 1 ? 4.0f : 0);
    return grid;
}

/* Puts a rule beside its plain twin, whose answer `wanted` is. */
static void expect_near(const char *words, const struct grid *grid, size_t f, const double *wanted)
{
    struct defence_settings settings;
    struct rule_answer answer;
    omp_set_num_threads(1);
    rule_settings(words, &settings);
    rule_run(&settings, grid, f, NULL, &answer);
    cr_assert(answer.answered, "%s: %s", words, answer.reason);
    for (size_t k = 0; k < grid->d; k++)
        cr_expect(grid_near(answer.out[k], wanted[k], 2e-6 * fmax(1, fabs(wanted[k]))),
                  "%s n=%zu f=%zu column %zu: %.9g, not %.9g", words, grid->n, f, k, (double)answer.out[k],
                  wanted[k]);
    rule_release(&settings);
}

Test(spectral, caf_matches_a_plain_one)
{
    for (size_t which = 0; which < 60; which++) {
        struct grid grid = spectral_grid(which);
        double wanted[COLUMNS];
        for (size_t f = 0; 2 * f < grid.n; f++) {
            naive_caf(&grid, f, true, wanted);
            expect_near("caf", &grid, f, wanted);
            naive_caf(&grid, f, false, wanted);
            expect_near("caf:largest=kept", &grid, f, wanted);
        }
        grid_fini(&grid);
    }
}

Test(spectral, caf_by_hand)
{
    const float line[] = {0, 1, 2, 9};
    rule_expect("caf:largest=kept", 4, 1, line, 1, (const double[]){102.0 / 94}, 1);
    rule_expect("caf", 4, 1, line, 0, (const double[]){3}, 1);
    rule_expect("caf", 3, 1, (const float[]){7, 7, 7}, 1, (const double[]){7}, 1);
    rule_expect_reason("caf", 4, 2, "caf needs n > 2f: n=4, f=2");
    rule_expect_reason("caf", 3, 1, "");
}

Test(spectral, caf_without_sound_rows)
{
    const float lost[] = {NAN, INFINITY, NAN};
    struct rule_answer answer;
    rule_apply("caf", 3, 1, lost, 1, &answer);
    cr_expect_not(answer.answered);
    cr_expect_str_eq(answer.reason, "no two messages are at a finite distance: n=3");
}

/* The subset of h rows with the least trace of the covariance or least top eigenvalue, its mean in out. */
static void naive_subset(const struct grid *grid, size_t h, bool eigen, double *out)
{
    gsl_combination *rows = gsl_combination_calloc(grid->n, h);
    double least = INFINITY;
    do {
        double c[ROWS] = {0}, mean[COLUMNS], vector[COLUMNS], value = 0;
        for (size_t i = 0; i < h; i++)
            c[gsl_combination_get(rows, i)] = 1;
        double top = naive_top(grid, c, mean, vector);
        for (size_t i = 0; i < grid->n; i++)
            for (size_t k = 0; k < grid->d; k++)
                value += c[i] * pow((double)grid_row(grid, i)[k] - mean[k], 2);
        value = eigen ? top : value;
        if (value < least)
            memcpy(out, mean, grid->d * sizeof *out);
        least = fmin(least, value);
    } while (gsl_combination_next(rows) == GSL_SUCCESS);
    gsl_combination_free(rows);
}

Test(spectral, mva_and_smea_match_plain_ones)
{
    for (size_t which = 0; which < 40; which++) {
        struct grid grid = spectral_grid(which);
        double wanted[COLUMNS];
        for (size_t f = 0; 2 * f < grid.n && f < 4; f++) {
            naive_subset(&grid, grid.n - f, false, wanted);
            expect_near("mva", &grid, f, wanted);
            if (grid.n - f > 2) { /* of pairs, both rows of a nearest pair have the same subset */
                naive_subset(&grid, grid.n - f, true, wanted);
                expect_near("smea", &grid, f, wanted);
            }
        }
        grid_fini(&grid);
    }
}

/* Many rows are dropped; some far away, at distances that no bound on sums of them could stand, some equal.
 */
Test(spectral, mva_and_smea_drop_many_and_far_rows)
{
    for (size_t which = 0; which < 24; which++) {
        struct grid grid = grid_make(ROWS, 3, GRID_NORMAL, 100 + which);
        double wanted[COLUMNS];
        for (size_t i = 0; i < ROWS; i++)
            for (size_t k = 0; k < 3; k++) {
                float *value = &grid_row(&grid, i)[k];
                if (which % 3 == 1 && i < 4)
                    *value *= 1e15f;
                if (which % 3 == 2)
                    *value = i % 3 == 0 ? grid_row(&grid, 0)[k] : *value;
            }
        for (size_t f = 4; 2 * f < ROWS; f++) {
            naive_subset(&grid, ROWS - f, false, wanted);
            expect_near("mva", &grid, f, wanted);
            naive_subset(&grid, ROWS - f, true, wanted);
            expect_near("smea", &grid, f, wanted);
        }
        grid_fini(&grid);
    }
}

Test(spectral, mva_and_smea_by_hand)
{
    const float line[] = {0, 1, 3, 4.5f, 9}, ties[] = {0, 1, 2, 3}, plane[] = {0, 0, 2, 0, 0, 2, 1, 1.9f};
    rule_expect("mva", 5, 1, line, 2, (const double[]){4.0 / 3}, 1);
    rule_expect("smea", 5, 1, line, 2, (const double[]){4.0 / 3}, 1);
    rule_expect("mva", 4, 1, ties, 1, (const double[]){1}, 1);
    rule_expect("smea", 4, 1, ties, 1, (const double[]){1}, 1);
    rule_expect("smea", 4, 2, plane, 1, (const double[]){1, 1.9 / 3}, 2);
    rule_expect("smea", 3, 1, (const float[]){7, 7, 7}, 1, (const double[]){7}, 1);
}

Test(spectral, mva_and_smea_refuse)
{
    const float lost[] = {NAN, 2, NAN};
    struct rule_answer answer;
    rule_expect_reason("mva", 4, 2, "mva needs n >= 2f+1: n=4, f=2");
    rule_expect_reason("mva", 26, 12, "");
    rule_expect_reason("mva", 40, 9,
                       "mva looks at all subsets of n-f messages, 5e7 at most, and here are "
                       "2.734e+08: n=40, f=9");
    rule_expect_reason("smea", 4, 2, "smea needs n >= 2f+1: n=4, f=2");
    rule_expect_reason("smea", 20, 9, "");
    rule_expect_reason("smea", 25, 12,
                       "smea looks at all 5.2e+06 subsets of n-f messages, (n-f)^3 steps "
                       "each, more than 1e10 in all: n=25, f=12");
    rule_apply("mva", 3, 1, lost, 1, &answer);
    cr_expect_str_eq(answer.reason, "mva finds no n-f messages at finite distances: n=3, f=1");
    rule_apply("smea", 3, 1, lost, 1, &answer);
    cr_expect_str_eq(answer.reason, "smea finds no n-f messages at finite distances: n=3, f=1");
}

Test(spectral, dnc_matches_a_plain_one)
{
    for (size_t which = 0; which < 60; which++) {
        struct grid grid = spectral_grid(which);
        for (size_t f = 0; 2 * f < grid.n; f++) {
            double c[ROWS], mean[COLUMNS], vector[COLUMNS], scores[ROWS];
            for (size_t i = 0; i < grid.n; i++)
                c[i] = 1;
            naive_top(&grid, c, mean, vector);
            naive_scores(&grid, mean, vector, scores);
            for (size_t turn = 0; turn < f; turn++) {
                size_t worst = 0;
                for (size_t i = 0; i < grid.n; i++)
                    worst = scores[i] > scores[worst] ? i : worst;
                c[worst] = 0;
                scores[worst] = -1;
            }
            naive_top(&grid, c, mean, vector);
            expect_near("dnc", &grid, f, mean);
        }
        grid_fini(&grid);
    }
}

static void naive_filter(const struct grid *grid, size_t f, double limit, double *mean)
{
    double c[ROWS], vector[COLUMNS], scores[ROWS];
    for (size_t i = 0; i < grid->n; i++)
        c[i] = 1;
    for (size_t turn = 0; turn < 2 * f; turn++) {
        double value = naive_top(grid, c, mean, vector);
        naive_scores(grid, mean, vector, scores);
        double most = naive_most(scores, c, grid->n, false);
        if (value < limit)
            return;
        for (size_t i = 0; i < grid->n; i++)
            c[i] *= 1 - scores[i] / most;
    }
    naive_top(grid, c, mean, vector);
}

Test(spectral, filter_l2_matches_a_plain_one)
{
    for (size_t which = 0; which < 60; which++) {
        struct grid grid = spectral_grid(which);
        double wanted[COLUMNS];
        for (size_t f = 0; 2 * f + 2 < grid.n; f++) {
            naive_filter(&grid, f, 0.8 * 0.8 * 1.5, wanted);
            expect_near("filter_l2:sigma=0.8,expansion=1.5", &grid, f, wanted);
        }
        grid_fini(&grid);
    }
}

Test(spectral, filter_l2_by_hand)
{
    const float line[] = {0, 1, 2, 9}, pair[] = {1, 3, NAN};
    rule_expect("filter_l2:sigma=0.1", 4, 1, line, 1, (const double[]){1.24137931}, 1);
    rule_expect("filter_l2:sigma=0.5", 4, 1, line, 1, (const double[]){102.0 / 94}, 1);
    rule_expect("filter_l2:sigma=1", 4, 1, line, 1, (const double[]){3}, 1);
    rule_expect("filter_l2", 4, 1, line, 0, (const double[]){3}, 1);
    rule_expect("filter_l2", 3, 1, pair, 1, (const double[]){2}, 1);
    rule_expect_reason("filter_l2", 4, 2, "filter_l2 needs n > 2f: n=4, f=2");
    rule_expect_reason("filter_l2", 3, 1, "");
}
