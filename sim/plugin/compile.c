/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE /* posix_spawn_file_actions_addchdir_np */
#include "sim/plugin/compile.h"
#include "sim/base/file.h"
#include "sim/plugin/cache.h"
#include "sim/plugin/embedded.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { DIAGNOSTICS_MOST = 64 * 1024, WORDS_MOST = 64 };

#ifdef __APPLE__
#define LINK_FLAGS "-Wl,-undefined,error"
#else
#define LINK_FLAGS "-Wl,--no-undefined"
#endif

/* The same arithmetic as the program's own code: nothing is contracted, nothing depends on this processor.
 * Only flags that gcc and clang both know. */
static const char *const flags[] = {"-std=c11",
                                    "-O2",
                                    "-g",
                                    "-fPIC",
                                    "-shared",
                                    "-fvisibility=hidden",
                                    "-ffp-contract=off",
                                    "-fno-math-errno",
                                    "-Wall",
                                    "-Wextra",
                                    "-Wshadow",
                                    "-fdiagnostics-color=never",
                                    "-I.",
                                    "-o",
                                    "plugin.so"};

static const char *compiler(void)
{
    const char *cc = getenv("CC");
    return cc != NULL && cc[strspn(cc, " \t")] != '\0' ? cc : "cc";
}

static void hash(struct sha256_ctx *context, const char *bytes, size_t length)
{
    sha256_update(context, length, (const uint8_t *)bytes);
    sha256_update(context, 1, (const uint8_t *)"");
}

/* "<directory>/<hash>.so". */
static char *path_of(const char *directory, struct sha256_ctx *context)
{
    uint8_t digest[SHA256_DIGEST_SIZE];
    struct text path = {0};
    sha256_digest(context, sizeof digest, digest);
    text_printf(&path, "%s/", directory);
    for (size_t i = 0; i < sizeof digest; i++)
        text_printf(&path, "%02x", digest[i]);
    text_add(&path, ".so");
    if (path.failed)
        text_fini(&path);
    return path.data;
}

static char *path_of_source(const char *directory, const char *name, const char *bytes, size_t length)
{
    struct sha256_ctx context;
    sha256_init(&context);
    hash(&context, compiler(), strlen(compiler()));
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        hash(&context, flags[i], strlen(flags[i]));
    hash(&context, LINK_FLAGS, strlen(LINK_FLAGS));
    hash(&context, embedded_byz_plugin_h, strlen(embedded_byz_plugin_h));
    hash(&context, name, strlen(name));
    hash(&context, bytes, length);
    return path_of(directory, &context);
}

/* The compiler's words ("ccache gcc" is two), the flags, the source. `words` holds the first ones. */
static size_t arguments(char *words, const char *name, const char *list[WORDS_MOST])
{
    size_t count = 0;
    for (char *at = words + strspn(words, " \t"); *at != '\0' && count < WORDS_MOST / 2;
         at += strspn(at, " \t")) {
        list[count++] = at;
        at += strcspn(at, " \t");
        if (*at != '\0')
            *at++ = '\0';
    }
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        list[count++] = flags[i];
    list[count++] = name;
    list[count++] = LINK_FLAGS;
    list[count++] = "-lm";
    list[count] = NULL;
    return count;
}

/* Reads to the end of the pipe and keeps the first part. */
static void drain(int fd, struct text *diagnostics)
{
    char block[4096];
    ssize_t got;
    while ((got = read(fd, block, sizeof block)) > 0 || (got < 0 && errno == EINTR)) {
        size_t room = diagnostics->length < DIAGNOSTICS_MOST ? DIAGNOSTICS_MOST - diagnostics->length : 0;
        if (got > 0)
            text_append(diagnostics, block, (size_t)got < room ? (size_t)got : room);
    }
}

/* Starts the compiler in the folder, its messages going to `fd`. */
static int start(const char *directory, const char *const *list, int fd, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    int error = posix_spawn_file_actions_init(&actions);
    if (error != 0)
        return error;
    error = posix_spawn_file_actions_addchdir_np(&actions, directory);
    if (error == 0)
        error = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(&actions, fd, STDOUT_FILENO);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(&actions, fd, STDERR_FILENO);
    if (error == 0)
        error = posix_spawnp(pid, list[0], &actions, NULL, (char *const *)(uintptr_t)list, environ);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

/* Runs the compiler; *status as waitpid gives it. */
static int run(const char *directory, const char *name, struct text *diagnostics, int *status,
               struct err *err)
{
    const char *list[WORDS_MOST];
    int ends[2], error;
    pid_t pid = 0;
    char *words = text_copy(compiler());
    if (words == NULL)
        return err_set(err, ERR_MEMORY, "%s: out of memory", name);
    arguments(words, name, list);
    if (pipe(ends) != 0) {
        free(words);
        return err_set(err, ERR_IO, "%s: no pipe to the compiler: %s", name, strerror(errno));
    }
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    error = start(directory, list, ends[1], &pid);
    close(ends[1]);
    if (error == 0)
        drain(ends[0], diagnostics);
    close(ends[0]);
    while (error == 0 && waitpid(pid, status, 0) < 0)
        error = errno == EINTR ? 0 : errno;
    if (error != 0)
        err_set(err, ERR_IO,
                "%s: the C compiler \"%s\" cannot be run: %s; install one (Debian: apt install gcc), "
                "or name another in CC",
                name, list[0], strerror(error));
    free(words);
    return error == 0 ? ERR_OK : ERR_IO;
}

/* Appends what the compiler said without the folder that it ran in, which is gone when the user reads it. */
static void add_without(struct text *out, const char *said, const char *directory)
{
    const size_t length = strlen(directory);
    for (const char *found; (found = strstr(said, directory)) != NULL;) {
        text_append(out, said, (size_t)(found - said));
        said = found + length + (found[length] == '/');
    }
    text_add(out, said);
}

/* The line of the first error, or else the first line. */
static void first_error(const char *diagnostics, struct text *line)
{
    const char *at = strstr(diagnostics, "error:"), *link = strstr(diagnostics, "undefined reference");
    if (at == NULL || (link != NULL && link < at))
        at = link;
    if (at == NULL)
        at = diagnostics;
    while (at > diagnostics && at[-1] != '\n')
        at--;
    text_append(line, at, strcspn(at, "\n"));
}

static int judge(const char *name, int status, const struct text *diagnostics, struct err *err)
{
    struct text line = {0};
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return ERR_OK;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127 && diagnostics->length == 0)
        return err_set(err, ERR_IO, "%s: the C compiler \"%s\" cannot be run", name, compiler());
    if (!WIFEXITED(status))
        return err_set(err, ERR_IO, "%s: the C compiler was ended by signal %d", name, WTERMSIG(status));
    first_error(text_string(diagnostics), &line);
    const char *what = text_string(&line);
    bool includes = strstr(what, "No such file") != NULL || strstr(what, "file not found") != NULL;
    err_set(err, ERR_CONFIG, "%s does not compile: %.900s (%s`byzsim plugin build` shows all messages)", name,
            what[0] != '\0' ? what : "the compiler failed without a message",
            includes ? "a plugin is one file, built alone beside byz_plugin.h; " : "");
    text_fini(&line);
    return ERR_CONFIG;
}

