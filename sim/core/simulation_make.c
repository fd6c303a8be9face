/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a simulation consists of: everything a run needs is allocated here, and nothing later. */
#include "sim/core/digest.h"
#include "sim/core/memory.h"
#include "sim/core/phases.h"

#include <omp.h>

static const char *const evaluation_columns[EVAL_COLUMNS] = {
    [EVAL_ROUND] = "round",
    [EVAL_TRAIN_LOSS] = "train_loss",
    [EVAL_TEST_LOSS] = "test_loss",
    [EVAL_TEST_ACCURACY] = "test_accuracy",
    [EVAL_TEST_BITS] = "test_bits_per_character",
    [EVAL_ATTACK_SUCCESS] = "attack_success_rate",
    [EVAL_PARAMETER_ERROR] = "parameter_error",
    [EVAL_VALIDATION_LOSS] = "validation_loss",
    [EVAL_VALIDATION_ACCURACY] = "validation_accuracy",
};

static const char *const round_columns[ROUND_COLUMNS] = {
    [ROUND_NUMBER] = "round",
    [ROUND_LEARNING_RATE] = "learning_rate",
    [ROUND_AGGREGATE_NORM] = "aggregate_norm",
    [ROUND_HONEST_NORM] = "honest_norm",
    [ROUND_HONEST_VARIANCE] = "honest_variance",
    [ROUND_DISTANCE] = "distance_to_honest",
    [ROUND_COSINE] = "cosine_to_honest",
    [ROUND_RATIO] = "error_ratio",
    [ROUND_KAPPA] = "kappa",
    [ROUND_BYZANTINE_WEIGHT] = "byzantine_weight",
    [ROUND_DROPPED] = "dropped",
    [ROUND_MISSING] = "missing",
    [ROUND_SKIPPED] = "skipped",
    [ROUND_BYTES] = "bytes_sent",
};

static int room_init(struct thread_room *room, const struct simulation *simulation, struct err *err)
{
    size_t batch = simulation->batch, classes = simulation->dataset->classes;
    room->index = mem_array(batch, sizeof *room->index, err);
    room->x = mem_array(batch * simulation->dataset->features, sizeof *room->x, err);
    size_t labels = batch * dataset_labels_each(simulation->dataset);
    room->labels = classes > 0 ? mem_array(labels, sizeof *room->labels, err) : NULL;
    room->targets = classes == 0 ? mem_array(batch, sizeof *room->targets, err) : NULL;
    room->gradient = mem_array(simulation->d, sizeof *room->gradient, err);
    if (simulation->settings->workers.local_steps > 1)
        room->local = mem_array(simulation->d, sizeof *room->local, err);
    if (simulation->block < simulation->d)
        room->whole = mem_array(simulation->d, sizeof *room->whole, err);
    room->scratch = mem_array(model_scratch_bytes(&simulation->model, batch), 1, err);
    room->per_class = mem_array(2 * classes, sizeof *room->per_class, err);
    return (int)err->code;
}

static void room_fini(struct thread_room *room)
{
    mem_free(room->index);
    mem_free(room->x);
    mem_free(room->labels);
    mem_free(room->targets);
    mem_free(room->gradient);
    mem_free(room->local);
    mem_free(room->whole);
    mem_free(room->scratch);
    mem_free(room->per_class);
}

