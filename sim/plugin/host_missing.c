/* SPDX-License-Identifier: GPL-3.0-or-later */
/* In the place of the sandbox where there is none: what needs it is refused, with the reason. */
#include "sim/plugin/host.h"

#ifdef __linux__
_Static_assert(sizeof(struct host_outcome) > 0, "the sandbox itself is in host.c and the files beside it");
#else

static int missing(struct err *err)
{
    return err_set(
        err, ERR_INVALID,
        "sandbox: plugins can be isolated on Linux alone; run this on Linux (a container will do), or "
        "use the plugin as a trusted one");
}

struct host_limits host_limits_default(void)
{
    return (struct host_limits){
        .cpu_seconds = 10, .wall_seconds = 40, .memory_bytes = (size_t)512 << 20, .output_bytes = 8192};
}

int host_create(const struct host_policy *policy, struct host **host, struct err *err)
{
    (void)policy;
    *host = NULL;
    return missing(err);
}

void host_free(struct host *host)
{
    (void)host;
}

struct host_isolation host_isolation(struct host *host, const char *name)
{
    (void)host;
    (void)name;
    return (struct host_isolation){.backend = "none"};
}

int host_read(const char *path, char **bytes, size_t *length, struct host_outcome *outcome, struct err *err)
{
    (void)path;
    (void)length;
    *bytes = NULL;
    outcome->verdict = HOST_INTERNAL_ERROR;
    return missing(err);
}

int host_build(struct host *host, const char *name, const char *bytes, size_t length, unsigned flags,
               struct host_artefact **artefact, char **diagnostics, struct host_outcome *outcome,
               struct err *err)
{
    (void)host;
    (void)flags;
    (void)length;
    (void)name;
    (void)bytes;
    *artefact = NULL;
    if (diagnostics != NULL)
        *diagnostics = NULL;
    outcome->verdict = HOST_INTERNAL_ERROR;
    return missing(err);
}

void host_artefact_free(struct host_artefact *artefact)
{
    (void)artefact;
}

int host_start(struct host *host, const struct host_artefact *artefact, const struct host_limits *limits,
               const struct host_room *room, struct host_worker **worker, struct host_outcome *outcome,
               struct err *err)
{
    (void)host;
    (void)artefact;
    (void)limits;
    (void)room;
    *worker = NULL;
    outcome->verdict = HOST_INTERNAL_ERROR;
    return missing(err);
}

const struct byz_plugin *host_description(const struct host_worker *worker)
{
    (void)worker;
    return NULL;
}

int host_prepare(struct host_worker *worker, const double *knobs, size_t n, size_t f, size_t d,
                 struct host_outcome *outcome, struct err *err)
{
    (void)worker;
    (void)knobs;
    (void)n;
    (void)f;
    (void)d;
    outcome->verdict = HOST_INTERNAL_ERROR;
    return missing(err);
}

void *host_state(struct host_worker *worker, size_t *bytes)
{
    (void)worker;
    *bytes = 0;
    return NULL;
}

float *host_matrix(struct host_worker *worker)
{
    (void)worker;
    return NULL;
}

int host_call(struct host_worker *worker, const struct host_call *call, struct host_outcome *outcome,
              struct err *err)
{
    (void)worker;
    (void)call;
    outcome->verdict = HOST_INTERNAL_ERROR;
    return missing(err);
}

void host_row_begin(void) {}

void host_row_end(void) {}

bool host_worker_alive(const struct host_worker *worker)
{
    (void)worker;
    return false;
}

const char *host_output(struct host_worker *worker, size_t *length, bool *cut)
{
    (void)worker;
    *length = 0;
    *cut = false;
    return "";
}

struct host_isolation host_worker_isolation(const struct host_worker *worker)
{
    (void)worker;
    return (struct host_isolation){.backend = "none"};
}

void host_stop(struct host_worker *worker)
{
    (void)worker;
}
#endif
