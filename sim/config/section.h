/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The shape of a configuration, as tables: a section is a JSON object with knobs (numbers, flags, words,
 * lists), and with keys that are sections, one variant of a family ({"name": "krum", ...} or just "krum"), or
 * a list of those. Reading, checking, defaults, the resolved form and the JSON Schema are all walks over
 * these tables.
 */
#ifndef SIM_CONFIG_SECTION_H
#define SIM_CONFIG_SECTION_H

#include "sim/api/byz_param.h"
#include "sim/base/err.h"
#include <stddef.h>

enum config_key_type {
    CONFIG_SECTION,      /* an object: `section`, its fields at `offset` */
    CONFIG_VARIANT,      /* struct byz_variant at `offset` */
    CONFIG_VARIANT_LIST, /* struct byz_variants at `offset` */
    CONFIG_SECTION_LIST, /* struct config_items at `offset`: a list of objects, each laid out by `section` */
    CONFIG_RAW, /* anything: the key is known, and its value is read by other means (a search's space) */
};

/* What a CONFIG_SECTION_LIST reads into: `count` structs of the key's item_size bytes, malloc'ed. */
struct config_items {
    size_t count;
    void *items;
};

struct config_section;

/* A variant that lives in a file of its own: {"plugin": "my_rule.c", ...}. */
struct config_plugin {
    const char *file;      /* as it is written */
    const char *directory; /* what it is relative to; "": the working directory */
    const char *sha256;    /* what the file must be, in hexadecimal; NULL: anything */
    int isolated;          /* 1, 0, or -1: not said */
};

struct config_key {
    const char *name;
    enum config_key_type type;
    size_t offset;                        /* in the struct of the section that holds this key */
    const struct config_section *section; /* CONFIG_SECTION and CONFIG_SECTION_LIST */
    size_t item_size, most;               /* CONFIG_SECTION_LIST: sizeof an item's struct, most items */
    const struct byz_family *family;      /* the two variant types */
    /* The variant chosen when the key is absent; NULL: the key is required, or, for a list, the list is
     * empty. */
    const char *initial;
    /* Knobs that every variant of the family shares, read from the same object into a struct at common_offset
     * of the holding section's struct (an attack's start and stop, a model's l2). Not for lists. May be
     * empty. */
    const struct byz_param *common;
    size_t common_count, common_offset;
    /* Makes the descriptor of a plugin, whose knobs are then read like any others; among them are the file,
     * its SHA-256 and "isolated". NULL: the family has no plugins. */
    int (*open)(const struct config_plugin *plugin, const struct byz_descriptor **kind, struct err *err);
    const char *doc;
};

struct config_section {
    const char *doc;
    const struct byz_param *knobs;
    size_t knob_count;
    const struct config_key *keys;
    size_t key_count;
    const char *const
        *beside; /* keys of the same object that others take out before it is read; NULL-terminated */
};

#endif
