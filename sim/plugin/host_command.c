/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A compiler or one of its companions, in a jail: it reads the system's headers and libraries and one folder.
 */
#define _GNU_SOURCE /* pipe2 */
#include "sim/plugin/host_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CPU_SECONDS = 20, WALL_SECONDS = 60, SAID_MOST = 64 << 10, FILE_MOST = 64 << 20 };

#define MEMORY_MOST ((rlim_t)1 << 30)

void host_command_add(struct host_command *command, const char *const *words, size_t count)
{
    for (size_t k = 0; k < count && command->count < HOST_WORDS_MOST - 1; k++)
        command->words[command->count++] = words[k];
    command->words[command->count] = NULL;
}

void host_command_compiler(const struct host *host, struct host_command *command)
{
    command->count = 0;
    host_command_add(command, host->tools.compiler, host->tools.compiler_words);
}

/* Those of trusted plugins, so that both give the same bytes. */
void host_command_flags(const struct host *host, struct host_command *command, bool sanitize)
{
    static const char *const plain[] = {"-std=c11",
                                        "-O2",
                                        "-g",
                                        "-fPIC",
                                        "-fvisibility=hidden",
                                        "-fno-common",
                                        "-ffp-contract=off",
                                        "-fno-math-errno",
                                        "-Wall",
                                        "-Wextra",
                                        "-Wshadow",
                                        "-fdiagnostics-color=never",
                                        "-I."};
    static const char *const watched[] = {"-fsanitize=address,undefined", "-fno-sanitize-recover=all",
                                          "-fno-omit-frame-pointer", "-O1"};
    host_command_add(command, plain, sizeof plain / sizeof *plain);
    host_command_add(command, host->tools.messages, HOST_MESSAGE_FLAGS);
    if (sanitize)
        host_command_add(command, watched, sizeof watched / sizeof *watched);
}

static int make_rules(const struct host *host, const char *folder, int *rules, struct err *err)
{
    char *own = text_copy(host->tools.program == NULL ? "/usr/bin/cc" : host->tools.program);
    if (own == NULL)
        return err_set(err, ERR_MEMORY, "sandbox: out of memory");
    for (int k = 0; k < 2; k++) /* .../bin/cc: its libraries are beside bin */
        if (strrchr(own, '/') != NULL)
            *strrchr(own, '/') = '\0';
    bool elsewhere = strcmp(own, "/usr") != 0 && strcmp(own, "/usr/local") != 0 && own[0] == '/';
    const struct landlock_path paths[] = {{"/usr/bin", LANDLOCK_EXECUTE},
                                          {"/bin", LANDLOCK_EXECUTE},
                                          {"/usr/lib", LANDLOCK_EXECUTE},
                                          {"/lib", LANDLOCK_EXECUTE},
                                          {"/usr/lib64", LANDLOCK_EXECUTE},
                                          {"/lib64", LANDLOCK_EXECUTE},
                                          {"/usr/lib32", LANDLOCK_EXECUTE},
                                          {"/usr/libexec", LANDLOCK_EXECUTE},
                                          {"/usr/local/bin", LANDLOCK_EXECUTE},
                                          {"/usr/local/lib", LANDLOCK_EXECUTE},
                                          {"/usr/include", LANDLOCK_READ},
                                          {"/usr/local/include", LANDLOCK_READ},
                                          {"/etc/ld.so.cache", LANDLOCK_READ},
                                          {folder, LANDLOCK_WRITE},
                                          {elsewhere ? own : "/usr/lib", LANDLOCK_EXECUTE}};
    int rc = landlock_make(host->landlock_abi, paths, sizeof paths / sizeof *paths, rules, err);
    free(own);
    return rc;
}

static void set_limits(const struct host *host, struct spawn *spawn)
{
    const struct spawn_limit limits[] = {{RLIMIT_CPU, CPU_SECONDS}, {RLIMIT_AS, MEMORY_MOST},
                                         {RLIMIT_FSIZE, FILE_MOST}, {RLIMIT_NOFILE, 64},
                                         {RLIMIT_STACK, 64 << 20},  {RLIMIT_NPROC, 64}};
    /* A limit of processes counts all of a user's, so only for a user of its own. */
    spawn->limit_count = sizeof limits / sizeof *limits - (host->uid_drop ? 0 : 1);
    memcpy(spawn->limits, limits, spawn->limit_count * sizeof *limits);
}

/* Starts it with the writing end of a pipe as its output; *said is the reading end. */
static int start(const struct host *host, const struct host_command *command, const char *folder,
                 struct spawn_process *process, int *said, struct err *err)
{
    char temporary[HOST_FOLDER + 8];
    const char *environment[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C", temporary, NULL};
    snprintf(temporary, sizeof temporary, "TMPDIR=%s", folder);
    struct spawn spawn = {.path = command->words[0],
                          .arguments = command->words,
                          .environment = environment,
                          .directory = folder,
                          .fd_count = 3,
                          .landlock = -1,
                          .uid = host->uid_drop ? spawn_user() : 0,
                          .filter = &host->filters[FILTER_COMPILER]};
    set_limits(host, &spawn);
    int ends[2] = {-1, -1}, nothing = open("/dev/null", O_RDWR | O_CLOEXEC), rc = ERR_OK;
    if (nothing < 0 || pipe2(ends, O_CLOEXEC) != 0)
        rc = err_set(err, ERR_IO, "sandbox: no pipe for the compiler: %s", strerror(errno));
    spawn.fds[0] = nothing;
    spawn.fds[1] = spawn.fds[2] = ends[1];
    if (rc == ERR_OK && host->landlock_abi > 0)
        rc = make_rules(host, folder, &spawn.landlock, err);
    if (rc == ERR_OK)
        rc = spawn_start(&spawn, process, err);
    const int done[] = {nothing, ends[1], spawn.landlock, rc == ERR_OK ? -1 : ends[0]};
    for (size_t k = 0; k < sizeof done / sizeof *done; k++)
        if (done[k] >= 0)
            close(done[k]);
    *said = ends[0];
    return rc;
}

static void judge(enum watch_event event, int status, struct host_outcome *outcome)
{
    if (event != WATCH_ENDED)
        verdict_set(outcome, HOST_WALL_TIMEOUT, WALL_SECONDS * 1000, "Compiling took longer than %d s.",
                    WALL_SECONDS);
    else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
        verdict_set(outcome, HOST_CPU_TIMEOUT, CPU_SECONDS * 1000,
                    "Compiling took more than %d s of CPU time.", CPU_SECONDS);
    else if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        verdict_set(outcome, HOST_OK, 0, "It compiles.");
    else
        verdict_set(outcome, HOST_COMPILE_ERROR, 0,
                    "The source does not compile; see what the compiler says.");
}

int host_command_run(const struct host *host, const struct host_command *command, const char *folder,
                     struct text *said, struct host_outcome *outcome, struct err *err)
{
    struct spawn_process process;
    struct watch watch;
    int pipe_end;
    int rc = start(host, command, folder, &process, &pipe_end, err);
    if (rc != ERR_OK)
        return rc;
    watch_begin(&watch, &process, -1, pipe_end, SAID_MOST);
    enum watch_event event = watch_until(&watch, watch_now() + WALL_SECONDS, 1e9);
    watch_end(&watch);
    judge(event, watch.status, outcome);
    text_append(said, text_string(&watch.kept), watch.kept.length);
    if (watch.cut)
        text_add(said, "\n(there is more)\n");
    if (watch.kept.failed || said->failed)
        rc = err_set(err, ERR_MEMORY, "sandbox: out of memory");
    watch_fini(&watch);
    return rc;
}
