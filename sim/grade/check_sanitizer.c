/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sanitizer: a few small inputs under AddressSanitizer and UndefinedBehaviorSanitizer. */
#include "sim/base/mem.h"
#include "sim/grade/trials.h"

#include <math.h>
#include <string.h>

struct sanitizer_params {
    struct trials_size size;
};

static const struct byz_param params[] = {
    TRIALS_SIZE_KNOBS(struct sanitizer_params, 8, 9, 12),
};

/* Only what the sanitizers or the sandbox object to counts; other tests judge the answer. */
static bool harmless(enum host_verdict verdict)
{
    return verdict == HOST_OK || subject_refused(verdict) || verdict == HOST_WRONG_RESULT;
}

static int try_case(struct trials *trials, const struct cases_plan *plan, size_t index, struct err *err)
{
    struct cases_case item = {0};
    struct host_outcome outcome;
    float *out = NULL;
    int rc = cases_make(&item, plan, index, 0, err);
    if (rc == ERR_OK && (out = mem_array(item.ld, sizeof *out, err)) == NULL)
        rc = ERR_MEMORY;
    if (rc == ERR_OK)
        rc = trials_call(trials, &item, index, out, &outcome, err);
    if (rc == ERR_OK && harmless(outcome.verdict))
        trials_right(trials);
    else if (rc == ERR_OK)
        trials_no_answer(trials, &item, &outcome);
    mem_free(out);
    cases_fini(&item);
    return rc;
}

/* The instrumented build, graded as the rest is. */
static int examine(const struct sanitizer_params *p, const struct check_context *context,
                   struct subject *subject, struct check_result *result, struct err *err)
{
    const struct defence_settings settings = {.aggregator = context->assignment->reference};
    const struct cases_plan plan = trials_plan(&p->size, &settings, -1, context->seed);
    struct check_context inner = *context;
    struct trials trials = {.context = &inner, .result = result};
    int rc = ERR_OK;
    inner.subject = subject;
    for (size_t i = 0; rc == ERR_OK && i < p->size.cases && trials.deaths == 0; i++)
        rc = try_case(&trials, &plan, i, err);
    check_share(result, trials.deaths == 0 ? 1 : 0);
    if (trials.failed)
        result->verdict = verdict_name(trials.first.verdict);
    else
        text_add(&result->message, "No memory error and no undefined behaviour was seen.\n");
    return rc;
}

static int run(const void *given, const struct check_context *context, struct check_result *result,
               struct err *err)
{
    const struct subject *plain = context->subject;
    size_t length = strlen(plain->name);
    result->value = (double)NAN;
    if (length < 2 || strcmp(plain->name + length - 2, ".c") != 0) {
        check_pass(result);
        text_add(&result->message, "Only C sources are looked into.\n");
        return ERR_OK;
    }
    struct subject subject;
    int rc = subject_init_sanitized(&subject, plain, err);
    if (rc == ERR_OK && subject.artefact == NULL) {
        check_outcome(result, &subject.built);
        trials_say(context, result, &subject.built);
    } else if (rc == ERR_OK) {
        rc = examine(given, context, &subject, result, err);
    }
    subject_fini(&subject);
    return rc;
}

const struct check check_sanitizer = {
    .base = {.name = "sanitizer",
             .doc =
                 "The submission runs on small inputs under AddressSanitizer and UndefinedBehaviorSanitizer "
                 "without a report. (Python has nothing to look for, and passes.)",
             .params = params,
             .param_count = BYZ_LENGTH(params),
             .params_size = sizeof(struct sanitizer_params)},
    .built = true,
    .run = run,
};
