/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE /* pipe2, mkostemp */
#include "sim/data/fetch.h"
#include "sim/base/file.h"
#include "sim/base/text.h"
#include "sim/data/packed.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { HEX = 2 * SHA256_DIGEST_SIZE + 1, MESSAGE = 512 };

const struct fetch_source *fetch_find(const char *kind)
{
    for (size_t k = 0; k < fetch_sources_count; k++)
        if (strcmp(fetch_sources[k].kind, kind) == 0)
            return &fetch_sources[k];
    return NULL;
}

void fetch_cure(const char *kind, char *out, size_t size)
{
    const struct fetch_source *source = fetch_find(kind);
    if (source == NULL)
        snprintf(out, size, "give its path from the working directory or from one of these folders");
    else if (source->url == NULL)
        snprintf(out, size, "download it from %s and unpack it into a folder \"%s\" in one of these folders",
                 source->page, kind);
    else
        snprintf(out, size, "get it with: byzsim data fetch %s", kind);
}

static void to_hex(struct sha256_ctx *hash, char hex[HEX])
{
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_digest(hash, sizeof digest, digest);
    for (size_t k = 0; k < sizeof digest; k++)
        snprintf(hex + 2 * k, 3, "%02x", digest[k]);
}

/* The hash of the bytes on disk. */
static int hash_file(const char *path, char hex[HEX], struct err *err)
{
    struct sha256_ctx hash;
    uint8_t block[1 << 15];
    size_t got = 0;
    sha256_init(&hash);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return err_set(err, ERR_IO, "%s: cannot be read: %s", path, strerror(errno));
    while ((got = fread(block, 1, sizeof block, file)) > 0)
        sha256_update(&hash, got, block);
    int failed = ferror(file);
    fclose(file); /* opened for reading */
    if (failed)
        return err_set(err, ERR_IO, "%s: cannot be read to its end", path);
    to_hex(&hash, hex);
    return ERR_OK;
}

/* The hash of what the file unpacks to. */
static int hash_contents(const char *path, char hex[HEX], struct err *err)
{
    struct sha256_ctx hash;
    struct packed file = {0};
    uint8_t block[1 << 15];
    size_t got = sizeof block;
    sha256_init(&hash);
    int rc = packed_open(&file, path, err);
    while (rc == ERR_OK && got == sizeof block) {
        rc = packed_read_some(&file, block, sizeof block, &got, err);
        sha256_update(&hash, got, block);
    }
    packed_close(&file);
    to_hex(&hash, hex);
    return rc;
}

bool fetch_verified(const struct fetch_file *file, const char *directory)
{
    char hex[HEX];
    char *path = file_join(directory, file->path);
    bool right = path != NULL && file_exists(path);
    if (right)
        right = (hash_file(path, hex, NULL) == ERR_OK && strcmp(hex, file->sha256) == 0) ||
                (file->contents != NULL && hash_contents(path, hex, NULL) == ERR_OK &&
                 strcmp(hex, file->contents) == 0);
    free(path);
    return right;
}

/* Reads what curl says on its error stream, up to the room there is, and drains the rest. */
static void collect(int fd, char *message, size_t size)
{
    size_t used = 0;
    char block[256];
    for (ssize_t got; (got = read(fd, block, sizeof block)) != 0;) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            break;
        size_t piece = (size_t)got < size - 1 - used ? (size_t)got : size - 1 - used;
        memcpy(message + used, block, piece);
        used += piece;
    }
    while (used > 0 && (message[used - 1] == '\n' || message[used - 1] == '\r'))
        used--;
    message[used] = '\0';
}

/* Starts curl with its output in `body` and, without a progress bar, its messages in `messages`. No shell. 0
 * or the errno of the start. */
static int start_curl(const char *url, int body, int messages, bool progress, pid_t *child)
{
    const char *const words[] = {"curl",
                                 "--fail",
                                 "--location",
                                 "--proto",
                                 "=http,https",
                                 "--proto-redir",
                                 "=http,https",
                                 "--connect-timeout",
                                 "20",
                                 "--speed-limit",
                                 "500",
                                 "--speed-time",
                                 "60",
                                 "--max-redirs",
                                 "10",
                                 "--show-error",
                                 progress ? "--progress-bar" : "--silent",
                                 "--globoff",
                                 "--url",
                                 url,
                                 NULL};
    posix_spawn_file_actions_t actions;
    int reason = posix_spawn_file_actions_init(&actions);
    if (reason != 0)
        return reason;
    reason = posix_spawn_file_actions_adddup2(&actions, body, STDOUT_FILENO);
    if (reason == 0 && !progress)
        reason = posix_spawn_file_actions_adddup2(&actions, messages, STDERR_FILENO);
    if (reason == 0)
        reason = posix_spawnp(child, "curl", &actions, NULL, (char *const *)words, environ);
    posix_spawn_file_actions_destroy(&actions);
    return reason;
}

