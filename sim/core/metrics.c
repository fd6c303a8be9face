/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What each round records: how far the aggregate F lies from the mean of the honest messages, as a length, as
 * a cosine and as the ratio ||F - mean||^2 / variance, beside the constant kappa that bounds it over all
 * inputs where n rows and f are as the rule was told.
 */
#include "sim/core/phases.h"
#include "sim/num/rows.h"

#include <math.h>

static double cosine(double inner, double norm_a, double norm_b)
{
    return norm_a > 0 && norm_b > 0 ? inner / (norm_a * norm_b) : (double)NAN;
}

void metrics_compare(struct simulation *simulation)
{
    double *row = table_last(&simulation->rounds), variance = row[ROUND_HONEST_VARIANCE];
    if (row[ROUND_SKIPPED] != 0) {
        row[ROUND_HONEST_NORM] = sqrt(rows_norm2(simulation->centre, simulation->d));
        return;
    }
    struct rows_comparison to;
    rows_compare(simulation->aggregate, simulation->centre, simulation->d, &to);
    row[ROUND_AGGREGATE_NORM] = sqrt(to.norm2_a);
    row[ROUND_HONEST_NORM] = sqrt(to.norm2_b);
    row[ROUND_DISTANCE] = sqrt(to.distance2);
    row[ROUND_COSINE] = cosine(to.inner, row[ROUND_AGGREGATE_NORM], row[ROUND_HONEST_NORM]);
    row[ROUND_RATIO] = variance > 0 ? to.distance2 / variance : (double)NAN;
}

void metrics_honest(struct simulation *simulation)
{
    size_t honest = simulation->n - simulation->b;
    profile_enter(&simulation->profile, PROFILE_METRICS);
    rows_spread_add(&simulation->facts.spread, simulation->honest_rows, honest, simulation->window.from,
                    simulation->window.width, simulation->centre + simulation->window.from);
    simulation->facts.honest_variance = rows_spread_variance(&simulation->facts.spread);
}

int metrics_record(struct simulation *simulation, struct err *err)
{
    const struct round_facts *facts = &simulation->facts;
    profile_enter(&simulation->profile, PROFILE_METRICS);
    double *row = table_append(&simulation->rounds);
    if (row == NULL)
        return err_set(err, ERR_MEMORY, "out of memory for the metrics of round %llu",
                       (unsigned long long)simulation->round);
    row[ROUND_NUMBER] = (double)simulation->round;
    row[ROUND_LEARNING_RATE] = facts->learning_rate;
    row[ROUND_HONEST_VARIANCE] = facts->honest_variance;
    if (facts->answered)
        row[ROUND_KAPPA] = defence_kappa(&simulation->settings->server.defence, facts->rows, facts->declared);
    if (facts->has_weights)
        row[ROUND_BYZANTINE_WEIGHT] = facts->byzantine_weight;
    row[ROUND_DROPPED] = (double)facts->dropped;
    row[ROUND_MISSING] = (double)facts->missing;
    row[ROUND_SKIPPED] = !facts->answered;
    /* Every worker receives the parameters, and those that answer send a message, float32 both ways. */
    row[ROUND_BYTES] = (double)(2 * simulation->n - facts->missing) * (double)simulation->d * sizeof(float);
    simulation->dropped_total += facts->dropped;
    return ERR_OK;
}
