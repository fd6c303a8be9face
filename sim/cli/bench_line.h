/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A line of `byzsim bench`, as text and as JSON. */
#ifndef SIM_CLI_BENCH_LINE_H
#define SIM_CLI_BENCH_LINE_H

#include "sim/app/passes.h"
#include "sim/base/text.h"

#include <cjson/cJSON.h>

/* One timed case, beside what reading the matrix takes. */
struct bench_line {
    const struct bench_case *what;
    const struct bench_figures *figures;
    struct text name;
    double rate, bandwidth; /* bytes of the matrix over the least time, and read from memory, a second */
    double alone, alone_bandwidth; /* least time and bandwidth of one thread in this run; 0: not measured */
    const struct passes *passes;   /* that the rule needs; NULL where not asked for or not known */
    double needed;                 /* seconds that these take */
};

/* The words above the columns; `passes`: those of rules beside their passes; `scaling`: one thread and more
 * are timed. */
void bench_line_head(bool passes, bool scaling);
void bench_line_print(const struct bench_line *line, bool passes);

/* The caller's. */
cJSON *bench_line_json(const struct bench_line *line);

#endif
