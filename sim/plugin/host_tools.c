/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finding the compiler, and building the worker's own code with it: once, when it is first needed. */
#include "sim/plugin/embedded.h"
#include "sim/plugin/host_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool can_run(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode) && access(path, X_OK) == 0;
}

char *host_tools_find(const char *name)
{
    const char *list = getenv("PATH");
    if (strchr(name, '/') != NULL)
        return name[0] == '/' && can_run(name) ? text_copy(name) : NULL;
    if (list == NULL)
        list = "/usr/local/bin:/usr/bin:/bin";
    while (*list != '\0') {
        int length = (int)strcspn(list, ":");
        struct text path = {0};
        text_printf(&path, "%.*s/%s", length, list, name);
        if (length > 0 && list[0] == '/' && !path.failed && can_run(path.data))
            return path.data;
        text_fini(&path);
        list += length + (list[length] == ':');
    }
    return NULL;
}

/* The words of "ccache gcc". */
static int find_compiler(struct host *host)
{
    struct host_tools *tools = &host->tools;
    const char *chosen = host->policy.compiler != NULL ? host->policy.compiler : getenv("CC");
    bool named = chosen != NULL && chosen[strspn(chosen, " \t")] != '\0';
    tools->words = text_copy(named ? chosen : "cc");
    if (tools->words == NULL)
        return err_set(&tools->err, ERR_MEMORY, "sandbox: out of memory");
    for (char *at = tools->words + strspn(tools->words, " \t");
         *at != '\0' && tools->compiler_words < HOST_WORDS_MOST / 4; at += strspn(at, " \t")) {
        tools->compiler[tools->compiler_words++] = at;
        at += strcspn(at, " \t");
        if (*at != '\0')
            *at++ = '\0';
    }
    tools->program = host_tools_find(tools->compiler[0]);
    if (tools->program == NULL)
        return err_set(
            &tools->err, ERR_INVALID,
            "sandbox: C plugins need a C compiler and there is no \"%s\" on PATH: install one, or name it "
            "with CC=...",
            tools->compiler[0]);
    tools->compiler[0] = tools->program;
    tools->objcopy = host_tools_find("objcopy");
    return ERR_OK;
}

int host_tools_source(const char *folder, struct err *err)
{
    struct text text = {0};
    text_add(&text, embedded_byz_plugin_h);
    text_add(&text, embedded_protocol_h);
    text_add(&text, embedded_worker_c);
    int rc = text.failed ? err_set(err, ERR_MEMORY, "sandbox: out of memory")
                         : host_folder_write(folder, "worker.c", text.data, text.length, err);
    text_fini(&text);
    return rc;
}

/* One step on the worker's own source, which must succeed; *works, unless NULL, says instead whether it did.
 */
static int step(struct host *host, const char *folder, const char *const *words, size_t count, bool *works,
                struct err *err)
{
    struct host_command command;
    struct host_outcome outcome = {0};
    struct text said = {0};
    host_command_compiler(host, &command);
    host_command_add(&command, words, count);
    int rc = host_command_run(host, &command, folder, &said, &outcome, err);
    if (works != NULL)
        *works = rc == ERR_OK && outcome.verdict == HOST_OK;
    else if (rc == ERR_OK && outcome.verdict != HOST_OK)
        rc = err_set(err, ERR_INVALID, "sandbox: the compiler %s cannot build the worker:\n%.1000s",
                     host->tools.program, said.length > 0 ? text_string(&said) : outcome.text);
    text_fini(&said);
    return rc;
}

#define STEP(host, folder, works, err, ...)                                                                  \
    step(host, folder, (const char *const[]){__VA_ARGS__},                                                   \
         sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *), works, err)

static const char *const messages[][HOST_MESSAGE_FLAGS] = {
    {"-fno-diagnostics-show-caret", "-fmax-errors=20"}, /* gcc */
    {"-fno-caret-diagnostics", "-ferror-limit=20"},     /* clang */
};

/* By the first flags for its messages that the compiler takes. */
static int build_worker(struct host *host, const char *folder, struct err *err)
{
    struct host_tools *tools = &host->tools;
    size_t last = sizeof messages / sizeof *messages - 1;
    bool works = false;
    int rc = host_tools_source(folder, err);
    for (size_t k = 0; rc == ERR_OK && !works && k <= last; k++) {
        tools->messages = messages[k];
        rc = STEP(host, folder, k < last ? &works : NULL, err, tools->messages[0], tools->messages[1],
                  "-std=gnu11", "-D_GNU_SOURCE", "-O2", "-DWORKER_WRAPS", "-c", "-o", "worker.o", "worker.c");
    }
    if (rc == ERR_OK && (host->policy.lack & ISOLATION_NO_STATIC) == 0)
        rc = STEP(host, folder, &tools->is_static, err, "-static", "-o", "probe", "worker.o", HOST_WRAPS,
                  "-lm");
    if (rc == ERR_OK)
        rc = host_folder_read(folder, "worker.o", &tools->object, &tools->object_length, err);
    return rc;
}

static int find_tools(struct host *host)
{
    char folder[HOST_FOLDER];
    int lock = -1;
    int rc = find_compiler(host);
    if (rc == ERR_OK)
        rc = host_folder_make(host, folder, &lock, &host->tools.err);
    if (rc != ERR_OK)
        return rc;
    rc = build_worker(host, folder, &host->tools.err);
    host_folder_remove(folder, lock);
    return rc;
}

int host_tools_ready(struct host *host, struct err *err)
{
    struct host_tools *tools = &host->tools;
    pthread_mutex_lock(&host->mutex);
    if (tools->state == HOST_TOOL_UNKNOWN)
        tools->state = find_tools(host) == ERR_OK ? HOST_TOOL_READY : HOST_TOOL_MISSING;
    pthread_mutex_unlock(&host->mutex);
    return tools->state == HOST_TOOL_READY ? ERR_OK : err_set(err, tools->err.code, "%s", tools->err.text);
}

static int build_loader(struct host *host, const char *folder, struct err *err)
{
    char *bytes = NULL;
    size_t length = 0;
    int rc = host_tools_source(folder, err);
    if (rc == ERR_OK)
        rc = STEP(host, folder, NULL, err, "-std=gnu11", "-D_GNU_SOURCE", "-O2", "-DWORKER_LOADS", "-o",
                  "loader", "worker.c", "-ldl", "-lm");
    if (rc == ERR_OK)
        rc = host_folder_read(folder, "loader", &bytes, &length, err);
    if (rc == ERR_OK)
        rc = host_folder_seal(bytes, length, &host->tools.loader, err);
    free(bytes);
    return rc;
}

int host_tools_loader(struct host *host, int *program, struct err *err)
{
    char folder[HOST_FOLDER];
    int lock = -1;
    int rc = host_tools_ready(host, err);
    if (rc != ERR_OK)
        return rc;
    pthread_mutex_lock(&host->mutex);
    if (host->tools.loader < 0) {
        rc = host_folder_make(host, folder, &lock, err);
        if (rc == ERR_OK) {
            rc = build_loader(host, folder, err);
            host_folder_remove(folder, lock);
        }
    }
    *program = host->tools.loader;
    pthread_mutex_unlock(&host->mutex);
    return rc;
}

void host_tools_fini(struct host_tools *tools)
{
    if (tools->loader >= 0)
        close(tools->loader);
    free(tools->words);
    free(tools->program);
    free(tools->objcopy);
    free(tools->object);
}
