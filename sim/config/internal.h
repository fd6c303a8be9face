/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of this folder share: places, reports, words for values and ranges, paths into a tree. */
#ifndef SIM_CONFIG_INTERNAL_H
#define SIM_CONFIG_INTERNAL_H

#include "sim/config/config.h"

/* Where a value stands. Every item of a tree keeps the index of its place in `valueint`, which cJSON itself
 * does not use on output here and copies in cJSON_Duplicate, so that the copies made for a sweep still lead
 * to the file. */
struct config_place {
    unsigned key_line, key_column; /* of its key, or of the value itself in a list */
    unsigned line, column;         /* from 1; columns count characters, not bytes */
    const char *option; /* not NULL: the value came from the command line, and this is the whole place */
};

struct config_source {
    char *label; /* file name for reports */
    cJSON *root;
    struct config_place *places; /* [0] is the unknown place; then the values in the order of the text */
    size_t place_count, place_capacity;
    char **options; /* what places of the command line point to; owned */
    size_t option_count;
};

/* errors.c: one finished report; bytes that would break the line are replaced. */
void config_errors_add(struct config_errors *errors, const char *report);
/* "place: path: message" for an item (NULL: no place within the file); `key` chooses the key's place. An
 * empty path is left out. */
void config_errors_at(struct config_errors *errors, const struct config_source *source, const cJSON *item,
                      bool key, const char *path, const char *message);
/* The place alone, followed by ": "; nothing without a source. */
void config_errors_place(struct text *out, const struct config_source *source, const cJSON *item, bool key);

/* source.c */
struct config_source *config_source_create(const char *label);
/* The index of a new place, or 0 (the unknown place) when memory runs out. */
int config_source_place(struct config_source *source, struct config_place place);
/* A new place for a command line option, the index as above. */
int config_source_option(struct config_source *source, const char *prefix, const char *words);
/* Gives an item and all its descendants one place. */
void config_source_mark(cJSON *item, int place);
/* The folder that file names in the item are relative to: that of the file it stands in, "" on the command
 * line and on standard input. */
void config_source_directory(const struct config_source *source, const cJSON *item, struct text *out);
/* The option an item or one of its descendants came from, or NULL. */
const char *config_source_option_of(const struct config_source *source, const cJSON *item);

/* scan.c: checks the text of one JSON value, more strictly than cJSON does; adds the place of each value to
 * *source (may be NULL) in the order of the text; reports to *errors (may be NULL). Number of mistakes. */
size_t config_scan(struct config_source *source, const char *label, const char *bytes, size_t length,
                   struct config_errors *errors);

/* set.c: the value behind "=": JSON, or a plain string. NULL with the reason in *why. */
cJSON *config_set_value(const char *words, size_t length, const char **why);

/* path.c: "a.b.0" cut at its dots. The item there, or NULL. */
cJSON *config_path_find(const cJSON *root, const char *path);
/* The deepest existing item on the path (at least the root). */
const cJSON *config_path_nearest(const cJSON *root, const char *path);
/* Whether `inner` is `outer` or leads into it. */
bool config_path_leads_into(const char *outer, const char *inner);
/* NULL, or what is wrong with the form of the path (static text). */
const char *config_path_malformed(const char *path);
/* Puts `value` (taken over, also on failure) at the path; false with the reason in *why and the tree
 * unchanged. */
bool config_path_put(cJSON *root, const char *path, cJSON *value, struct text *why);

/* words.c: "in double quotes", shortened, control characters escaped. */
void config_words_quote(struct text *out, const char *string);
/* `the string "x"`, `a list`, `2.5`, `null`. */
void config_words_found(struct text *out, const cJSON *item);
/* "a whole number of at least 1": what a knob accepts. `found` (may be NULL) is a value that broke the rule.
 */
void config_words_allowed(struct text *out, const struct byz_param *param, const cJSON *found);
/* The knob's default as one would write it. */
void config_words_default(struct text *out, const struct byz_param *param);
/* "a, b, c", cut with "..." behind `most`. */
void config_words_list(struct text *out, const char *const *names, size_t count, size_t most);
/* `; did you mean "x"?` when a name is near. True when one is. */
bool config_words_suggest(struct text *out, const char *word, const char *const *names, size_t count);

/* read.c */
/* Reads the object or word `item` as a variant of the key's family, without common knobs. Number of mistakes.
 */
size_t config_read_variant_item(const struct config_key *key, const struct config_source *source,
                                const cJSON *item, struct byz_variant *out, struct config_errors *errors);

/* write.c: one knob's value in the parameter struct at `params`. NULL when memory runs out. */
cJSON *config_write_knob(const struct byz_param *param, const void *params);

/* render.c: the shortest decimal that reads back as the same double; whole numbers up to 2^53 without
 * exponent. */
void config_render_number(struct text *out, double value);

#endif
