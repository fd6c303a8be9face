/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One question to a worker, and what came of it. The kernel's word counts; the worker's own only colours the
 * text. */
#define _GNU_SOURCE /* sigabbrev_np */
#include "sim/plugin/host_internal.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum { MESSAGE_MOST = 16384, SANITIZER_FACTOR = 4 /* its own shadows and quarantine */ };

static void name_signal(int signal, char out[32])
{
    const char *name = sigabbrev_np(signal);
    snprintf(out, 32, name == NULL ? "signal %d" : "SIG%.0d%s", name == NULL ? signal : 0,
             name == NULL ? "" : name);
}

/* ---- how it died ---- */

static void judge_exit(const struct host_worker *worker, int status, struct host_outcome *outcome)
{
    if (worker->backend == HOST_SANITIZED && status == WORKER_SANITIZER_EXIT)
        host_report(worker, outcome);
    else
        verdict_set(outcome, HOST_EXITED, status,
                    "It ended the process with exit status %d instead of returning from its function.",
                    status);
}

static void judge_call(const struct host_worker *worker, struct host_outcome *outcome)
{
    const struct worker_fault *fault = &worker->fault;
    int number = fault->kind == WORKER_FAULT && fault->signal == SIGSYS ? fault->syscall : -1;
    if (number >= 0)
        filter_call_name(number, outcome->code_name);
    if (number < 0)
        verdict_set(outcome, HOST_FORBIDDEN_CALL, -1,
                    "It made a system call that plugins may not make (which one is not known).");
    else
        verdict_set(outcome, HOST_FORBIDDEN_CALL, number,
                    "It made the system call %s (number %d); plugins may compute and print, nothing else.",
                    outcome->code_name[0] != '\0' ? outcome->code_name : "without a name", number);
}

/* Where in which array, in the words of its author. */
static void judge_place(const struct host_worker *worker, const struct worker_fault *fault,
                        struct host_outcome *outcome)
{
    static const char *const arrays[] = {"", "matrix x", "output", "state", "scratch", "stack"};
    bool input = fault->region == WORKER_IN_INPUT;
    size_t bytes = input ? worker->input.bytes : worker->output.bytes;
    size_t ld = worker->padded_ld > 0 ? worker->padded_ld : 1;
    size_t place = fault->offset > 0 ? (size_t)fault->offset / sizeof(float) : 0;
    outcome->row = input ? place / ld : 0;
    outcome->column = input ? place % ld : place;
    if (fault->offset < 0)
        verdict_set(outcome, HOST_OUT_OF_BOUNDS, 0, "It read or wrote %lld bytes in front of the %s.",
                    -(long long)fault->offset, arrays[fault->region]);
    else if (input && (size_t)fault->offset < bytes)
        verdict_set(
            outcome, HOST_WROTE_INPUT, 0,
            "It wrote into the matrix x, at row %zu, column %zu; x is the server's and can only be read.",
            outcome->row, outcome->column);
    else
        verdict_set(outcome, HOST_OUT_OF_BOUNDS, 0,
                    "It read or wrote behind the end of the %s, at element %zu from its begin.",
                    arrays[fault->region], place);
}

static void judge_signal(const struct host_worker *worker, int signal, struct host_outcome *outcome)
{
    const struct worker_fault *fault = &worker->fault;
    bool told = fault->kind == WORKER_FAULT && fault->signal == signal && fault->region <= WORKER_IN_STACK;
    name_signal(signal, outcome->code_name);
    if (told && fault->allocation_failed != 0)
        verdict_set(outcome, HOST_MEMORY, 0,
                    "It asked for more memory than the limit of %zu MB, did not look whether it got it, and "
                    "died of %s.",
                    worker->limits.memory_bytes >> 20, outcome->code_name);
    else if (told && fault->region == WORKER_IN_STACK)
        verdict_set(
            outcome, HOST_SIGNAL, signal,
            "It used more stack than the limit of 8 MB: endless recursion, or a large local array (%s).",
            outcome->code_name);
    else if (told && fault->region != WORKER_NOWHERE)
        judge_place(worker, fault, outcome);
    else
        verdict_set(outcome, HOST_SIGNAL, signal, "It died of %s (%s).", outcome->code_name,
                    sigdescr_np(signal) == NULL ? "no common signal" : sigdescr_np(signal));
}

static int judge_death(struct host_worker *worker, struct host_outcome *outcome, struct err *err)
{
    int status = worker->watch.status, signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    bool before = !worker->greeted && worker->backend != HOST_STATIC;
    if (before || (!worker->greeted && WIFEXITED(status) && WEXITSTATUS(status) == WORKER_SETUP_EXIT))
        return err_set(err, ERR_IO, "sandbox: the worker of the back end \"%s\" did not get ready:\n%.1000s",
                       worker->isolation.backend, text_string(&worker->watch.kept));
    if (!worker->greeted && (signal == SIGKILL || signal == SIGSEGV))
        verdict_set(outcome, HOST_MEMORY, 0,
                    "It could not be started: its static arrays need more memory than the limit of %zu MB.",
                    worker->limits.memory_bytes >> 20);
    else if (signal == SIGKILL)
        return err_set(
            err, ERR_IO,
            "sandbox: the worker was killed from outside (is this machine out of memory?); try again");
    else if (signal == SIGSYS)
        judge_call(worker, outcome);
    else if (signal != 0)
        judge_signal(worker, signal, outcome);
    else
        judge_exit(worker, WIFEXITED(status) ? WEXITSTATUS(status) : -1, outcome);
    return ERR_OK;
}

