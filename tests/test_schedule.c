/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Learning-rate schedules at a few rounds each, and the warm-up. */
#include "sim/config/config.h"
#include "sim/core/schedule.h"

#include <criterion/criterion.h>
#include <math.h>

/* The learning rate of `round` of `rounds` under the schedule in words, base rate 0.5. */
static double rate(const char *words, uint64_t round, uint64_t rounds)
{
    struct server_settings server = {.learning_rate = 0.5};
    struct config_errors errors = {0};
    cr_assert_eq(config_read_variant(&schedule_family, words, &server.schedule, &errors), 0, "%s: %s", words,
                 text_string(&errors.text));
    double value = schedule_rate(&server, round, rounds);
    config_variant_release(&server.schedule);
    return value;
}

Test(schedule, constant)
{
    cr_expect_eq(rate("constant", 0, 10), 0.5);
    cr_expect_eq(rate("constant", 9, 10), 0.5);
}

Test(schedule, step)
{
    cr_expect_eq(rate("step", 99, 1000), 0.5);
    cr_expect_float_eq(rate("step", 100, 1000), 0.05, 1e-15);
    cr_expect_float_eq(rate("step", 199, 1000), 0.05, 1e-15);
    cr_expect_float_eq(rate("step", 250, 1000), 0.005, 1e-15);
    cr_expect_float_eq(rate("step:every=3,factor=0.5", 7, 10), 0.125, 1e-15);
}

Test(schedule, step_at_milestones)
{
    struct server_settings server = {.learning_rate = 0.5};
    const struct byz_descriptor *step = byz_family_find(&schedule_family, "step");
    char *params = calloc(1, step->params_size);
    byz_param_defaults(step->params, step->param_count, params);
    for (size_t k = 0; k < step->param_count; k++)
        if (step->params[k].type == BYZ_COUNTS)
            *(struct byz_counts *)(void *)(params + step->params[k].offset) =
                (struct byz_counts){.count = 2, .values = {150, 225}};
    server.schedule = (struct byz_variant){.kind = step, .params = params};
    cr_expect_eq(schedule_rate(&server, 149, 300), 0.5);
    cr_expect_float_eq(schedule_rate(&server, 150, 300), 0.05, 1e-15);
    cr_expect_float_eq(schedule_rate(&server, 224, 300), 0.05, 1e-15);
    cr_expect_float_eq(schedule_rate(&server, 299, 300), 0.005, 1e-15);
    free(params);
}

/* With half_life 10000 this is the 0.1 * 10000 / (t + 10000) of published ALIE code. */
Test(schedule, inverse_time)
{
    cr_expect_eq(rate("inverse_time", 0, 10), 0.5);
    cr_expect_float_eq(rate("inverse_time", 100, 1000), 0.25, 1e-15);
    cr_expect_float_eq(rate("inverse_time", 200, 1000), 0.5 / 3, 1e-15);
    cr_expect_float_eq(rate("inverse_time:half_life=10000", 300, 300), 0.5 * 10000 / 10300, 1e-15);
}

Test(schedule, cosine)
{
    cr_expect_eq(rate("cosine", 0, 101), 0.5);
    cr_expect_float_eq(rate("cosine", 50, 101), 0.25, 1e-15);
    cr_expect_float_eq(rate("cosine", 25, 101), 0.25 * (1 + sqrt(0.5)), 1e-15);
    cr_expect_float_eq(rate("cosine", 100, 101), 0, 1e-15);
    cr_expect_float_eq(rate("cosine:floor=0.2", 100, 101), 0.1, 1e-15);
    cr_expect_eq(rate("cosine", 0, 1), 0.5); /* a single round has no way to fall */
}

/* Linear, at its full value in the last round of the warm-up. */
Test(schedule, warmup)
{
    struct server_settings server = {.learning_rate = 0.5, .warmup_rounds = 5};
    server.schedule.kind = byz_family_find(&schedule_family, "constant");
    cr_expect_float_eq(schedule_rate(&server, 0, 100), 0.1, 1e-15);
    cr_expect_float_eq(schedule_rate(&server, 3, 100), 0.4, 1e-15);
    cr_expect_float_eq(schedule_rate(&server, 4, 100), 0.5, 1e-15);
    cr_expect_float_eq(schedule_rate(&server, 99, 100), 0.5, 1e-15);
    server.warmup_start = 0.5;
    cr_expect_float_eq(schedule_rate(&server, 0, 100), 0.3, 1e-15);
    cr_expect_float_eq(schedule_rate(&server, 4, 100), 0.5, 1e-15);
    server.warmup_rounds = 0;
    cr_expect_eq(schedule_rate(&server, 0, 100), 0.5);
}

Test(schedule, every_schedule_starts_at_the_base_rate_and_never_rises)
{
    for (size_t i = 0; i < schedule_family.count; i++) {
        const char *name = schedule_family.at(i)->name;
        double before = rate(name, 0, 400);
        cr_expect_eq(before, 0.5, "%s", name);
        for (uint64_t round = 1; round < 400; round += 7) {
            double now = rate(name, round, 400);
            cr_expect(now <= before && now >= 0, "%s at round %d", name, (int)round);
            before = now;
        }
    }
}
