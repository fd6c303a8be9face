/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Workers. Each one's gradient is computed by one thread from streams of its own, so which thread that is
 * cannot matter. With H local steps a worker walks from the server's parameters along its own gradients and
 * sends their sum: under a plain mean and the server's learning rate that is exactly the average of the
 * workers' parameters. A server that holds data of its own computes its gradient beside them as a worker
 * would, without momentum.
 */
#include "sim/core/phases.h"
#include "sim/num/dispatch.h"
#include "sim/num/rng.h"
#include "sim/num/rows.h"

#include <math.h>
#include <omp.h>
#include <string.h>

/* The batch as bytes where they lie, which spares a copy as floats. */
static struct model_batch batch_in_place(const struct dataset *dataset, struct thread_room *room, size_t size)
{
    dataset_gather(dataset, &dataset->train, room->index, size, NULL, room->labels, NULL);
    return (struct model_batch){.count = size, .bytes = &room->bytes, .labels = room->labels};
}

/* The batch of one local step, as the worker sees it: falsified when it is Byzantine and poisons its data. */
static struct model_batch gather(struct simulation *simulation, struct thread_room *room, size_t worker,
                                 uint64_t step)
{
    const struct settings *settings = simulation->settings;
    const struct dataset *dataset = simulation->dataset;
    const struct byz_attack *attack = (const void *)settings->attack.attack.kind;
    if (worker == simulation->n)
        return server_facts_root(simulation, room);
    size_t size = holdings_batch_size(&simulation->holdings, worker, settings->workers.batch_size);
    holdings_batch(&simulation->holdings, worker, step, size,
                   (enum worker_sampling)settings->workers.sampling, room->index);
    bool poisoned = simulation->facts.attacked && simulation->byzantine[worker] && attack->poison != NULL;
    if (!poisoned && simulation->model.kind->reads_bytes &&
        dataset_bytes_at(dataset, &dataset->train, room->index, &room->bytes))
        return batch_in_place(dataset, room, size);
    dataset_gather(dataset, &dataset->train, room->index, size, room->x, room->labels, room->targets);
    if (poisoned) {
        struct rng rng;
        struct byz_batch_view view = {.task = &simulation->task,
                                      .count = size,
                                      .x = room->x,
                                      .labels = room->labels,
                                      .targets = room->targets};
        rng_start(&rng, settings->seed, RNG_POISON, worker, step);
        attack->poison(settings->attack.attack.params, &view, &rng);
    }
    return (struct model_batch){
        .count = size, .x = room->x, .labels = room->labels, .targets = room->targets};
}

static void clip(float *gradient, size_t d, double limit)
{
    double norm = limit > 0 ? sqrt(rows_norm2(gradient, d)) : 0;
    if (norm > limit)
        rows_scale(gradient, d, limit / norm, gradient);
}

/* One local step: w -= rate g, sum += g. */
NUM_CLONES static void walk(size_t d, float rate, const float *restrict g, float *restrict w,
                            float *restrict sum)
{
    for (size_t k = 0; k < d; k++) {
        w[k] -= rate * g[k];
        sum[k] += g[k];
    }
}

/* The sum of the gradients of the worker's local steps, into `out` (d). Worker n is the server itself. */
static void local_gradients(struct simulation *simulation, struct thread_room *room, size_t worker,
                            float *out)
{
    const struct worker_settings *workers = &simulation->settings->workers;
    size_t d = simulation->d;
    uint64_t steps = workers->local_steps, first = simulation->round * steps;
    if (steps == 1) {
        struct model_batch batch = gather(simulation, room, worker, first);
        model_gradient(&simulation->model, simulation->parameters, &batch, room->scratch, out);
        clip(out, d, workers->clip_norm);
        return;
    }
    memcpy(room->local, simulation->parameters, d * sizeof *room->local);
    memset(out, 0, d * sizeof *out);
    float *gradient = room->gradient;
    for (uint64_t step = 0; step < steps; step++) {
        struct model_batch batch = gather(simulation, room, worker, first + step);
        model_gradient(&simulation->model, room->local, &batch, room->scratch, gradient);
        clip(gradient, d, workers->clip_norm);
        walk(d, (float)simulation->facts.learning_rate, gradient, room->local, out);
    }
}

/* m = beta m + fresh g; the message is m. */
NUM_CLONES static void fold(size_t d, float beta, float fresh, const float *restrict g, float *restrict m,
                            float *restrict message)
{
    for (size_t k = 0; k < d; k++) {
        m[k] = beta * m[k] + fresh * g[k];
        message[k] = m[k];
    }
}

