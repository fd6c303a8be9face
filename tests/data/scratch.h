/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For the tests of data: a temporary folder, files in it, and loading a data set by name. */
#ifndef TESTS_DATA_SCRATCH_H
#define TESTS_DATA_SCRATCH_H

#include "sim/base/file.h"
#include "sim/data/dataset.h"

#include <criterion/criterion.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline char *scratch_make(void)
{
    char *path = text_copy("/tmp/byzsim-test-XXXXXX");
    cr_assert_not_null(path);
    cr_assert_not_null(mkdtemp(path));
    return path;
}

static inline void scratch_remove(char *path)
{
    char *roots[] = {path, NULL};
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    cr_assert_not_null(walk);
    for (FTSENT *entry; (entry = fts_read(walk)) != NULL;)
        if (entry->fts_info != FTS_D)
            cr_assert_eq(remove(entry->fts_accpath), 0);
    fts_close(walk);
    free(path);
}

static inline char *scratch_path(const char *directory, const char *name)
{
    char *path = file_join(directory, name);
    cr_assert_not_null(path);
    return path;
}

/* Writes directory/name, making the folders on the way. */
static inline void scratch_write(const char *directory, const char *name, const void *bytes, size_t size)
{
    struct err err = {0};
    char *path = scratch_path(directory, name), *slash = strrchr(path, '/');
    *slash = '\0';
    cr_assert_eq(file_make_directory(path, &err), 0, "%s", err.text);
    *slash = '/';
    cr_assert_eq(file_write(path, bytes, size, &err), 0, "%s", err.text);
    free(path);
}

/* Default parameters of a kind, malloc'ed. */
static inline void *scratch_params(const struct byz_descriptor *kind)
{
    void *params = calloc(1, kind->params_size == 0 ? 1 : kind->params_size);
    cr_assert_not_null(params);
    byz_param_defaults(kind->params, kind->param_count, params);
    return params;
}

/* The field of that name. */
static inline void *scratch_knob(const struct byz_descriptor *kind, void *params, const char *name)
{
    for (size_t k = 0; k < kind->param_count; k++)
        if (strcmp(kind->params[k].name, name) == 0)
            return (char *)params + kind->params[k].offset;
    cr_assert(false, "no knob %s", name);
    return NULL;
}
static inline void scratch_set_count(const struct byz_descriptor *kind, void *params, const char *name,
                                     uint64_t value)
{
    *(uint64_t *)scratch_knob(kind, params, name) = value;
}
static inline void scratch_set_real(const struct byz_descriptor *kind, void *params, const char *name,
                                    double value)
{
    *(double *)scratch_knob(kind, params, name) = value;
}
static inline void scratch_set_choice(const struct byz_descriptor *kind, void *params, const char *name,
                                      int value)
{
    *(int *)scratch_knob(kind, params, name) = value;
}
static inline void scratch_set_text(const struct byz_descriptor *kind, void *params, const char *name,
                                    const char *value)
{
    strncpy(scratch_knob(kind, params, name), value, BYZ_TEXT_SIZE - 1);
}

static inline const struct dataset_kind *scratch_kind(const char *name)
{
    const struct byz_descriptor *kind = byz_family_find(&dataset_family, name);
    cr_assert_not_null(kind);
    return (const struct dataset_kind *)kind;
}

#endif
