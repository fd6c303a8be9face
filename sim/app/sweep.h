/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A sweep: all runs of one configuration, one after the other or several side by side, each with a result
 * file of its own, and an index of them. A configuration without a "sweep" is a sweep of one run.
 */
#ifndef SIM_APP_SWEEP_H
#define SIM_APP_SWEEP_H

#include "sim/app/datasets.h"
#include "sim/app/experiment.h"
#include "sim/core/simulation.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

enum sweep_state {
    SWEEP_PENDING,
    SWEEP_RUNNING,
    SWEEP_KEPT,     /* a complete result was there already */
    SWEEP_FINISHED, /* a result was written: see status */
    SWEEP_FAILED,   /* no result: see err */
};

struct sweep_run {
    struct experiment experiment;
    uint64_t from, until; /* the rounds of this stage: 0 and all of them, unless the sweep has stages */
    bool resting;         /* not part of this stage */
    bool paused;          /* at round `until`, with a checkpoint, to go on in a later stage */
    bool halted;          /* stopped by the user on the way to `until` */
    char *file;           /* name of the result file within the directory */
    cJSON *swept;         /* {"key.path": value} of the sweep point */
    enum sweep_state state;
    enum simulation_status status;
    uint64_t rounds_done;    /* written by the run's thread, read by others for progress: see sweep_events */
    uint64_t rounds_resumed; /* of those, rounds that a checkpoint brought */
    double train_loss, test_loss, test_accuracy, parameter_error; /* NaN where there is none */
    double validation_loss, validation_accuracy;                  /* the same */
    size_t threads;         /* that the simulation had, once it has been made */
    struct profile profile; /* where its time went, when the sweep was asked for it */
    struct err err;
};

struct sweep {
    struct sweep_run *runs;
    size_t count;
    char *directory; /* <out>/<name> */
    pthread_mutex_t lock;
    struct profile_peaks peaks; /* of all threads together; measured for a profile */
    struct err index_error;     /* the index could not be written (the results are complete all the same) */
};

struct sweep_events { /* called under the sweep's lock, from any thread; any of them may be NULL */
    void *context;
    void (*started)(void *context, const struct sweep *sweep, size_t index);
    void (*progress)(void *context, const struct sweep *sweep, size_t index);
    void (*ended)(void *context, const struct sweep *sweep, size_t index);
    /* Something that does not end the run: a checkpoint that could not be written. */
    void (*trouble)(void *context, const struct sweep *sweep, size_t index, const struct err *err);
};

/* A sweep that is run in stages: each takes the runs that do not rest up to their round `until`. The
 * functions are called while no run is at work, by the one process that has the folder. */
struct sweep_stages {
    void *context;
    /* With `resume`, of a run whose result does not lie there as it was after this stage: whether its figures
     * are known otherwise. */
    bool (*known)(void *context, const struct sweep *sweep, size_t index);
    /* Behind every stage, also one that was stopped: sets `from`, `until` and `resting` of each run for the
     * next one; *more becomes false when there is none. */
    int (*next)(void *context, struct sweep *sweep, bool *more, struct err *err);
};

struct sweep_options {
    size_t threads, jobs; /* threads in all, runs side by side; both at least 1 */
    bool profile;         /* measure where the time of every run goes */
    bool resume;          /* keep complete results, go on from checkpoints */
    double checkpoint_seconds;
    atomic_bool *stop; /* set it to end all runs after their present round */
    struct sweep_events events;
    const struct sweep_stages *stages; /* NULL: there is one */
};

/* Expands and checks every point; all mistakes go to *errors. `out` is the folder for all results
 * ("results"). Release with sweep_fini in any case. */
int sweep_read(struct sweep *sweep, const struct config_source *source, const char *out,
               struct config_errors *errors);
void sweep_fini(struct sweep *sweep);

/* The same for points made otherwise; `keys` is an object whose keys are the paths in which they differ. */
int sweep_read_points(struct sweep *sweep, const struct config_source *source,
                      const struct config_points *points, const cJSON *keys, const char *out,
                      struct config_errors *errors);

/* Loads the data of every run and creates its simulation without running it: what only data can show. Stops
 * at the first error. */
int sweep_rehearse(struct sweep *sweep, struct datasets *datasets, struct err *err);

/* How many runs of it are at work at a time: as many as asked for, never more than there are. */
size_t sweep_jobs(const struct sweep *sweep, const struct sweep_options *options);

/* Runs what is pending. Each run that starts gets an equal share of the threads that are free. Failures of
 * single runs are kept in them and do not stop the others, except for a full disk: then no further run is
 * started. An error is returned only when nothing can be run at all: missing data, a folder that cannot be
 * written to or in which another process is at work, more jobs than fit into memory. Leftovers of killed
 * processes in the folder are removed. */
int sweep_run_all(struct sweep *sweep, struct datasets *datasets, const struct sweep_options *options,
                  struct err *err);

#endif
