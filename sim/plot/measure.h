/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is plotted: figures of results, their names on axes, and their spread over repetitions. */
#ifndef SIM_PLOT_MEASURE_H
#define SIM_PLOT_MEASURE_H

#include "sim/plot/plot.h"
#include <stddef.h>

struct measure {
    const char *name;  /* the key: "test_accuracy" */
    const char *label; /* "test accuracy" */
    double low, high;  /* the honest axis; NaN: as the values have it */
    bool less_is_better;
};

/* The measure the request names, or else the bits per character, the accuracy, the distance from the true
 * parameters or the training loss, whichever the records have first. */
struct measure measure_of(const struct plot_request *request);

/* The mean of repetitions and half the width of its 95 % confidence interval (Student's t); 0 for one. */
struct spread {
    size_t count;
    double mean, half;
};
double measure_half(double squares, size_t count); /* from the sum of squared deviations from the mean */
struct spread measure_spread(const double *values, size_t count);

/* The axis of the measure: what was asked for, what is honest, or the least and greatest value with some
 * room.
 */
void measure_range(const struct measure *measure, const struct plot_request *request, double least,
                   double greatest, double *low, double *high);

/* "mean and 95 % confidence interval of 5 runs each", or nothing when nothing was repeated. */
void measure_note(size_t fewest, size_t most, const char *shown, struct text *out);

#endif
