/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole-file reads with a limit; writes that leave the old file or the new one and nothing else. */
#include "tests/data/scratch.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/stat.h>

static size_t entries(const char *directory)
{
    size_t count = 0;
    DIR *dir = opendir(directory);
    cr_assert_not_null(dir);
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(dir);
    return count;
}

static void expect_content(const char *path, const char *wanted)
{
    struct err err = {0};
    char *bytes = NULL;
    size_t length = 0;
    cr_assert_eq(file_read(path, 1 << 20, &bytes, &length, &err), 0, "%s", err.text);
    cr_expect_eq(length, strlen(wanted));
    cr_expect_str_eq(bytes, wanted);
    free(bytes);
}

static void expect_refused(int rc, const struct err *err, const char *path, const char *words)
{
    cr_expect_eq(rc, ERR_IO);
    cr_expect_eq(err->code, ERR_IO);
    cr_expect_eq(strncmp(err->text, path, strlen(path)), 0, "%s", err->text);
    cr_expect_not_null(strstr(err->text, words), "expected \"%s\" in: %s", words, err->text);
}

Test(file, content_is_replaced_whole)
{
    char *folder = scratch_make(), *path = scratch_path(folder, "result.json");
    struct err err = {0};
    char *large = malloc(300000);
    cr_assert_not_null(large);
    memset(large, 'x', 299999);
    large[299999] = '\0';
    cr_expect_not(file_exists(path));
    cr_assert_eq(file_write(path, large, 299999, &err), 0, "%s", err.text);
    expect_content(path, large);
    cr_assert_eq(file_write(path, "short", 5, &err), 0, "%s", err.text);
    expect_content(path, "short");
    cr_assert_eq(file_write(path, "", 0, &err), 0, "%s", err.text);
    expect_content(path, "");
    cr_expect(file_exists(path));
    cr_expect_eq(entries(folder), 1);
    free(large);
    free(path);
    scratch_remove(folder);
}

Test(file, write_onto_a_directory_changes_nothing)
{
    char *folder = scratch_make(), *path = scratch_path(folder, "taken");
    struct err err = {0};
    cr_assert_eq(mkdir(path, 0777), 0);
    expect_refused(file_write(path, "x", 1, &err), &err, path, "nothing was changed");
    cr_expect_eq(entries(folder), 1);
    cr_expect_eq(entries(path), 0);
    free(path);
    scratch_remove(folder);
}

Test(file, write_never_replaces_a_device_or_a_pipe)
{
    char *folder = scratch_make(), *path = scratch_path(folder, "pipe");
    struct err err = {0};
    struct stat info;
    cr_assert_eq(mkfifo(path, 0666), 0);
    expect_refused(file_write(path, "x", 1, &err), &err, path, "not a regular file");
    cr_assert_eq(lstat(path, &info), 0);
    cr_expect(S_ISFIFO(info.st_mode));
    cr_expect_eq(entries(folder), 1);
    free(path);
    scratch_remove(folder);
    if (stat("/dev/full", &info) == 0 && geteuid() != 0) /* a broken check must not cost root the device */
        expect_refused(file_write("/dev/full", "x", 1, &err), &err, "/dev/full", "not a regular file");
}

Test(file, unwritable_directory)
{
    char *folder = scratch_make(), *path = scratch_path(folder, "file");
    struct err err = {0};
    bool root = geteuid() == 0;
    cr_assert_eq(chmod(folder, 0555), 0);
    if (root)
        cr_assert_eq(seteuid(65534), 0);
    expect_refused(file_write(path, "x", 1, &err), &err, path, "Permission denied");
    if (root)
        cr_assert_eq(seteuid(0), 0);
    cr_expect_eq(entries(folder), 0);
    cr_assert_eq(chmod(folder, 0755), 0);
    free(path);
    path = scratch_path(folder, "missing/file");
    expect_refused(file_write(path, "x", 1, &err), &err, path, "No such file");
    free(path);
    scratch_remove(folder);
}