static void judge_time(struct host_worker *worker, enum watch_event event, struct host_outcome *outcome)
{
    const struct host_limits *limits = &worker->limits;
    bool wall = event == WATCH_WALL;
    double most = wall ? limits->wall_seconds : limits->cpu_seconds;
    verdict_set(
        outcome, wall ? HOST_WALL_TIMEOUT : HOST_CPU_TIMEOUT, (int)(1000 * most),
        wall ? "It did not answer within %g s, of which it computed %.2f s: does it wait for something?"
             : "It computed for more than %g s (limit) without an answer (%.2f s): an endless loop, or far "
               "too "
               "slow.",
        most, outcome->cpu_seconds);
}

/* ---- asking ---- */

/* A worker that does not read must not make us wait: a queue that is full is its own fault. */
static bool send_question(struct host_worker *worker, const void *question, size_t size)
{
    ssize_t sent;
    do
        sent = send(worker->watch.control, question, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)size || (sent < 0 && (errno == EPIPE || errno == ECONNRESET));
}

enum reception { ANSWER, NOTHING_YET, NONSENSE };

/* `flags` 0 waits a moment (SO_RCVTIMEO of host_worker.c): most answers need no other system call. */
static enum reception receive(struct host_worker *worker, uint32_t kind, void *answer, size_t answer_size,
                              int flags)
{
    uint64_t block[MESSAGE_MOST / 8];
    uint32_t first = 0;
    ssize_t got = recv(worker->watch.control, block, sizeof block, flags | MSG_TRUNC);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR || errno == ECONNRESET ? NOTHING_YET : NONSENSE;
    if (got == 0) { /* it has closed its end: its death will follow */
        watch_hang_up(&worker->watch);
        return NOTHING_YET;
    }
    if ((size_t)got >= sizeof first)
        memcpy(&first, block, sizeof first);
    if (first == WORKER_FAULT && got == (ssize_t)sizeof worker->fault) {
        memcpy(&worker->fault, block, sizeof worker->fault);
        return NOTHING_YET;
    }
    if (first != kind || got != (ssize_t)answer_size)
        return NONSENSE;
    memcpy(answer, block, answer_size);
    return ANSWER;
}

static void account(struct host_worker *worker, double begun, struct host_outcome *outcome)
{
    double cpu = watch_cpu(&worker->watch);
    outcome->wall_seconds += watch_now() - begun;
    if (cpu > worker->cpu_before)
        outcome->cpu_seconds += cpu - worker->cpu_before;
    worker->cpu_before = cpu;
}

static void put_down(struct host_worker *worker, struct host_outcome *outcome)
{
    watch_end(&worker->watch);
    verdict_set(outcome, HOST_PROTOCOL_ERROR, 0,
                "It wrote into the channel between worker and host, which is not the plugin's.");
}

/* The sanitizers reserve terabytes, so that no limit of address space can hold them: what they use is looked
 * at. */
static enum watch_event wait_for(struct host_worker *worker, double wall, double cpu)
{
    const double often = 0.02;
    if (worker->backend != HOST_SANITIZED)
        return watch_until(&worker->watch, wall, cpu);
    size_t shared = worker->input.bytes + worker->output.bytes;
    for (;;) {
        double now = watch_now();
        enum watch_event event = watch_until(&worker->watch, now + often < wall ? now + often : wall, cpu);
        if (event != WATCH_WALL || watch_now() >= wall)
            return event;
        if (host_peak_now(worker) > SANITIZER_FACTOR * worker->limits.memory_bytes + shared)
            return WATCH_MEMORY;
    }
}

/* No answer will come. */
static int judge_silence(struct host_worker *worker, enum watch_event event, double begun,
                         struct host_outcome *outcome, struct err *err)
{
    if (event == WATCH_ENDED) {
        outcome->wall_seconds += watch_now() - begun;
        return judge_death(worker, outcome, err);
    }
    account(worker, begun, outcome);
    if (event == WATCH_MEMORY)
        verdict_set(outcome, HOST_MEMORY, 0, "It used more memory than the limit of %zu MB.",
                    worker->limits.memory_bytes >> 20);
    else
        judge_time(worker, event, outcome);
    watch_end(&worker->watch);
    return ERR_OK;
}

int host_ask(struct host_worker *worker, const void *question, size_t question_size, uint32_t kind,
             void *answer, size_t answer_size, bool *answered, struct host_outcome *outcome, struct err *err)
{
    double begun = watch_now(), wall = begun + worker->limits.wall_seconds;
    double cpu = worker->cpu_before + worker->limits.cpu_seconds;
    *answered = false;
    if (!watch_alive(&worker->watch))
        return err_set(err, ERR_INVALID, "sandbox: the worker has ended and cannot be asked");
    enum reception got = NONSENSE;
    near_ask(&worker->near, worker->watch.process.pid, begun);
    if (question_size == 0 || send_question(worker, question, question_size))
        got = receive(worker, kind, answer, answer_size, 0);
    near_answered(&worker->near, worker->watch.process.pid, watch_now() - begun);
    while (got == NOTHING_YET) {
        enum watch_event event = wait_for(worker, wall, cpu);
        if (event != WATCH_MESSAGE)
            return judge_silence(worker, event, begun, outcome, err);
        got = receive(worker, kind, answer, answer_size, MSG_DONTWAIT);
        (void)watch_cpu(&worker->watch); /* last words without end cost it its time */
    }
    *answered = got == ANSWER;
    if (got == ANSWER)
        account(worker, begun, outcome);
    else
        put_down(worker, outcome);
    return ERR_OK;
}
