/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the checks that try many inputs share: counting, and telling of the first that went wrong. */
#ifndef SIM_GRADE_TRIALS_H
#define SIM_GRADE_TRIALS_H

#include "sim/grade/check.h"
#include "sim/grade/reference.h"

struct trials {
    const struct check_context *context;
    struct check_result *result;
    size_t total, right, deaths;
    struct host_outcome first; /* of the first call that gave no answer */
    bool failed;               /* first is set */
    bool told;                 /* the message tells of a first failure */
};

/* How many inputs a check draws, and how large: member `size` of its parameters. */
struct trials_size {
    uint64_t cases, rows, columns;
};

#define TRIALS_KNOB(params, member, first, highest, text)                                                    \
    {                                                                                                        \
        .name = #member, .type = BYZ_COUNT,                                                                  \
        .offset = offsetof(params, size) + offsetof(struct trials_size, member), .initial = (first),         \
        .min = 1, .max = (highest), .doc = (text)                                                            \
    }

/* What those cases are drawn from; `reference` is borrowed. */
struct cases_plan trials_plan(const struct trials_size *size, const struct defence_settings *reference,
                              int kind, uint64_t seed);

/* Its knobs, for the table of the check whose parameters are of type `params`. */
#define TRIALS_SIZE_KNOBS(params, inputs, most_rows, most_columns)                                           \
    TRIALS_KNOB(params, cases, inputs, 1e4, "Inputs."),                                                      \
        TRIALS_KNOB(                                                                                         \
            params, rows, most_rows, 1000,                                                                   \
            "Most rows of an input, n; n and f are drawn among those the reference is defined for."),        \
        TRIALS_KNOB(params, columns, most_columns, 1e6,                                                      \
                    "Most columns of an input, d; they are drawn, and so is how far ld exceeds them.")

/* Tries case after case, and concludes. Ends early where `try_case` fails for a reason of ours, or the
 * submission keeps dying. */
int trials_run(struct trials *trials, size_t count,
               int (*try_case)(struct trials *trials, const void *with, size_t index, struct err *err),
               const void *with, struct err *err);

/* Puts the case to the submission; out (d). */
int trials_call(struct trials *trials, const struct cases_case *item, uint64_t round, float *out,
                struct host_outcome *outcome, struct err *err);

/* Counts one trial. */
void trials_right(struct trials *trials);
/* It gave no answer: tells why, unless something was told before. */
void trials_no_answer(struct trials *trials, const struct cases_case *item,
                      const struct host_outcome *outcome);
/* It gave a wrong one, as `why` says: a sentence about the case, which only public inputs show. */
void trials_wrong(struct trials *trials, const struct cases_case *item, const char *why);

/* A submission that dies over and over is not asked for ever; what is left then counts as wrong. */
bool trials_hopeless(const struct trials *trials);

/* Share, verdict and closing words, from `count` trials that were meant to be. */
void trials_conclude(struct trials *trials, size_t count);

/* Tells how a call ended: all of it to the staff; to the student only what cannot carry secret inputs. */
void trials_say(const struct check_context *context, struct check_result *result,
                const struct host_outcome *outcome);

/* A command that asks the reference the same, when the case is small enough to be shown. */
void trials_command(const struct assignment *assignment, const struct cases_case *item, struct text *out);

#endif
