/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `byzsim results`: a table of result files. */
#include "sim/api/byz_param.h"
#include "sim/base/mem.h"
#include "sim/cli/cli.h"
#include "sim/cli/common.h"
#include "sim/config/config.h"
#include "sim/report/fields.h"
#include "sim/report/query.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WHERE, COLUMNS, SORT, CSV, JSON, MARKDOWN };

static const struct cli_option options[] = {
    [WHERE] = {"where", "KEY=VALUE", "only results that meet this; also !=, <, <=, >, >=; may be repeated"},
    [COLUMNS] = {"columns", "A,B", "the columns (default: what differs, status, figures and file)"},
    [SORT] = {"sort", "[-]KEY", "order by a key, with - from the greatest down"},
    [CSV] = {"csv", NULL, "print comma-separated values"},
    [JSON] = {"json", NULL, "print a list of JSON objects"},
    [MARKDOWN] = {"markdown", NULL, "print a Markdown table"},
};

struct request {
    struct common_list paths, conditions;
    const char *columns, *sort;
    int format; /* CSV, JSON, MARKDOWN, or -1: plain text */
};

static const cJSON *value_of(const struct record *record, const char *key, cJSON *file)
{
    if (strcmp(key, "file") != 0)
        return fields_find(record, key);
    cJSON_SetValuestring(file, record->path);
    return file;
}

/* The cells of a table, row by row, as text. */
struct cells {
    struct text *items; /* (rows + 1, columns): the titles first */
    size_t rows, columns;
};

static void cells_fini(struct cells *cells)
{
    for (size_t i = 0; cells->items != NULL && i < (cells->rows + 1) * cells->columns; i++)
        text_fini(&cells->items[i]);
    mem_free(cells->items);
}

/* Six digits are for eyes; csv and JSON have all of them. */
static void add_value(struct text *cell, const cJSON *value, bool rounded)
{
    if (rounded && cJSON_IsNumber(value) && value->valuedouble != floor(value->valuedouble))
        text_printf(cell, "%.6g", value->valuedouble);
    else
        fields_words(value, cell);
}

static int cells_fill(struct cells *cells, const struct records *records, const struct fields *columns,
                      bool rounded, struct err *err)
{
    *cells = (struct cells){.rows = records->count, .columns = columns->count};
    cells->items = mem_array((cells->rows + 1) * cells->columns, sizeof *cells->items, err);
    for (size_t c = 0; cells->items != NULL && c < cells->columns; c++) {
        text_add(&cells->items[c], columns->keys[c]);
        for (size_t r = 0; r < cells->rows; r++) {
            struct text *cell = &cells->items[(r + 1) * cells->columns + c];
            const struct record *record = &records->items[r];
            bool file = strcmp(columns->keys[c], "file") == 0;
            const cJSON *value = file ? NULL : fields_find(record, columns->keys[c]);
            if (file)
                text_add(cell, record->path);
            else if (value == NULL || cJSON_IsNull(value))
                text_add(cell, rounded ? "-" : "");
            else
                add_value(cell, value, rounded);
        }
    }
    return cells->items == NULL ? ERR_MEMORY : ERR_OK;
}

static void print_plain(const struct cells *cells)
{
    for (size_t r = 0; r <= cells->rows; r++) {
        for (size_t c = 0; c < cells->columns; c++) {
            size_t width = 0;
            for (size_t k = 0; c + 1 < cells->columns && k <= cells->rows; k++) {
                size_t length = cells->items[k * cells->columns + c].length;
                width = length > width ? length : width;
            }
            printf("%-*s%s", (int)width, text_string(&cells->items[r * cells->columns + c]),
                   c + 1 < cells->columns ? "  " : "\n");
        }
    }
}

/* RFC 4180. */
static void print_csv(const struct cells *cells)
{
    for (size_t i = 0; i < (cells->rows + 1) * cells->columns; i++) {
        const char *word = text_string(&cells->items[i]);
        bool quoted = strpbrk(word, ",\"\r\n") != NULL;
        if (quoted)
            putchar('"');
        for (; *word != '\0'; word++)
            printf(*word == '"' ? "\"\"" : "%c", *word);
        fputs(quoted ? "\"" : "", stdout);
        putchar((i + 1) % cells->columns == 0 ? '\n' : ',');
    }
}

static void print_markdown(const struct cells *cells)
{
    for (size_t r = 0; r <= cells->rows; r++) {
        for (size_t c = 0; c < cells->columns; c++) {
            fputs("| ", stdout);
            for (const char *w = text_string(&cells->items[r * cells->columns + c]); *w != '\0'; w++)
                printf(strchr("|<`\\*", *w) != NULL ? "\\%c" : "%c", *w);
            putchar(' ');
        }
        printf("|\n");
        for (size_t c = 0; r == 0 && c < cells->columns; c++)
            printf("|---%s", c + 1 < cells->columns ? "" : "|\n");
    }
}

static int print_json(const struct records *records, const struct fields *columns)
{
    cJSON *list = cJSON_CreateArray(), *file = cJSON_CreateString("");
    for (size_t r = 0; r < records->count; r++) {
        cJSON *row = cJSON_CreateObject();
        for (size_t c = 0; c < columns->count; c++) {
            const cJSON *value = value_of(&records->items[r], columns->keys[c], file);
            cJSON_AddItemToObject(row, columns->keys[c],
                                  value == NULL ? cJSON_CreateNull() : cJSON_Duplicate(value, true));
        }
        cJSON_AddItemToArray(list, row);
    }
    char *bytes = config_render(list, true);
    fputs(bytes == NULL ? "" : bytes, stdout);
    cJSON_free(bytes);
    cJSON_Delete(list);
    cJSON_Delete(file);
    return bytes == NULL ? CLI_FAILED : CLI_OK;
}

