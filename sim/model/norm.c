/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/model/norm.h"
#include "sim/num/dispatch.h"

#include <math.h>

float *norm_initialise(size_t width, float *w)
{
    for (size_t k = 0; k < width; k++) {
        w[k] = 1;
        w[width + k] = 0;
    }
    return w + 2 * width;
}

/* Sums over a row are taken one entry after the other, of so many rows at once that none waits for the other.
 */
enum { TOGETHER = 8 };

/* Where the rows of x start; behind the last of `count`, the first again. */
static void point_at(size_t count, size_t width, const float *x, const float *rows[TOGETHER])
{
    for (size_t r = 0; r < TOGETHER; r++)
        rows[r] = x + (r < count ? r * width : 0);
}

NUM_CLONES static void deviate(size_t width, const float *const rows[TOGETHER], double mean[TOGETHER],
                               double deviation[TOGETHER])
{
    double sum[TOGETHER] = {0}, squares[TOGETHER] = {0};
    for (size_t k = 0; k < width; k++)
        for (size_t r = 0; r < TOGETHER; r++)
            sum[r] += (double)rows[r][k];
    for (size_t r = 0; r < TOGETHER; r++)
        mean[r] = sum[r] / (double)width;
    for (size_t k = 0; k < width; k++)
        for (size_t r = 0; r < TOGETHER; r++)
            squares[r] += ((double)rows[r][k] - mean[r]) * ((double)rows[r][k] - mean[r]);
    for (size_t r = 0; r < TOGETHER; r++)
        deviation[r] = sqrt(squares[r] / (double)width + 1e-5);
}

NUM_CLONES static void standardise(size_t width, const float *restrict w, const float *restrict x,
                                   double mean, double deviation, float *restrict normal, float *restrict y)
{
    for (size_t k = 0; k < width; k++) {
        normal[k] = (float)(((double)x[k] - mean) / deviation);
        y[k] = w[k] * normal[k] + w[width + k];
    }
}

void norm_forward(size_t count, size_t width, const float *w, const float *x, const struct norm_trace *trace,
                  float *restrict y)
{
    for (size_t i = 0; i < count; i += TOGETHER) {
        const float *rows[TOGETHER];
        double mean[TOGETHER], deviation[TOGETHER];
        size_t here = count - i < TOGETHER ? count - i : TOGETHER;
        point_at(here, width, x + i * width, rows);
        deviate(width, rows, mean, deviation);
        for (size_t r = 0; r < here; r++) {
            size_t at = (i + r) * width;
            standardise(width, w, rows[r], mean[r], deviation[r], trace->normal + at, y + at);
            trace->deviation[i + r] = (float)deviation[r];
        }
    }
}

/* What the derivatives of a row have in common, of several rows: with e = gain dy, mean(e) and mean(e
 * normal). */
NUM_CLONES static void correlate(size_t width, const float *gain, const float *const normal[TOGETHER],
                                 const float *const dy[TOGETHER], float mean[TOGETHER], float along[TOGETHER])
{
    double sum[TOGETHER] = {0}, product[TOGETHER] = {0};
    for (size_t k = 0; k < width; k++)
        for (size_t r = 0; r < TOGETHER; r++) {
            double e = (double)(gain[k] * dy[r][k]);
            sum[r] += e;
            product[r] += e * (double)normal[r][k];
        }
    for (size_t r = 0; r < TOGETHER; r++) {
        mean[r] = (float)(sum[r] / (double)width);
        along[r] = (float)(product[r] / (double)width);
    }
}

/* The derivatives of gain and bias; dx += (e - mean(e) - normal mean(e normal)) / deviation. */
NUM_CLONES static void shrink(size_t width, const float *restrict gain, const float *restrict normal,
                              float deviation, const float *restrict dy, float mean, float along,
                              float *restrict g, float *restrict dx)
{
    for (size_t k = 0; k < width; k++) {
        g[k] += dy[k] * normal[k];
        g[width + k] += dy[k];
        dx[k] += (gain[k] * dy[k] - mean - normal[k] * along) / deviation;
    }
}

void norm_backward(size_t count, size_t width, const float *w, const struct norm_trace *trace,
                   const float *dy, float *restrict g, float *dx)
{
    for (size_t i = 0; i < count; i += TOGETHER) {
        const float *normal[TOGETHER], *d[TOGETHER];
        float mean[TOGETHER], along[TOGETHER];
        size_t here = count - i < TOGETHER ? count - i : TOGETHER;
        point_at(here, width, trace->normal + i * width, normal);
        point_at(here, width, dy + i * width, d);
        correlate(width, w, normal, d, mean, along);
        for (size_t r = 0; r < here; r++)
            shrink(width, w, normal[r], trace->deviation[i + r], d[r], mean[r], along[r], g,
                   dx + (i + r) * width);
    }
}
