/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The trusted side of a plugin that nobody trusts. Such a plugin never runs in this process: it is built in a
 * jail, runs in a worker process that can compute and nothing else, and fills one output array. Everything
 * that counts (correctness, time, memory, why it stopped) is established on this side.
 *
 *     host_create -> host_build -> host_start -> host_prepare -> host_call ... -> host_stop
 *
 * Two kinds of failure, kept apart. A function returns non-zero and fills *err when this side could not do
 * its work (no process, no memory, isolation that is not to be had): that costs nobody points; the verdict is
 * then HOST_INTERNAL_ERROR. What the plugin did wrong is the verdict in *outcome, and the function returns 0.
 *
 * A host and an artefact may be used by several threads at once, a worker by the thread that started it; that
 * thread must outlive it (the kernel kills the worker when the thread ends). What a plugin says (diagnostics,
 * output, reasons, texts) is hostile text: clean it before it is shown.
 */
#ifndef SIM_PLUGIN_HOST_H
#define SIM_PLUGIN_HOST_H

#include "sim/api/byz_plugin.h"
#include "sim/base/err.h"
#include "sim/plugin/isolation.h"
#include "sim/plugin/verdict.h"
#include <stdbool.h>

struct host;          /* tools: compiler, what this machine can do, the worker's own code */
struct host_artefact; /* a plugin ready to be started */
struct host_worker;   /* a process with a plugin in it */

/* 10 s of CPU time, 40 s, 512 MiB, 8 KiB. */
struct host_limits host_limits_default(void);

/* *policy is copied, its strings are borrowed. Fails when the machine cannot give policy->require: says what
 * is missing and the cure. */
int host_create(const struct host_policy *policy, struct host **host, struct err *err);
void host_free(struct host *host);

/* The isolation that a plugin of this name ("x.c", "x.so", "x.py") will have here. */
struct host_isolation host_isolation(struct host *host, const char *name);

/* Reads a submission: a regular file, not a link, at most 1 MiB (.so: 16 MiB). What is wrong with the file is
 * its author's fault: HOST_COMPILE_ERROR. *bytes is malloc'ed. */
int host_read(const char *path, char **bytes, size_t *length, struct host_outcome *outcome, struct err *err);

/* With AddressSanitizer and UndefinedBehaviorSanitizer; C sources alone. Slower, for finding errors only. */
enum host_build_flag { HOST_SANITIZE = 1 << 0 };

/* Builds the plugin called `name` (no folder; ends in .c, .so or .py) from its bytes. *diagnostics, unless
 * NULL, receives malloc'ed text of the compiler, warnings included, "" when it said nothing. *artefact is
 * NULL unless the verdict is HOST_OK. */
int host_build(struct host *host, const char *name, const char *bytes, size_t length, unsigned flags,
               struct host_artefact **artefact, char **diagnostics, struct host_outcome *outcome,
               struct err *err);
void host_artefact_free(struct host_artefact *artefact);

/* The largest calls that a worker will get; bounds what it sees, so a tight one finds more errors. */
struct host_room {
    size_t rows;    /* n; an attack: n + senders, for `own` lies behind x */
    size_t d, ld;   /* ld a multiple of 16 for aligned rows */
    size_t senders; /* rows of the output: 1, or those an attack writes */
};

/* Starts a process and loads the plugin. *worker is NULL unless the verdict is HOST_OK. */
int host_start(struct host *host, const struct host_artefact *artefact, const struct host_limits *limits,
               const struct host_room *room, struct host_worker **worker, struct host_outcome *outcome,
               struct err *err);

/* The plugin's description of itself, checked for form, its functions NULL; owned by the worker. */
const struct byz_plugin *host_description(const struct host_worker *worker);

/* Before the first call, and when knobs, n, f (an attack: b) or d change: asks the plugin's check
 * (HOST_UNSUITABLE, with its reason in the text), lays out scratch and state (zeros). `knobs` are in the
 * order of the description's table; NULL: its defaults. */
int host_prepare(struct host_worker *worker, const double *knobs, size_t n, size_t f, size_t d,
                 struct host_outcome *outcome, struct err *err);

/* The plugin's state, to save and to restore between calls; NULL and 0 bytes when it has none. */
void *host_state(struct host_worker *worker, size_t *bytes);

/* The rows that the worker sees and cannot change: (room.rows, room.d), room.ld apart. Filled here, they need
 * not be copied (host_call with x NULL). */
float *host_matrix(struct host_worker *worker);

struct host_call {
    size_t n, f, d, ld; /* ld as the plugin will see it; n * ld within the room */
    uint64_t round, seed;
    const float *x; /* (n, d), x_ld apart, copied into the worker's view; NULL: host_matrix holds them */
    size_t x_ld;
    const size_t *order; /* (n) row i of the view is row order[i] of x: a secret permutation; NULL: as is */
    size_t workers, b;   /* attack: see byz_plugin.h */
    size_t senders;      /* attack: rows to write; a rule: 0 */
    const float *own;    /* attack: (senders, d), x_ld apart; NULL: none given */
    float *out; /* (d), an attack that is not ONE_ROW: (senders, d), out_ld apart; HOST_OK alone fills it */
    size_t out_ld;
    bool measure_memory; /* fill outcome->peak_bytes: costs some 100 us */
};

/* One call. A worker that has not answered is dead: host_worker_alive tells. */
int host_call(struct host_worker *worker, const struct host_call *call, struct host_outcome *outcome,
              struct err *err);
bool host_worker_alive(const struct host_worker *worker);

/* Around calls that follow each other within microseconds, to one worker or several, by this thread: they are
 * kept from the trouble of waking another processor (near.h). Rows nest; each begin has its end. */
void host_row_begin(void);
void host_row_end(void);

/* What the plugin printed so far, NUL-terminated; *cut: there was more. Valid until the next call. */
const char *host_output(struct host_worker *worker, size_t *length, bool *cut);

struct host_isolation host_worker_isolation(const struct host_worker *worker);

/* Kills and reaps; NULL is allowed. Nothing of the worker is left when this returns. */
void host_stop(struct host_worker *worker);

#endif
