/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Knobs are data. Every variant (aggregator, attack, model, data set, partition, optimizer, schedule) and
 * every section of a configuration describes its parameters in one table of `struct byz_param`; parsing,
 * range checks, defaults, `describe`, the JSON Schema and the resolved configuration all come from that table
 * and from nowhere else.
 */
#ifndef BYZ_PARAM_H
#define BYZ_PARAM_H

#include <float.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum byz_param_type {
    BYZ_REAL,            /* double */
    BYZ_COUNT,           /* uint64_t, a whole number */
    BYZ_FLAG,            /* bool */
    BYZ_CHOICE,          /* int, index into `choices` */
    BYZ_REAL_OR_CHOICE,  /* struct byz_real_or_choice: a number, or one of `choices` */
    BYZ_COUNT_OR_CHOICE, /* struct byz_count_or_choice: a whole number, or one of `choices` */
    BYZ_COUNTS,          /* struct byz_counts: a list of whole numbers */
    BYZ_TEXT,            /* char[BYZ_TEXT_SIZE] */
};

enum { BYZ_COUNTS_MOST = 16, BYZ_TEXT_SIZE = 512, BYZ_REASON_SIZE = 256 };

struct byz_real_or_choice {
    int choice;   /* index into `choices`, or -1: the number counts */
    double value; /* meaningful while choice is -1 */
};

struct byz_count_or_choice {
    int choice; /* as above */
    uint64_t value;
};

struct byz_counts {
    size_t count;
    uint64_t values[BYZ_COUNTS_MOST];
};

/* As `min`: the value must be greater than zero. (As `max` of a BYZ_COUNT use BYZ_COUNT_MOST, 2^53 - 1, the
 * largest whole number that every JSON reader keeps exact; as `max` of a BYZ_REAL use DBL_MAX for "any
 * finite".) */
#define BYZ_ABOVE_ZERO DBL_MIN
#define BYZ_COUNT_MOST 9007199254740991.0

struct byz_param {
    const char *name;
    enum byz_param_type type;
    size_t offset;              /* offsetof the field in the parameter struct */
    double initial;             /* default number; 0 or 1 for a flag */
    double min, max;            /* inclusive range of the number, or of each item of BYZ_COUNTS */
    const char *const *choices; /* NULL-terminated, for the choice types */
    const char *initial_word;   /* default of CHOICE and TEXT; of the OR_CHOICE types too when it is a word */
    const uint64_t
        *initial_counts; /* default of COUNTS, ended by 0; NULL is the empty list (items are then >= 1) */
    const char *doc;     /* one sentence, with units */
    /* Left out of the resolved configuration while it has its default. For numbers that came later than
     * results that people keep: the hash of a configuration, and so the name of its result, stays. */
    bool brief;
};

/* What every variant descriptor begins with, so that tables of any kind can be listed and described alike. */
struct byz_descriptor {
    const char *name;
    const char *doc;                /* one paragraph: what it is and what it is for, with its source */
    const char *formula;            /* the exact definition in plain text, lines of 76 characters if it can
                                       be; NULL: doc is all there is */
    const char *validity;           /* the condition on n, f (or b) under which it is defined; NULL: always */
    const char *cost;               /* passes over the messages, further work, memory */
    const char *paper;              /* authors, title, venue and year of the source, or that there is none */
    const char *resists;            /* what it is known to withstand, or NULL */
    const char *breaks;             /* what is known to break it (for an attack: what stops it), or NULL */
    const struct byz_param *params; /* param_count entries */
    size_t param_count;
    size_t params_size; /* sizeof the parameter struct; 0 when there are no parameters */

    /* Of a variant that was made at run time (a plugin). */
    const void *params_image; /* (params_size) what the struct holds beside its parameters; NULL: zeros */
    void (*release)(const struct byz_descriptor *kind); /* called with the parameters' end; NULL: never */
};

/* A chosen variant: a descriptor and a filled parameter struct (owned by whoever made it; NULL when size is
 * 0). */
struct byz_variant {
    const struct byz_descriptor *kind; /* NULL: nothing chosen */
    void *params;
};

/* An ordered list of chosen variants (a chain of pre-aggregators). */
enum { BYZ_VARIANTS_MOST = 8 };
struct byz_variants {
    size_t count;
    struct byz_variant items[BYZ_VARIANTS_MOST];
};

/* A registry seen from outside: at(i) for i < count. */
struct byz_family {
    const char *name;   /* "aggregator": for error messages */
    const char *plural; /* "aggregators": for `list` */
    size_t count;
    const struct byz_descriptor *(*at)(size_t index);
};

/* The length of a literal table. */
#define BYZ_LENGTH(table) (sizeof(table) / sizeof((table)[0]))

/* Writes every default of the table into the parameter struct at `params`. */
void byz_param_defaults(const struct byz_param *table, size_t count, void *params);

/* The variant of that name, or NULL. */
const struct byz_descriptor *byz_family_find(const struct byz_family *family, const char *name);

#endif
