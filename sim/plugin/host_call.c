/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One call: the matrix goes in behind NaN, the output comes back from between marks, at once. */
#include "sim/num/dispatch.h"
#include "sim/plugin/host_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

/* NaN, and a NaN with a payload that no arithmetic makes: nobody wrote here. */
enum { NAN_BITS = 0x7fc00000, MARK_BITS = 0x7fe5a3c9 };

const struct byz_plugin *host_description(const struct host_worker *worker)
{
    return &worker->plugin;
}

struct host_isolation host_worker_isolation(const struct host_worker *worker)
{
    return worker->isolation;
}

bool host_worker_alive(const struct host_worker *worker)
{
    return watch_alive(&worker->watch);
}

float *host_matrix(struct host_worker *worker)
{
    return (float *)(void *)worker->input.base;
}

void *host_state(struct host_worker *worker, size_t *bytes)
{
    *bytes = worker->state_bytes;
    return worker->state_bytes > 0 ? worker->state.base : NULL;
}

const char *host_output(struct host_worker *worker, size_t *length, bool *cut)
{
    watch_drain(&worker->watch);
    *length = worker->watch.kept.length;
    *cut = worker->watch.cut;
    return text_string(&worker->watch.kept);
}

void host_row_begin(void)
{
    near_row_begin();
}

void host_row_end(void)
{
    near_row_end();
}

/* ---- preparing ---- */

static int clear_state(struct host_worker *worker, size_t bytes, struct host_outcome *outcome)
{
    worker->state_bytes = bytes;
    if (bytes > worker->state.bytes) {
        verdict_set(outcome, HOST_MEMORY, 0, "It wants a state of %zu bytes; the limit is %zu MB.", bytes,
                    worker->limits.memory_bytes >> 20);
        worker->state_bytes = 0;
    }
    if (worker->state_bytes > 0) /* what was there is gone: zeros again */
        memset(worker->state.base, 0, worker->state_bytes);
    return ERR_OK;
}

int host_prepare(struct host_worker *worker, const double *knobs, size_t n, size_t f, size_t d,
                 struct host_outcome *outcome, struct err *err)
{
    struct worker_prepare ask = {.kind = WORKER_PREPARE, .n = n, .f = f, .d = d};
    struct worker_prepared reply;
    bool answered = false;
    *outcome = (struct host_outcome){.verdict = HOST_OK};
    worker->d = 0;
    for (size_t k = 0; k < BYZ_PLUGIN_KNOBS_MOST && worker->plugin.knobs[k].name[0] != '\0'; k++)
        ask.knobs[k] = knobs == NULL ? worker->plugin.knobs[k].initial : knobs[k];
    int rc =
        host_ask(worker, &ask, sizeof ask, WORKER_PREPARED, &reply, sizeof reply, &answered, outcome, err);
    if (rc != ERR_OK)
        verdict_set(outcome, HOST_INTERNAL_ERROR, 0, "The plugin could not be prepared: our side failed.");
    if (rc != ERR_OK || !answered)
        return rc;
    reply.reason[sizeof reply.reason - 1] = '\0';
    if (reply.rc != 0)
        verdict_set(outcome, HOST_UNSUITABLE, reply.rc, "It is not defined for n = %zu, f = %zu%s%s", n, f,
                    reply.reason[0] != '\0' ? ": " : ".", reply.reason);
    else if (reply.allocation_failed != 0 && reply.state_bytes <= worker->state.bytes)
        verdict_set(outcome, HOST_MEMORY, 0,
                    "Its state and scratch need more memory than the limit of %zu MB.",
                    worker->limits.memory_bytes >> 20);
    else
        rc = clear_state(worker, reply.state_bytes, outcome);
    if (outcome->verdict == HOST_OK) {
        worker->n = n;
        worker->f = f;
        worker->d = d;
    }
    return rc;
}

/* ---- the matrix ---- */

