/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/base/file.h"
#include "sim/base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What can be done about it; empty where nobody can tell. */
static const char *reading_cure(int code, const char *path)
{
    if (code == ENOENT || code == ENOTDIR)
        return path[0] == '/' ? "; check the path" : "; check the path, which starts at the current folder";
    return code == EACCES ? "; allow reading it (chmod u+r), and entering its folders" : "";
}

static int open_for_reading(const char *path, struct err *err)
{
    if (strcmp(path, "-") == 0)
        return STDIN_FILENO;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat info;
    if (fd >= 0 && fstat(fd, &info) == 0 && S_ISDIR(info.st_mode)) {
        close(fd);
        err_set(err, ERR_IO, "%s: is a directory, a file is needed", path);
        return -1;
    }
    if (fd < 0)
        err_set(err, ERR_IO, "%s: cannot be read: %s%s", path, strerror(errno), reading_cure(errno, path));
    return fd;
}

int file_read(const char *path, size_t limit, char **bytes, size_t *length, struct err *err)
{
    int rc = ERR_OK;
    struct text text = {0};
    char *block = NULL;
    enum { BLOCK = 1 << 16 };
    int fd = open_for_reading(path, err);
    if (fd < 0)
        return ERR_IO;
    struct stat info;
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && (uintmax_t)info.st_size > limit) {
        rc = err_set(err, ERR_IO, "%s: is %jd bytes long; at most %zu are accepted here", path,
                     (intmax_t)info.st_size, limit);
        goto out;
    }
    block = malloc(BLOCK);
    if (block == NULL) {
        rc = err_set(err, ERR_MEMORY, "%s: out of memory while reading", path);
        goto out;
    }
    for (;;) {
        ssize_t got = read(fd, block, BLOCK);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            rc = err_set(err, ERR_IO, "%s: cannot be read: %s", path, strerror(errno));
            goto out;
        }
        if (got == 0)
            break;
        text_append(&text, block, (size_t)got);
        if (text.failed)
            break;
        if (text.length > limit) {
            rc = err_set(err, ERR_IO, "%s: more than %zu bytes; at most that many are accepted here", path,
                         limit);
            goto out;
        }
    }
    text_add(&text, ""); /* an empty file needs its NUL as well */
    if (text.failed) {
        rc = err_set(err, ERR_MEMORY, "%s: out of memory while reading", path);
        goto out;
    }
    *bytes = text.data;
    *length = text.length;
    text.data = NULL;
out:
    if (fd != STDIN_FILENO)
        close(fd);
    free(block);
    text_fini(&text);
    return rc;
}

static int write_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t put = write(fd, bytes, length);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return -1;
        bytes += put;
        length -= (size_t)put;
    }
    return 0;
}

/* Makes the rename durable; a directory that cannot be opened or synced (some network file systems) is no
 * error, because the file itself is complete either way. */
