/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A table of numbers by named columns, filled row by row: what the metrics of a run are kept in. */
#ifndef SIM_CORE_TABLE_H
#define SIM_CORE_TABLE_H

#include "sim/base/err.h"
#include <stddef.h>

enum { TABLE_COLUMNS_MOST = 24 };

struct table {
    size_t columns, rows, capacity;
    const char *names[TABLE_COLUMNS_MOST];
    double *cells; /* (capacity, columns) row-major; NaN: no value */
};

/* An empty table with those column names (borrowed literals) and room for `capacity` rows to begin with. */
int table_init(struct table *table, const char *const *names, size_t columns, size_t capacity,
               struct err *err);
void table_fini(struct table *table);

/* Appends one row of `columns` cells, NaN everywhere; returns it, or NULL when memory runs out. */
double *table_append(struct table *table);

/* The row appended last; there must be one. */
double *table_last(const struct table *table);

double table_at(const struct table *table, size_t row, size_t column);

#endif