static void fill(float *to, size_t count, uint32_t bits)
{
    uint32_t *words = (uint32_t *)(void *)to;
    for (size_t k = 0; k < count; k++)
        words[k] = bits;
}

/* NaN wherever the plugin has no business: behind the d numbers of each row, and behind the last row. */
static void pad(struct host_worker *worker, size_t rows, size_t d, size_t ld)
{
    float *x = host_matrix(worker);
    size_t all = worker->input.bytes / sizeof(float);
    if (worker->padded_rows == rows && worker->padded_d == d && worker->padded_ld == ld)
        return;
    for (size_t i = 0; ld > d && i < rows; i++)
        fill(x + i * ld + d, ld - d, NAN_BITS);
    fill(x + rows * ld, all - rows * ld, NAN_BITS);
    worker->padded_rows = rows;
    worker->padded_d = d;
    worker->padded_ld = ld;
}

static void copy_in(struct host_worker *worker, const struct host_call *call)
{
    float *to = host_matrix(worker);
    for (size_t i = 0; call->x != NULL && i < call->n; i++) {
        size_t from = call->order == NULL ? i : call->order[i];
        memcpy(to + i * call->ld, call->x + from * call->x_ld, call->d * sizeof *to);
    }
    for (size_t i = 0; call->own != NULL && i < call->senders; i++)
        memcpy(to + (call->n + i) * call->ld, call->own + i * call->x_ld, call->d * sizeof *to);
}

/* ---- the output ---- */

static size_t output_rows(const struct host_worker *worker, const struct host_call *call)
{
    bool many = worker->plugin.kind == BYZ_PLUGIN_ATTACK && (worker->plugin.flags & BYZ_PLUGIN_ONE_ROW) == 0;
    return many && call->senders > 0 ? call->senders : 1;
}

/* Index of the first element that is (`same`) or is not a mark; count when there is none. */
static size_t first(const uint32_t *words, size_t count, bool same)
{
    size_t k = 0;
    while (k < count && (words[k] == MARK_BITS) != same)
        k++;
    return k;
}

/* Copies, so that nothing that the worker does from now on matters, and marks anew for the next call, in one
 * pass over memory. Whether there was a mark among them. */
NUM_CLONES static bool take(uint32_t *restrict to, uint32_t *restrict from, size_t count)
{
    uint32_t untouched = 0;
    for (size_t k = 0; k < count; k++) {
        uint32_t word = from[k];
        to[k] = word;
        from[k] = MARK_BITS;
        untouched |= word == MARK_BITS;
    }
    return untouched != 0;
}

static void take_rows(const struct host_call *call, uint32_t *from, size_t rows, struct host_outcome *outcome)
{
    for (size_t i = 0; i < rows; i++) {
        uint32_t *to = (uint32_t *)(void *)(call->out + i * call->out_ld);
        if (!take(to, from + i * call->ld, call->d) || outcome->verdict != HOST_OK)
            continue;
        outcome->row = i;
        outcome->column = first(to, call->d, true);
        verdict_set(outcome, HOST_UNTOUCHED_OUTPUT, 0,
                    "It did not write the whole output: element %zu of %zu%s was never written.",
                    outcome->column, call->d, rows > 1 ? " in one of the rows" : "");
    }
}

static void check_output(struct host_worker *worker, const struct host_call *call,
                         struct host_outcome *outcome)
{
    uint32_t *words = (uint32_t *)(void *)worker->output.base;
    size_t rows = output_rows(worker, call), all = worker->output.bytes / sizeof *words;
    size_t end = (rows - 1) * call->ld + call->d;
    take_rows(call, words, rows, outcome);
    size_t behind = first(words + end, all - end, false);
    worker->marked = rows == 1 && end + behind == all;
    if (end + behind < all) {
        outcome->row = rows - 1;
        outcome->column = call->d + behind;
        verdict_set(outcome, HOST_OVERRUN, 0,
                    "It wrote behind the end of the output: element %zu, where the last one is %zu.",
                    outcome->column, call->d - 1);
    }
}

