/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Invariants: laws that hold whatever the answer is, on inputs whose answer nobody needs to know. */
#include "sim/base/mem.h"
#include "sim/grade/trials.h"
#include "sim/num/rng.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct invariant_params {
    struct trials_size size;
    double tolerance;
    int law;
};

enum { PERMUTATION, TRANSLATION, SCALE, ORTHOGONAL, RANGE, PICKS_ROW, UNANIMITY, DETERMINISM };
static const char *const law_words[] = {"permutation", "translation", "scale",       "orthogonal", "range",
                                        "picks_row",   "unanimity",   "determinism", NULL};

#define P(field) offsetof(struct invariant_params, field)
static const struct byz_param params[] = {
    {.name = "law",
     .type = BYZ_CHOICE,
     .offset = P(law),
     .choices = law_words,
     .initial_word = "permutation",
     .doc =
         "The order of the rows does not matter; F(x + c) = F(x) + c; F(3x) = 3 F(x); F(x Q) = F(x) Q for a "
         "rotation Q; every coordinate stays within that of the rows; the answer is a row; rows that are all "
         "equal are the answer; the same input gives the same bits, again, after another one, and in a new "
         "process."},
    TRIALS_SIZE_KNOBS(struct invariant_params, 8, 15, 40),
    {.name = "tolerance",
     .type = BYZ_REAL,
     .offset = P(tolerance),
     .initial = 1e-4,
     .max = 1,
     .doc = "How far a coordinate may be off, as a fraction of the greatest honest value in its column."},
};

/* One law on one input. */
struct law_case {
    int law;
    const struct cases_case *item;
    struct cases_case moved; /* shares no memory with item, its scale apart */
    struct rng rng;
    float *answer, *second; /* (ld) of item; what moved should give, and then gives */
};

static void rotate(float *row, size_t d, double angle)
{
    double c = cos(angle), s = sin(angle);
    for (size_t k = 0; k + 1 < d; k += 2) {
        double a = (double)row[k], b = (double)row[k + 1];
        row[k] = (float)(c * a - s * b);
        row[k + 1] = (float)(s * a + c * b);
    }
}

static void shift(const struct cases_case *item, float *row, double by)
{
    for (size_t k = 0; k < item->d; k++)
        row[k] = (float)((double)row[k] + by * (k % 2 == 0 ? 1 : -1) * item->scale[k]);
}

/* Applies the law's map to one row (or to the answer). */
static void map_row(const struct law_case *test, float *row)
{
    if (test->law == TRANSLATION)
        shift(test->item, row, 2);
    if (test->law == SCALE)
        for (size_t k = 0; k < test->item->d; k++)
            row[k] *= 3;
    if (test->law == ORTHOGONAL)
        rotate(row, test->item->d, 1);
}

static int move_rows(struct law_case *test, struct err *err)
{
    const struct cases_case *item = test->item;
    uint32_t *order = mem_array(item->n, sizeof *order, err);
    if (order == NULL)
        return ERR_MEMORY;
    rng_permutation(&test->rng, item->n, order);
    for (size_t i = 0; i < item->n; i++) {
        float *row = test->moved.x + i * item->ld;
        size_t from = test->law == PERMUTATION ? order[i] : test->law == UNANIMITY ? order[0] : i;
        memcpy(row, item->x + from * item->ld, item->d * sizeof *row);
        map_row(test, row);
    }
    mem_free(order);
    return ERR_OK;
}

/* What coordinates are compared by: maps make them larger. */
static void set_scales(struct law_case *test)
{
    const struct cases_case *item = test->item;
    for (size_t k = 0; k < item->d; k++) {
        size_t other = test->law == ORTHOGONAL && (k ^ 1) < item->d ? k ^ 1 : k;
        double factor = test->law == TRANSLATION || test->law == SCALE ? 3 : 1;
        test->moved.scale[k] = factor * fmax(item->scale[k], item->scale[other]);
    }
}

static bool within_range(const struct law_case *test, double tolerance)
{
    const struct cases_case *item = test->item;
    for (size_t k = 0; k < item->d; k++) {
        double least = INFINITY, most = -INFINITY, slack = tolerance * item->scale[k];
        for (size_t i = 0; i < item->n; i++) {
            least = fmin(least, (double)item->x[i * item->ld + k]);
            most = fmax(most, (double)item->x[i * item->ld + k]);
        }
        double value = (double)test->answer[k];
        if (!(value >= least - slack && value <= most + slack))
            return false;
    }
    return true;
}

static bool is_row(const struct law_case *test, double tolerance)
{
    const struct cases_case *item = test->item;
    for (size_t i = 0; i < item->n; i++)
        if (reference_differs(item, item->x + i * item->ld, test->answer, tolerance) == item->d)
            return true;
    return false;
}

/* The second call of a law, and whether it holds. *outcome is that of the last call. */
static int second_call(struct law_case *test, struct trials *trials, double tolerance, size_t index,
                       bool *holds, struct host_outcome *outcome, struct err *err)
{
    float *expected = test->law == UNANIMITY ? test->moved.x : test->answer;
    int rc = move_rows(test, err);
    set_scales(test);
    if (rc == ERR_OK)
        rc = trials_call(trials, &test->moved, index, test->second, outcome, err);
    if (rc != ERR_OK || outcome->verdict != HOST_OK)
        return rc;
    if (test->law != UNANIMITY)
        map_row(test, expected);
    *holds = reference_differs(&test->moved, expected, test->second, tolerance) == test->item->d;
    return rc;
}

