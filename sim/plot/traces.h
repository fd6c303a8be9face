/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines with the band of their repetitions, in panels: what curves and trends share. */
#ifndef SIM_PLOT_TRACES_H
#define SIM_PLOT_TRACES_H

#include "sim/plot/axis.h"
#include "sim/plot/script.h"

enum { TRACES_PLAIN = SCRIPT_COLOURS, TRACES_MOST = SCRIPT_COLOURS * SCRIPT_DASHES };

struct trace {
    size_t points, runs;
    double *rows; /* (points, 4): x, mean, low, high; a mean of NaN breaks the line */
    double kappa; /* a horizontal line of the same colour; NaN: none */
};

struct traces {
    const struct plot_request *request;
    const struct axis *series;
    size_t panels;
    struct trace *items; /* (panels, series) */
    bool pointed;        /* a sign at every point, another one for each series */
};

/* Allocates the items; release with traces_fini in any case. */
int traces_make(struct traces *traces, struct err *err);
void traces_fini(struct traces *traces);

/* The blocks of data, one for each line. */
void traces_write_data(const struct traces *traces, struct text *out);

/* The plot command of a panel, with the marks of the request. Bands lie below all lines. */
void traces_write_panel(const struct traces *traces, size_t panel, struct text *out);

/* Legend: its width for the layout, then itself. */
size_t traces_legend_width(const struct traces *traces);
void traces_write_legend(const struct traces *traces, const struct script_layout *layout, struct text *out);

#endif
