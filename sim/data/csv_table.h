/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tables of delimited text: one row a line, every row as many cells as the first, blank lines skipped, cells
 * optionally in double quotes ("" inside them is one quote). Plain or gzip-compressed.
 */
#ifndef SIM_DATA_CSV_TABLE_H
#define SIM_DATA_CSV_TABLE_H

#include "sim/base/err.h"
#include "sim/base/text.h"
#include <stddef.h>

/* A file in memory. Zero-initialise; csv_table_fini is legal after a failure. */
struct csv_table {
    const char *path; /* borrowed */
    struct text text;
    size_t rows, columns;
    char delimiter;
    struct csv_line {
        size_t start, number; /* offset in text; line number from 1 */
    } * lines;                /* (rows) */
};

int csv_table_read(struct csv_table *table, const char *path, char delimiter, struct err *err);
void csv_table_fini(struct csv_table *table);

/* Splits a row, once: cells (columns) are strings inside the table, spaces around them removed. */
int csv_table_split(struct csv_table *table, size_t row, char **cells, struct err *err);

/* The cell as a finite number. The error names line and column. */
int csv_table_number(const struct csv_table *table, size_t row, size_t column, const char *cell, double *out,
                     struct err *err);

#endif