static int print_table(const struct records *records, const struct fields *columns, int format)
{
    struct cells cells = {0};
    struct err err = {0};
    if (format == JSON)
        return print_json(records, columns);
    int rc = cells_fill(&cells, records, columns, format != CSV, &err);
    if (rc == ERR_OK && format == CSV)
        print_csv(&cells);
    else if (rc == ERR_OK && format == MARKDOWN)
        print_markdown(&cells);
    else if (rc == ERR_OK)
        print_plain(&cells);
    cells_fini(&cells);
    return rc == ERR_OK ? CLI_OK : cli_failed(&err);
}

/* What differs between the results, and how they ended; figures that none of them has are left out. */
static bool default_columns(const struct records *records, struct fields *out)
{
    static const char *const figures[] = {"test_accuracy", "test_bits_per_character", "test_loss",
                                          "train_loss", "parameter_error"};
    bool good = fields_of_configs(records, true, out) && fields_add(out, "status");
    for (size_t k = 0; k < BYZ_LENGTH(figures); k++) {
        bool there = false;
        for (size_t i = 0; i < records->count; i++)
            there |= cJSON_IsNumber(fields_find(&records->items[i], figures[k]));
        good = good && (!there || fields_add(out, figures[k]));
    }
    return good && fields_add(out, "file");
}

/* "a,b" as keys that there are. */
static int named_columns(const struct records *records, const char *words, struct fields *out,
                         struct err *err)
{
    int rc = ERR_OK;
    for (const char *at = words; rc == ERR_OK; at += strcspn(at, ",") + 1) {
        char *key = strndup(at, strcspn(at, ","));
        if (key == NULL || !fields_add(out, key))
            rc = err_set(err, ERR_MEMORY, "out of memory");
        else if (key[0] == '\0')
            rc = err_set(err, ERR_CONFIG, "--columns %s: a column has no name", words);
        else if (strcmp(key, "file") != 0)
            rc = fields_check(records, key, err);
        free(key);
        if (at[strcspn(at, ",")] == '\0')
            break;
    }
    return rc;
}

/* Orders and prints what the conditions have left. */
static int show(struct records *records, const struct request *request)
{
    struct fields columns = {0};
    struct err err = {0};
    int rc = request->columns != NULL ? named_columns(records, request->columns, &columns, &err) : ERR_OK;
    if (rc == ERR_OK && request->columns == NULL && !default_columns(records, &columns))
        rc = err_set(&err, ERR_MEMORY, "out of memory");
    if (rc == ERR_OK && request->sort != NULL)
        rc = query_sort(records, request->sort, &err);
    int status = rc == ERR_OK ? print_table(records, &columns, request->format) : cli_failed(&err);
    fields_fini(&columns);
    return status;
}

static int select_and_show(const struct request *request)
{
    struct records records = {0};
    int status = common_records(&records, &request->paths, &request->conditions, NULL);
    if (status == CLI_OK)
        status = show(&records, request);
    records_fini(&records);
    return status;
}

static int take(const struct cli_walk *walk, int option, struct request *request)
{
    switch (option) {
    case CLI_WORD:
    case WHERE:
        if (!common_list_add(option == WHERE ? &request->conditions : &request->paths, walk->value))
            return cli_misused(walk->command, "too many at once: at most %d; name a folder",
                               COMMON_LIST_MOST);
        return CLI_OK;
    case COLUMNS:
        request->columns = walk->value;
        return CLI_OK;
    case SORT:
        request->sort = walk->value;
        return CLI_OK;
    case CSV:
    case JSON:
    case MARKDOWN:
        if (request->format >= 0 && request->format != option)
            return cli_misused(walk->command, "--csv, --json and --markdown exclude each other");
        request->format = option;
        return CLI_OK;
    default:
        return CLI_USAGE;
    }
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct cli_walk walk = {.command = command, .argc = argc, .argv = argv};
    struct request request = {.format = -1};
    int option, status = CLI_OK;
    while (status == CLI_OK && (option = cli_next(&walk)) != CLI_END) {
        if (option == CLI_HELP)
            return CLI_OK;
        status = take(&walk, option, &request);
    }
    if (status == CLI_OK && request.paths.count == 0)
        status = cli_misused(command, "a result file or a folder of results is needed");
    return status == CLI_OK ? select_and_show(&request) : status;
}

const struct cli_command cli_results = {
    .name = "results",
    .summary = "print a table of results",
    .arguments =
        "FILE|DIR... [--where KEY=VALUE]... [--columns A,B] [--sort [-]KEY] [--csv|--json|--markdown]",
    .details =
        "Prints a line for each result file named or lying in the folders. Keys are those of the\n"
        "configuration (attack.name, workers.byzantine), of the final figures (test_accuracy) and of the\n"
        "result file (status, kappa, timing.seconds, file). Files that are no results are told on standard\n"
        "error and passed over.\n\n"
        "  byzsim results results/demo --where attack.name=alie --sort -test_accuracy\n"
        "  byzsim results results/ --columns name,seed,test_accuracy --csv > table.csv",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .run = run,
};
