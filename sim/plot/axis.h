/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What results are told apart by: the values of some keys of their configurations become the places of an
 * axis (groups of bars, lines, panels). "attack" stands for all keys below it: sign_flip with two scales is
 * two places.
 */
#ifndef SIM_PLOT_AXIS_H
#define SIM_PLOT_AXIS_H

#include "sim/plot/plot.h"
#include "sim/report/fields.h"

struct axis {
    struct fields keys;
    size_t count;    /* places, at least 1 */
    char **labels;   /* (count) "sign flip scale=5, α=0.1" */
    char **ticks;    /* (count) the same without the name of a key that is the only one: "0.1" */
    double *numbers; /* (count) the value where every place is one number, otherwise NaN; then ascending */
    size_t *place;   /* (records) of each record */
    bool numeric;
};

/* Keys that differ between the records and have no role yet; the seed is none of them, because runs that
 * differ in it alone are repetitions. */
int axis_free_keys(const struct records *records, struct fields *left, struct err *err);

/* Whether a key is `prefix` or stands below it ("": every key; NULL: none). */
bool axis_is_below(const char *prefix, const char *key);

/* Takes the keys at or below `prefix` out of `left` ("": all; NULL: none) and places the records of the
 * request. A prefix the user named (`required`) must be a key of some record. Release with axis_fini in any
 * case. */
int axis_take(struct axis *axis, const struct plot_request *request, struct fields *left, const char *prefix,
              bool required, struct err *err);
void axis_fini(struct axis *axis);

/* ERR_CONFIG, with their names, when keys are left that no axis took: the mean over different settings would
 * pass for a mean over repetitions. */
int axis_check_left(const struct fields *left, struct err *err);

/* "Byzantine workers": what the axis is about, for its title; "" for an axis without keys. */
void axis_title(const struct axis *axis, const struct plot_request *request, struct text *out);

/* The words of a legend: a heading where one key with a name of its own sets the places apart, and then the
 * ticks; otherwise "" and the labels. */
void axis_heading(const struct axis *axis, const struct plot_request *request, struct text *out);
char *const *axis_entries(const struct axis *axis);

#endif
