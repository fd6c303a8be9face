/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/core/server_facts.h"
#include "sim/base/mem.h"
#include "sim/core/needs.h"
#include "sim/core/phases.h"
#include "sim/num/rng.h"
#include "sim/num/rows.h"

#include <omp.h>
#include <string.h>

/* Numbers that name the server's own streams. */
enum { STREAM_ROOT = 0, STREAM_SAMPLE = 1, STREAM_NAMES = 2 };

size_t server_facts_samples(const struct settings *settings, const struct dataset *dataset)
{
    size_t wanted = needs_samples(&settings->server.defence), there = holdout_training(settings, dataset);
    return wanted < there ? wanted : there;
}

double server_facts_memory(const struct settings *settings, const struct dataset *dataset, size_t d)
{
    bool root = needs_of(&settings->server.defence) & BYZ_NEEDS_SERVER_GRADIENT;
    double samples = root ? (double)server_facts_samples(settings, dataset) : 0;
    return (samples + 2 * (double)settings->workers.count) * sizeof(uint32_t) +
           (root ? (double)d * sizeof(float) : 0);
}

/* Root data: samples drawn without replacement, classes balanced as it comes. */
static int draw_root(struct server_facts *known, const struct settings *settings,
                     const struct holdout *holdout, struct err *err)
{
    uint32_t *all = mem_array(holdout->training, sizeof *all, err);
    struct rng rng;
    known->root = mem_array(known->samples, sizeof *known->root, err);
    if (all != NULL && known->root != NULL) {
        rng_start(&rng, settings->seed, RNG_SERVER, STREAM_ROOT, 0);
        rng_permutation(&rng, holdout->training, all);
        memcpy(known->root, all, known->samples * sizeof *all);
        holdout_number(holdout, known->samples, known->root);
    }
    int rc = all == NULL || known->root == NULL ? ERR_MEMORY : ERR_OK;
    mem_free(all);
    return rc;
}

int server_facts_init(struct server_facts *known, const struct settings *settings,
                      const struct dataset *dataset, const struct holdout *holdout, size_t d, struct err *err)
{
    size_t n = (size_t)settings->workers.count;
    struct rng rng;
    *known = (struct server_facts){.needs = needs_of(&settings->server.defence),
                                   .samples = server_facts_samples(settings, dataset)};
    known->pseudonyms = mem_array(n, sizeof *known->pseudonyms, err);
    known->senders = mem_array(n, sizeof *known->senders, err);
    if (known->pseudonyms == NULL || known->senders == NULL)
        return ERR_MEMORY;
    rng_start(&rng, settings->seed, RNG_SERVER, STREAM_NAMES, 0);
    rng_permutation(&rng, n, known->pseudonyms);
    if (!(known->needs & BYZ_NEEDS_SERVER_GRADIENT))
        return ERR_OK;
    known->gradient = mem_array(d, sizeof *known->gradient, err);
    return known->gradient == NULL ? ERR_MEMORY : draw_root(known, settings, holdout, err);
}

void server_facts_fini(struct server_facts *known)
{
    mem_free(known->root);
    mem_free(known->gradient);
    mem_free(known->pseudonyms);
    mem_free(known->senders);
    *known = (struct server_facts){0};
}

static struct model_batch gather(const struct simulation *simulation, struct thread_room *room,
                                 const uint32_t *numbers)
{
    const struct dataset *dataset = simulation->dataset;
    size_t count = simulation->known.samples;
    dataset_gather(dataset, &dataset->train, numbers, count, room->x, room->labels, room->targets);
    return (struct model_batch){
        .count = count, .x = room->x, .labels = room->labels, .targets = room->targets};
}

struct model_batch server_facts_root(const struct simulation *simulation, struct thread_room *room)
{
    return gather(simulation, room, simulation->known.root);
}

/* The sample of this round, drawn with replacement, into the thread's room. */
static struct model_batch gather_sample(const struct simulation *simulation, struct thread_room *room)
{
    struct rng rng;
    rng_start(&rng, simulation->settings->seed, RNG_SERVER, STREAM_SAMPLE, simulation->round);
    for (size_t k = 0; k < simulation->known.samples; k++)
        room->index[k] = (uint32_t)rng_below(&rng, simulation->holdings.holdout.training);
    holdout_number(&simulation->holdings.holdout, simulation->known.samples, room->index);
    return gather(simulation, room, room->index);
}

/* The mean loss that training lowers: on the sample, and of the model's l2 term. */
static double loss_at(const struct simulation *simulation, const float *w, const struct model_batch *batch,
                      struct thread_room *room)
{
    const struct model *model = &simulation->model;
    struct model_score score = model_evaluate(model, w, batch, room->scratch, NULL, NULL, NULL);
    double l2 = model->common.l2 > 0 ? model->common.l2 / 2 * rows_norm2(w, simulation->d) : 0;
    return score.loss / (double)score.count + l2;
}

static void move(const float *restrict w, const float *restrict row, float rate, size_t d,
                 float *restrict moved)
{
    for (size_t k = 0; k < d; k++)
        moved[k] = w[k] - rate * row[k];
}

static void losses(void *server, const float *x, size_t n, size_t ld, double *out)
{
    const struct simulation *simulation = server;
    const float *w = simulation->parameters;
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i <= n; i++) {
        struct thread_room *room = &simulation->rooms[omp_get_thread_num()];
        struct model_batch batch = gather_sample(simulation, room);
        if (i < n)
            move(w, x + i * ld, (float)simulation->facts.learning_rate, simulation->d, room->gradient);
        out[i] = loss_at(simulation, i < n ? room->gradient : w, &batch, room);
    }
}

struct byz_facts server_facts_of(struct simulation *simulation, const uint32_t *workers)
{
    const struct server_facts *known = &simulation->known;
    return (struct byz_facts){.workers = workers,
                              .worker_count = simulation->n,
                              .parameters = simulation->parameters,
                              .server_gradient = known->gradient,
                              .losses = known->needs & BYZ_NEEDS_LOSS ? losses : NULL,
                              .server = simulation};
}
