/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/model/attention.h"
#include "sim/num/dispatch.h"
#include "sim/num/exponential.h"
#include "sim/num/gemm.h"

#include <math.h>
#include <string.h>

/* Rows of shares that are done together, so that none waits for another's sum. */
enum { TOGETHER = 8 };

/* Row r of some, (wide) each at p + r * length, less the largest of it; rows behind the last, `rows`, are
 * that one. */
NUM_CLONES static void lower(size_t rows, size_t wide, size_t length, float *p)
{
    float *row[TOGETHER], most[TOGETHER];
    for (size_t r = 0; r < TOGETHER; r++) {
        row[r] = p + (r < rows ? r : rows - 1) * length;
        most[r] = row[r][0];
    }
    for (size_t u = 1; u < wide; u++)
        for (size_t r = 0; r < TOGETHER; r++)
            most[r] = row[r][u] > most[r] ? row[r][u] : most[r];
    for (size_t r = 0; r < rows; r++)
        for (size_t u = 0; u < wide; u++)
            row[r][u] -= most[r];
}

/* Divides every row by its sum. */
NUM_CLONES static void share(size_t rows, size_t wide, size_t length, float *p)
{
    float *row[TOGETHER], sum[TOGETHER] = {0};
    for (size_t r = 0; r < TOGETHER; r++)
        row[r] = p + (r < rows ? r : rows - 1) * length;
    for (size_t u = 0; u < wide; u++)
        for (size_t r = 0; r < TOGETHER; r++)
            sum[r] += row[r][u];
    for (size_t r = 0; r < rows; r++)
        for (size_t u = 0; u < wide; u++)
            row[r][u] /= sum[r];
}

/* Softmax of the first t + 1 entries of row t of p (length, length); the others become 0. A NaN makes all of
 * its row NaN. Those others are e^-infinity until then, which adds nothing to a sum. */
static void softmax_causal(size_t length, float *p)
{
    for (size_t t = 0; t < length; t += TOGETHER) {
        size_t rows = length - t < TOGETHER ? length - t : TOGETHER, wide = t + rows;
        float *first = p + t * length;
        for (size_t r = 0; r < rows; r++)
            for (size_t u = t + r + 1; u < wide; u++)
                first[r * length + u] = -INFINITY;
        lower(rows, wide, length, first);
        for (size_t r = 0; r < rows; r++)
            exponential_powers(wide, first + r * length);
        share(rows, wide, length, first);
        for (size_t r = 0; r < rows; r++)
            memset(first + r * length + t + r + 1, 0, (length - t - r - 1) * sizeof *p);
    }
}

/* Where a head of a sequence lies. */
struct head {
    size_t size, qkv, out, p;  /* entries; offsets of its first query, output and share */
    size_t qkv_step, out_step; /* from one position to the next */
    float scale;
};

static struct head head_at(struct attention shape, size_t count, size_t i, size_t h)
{
    size_t size = shape.width / shape.heads;
    return (struct head){.size = size,
                         .qkv = i * 3 * shape.width + h * size,
                         .out = i * shape.width + h * size,
                         .p = (i * shape.heads + h) * shape.length * shape.length,
                         .qkv_step = count * 3 * shape.width,
                         .out_step = count * shape.width,
                         .scale = (float)(1 / sqrt((double)size))};
}

static void head_forward(struct attention shape, struct head head, const float *qkv, float *p, float *out)
{
    size_t length = shape.length, step = head.qkv_step;
    const float *q = qkv + head.qkv, *k = q + shape.width, *v = k + shape.width;
    gemm(false, true, length, length, head.size, head.scale, q, step, k, step, 0, p, length);
    softmax_causal(length, p);
    gemm(false, false, length, head.size, length, 1, p, length, v, step, 0, out, head.out_step);
}

void attention_forward(struct attention shape, size_t count, const float *qkv, float *p, float *out)
{
    for (size_t i = 0; i < count; i++)
        for (size_t h = 0; h < shape.heads; h++) {
            struct head head = head_at(shape, count, i, h);
            head_forward(shape, head, qkv, p + head.p, out + head.out);
        }
}

/* Derivatives at the shares (length, length) become those at the products q . k. */
static void softmax_backward(size_t length, const float *restrict p, float *restrict d)
{
    for (size_t t = 0; t < length; t++) {
        float along = 0;
        for (size_t u = 0; u <= t; u++)
            along += p[t * length + u] * d[t * length + u];
        for (size_t u = 0; u < length; u++)
            d[t * length + u] = p[t * length + u] * (d[t * length + u] - along);
    }
}

static void head_backward(struct attention shape, struct head head, const float *qkv, const float *p,
                          const float *d_out, float *spare, float *dqkv)
{
    size_t length = shape.length, size = head.size, step = head.qkv_step, width = shape.width;
    const float *q = qkv + head.qkv, *k = q + width, *v = k + width;
    float *dq = dqkv + head.qkv, *dk = dq + width, *dv = dk + width;
    gemm(true, false, length, size, length, 1, p, length, d_out, head.out_step, 0, dv, step);
    gemm(false, true, length, length, size, 1, d_out, head.out_step, v, step, 0, spare, length);
    softmax_backward(length, p, spare);
    gemm(false, false, length, size, length, head.scale, spare, length, k, step, 0, dq, step);
    gemm(true, false, length, size, length, head.scale, spare, length, q, step, 0, dk, step);
}

void attention_backward(struct attention shape, size_t count, const float *qkv, const float *p,
                        const float *d_out, float *spare, float *dqkv)
{
    for (size_t i = 0; i < count; i++)
        for (size_t h = 0; h < shape.heads; h++) {
            struct head head = head_at(shape, count, i, h);
            head_backward(shape, head, qkv, p + head.p, d_out + head.out, spare, dqkv);
        }
}
