/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/app/rungs.h"

#include <math.h>

size_t rungs_steps(uint64_t rounds, uint64_t first, uint64_t reduction)
{
    size_t steps = 0;
    for (uint64_t at = first; steps + 1 < RUNGS_MOST && at <= rounds / reduction; at *= reduction)
        steps++;
    return steps;
}

static size_t power(size_t base, size_t exponent)
{
    size_t product = 1;
    while (exponent-- > 0)
        product *= base;
    return product;
}

/* A ladder of steps + 1 rungs for so many trials. */
static void add_bracket(struct rungs *out, size_t trials, uint64_t rounds, uint64_t reduction, size_t steps)
{
    struct rungs_bracket *bracket = &out->brackets[out->bracket_count++];
    bracket->first = out->trials;
    bracket->count = steps + 1;
    out->trials += trials;
    for (size_t i = 0; i <= steps; i++) {
        bracket->rungs[i].trials = trials < 1 ? 1 : trials;
        trials /= reduction;
    }
    for (size_t i = steps + 1; i-- > 0;) {
        bracket->rungs[i].rounds = rounds;
        rounds /= reduction;
    }
}

void rungs_plan(const struct config_search *search, size_t trials, uint64_t rounds, struct rungs *out)
{
    bool halving = search->method == SEARCH_HALVING || search->method == SEARCH_HYPERBAND;
    uint64_t eta = search->reduction < 2 ? 2 : search->reduction; /* a configuration has no less */
    size_t most = halving ? rungs_steps(rounds, search->first_rounds, eta) : 0;
    *out = (struct rungs){0};
    if (search->method != SEARCH_HYPERBAND) {
        add_bracket(out, trials, rounds, eta, most);
        return;
    }
    for (size_t s = most + 1; s-- > 0;)
        add_bracket(out, (most + 1) / (s + 1) * power((size_t)eta, s), rounds, eta, s);
}

double rungs_rounds(const struct rungs *rungs)
{
    double sum = 0;
    for (size_t b = 0; b < rungs->bracket_count; b++) {
        const struct rungs_bracket *bracket = &rungs->brackets[b];
        for (size_t i = 0; i < bracket->count; i++) {
            uint64_t before = i > 0 ? bracket->rungs[i - 1].rounds : 0;
            sum += (double)bracket->rungs[i].trials * (double)(bracket->rungs[i].rounds - before);
        }
    }
    return sum;
}

size_t rungs_visits(const struct rungs *rungs)
{
    size_t sum = 0;
    for (size_t b = 0; b < rungs->bracket_count; b++)
        for (size_t i = 0; i < rungs->brackets[b].count; i++)
            sum += rungs->brackets[b].rungs[i].trials;
    return sum;
}

size_t rungs_keep(const double *scores, size_t count, size_t keep, bool *kept)
{
    size_t marked = 0;
    for (size_t i = 0; i < count; i++)
        kept[i] = false;
    for (; marked < keep; marked++) {
        size_t best = count;
        for (size_t i = 0; i < count; i++)
            if (!kept[i] && !isnan(scores[i]) && (best == count || scores[i] > scores[best]))
                best = i;
        if (best == count)
            break;
        kept[best] = true;
    }
    return marked;
}
