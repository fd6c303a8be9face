/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Plots of results. A kind of plot is one file that ends in one descriptor: it turns records into a gnuplot
 * script that holds its data. What the records are told apart by decides about lines, groups and panels (see
 * axis.h); options may decide otherwise.
 */
#ifndef SIM_PLOT_PLOT_H
#define SIM_PLOT_PLOT_H

#include "sim/report/records.h"
#include <stdbool.h>

/* Which options a kind understands. */
enum plot_option {
    PLOT_METRIC = 1,
    PLOT_X = 2,
    PLOT_Y = 4,
    PLOT_SERIES = 8,
    PLOT_FACET = 16,
    PLOT_OVER = 32,
    PLOT_RANGE = 64,
    PLOT_LOG = 128,
    PLOT_LOG_X = 256,
    PLOT_MARK = 512,
    PLOT_SEARCH = 1024, /* no option: the kind draws a search, and not results by their keys */
};

enum { PLOT_PANELS_MOST = 16, PLOT_MARKS_MOST = 4, PLOT_LABELS_MOST = 64 };

/* A vertical line at a value of the x axis, and what the legend says of it. */
struct plot_mark {
    double at;
    const char *words;
};

/* "OLD=NEW": other words for a part of the plot, and whether there was such a part. */
struct plot_label {
    const char *text;
    bool used;
};

struct plot_labels {
    struct plot_label items[PLOT_LABELS_MOST];
    size_t count;
    struct text seen; /* what could have been replaced; released by the caller */
};

struct plot_request {
    const struct records *records; /* at least one, but for a search; with the metric's rounds */
    const cJSON *search;           /* for PLOT_SEARCH: see sim/report/search_file.h */
    const char *metric, *x, *y, *series, *facet, *over; /* keys; NULL: the kind's choice */
    const char *title;                                  /* NULL: the names of the experiments */
    const char *format;                                 /* "svg", "png", "pdf" */
    struct plot_labels *labels;                         /* NULL: none */
    struct plot_mark marks[PLOT_MARKS_MOST];
    size_t mark_count;
    bool has_range, logarithmic, logarithmic_x;
    bool as_written;      /* names as the configuration has them, for tables to be searched */
    double low, high;     /* of the metric, with has_range */
    size_t width, height; /* pixels; 0: the kind's choice */
};

struct plot_kind {
    const char *name, *summary;
    unsigned options; /* enum plot_option */
    /* Appends the script; the terminal is that of request->format. */
    int (*write)(const struct plot_request *request, struct text *script, struct err *err);
};

const struct plot_kind *plot_find(const char *name);
const struct plot_kind *plot_at(size_t i); /* NULL behind the last */

/* Draws into `path`, atomically; its ending tells the format: .svg, .png, .pdf, or .gp for the script itself.
 */
int plot_draw(const struct plot_kind *kind, const struct plot_request *request, const char *path,
              struct err *err);

/* ERR_CONFIG unless plot_draw knows the ending. */
int plot_check_path(const char *path, struct err *err);

/* The title in force, for the kinds: request->title or the names of the experiments. */
void plot_title(const struct plot_request *request, struct text *out);

extern const struct plot_kind plot_curves, plot_trend, plot_heatmap, plot_bars, plot_selection,
    plot_partition, plot_halving;

#endif
