/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Malicious rows: f rows with the worst numbers there are cannot carry the answer away from the honest ones.
 */
#include "sim/base/mem.h"
#include "sim/grade/trials.h"
#include "sim/num/rng.h"

#include <math.h>

struct malicious_params {
    struct trials_size size;
    double factor;
    int values;
};

enum { HUGE, NOT_A_NUMBER, INFINITE, MIXED };
static const char *const values_words[] = {"huge", "nan", "inf", "mixed", NULL};

#define P(field) offsetof(struct malicious_params, field)
static const struct byz_param params[] = {
    {.name = "values",
     .type = BYZ_CHOICE,
     .offset = P(values),
     .choices = values_words,
     .initial_word = "huge",
     .doc =
         "What the f rows hold: numbers around 1e30, NaN, infinities, or each of them in turn. (byzsim drops "
         "rows with NaN and infinities before a rule sees them, unless told otherwise.)"},
    TRIALS_SIZE_KNOBS(struct malicious_params, 8, 15, 40),
    {.name = "factor",
     .type = BYZ_REAL,
     .offset = P(factor),
     .initial = 4,
     .min = 1,
     .max = 1e6,
     .doc = "How far from the honest mean a coordinate may be, in units of the farthest honest one."},
};

static float bad_value(int values, size_t place, struct rng *rng)
{
    double sign = rng_real(rng) < 0.5 ? -1 : 1, size = 1 + rng_real(rng);
    int kind = values == MIXED ? (int)(place % MIXED) : values;
    return kind == NOT_A_NUMBER ? NAN : (float)(sign * (kind == INFINITE ? INFINITY : 1e30 * size));
}

/* All of a malicious row, or (every third of them) one coordinate of it. */
static void poison(struct cases_case *item, int values, struct rng *rng)
{
    size_t place = 0;
    for (size_t i = 0; i < item->n; i++) {
        if (!item->malicious[i])
            continue;
        size_t only = place % 3 == 2 ? (size_t)rng_below(rng, item->d) : item->d;
        for (size_t k = 0; k < item->d; k++)
            if (only == item->d || k == only)
                item->x[i * item->ld + k] = bad_value(values, place, rng);
        place++;
    }
}

/* The first coordinate that is carried away, or d. */
static size_t carried_away(const struct cases_case *item, const float *out, double factor)
{
    for (size_t k = 0; k < item->d; k++) {
        double mean = 0, farthest = 0;
        for (size_t i = 0; i < item->n; i++)
            if (!item->malicious[i])
                mean += (double)item->x[i * item->ld + k] / (double)(item->n - item->f);
        for (size_t i = 0; i < item->n; i++)
            if (!item->malicious[i])
                farthest = fmax(farthest, fabs((double)item->x[i * item->ld + k] - mean));
        if (!(fabs((double)out[k] - mean) <= factor * farthest + 1e-6 * item->scale[k]))
            return k;
    }
    return item->d;
}

struct malicious_task {
    const struct malicious_params *p;
    const struct cases_plan *plan;
};

static int try_case(struct trials *trials, const void *with, size_t index, struct err *err)
{
    const struct malicious_task *task = with;
    const struct malicious_params *p = task->p;
    struct cases_case item = {0};
    struct host_outcome outcome;
    struct rng rng;
    float *got = NULL;
    char why[160];
    rng_start(&rng, task->plan->seed, RNG_TEST, index, 1001);
    int rc = cases_make(&item, task->plan, index, 0, err);
    if (rc == ERR_OK && (got = mem_array(item.ld, sizeof *got, err)) == NULL)
        rc = ERR_MEMORY;
    if (rc == ERR_OK) {
        poison(&item, p->values, &rng);
        rc = trials_call(trials, &item, index, got, &outcome, err);
    }
    if (rc == ERR_OK && outcome.verdict != HOST_OK) {
        trials_no_answer(trials, &item, &outcome);
    } else if (rc == ERR_OK) {
        size_t k = carried_away(&item, got, p->factor);
        if (k < item.d)
            snprintf(why, sizeof why, "out[%zu] is %g, far from all honest values.", k, (double)got[k]);
        if (k < item.d)
            trials_wrong(trials, &item, why);
        else
            trials_right(trials);
    }
    mem_free(got);
    cases_fini(&item);
    return rc;
}

static int run(const void *given, const struct check_context *context, struct check_result *result,
               struct err *err)
{
    const struct malicious_params *p = given;
    const struct defence_settings settings = {.aggregator = context->assignment->reference};
    const struct cases_plan plan = trials_plan(&p->size, &settings, CASES_PLAIN, context->seed);
    const struct malicious_task task = {.p = p, .plan = &plan};
    struct trials trials = {.context = context, .result = result};
    result->value = (double)NAN;
    return trials_run(&trials, (size_t)p->size.cases, try_case, &task, err);
}

const struct check check_malicious_rows = {
    .base =
        {.name = "malicious_rows",
         .doc =
             "f rows of huge numbers, NaN or infinities cannot carry the answer away from the honest rows.",
         .params = params,
         .param_count = BYZ_LENGTH(params),
         .params_size = sizeof(struct malicious_params)},
    .built = true,
    .run = run,
};
