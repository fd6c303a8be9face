/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A worker: its shared memory, its jail, its beginning and its end. */
#define _GNU_SOURCE /* memfd_create, pipe2 */
#include "sim/plugin/embedded.h"
#include "sim/plugin/form.h"
#include "sim/plugin/host_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

enum { STACK_MOST = 8 << 20, OWN_CODE = 24 << 20 };

/* ---- shared memory ---- */

static size_t whole_pages(size_t bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return (bytes + page - 1) / page * page;
}

/* `seals`: what the other side cannot do; resizing never, or reading here could kill us. */
static int share(struct host_memory *memory, size_t bytes, int seals, struct err *err)
{
    memory->bytes = whole_pages(bytes > 0 ? bytes : 1);
    memory->fd = memfd_create("byzsim", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (memory->fd >= 0 && ftruncate(memory->fd, (off_t)memory->bytes) == 0)
        memory->base =
            mmap(NULL, memory->bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, memory->fd, 0);
    if (memory->base == MAP_FAILED)
        memory->base = NULL;
    if (memory->base != NULL &&
        fcntl(memory->fd, F_ADD_SEALS, seals | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
        return ERR_OK;
    return err_set(err, ERR_MEMORY, "sandbox: no shared memory of %zu bytes: %s", memory->bytes,
                   strerror(errno));
}

static void unshare_memory(struct host_memory *memory)
{
    if (memory->base != NULL)
        munmap(memory->base, memory->bytes);
    if (memory->fd >= 0)
        close(memory->fd);
    *memory = (struct host_memory){.fd = -1};
}

static int share_all(struct host_worker *worker, struct err *err)
{
    const struct host_room *room = &worker->room;
    size_t most = SIZE_MAX / 64, senders = room->senders > 0 ? room->senders : 1;
    if (room->d == 0 || room->rows == 0 || room->ld < room->d || room->ld > most / room->rows ||
        room->ld > most / senders)
        return err_set(err, ERR_INVALID, "sandbox: %zu rows of %zu numbers, %zu apart, are no matrix",
                       room->rows, room->d, room->ld);
    int rc = share(&worker->input, room->rows * room->ld * sizeof(float), F_SEAL_FUTURE_WRITE, err);
    if (rc == ERR_OK)
        rc = share(&worker->output, senders * room->ld * sizeof(float), 0, err);
    if (rc == ERR_OK)
        rc = share(&worker->state, worker->limits.memory_bytes, 0, err);
    return rc;
}

/* ---- the jail ---- */

static int make_rules(const struct host_worker *worker, int *rules, struct err *err)
{
    const struct host *host = worker->host;
    struct landlock_path paths[HOST_PATHS_MOST + 6] = {
        {"/usr/lib", LANDLOCK_EXECUTE},   {"/lib", LANDLOCK_EXECUTE},          {"/lib64", LANDLOCK_EXECUTE},
        {"/usr/lib64", LANDLOCK_EXECUTE}, {"/etc/ld.so.cache", LANDLOCK_READ},
    };
    size_t count = worker->backend == HOST_STATIC ? 0 : 5;
    if (worker->backend == HOST_PYTHON) {
        paths[count++] = (struct landlock_path){host->python.program, LANDLOCK_EXECUTE};
        for (size_t k = 0; k < host->python.path_count; k++)
            paths[count++] = (struct landlock_path){host->python.paths[k], LANDLOCK_READ};
    }
    return landlock_make(host->landlock_abi, paths, count, rules, err);
}

static void set_limits(const struct host_worker *worker, struct spawn *spawn)
{
    size_t shared = worker->input.bytes + worker->output.bytes;
    size_t space = worker->limits.memory_bytes + shared + OWN_CODE + STACK_MOST;
    if (worker->backend == HOST_PYTHON)
        space += worker->host->python.base_bytes;
    const struct spawn_limit limits[] = {
        {RLIMIT_FSIZE, 0}, {RLIMIT_NOFILE, 64}, {RLIMIT_STACK, STACK_MOST}, {RLIMIT_AS, space}};
    /* AddressSanitizer reserves terabytes of address space, and limits allocations itself. */
    spawn->limit_count = sizeof limits / sizeof *limits - (worker->backend == HOST_SANITIZED ? 1 : 0);
    memcpy(spawn->limits, limits, spawn->limit_count * sizeof *limits);
    spawn->no_children = true;
}

static int run_in_jail(struct host_worker *worker, struct spawn *spawn, struct spawn_process *process,
                       struct err *err)
{
    const struct host *host = worker->host;
    const char *program[] = {"worker", NULL};
    const char *python[] = {"python3", "-I", "-B", "-X", "faulthandler", "-c", embedded_host_py, NULL};
    const char *environment[] = {
        "LC_ALL=C.UTF-8", "OMP_NUM_THREADS=1", "OMP_THREAD_LIMIT=1", NULL, NULL, NULL};
    if (worker->backend == HOST_PYTHON) {
        environment[3] = "OPENBLAS_NUM_THREADS=1";
        environment[4] = "PYTHONHASHSEED=0";
    }
    spawn->arguments = worker->backend == HOST_PYTHON ? python : program;
    spawn->path = worker->backend == HOST_PYTHON ? host->python.program : NULL;
    spawn->environment = environment;
    spawn->uid = host->uid_drop ? spawn_user() : 0;
    spawn->filter = worker->backend == HOST_STATIC ? &host->filters[FILTER_STARTING] : NULL;
    spawn->landlock = -1;
    set_limits(worker, spawn);
    int rc = host->landlock_abi > 0 ? make_rules(worker, &spawn->landlock, err) : ERR_OK;
    if (rc == ERR_OK)
        rc = spawn_start(spawn, process, err);
    if (spawn->landlock >= 0)
        close(spawn->landlock);
    spawn->arguments = spawn->environment = NULL;
    return rc;
}

/* Descriptors: both ends of what it speaks through, its shared memory, and the plugin where that is loaded.
 */
static int launch(struct host_worker *worker, const struct host_artefact *artefact, int program,
                  struct err *err)
{
    int talk[2] = {-1, -1}, said[2] = {-1, -1}, nothing = open("/dev/null", O_RDWR | O_CLOEXEC), rc = ERR_OK;
    struct spawn_process process;
    if (nothing < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, talk) != 0 ||
        pipe2(said, O_CLOEXEC) != 0)
        rc = err_set(err, ERR_IO, "sandbox: no way to speak to a worker: %s", strerror(errno));
    /* How long an answer is waited for before anything else is looked at: see host_ask.c. */
    const struct timeval moment = {.tv_usec = (suseconds_t)(1e6 * NEAR_QUICK)};
    if (rc == ERR_OK)
        (void)setsockopt(talk[0], SOL_SOCKET, SO_RCVTIMEO, &moment, sizeof moment);
    struct spawn spawn = {.program_fd = program,
                          .fds = {nothing, said[1], said[1], talk[1], worker->input.fd, worker->output.fd,
                                  worker->state.fd, artefact->plugin},
                          .fd_count = artefact->plugin >= 0 ? 8 : 7};
    if (rc == ERR_OK)
        rc = run_in_jail(worker, &spawn, &process, err);
    if (rc == ERR_OK)
        watch_begin(&worker->watch, &process, talk[0], said[0], worker->limits.output_bytes);
    const int done[] = {nothing, talk[1], said[1], rc == ERR_OK ? -1 : talk[0], rc == ERR_OK ? -1 : said[0]};
    for (size_t k = 0; k < sizeof done / sizeof *done; k++)
        if (done[k] >= 0)
            close(done[k]);
    return rc;
}

/* ---- loading ---- */

static void add_filter(struct worker_start *start, uint32_t *length, const struct filter *filter)
{
    uint32_t used = start->first_length + start->second_length;
    if (filter->length > WORKER_FILTER_MOST - used)
        return; /* cannot be: filter.c makes them shorter, and the tests say so */
    memcpy(start->filters + used, filter->code, filter->length * sizeof *filter->code);
    *length = filter->length;
}

static void fill_start(const struct host_worker *worker, struct worker_start *start)
{
    static const enum filter_kind first[] = {FILTER_RUNNING, FILTER_LOADING, FILTER_SANITIZED, FILTER_PYTHON};
    const struct filter *filters = worker->host->filters;
    *start = (struct worker_start){.kind = WORKER_START,
                                   .entry = {BYZ_PLUGIN_MAGIC, BYZ_PLUGIN_ABI, sizeof(struct byz_plugin),
                                             sizeof(struct byz_knob), sizeof(struct byz_call), 0, NULL},
                                   .input_bytes = worker->input.bytes,
                                   .output_bytes = worker->output.bytes,
                                   .state_bytes = worker->state.bytes,
                                   .stack_bytes = STACK_MOST};
    memcpy(start->name, worker->name, sizeof start->name);
    add_filter(start, &start->first_length, &filters[first[worker->backend]]);
    if (worker->backend == HOST_DLOPEN)
        add_filter(start, &start->second_length, &filters[FILTER_RUNNING]);
    filter_settle(start->filters, start->first_length + start->second_length,
                  (uint32_t)worker->watch.process.pid);
}

/* Believes nothing of it before plugin_form has looked. */
static int introduce(struct host_worker *worker, struct worker_ready *ready, struct host_outcome *outcome,
                     struct err *err)
{
    char reason[PLUGIN_FORM_SIZE] = "";
    ready->text[sizeof ready->text - 1] = '\0';
    if (ready->problem == WORKER_NOT_LOCKED)
        return err_set(err, ERR_IO, "sandbox: the worker could not be locked");
    if (ready->problem == WORKER_NOT_LOADED)
        verdict_set(outcome, HOST_NOT_A_PLUGIN, 0, "It cannot be loaded: %s", ready->text);
    else if (ready->problem == WORKER_NO_ENTRY)
        verdict_set(outcome, HOST_NOT_A_PLUGIN, 0, "%s",
                    worker->backend == HOST_PYTHON
                        ? "It defines neither a function aggregate(x, f) nor a function attack(x, b)."
                        : "It has no function " BYZ_PLUGIN_ENTRY ": end the source in BYZ_SIMPLE_AGGREGATOR, "
                          "BYZ_SIMPLE_ATTACK or BYZ_PLUGIN.");
    else {
        ready->entry.plugin = ready->problem == WORKER_NO_DESCRIPTOR ? NULL : &ready->plugin;
        if (plugin_form_entry(&ready->entry, reason) != 0)
            verdict_set(outcome, HOST_NOT_A_PLUGIN, 0, "It loads, but %s.", reason);
    }
    worker->plugin = ready->plugin;
    worker->plugin.apply = NULL;
    worker->plugin.check = NULL;
    worker->plugin.state_bytes = worker->plugin.scratch_bytes = NULL;
    return ERR_OK;
}

static int load(struct host_worker *worker, struct host_outcome *outcome, struct err *err)
{
    struct worker_start start;
    struct worker_hello hello;
    struct worker_ready ready;
    bool answered = false;
    fill_start(worker, &start);
    int rc =
        host_ask(worker, &start, sizeof start, WORKER_HELLO, &hello, sizeof hello, &answered, outcome, err);
    if (rc != ERR_OK || !answered)
        return rc;
    if (hello.problem != WORKER_FINE)
        return err_set(err, ERR_IO, "sandbox: the worker could not be locked");
    worker->greeted = true;
    rc = host_ask(worker, &start, 0, WORKER_READY, &ready, sizeof ready, &answered, outcome, err);
    if (rc == ERR_OK && answered)
        rc = introduce(worker, &ready, outcome, err);
    worker->loaded = true;
    return rc;
}

/* What its back end needs on this machine. */
static int get_ready(struct host *host, const struct host_artefact *artefact, int *program, struct err *err)
{
    *program = artefact->program;
    int rc = host_require(host, host_isolation_of(host, artefact->backend), err);
    if (rc == ERR_OK && artefact->backend == HOST_PYTHON)
        rc = host_python_ready(host, err);
    if (rc == ERR_OK && artefact->backend == HOST_DLOPEN)
        rc = host_tools_loader(host, program, err);
    return rc;
}

static struct host_worker *make_worker(struct host *host, const struct host_artefact *artefact,
                                       const struct host_limits *limits, const struct host_room *room)
{
    struct host_worker *made = calloc(1, sizeof *made);
    if (made == NULL)
        return NULL;
    made->host = host;
    made->backend = artefact->backend;
    made->isolation = host_isolation_of(host, artefact->backend);
    made->limits = *limits;
    made->room = *room;
    made->input.fd = made->output.fd = made->state.fd = -1;
    made->watch.control = made->watch.said = made->watch.process.fd = -1;
    memcpy(made->name, artefact->name, sizeof made->name);
    return made;
}

static int begin(struct host_worker *worker, const struct host_artefact *artefact, int program,
                 struct host_outcome *outcome, struct err *err)
{
    int rc = share_all(worker, err);
    if (rc == ERR_OK)
        rc = launch(worker, artefact, program, err);
    return rc == ERR_OK ? load(worker, outcome, err) : rc;
}

int host_start(struct host *host, const struct host_artefact *artefact, const struct host_limits *limits,
               const struct host_room *room, struct host_worker **worker, struct host_outcome *outcome,
               struct err *err)
{
    int program = -1;
    *worker = NULL;
    *outcome = (struct host_outcome){.verdict = HOST_OK};
    int rc = get_ready(host, artefact, &program, err);
    struct host_worker *made = rc == ERR_OK ? make_worker(host, artefact, limits, room) : NULL;
    if (made != NULL)
        rc = begin(made, artefact, program, outcome, err);
    else if (rc == ERR_OK)
        rc = err_set(err, ERR_MEMORY, "sandbox: out of memory");
    if (rc != ERR_OK)
        verdict_set(outcome, HOST_INTERNAL_ERROR, 0, "The plugin could not be started: our side failed.");
    if (rc == ERR_OK && outcome->verdict == HOST_OK)
        *worker = made;
    else
        host_stop(made);
    return rc;
}

void host_stop(struct host_worker *worker)
{
    if (worker == NULL)
        return;
    watch_fini(&worker->watch);
    unshare_memory(&worker->input);
    unshare_memory(&worker->output);
    unshare_memory(&worker->state);
    free(worker);
}
