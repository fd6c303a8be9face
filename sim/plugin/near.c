/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE /* sched_setaffinity */
#include "sim/plugin/near.h"

#include <sched.h>

/* Nothing here may fail a call: where the system does not let us, the scheduler decides as ever. */
static _Thread_local struct {
    int depth;
    bool held;
    int processor; /* valid while held */
    double since;
    cpu_set_t allowed; /* where the thread ran before it was held */
} row;

static bool put(pid_t who, int processor)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET((size_t)processor, &one);
    return sched_setaffinity(who, sizeof one, &one) == 0;
}

/* The worker, a child of this thread's process, began where this thread may run. */
static void free_worker(struct near *near, pid_t worker)
{
    cpu_set_t allowed = row.allowed;
    if (near->held && worker > 0 && (row.held || sched_getaffinity(0, sizeof allowed, &allowed) == 0))
        (void)sched_setaffinity(worker, sizeof allowed, &allowed);
    near->held = false;
}

static void free_caller(void)
{
    if (row.held)
        (void)sched_setaffinity(0, sizeof row.allowed, &row.allowed);
    row.held = false;
}

static bool hold_caller(double now)
{
    int here = sched_getcpu();
    if (here < 0 || here >= CPU_SETSIZE || sched_getaffinity(0, sizeof row.allowed, &row.allowed) != 0 ||
        !put(0, here))
        return false;
    row.processor = here;
    row.since = now;
    return row.held = true;
}

void near_row_begin(void)
{
    row.depth++;
}

void near_row_end(void)
{
    if (--row.depth == 0)
        free_caller();
}

void near_ask(struct near *near, pid_t worker, double now)
{
    bool expired = row.held && now - row.since > NEAR_HOLD;
    if (row.depth == 0 || near->slow || expired || !(row.held || hold_caller(now))) {
        free_worker(near, worker);
        free_caller();
        return;
    }
    if (near->held && near->processor == row.processor)
        return;
    near->held = put(worker, row.processor);
    near->processor = row.processor;
}

void near_answered(struct near *near, pid_t worker, double seconds)
{
    near->slow = seconds > NEAR_QUICK;
    if (!near->slow)
        return;
    free_worker(near, worker);
    free_caller();
}
