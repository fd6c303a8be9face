/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/grade/trials.h"

#include <string.h>

enum { DEATHS_MOST = 2, SHOWN_MOST = 60 };

struct cases_plan trials_plan(const struct trials_size *size, const struct defence_settings *reference,
                              int kind, uint64_t seed)
{
    return (struct cases_plan){.reference = reference,
                               .rows = (size_t)size->rows,
                               .columns = (size_t)size->columns,
                               .kind = kind,
                               .seed = seed};
}

int trials_call(struct trials *trials, const struct cases_case *item, uint64_t round, float *out,
                struct host_outcome *outcome, struct err *err)
{
    const struct subject_call call = {
        .n = item->n, .f = item->f, .d = item->d, .ld = item->ld, .x = item->x, .out = out, .round = round};
    return subject_apply(trials->context->subject, &call, outcome, err);
}

bool trials_hopeless(const struct trials *trials)
{
    return trials->deaths >= DEATHS_MOST;
}

int trials_run(struct trials *trials, size_t count,
               int (*try_case)(struct trials *trials, const void *with, size_t index, struct err *err),
               const void *with, struct err *err)
{
    int rc = ERR_OK;
    host_row_begin();
    for (size_t i = 0; rc == ERR_OK && i < count && !trials_hopeless(trials); i++)
        rc = try_case(trials, with, i, err);
    host_row_end();
    trials_conclude(trials, count);
    return rc;
}

void trials_right(struct trials *trials)
{
    trials->total++;
    trials->right++;
}

static bool secret(const struct check_context *context)
{
    return context->test->inputs == ASSIGNMENT_SECRET;
}

void trials_say(const struct check_context *context, struct check_result *result,
                const struct host_outcome *outcome)
{
    text_printf(&result->details, "%s\n", outcome->text);
    if (!secret(context)) {
        text_printf(&result->message, "%s\n", outcome->text);
        return;
    }
    text_printf(&result->message, "A call ended as \"%s\"", verdict_name(outcome->verdict));
    if (outcome->code_name[0] != '\0')
        text_printf(&result->message, " (%s)", outcome->code_name);
    text_add(&result->message, "; the inputs of this test are secret.\n");
}

static void name_case(const struct cases_case *item, size_t index, struct text *out)
{
    text_printf(out, "Input %zu (%s, n = %zu, f = %zu, d = %zu, ld = %zu): ", index + 1,
                cases_word(item->kind), item->n, item->f, item->d, item->ld);
}

void trials_command(const struct assignment *assignment, const struct cases_case *item, struct text *out)
{
    char number[32];
    if (item->n * item->d > SHOWN_MOST)
        return;
    text_add(out, "The reference on the same matrix: echo '[");
    for (size_t i = 0; i < item->n; i++)
        for (size_t k = 0; k < item->d; k++) {
            text_number(number, sizeof number, (double)item->x[i * item->ld + k]);
            text_printf(out, "%s%s%s", k == 0 ? i == 0 ? "[" : ",[" : ",", number,
                        k + 1 == item->d ? "]" : "");
        }
    text_add(out, "]' | byzsim aggregate --rule ");
    reference_words(&assignment->reference, out);
    text_printf(out, " --byzantine %zu --json -\n", item->f);
}

void trials_no_answer(struct trials *trials, const struct cases_case *item,
                      const struct host_outcome *outcome)
{
    struct check_result *result = trials->result;
    if (!trials->failed)
        trials->first = *outcome;
    trials->failed = true;
    trials->deaths += !subject_refused(outcome->verdict);
    if (!trials->told) {
        name_case(item, trials->total, &result->details);
        if (!secret(trials->context))
            name_case(item, trials->total, &result->message);
        trials_say(trials->context, result, outcome);
    }
    trials->told = true;
    trials->total++;
}

void trials_wrong(struct trials *trials, const struct cases_case *item, const char *why)
{
    struct check_result *result = trials->result;
    if (!trials->told) {
        name_case(item, trials->total, &result->details);
        text_printf(&result->details, "%s\n", why);
        trials_command(trials->context->assignment, item, &result->details);
        if (!secret(trials->context))
            text_add(&result->message, text_string(&result->details));
    }
    trials->told = true;
    trials->total++;
}

void trials_conclude(struct trials *trials, size_t count)
{
    struct check_result *result = trials->result;
    check_share(result, count == 0 ? 0 : (double)trials->right / (double)count);
    if (trials->failed)
        result->verdict = verdict_name(trials->first.verdict);
    text_printf(&result->message, "%zu of %zu inputs right.\n", trials->right, count);
    if (trials->total < count)
        text_printf(&result->message, "The last %zu were not tried, because it kept dying.\n",
                    count - trials->total);
}
