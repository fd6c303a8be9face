/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One reading of a configuration, shared between the walk (read.c), the knobs (knobs.c) and the reports
 * (mistakes.c). */
#ifndef SIM_CONFIG_READ_H
#define SIM_CONFIG_READ_H

#include "sim/config/internal.h"

struct config_reader {
    const struct config_source *source;
    struct config_errors *errors;
    const struct config_section *root; /* where misplaced keys are looked up; NULL: nowhere */
    const cJSON *anchor;               /* innermost object, the place of what is missing */
    struct text path;                  /* of the value being read */
    size_t mistakes;
    bool quiet; /* defaults after a mistake: nothing more to report */
};

/* What an object may hold. */
struct config_allowed {
    const struct byz_param *knobs, *common;
    size_t knob_count, common_count;
    const struct config_key *keys;
    size_t key_count;
    const char *const *beside; /* NULL-terminated; NULL: none */
    const char *variant;       /* the variant the object names; NULL: it is a section */
};

/* Appends a part to the path; the length to hand back to _leave. */
size_t config_read_enter(struct config_reader *r, const char *part);
void config_read_leave(struct config_reader *r, size_t length);

const cJSON *config_read_member(const cJSON *json, const char *name);

/* Reads the knobs of the table that `json` holds into `out`; a field is left as it is when its value is
 * wrong. */
void config_read_knobs(struct config_reader *r, const struct byz_param *table, size_t count,
                       const cJSON *json, void *out);

/* Reports, at `item` or, when that is NULL, at the anchor. */
void config_read_mistake(struct config_reader *r, const cJSON *item, bool key, const char *message);
void config_read_wrong_type(struct config_reader *r, const cJSON *item, const char *allowed);
void config_read_wrong_value(struct config_reader *r, const cJSON *item, const struct byz_param *param);
void config_read_missing_key(struct config_reader *r, const struct config_key *key);
void config_read_missing_name(struct config_reader *r, const struct byz_family *family, const cJSON *item);
void config_read_unknown_name(struct config_reader *r, const struct byz_family *family, const cJSON *name,
                              bool in_object);
void config_read_no_plugins(struct config_reader *r, const cJSON *item, const struct byz_family *family);
void config_read_other_name(struct config_reader *r, const cJSON *item, const char *name);
void config_read_not_a_list(struct config_reader *r, const struct config_key *key, const cJSON *item,
                            int count);
void config_read_not_items(struct config_reader *r, const struct config_key *key, const cJSON *item,
                           int count);
void config_read_unknown_keys(struct config_reader *r, const cJSON *json,
                              const struct config_allowed *allowed);

#endif
