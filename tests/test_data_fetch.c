/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Downloads from a server of our own on 127.0.0.1: a small Python program that can also break off in the
 * middle. */
#include "sim/data/fetch.h"
#include "tests/data/scratch.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

extern char **environ;

static const char server_program[] =
    "import http.server, os, sys, threading\n"
    "class H(http.server.BaseHTTPRequestHandler):\n"
    "    def log_message(self, *a): pass\n"
    "    def do_GET(self):\n"
    "        body = b'hello\\n'\n"
    "        if 'hello' not in self.path: return self.send_error(404)\n"
    "        cut = 'cut' in self.path\n"
    "        self.send_response(200)\n"
    "        self.send_header('Content-Length', str(len(body) + (100 if cut else 0)))\n"
    "        self.end_headers()\n"
    "        self.wfile.write(body)\n"
    "s = http.server.HTTPServer(('127.0.0.1', 0), H)\n"
    "threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()\n"
    "print(s.server_port, flush=True)\n"
    "s.serve_forever()\n";

struct server {
    pid_t child;
    int alive; /* the other end of its standard input */
    char url[64];
};

/* Starts the server; false when there is no Python or no curl. */
static bool start(struct server *server)
{
    int out[2], in[2];
    char port[16] = "";
    char *const words[] = {"python3", "-c", (char *)(uintptr_t)server_program, NULL};
    posix_spawn_file_actions_t actions;
    if (system("curl --version >/dev/null 2>&1") != 0)
        return false;
    cr_assert(pipe(out) == 0 && pipe(in) == 0);
    fcntl(in[1], F_SETFD, FD_CLOEXEC);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    posix_spawn_file_actions_adddup2(&actions, in[0], 0);
    posix_spawn_file_actions_addclose(&actions, out[0]);
    int failed = posix_spawn(&server->child, "/usr/bin/python3", &actions, NULL, words, environ);
    if (failed)
        failed = posix_spawnp(&server->child, "python3", &actions, NULL, words, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(out[1]);
    close(in[0]);
    server->alive = in[1];
    size_t got = 0;
    while (!failed && got < sizeof port - 1 && read(out[0], &port[got], 1) == 1 && port[got] != '\n')
        got++;
    close(out[0]);
    snprintf(server->url, sizeof server->url, "http://127.0.0.1:%d/", atoi(port));
    return got > 0;
}

static void stop(const struct server *server)
{
    close(server->alive);
    waitpid(server->child, NULL, 0);
}

#define HELLO                                                                                                \
    "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03" /* printf 'hello\n' | sha256sum */

static const struct fetch_file good_file = {"set/hello.txt", HELLO, NULL};

static int fetch(const struct fetch_file *file, const char *url, const char *folder, struct err *err)
{
    struct fetch_source source = {"set", url, "a page", file, 1};
    *err = (struct err){0};
    return fetch_run(&source, NULL, folder, false, err);
}

/* Entries of folder/set, partial files included. */
static size_t entries(const char *folder)
{
    char *path = scratch_path(folder, "set");
    char *roots[] = {path, NULL};
    size_t count = 0;
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    for (FTSENT *entry; (entry = fts_read(walk)) != NULL;)
        count += entry->fts_info == FTS_F;
    fts_close(walk);
    free(path);
    return count;
}

static void expect_contents(const char *folder, const char *expected)
{
    char *path = scratch_path(folder, "set/hello.txt"), *bytes = NULL;
    size_t length = 0;
    struct err err = {0};
    cr_assert_eq(file_read(path, 1000, &bytes, &length, &err), 0, "%s", err.text);
    cr_assert_str_eq(bytes, expected);
    free(bytes);
    free(path);
}

Test(data_fetch, the_right_file_arrives_and_is_kept)
{
    struct server server;
    struct err err;
    if (!start(&server))
        cr_skip_test("python3 or curl is not installed");
    char *folder = scratch_make();
    cr_assert_eq(fetch(&good_file, server.url, folder, &err), 0, "%s", err.text);
    expect_contents(folder, "hello\n");
    cr_assert_eq(entries(folder), 1);
    cr_assert(fetch_verified(&good_file, folder));
    stop(&server);
    cr_assert_eq(fetch(&good_file, server.url, folder, &err), 0, "%s",
                 err.text); /* nobody answers: it was kept */
    scratch_remove(folder);
}

Test(data_fetch, a_damaged_file_is_replaced)
{
    struct server server;
    struct err err;
    if (!start(&server))
        cr_skip_test("python3 or curl is not installed");
    char *folder = scratch_make();
    scratch_write(folder, "set/hello.txt", "hell", 4);
    cr_assert_eq(fetch(&good_file, server.url, folder, &err), 0, "%s", err.text);
    expect_contents(folder, "hello\n");
    stop(&server);
    scratch_remove(folder);
}

/* Fetches something that must fail over an old file: the old file stays, and nothing else. */
static void expect_failure(const struct fetch_file *file, const char *url, int code, const char *words)
{
    struct err err;
    char *folder = scratch_make();
    scratch_write(folder, "set/hello.txt", "old", 3);
    cr_assert_eq(fetch(file, url, folder, &err), code, "%s", err.text);
    cr_assert_not_null(strstr(err.text, words), "expected \"%s\" in: %s", words, err.text);
    expect_contents(folder, "old");
    cr_assert_eq(entries(folder), 1);
    scratch_remove(folder);
}

Test(data_fetch, failures_change_nothing_and_say_why)
{
    struct server server;
    if (!start(&server))
        cr_skip_test("python3 or curl is not installed");
    char cut[96];
    snprintf(cut, sizeof cut, "%scut/", server.url);
    const struct fetch_file wrong = {
        "set/hello.txt", "0000000000000000000000000000000000000000000000000000000000000000", NULL};
    const struct fetch_file absent = {"set/absent.txt", HELLO, NULL};
    expect_failure(&wrong, server.url, ERR_DATA, HELLO);
    expect_failure(&wrong, server.url, ERR_DATA, wrong.sha256);
    expect_failure(&absent, server.url, ERR_IO, "404");
    expect_failure(&good_file, cut, ERR_IO, "curl status 18");
    stop(&server);
    expect_failure(&good_file, server.url, ERR_IO, "curl status 7");
    expect_failure(&good_file, "file:///etc/hostname/", ERR_IO, "curl status 1");
}

Test(data_fetch, curl_missing_says_to_install_it)
{
    setenv("PATH", "/nonexistent", 1);
    expect_failure(&good_file, "http://127.0.0.1:1/", ERR_IO, "install");
}

Test(data_fetch, kinds_that_cannot_be_fetched_say_what_to_do)
{
    struct err err = {0};
    cr_assert_eq(data_fetch("cifar10", NULL, "/tmp", false, &err), ERR_CONFIG);
    cr_assert_not_null(strstr(err.text, "https://www.cs.toronto.edu"), "%s", err.text);
    cr_assert_eq(data_fetch("mnits", NULL, "/tmp", false, &err), ERR_CONFIG);
    cr_assert_not_null(strstr(err.text, "mnits"), "%s", err.text);
}

Test(data_fetch, known_checksums_are_well_formed_and_true_of_mnist)
{
    static const char *const kinds[] = {"mnist", "fashion_mnist"};
    const char *folder = getenv("BYZSIM_DATA");
    for (size_t k = 0; k < BYZ_LENGTH(kinds); k++) {
        const struct fetch_source *source = fetch_find(kinds[k]);
        cr_assert_eq(source->count, 4);
        for (size_t i = 0; i < source->count; i++)
            cr_assert_eq(strspn(source->files[i].sha256, "0123456789abcdef"), 64);
    }
    if (folder == NULL)
        cr_skip_test("BYZSIM_DATA is not set");
    for (size_t i = 0; i < 4; i++)
        cr_assert(fetch_verified(&fetch_find("mnist")->files[i], folder), "%s",
                  fetch_find("mnist")->files[i].path);
}