/* Arrays over coordinates and workers. */
static int make_arrays(struct simulation *s, struct err *err)
{
    size_t n = s->n, d = s->d, classes = s->dataset->classes;
    s->parameters = mem_array(d, sizeof(float), err);
    size_t kept = settings_optimizer_arrays(s->settings);
    s->step_state = kept > 0 ? mem_array(kept * d, sizeof(float), err) : NULL;
    s->aggregate = mem_array(d, sizeof(float), err);
    s->fresh = mem_array(d, sizeof(float), err);
    s->centre = mem_array(d, sizeof(float), err);
    s->momentum = s->settings->workers.momentum > 0 ? mem_array(n, s->ld * sizeof(float), err) : NULL;
    s->messages = mem_array(n, s->ld * sizeof(float), err);
    s->own = mem_array(s->b, s->ld * sizeof(float), err);
    s->place = mem_array(n, sizeof *s->place, err);
    s->sender = mem_array(n, sizeof *s->sender, err);
    s->byzantine = mem_array(n, sizeof *s->byzantine, err);
    s->arrived = mem_array(n, sizeof *s->arrived, err);
    s->malformed = mem_array(n, sizeof *s->malformed, err);
    s->kept = mem_array(n, sizeof *s->kept, err);
    s->silent = mem_array(s->b, sizeof *s->silent, err);
    bool remembers = s->settings->server.missing == MISSING_LAST;
    s->last = remembers ? mem_array(n, s->ld * sizeof(float), err) : NULL;
    s->heard = remembers ? mem_array(n, sizeof *s->heard, err) : NULL;
    s->honest_rows = mem_array(n, sizeof *s->honest_rows, err);
    s->own_rows = mem_array(n, sizeof *s->own_rows, err);
    s->attack_rows = mem_array(n, sizeof *s->attack_rows, err);
    s->row_weights = mem_array(n, sizeof *s->row_weights, err);
    s->weight_sum = mem_array(n, sizeof *s->weight_sum, err);
    s->rooms = mem_array(s->threads, sizeof *s->rooms, err);
    s->class_count = mem_array(classes, sizeof(size_t), err);
    s->class_correct = mem_array(classes, sizeof(size_t), err);
    return (int)err->code;
}

/* What the model keeps of every worker's batch from one block of columns to the next. */
static int make_residuals(struct simulation *s, struct err *err)
{
    if (s->block == s->d || !blocks_keep_residuals(s->settings))
        return ERR_OK;
    s->residual_start = mem_array(s->n + 1, sizeof *s->residual_start, err);
    if (s->residual_start == NULL)
        return ERR_MEMORY;
    for (size_t worker = 0; worker < s->n; worker++) {
        size_t size = holdings_batch_size(&s->holdings, worker, s->settings->workers.batch_size);
        s->residual_start[worker + 1] = s->residual_start[worker] + model_residual_floats(&s->model, size);
    }
    s->residuals = mem_array(s->residual_start[s->n], sizeof *s->residuals, err);
    return s->residuals == NULL ? ERR_MEMORY : ERR_OK;
}

static int make_attack(struct simulation *s, struct err *err)
{
    const struct byz_attack *attack = (const void *)s->settings->attack.attack.kind;
    const void *params = s->settings->attack.attack.params;
    s->attack_state_size = memory_attack_state(s->settings, s->d);
    s->attack_scratch_size =
        attack->scratch_bytes ? attack->scratch_bytes(params, s->n, s->block, s->threads) : 0;
    s->attack_state = mem_array(s->attack_state_size, 1, err);
    s->attack_scratch = mem_array(s->attack_scratch_size, 1, err);
    if (err->code != ERR_OK || !attack->tries_defence)
        return (int)err->code;
    return trial_init(&s->trial, &s->settings->server.defence, s->n, s->d, s->ld, err);
}

/* White in every channel of an image of bytes, or the greatest feature of the training data. */
static void find_highest(const struct dataset *dataset, float highest[4])
{
    const struct samples *train = &dataset->train;
    for (size_t c = 0; train->bytes != NULL && c < dataset->channels; c++)
        highest[c] = 255 * dataset->scale[c] + dataset->shift[c];
    for (size_t i = 0; train->values != NULL && i < train->count * dataset->features; i++)
        highest[0] = i == 0 || train->values[i] > highest[0] ? train->values[i] : highest[0];
    for (size_t c = 1; train->values != NULL && c < 4; c++)
        highest[c] = highest[0];
}

/* What only the data can show: whether the attack works on it. */
static int make_task(struct simulation *s, struct err *err)
{
    const struct byz_attack *attack = (const void *)s->settings->attack.attack.kind;
    const struct dataset *dataset = s->dataset;
    char reason[BYZ_REASON_SIZE] = "";
    s->task = (struct byz_task){.features = dataset->features,
                                .channels = dataset->channels,
                                .height = dataset->height,
                                .width = dataset->width,
                                .classes = dataset->classes,
                                .sequence = dataset->sequence,
                                .dimension = s->d};
    find_highest(dataset, s->task.highest);
    if (attack->unsuitable_task == NULL ||
        attack->unsuitable_task(s->settings->attack.attack.params, &s->task, reason) == 0)
        return ERR_OK;
    return err_set(err, ERR_INVALID, "attack: %s (data set \"%s\")", reason,
                   s->settings->data.dataset.kind->name);
}