static void mark(struct host_worker *worker)
{
    if (!worker->marked)
        fill((float *)(void *)worker->output.base, worker->output.bytes / sizeof(float), MARK_BITS);
    worker->marked = false; /* until check_output has marked it anew */
}

/* ---- the call ---- */

static int check_call(const struct host_worker *worker, const struct host_call *call, struct err *err)
{
    size_t rows = call->n + (call->own != NULL ? call->senders : 0),
           most = worker->input.bytes / sizeof(float);
    size_t senders = call->senders > 0 ? call->senders : 1;
    if (call->d == 0 || call->n == 0 || call->ld < call->d || rows > most / call->ld ||
        senders > worker->output.bytes / sizeof(float) / call->ld ||
        (call->order != NULL && call->x == NULL) || (senders > 1 && call->out_ld < call->d))
        return err_set(err, ERR_INVALID,
                       "sandbox: a call of %zu rows of %zu numbers does not fit this worker", rows, call->d);
    size_t f = worker->plugin.kind == BYZ_PLUGIN_ATTACK ? call->b : call->f;
    if (worker->n != call->n || worker->f != f || worker->d != call->d)
        return err_set(err, ERR_INVALID, "sandbox: the worker was not prepared for n = %zu, f = %zu, d = %zu",
                       call->n, f, call->d);
    return ERR_OK;
}

static void judge_answer(struct host_worker *worker, const struct host_call *call,
                         struct worker_answer *answer, struct host_outcome *outcome)
{
    answer->reason[sizeof answer->reason - 1] = '\0';
    if (answer->trouble == WORKER_WRONG_RESULT)
        verdict_set(outcome, HOST_WRONG_RESULT, 0, "Its result is not %zu numbers: %s", call->d,
                    answer->reason);
    else if (answer->allocation_failed != 0 && (answer->rc != 0 || answer->trouble != WORKER_NO_TROUBLE))
        verdict_set(outcome, HOST_MEMORY, answer->rc,
                    "It asked for more memory than the limit of %zu MB, and gave up (it returned %d).",
                    worker->limits.memory_bytes >> 20, answer->rc);
    else if (answer->trouble == WORKER_RAISED)
        verdict_set(outcome, HOST_RAISED, 0, "It raised %s", answer->reason);
    else if (answer->rc != 0)
        verdict_set(outcome, HOST_RETURNED_ERROR, answer->rc,
                    "It returned %d, which says that there is no answer%s%s", answer->rc,
                    answer->reason[0] != '\0' ? ": " : ".", answer->reason);
    else
        check_output(worker, call, outcome);
}

int host_call(struct host_worker *worker, const struct host_call *call, struct host_outcome *outcome,
              struct err *err)
{
    struct worker_call ask = {.kind = WORKER_CALL,
                              .has_own = call->own != NULL,
                              .n = call->n,
                              .f = call->f,
                              .d = call->d,
                              .ld = call->ld,
                              .round = call->round,
                              .seed = call->seed,
                              .workers = call->workers,
                              .b = call->b,
                              .senders = call->senders};
    struct worker_answer answer;
    bool answered = false;
    size_t before = 0;
    *outcome = (struct host_outcome){.verdict = HOST_OK};
    int rc = check_call(worker, call, err);
    if (rc == ERR_OK) {
        copy_in(worker, call);
        pad(worker, call->n + (call->own != NULL ? call->senders : 0), call->d, call->ld);
        mark(worker);
        before = call->measure_memory ? host_peak_begin(worker) : 0;
        rc = host_ask(worker, &ask, sizeof ask, WORKER_ANSWER, &answer, sizeof answer, &answered, outcome,
                      err);
    }
    if (rc == ERR_OK && answered) {
        outcome->peak_bytes = host_peak_end(worker, before);
        judge_answer(worker, call, &answer, outcome);
    }
    if (rc != ERR_OK)
        verdict_set(outcome, HOST_INTERNAL_ERROR, 0, "The plugin could not be called: our side failed.");
    return rc;
}
