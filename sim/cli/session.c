/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/cli/session.h"
#include "sim/app/sweep.h"
#include "sim/cli/breakdown.h"
#include "sim/cli/cli.h"
#include "sim/cli/plan.h"
#include "sim/cli/progress.h"
#include "sim/cli/search.h"
#include "sim/cli/summary.h"
#include "sim/data/places.h"

#include <omp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Signal handlers can only reach what is global: the one flag of the program. */
static atomic_bool interrupted;

/* The first Ctrl-C asks for an orderly end; the handler is then gone, so the second one ends the program. */
static void on_signal(int number)
{
    static const char message[] = "\nstopping after what is under way; press Ctrl-C again to end at once\n";
    (void)number;
    atomic_store(&interrupted, true);
    if (write(STDERR_FILENO, message, sizeof message - 1) < 0)
        return;
}

atomic_bool *session_listen(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    action.sa_flags = (int)SA_RESETHAND | SA_RESTART;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    return &interrupted;
}

/* The points of a sweep mostly share their warnings: each is printed where it is not that of the point
 * before. */
static void print_warnings(const struct sweep *sweep)
{
    const char *last = "";
    for (size_t i = 0; i < sweep->count; i++) {
        const char *warning = text_string(&sweep->runs[i].experiment.warnings);
        if (warning[0] == '\0' || strcmp(warning, last) == 0)
            continue;
        fprintf(stderr, "warning: %s", warning);
        last = warning;
    }
}

enum { FAILURES_SHOWN = 20 };

/* Failures once more in one place: their lines may be hundreds of runs above. */
static void print_failures(const struct sweep *sweep, size_t failed)
{
    size_t shown = 0;
    fprintf(stderr, "%zu of %zu runs failed%s\n", failed, sweep->count, sweep->count > 1 ? ":" : "");
    for (size_t i = 0; sweep->count > 1 && i < sweep->count && shown < FAILURES_SHOWN; i++)
        if (sweep->runs[i].state == SWEEP_FAILED && ++shown > 0)
            fprintf(stderr, "  %s: %s\n", sweep->runs[i].experiment.run_name, sweep->runs[i].err.text);
    if (sweep->count > 1 && failed > shown)
        fprintf(stderr, "  ... and %zu more: see %s/sweep.json\n", failed - shown, sweep->directory);
}

static size_t count_pending(const struct sweep *sweep)
{
    size_t pending = 0;
    for (size_t i = 0; i < sweep->count; i++)
        pending += sweep->runs[i].state == SWEEP_PENDING;
    return pending;
}

/* What an interruption left, and how to go on. */
static void print_interruption(const struct sweep *sweep)
{
    size_t stopped = 0, pending = count_pending(sweep);
    for (size_t i = 0; i < sweep->count; i++)
        stopped += sweep->runs[i].state == SWEEP_FINISHED && sweep->runs[i].status == SIMULATION_STOPPED;
    if (stopped + pending > 0)
        fprintf(stderr,
                "interrupted: of %zu run%s %zu stopped on the way (* in the table), %zu did not start; the "
                "same command with --resume goes on\n",
                sweep->count, sweep->count == 1 ? "" : "s", stopped, pending);
}

static int outcome(const struct sweep *sweep, const struct progress *progress)
{
    if (sweep->index_error.code != ERR_OK)
        fprintf(stderr, "byzsim: the index is missing or old: %s\n", sweep->index_error.text);
    if (atomic_load(&interrupted)) {
        print_interruption(sweep);
        return CLI_INTERRUPTED;
    }
    if (progress->failed > 0)
        print_failures(sweep, progress->failed);
    size_t pending = count_pending(sweep);
    if (pending > 0)
        fprintf(stderr, "%zu of %zu runs were not started; --resume goes on with them\n", pending,
                sweep->count);
    return progress->failed + pending > 0 || sweep->index_error.code != ERR_OK ? CLI_FAILED : CLI_OK;
}

static int run_sweep(struct sweep *sweep, struct datasets *datasets, const struct session_options *options,
                     const struct sweep_options *sweep_options)
{
    struct err err = {0};
    struct progress progress;
    struct sweep_options with_events = *sweep_options;
    progress_init(&progress, options->quiet);
    with_events.events = progress_events(&progress);
    session_listen();
    if (sweep_run_all(sweep, datasets, &with_events, &err) != ERR_OK)
        return cli_failed(&err);
    if (!options->quiet)
        summary_print(sweep);
    if (options->profile && !options->quiet)
        breakdown_print(sweep);
    return outcome(sweep, &progress);
}

static int run_search(struct search *search, struct datasets *datasets, const struct session_options *options,
                      const struct sweep_options *sweep_options)
{
    struct err err = {0};
    struct progress progress;
    struct sweep_options with_events = *sweep_options;
    progress_init(&progress, options->quiet);
    progress.planned_rounds = search_planned_rounds(search);
    progress.planned_runs = search_planned_runs(search);
    with_events.events = progress_events(&progress);
    session_listen();
    if (search_run_all(search, datasets, &with_events, &err) != ERR_OK)
        return cli_failed(&err);
    if (search->sweep.index_error.code != ERR_OK)
        fprintf(stderr, "byzsim: the index is missing or old: %s\n", search->sweep.index_error.text);
    if (!options->quiet)
        cli_search_summary(search);
    return cli_search_outcome(search, atomic_load(&interrupted));
}

/* Runs the sweep or the search (NULL: there is none), or tells what it would be, with its data at hand. */
static int act(struct sweep *sweep, struct search *search, const struct session_options *options)
{
    struct data_places places = {0};
    struct datasets datasets = {0};
    struct err err = {0};
    int status = CLI_OK;
    const struct sweep_options sweep_options = {
        .threads = options->threads > 0 ? options->threads : (size_t)omp_get_num_procs(),
        .jobs = options->jobs > 0 ? options->jobs : 1,
        .profile = options->profile,
        .resume = options->resume,
        .checkpoint_seconds = options->checkpoint_seconds,
        .stop = &interrupted,
    };
    int rc = places_init(&places, options->data, &err);
    if (rc == ERR_OK && (rc = datasets_init(&datasets, &places, &err)) == ERR_OK) {
        if (search != NULL)
            status = options->dry_run ? cli_search_plan(search, &datasets, &sweep_options)
                                      : run_search(search, &datasets, options, &sweep_options);
        else
            status = options->dry_run ? plan_print(sweep, &datasets, &sweep_options)
                                      : run_sweep(sweep, &datasets, options, &sweep_options);
        datasets_fini(&datasets);
    }
    places_fini(&places);
    return rc == ERR_OK ? status : cli_failed(&err);
}

int session_run(struct config_source *source, const struct session_options *options)
{
    struct config_errors errors = {0};
    struct sweep sweep = {0};
    struct search search = {0};
    bool searches = config_is_search(source);
    int status, rc = searches ? search_read(&search, source, options->out, &errors)
                              : sweep_read(&sweep, source, options->out, &errors);
    if (errors.count > 0) {
        status = common_mistakes(&errors);
    } else if (rc != ERR_OK) {
        status = cli_failed(&(struct err){.code = ERR_MEMORY});
    } else {
        if (!options->quiet)
            print_warnings(searches ? &search.sweep : &sweep);
        status = act(&sweep, searches ? &search : NULL, options);
    }
    config_errors_fini(&errors);
    search_fini(&search);
    sweep_fini(&sweep);
    config_source_free(source);
    return status;
}