static int make_tables(struct simulation *s, struct err *err)
{
    size_t columns = s->settings->data.validation > 0 ? EVAL_COLUMNS : EVAL_PLAIN_COLUMNS;
    int rc = table_init(&s->evaluations, evaluation_columns, columns, 64, err);
    return rc != ERR_OK ? rc : table_init(&s->rounds, round_columns, ROUND_COLUMNS, 1024, err);
}

static int make(struct simulation *s, struct err *err)
{
    const struct settings *settings = s->settings;
    char reason[BYZ_REASON_SIZE] = "";
    s->model = simulation_model(settings, s->dataset);
    if (s->model.kind->unsuitable != NULL &&
        s->model.kind->unsuitable(s->model.params, &s->model.shape, reason) != 0)
        return err_set(err, ERR_INVALID, "model \"%s\" cannot learn data set \"%s\": %s",
                       s->model.kind->base.name, settings->data.dataset.kind->name, reason);
    s->d = model_dimension(&s->model);
    s->block = blocks_width(settings, s->d);
    s->window.width = s->block;
    s->ld = (s->block + 15) / 16 * 16;
    s->batch = memory_samples(settings, s->dataset);
    err->code = ERR_OK;
    int rc = make_task(s, err);
    if (rc == ERR_OK)
        rc = memory_check(settings, s->dataset, err);
    if (rc == ERR_OK)
        rc = make_arrays(s, err);
    for (size_t t = 0; rc == ERR_OK && t < s->threads; t++)
        rc = room_init(&s->rooms[t], s, err);
    if (rc == ERR_OK)
        rc = make_attack(s, err);
    if (rc == ERR_OK)
        rc = make_tables(s, err);
    if (rc == ERR_OK)
        rc = holdings_init(&s->holdings, settings, s->dataset, err);
    if (rc == ERR_OK)
        rc = make_residuals(s, err);
    if (rc == ERR_OK)
        rc = defence_init_spending(&s->defence, &settings->server.defence, s->n, s->block, s->ld, err);
    if (rc == ERR_OK)
        rc = server_facts_init(&s->known, settings, s->dataset, &s->holdings.holdout, s->d, err);
    if (rc == ERR_OK)
        rc = evaluation_prepare(s, err);
    return rc;
}

int simulation_create(struct simulation **out, const struct settings *settings, const struct dataset *dataset,
                      struct err *err)
{
    *out = NULL;
    struct simulation *s = mem_array(1, sizeof *s, err);
    if (s == NULL)
        return ERR_MEMORY;
    s->settings = settings;
    s->dataset = dataset;
    s->n = (size_t)settings->workers.count;
    s->b = (size_t)settings->workers.byzantine;
    s->f = settings_declared(settings);
    s->threads = (size_t)omp_get_max_threads();
    int rc = make(s, err);
    if (rc != ERR_OK) {
        simulation_free(s);
        return rc;
    }
    struct rng rng;
    rng_start(&rng, settings->seed, RNG_PARAMETERS, 0, 0);
    model_initialise(&s->model, &rng, s->parameters);
    s->digest = digest_floats(0, s->parameters, s->d);
    *out = s;
    return ERR_OK;
}

void simulation_free(struct simulation *s)
{
    if (s == NULL)
        return;
    for (size_t t = 0; s->rooms != NULL && t < s->threads; t++)
        room_fini(&s->rooms[t]);
    void *const blocks[] = {
        s->parameters,  s->step_state,     s->aggregate,    s->fresh,          s->malformed,
        s->residuals,   s->residual_start, s->centre,       s->momentum,       s->messages,
        s->own,         s->place,          s->sender,       s->byzantine,      s->arrived,
        s->kept,        s->silent,         s->last,         s->heard,          s->honest_rows,
        s->own_rows,    s->attack_rows,    s->row_weights,  s->weight_sum,     s->rooms,
        s->class_count, s->class_correct,  s->attack_state, s->attack_scratch, s->train_subset,
        s->scores};
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++)
        mem_free(blocks[i]);
    holdings_fini(&s->holdings);
    defence_fini(&s->defence);
    server_facts_fini(&s->known);
    trial_fini(&s->trial);
    table_fini(&s->evaluations);
    table_fini(&s->rounds);
    text_fini(&s->notes);
    text_fini(&s->reason);
    mem_free(s);
}
