/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Data sets in memory, and the descriptor of a kind of data set. Images are kept as the bytes of their files
 * and converted while a batch is gathered, so 70,000 MNIST images cost 55 MB; all other features are float32.
 */
#ifndef SIM_DATA_DATASET_H
#define SIM_DATA_DATASET_H

#include "sim/api/byz_param.h"
#include "sim/base/err.h"
#include "sim/base/text.h"
#include "sim/num/gemm.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One split. Exactly one of bytes/values is set, and one of labels/targets. */
struct samples {
    size_t count;
    uint8_t *bytes;  /* (count, features) */
    float *values;   /* (count, features) */
    int32_t *labels; /* (count), or (count, features) of sequences, in 0..classes-1 */
    float *targets;  /* (count) */
};

struct dataset {
    size_t features;                /* channels * height * width for images, stored channel by channel */
    size_t channels, height, width; /* 0 when the features are not an image */
    size_t classes;                 /* 0 for regression */
    size_t sequence; /* characters of a sample, which are its features, with the one that follows each as its
                        label; 0: samples are no sequences */
    float scale[4], shift[4]; /* per channel: value = byte * scale + shift */
    struct samples train, test;
    float *truth; /* (truth_size) the parameters that generated the data, or NULL when there are none */
    size_t truth_size;
};

/* Where data files are looked for, in this order. Any of them may be NULL or "". */
struct data_places {
    const char *option;      /* --data */
    const char *environment; /* BYZSIM_DATA */
    const char *user;        /* $XDG_DATA_HOME/byzsim or ~/.local/share/byzsim */
};

struct dataset_kind {
    struct byz_descriptor base;
    /* Relative paths of the files it reads ("mnist/train-images-idx3-ubyte"; a .gz beside it serves as well),
     * ended by NULL; NULL when it makes its own data. */
    const char *const *files;
    /* Fills *out, which the caller has zeroed and will release with dataset_fini even after a failure. */
    int (*load)(const void *params, const struct data_places *places, struct dataset *out, struct err *err);
};

extern const struct byz_family dataset_family;

/* What a split holds, for dataset_allocate. */
enum dataset_holds {
    DATASET_BYTES = 1,
    DATASET_VALUES = 2,
    DATASET_LABELS = 4,
    DATASET_TARGETS = 8,
    DATASET_LABEL_EACH = 16, /* a label at every feature: sequences */
};

/* Refuses `count` samples (or class centres) of bytes_each that this machine cannot hold, before any of it is
 * allocated: a large block is granted lazily and would otherwise end the process while it is being filled. */
int dataset_check_size(size_t count, size_t bytes_each, struct err *err);

/* Gives the split zeroed arrays for `count` samples; `holds` is a set of enum dataset_holds. More samples
 * than fit into a 32-bit index, or more bytes than the machine has memory, are an error and allocate nothing.
 */
int dataset_allocate(struct samples *split, size_t count, size_t features, unsigned holds, struct err *err);

/* How bytes become numbers: 0..1, or (0..1 - mean) / std when `standard`. */
void dataset_scale_channel(struct dataset *dataset, size_t channel, bool standard, double mean, double std);

/* Samples are sequences of `length` of `classes` different characters, kept as bytes 0..classes-1. */
void dataset_make_sequences(struct dataset *dataset, size_t length, size_t classes);

void dataset_fini(struct dataset *dataset);

/* Bytes of memory that its samples take. */
double dataset_bytes(const struct dataset *dataset);

/* Labels of a sample: 1, or as many as a sequence has characters. */
size_t dataset_labels_each(const struct dataset *dataset);

/* Copies the samples index[0..count-1] of a split: features, labels and targets into those of the arrays x
 * (count, features), labels (count, dataset_labels_each) and targets (count) that are not NULL. */
void dataset_gather(const struct dataset *dataset, const struct samples *split, const uint32_t *index,
                    size_t count, float *x, int32_t *labels, float *targets);

/* Whether the split's samples are bytes of a single channel. Then *out names index[0..] of them where they
 * lie, with the bits that dataset_gather makes of them. */
bool dataset_bytes_at(const struct dataset *dataset, const struct samples *split, const uint32_t *index,
                      struct gemm_bytes *out);

#endif
