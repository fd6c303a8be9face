/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The IDX format of MNIST and its relatives: four magic bytes (0, 0, 8 for unsigned bytes, number of
 * dimensions), one big-endian 32-bit size per dimension, then the bytes. An image file of MNIST begins
 * 00000803 0000ea60 0000001c 0000001c (60,000 pictures of 28 x 28).
 */
#ifndef SIM_DATA_IDX_H
#define SIM_DATA_IDX_H

#include "sim/data/dataset.h"
#include <stdbool.h>

/* The knobs that every data set of IDX files has. */
struct idx_params {
    uint64_t train, test; /* the first so many samples; 0: all */
    int normalise;        /* enum idx_normalise */
};
enum idx_normalise { IDX_STANDARD, IDX_UNIT };
enum { IDX_SIDE = 28 };
extern const char *const idx_normalise_words[];

/* Their entries of a knob table; the parameter struct begins with a struct idx_params. */
#define IDX_KNOBS                                                                                            \
    {.name = "train",                                                                                        \
     .type = BYZ_COUNT,                                                                                      \
     .offset = offsetof(struct idx_params, train),                                                           \
     .min = 0,                                                                                               \
     .max = 10000000,                                                                                        \
     .doc = "Take the first so many training samples; 0 takes all."},                                        \
        {.name = "test",                                                                                     \
         .type = BYZ_COUNT,                                                                                  \
         .offset = offsetof(struct idx_params, test),                                                        \
         .min = 0,                                                                                           \
         .max = 10000000,                                                                                    \
         .doc = "Take the first so many test samples; 0 takes all."},                                        \
    {                                                                                                        \
        .name = "normalise", .type = BYZ_CHOICE, .offset = offsetof(struct idx_params, normalise),           \
        .choices = idx_normalise_words, .initial_word = "standard",                                          \
        .doc = "Pixels as (0..1 - mean) / std of the training set (\"standard\") or as 0..1 (\"unit\")."     \
    }

/* A data set of four files: pictures of 28 x 28 bytes and one label each. */
struct idx_source {
    const char *kind;         /* name of the data set, for messages */
    const char *const *files; /* train images, train labels, test images, test labels */
    int first_label;          /* label of class 0 in the file */
    size_t classes;
    bool transposed;  /* pictures are stored column by column */
    double mean, std; /* of the pixels of the training set, divided by 255 */
};

/* Loads both splits. Errors name the file, the byte, what was found and what was expected. */
int idx_load(const struct idx_source *source, const struct idx_params *params,
             const struct data_places *places, struct dataset *out, struct err *err);

#endif
