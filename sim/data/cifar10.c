/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * CIFAR-10, binary version: six files of 10,000 records, each one label byte and 3 x 32 x 32 bytes (red,
 * green, blue planes). Krizhevsky, "Learning multiple layers of features from tiny images", 2009. Check: a
 * file has 10,000 * 3073 = 30,730,000 bytes.
 */
#include "sim/data/packed.h"
#include "sim/data/places.h"
#include "sim/data/registry.h"

#include <stdlib.h>

enum {
    CLASSES = 10,
    SIDE = 32,
    CHANNELS = 3,
    PIXELS = CHANNELS * SIDE * SIDE,
    PER_FILE = 10000,
    TRAIN_FILES = 5
};

struct params {
    uint64_t train, test;
    int normalise;
};

static const char *const normalise_words[] = {"standard", "unit", NULL};

static const struct byz_param knobs[] = {
    {.name = "train",
     .type = BYZ_COUNT,
     .offset = offsetof(struct params, train),
     .min = 0,
     .max = TRAIN_FILES * PER_FILE,
     .doc = "Take the first so many training samples; 0 takes all 50,000."},
    {.name = "test",
     .type = BYZ_COUNT,
     .offset = offsetof(struct params, test),
     .min = 0,
     .max = PER_FILE,
     .doc = "Take the first so many test samples; 0 takes all 10,000."},
    {.name = "normalise",
     .type = BYZ_CHOICE,
     .offset = offsetof(struct params, normalise),
     .choices = normalise_words,
     .initial_word = "standard",
     .doc = "Pixels as (0..1 - mean) / std of their colour in the training set (\"standard\") or as 0..1 "
            "(\"unit\")."},
};

static const char *const files[] = {
    "cifar10/data_batch_1.bin",
    "cifar10/data_batch_2.bin",
    "cifar10/data_batch_3.bin",
    "cifar10/data_batch_4.bin",
    "cifar10/data_batch_5.bin",
    "cifar10/test_batch.bin",
    NULL,
};

/* Reads the first `take` records of one file into samples first.. of the split. */
static int read_records(struct packed *file, size_t take, struct samples *split, size_t first,
                        struct err *err)
{
    int rc = packed_expect(file, (uint64_t)PER_FILE * (PIXELS + 1), "records", err);
    for (size_t i = 0; rc == ERR_OK && i < take; i++) {
        uint8_t label = 0;
        unsigned long long at = file->offset;
        rc = packed_read(file, &label, 1, "a record", err);
        if (rc == ERR_OK && label >= CLASSES)
            rc = err_set(err, ERR_DATA, "%s: byte %llu: label %d of record %zu is not in 0..%d", file->path,
                         at, label, i, CLASSES - 1);
        if (rc == ERR_OK)
            rc = packed_read(file, split->bytes + (first + i) * PIXELS, PIXELS, "a record", err);
        split->labels[first + i] = label;
    }
    if (rc == ERR_OK && take == PER_FILE)
        rc = packed_end(file, err);
    return rc;
}

static int load_split(const char *const *names, size_t count, const struct data_places *places,
                      struct samples *split, struct err *err)
{
    int rc = dataset_allocate(split, count, PIXELS, DATASET_BYTES | DATASET_LABELS, err);
    for (size_t done = 0; rc == ERR_OK && done < count; done += PER_FILE) {
        char *path = NULL;
        struct packed file = {0};
        /* The knobs' ranges keep count within the named files. */
        // NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage)
        rc = places_find(places, "cifar10", names[done / PER_FILE], &path, err);
        if (rc == ERR_OK)
            rc = packed_open(&file, path, err);
        if (rc == ERR_OK)
            rc = read_records(&file, count - done < PER_FILE ? count - done : PER_FILE, split, done, err);
        packed_close(&file);
        free(path);
    }
    return rc;
}

static int load(const void *given, const struct data_places *places, struct dataset *out, struct err *err)
{
    static const double mean[CHANNELS] = {0.4914, 0.4822, 0.4465}, std[CHANNELS] = {0.2470, 0.2435, 0.2616};
    const struct params *params = given;
    out->features = PIXELS;
    out->channels = CHANNELS;
    out->height = out->width = SIDE;
    out->classes = CLASSES;
    for (size_t c = 0; c < CHANNELS; c++)
        dataset_scale_channel(out, c, params->normalise == 0, mean[c], std[c]);
    size_t train = params->train == 0 ? TRAIN_FILES * PER_FILE : params->train;
    int rc = load_split(files, train, places, &out->train, err);
    if (rc == ERR_OK)
        rc = load_split(files + TRAIN_FILES, params->test == 0 ? PER_FILE : params->test, places, &out->test,
                        err);
    return rc;
}

const struct dataset_kind dataset_cifar10 = {
    .base =
        {.name = "cifar10",
         .doc =
             "CIFAR-10: 50,000 training and 10,000 test colour pictures of ten kinds of things, 3 x 32 x 32 "
             "(Krizhevsky 2009), from the six files of its binary version.",
         .params = knobs,
         .param_count = BYZ_LENGTH(knobs),
         .params_size = sizeof(struct params)},
    .files = files,
    .load = load,
};
