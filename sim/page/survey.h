/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the sections of a report share: what differs between the results, the settings that were repeated, the
 * figures that there are. */
#ifndef SIM_PAGE_SURVEY_H
#define SIM_PAGE_SURVEY_H

#include "sim/page/differences.h"
#include "sim/plot/axis.h"
#include "sim/plot/measure.h"

enum { SURVEY_MEASURES = 9, SURVEY_COLOURS = 8 };

struct survey {
    const struct records *records;
    struct plot_request plain; /* the records, and no wish */
    struct differences differences;
    struct axis *columns;                     /* (differences.count) one for each difference, for labels */
    struct axis settings;                     /* runs of one place differ in their seed alone */
    size_t *first;                            /* (settings.count) the first record of each */
    struct axis attacks, others;              /* what a setting is made of: its attack, and the rest */
    struct measure measures[SURVEY_MEASURES]; /* those some result has; the first is the main one */
    size_t measure_count;
};

/* Zero-initialise; release with survey_fini in any case. */
int survey_make(struct survey *survey, const struct records *records, struct err *err);
void survey_fini(struct survey *survey);

/* "alie z=1.5, krum": what the setting of a record is called; the name of the experiment where nothing
 * differs. Borrowed. */
const char *survey_label(const struct survey *survey, size_t record);

/* The final figure of a record, NaN where there is none. */
double survey_figure(const struct record *record, const char *key);

/* The mean final figure of a setting over its runs that have one. */
struct spread survey_spread(const struct survey *survey, size_t setting, const char *key, double *values);

/* Accuracies are shown in per cent. */
bool survey_is_percent(const struct measure *measure);

/* "test accuracy, %" */
void survey_title(const struct measure *measure, struct text *out);

/* Appends a figure as a reader wants it: "87.3" for an accuracy, "-" for NaN. */
void survey_value(const struct measure *measure, double value, struct text *out);

/* A string of a result, "" when it has none. Borrowed. */
const char *survey_string(const struct record *record, const char *key);

#endif
