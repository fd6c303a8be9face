/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/num/rows_far.h"
#include "sim/num/dispatch.h"

#include <string.h>

/* Columns whose sums are kept in registers together; floats ahead that a row is fetched; bytes of all rows
 * from which long runs are faster (measured with 25 to 101 rows). */
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

void rows_far_add(const struct rows_team *team, size_t from, size_t width, double *sum)
{
    add_rows(team, from, width, sum);
}

/* The next `size` rows with weight from *i on; weights NULL: 1, which changes nothing. */
static struct rows_team next_team(const float *const *rows, const double *weights, size_t from, size_t size,
                                  size_t *i)
{
    struct rows_team team = {.size = 0};
    for (; team.size < size; ++*i)
        if (weights == NULL || weights[*i] != 0) {
            team.row[team.size] = rows[*i] + from;
            team.weight[team.size++] = weights == NULL ? 1 : weights[*i];
        }
    return team;
}

NUM_CLONES static void divide(double *sum, size_t width, double divisor)
{
    for (size_t k = 0; k < width; k++)
        sum[k] /= divisor;
}

static size_t count_weights(const double *weights, size_t count)
{
    size_t there = 0;
    for (size_t i = 0; i < count; i++)
        there += weights == NULL || weights[i] != 0;
    return there;
}

/* Teams are of about the same size: one row by itself would be read slowly. */
void rows_far_combine(const float *const *rows, size_t count, size_t from, size_t width,
                      const double *weights, double *out)
{
    const bool widest = rows_avx512_usable();
    size_t there = count_weights(weights, count), i = 0;
    memset(out, 0, width * sizeof *out);
    for (size_t teams = (there + ROWS_TEAM - 1) / ROWS_TEAM; teams > 0; teams--) {
        size_t size = (there + teams - 1) / teams;
        struct rows_team team = next_team(rows, weights, from, size, &i);
        size_t done = widest ? rows_avx512_add(&team, width, AHEAD, out) : 0;
        add_rows(&team, done, width, out);
        there -= size;
    }
    if (weights == NULL)
        divide(out, width, (double)count);
}
