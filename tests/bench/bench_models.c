/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Time of one worker's gradient, beside the speed of a large matrix product of the same run. The floor counts
 * the matrix products of the model alone, at that speed. usage: bench_models [batch size, 32]
 */
#include "sim/base/mem.h"
#include "sim/model/model.h"
#include "sim/num/gemm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Floating-point operations a second of a 512 x 512 x 512 product: the best of many. */
static double peak_speed(void)
{
    enum { SIDE = 512 };
    float *a = mem_array(3 * SIDE * SIDE, sizeof *a, NULL), *b = a + SIDE * SIDE, *c = b + SIDE * SIDE;
    double best = 1e9;
    if (a == NULL)
        return 0;
    for (size_t j = 0; j < 2 * SIDE * SIDE; j++)
        a[j] = (float)(j % 17) - 8;
    for (int k = 0; k < 60; k++) {
        double start = now();
        gemm(false, false, SIDE, SIDE, SIDE, 1, a, SIDE, b, SIDE, 0, c, SIDE);
        double time = now() - start;
        best = time < best ? time : best;
    }
    mem_free(a);
    return 2.0 * SIDE * SIDE * SIDE / best;
}

struct entry {
    const char *label, *name;
    double l2;
    struct byz_counts hidden; /* of mlp */
    double products;          /* multiplications in the matrix products, per sample */
};

static const struct entry entries[] = {
    {"softmax 784-10", "softmax", 0, {0}, 2 * 7840},
    {"mlp 784-100-10", "mlp", 0, {1, {100}}, 2 * 78400 + 3 * 1000},
    {"mlp 784-100-10, l2", "mlp", 1e-4, {1, {100}}, 2 * 78400 + 3 * 1000},
    {"mlp 784-200-100-10", "mlp", 0, {2, {200, 100}}, 2 * 156800 + 3 * 21000},
    {"cnn 20c5-50c5-500", "cnn", 0, {0}, 2 * 288000 + 3 * (1600000 + 400000 + 5000)},
};

static int compare(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* Fills times (sorted, seconds) with `count` measurements of the gradient. */
static int measure(const struct entry *entry, size_t batch_size, size_t count, double *times)
{
    char params[1024] __attribute__((aligned(16)));
    const struct model_kind *kind = (const void *)byz_family_find(&model_family, entry->name);
    struct model model = {.kind = kind, .params = params, .common = {.l2 = entry->l2}};
    model.shape =
        (struct model_shape){.features = 784, .channels = 1, .height = 28, .width = 28, .classes = 10};
    byz_param_defaults(kind->base.params, kind->base.param_count, params);
    for (size_t i = 0; i < kind->base.param_count; i++)
        if (strcmp(entry->name, "mlp") == 0 && strcmp(kind->base.params[i].name, "hidden") == 0)
            memcpy(params + kind->base.params[i].offset, &entry->hidden, sizeof entry->hidden);
    size_t d = model_dimension(&model), values = batch_size * 784;
    float *block = mem_array(2 * d + values, sizeof *block, NULL);
    int32_t *labels = mem_array(batch_size, sizeof *labels, NULL);
    void *scratch = mem_array(model_scratch_bytes(&model, batch_size), 1, NULL);
    struct rng rng;
    if (block == NULL || labels == NULL || scratch == NULL)
        return 1;
    rng_start(&rng, 1, RNG_TEST, 0, 0);
    model_initialise(&model, &rng, block);
    for (size_t j = 0; j < values; j++)
        block[2 * d + j] = (float)rng_real(&rng);
    for (size_t i = 0; i < batch_size; i++)
        labels[i] = (int32_t)(i % 10);
    struct model_batch batch = {.count = batch_size, .x = block + 2 * d, .labels = labels};
    for (size_t k = 0; k < count; k++) {
        double start = now();
        model_gradient(&model, block, &batch, scratch, block + d);
        times[k] = now() - start;
    }
    qsort(times, count, sizeof *times, compare);
    mem_free(block);
    mem_free(labels);
    mem_free(scratch);
    return 0;
}

int main(int argc, char **argv)
{
    size_t batch = argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) : 32;
    double times[400];
    if (batch == 0 || batch > 100000) {
        fprintf(stderr, "usage: bench_models [batch size from 1 to 100000]\n");
        return 2;
    }
    double peak = peak_speed();
    printf("kernels: %s\nlarge product: %.1f GF/s; batch %zu\n\n", gemm_level()->name, peak / 1e9, batch);
    printf("%-22s %12s %12s %12s %10s\n", "model", "minimum/us", "median/us", "floor/us", "of peak");
    for (size_t k = 0; k < BYZ_LENGTH(entries); k++) {
        size_t count = strcmp(entries[k].name, "cnn") == 0 ? 60 : BYZ_LENGTH(times);
        double floor = 2 * entries[k].products * (double)batch / peak;
        if (measure(&entries[k], batch, count, times) != 0)
            return 1;
        printf("%-22s %12.1f %12.1f %12.1f %9.0f%%\n", entries[k].label, times[0] * 1e6,
               times[count / 2] * 1e6, floor * 1e6, 100 * floor / times[0]);
    }
    return 0;
}
