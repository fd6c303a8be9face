/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/num/rows_far.h"
#include "sim/num/dispatch.h"

#include <string.h>

/* Columns whose sums are kept in registers together; floats ahead that a row is fetched; bytes of all rows
 * from which long runs are faster than short ones. */
enum { WIDE = 16, AHEAD = 256, LEAST_BYTES = 224 << 20 };

bool rows_far(size_t count, size_t d)
{
    return count * d > LEAST_BYTES / sizeof(float);
}

NUM_CLONES static void add_rows(const struct rows_team *team, size_t from, size_t width, double *restrict sum)
{
    for (size_t k = from; k < width; k += WIDE) {
        size_t here = width - k < WIDE ? width - k : WIDE;
        for (size_t r = 0; r < team->size; r++) {
            const float *restrict row = team->row[r] + k;
            const double weight = team->weight[r];
            __builtin_prefetch(row + AHEAD);
            for (size_t l = 0; l < here; l++)
                sum[k + l] += weight * (double)row[l];
        }
    }
}

NUM_CLONES static void divide(double *sum, size_t width, double divisor)
{
    for (size_t k = 0; k < width; k++)
        sum[k] /= divisor;
}

void rows_far_add(const struct rows_team *team, size_t from, size_t width, double *sum)
{
    if (team->first)
        memset(sum + from, 0, (width - from) * sizeof *sum);
    add_rows(team, from, width, sum);
    for (size_t k = from; team->out != NULL && k < width; k++)
        team->out[k] = (float)(sum[k] / team->divisor);
}

/* The next `size` rows with weight from *i on; weights NULL: 1, which changes nothing. */
static struct rows_team next_team(const float *const *rows, const double *weights, size_t from, size_t size,
                                  size_t *i)
{
    struct rows_team team = {.first = *i == 0, .divisor = 1};
    for (; team.size < size; ++*i)
        if (weights == NULL || weights[*i] != 0) {
            team.row[team.size] = rows[*i] + from;
            team.weight[team.size++] = weights == NULL ? 1 : weights[*i];
        }
    return team;
}

/* The teams of the `there` rows with weight, of about the same size: one row by itself would be read slowly.
 * No rows are an empty team. */
static void run(const float *const *rows, size_t there, size_t from, size_t width, const double *weights,
                double *sum, float *out)
{
    const bool widest = rows_avx512_usable();
    const double divisor = weights == NULL ? (double)there : 1;
    size_t i = 0, teams = there == 0 ? 1 : (there + ROWS_TEAM - 1) / ROWS_TEAM;
    for (; teams > 0; teams--) {
        size_t size = (there + teams - 1) / teams;
        struct rows_team team = next_team(rows, weights, from, size, &i);
        team.divisor = divisor;
        team.out = teams == 1 ? out : NULL;
        rows_far_add(&team, widest ? rows_avx512_add(&team, width, AHEAD, sum) : 0, width, sum);
        there -= size;
    }
}

void rows_far_combine(const float *const *rows, size_t count, size_t from, size_t width,
                      const double *weights, float *out)
{
    double sum[ROWS_FAR];
    size_t there = 0;
    for (size_t i = 0; i < count; i++)
        there += weights == NULL || weights[i] != 0;
    run(rows, there, from, width, weights, sum, out);
}

void rows_far_mean(const float *const *rows, size_t count, size_t from, size_t width, double *mean)
{
    run(rows, count, from, width, NULL, mean, NULL);
    divide(mean, width, (double)count);
}
