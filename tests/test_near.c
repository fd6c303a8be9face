/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A worker is held beside its caller within a row of calls, and nobody stays held afterwards. */
#define _GNU_SOURCE /* sched_getaffinity */
#include "sim/plugin/near.h"

#include <criterion/criterion.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t worker;
static cpu_set_t before;

static void start(void)
{
    cr_assert_eq(sched_getaffinity(0, sizeof before, &before), 0);
    worker = fork();
    cr_assert_geq(worker, 0);
    while (worker == 0)
        pause();
}

static void stop(void)
{
    kill(worker, SIGKILL);
    waitpid(worker, NULL, 0);
}

/* A machine of one processor has nothing to hold. */
static int processors_of(pid_t who)
{
    cpu_set_t now;
    return sched_getaffinity(who, sizeof now, &now) == 0 ? CPU_COUNT(&now) : -1;
}

static bool as_before(pid_t who)
{
    cpu_set_t now;
    return sched_getaffinity(who, sizeof now, &now) == 0 && CPU_EQUAL(&now, &before);
}

TestSuite(near, .init = start, .fini = stop, .timeout = 20);

Test(near, outside_of_a_row_nobody_is_held)
{
    struct near near = {0};
    near_ask(&near, worker, 0);
    cr_assert(as_before(0));
    cr_assert(as_before(worker));
    cr_assert_not(near.held);
}

Test(near, within_a_row_both_are_held_on_one_processor)
{
    struct near near = {0};
    near_row_begin();
    near_ask(&near, worker, 0);
    cr_assert_eq(processors_of(0), 1);
    cr_assert_eq(processors_of(worker), 1);
    cpu_set_t mine, its;
    sched_getaffinity(0, sizeof mine, &mine);
    sched_getaffinity(worker, sizeof its, &its);
    cr_assert(CPU_EQUAL(&mine, &its));
    near_answered(&near, worker, 1e-5);
    cr_assert_eq(processors_of(0), 1, "a quick answer frees nobody");
    near_row_end();
    cr_assert(as_before(0), "the caller is free at the end of the row");
    near_ask(&near, worker, 0);
    cr_assert(as_before(worker), "the worker is freed by the next call outside");
}

Test(near, rows_nest)
{
    struct near near = {0};
    near_row_begin();
    near_row_begin();
    near_ask(&near, worker, 0);
    near_row_end();
    cr_assert_eq(processors_of(0), 1);
    near_row_end();
    cr_assert(as_before(0));
}

Test(near, a_slow_worker_is_left_alone)
{
    struct near near = {0};
    near_row_begin();
    near_ask(&near, worker, 0);
    near_answered(&near, worker, 2 * NEAR_QUICK);
    cr_assert(as_before(0));
    cr_assert(as_before(worker));
    near_ask(&near, worker, 0);
    cr_assert(as_before(worker), "and not held again");
    near_answered(&near, worker, 1e-5);
    near_ask(&near, worker, 0);
    cr_assert_eq(processors_of(worker), 1, "until it is quick again");
    near_row_end();
}

Test(near, one_call_goes_free_after_a_while)
{
    struct near near = {0};
    near_row_begin();
    near_ask(&near, worker, 0);
    near_ask(&near, worker, 0.9 * NEAR_HOLD);
    cr_assert_eq(processors_of(0), 1);
    near_ask(&near, worker, 1.1 * NEAR_HOLD);
    cr_assert(as_before(0));
    cr_assert(as_before(worker));
    near_ask(&near, worker, 1.2 * NEAR_HOLD);
    cr_assert_eq(processors_of(worker), 1);
    near_row_end();
}

Test(near, a_worker_that_has_ended_troubles_nobody)
{
    struct near near = {0};
    near_row_begin();
    near_ask(&near, worker, 0);
    near_answered(&near, 0, 1);
    cr_assert(as_before(0));
    near_row_end();
}
