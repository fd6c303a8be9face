/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Configurations: JSON text in, filled structs out, with every mistake of a file reported at once. Each
 * report names the place (file:line:column, or the --set option), the key path, the value, what is allowed,
 * and the nearest spelling where a key or a name is unknown.
 */
#ifndef SIM_CONFIG_CONFIG_H
#define SIM_CONFIG_CONFIG_H

#include "sim/base/err.h"
#include "sim/base/text.h"
#include "sim/config/section.h"
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

/* A configuration text with the place of every value. */
struct config_source;

enum {
    CONFIG_ERRORS_KEPT = 100,
    CONFIG_BYTES_MOST = 1 << 20,
    CONFIG_DEPTH_MOST = 64,
    CONFIG_POINTS_MOST = 100000
};

/* Mistakes, collected. `text` holds one report per line; at most CONFIG_ERRORS_KEPT are kept, the rest are
 * counted. A report identical to an earlier one is dropped and not counted: the points of a sweep share most
 * of their text. Zero-initialise. */
struct config_errors {
    struct text text;
    size_t count;
    unsigned long long *seen; /* hashes of the reports so far, open addressing, 0 is free */
    size_t seen_capacity;
};
void config_errors_fini(struct config_errors *errors);

/* Reads and parses a file ("-": standard input) or a text in memory. NULL after a mistake (reported in
 * *errors): unreadable, too large, empty, byte order mark, not UTF-8, not strict JSON, nested too deep,
 * duplicate keys, text behind the end, a number that no double holds. */
struct config_source *config_source_read(const char *path, struct config_errors *errors);
struct config_source *config_source_parse(const char *label, const char *bytes, size_t length,
                                          struct config_errors *errors);
void config_source_free(struct config_source *source);

/* The whole document. Borrowed. */
cJSON *config_source_root(const struct config_source *source);

/* Applies "key.path=value": value is JSON where it parses as JSON and a plain string otherwise (but one that
 * opens with a bracket, a brace or a double quote must be JSON); objects on the way are made; a variant given
 * as a word ("krum") becomes {"name": "krum"} when a path leads into it; list items are named by number
 * ("server.preaggregators.0.size"), and the number behind the last item appends. What follows "sweep." is one
 * key ("sweep.server.aggregator"), and so is what follows "search.space.". The later config_read reports
 * unknown keys. 0, or a report in *errors and the document as it was. */
int config_source_set(struct config_source *source, const char *assignment, struct config_errors *errors);

/* One point of a sweep. `label` names the swept values, readable in a file name ("alie-krum-seed2"; ""
 * without a sweep). `json` is the whole configuration of the point without the "sweep" key; places still lead
 * to the source. */
struct config_point {
    char *label;
    cJSON *json;
};
struct config_points {
    struct config_point *items;
    size_t count;
};

/* Expands the "sweep" key: a cartesian product over key paths, the last key varying fastest. A document
 * without it is one point. More than CONFIG_POINTS_MOST points are a mistake, and so is a swept value that
 * --set gives too. Labels hold only letters, digits and . _ = + - and differ within a sweep. */
int config_points_expand(const struct config_source *source, struct config_points *points,
                         struct config_errors *errors);
void config_points_free(struct config_points *points);

/* Reads `json` (an object, or NULL: all defaults) into the struct `out` laid out by `section`: every field is
 * set, from the text or by default, even after mistakes. Variants' params are malloc'ed: config_release frees
 * them. Returns 0 or ERR_CONFIG with all mistakes in *errors. */
int config_read(const struct config_section *section, const struct config_source *source, const cJSON *json,
                void *out, struct config_errors *errors);
void config_release(const struct config_section *section, void *out);

/* Reports a mistake found later, at the value of a key path ("server.aggregator") in `json`, or at its
 * nearest existing ancestor. */
void config_mistake(struct config_errors *errors, const struct config_source *source, const cJSON *json,
                    const char *path, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* The value at a key path ("server.aggregator"), or NULL. Borrowed. */
const cJSON *config_value_at(const cJSON *json, const char *path);

/* Reads "name" or "name:key=value,key=value" (the command line's short form of a variant); values as in
 * config_source_set. *out is always set: after mistakes possibly to no variant. */
int config_read_variant(const struct byz_family *family, const char *words, struct byz_variant *out,
                        struct config_errors *errors);

/* The same for a key of a section that may hold a plugin; "my_rule.c:key=value" names its file. */
int config_read_variant_of(const struct config_key *key, const char *words, struct byz_variant *out,
                           struct config_errors *errors);

/* Frees a variant's parameters, and a plugin with them, and empties it. */
void config_variant_release(struct byz_variant *variant);

/* The struct back as JSON, every knob written out: reading that gives the same struct. NULL when memory runs
 * out. Owned by the caller (cJSON_Delete). */
cJSON *config_write(const struct config_section *section, const void *in);
cJSON *config_write_variant(const struct byz_variant *variant);

/* JSON Schema (2020-12) of the section; unknown keys are refused in it too. `with_sweep` allows the "sweep"
 * key. */
cJSON *config_schema(const struct config_section *section, const char *title, bool with_sweep);

/* A compact, stable rendering: the same JSON gives the same bytes; `pretty`: indented, and with a newline at
 * the end, as text files have it. Owned by the caller (cJSON_free). */
char *config_render(const cJSON *json, bool pretty);

#endif
