/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/data/idx.h"
#include "sim/data/packed.h"
#include "sim/data/places.h"

#include <stdlib.h>

enum { PIXELS = IDX_SIDE * IDX_SIDE };

const char *const idx_normalise_words[] = {"standard", "unit", NULL};

static uint32_t big_endian(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Reads the magic number and the sizes: *count, and for pictures a height and width that must be 28. */
static int read_header(struct packed *file, uint32_t dimensions, uint32_t *count, struct err *err)
{
    uint8_t word[4];
    int rc = packed_read(file, word, 4, "the magic number", err);
    if (rc != ERR_OK)
        return rc;
    uint32_t magic = 0x0800 | dimensions;
    if (big_endian(word) != magic)
        return err_set(err, ERR_DATA, "%s: byte 0: the magic number is %08x, expected %08x (%s)", file->path,
                       (unsigned)big_endian(word), (unsigned)magic,
                       dimensions == 3 ? "IDX images of bytes" : "IDX labels of bytes");
    for (uint32_t k = 0; k < dimensions; k++) {
        unsigned long long at = file->offset;
        rc = packed_read(file, word, 4, "the header", err);
        if (rc != ERR_OK)
            return rc;
        uint32_t size = big_endian(word);
        if (k == 0)
            *count = size;
        else if (size != IDX_SIDE)
            return err_set(err, ERR_DATA, "%s: byte %llu: the pictures have %s %u, expected %d", file->path,
                           at, k == 1 ? "height" : "width", (unsigned)size, IDX_SIDE);
    }
    if (*count == 0)
        return err_set(err, ERR_DATA, "%s: byte 4: the file says it holds no samples", file->path);
    return packed_expect(file, (uint64_t)*count * (dimensions == 3 ? PIXELS : 1),
                         dimensions == 3 ? "pictures" : "labels", err);
}

static void transpose(uint8_t *picture)
{
    for (int row = 0; row < IDX_SIDE; row++)
        for (int column = row + 1; column < IDX_SIDE; column++) {
            uint8_t kept = picture[row * IDX_SIDE + column];
            picture[row * IDX_SIDE + column] = picture[column * IDX_SIDE + row];
            picture[column * IDX_SIDE + row] = kept;
        }
}

/* Turns the bytes of a label file, which start at byte 8, into classes. */
static int read_labels(const struct idx_source *source, struct packed *file, size_t take, int32_t *labels,
                       struct err *err)
{
    uint8_t block[4096];
    for (size_t done = 0; done < take;) {
        size_t piece = take - done < sizeof block ? take - done : sizeof block;
        int rc = packed_read(file, block, piece, "the labels", err);
        if (rc != ERR_OK)
            return rc;
        for (size_t k = 0; k < piece; k++, done++) {
            int label = block[k] - source->first_label;
            if (label < 0 || (size_t)label >= source->classes)
                return err_set(err, ERR_DATA, "%s: byte %zu: label %d of sample %zu is not in %d..%d",
                               file->path, done + 8, block[k], done, source->first_label,
                               source->first_label + (int)source->classes - 1);
            labels[done] = label;
        }
    }
    return ERR_OK;
}

/* Reads the first `take` samples (0: all); the ends of the files are checked when all are taken. */
static int read_samples(const struct idx_source *source, struct packed *images, struct packed *labels,
                        size_t take, struct samples *split, struct err *err)
{
    uint32_t count = 0, label_count = 0;
    int rc = read_header(images, 3, &count, err);
    if (rc == ERR_OK)
        rc = read_header(labels, 1, &label_count, err);
    if (rc == ERR_OK && count != label_count)
        rc = err_set(err, ERR_DATA,
                     "%s has %u pictures, but %s has %u labels; the two files do not belong together",
                     images->path, (unsigned)count, labels->path, (unsigned)label_count);
    if (rc == ERR_OK && take > count)
        rc = err_set(err, ERR_CONFIG, "%s: %zu samples are asked for, the file has %u; ask for 0 to take all",
                     images->path, take, (unsigned)count);
    if (rc != ERR_OK)
        return rc;
    size_t taken = take == 0 ? count : take;
    rc = dataset_allocate(split, taken, PIXELS, DATASET_BYTES | DATASET_LABELS, err);
    if (rc == ERR_OK)
        rc = packed_read(images, split->bytes, taken * PIXELS, "the pictures", err);
    if (rc == ERR_OK)
        rc = read_labels(source, labels, taken, split->labels, err);
    if (rc == ERR_OK && taken == count)
        rc = packed_end(images, err);
    if (rc == ERR_OK && taken == count)
        rc = packed_end(labels, err);
    for (size_t i = 0; rc == ERR_OK && source->transposed && i < taken; i++)
        transpose(split->bytes + i * PIXELS);
    return rc;
}

/* files: images, labels */
static int load_split(const struct idx_source *source, const char *const *files, size_t take,
                      const struct data_places *places, struct samples *split, struct err *err)
{
    char *image_path = NULL, *label_path = NULL;
    struct packed images = {0}, labels = {0};
    int rc = places_find(places, source->kind, files[0], &image_path, err);
    if (rc == ERR_OK)
        rc = places_find(places, source->kind, files[1], &label_path, err);
    if (rc == ERR_OK)
        rc = packed_open(&images, image_path, err);
    if (rc == ERR_OK)
        rc = packed_open(&labels, label_path, err);
    if (rc == ERR_OK)
        rc = read_samples(source, &images, &labels, take, split, err);
    packed_close(&images);
    packed_close(&labels);
    free(image_path);
    free(label_path);
    return rc;
}

int idx_load(const struct idx_source *source, const struct idx_params *params,
             const struct data_places *places, struct dataset *out, struct err *err)
{
    out->features = PIXELS;
    out->channels = 1;
    out->height = out->width = IDX_SIDE;
    out->classes = source->classes;
    dataset_scale_channel(out, 0, params->normalise == IDX_STANDARD, source->mean, source->std);
    int rc = load_split(source, source->files, params->train, places, &out->train, err);
    if (rc == ERR_OK)
        rc = load_split(source, source->files + 2, params->test, places, &out->test, err);
    return rc;
}
