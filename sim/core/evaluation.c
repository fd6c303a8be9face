/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Evaluation: loss on a fixed subset of the training data, loss and accuracy on the test data and on what is
 * held out for validation, and the success of an attack with a trigger. Samples are cut into fixed chunks,
 * each scored by one thread; the scores are added up in the order of the chunks.
 */
#include "sim/base/mem.h"
#include "sim/core/phases.h"
#include "sim/num/rng.h"
#include "sim/num/rows.h"

#include <math.h>
#include <omp.h>
#include <string.h>

enum { CHUNK = 256, STREAM_SUBSET = 2 };

static size_t at_most(uint64_t wanted, size_t there)
{
    return wanted == 0 || wanted > there ? there : (size_t)wanted;
}

int evaluation_prepare(struct simulation *simulation, struct err *err)
{
    const struct dataset *dataset = simulation->dataset;
    const struct evaluation_settings *settings = &simulation->settings->evaluation;
    const struct holdout *holdout = &simulation->holdings.holdout;
    size_t train = at_most(settings->train_samples, holdout->training);
    size_t test = at_most(settings->test_samples, dataset->test.count), longest = train > test ? train : test;
    longest = holdout->validation > longest ? holdout->validation : longest;
    simulation->train_subset = mem_array(holdout->training, sizeof *simulation->train_subset, err);
    simulation->scores = mem_array(longest / CHUNK + 1, sizeof *simulation->scores, err);
    if (simulation->train_subset == NULL || simulation->scores == NULL)
        return ERR_MEMORY;
    struct rng rng;
    rng_start(&rng, simulation->settings->seed, RNG_PARTITION, STREAM_SUBSET, 0);
    rng_permutation(&rng, holdout->training, simulation->train_subset);
    holdout_number(holdout, holdout->training, simulation->train_subset);
    simulation->train_subset_count = train;
    simulation->test_count = test;
    return ERR_OK;
}

/* The samples from .. from + count - 1 of a split, or those that `numbers` names there. */
static struct model_batch gather(const struct simulation *simulation, struct thread_room *room,
                                 const struct samples *split, const uint32_t *numbers, size_t from,
                                 size_t count)
{
    for (size_t i = 0; i < count; i++)
        room->index[i] = numbers == NULL ? (uint32_t)(from + i) : numbers[from + i];
    dataset_gather(simulation->dataset, split, room->index, count, room->x, room->labels, room->targets);
    return (struct model_batch){
        .count = count, .x = room->x, .labels = room->labels, .targets = room->targets};
}

static void score_chunk(struct simulation *simulation, const struct samples *split, const uint32_t *numbers,
                        size_t from, size_t count, bool classes)
{
    const struct dataset *dataset = simulation->dataset;
    struct thread_room *room = &simulation->rooms[omp_get_thread_num()];
    struct model_batch batch = gather(simulation, room, split, numbers, from, count);
    simulation->scores[from / CHUNK] = model_evaluate(
        &simulation->model, simulation->parameters, &batch, room->scratch, classes ? room->per_class : NULL,
        classes ? room->per_class + dataset->classes : NULL, NULL);
}

/* Scores `count` samples of a split: all of its first ones, or those that `numbers` names. */
static struct model_score score(struct simulation *simulation, const struct samples *split,
                                const uint32_t *numbers, size_t count, bool classes)
{
    struct model_score total = {0};
#pragma omp parallel for schedule(dynamic)
    for (size_t from = 0; from < count; from += CHUNK)
        score_chunk(simulation, split, numbers, from, count - from < CHUNK ? count - from : CHUNK, classes);
    for (size_t chunk = 0; chunk * CHUNK < count; chunk++) {
        total.loss += simulation->scores[chunk].loss;
        total.count += simulation->scores[chunk].count;
        total.correct += simulation->scores[chunk].correct;
    }
    return total;
}

/* Test samples with the attack's trigger: how many are not of its label, and how many of these are taken for
 * it. */