static int again(struct law_case *test, struct trials *trials, size_t index, bool *holds,
                 struct host_outcome *outcome, struct err *err)
{
    int rc = trials_call(trials, test->item, index, test->second, outcome, err);
    if (rc == ERR_OK && outcome->verdict == HOST_OK)
        *holds = *holds && memcmp(test->answer, test->second, test->item->d * sizeof(float)) == 0;
    return rc;
}

/* The same input again, after another one, and in a new process: the same bits. */
static int repeat(struct law_case *test, struct trials *trials, size_t index, bool *holds,
                  struct host_outcome *outcome, struct err *err)
{
    *holds = true;
    int rc = again(test, trials, index, holds, outcome, err);
    if (rc == ERR_OK && outcome->verdict == HOST_OK)
        rc = move_rows(test, err);
    if (rc == ERR_OK && outcome->verdict == HOST_OK) {
        shift(test->item, test->moved.x, 1);
        rc = trials_call(trials, &test->moved, index, test->second, outcome, err);
    }
    for (int fresh = 0; rc == ERR_OK && outcome->verdict == HOST_OK && fresh < 2; fresh++) {
        if (fresh)
            subject_rest(trials->context->subject);
        rc = again(test, trials, index, holds, outcome, err);
    }
    return rc;
}

static int law_case_init(struct law_case *test, const struct cases_case *item, struct err *err)
{
    test->item = item;
    test->moved = *item;
    test->moved.x = mem_array(item->n, item->ld * sizeof(float), err);
    test->moved.scale = mem_array(item->d, sizeof(double), err);
    test->answer = mem_array(item->ld, sizeof(float), err);
    test->second = mem_array(item->ld, sizeof(float), err);
    bool fine =
        test->moved.x != NULL && test->moved.scale != NULL && test->answer != NULL && test->second != NULL;
    return fine ? ERR_OK : ERR_MEMORY;
}

static void law_case_fini(struct law_case *test)
{
    mem_free(test->moved.x);
    mem_free(test->moved.scale);
    mem_free(test->answer);
    mem_free(test->second);
}

static int try_law(struct law_case *test, struct trials *trials, double tolerance, size_t index,
                   struct err *err)
{
    struct host_outcome outcome = {.verdict = HOST_OK};
    bool holds = true;
    int rc = trials_call(trials, test->item, index, test->answer, &outcome, err);
    if (rc == ERR_OK && outcome.verdict == HOST_OK) {
        if (test->law == RANGE)
            holds = within_range(test, tolerance);
        else if (test->law == PICKS_ROW)
            holds = is_row(test, tolerance);
        else if (test->law == DETERMINISM)
            rc = repeat(test, trials, index, &holds, &outcome, err);
        else
            rc = second_call(test, trials, tolerance, index, &holds, &outcome, err);
    }
    if (rc == ERR_OK && outcome.verdict != HOST_OK)
        trials_no_answer(trials, test->item, &outcome);
    else if (rc == ERR_OK && holds)
        trials_right(trials);
    else if (rc == ERR_OK)
        trials_wrong(trials, test->item, "the law does not hold.");
    return rc;
}

struct invariant_task {
    const struct invariant_params *p;
    const struct reference *reference;
};

static int try_case(struct trials *trials, const void *with, size_t index, struct err *err)
{
    const struct invariant_task *task = with;
    const struct invariant_params *p = task->p;
    const struct reference *reference = task->reference;
    struct law_case test = {.law = p->law};
    struct cases_case item = {0};
    const struct cases_plan plan = trials_plan(
        &p->size, reference->settings, p->law == DETERMINISM ? -1 : CASES_PLAIN, trials->context->seed);
    float *ignored = NULL;
    rng_start(&test.rng, plan.seed, RNG_TEST, index, 1000);
    int rc = reference_case(reference, &plan, index, &item, &ignored, err);
    if (rc == ERR_OK)
        rc = law_case_init(&test, &item, err);
    if (rc == ERR_OK)
        rc = try_law(&test, trials, p->tolerance, index, err);
    law_case_fini(&test);
    mem_free(ignored);
    cases_fini(&item);
    return rc;
}

static int run(const void *given, const struct check_context *context, struct check_result *result,
               struct err *err)
{
    const struct invariant_params *p = given;
    const struct defence_settings settings = {.aggregator = context->assignment->reference};
    const struct reference reference = {.settings = &settings, .tolerance = p->tolerance};
    struct trials trials = {.context = context, .result = result};
    const struct invariant_task task = {.p = p, .reference = &reference};
    result->value = (double)NAN;
    return trials_run(&trials, (size_t)p->size.cases, try_case, &task, err);
}

const struct check check_invariant = {
    .base = {.name = "invariant",
             .doc =
                 "A law holds: something that is true of the right answer on every input, so that it can be "
                 "tested where no reference exists.",
             .params = params,
             .param_count = BYZ_LENGTH(params),
             .params_size = sizeof(struct invariant_params)},
    .built = true,
    .run = run,
};