Test(file, a_write_that_fails_half_way_leaves_the_old_file)
{
    char *folder = scratch_make(), *path = scratch_path(folder, "file");
    static char large[200000];
    struct err err = {0};
    struct rlimit old, small;
    cr_assert_eq(file_write(path, "old", 3, &err), 0, "%s", err.text);
    signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = 65536;
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    int rc = file_write(path, large, sizeof large, &err);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &old), 0);
    expect_refused(rc, &err, path, "nothing was changed");
    expect_content(path, "old");
    cr_expect_eq(entries(folder), 1);
    free(path);
    scratch_remove(folder);
}

Test(file, read_limits)
{
    char *folder = scratch_make(), *path = scratch_path(folder, "file"), *bytes = NULL;
    struct err err = {0};
    size_t length = 7;
    scratch_write(folder, "file",
                  "12345\0"
                  "789",
                  9);
    cr_assert_eq(file_read(path, 9, &bytes, &length, &err), 0, "%s", err.text);
    cr_expect_eq(length, 9);
    cr_expect_eq(memcmp(bytes,
                        "12345\0"
                        "789",
                        10),
                 0); /* and the NUL behind it */
    free(bytes);
    bytes = NULL;
    expect_refused(file_read(path, 8, &bytes, &length, &err), &err, path, "9 bytes long; at most 8");
    expect_refused(file_read(folder, 9, &bytes, &length, &err), &err, folder, "is a directory");
    free(path);
    path = scratch_path(folder, "none");
    expect_refused(file_read(path, 9, &bytes, &length, &err), &err, path, "No such file");
    expect_refused(file_read("/dev/zero", 100000, &bytes, &length, &err), &err, "/dev/zero",
                   "more than 100000 bytes");
    cr_expect_null(bytes);
    free(path);
    scratch_remove(folder);
}

/* A file that does not tell its length beforehand. */
Test(file, read_limit_is_exact_without_a_known_length)
{
    struct err err = {0};
    char *bytes = NULL;
    size_t length = 0, again = 0;
    if (file_read("/proc/version", 1 << 16, &bytes, &length, &err) != 0)
        cr_skip_test("there is no /proc here");
    free(bytes);
    cr_expect_gt(length, 10);
    cr_assert_eq(file_read("/proc/version", length, &bytes, &again, &err), 0, "%s", err.text);
    cr_expect_eq(again, length);
    free(bytes);
    cr_expect_eq(file_read("/proc/version", length - 1, &bytes, &again, &err), ERR_IO);
}

Test(file, make_directory_with_parents)
{
    char *folder = scratch_make(), *path = scratch_path(folder, "a//b/c/"), *deep;
    struct err err = {0};
    struct stat info;
    cr_assert_eq(file_make_directory(path, &err), 0, "%s", err.text);
    cr_assert_eq(file_make_directory(path, &err), 0, "%s", err.text);
    cr_expect(stat(path, &info) == 0 && S_ISDIR(info.st_mode));
    cr_expect_eq(file_make_directory("/", &err), 0);
    cr_expect_eq(file_make_directory(".", &err), 0);
    scratch_write(folder, "a/file", "x", 1);
    deep = scratch_path(folder, "a/file/below");
    free(path);
    path = scratch_path(folder, "a/file");
    expect_refused(file_make_directory(path, &err), &err, path, "a file of that name is in the way");
    expect_refused(file_make_directory(deep, &err), &err, path, "a file of that name is in the way");
    cr_expect_eq(file_make_directory("/proc/none/x", &err), ERR_IO);
    cr_expect_eq(file_make_directory("", &err), ERR_IO, "no directory has the empty name");
    free(path);
    free(deep);
    scratch_remove(folder);
}

Test(file, join)
{
    const char *const cases[][3] = {
        {"a", "b", "a/b"}, {"a/", "b", "a/b"}, {"", "b", "b"}, {"/", "b", "/b"}, {"a", "/b/c", "/b/c"}};
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        char *path = file_join(cases[k][0], cases[k][1]);
        cr_expect_str_eq(path, cases[k][2]);
        free(path);
    }
}
