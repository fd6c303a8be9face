/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/core/memory.h"
#include "tests/test_simulation_fixture.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/resource.h>

#define DATA                                                                                                 \
    "'data': {'dataset': {'name': 'blobs', 'train': 5000, 'test': 10, 'classes': 10, 'features': 999}}"

static double item(const struct memory_plan *plan, const char *what)
{
    for (size_t i = 0; i < plan->count; i++)
        if (strstr(plan->items[i].what, what) != NULL)
            return plan->items[i].bytes;
    return 0;
}

static struct memory_plan plan_of(struct simulation_fixture *fixture, const char *text)
{
    simulation_fixture_init(fixture, text);
    return memory_plan_of(&fixture->experiment.settings, &fixture->dataset);
}

/* softmax 999-10: 10,000 parameters, a multiple of 16. */
Test(memory, arrays_of_n_times_d)
{
    struct simulation_fixture fixture;
    struct memory_plan plan =
        plan_of(&fixture, "{'workers': {'count': 200, 'byzantine': 30, 'momentum': 0.9}, " DATA
                          ", 'model': 'softmax', 'server': {'aggregator': 'median', 'missing': 'last'}}");
    double matrix = 200 * 10000 * 4;
    cr_assert_eq(item(&plan, "messages"), matrix);
    cr_assert_eq(item(&plan, "momentum"), matrix);
    cr_assert_eq(item(&plan, "last messages"), matrix);
    cr_assert_eq(item(&plan, "own messages"), 30 * 10000 * 4);
    double sum = 0;
    for (size_t i = 0; i < plan.count; i++)
        sum += plan.items[i].bytes;
    cr_assert_float_eq(sum, plan.total, 1);
    cr_assert_eq(plan.total, memory_total(&fixture.experiment.settings, &fixture.dataset));
    simulation_fixture_fini(&fixture);
}

Test(memory, what_is_not_used_is_not_counted)
{
    struct simulation_fixture fixture;
    struct memory_plan plan = plan_of(&fixture, "{'workers': {'count': 200}, " DATA
                                                ", 'model': 'softmax', 'server': {'aggregator': 'median'}}");
    cr_assert_eq(item(&plan, "momentum"), 0);
    cr_assert_eq(item(&plan, "last messages"), 0);
    cr_assert_eq(item(&plan, "own messages"), 0);
    simulation_fixture_fini(&fixture);
}

/* Every number of the refusal, and the cures that apply. */
Test(memory, refuses_with_the_arithmetic)
{
#if defined(__SANITIZE_ADDRESS__)
    cr_skip_test("the address sanitizer needs more than any limit of the address space");
#endif
    struct simulation_fixture fixture;
    simulation_fixture_init(&fixture, "{'workers': {'count': 20000, 'momentum': 0.9}, " DATA
                                      ", 'model': 'softmax', 'server': {'aggregator': 'median'}}");
    const struct rlimit limit = {.rlim_cur = 1500000000, .rlim_max = RLIM_INFINITY};
    cr_assert_eq(setrlimit(RLIMIT_AS, &limit), 0);
    struct err err = {0};
    struct simulation *simulation = NULL;
    cr_assert_eq(simulation_create(&simulation, &fixture.experiment.settings, &fixture.dataset, &err),
                 ERR_MEMORY);
    static const char *const said[] = {"20000 workers with 10000 parameters need 1.6 GB",
                                       "you have 1.5 GB",
                                       "ulimit -v",
                                       "messages 800 MB, worker momentum 800 MB",
                                       "no worker momentum",
                                       "fewer workers or a smaller model"};
    for (size_t i = 0; i < BYZ_LENGTH(said); i++)
        cr_assert_neq(strstr(err.text, said[i]), NULL, "%s: %s", said[i], err.text);
    cr_assert_eq(strstr(err.text, "server.missing"), NULL);
    simulation_fixture_fini(&fixture);
}
