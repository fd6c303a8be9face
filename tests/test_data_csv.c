/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/data/scratch.h"

#include <math.h>

struct table {
    char *folder;
    void *params;
    struct dataset data;
    struct err err;
};

static const struct byz_descriptor *csv(void)
{
    return &scratch_kind("csv")->base;
}

/* A folder with train.csv and, when given, test.csv. */
static struct table prepare(const char *train, const char *test)
{
    struct table table = {.folder = scratch_make(), .params = scratch_params(csv())};
    scratch_write(table.folder, "train.csv", train, strlen(train));
    scratch_set_text(csv(), table.params, "train", "train.csv");
    if (test != NULL) {
        scratch_write(table.folder, "test.csv", test, strlen(test));
        scratch_set_text(csv(), table.params, "test", "test.csv");
    }
    scratch_set_choice(csv(), table.params, "normalise", 1);
    return table;
}

static int load(struct table *table)
{
    struct data_places places = {.option = table->folder};
    return scratch_kind("csv")->load(table->params, &places, &table->data, &table->err);
}

static void finish(struct table *table)
{
    dataset_fini(&table->data);
    free(table->params);
    scratch_remove(table->folder);
}

static void expect_error(struct table table, int code, const char *words)
{
    cr_assert_eq(load(&table), code, "%s: %s", words, table.err.text);
    cr_assert_not_null(strstr(table.err.text, words), "expected \"%s\" in: %s", words, table.err.text);
    finish(&table);
}

Test(data_csv, header_words_and_quotes)
{
    struct table table = prepare(
        "\xEF\xBB\xBFwidth,height,\"kind, of\"\r\n1,2,pear\r\n\r\n3,4,\"app\"\"le\"\r\n 5 , 6 ,pear\n",
        "width,height,kind\n7,8,pear\n");
    cr_assert_eq(load(&table), 0, "%s", table.err.text);
    const float expected[] = {1, 2, 3, 4, 5, 6};
    const int32_t labels[] = {1, 0, 1}; /* app"le before pear */
    cr_assert_eq(table.data.features, 2);
    cr_assert_eq(table.data.classes, 2);
    cr_assert_eq(table.data.train.count, 3);
    cr_assert_arr_eq(table.data.train.values, expected, sizeof expected);
    cr_assert_arr_eq(table.data.train.labels, labels, sizeof labels);
    cr_assert_eq(table.data.test.labels[0], 1);
    finish(&table);
}

Test(data_csv, a_byte_order_mark_is_no_header)
{
    struct table table = prepare("\xEF\xBB\xBF"
                                 "1,a\n2,b\n3,a\n",
                                 "4,b\n");
    cr_assert_eq(load(&table), 0, "%s", table.err.text);
    cr_assert_eq(table.data.train.count, 3);
    cr_assert_eq(table.data.train.values[0], 1.0f);
    finish(&table);
}

Test(data_csv, numeric_labels_are_ordered_by_value)
{
    struct table table = prepare("10;1\n9;2\n-1;3\n9;4\n10;5\n", NULL);
    scratch_set_choice(csv(), table.params, "delimiter", 1);
    ((struct byz_real_or_choice *)scratch_knob(csv(), table.params, "label"))->choice = 1;
    scratch_set_real(csv(), table.params, "test_fraction", 0.4);
    cr_assert_eq(load(&table), 0, "%s", table.err.text);
    const int32_t labels[] = {2, 1, 0}, test[] = {1, 2};
    cr_assert_eq(table.data.train.count, 3);
    cr_assert_eq(table.data.test.count, 2);
    cr_assert_arr_eq(table.data.train.labels, labels, sizeof labels);
    cr_assert_arr_eq(table.data.test.labels, test, sizeof test);
    cr_assert_eq(table.data.test.values[1], 5.0f);
    finish(&table);
}

Test(data_csv, regression_with_a_numbered_column_and_standard_features)
{
    struct table table = prepare("1,0.5,7\n3,1.5,7\n5,2.5,7\n", "9,4.5,8\n");
    *(struct byz_real_or_choice *)scratch_knob(csv(), table.params, "label") =
        (struct byz_real_or_choice){-1, 1};
    scratch_set_choice(csv(), table.params, "task", 1);
    scratch_set_choice(csv(), table.params, "normalise", 0);
    cr_assert_eq(load(&table), 0, "%s", table.err.text);
    cr_assert_eq(table.data.classes, 0);
    cr_assert_null(table.data.train.labels);
    cr_assert_eq(table.data.train.targets[2], 2.5f);
    double std = sqrt(8.0 / 3);
    cr_assert_float_eq((double)table.data.train.values[0], -2 / std, 1e-6);
    cr_assert_float_eq((double)table.data.test.values[0], 6 / std,
                       1e-6);                       /* mean and std of the training samples */
    cr_assert_eq(table.data.train.values[1], 0.0f); /* a constant column */
    cr_assert_eq(table.data.test.values[1], 1.0f);
    finish(&table);
}

Test(data_csv, mistakes_name_line_and_column)
{
    expect_error(prepare("1,2,a\n3,x,b\n", NULL), ERR_DATA, "line 2, column 2: \"x\" is not a finite number");
    expect_error(prepare("1,2,a\n\n3,nan,b\n", NULL), ERR_DATA, "line 3, column 2");
    expect_error(prepare("1,2,a\n3,,b\n", NULL), ERR_DATA, "line 2, column 2: \"\"");
    expect_error(prepare("1,2,a\n3,b\n", NULL), ERR_DATA, "line 2 has 2 columns, the first row has 3");
    expect_error(prepare("1,2,a\n3,4,b\n", "1,2,c\n"), ERR_DATA,
                 "line 1, column 3: no training sample has the label \"c\"");
    expect_error(prepare("1,2,a\n3,4,b\n", "1,c\n"), ERR_DATA, "has 2 columns");
    expect_error(prepare("1\n2\n", NULL), ERR_DATA, "delimiter");
    expect_error(prepare("", NULL), ERR_DATA, "no rows");
    expect_error(prepare("a,b\n", NULL), ERR_DATA, "no rows behind its header");
    expect_error(prepare("1,2,a\n3,4,a\n", NULL), ERR_DATA, "1 different labels");
    expect_error(prepare("1,a\n2,b\n", "\n"), ERR_DATA, "test.csv");
}

Test(data_csv, missing_or_impossible_knobs)
{
    struct table table = prepare("1,2,a\n3,4,b\n", NULL);
    scratch_set_text(csv(), table.params, "train", "");
    ((char *)scratch_knob(csv(), table.params, "train"))[0] = '\0';
    expect_error(table, ERR_CONFIG, "needs \"train\"");
    table = prepare("1,2,a\n3,4,b\n", NULL);
    scratch_set_text(csv(), table.params, "train", "nowhere.csv");
    expect_error(table, ERR_DATA, "nowhere.csv");
    table = prepare("1,2,a\n3,4,b\n", NULL);
    *(struct byz_real_or_choice *)scratch_knob(csv(), table.params, "label") =
        (struct byz_real_or_choice){-1, 3};
    expect_error(table, ERR_CONFIG, "the file has columns 0..2");
    table = prepare("1,2,a\n3,4,b\n", NULL);
    scratch_write(table.folder, "train.csv", "1,2\0,a\n", 7);
    expect_error(table, ERR_DATA, "byte 3 is zero");
}
