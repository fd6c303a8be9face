/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/core/table.h"
#include "sim/base/mem.h"

#include <math.h>
#include <string.h>

int table_init(struct table *table, const char *const *names, size_t columns, size_t capacity,
               struct err *err)
{
    *table = (struct table){.columns = columns, .capacity = capacity};
    for (size_t c = 0; c < columns; c++)
        table->names[c] = names[c];
    table->cells = mem_array(capacity, columns * sizeof *table->cells, err);
    return table->cells == NULL ? ERR_MEMORY : ERR_OK;
}

void table_fini(struct table *table)
{
    mem_free(table->cells);
    *table = (struct table){0};
}

double *table_append(struct table *table)
{
    if (table->rows == table->capacity) {
        size_t capacity = 2 * table->capacity + 16;
        double *cells = mem_array(capacity, table->columns * sizeof *cells, NULL);
        if (cells == NULL)
            return NULL;
        memcpy(cells, table->cells, table->rows * table->columns * sizeof *cells);
        mem_free(table->cells);
        table->cells = cells;
        table->capacity = capacity;
    }
    double *row = table->cells + table->rows++ * table->columns;
    for (size_t c = 0; c < table->columns; c++)
        row[c] = (double)NAN;
    return row;
}

double *table_last(const struct table *table)
{
    return table->cells + (table->rows - 1) * table->columns;
}

double table_at(const struct table *table, size_t row, size_t column)
{
    return table->cells[row * table->columns + column];
}
