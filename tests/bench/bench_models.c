/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Time of one worker's gradient on one thread, beside the speed of a large matrix product. Operations are
 * those of the matrix products of the model alone. Then the evaluation of 10,000 samples on one thread and on
 * all. usage: bench_models [batch size, 32]
 */
#include "sim/base/mem.h"
#include "sim/model/model.h"
#include "tests/bench/bench_peak.h"

#include <omp.h>
#include <stdio.h>
#include <string.h>

enum { FEATURES = 784, CLASSES = 10, TESTS = 10000, CHUNK = 256 };

/* A model with a batch of random images. */
struct subject {
    char params[1024] __attribute__((aligned(16)));
    struct model model;
    size_t d;
    float *w, *g, *x;
    int32_t *labels;
    void *scratch;
    struct model_batch batch;
};

static void subject_open(struct subject *s, const char *name, const struct byz_counts *hidden, double l2,
                         size_t count)
{
    const struct model_kind *kind = (const void *)byz_family_find(&model_family, name);
    s->model = (struct model){.kind = kind, .params = s->params, .common = {.l2 = l2}};
    s->model.shape = (struct model_shape){
        .features = FEATURES, .channels = 1, .height = 28, .width = 28, .classes = CLASSES};
    byz_param_defaults(kind->base.params, kind->base.param_count, s->params);
    for (size_t i = 0; hidden != NULL && i < kind->base.param_count; i++)
        if (strcmp(kind->base.params[i].name, "hidden") == 0)
            memcpy(s->params + kind->base.params[i].offset, hidden, sizeof *hidden);
    s->d = model_dimension(&s->model);
    s->w = bench_block(s->d, sizeof *s->w);
    s->g = bench_block(s->d, sizeof *s->g);
    s->x = bench_block(count * FEATURES, sizeof *s->x);
    s->labels = bench_block(count, sizeof *s->labels);
    s->scratch = bench_block(model_scratch_bytes(&s->model, count), 1);
    struct rng rng;
    rng_start(&rng, 1, RNG_TEST, 0, 0);
    model_initialise(&s->model, &rng, s->w);
    for (size_t j = 0; j < count * FEATURES; j++)
        s->x[j] = (float)rng_real(&rng);
    for (size_t i = 0; i < count; i++)
        s->labels[i] = (int32_t)(i % CLASSES);
    s->batch = (struct model_batch){.count = count, .x = s->x, .labels = s->labels};
}

static void subject_close(struct subject *s)
{
    mem_free(s->w);
    mem_free(s->g);
    mem_free(s->x);
    mem_free(s->labels);
    mem_free(s->scratch);
}

static void run_gradient(void *what)
{
    struct subject *s = what;
    model_gradient(&s->model, s->w, &s->batch, s->scratch, s->g);
}

static const double cnn_products = 2 * 288000 + 3 * (1600000 + 400000 + 5000);

static void bench_gradients(size_t batch, struct peak *peak)
{
    static const struct {
        const char *label, *name;
        struct byz_counts hidden;
        double l2, products;
    } entries[] = {
        {"softmax 784-10", "softmax", {0}, 0, 2 * 7840},
        {"mlp 784-100-10", "mlp", {1, {100}}, 0, 2 * 78400 + 3 * 1000},
        {"mlp 784-100-10, l2", "mlp", {1, {100}}, 1e-4, 2 * 78400 + 3 * 1000},
        {"mlp 784-200-100-10", "mlp", {2, {200, 100}}, 0, 2 * 156800 + 3 * 21000},
        {"cnn 20@5x5, 50@5x5, 500, 10", "cnn", {1, {500}}, 0, cnn_products},
    };
    bench_print_head("gradient of one worker", batch);
    for (size_t k = 0; k < BYZ_LENGTH(entries); k++) {
        struct subject s;
        subject_open(&s, entries[k].name, &entries[k].hidden, entries[k].l2, batch);
        struct times times =
            bench_measure(run_gradient, &s, strcmp(entries[k].name, "cnn") == 0 ? 12 : 100, peak);
        bench_print_row(entries[k].label, times, entries[k].products * (double)batch, peak);
        subject_close(&s);
    }
    bench_print_peak(peak);
}

/* The same samples again and again stand for a test set; chunks as in a simulation. */
static double evaluate(const struct subject *s, void *const *scratch, int threads)
{
    double start = bench_now(), loss = 0;
#pragma omp parallel for schedule(dynamic) num_threads(threads) reduction(+ : loss)
    for (size_t from = 0; from < TESTS; from += CHUNK) {
        struct model_batch batch = s->batch;
        batch.count = TESTS - from < CHUNK ? TESTS - from : CHUNK;
        loss += model_evaluate(&s->model, s->w, &batch, scratch[omp_get_thread_num()], NULL, NULL, NULL).loss;
    }
    return loss > 0 ? bench_now() - start : 0;
}

static void bench_evaluation(int threads)
{
    struct subject s;
    subject_open(&s, "cnn", NULL, 0, CHUNK);
    void **scratch = bench_block((size_t)threads, sizeof *scratch);
    for (int t = 0; t < threads; t++)
        scratch[t] = bench_block(model_scratch_bytes(&s.model, CHUNK), 1);
    double least[2] = {1e9, 1e9};
    for (int turn = 0; turn < 5; turn++)
        for (int k = 0; k < 2; k++) {
            double time = evaluate(&s, scratch, k == 0 ? 1 : threads);
            least[k] = time < least[k] ? time : least[k];
        }
    printf("cnn, evaluation of %d samples: %.1f ms on 1 thread, %.1f ms on %d (%.2fx)\n", TESTS,
           1e3 * least[0], 1e3 * least[1], threads, least[0] / least[1]);
    for (int t = 0; t < threads; t++)
        mem_free(scratch[t]);
    mem_free(scratch);
    subject_close(&s);
}

int main(int argc, char **argv)
{
    size_t batch = bench_read_batch("bench_models", argc, argv);
    struct peak peak = bench_peak_open();
    bench_gradients(batch, &peak);
    bench_peak_close(&peak);
    bench_evaluation(omp_get_max_threads());
    return 0;
}