static int put(const char *directory, const char *name, const char *bytes, size_t length, struct err *err)
{
    char *path = file_join(directory, name);
    int rc = path == NULL ? err_set(err, ERR_MEMORY, "%s: out of memory", name)
                          : file_write(path, bytes, length, err);
    free(path);
    return rc;
}

static void take_away(const char *directory, const char *name)
{
    const char *const names[] = {name, "byz_plugin.h", "plugin.so"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *path = file_join(directory, names[i]);
        if (path != NULL)
            unlink(path);
        free(path);
    }
    rmdir(directory);
}

/* Compiles in a new folder and moves the library to its place. */
static int build(const char *cache, const char *name, const char *bytes, size_t length, const char *library,
                 struct text *diagnostics, struct err *err)
{
    struct text raw = {0}, said = {0}, directory = {0};
    int status = 0;
    char *made = NULL;
    text_printf(&directory, "%s/build-XXXXXX", cache);
    if (directory.failed || mkdtemp(directory.data) == NULL) {
        int rc = err_set(err, ERR_IO, "%s: no folder to compile in: %s", cache, strerror(errno));
        text_fini(&directory);
        return rc;
    }
    int rc = put(directory.data, name, bytes, length, err);
    if (rc == ERR_OK)
        rc = put(directory.data, "byz_plugin.h", embedded_byz_plugin_h, strlen(embedded_byz_plugin_h), err);
    if (rc == ERR_OK)
        rc = run(directory.data, name, &raw, &status, err);
    add_without(&said, text_string(&raw), directory.data);
    if (rc == ERR_OK)
        rc = judge(name, status, &said, err);
    made = file_join(directory.data, "plugin.so");
    if (rc == ERR_OK && (made == NULL || rename(made, library) != 0))
        rc = err_set(err, ERR_IO, "%s: cannot be kept: %s", library, strerror(errno));
    if (diagnostics != NULL)
        text_add(diagnostics, text_string(&said));
    free(made);
    take_away(directory.data, name);
    text_fini(&raw);
    text_fini(&said);
    text_fini(&directory);
    return rc;
}

int compile_source(const char *name, const char *bytes, size_t length, char **library,
                   struct text *diagnostics, struct err *err)
{
    const char *slash = strrchr(name, '/');
    struct text plain = {0};
    char *cache = NULL;
    *library = NULL;
    name = slash == NULL ? name : slash + 1;
    /* Neither an option nor a file of options to the compiler. */
    text_printf(&plain, "%s%s", name[0] == '-' || name[0] == '@' ? "_" : "", name);
    int rc =
        plain.failed ? err_set(err, ERR_MEMORY, "%s: out of memory", name) : cache_directory(&cache, err);
    if (rc == ERR_OK && (*library = path_of_source(cache, plain.data, bytes, length)) == NULL)
        rc = err_set(err, ERR_MEMORY, "%s: out of memory", name);
    /* Whoever wants to see the compiler's warnings has it run again. */
    if (rc == ERR_OK && (diagnostics != NULL || !file_exists(*library)))
        rc = build(cache, plain.data, bytes, length, *library, diagnostics, err);
    if (rc != ERR_OK) {
        free(*library);
        *library = NULL;
    }
    free(cache);
    text_fini(&plain);
    return rc;
}

int compile_keep(const char *name, const char *bytes, size_t length, char **library, struct err *err)
{
    char *cache = NULL;
    struct sha256_ctx context;
    *library = NULL;
    int rc = cache_directory(&cache, err);
    if (rc == ERR_OK) {
        sha256_init(&context);
        hash(&context, bytes, length);
        *library = path_of(cache, &context);
        rc = *library == NULL ? err_set(err, ERR_MEMORY, "%s: out of memory", name) : ERR_OK;
    }
    if (rc == ERR_OK && !file_exists(*library))
        rc = file_write(*library, bytes, length, err);
    if (rc != ERR_OK) {
        free(*library);
        *library = NULL;
    }
    free(cache);
    return rc;
}
