/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/cli/progress.h"
#include "sim/report/result.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Seconds between two drawings of the line on a terminal, and between two plain lines elsewhere. */
static const double terminal_pause = 0.1, plain_pause = 10;

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void progress_init(struct progress *progress, bool quiet)
{
    *progress = (struct progress){.quiet = quiet, .terminal = isatty(STDERR_FILENO) != 0, .begun = seconds()};
    progress->shown = progress->begun;
}

static double total_rounds(const struct progress *progress, const struct sweep *sweep)
{
    double sum = 0;
    if (progress->planned_rounds > 0)
        return progress->planned_rounds;
    for (size_t i = 0; i < sweep->count; i++)
        sum += (double)sweep->runs[i].until;
    return sum;
}

/* Runs in all; one that goes on in a later stage counts again. */
static size_t total_runs(const struct progress *progress, const struct sweep *sweep)
{
    return progress->planned_runs > 0 ? progress->planned_runs : sweep->count;
}

static double done_rounds(const struct progress *progress, const struct sweep *sweep)
{
    double sum = progress->rounds_before;
    for (size_t i = 0; i < sweep->count; i++)
        if (sweep->runs[i].state == SWEEP_RUNNING)
            sum += (double)sweep->runs[i].rounds_done - (double)sweep->runs[i].from;
    return sum;
}

/* Rounds that did not have to be run now: of runs that have ended, and those that checkpoints brought. */
static double skipped_rounds(const struct progress *progress, const struct sweep *sweep)
{
    double sum = progress->rounds_skipped;
    for (size_t i = 0; i < sweep->count; i++)
        if (sweep->runs[i].state == SWEEP_RUNNING)
            sum += (double)sweep->runs[i].rounds_resumed - (double)sweep->runs[i].from;
    return sum;
}

static void clear_line(struct progress *progress)
{
    if (progress->width > 0)
        fprintf(stderr, "\r%*s\r", (int)progress->width, "");
    progress->width = 0;
}

static void clock_words(char *out, size_t size, double left)
{
    unsigned long whole = (unsigned long)left;
    if (!(left < 360000))
        snprintf(out, size, "?");
    else if (whole >= 3600)
        snprintf(out, size, "%lu:%02lu:%02lu", whole / 3600, whole / 60 % 60, whole % 60);
    else
        snprintf(out, size, "%lu:%02lu", whole / 60, whole % 60);
}

static void bar(char out[32], double part)
{
    enum { CELLS = 24 };
    size_t full = part > 0 ? (size_t)(part * CELLS) : 0;
    for (size_t i = 0; i < CELLS; i++)
        out[i] = i < full ? '#' : '.';
    out[CELLS] = '\0';
}

static void draw(struct progress *progress, const struct sweep *sweep, size_t index)
{
    double now = seconds(), total = total_rounds(progress, sweep), done = done_rounds(progress, sweep);
    double rate = (done - skipped_rounds(progress, sweep)) / (now - progress->begun);
    size_t runs = total_runs(progress, sweep);
    char cells[32], left[32], line[160];
    clock_words(left, sizeof left, (total - done) / rate);
    bar(cells, total > 0 ? done / total : 1);
    progress->shown = now;
    snprintf(line, sizeof line, "[%s] %3.0f%% run %zu/%zu %.40s: %.0f rounds/s, %s left", cells,
             total > 0 ? 100 * done / total : 100, progress->ended + 1 < runs ? progress->ended + 1 : runs,
             runs, sweep->runs[index].experiment.label, rate, left);
    if (progress->terminal) {
        clear_line(progress);
        progress->width = (size_t)fprintf(stderr, "%s", line);
        fflush(stderr);
    } else {
        fprintf(stderr, "%s\n", line + strlen(cells) + 3);
    }
}

static void on_progress(void *context, const struct sweep *sweep, size_t index)
{
    struct progress *progress = context;
    if (!progress->quiet && seconds() - progress->shown > (progress->terminal ? terminal_pause : plain_pause))
        draw(progress, sweep, index);
}

static void on_ended(void *context, const struct sweep *sweep, size_t index)
{
    struct progress *progress = context;
    const struct sweep_run *run = &sweep->runs[index];
    double rounds = (double)(run->until - run->from);
    progress->ended++;
    progress->rounds_before += rounds;
    progress->rounds_skipped +=
        run->state == SWEEP_KEPT ? rounds : rounds - ((double)run->rounds_done - (double)run->rounds_resumed);
    progress->failed += run->state == SWEEP_FAILED;
    clear_line(progress);
    if (run->state == SWEEP_FAILED) {
        fprintf(stderr, "%s: failed: %s\n", run->experiment.run_name, run->err.text);
        return;
    }
    if (progress->quiet)
        return;
    fprintf(stderr, "[%zu/%zu] %s: ", progress->ended, total_runs(progress, sweep), run->experiment.run_name);
    if (run->paused)
        fprintf(stderr, "%llu rounds", (unsigned long long)run->until);
    else
        fputs(result_status_word(run->status), stderr);
    fputs(run->state == SWEEP_KEPT ? " earlier" : "", stderr);
    if (run->rounds_resumed > run->from)
        fprintf(stderr, ", from round %llu on", (unsigned long long)run->rounds_resumed);
    if (progress->planned_runs > 0 && isfinite(run->validation_accuracy))
        fprintf(stderr, ", validation accuracy %.4f", run->validation_accuracy);
    else if (progress->planned_runs > 0 && isfinite(run->validation_loss))
        fprintf(stderr, ", validation loss %.4g", run->validation_loss);
    else if (isfinite(run->test_accuracy) && progress->planned_runs == 0)
        fprintf(stderr, ", test accuracy %.4f", run->test_accuracy);
    if (isfinite(run->train_loss))
        fprintf(stderr, ", train loss %.4g", run->train_loss);
    fputc('\n', stderr);
}

static void on_trouble(void *context, const struct sweep *sweep, size_t index, const struct err *err)
{
    struct progress *progress = context;
    clear_line(progress);
    fprintf(stderr, "%s: warning: no checkpoint: %s; the run goes on\n",
            sweep->runs[index].experiment.run_name, err->text);
}

struct sweep_events progress_events(struct progress *progress)
{
    return (struct sweep_events){
        .context = progress, .progress = on_progress, .ended = on_ended, .trouble = on_trouble};
}
