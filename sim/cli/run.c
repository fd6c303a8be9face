/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `byzsim run` and `byzsim check`. */
#include "sim/app/search.h"
#include "sim/cli/cli.h"
#include "sim/cli/session.h"
#include "sim/data/places.h"

#include <stdio.h>

enum { SET, THREADS, JOBS, OUT, RESUME, DRY_RUN, CHECKPOINT, DATA, PROFILE, QUIET };

static const struct cli_option run_options[] = {
    [SET] = {"set", "KEY=VALUE", "change the configuration, e.g. server.learning_rate=0.05; may be repeated"},
    [THREADS] = {"threads", "N",
                 "threads in all (default: as many as processors); results do not depend on it"},
    [JOBS] = {"jobs", "N", "runs of a sweep or search side by side, sharing the threads (default 1)"},
    [OUT] = {"out", "DIR", "folder for results (default results)"},
    [RESUME] = {"resume", NULL, "keep complete results, go on with stopped runs"},
    [DRY_RUN] = {"dry-run", NULL,
                 "list the runs with their memory and an estimate of their time; write nothing"},
    [CHECKPOINT] = {"checkpoint", "SECONDS",
                    "time between checkpoints of a run (default 30; 0: only when stopped)"},
    [DATA] = {"data", "DIR", "look for data files here first"},
    [PROFILE] = {"profile", NULL,
                 "measure where the time goes: a table in the end, and timing.profile of every result"},
    [QUIET] = {"quiet", NULL, "print errors only"},
};

struct request {
    struct session_options session;
    struct common_list files, assignments;
};

static int take(const struct cli_walk *walk, int option, struct request *request)
{
    struct session_options *session = &request->session;
    switch (option) {
    case SET:
    case CLI_WORD:
        if (!common_list_add(option == SET ? &request->assignments : &request->files, walk->value))
            return cli_misused(walk->command, "too many at once: at most %d", COMMON_LIST_MOST);
        return CLI_OK;
    case THREADS:
        return cli_count("threads", walk->value, 1, 1024, &session->threads) ? CLI_OK : CLI_USAGE;
    case JOBS:
        return cli_count("jobs", walk->value, 1, 1024, &session->jobs) ? CLI_OK : CLI_USAGE;
    case CHECKPOINT:
        return cli_real("checkpoint", walk->value, 0, 1000000, &session->checkpoint_seconds) ? CLI_OK
                                                                                             : CLI_USAGE;
    case OUT:
        session->out = walk->value;
        return CLI_OK;
    case DATA:
        session->data = walk->value;
        return CLI_OK;
    case RESUME:
        session->resume = true;
        return CLI_OK;
    case DRY_RUN:
        session->dry_run = true;
        return CLI_OK;
    case PROFILE:
        session->profile = true;
        return CLI_OK;
    case QUIET:
        session->quiet = true;
        return CLI_OK;
    default:
        return CLI_USAGE;
    }
}

/* Reads the command line. CLI_OK with files, or the status to leave with in *status and false. */
static bool read_request(const struct cli_command *command, int argc, char **argv, struct request *request,
                         int *status)
{
    struct cli_walk walk = {.command = command, .argc = argc, .argv = argv};
    int option;
    *status = CLI_OK;
    while (*status == CLI_OK && (option = cli_next(&walk)) != CLI_END) {
        if (option == CLI_HELP)
            return false;
        *status = take(&walk, option, request);
    }
    if (*status == CLI_OK && request->files.count == 0)
        *status = cli_misused(command, "a configuration is needed (\"-\": standard input)");
    return *status == CLI_OK;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct request request = {.session = {.out = "results", .checkpoint_seconds = 30}};
    int status = CLI_OK;
    if (!read_request(command, argc, argv, &request, &status))
        return status;
    for (size_t i = 0; i < request.files.count; i++) {
        struct config_source *source = common_read(request.files.items[i], &request.assignments);
        int one = source == NULL ? CLI_USAGE : session_run(source, &request.session);
        if (one == CLI_INTERRUPTED)
            return one;
        status = one != CLI_OK ? one : status;
    }
    return status;
}

const struct cli_command cli_run = {
    .name = "run",
    .summary = "run experiments",
    .arguments = "CONFIG... [--set KEY=VALUE]... [--threads N] [--jobs N] [--out DIR] [--resume] [--dry-run]",
    .details = "Runs every experiment of the configurations and writes a JSON result file for each.\n"
               "Ctrl-C finishes the round and writes a valid partial file; --resume goes on from there, and "
               "after a\n"
               "kill from the last checkpoint. The files are the same in the end. A configuration with a "
               "\"search\" looks\n"
               "for the best values of some keys (docs/search.md).\n\n"
               "  byzsim run configs/examples/first.json --set rounds=50 --set seed=7\n"
               "  byzsim run configs/examples/mnist-attacks.json --jobs 2 --resume\n"
               "  byzsim run configs/examples/heterogeneity.json --dry-run\n"
               "  byzsim run configs/examples/first.json --profile\n"
               "  byzsim run configs/search/halving.json --jobs 2",
    .options = run_options,
    .option_count = sizeof run_options / sizeof run_options[0],
    .run = run,
};

