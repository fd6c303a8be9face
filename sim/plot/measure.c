/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/plot/measure.h"
#include "sim/plot/words.h"
#include "sim/report/fields.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <string.h>

#define FREE ((double)NAN)

static const struct measure measures[] = {
    {"test_bits_per_character", "test loss in bits per character", 0, FREE, true},
    {"test_accuracy", "test accuracy", 0, 1, false},
    {"parameter_error", "distance from the true parameters", 0, FREE, true},
    {"train_loss", "training loss", 0, FREE, true},
    {"test_loss", "test loss", 0, FREE, true},
    {"learning_rate", "learning rate", 0, FREE, false},
    {"aggregate_norm", "‖F‖, norm of the aggregate", 0, FREE, true},
    {"honest_norm", "‖m‖, norm of the honest mean", 0, FREE, true},
    {"honest_variance", "variance of the honest messages", 0, FREE, true},
    {"distance_to_honest", "‖F − m‖, distance from the honest mean", 0, FREE, true},
    {"cosine_to_honest", "cosine of F and the honest mean", -1, 1, false},
    {"error_ratio", "‖F − m‖² / honest variance", 0, FREE, true},
    {"byzantine_weight", "weight of the Byzantine messages", 0, 1, true},
    {"dropped", "dropped messages in a round", 0, FREE, true},
    {"bytes_sent", "bytes sent", 0, FREE, true},
    {"skipped_rounds", "skipped rounds", 0, FREE, true},
    {"dropped_messages", "dropped messages", 0, FREE, true},
    {"timing.seconds", "time of a run in seconds", 0, FREE, true},
};

enum { MEASURES = sizeof measures / sizeof measures[0], CHOSEN = 4 };

static bool is_there(const struct records *records, const char *key)
{
    for (size_t i = 0; i < records->count; i++)
        if (cJSON_IsNumber(fields_find(&records->items[i], key)))
            return true;
    return false;
}

static struct measure choose(const struct plot_request *request)
{
    if (request->metric == NULL) {
        for (size_t i = 0; i + 1 < CHOSEN; i++)
            if (is_there(request->records, measures[i].name))
                return measures[i];
        return measures[CHOSEN - 1];
    }
    const char *name = strncmp(request->metric, "final.", 6) == 0 ? request->metric + 6 : request->metric;
    for (size_t i = 0; i < MEASURES; i++)
        if (strcmp(measures[i].name, name) == 0)
            return measures[i];
    return (struct measure){request->metric, request->metric, FREE, FREE, false};
}

struct measure measure_of(const struct plot_request *request)
{
    struct measure measure = choose(request);
    measure.label = words_renamed(request, measure.label);
    return measure;
}

double measure_half(double squares, size_t count)
{
    if (count < 2)
        return 0;
    double deviation = sqrt(squares / (double)(count - 1));
    return gsl_cdf_tdist_Pinv(0.975, (double)(count - 1)) * deviation / sqrt((double)count);
}

struct spread measure_spread(const double *values, size_t count)
{
    struct spread spread = {.count = count, .mean = (double)NAN};
    double sum = 0, squares = 0;
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    if (count > 0)
        spread.mean = sum / (double)count;
    for (size_t i = 0; i < count; i++)
        squares += (values[i] - spread.mean) * (values[i] - spread.mean);
    spread.half = measure_half(squares, count);
    return spread;
}

void measure_range(const struct measure *measure, const struct plot_request *request, double least,
                   double greatest, double *low, double *high)
{
    double room = 0.05 * (greatest - least);
    *low = isfinite(measure->low) && least >= measure->low ? measure->low : least - room;
    *high = isfinite(measure->high) && greatest <= measure->high ? measure->high : greatest + room;
    if (request->logarithmic) {
        *low = least / 1.3;
        *high = greatest * 1.3;
    }
    if (request->has_range) {
        *low = request->low;
        *high = request->high;
    }
    if (!(*low < *high)) {
        *low = isfinite(*low) ? *low : 0;
        *high = *low + 1;
    }
}

void measure_note(size_t fewest, size_t most, const char *shown, struct text *out)
{
    if (most <= 1)
        return;
    text_printf(out, "mean and 95 %% confidence %s of ", shown);
    if (fewest == most)
        text_printf(out, "%zu runs", most);
    else
        text_printf(out, "%zu to %zu runs", fewest, most);
}
