/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Keeping a worker near its caller. Two processes that answer each other within microseconds belong on one
 * processor: waking another one that sleeps, and moving the output out of its caches, costs more than most
 * calls. The scheduler sees an idle processor and cannot know. So within a row of calls both are held on the
 * processor of the caller, and now and then one call goes free, so that the scheduler can still spread the
 * load. A worker whose answers take long is left alone.
 */
#ifndef SIM_PLUGIN_NEAR_H
#define SIM_PLUGIN_NEAR_H

#include <stdbool.h>
#include <sys/types.h>

/* Seconds. An answer within NEAR_QUICK is a quick one; nobody is held for longer than NEAR_HOLD at once. */
#define NEAR_QUICK 0.002
#define NEAR_HOLD  0.01

struct near {
    bool slow;     /* its last answer was */
    bool held;     /* the worker, on `processor` */
    int processor; /* valid while held */
};

/* The calling thread's rows of calls; they nest. At the end of the outermost one the thread runs where it did
 * before. */
void near_row_begin(void);
void near_row_end(void);

/* Before a question, and after its answer, which took `seconds` or did not come at all. */
void near_ask(struct near *near, pid_t worker, double now);
void near_answered(struct near *near, pid_t worker, double seconds);

#endif