/* Exit status of the child, or -1 when a signal ended it. */
static int wait_for(pid_t child)
{
    int status = 0;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int download(const char *url, int body, bool progress, struct err *err)
{
    int messages[2] = {-1, -1};
    pid_t child = -1;
    char message[MESSAGE] = "see the message above";
    if (pipe2(messages, O_CLOEXEC) != 0)
        return err_set(err, ERR_IO, "%s: cannot be fetched: %s", url, strerror(errno));
    int reason = start_curl(url, body, messages[1], progress, &child);
    close(messages[1]);
    if (reason == 0 && !progress)
        collect(messages[0], message, sizeof message);
    close(messages[0]);
    if (reason == ENOENT)
        return err_set(err, ERR_IO,
                       "the program curl, which fetches data, is not installed; install it (apt-get install "
                       "curl) or download %s by hand",
                       url);
    if (reason != 0)
        return err_set(err, ERR_IO, "curl cannot be started: %s", strerror(reason));
    int status = wait_for(child);
    if (status < 0)
        return err_set(err, ERR_INTERRUPTED, "%s: the download was stopped; nothing was changed", url);
    if (status != 0)
        return err_set(err, ERR_IO,
                       "%s: the download failed (curl status %d: %s); nothing was changed. Try again later, "
                       "or give the address of a mirror",
                       url, status, message);
    return ERR_OK;
}

/* Compares, syncs and renames. */
static int adopt(const struct fetch_file *file, const char *url, int fd, const char *temporary,
                 const char *path, struct err *err)
{
    char hex[HEX];
    int rc = hash_file(temporary, hex, err);
    if (rc != ERR_OK)
        return rc;
    if (strcmp(hex, file->sha256) != 0)
        return err_set(err, ERR_DATA,
                       "%s: this is not the file it should be; nothing was changed\n  SHA-256 found    %s\n"
                       "  SHA-256 expected %s",
                       url, hex, file->sha256);
    mode_t mask = umask(0);
    umask(mask);
    if (fchmod(fd, 0666 & ~mask) != 0 || fsync(fd) != 0 || rename(temporary, path) != 0)
        return err_set(err, ERR_IO, "%s: cannot be written: %s", path, strerror(errno));
    return ERR_OK;
}

static int fetch_one(const struct fetch_file *file, const char *base, const char *directory, bool progress,
                     struct err *err)
{
    struct text url = {0}, temporary = {0};
    int fd = -1, rc = ERR_OK;
    char *path = file_join(directory, file->path);
    const char *slash = strrchr(file->path, '/'), *name = slash == NULL ? file->path : slash + 1;
    text_printf(&url, base[0] != '\0' && base[strlen(base) - 1] == '/' ? "%s%s" : "%s/%s", base, name);
    if (path != NULL)
        text_printf(&temporary, "%s.part-XXXXXX", path);
    if (path == NULL || url.failed || temporary.failed) {
        rc = err_set(err, ERR_MEMORY, "out of memory while fetching %s", file->path);
        goto out;
    }
    fd = mkostemp(temporary.data, O_CLOEXEC);
    if (fd < 0) {
        rc = err_set(err, ERR_IO, "%s: cannot be written: %s", path, strerror(errno));
        goto out;
    }
    rc = download(url.data, fd, progress, err);
    if (rc == ERR_OK)
        rc = adopt(file, url.data, fd, temporary.data, path, err);
    if (rc != ERR_OK)
        unlink(temporary.data);
out:
    if (fd >= 0)
        close(fd);
    free(path);
    text_fini(&url);
    text_fini(&temporary);
    return rc;
}

static int make_folder_of(const struct fetch_file *file, const char *directory, struct err *err)
{
    char *path = file_join(directory, file->path);
    if (path == NULL)
        return err_set(err, ERR_MEMORY, "out of memory while fetching %s", file->path);
    char *slash = strrchr(path, '/');
    int rc = ERR_OK;
    if (slash != NULL && slash != path) {
        *slash = '\0';
        rc = file_make_directory(path, err);
    }
    free(path);
    return rc;
}

int fetch_run(const struct fetch_source *source, const char *url, const char *directory, bool progress,
              struct err *err)
{
    int rc = ERR_OK;
    for (size_t k = 0; rc == ERR_OK && k < source->count; k++) {
        if (fetch_verified(&source->files[k], directory))
            continue;
        rc = make_folder_of(&source->files[k], directory, err);
        if (rc == ERR_OK)
            rc = fetch_one(&source->files[k], url == NULL ? source->url : url, directory, progress, err);
    }
    return rc;
}

int data_fetch(const char *kind, const char *url, const char *directory, bool progress, struct err *err)
{
    const struct fetch_source *source = fetch_find(kind);
    if (source == NULL)
        return err_set(err, ERR_CONFIG,
                       "there is no data set \"%s\" to fetch; `byzsim list datasets` shows which there are",
                       kind);
    if (source->url == NULL)
        return err_set(err, ERR_CONFIG,
                       "\"%s\" cannot be fetched by this program; download it from %s and unpack it into "
                       "%s/%s",
                       kind, source->page, directory, kind);
    return fetch_run(source, url, directory, progress, err);
}
