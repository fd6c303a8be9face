/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Known constants of a whole chain. */
#include "sim/core/defence.h"

#include <math.h>
#include <string.h>

double defence_kappa(const struct defence_settings *settings, size_t n, size_t f)
{
    const struct byz_aggregator *rule = (const void *)settings->aggregator.kind;
    char reason[BYZ_REASON_SIZE] = "";
    if (rule->kappa == NULL || defence_unsuitable(settings, n, f, NULL, reason) != 0)
        return (double)NAN;
    double kappa = rule->kappa(settings->aggregator.params, n, f);
    if (settings->preaggregators.count == 0)
        return kappa;
    if (settings->preaggregators.count == 1 &&
        strcmp(settings->preaggregators.items[0].kind->name, "nnm") == 0)
        return 8 * (double)f / (double)(n - f) * (kappa + 1);
    return (double)NAN;
}

double defence_eta(const struct defence_settings *settings, size_t n, size_t f)
{
    const struct byz_aggregator *rule = (const void *)settings->aggregator.kind;
    char reason[BYZ_REASON_SIZE] = "";
    if (rule->eta == NULL || settings->preaggregators.count > 0 ||
        defence_unsuitable(settings, n, f, NULL, reason) != 0)
        return (double)NAN;
    return rule->eta(settings->aggregator.params, n, f);
}
