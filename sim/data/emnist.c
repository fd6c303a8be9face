/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * EMNIST: handwritten digits and letters in six splits, 28 x 28 grey, stored column by column. Cohen, Afshar,
 * Tapson, van Schaik, "EMNIST: extending MNIST to handwritten letters", IJCNN 2017. The letters split numbers
 * its classes from 1; here they start at 0 like all others. Check: the digits split has 240,000 training and
 * 40,000 test samples.
 */
#include "sim/data/idx.h"
#include "sim/data/registry.h"

#include <stdio.h>

struct params {
    struct idx_params common; /* first: IDX_KNOBS */
    int split;                /* index into split_words */
};

static const char *const split_words[] = {"digits",  "letters", "balanced", "byclass",
                                          "bymerge", "mnist",   NULL};
static const struct {
    size_t classes;
    int first_label;
} splits[] = {{10, 0}, {26, 1}, {47, 0}, {62, 0}, {47, 0}, {10, 0}};

static const struct byz_param knobs[] = {
    IDX_KNOBS,
    {.name = "split",
     .type = BYZ_CHOICE,
     .offset = offsetof(struct params, split),
     .choices = split_words,
     .initial_word = "digits",
     .doc = "Which of the six splits: digits (10 classes), letters (26), balanced (47), byclass (62), "
            "bymerge (47), "
            "mnist (10)."},
};

/* The files of the default split, which is what the listing of data files shows. */
static const char *const default_files[] = {
    "emnist/emnist-digits-train-images-idx3-ubyte",
    "emnist/emnist-digits-train-labels-idx1-ubyte",
    "emnist/emnist-digits-test-images-idx3-ubyte",
    "emnist/emnist-digits-test-labels-idx1-ubyte",
    NULL,
};

static int load(const void *given, const struct data_places *places, struct dataset *out, struct err *err)
{
    static const char *const endings[] = {"train-images-idx3", "train-labels-idx1", "test-images-idx3",
                                          "test-labels-idx1"};
    const struct params *params = given;
    char names[BYZ_LENGTH(endings)][96];
    const char *files[BYZ_LENGTH(endings)];
    for (size_t k = 0; k < BYZ_LENGTH(endings); k++) {
        snprintf(names[k], sizeof names[k], "emnist/emnist-%s-%s-ubyte", split_words[params->split],
                 endings[k]);
        files[k] = names[k];
    }
    const struct idx_source source = {.kind = "emnist",
                                      .files = files,
                                      .first_label = splits[params->split].first_label,
                                      .classes = splits[params->split].classes,
                                      .transposed = true,
                                      .mean = 0.1736,
                                      .std = 0.3317};
    return idx_load(&source, &params->common, places, out, err);
}

const struct dataset_kind dataset_emnist = {
    .base =
        {.name = "emnist",
         .doc =
             "EMNIST: handwritten digits and letters, 28 x 28 grey, six splits (Cohen, Afshar, Tapson, van "
             "Schaik, IJCNN 2017). \"standard\" uses the mean 0.1736 and std 0.3317 of the byclass split for "
             "all six.",
         .params = knobs,
         .param_count = BYZ_LENGTH(knobs),
         .params_size = sizeof(struct params)},
    .files = default_files,
    .load = load,
};
