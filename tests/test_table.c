/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/core/table.h"

#include <criterion/criterion.h>
#include <math.h>

static const char *const names[] = {"round", "loss", "accuracy"};

Test(table, a_new_row_has_no_values)
{
    struct table table;
    cr_assert_eq(table_init(&table, names, 3, 2, NULL), ERR_OK);
    cr_assert_eq(table.rows, 0);
    double *row = table_append(&table);
    cr_assert_not_null(row);
    row[1] = 0.5;
    cr_assert_eq(table.rows, 1);
    cr_assert(isnan(table_at(&table, 0, 0)));
    cr_assert_eq(table_at(&table, 0, 1), 0.5);
    cr_assert(isnan(table_at(&table, 0, 2)));
    cr_assert_str_eq(table.names[2], "accuracy");
    table_fini(&table);
    table_fini(&table);
}

/* From no room at all through several growths: nothing written is lost, nothing unwritten is there. */
Test(table, keeps_every_cell_while_it_grows)
{
    struct table table;
    cr_assert_eq(table_init(&table, names, 3, 0, NULL), ERR_OK);
    for (size_t r = 0; r < 1000; r++) {
        double *row = table_append(&table);
        cr_assert_not_null(row);
        row[0] = (double)r;
        row[2] = 1 / (double)(r + 1);
    }
    cr_assert_eq(table.rows, 1000);
    cr_assert_geq(table.capacity, table.rows);
    for (size_t r = 0; r < 1000; r++) {
        cr_assert_eq(table_at(&table, r, 0), (double)r);
        cr_assert(isnan(table_at(&table, r, 1)));
        cr_assert_eq(table_at(&table, r, 2), 1 / (double)(r + 1));
    }
    table_fini(&table);
}