static void trigger_chunk(struct simulation *simulation, size_t from, size_t count)
{
    const struct attack_settings *attack = &simulation->settings->attack;
    const struct byz_attack *kind = (const void *)attack->attack.kind;
    struct thread_room *room = &simulation->rooms[omp_get_thread_num()];
    struct model_batch batch = gather(simulation, room, &simulation->dataset->test, NULL, from, count);
    struct byz_batch_view view = {
        .task = &simulation->task, .count = count, .x = room->x, .labels = room->labels};
    int32_t predictions[CHUNK], wanted = kind->trigger(attack->attack.params, &view);
    model_evaluate(&simulation->model, simulation->parameters, &batch, room->scratch, NULL, NULL,
                   predictions);
    struct model_score *score = &simulation->scores[from / CHUNK];
    *score = (struct model_score){0};
    for (size_t i = 0; i < count; i++) {
        score->count += room->labels[i] != wanted;
        score->correct += room->labels[i] != wanted && predictions[i] == wanted;
    }
}

static double success_rate(struct simulation *simulation)
{
    const struct byz_attack *attack = (const void *)simulation->settings->attack.attack.kind;
    size_t count = simulation->test_count, others = 0, taken = 0;
    if (attack->trigger == NULL)
        return (double)NAN;
#pragma omp parallel for schedule(dynamic)
    for (size_t from = 0; from < count; from += CHUNK)
        trigger_chunk(simulation, from, count - from < CHUNK ? count - from : CHUNK);
    for (size_t chunk = 0; chunk * CHUNK < count; chunk++) {
        others += simulation->scores[chunk].count;
        taken += simulation->scores[chunk].correct;
    }
    return (double)taken / (double)others;
}

/* Whole numbers, so the order of the threads does not matter. */
static void gather_classes(struct simulation *simulation)
{
    size_t classes = simulation->dataset->classes;
    memset(simulation->class_count, 0, classes * sizeof(size_t));
    memset(simulation->class_correct, 0, classes * sizeof(size_t));
    for (size_t t = 0; t < simulation->threads; t++) {
        for (size_t c = 0; c < classes; c++) {
            simulation->class_count[c] += simulation->rooms[t].per_class[c];
            simulation->class_correct[c] += simulation->rooms[t].per_class[classes + c];
        }
        memset(simulation->rooms[t].per_class, 0, 2 * classes * sizeof(size_t));
    }
}

static void record_validation(struct simulation *simulation, double *row)
{
    const struct holdout *holdout = &simulation->holdings.holdout;
    enum model_loss loss = simulation->model.kind->loss;
    if (holdout->validation == 0)
        return;
    struct model_score validation = score(simulation, &simulation->dataset->train,
                                          holdout->numbers + holdout->training, holdout->validation, false);
    row[EVAL_VALIDATION_LOSS] = validation.loss / (double)validation.count;
    if (simulation->dataset->classes > 0 && (loss == MODEL_CROSS_ENTROPY || loss == MODEL_LOGISTIC))
        row[EVAL_VALIDATION_ACCURACY] = (double)validation.correct / (double)validation.count;
}

int evaluation_record(struct simulation *simulation, struct err *err)
{
    const struct dataset *dataset = simulation->dataset;
    profile_enter(&simulation->profile, PROFILE_EVALUATION);
    double *row = table_append(&simulation->evaluations);
    if (row == NULL)
        return err_set(err, ERR_MEMORY, "out of memory for the evaluation after round %llu",
                       (unsigned long long)simulation->round);
    row[EVAL_ROUND] = (double)simulation->round;
    struct model_score train =
        score(simulation, &dataset->train, simulation->train_subset, simulation->train_subset_count, false);
    row[EVAL_TRAIN_LOSS] = train.loss / (double)train.count;
    if (simulation->test_count > 0) {
        enum model_loss loss = simulation->model.kind->loss;
        bool classes = dataset->classes > 0 && (loss == MODEL_CROSS_ENTROPY || loss == MODEL_LOGISTIC);
        struct model_score test = score(simulation, &dataset->test, NULL, simulation->test_count, classes);
        row[EVAL_TEST_LOSS] = test.loss / (double)test.count;
        if (classes) {
            row[EVAL_TEST_ACCURACY] = (double)test.correct / (double)test.count;
            row[EVAL_TEST_BITS] = dataset->sequence > 0 ? row[EVAL_TEST_LOSS] / log(2) : (double)NAN;
            gather_classes(simulation);
            row[EVAL_ATTACK_SUCCESS] = success_rate(simulation);
        }
    }
    record_validation(simulation, row);
    if (dataset->truth != NULL && dataset->truth_size == simulation->d)
        row[EVAL_PARAMETER_ERROR] =
            sqrt(rows_distance2(simulation->parameters, dataset->truth, simulation->d));
    return ERR_OK;
}