static void sync_directory_of(const char *path)
{
    char *copy = text_copy(path);
    if (copy == NULL)
        return;
    char *slash = strrchr(copy, '/');
    if (slash == copy)
        slash[1] = '\0';
    else if (slash != NULL)
        *slash = '\0';
    int fd = open(slash == NULL ? "." : copy, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
    free(copy);
}

/* A new file beside `path` with a name of its own: process id and a counter, so that neither a second thread
 * nor a leftover of a killed process is in the way. */
static int open_temporary(const char *path, struct text *name)
{
    static atomic_uint counter;
    for (int attempt = 0; attempt < 1000; attempt++) {
        text_clear(name);
        text_printf(name, "%s.tmp-%ld-%u", path, (long)getpid(), atomic_fetch_add(&counter, 1u));
        if (name->failed) {
            errno = ENOMEM;
            return -1;
        }
        int fd = open(name->data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST)
            return fd;
    }
    return -1;
}

static bool is_full(int reason)
{
    return reason == ENOSPC || reason == EDQUOT;
}

/* What to do about it, where that is plain. */
static const char *cure_of(int reason)
{
    if (is_full(reason))
        return "; free space and run again";
    if (reason == EACCES || reason == EPERM || reason == EROFS)
        return "; write to another folder, or allow writing to this one";
    return "";
}

int file_refused(const char *path, int reason, struct err *err)
{
    return err_set(err, is_full(reason) ? ERR_FULL : ERR_IO,
                   "%s: cannot be written: %s; nothing was changed%s", path, strerror(reason),
                   cure_of(reason));
}

int file_write(const char *path, const void *bytes, size_t length, struct err *err)
{
    struct text temporary = {0};
    struct stat info;
    int rc = ERR_OK, reason = 0;
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode))
        return err_set(err, ERR_IO, "%s: cannot be written: it is not a regular file; nothing was changed",
                       path);
    int fd = open_temporary(path, &temporary);
    if (fd < 0) {
        rc = file_refused(path, errno, err);
        goto out;
    }
    if (write_all(fd, bytes, length) != 0 || fsync(fd) != 0)
        reason = errno;
    if (close(fd) != 0 && reason == 0)
        reason = errno;
    if (reason == 0 && rename(temporary.data, path) != 0)
        reason = errno;
    if (reason == 0) {
        sync_directory_of(path);
    } else {
        unlink(temporary.data);
        rc = file_refused(path, reason, err);
    }
out:
    text_fini(&temporary);
    return rc;
}

/* Whether a name ends as those of open_temporary do. */
static bool is_temporary(const char *name)
{
    static const char digits[] = "0123456789";
    const char *mark = NULL;
    for (const char *next = name; (next = strstr(next, ".tmp-")) != NULL; next++)
        mark = next;
    if (mark == NULL)
        return false;
    const char *process = mark + strlen(".tmp-");
    size_t first = strspn(process, digits);
    if (first == 0 || process[first] != '-')
        return false;
    size_t second = strspn(process + first + 1, digits);
    return second > 0 && process[first + 1 + second] == '\0';
}

static int temporary_entry(const struct dirent *entry)
{
    return is_temporary(entry->d_name);
}

void file_remove_temporaries(const char *directory)
{
    struct dirent **names = NULL;
    int count = scandir(directory, &names, temporary_entry, alphasort);
    for (int i = 0; i < count; i++) {
        char *path = file_join(directory, names[i]->d_name);
        if (path != NULL)
            (void)unlink(path); /* one that stays does no harm */
        free(path);
        free(names[i]);
    }
    free(names);
}

int file_make_directory(const char *path, struct err *err)
{
    char *copy = text_copy(path);
    if (copy == NULL)
        return err_set(err, ERR_MEMORY, "%s: out of memory", path);
    int rc = ERR_OK;
    for (char *slash = copy + (*copy != '\0'); rc == ERR_OK; slash++) {
        if (*slash != '/' && *slash != '\0')
            continue;
        char kept = *slash;
        *slash = '\0';
        struct stat info;
        int reason = mkdir(copy, 0777) == 0 ? 0 : errno;
        if (reason != 0 && (stat(copy, &info) != 0 || !S_ISDIR(info.st_mode)))
            rc = err_set(err, is_full(reason) ? ERR_FULL : ERR_IO, "%s: cannot be made a directory: %s%s",
                         copy, reason == EEXIST ? "a file of that name is in the way" : strerror(reason),
                         cure_of(reason));
        *slash = kept;
        if (kept == '\0')
            break;
    }
    free(copy);
    return rc;
}

bool file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

char *file_join(const char *directory, const char *name)
{
    if (directory[0] == '\0' || name[0] == '/')
        return text_copy(name);
    struct text text = {0};
    size_t length = strlen(directory);
    text_printf(&text, directory[length - 1] == '/' ? "%s%s" : "%s/%s", directory, name);
    if (text.failed) {
        text_fini(&text);
        return NULL;
    }
    return text.data;
}