enum { CHECK_SET, CHECK_DATA, CHECK_NO_DATA };

static const struct cli_option check_options[] = {
    [CHECK_SET] = {"set", "KEY=VALUE", "change the configuration; may be repeated"},
    [CHECK_DATA] = {"data", "DIR", "look for data files here first"},
    [CHECK_NO_DATA] = {"no-data", NULL, "check the configuration alone, without loading data"},
};

/* `search` is NULL for a sweep. */
static int rehearse(struct sweep *sweep, struct search *search, const char *data)
{
    struct data_places places = {0};
    struct datasets datasets = {0};
    struct err err = {0};
    int rc = places_init(&places, data, &err);
    if (rc == ERR_OK && (rc = datasets_init(&datasets, &places, &err)) == ERR_OK) {
        rc = sweep_rehearse(sweep, &datasets, &err);
        if (rc == ERR_OK && search != NULL)
            rc = search_check_data(search, &datasets, &err);
        datasets_fini(&datasets);
    }
    places_fini(&places);
    return rc == ERR_OK ? CLI_OK : cli_failed(&err);
}

static void print_valid(const char *path, const struct sweep *sweep, const struct search *search)
{
    for (size_t i = 0; i < sweep->count; i++)
        if (sweep->runs[i].experiment.warnings.length > 0)
            printf("%s: %s: warning: %s", path, sweep->runs[i].experiment.run_name,
                   text_string(&sweep->runs[i].experiment.warnings));
    printf("%s: valid, %zu run%s", path, sweep->count, sweep->count == 1 ? "" : "s");
    if (search != NULL)
        printf(" of %zu trials", search->rungs.trials);
    printf("\n");
}

static int check_file(const char *path, const struct common_list *assignments, const char *data,
                      bool with_data)
{
    struct config_errors errors = {0};
    struct sweep alone = {0};
    struct search search = {0};
    struct config_source *source = common_read(path, assignments);
    if (source == NULL)
        return CLI_USAGE;
    bool searches = config_is_search(source);
    int rc = searches ? search_read(&search, source, "", &errors) : sweep_read(&alone, source, "", &errors);
    int status = rc == ERR_OK ? CLI_OK : CLI_USAGE;
    struct sweep *sweep = searches ? &search.sweep : &alone;
    if (errors.count > 0)
        status = common_mistakes(&errors);
    config_errors_fini(&errors);
    if (status == CLI_OK && with_data)
        status = rehearse(sweep, searches ? &search : NULL, data);
    if (status == CLI_OK)
        print_valid(path, sweep, searches ? &search : NULL);
    search_fini(&search);
    sweep_fini(&alone);
    config_source_free(source);
    return status;
}

static int check(const struct cli_command *command, int argc, char **argv)
{
    struct cli_walk walk = {.command = command, .argc = argc, .argv = argv};
    struct common_list files = {0}, assignments = {0};
    const char *data = NULL;
    bool with_data = true;
    int option, status = CLI_OK;
    while ((option = cli_next(&walk)) != CLI_END) {
        if (option == CLI_HELP)
            return CLI_OK;
        if (option == CLI_BAD)
            return CLI_USAGE;
        if (option == CHECK_DATA)
            data = walk.value;
        else if (option == CHECK_NO_DATA)
            with_data = false;
        else if (!common_list_add(option == CHECK_SET ? &assignments : &files, walk.value))
            return cli_misused(command, "too many at once: at most %d", COMMON_LIST_MOST);
    }
    if (files.count == 0)
        return cli_misused(command, "a configuration is needed (\"-\": standard input)");
    for (size_t i = 0; i < files.count; i++) {
        int one = check_file(files.items[i], &assignments, data, with_data);
        status = one != CLI_OK ? one : status;
    }
    return status;
}

const struct cli_command cli_check = {
    .name = "check",
    .summary = "check configurations without running them",
    .arguments = "CONFIG... [--set KEY=VALUE]... [--data DIR] [--no-data]",
    .details = "Reports every mistake of the configurations, with its place and what would be right. Unless "
               "--no-data is\n"
               "given, the data is loaded too, so that shapes, sizes and memory are checked before anything "
               "runs.\n\n"
               "  byzsim check configs/examples/*.json",
    .options = check_options,
    .option_count = sizeof check_options / sizeof check_options[0],
    .run = check,
};