/* Whether the gradient of the worker's only step can go straight into its momentum. */
static bool folds(const struct simulation *simulation, size_t worker)
{
    const struct worker_settings *workers = &simulation->settings->workers;
    size_t count = holdings_batch_size(&simulation->holdings, worker, workers->batch_size);
    return workers->local_steps == 1 && workers->clip_norm == 0 && model_folds(&simulation->model, count);
}

/* The message of a worker with momentum. */
static void send_momentum(struct simulation *simulation, struct thread_room *room, size_t worker,
                          float *message)
{
    const struct worker_settings *workers = &simulation->settings->workers;
    float *m = simulation->momentum + worker * simulation->ld, beta = (float)workers->momentum;
    float fresh = workers->momentum_form == MOMENTUM_EMA ? (float)(1 - workers->momentum) : 1.0f;
    size_t d = simulation->d;
    if (folds(simulation, worker)) {
        struct model_batch batch = gather(simulation, room, worker, simulation->round);
        model_fold(&simulation->model, simulation->parameters, &batch, room->scratch, beta, fresh, m);
        memcpy(message, m, d * sizeof *m);
        return;
    }
    float *sum = workers->local_steps == 1 ? room->gradient : message;
    local_gradients(simulation, room, worker, sum);
    if (sum == message) {
        memcpy(room->gradient, sum, d * sizeof *sum);
        sum = room->gradient;
    }
    fold(d, beta, fresh, sum, m, message);
}

/* The columns at hand of a worker's message, from what the model keeps of its batch, or cut out of the whole
 * message, computed anew. */
static void send_columns(struct simulation *simulation, struct thread_room *room, size_t worker,
                         float *message)
{
    const struct blocks_window *window = &simulation->window;
    if (simulation->residuals == NULL) {
        local_gradients(simulation, room, worker, room->whole);
        memcpy(message, room->whole + window->from, window->width * sizeof *message);
        return;
    }
    float *kept = simulation->residuals + simulation->residual_start[worker];
    struct model_batch batch = gather(simulation, room, worker, simulation->round);
    if (window->from == 0)
        model_residuals(&simulation->model, simulation->parameters, &batch, room->scratch, kept);
    model_columns(&simulation->model, simulation->parameters, &batch, kept, window->from, window->width,
                  message);
}

static void send_message(struct simulation *simulation, struct thread_room *room, size_t worker,
                         float *message)
{
    if (simulation->block < simulation->d) {
        send_columns(simulation, room, worker, message);
        return;
    }
    if (simulation->momentum == NULL) {
        local_gradients(simulation, room, worker, message);
        return;
    }
    send_momentum(simulation, room, worker, message);
}

/* What the gradients of the round cost, for a profile. */
static void count_operations(struct simulation *simulation, bool all)
{
    const struct worker_settings *workers = &simulation->settings->workers;
    struct profile *profile = &simulation->profile;
    double share =
        simulation->residuals == NULL ? 1 : (double)simulation->window.width / (double)simulation->d;
    for (size_t worker = 0; profile->on && worker < simulation->n; worker++)
        if (!simulation->byzantine[worker] || all)
            profile->flops +=
                share * (double)workers->local_steps *
                model_flops(&simulation->model,
                            holdings_batch_size(&simulation->holdings, worker, workers->batch_size));
    if (profile->on && simulation->known.gradient != NULL)
        profile->flops += model_flops(&simulation->model, simulation->known.samples);
}

/* One turn of the loop for each worker, for the server itself and for the record of the last round, the
 * shortest, where they are due. */
void worker_messages(struct simulation *simulation)
{
    bool all = !simulation->facts.attacked || adversary_needs_own(simulation);
    size_t count = simulation->n + (simulation->known.gradient != NULL);
    size_t turns = count + simulation->unsettled;
    profile_enter(&simulation->profile, PROFILE_GRADIENTS);
#pragma omp parallel for schedule(dynamic)
    for (size_t worker = 0; worker < turns; worker++) {
        struct thread_room *room = &simulation->rooms[omp_get_thread_num()];
        if (worker == count)
            simulation_settle(simulation);
        else if (worker == simulation->n)
            local_gradients(simulation, room, worker, simulation->known.gradient);
        else if (!simulation->byzantine[worker] || all)
            send_message(simulation, room, worker,
                         simulation->messages + simulation->place[worker] * simulation->ld);
    }
    count_operations(simulation, all);
}
