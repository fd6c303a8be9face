/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pieces of gnuplot scripts that all kinds of plots share: quoting, colours, panels, the legend, text. */
#ifndef SIM_PLOT_SCRIPT_H
#define SIM_PLOT_SCRIPT_H

#include "sim/base/err.h"
#include "sim/base/text.h"
#include <stdbool.h>
#include <stddef.h>

enum { SCRIPT_COLOURS = 8, SCRIPT_DASHES = 4, SCRIPT_LABEL_MOST = 40 };

/* Appends a string constant of gnuplot that shows these words: in single quotes nothing is substituted, and
 * quotes, grave accents and control characters are replaced by look-alikes or spaces. Invalid UTF-8 becomes
 * "?". */
void script_quote(struct text *out, const char *words);

/* The same for at most so many letters, with an ellipsis behind a cut. */
void script_quote_short(struct text *out, const char *words, size_t most);

/* "#RRGGBB" of a series: the palette of Okabe and Ito, which colour-blind readers can tell apart. */
const char *script_colour(size_t series);

/* The dash type of a series: another one for each turn of the palette. */
size_t script_dash(size_t series);

/* "#RRGGBB" of class c of `count`: ten colours of Tol's, for more classes a slice of the viridis map. */
void script_class_colour(size_t c, size_t count, char out[8]);

/* Where things are, in pixels: panels of one size in a grid, a legend at the right, titles around. */
struct script_layout {
    const char *format;   /* "svg", "png" or "pdf" */
    size_t width, height; /* of the picture; 0: as the panels want it */
    size_t panels, columns, rows;
    size_t panel_width, panel_height, legend_width;
    size_t bottom;   /* for labels below each panel; 0: the usual */
    bool row_labels; /* every panel has labels of its own below it */
};

/* Chooses the grid, and the sizes that are 0. ERR_CONFIG when the panels do not fit into what was asked for.
 */
int script_arrange(struct script_layout *layout, struct err *err);

/* The width of a legend with these words below a heading (""); 0 for a single one. */
size_t script_legend_width(char *const *labels, size_t count, const char *heading);

/* " font ',SIZE'" for so many points: the terminals measure in different units. */
void script_font(struct text *out, const struct script_layout *layout, double points);

/* Terminal, fonts, borders, title and a note below everything. */
void script_open(struct text *out, const struct script_layout *layout, const char *title, const char *note);

/* Margins and title of panel number i; tick labels at y only in the first column. */
void script_panel(struct text *out, const struct script_layout *layout, size_t i, const char *title);

/* One axis title for all panels. */
void script_labels(struct text *out, const struct script_layout *layout, const char *x, const char *y);

/* The legend: `entries` holds the elements of a plot command without data, joined by ", "; the
 * heading may be "". */
void script_legend(struct text *out, const struct script_layout *layout, const char *heading,
                   const char *entries);

#endif
