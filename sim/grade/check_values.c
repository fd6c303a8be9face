/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values: the submission answers as the reference does, rounding and ties apart. */
#include "sim/base/mem.h"
#include "sim/grade/trials.h"

#include <math.h>

struct values_params {
    struct trials_size size;
    double tolerance;
    int kind, credit;
};

enum { CREDIT_SHARE, CREDIT_ALL };
static const char *const kind_words[] = {"all",    "plain",    "ties", "copies", "single",
                                         "scales", "no_fault", "edge", "hiding", NULL};
static const char *const credit_words[] = {"share", "all", NULL};

#define P(field) offsetof(struct values_params, field)
static const struct byz_param params[] = {
    TRIALS_SIZE_KNOBS(struct values_params, 16, 15, 40),
    {.name = "tolerance",
     .type = BYZ_REAL,
     .offset = P(tolerance),
     .initial = 1e-5,
     .max = 1,
     .doc = "How far a coordinate may be off, as a fraction of the greatest honest value in its column."},
    {.name = "kind",
     .type = BYZ_CHOICE,
     .offset = P(kind),
     .choices = kind_words,
     .initial_word = "all",
     .doc = "Character of the inputs: one, or all in turn."},
    {.name = "credit",
     .type = BYZ_CHOICE,
     .offset = P(credit),
     .choices = credit_words,
     .initial_word = "share",
     .doc = "\"share\": points for the share of right answers; \"all\": only when all are right."},
};

struct values_task {
    const struct reference *reference;
    const struct cases_plan *plan;
};

static void judge(struct trials *trials, const struct cases_case *item, const float *expected,
                  const float *got, size_t wrong)
{
    struct text why = {0};
    if (wrong == item->d) {
        trials_right(trials);
        return;
    }
    text_printf(&why, "out[%zu] should be %.9g, is %.9g.", wrong, (double)expected[wrong],
                (double)got[wrong]);
    trials_wrong(trials, item, text_string(&why));
    text_fini(&why);
}

static int try_case(struct trials *trials, const void *with, size_t index, struct err *err)
{
    const struct values_task *task = with;
    const struct reference *reference = task->reference;
    struct cases_case item = {0};
    struct host_outcome outcome;
    float *expected = NULL, *got = NULL;
    size_t wrong = 0;
    int rc = reference_case(reference, task->plan, index, &item, &expected, err);
    if (rc == ERR_OK && (got = mem_array(item.ld, sizeof *got, err)) == NULL)
        rc = ERR_MEMORY;
    if (rc == ERR_OK)
        rc = trials_call(trials, &item, index, got, &outcome, err);
    if (rc == ERR_OK && outcome.verdict != HOST_OK) {
        trials_no_answer(trials, &item, &outcome);
    } else if (rc == ERR_OK) {
        rc = reference_compare(reference, &item, expected, got, &wrong, err);
        if (rc == ERR_OK)
            judge(trials, &item, expected, got, wrong);
    }
    mem_free(expected);
    mem_free(got);
    cases_fini(&item);
    return rc;
}

static int run(const void *given, const struct check_context *context, struct check_result *result,
               struct err *err)
{
    const struct values_params *p = given;
    const struct defence_settings settings = {.aggregator = context->assignment->reference};
    const struct reference reference = {.settings = &settings, .tolerance = p->tolerance};
    const struct cases_plan plan = trials_plan(&p->size, &settings, p->kind - 1, context->seed);
    const struct values_task task = {.reference = &reference, .plan = &plan};
    struct trials trials = {.context = context, .result = result};
    result->value = (double)NAN;
    int rc = trials_run(&trials, (size_t)p->size.cases, try_case, &task, err);
    if (p->credit == CREDIT_ALL && result->fraction < 1) {
        result->fraction = 0;
        result->verdict = trials.failed ? result->verdict : "wrong";
    }
    return rc;
}

const struct check check_values = {
    .base = {.name = "values",
             .doc = "The submission answers as the reference does. Every correct answer counts: a different "
                    "order of summation, or another choice among rows that tie, costs nothing.",
             .params = params,
             .param_count = BYZ_LENGTH(params),
             .params_size = sizeof(struct values_params)},
    .built = true,
    .run = run,
};
