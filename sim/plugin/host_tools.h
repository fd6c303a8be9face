/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The compiler and its companions, run in a jail on a private folder; and the worker's own code, built once.
 */
#ifndef SIM_PLUGIN_HOST_TOOLS_H
#define SIM_PLUGIN_HOST_TOOLS_H

#include "sim/base/text.h"
#include "sim/plugin/host.h"

enum { HOST_WORDS_MOST = 64, HOST_FOLDER = 256 };

/* Allocations of a statically linked plugin pass through the worker, which notes those that fail. */
#define HOST_WRAPS "-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc"

enum { HOST_MESSAGE_FLAGS = 2 };

enum host_tool_state { HOST_TOOL_UNKNOWN, HOST_TOOL_READY, HOST_TOOL_MISSING };

/* What is looked for when it is first needed, and then stays. */
struct host_tools {
    enum host_tool_state state;
    struct err err; /* why it is missing */
    char *words;    /* of $CC, one after the other */
    const char *compiler[HOST_WORDS_MOST / 4];
    size_t compiler_words;
    char *program; /* absolute path of the first word */
    char *objcopy; /* absolute path; NULL: there is none */
    /* Its flags against quoting lines of source, which may be another file's, and against endless errors. */
    const char *const *messages;
    bool is_static; /* the C library can be linked statically */
    char *object;   /* of the worker, to be linked with a plugin */
    size_t object_length;
    int loader; /* the program that loads a shared object, sealed memory; -1: not built yet */
};

int host_tools_ready(struct host *host, struct err *err);
int host_tools_loader(struct host *host, int *program, struct err *err);
void host_tools_fini(struct host_tools *tools);

/* Writes worker.c, which needs nothing beside it but the C library. */
int host_tools_source(const char *folder, struct err *err);

/* A private folder for one build, which its processes own; *lock is held until it is removed. */
int host_folder_make(const struct host *host, char path[HOST_FOLDER], int *lock, struct err *err);
void host_folder_remove(const char *path, int lock);
/* Removes those whose owner was killed. */
void host_folder_sweep(void);
/* A new file; and one that a tool has left there: a regular file, *bytes malloc'ed. */
int host_folder_write(const char *folder, const char *name, const void *bytes, size_t length,
                      struct err *err);
int host_folder_read(const char *folder, const char *name, char **bytes, size_t *length, struct err *err);

/* Memory that holds these bytes and can be executed or read, and never again written. */
int host_folder_seal(const void *bytes, size_t length, int *fd, struct err *err);

/* An absolute path of a program on $PATH, malloc'ed; NULL when there is none. */
char *host_tools_find(const char *name);

/* A command line: words are borrowed. */
struct host_command {
    const char *words[HOST_WORDS_MOST];
    size_t count;
};

void host_command_add(struct host_command *command, const char *const *words, size_t count);
/* Starts with the compiler's words. */
void host_command_compiler(const struct host *host, struct host_command *command);

/* Runs it with `folder` as the only place where it can write. *said grows by what it prints. The outcome is
 * HOST_OK, HOST_COMPILE_ERROR, or a limit that it ran into. */
int host_command_run(const struct host *host, const struct host_command *command, const char *folder,
                     struct text *said, struct host_outcome *outcome, struct err *err);

/* Flags of a C plugin, without -o and input; `sanitize` for the run that looks for memory errors. */
void host_command_flags(const struct host *host, struct host_command *command, bool sanitize);

#endif
