/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/data/dataset.h"
#include "sim/base/mem.h"
#include "sim/num/dispatch.h"

#include <string.h>
#include <unistd.h>

int dataset_check_size(size_t count, size_t bytes_each, struct err *err)
{
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    double machine = pages > 0 && page > 0 ? (double)pages * (double)page : 8e9;
    double needed = (double)count * (double)bytes_each;
    if (count > UINT32_MAX)
        return err_set(
            err, ERR_MEMORY,
            "%zu samples or centres are more than the %lu that can be numbered; take fewer samples", count,
            (unsigned long)UINT32_MAX);
    if (needed > 0.8 * machine)
        return err_set(err, ERR_MEMORY,
                       "%zu samples take %.1f GB, this machine has %.1f GB; take fewer samples or features",
                       count, needed / 1e9, machine / 1e9);
    return ERR_OK;
}

int dataset_allocate(struct samples *split, size_t count, size_t features, unsigned holds, struct err *err)
{
    size_t width = holds & DATASET_BYTES ? sizeof *split->bytes : sizeof *split->values;
    if (features > SIZE_MAX / 16)
        return err_set(err, ERR_MEMORY, "%zu features do not fit into the address space", features);
    size_t labels = holds & DATASET_LABEL_EACH ? features : 1;
    int rc = dataset_check_size(count, features * width + labels * sizeof *split->labels, err);
    if (rc != ERR_OK)
        return rc;
    split->count = count;
    if (holds & DATASET_BYTES && (split->bytes = mem_array(count * features, width, err)) == NULL)
        return ERR_MEMORY;
    if (holds & DATASET_VALUES && (split->values = mem_array(count * features, width, err)) == NULL)
        return ERR_MEMORY;
    if (holds & (DATASET_LABELS | DATASET_LABEL_EACH) &&
        (split->labels = mem_array(count * labels, sizeof *split->labels, err)) == NULL)
        return ERR_MEMORY;
    if (holds & DATASET_TARGETS && (split->targets = mem_array(count, sizeof *split->targets, err)) == NULL)
        return ERR_MEMORY;
    return ERR_OK;
}

void dataset_scale_channel(struct dataset *dataset, size_t channel, bool standard, double mean, double std)
{
    dataset->scale[channel] = (float)(standard ? 1 / (255 * std) : 1 / 255.0);
    dataset->shift[channel] = (float)(standard ? -mean / std : 0);
}

void dataset_make_sequences(struct dataset *dataset, size_t length, size_t classes)
{
    dataset->features = dataset->sequence = length;
    dataset->classes = classes;
    dataset->scale[0] = 1;
}

static void samples_release(struct samples *split)
{
    mem_free(split->bytes);
    mem_free(split->values);
    mem_free(split->labels);
    mem_free(split->targets);
    *split = (struct samples){0};
}

void dataset_fini(struct dataset *dataset)
{
    samples_release(&dataset->train);
    samples_release(&dataset->test);
    mem_free(dataset->truth);
    *dataset = (struct dataset){0};
}

NUM_CLONES static void convert(const uint8_t *restrict bytes, size_t count, float scale, float shift,
                               float *restrict x)
{
    for (size_t k = 0; k < count; k++)
        x[k] = (float)bytes[k] * scale + shift;
}

size_t dataset_labels_each(const struct dataset *dataset)
{
    return dataset->sequence > 0 ? dataset->sequence : 1;
}

static void gather_features(const struct dataset *dataset, const struct samples *split, size_t sample,
                            float *x)
{
    size_t features = dataset->features, channels = dataset->channels == 0 ? 1 : dataset->channels;
    size_t plane = features / channels, from = sample * features;
    if (split->bytes == NULL)
        memcpy(x, split->values + from, features * sizeof *x);
    for (size_t c = 0; split->bytes != NULL && c < channels; c++)
        convert(split->bytes + from + c * plane, plane, dataset->scale[c], dataset->shift[c], x + c * plane);
}

void dataset_gather(const struct dataset *dataset, const struct samples *split, const uint32_t *index,
                    size_t count, float *x, int32_t *labels, float *targets)
{
    size_t each = dataset_labels_each(dataset);
    for (size_t i = 0; x != NULL && i < count; i++)
        gather_features(dataset, split, index[i], x + i * dataset->features);
    for (size_t i = 0; labels != NULL && split->labels != NULL && i < count; i++)
        memcpy(labels + i * each, split->labels + index[i] * each, each * sizeof *labels);
    for (size_t i = 0; targets != NULL && split->targets != NULL && i < count; i++)
        targets[i] = split->targets[index[i]];
}

bool dataset_bytes_at(const struct dataset *dataset, const struct samples *split, const uint32_t *index,
                      struct gemm_bytes *out)
{
    *out = (struct gemm_bytes){.from = split->bytes,
                               .row = index,
                               .ld = dataset->features,
                               .scale = dataset->scale[0],
                               .shift = dataset->shift[0]};
    return split->bytes != NULL && dataset->channels <= 1;
}

static double split_bytes(const struct dataset *dataset, const struct samples *split)
{
    size_t value = (split->bytes != NULL) + (split->values != NULL) * sizeof(float);
    size_t answer = (split->labels != NULL) * dataset_labels_each(dataset) * sizeof(int32_t) +
                    (split->targets != NULL) * sizeof(float);
    return (double)split->count * (double)(dataset->features * value + answer);
}

double dataset_bytes(const struct dataset *dataset)
{
    return split_bytes(dataset, &dataset->train) + split_bytes(dataset, &dataset->test);
}
