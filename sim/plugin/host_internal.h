/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the host share. */
#ifndef SIM_PLUGIN_HOST_INTERNAL_H
#define SIM_PLUGIN_HOST_INTERNAL_H

#include "sim/plugin/host.h"
#include "sim/plugin/host_tools.h"
#include "sim/plugin/landlock.h"
#include "sim/plugin/near.h"
#include "sim/plugin/watch.h"
#include <pthread.h>

enum host_backend { HOST_STATIC, HOST_DLOPEN, HOST_SANITIZED, HOST_PYTHON, HOST_BACKENDS };

enum { HOST_PATHS_MOST = 32 };

struct host_python {
    enum host_tool_state state;
    struct err err;
    char *program, *text;               /* text: the paths, one after the other */
    const char *paths[HOST_PATHS_MOST]; /* folders with modules */
    size_t path_count, base_bytes;      /* address space of an interpreter with numpy */
};

struct host {
    struct host_policy policy;
    int landlock_abi;
    bool seccomp, uid_drop;
    struct filter filters[FILTER_KINDS];
    pthread_mutex_t mutex; /* held while tools and python are looked for */
    struct host_python python;
    struct host_tools tools;
};

struct host_artefact {
    enum host_backend backend;
    int program; /* -1: the interpreter */
    int plugin;  /* .so, .py; -1: within program */
    char name[256];
};

/* Shared with the worker, which cannot resize it: input it cannot change either. */
struct host_memory {
    int fd; /* -1: none */
    char *base;
    size_t bytes; /* whole pages */
};

struct host_worker {
    struct host *host;
    enum host_backend backend;
    struct host_isolation isolation;
    struct host_limits limits;
    struct host_room room;
    struct host_memory input, output, state;
    size_t state_bytes;
    struct watch watch;
    struct near near;
    double cpu_before; /* CPU clock at its last answer */
    struct byz_plugin plugin;
    size_t n, f, d;                          /* prepared for; d 0: not yet */
    size_t padded_rows, padded_d, padded_ld; /* shape around which the matrix is NaN now */
    bool marked;                             /* the whole output says that nobody wrote it */
    bool greeted, loaded;                    /* its own code has begun; the plugin is there */
    struct worker_fault fault;               /* its last word; kind 0: none */
    char name[256];
};

/* ---- host.c ---- */
enum host_backend host_backend_of(const struct host *host, const char *name);
struct host_isolation host_isolation_of(const struct host *host, enum host_backend backend);
int host_require(const struct host *host, struct host_isolation isolation, struct err *err);

/* ---- host_python.c ---- */
int host_python_ready(struct host *host, struct err *err);
void host_python_fini(struct host_python *python);

/* ---- host_ask.c ---- */
/* Sends a message (size 0: none) and waits for one of that kind and size. Where none comes *answered is
 * false, the outcome says why, and the worker is dead. */
int host_ask(struct host_worker *worker, const void *question, size_t question_size, uint32_t kind,
             void *answer, size_t answer_size, bool *answered, struct host_outcome *outcome, struct err *err);

/* ---- host_peak.c ---- */
/* Bytes resident before a call, 0 when the kernel does not tell; and the most in between beyond that. */
size_t host_peak_begin(const struct host_worker *worker);
size_t host_peak_end(const struct host_worker *worker, size_t before);
size_t host_peak_now(const struct host_worker *worker);

/* ---- host_report.c ---- */
/* HOST_MEMORY_ERROR from what the sanitizers printed. */
void host_report(const struct host_worker *worker, struct host_outcome *outcome);

#endif
