/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/report/matrix_npy.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const char magic[] = "\x93NUMPY";
enum { MAGIC = 6, PREFIX = 10, ALIGNED = 64 };

/* What the header says. */
struct layout {
    size_t n, d, item;
    bool fortran, big;
};

bool matrix_npy_begins(const char *bytes, size_t length)
{
    return length >= MAGIC && memcmp(bytes, magic, MAGIC) == 0;
}

/* The header is a Python literal: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }. */
static const char *field(const char *header, const char *key)
{
    const char *at = strstr(header, key);
    return at == NULL ? "" : at + strlen(key) + strspn(at + strlen(key), " ");
}

/* The words of a field's value, for a report: up to the comma behind it, or the bracket. */
static int words_of(const char *value)
{
    size_t length = *value == '(' ? strcspn(value, ")") + 1 : strcspn(value, ",}");
    return (int)(length < strlen(value) ? length : strlen(value));
}

static int read_layout(const char *path, const char *header, struct layout *layout, struct err *err)
{
    const char *descr = field(header, "'descr':"), *order = field(header, "'fortran_order':"),
               *shape = field(header, "'shape':");
    unsigned long long rows = 0, columns = 0;
    int end = 0; /* stays 0 unless the bracket closes behind the second number */
    layout->fortran = strncmp(order, "True", 4) == 0;
    if (*descr == '\0' || *shape == '\0' || (!layout->fortran && strncmp(order, "False", 5) != 0))
        return err_set(err, ERR_DATA, "%s: the .npy header lacks descr, fortran_order or shape", path);
    if (sscanf(shape, "(%llu, %llu)%n", &rows, &columns, &end) != 2 || end == 0)
        return err_set(err, ERR_DATA,
                       "%s: the .npy array must have two dimensions, not the shape %.*s; one row x is "
                       "x.reshape(1, -1)",
                       path, words_of(shape), shape);
    layout->n = (size_t)rows;
    layout->d = (size_t)columns;
    layout->big = strncmp(descr, "'>", 2) == 0;
    if (layout->big || strncmp(descr, "'<", 2) == 0)
        layout->item = strncmp(descr + 2, "f4'", 3) == 0 ? 4 : strncmp(descr + 2, "f8'", 3) == 0 ? 8 : 0;
    if (layout->item != 0)
        return ERR_OK;
    err_set(err, ERR_DATA,
            "%s: .npy values must be float32 or float64, not %.*s; x.astype('f4') converts them", path,
            words_of(descr), descr);
    return ERR_DATA;
}

/* The value in the bytes at `at`, whatever the byte order of this machine. */
static double value_at(const unsigned char *at, const struct layout *layout)
{
    uint64_t bits = 0;
    for (size_t k = 0; k < layout->item; k++)
        bits |= (uint64_t)at[layout->big ? layout->item - 1 - k : k] << (8 * k);
    if (layout->item == 4) {
        uint32_t half = (uint32_t)bits;
        float single;
        memcpy(&single, &half, sizeof single);
        return (double)single;
    }
    double wide;
    memcpy(&wide, &bits, sizeof wide);
    return wide;
}

static int read_values(const char *path, const unsigned char *values, const struct layout *layout,
                       struct matrix *matrix, struct err *err)
{
    for (size_t i = 0; i < layout->n; i++)
        for (size_t k = 0; k < layout->d; k++) {
            size_t place = layout->fortran ? k * layout->n + i : i * layout->d + k;
            double value = value_at(values + layout->item * place, layout);
            matrix->x[i * matrix->ld + k] = (float)value;
            if (isfinite(value) && !isfinite(matrix->x[i * matrix->ld + k]))
                return err_set(err, ERR_DATA, "%s: row %zu, column %zu: %g is beyond what a float32 holds",
                               path, i + 1, k + 1, value);
        }
    return ERR_OK;
}

int matrix_npy_read(const char *path, const char *bytes, size_t length, struct matrix *matrix,
                    struct err *err)
{
    const unsigned char *p = (const unsigned char *)bytes;
    size_t wide = length > MAGIC && p[MAGIC] >= 2 ? 12 : PREFIX;
    size_t header = length < wide    ? 0
                    : wide == PREFIX ? p[8] + 256u * p[9]
                                     : p[8] + 256u * p[9] + 65536u * p[10] + 16777216u * p[11];
    char text[1024] = "";
    struct layout layout = {0};
    if (length > MAGIC && (p[MAGIC] < 1 || p[MAGIC] > 3))
        return err_set(err, ERR_DATA, "%s: .npy version %d is not known; versions 1, 2 and 3 are", path,
                       p[MAGIC]);
    if (length < wide || header > length - wide || header >= sizeof text)
        return err_set(err, ERR_DATA, "%s: truncated .npy header; write the file again with numpy.save",
                       path);
    memcpy(text, bytes + wide, header);
    int rc = read_layout(path, text, &layout, err);
    if (rc != ERR_OK)
        return rc;
    size_t left = length - wide - header;
    if (layout.d != 0 && layout.n > (SIZE_MAX / layout.item) / layout.d)
        return err_set(err, ERR_DATA, "%s: the .npy header claims %zu x %zu values", path, layout.n,
                       layout.d);
    if (left != layout.n * layout.d * layout.item)
        return err_set(
            err, ERR_DATA,
            "%s: %zu bytes of values where %zu x %zu need %zu; write the file again with numpy.save", path,
            left, layout.n, layout.d, layout.n * layout.d * layout.item);
    rc = matrix_init(matrix, path, layout.n, layout.d, err);
    return rc == ERR_OK ? read_values(path, p + wide + header, &layout, matrix, err) : rc;
}

/* Values begin at a multiple of 64 bytes, as NumPy writes them. */
static void write_header(struct text *out, const struct matrix *matrix, bool single)
{
    char shape[64], header[192];
    if (single)
        snprintf(shape, sizeof shape, "(%zu,)", matrix->d);
    else
        snprintf(shape, sizeof shape, "(%zu, %zu)", matrix->n, matrix->d);
    int used =
        snprintf(header, sizeof header, "{'descr': '<f4', 'fortran_order': False, 'shape': %s, }", shape);
    size_t bare = PREFIX + (size_t)used + 1, length = (bare + ALIGNED - 1) / ALIGNED * ALIGNED - PREFIX;
    text_append(out, magic, MAGIC);
    text_append(out, "\x01\x00", 2);
    text_append(out, (const char[]){(char)(length % 256), (char)(length / 256)}, 2);
    text_printf(out, "%-*s\n", (int)length - 1, header);
}

void matrix_npy_write(struct text *out, const struct matrix *matrix, bool single)
{
    write_header(out, matrix, single);
    for (size_t i = 0; i < matrix->n; i++)
        for (size_t k = 0; k < matrix->d; k++) {
            uint32_t bits;
            memcpy(&bits, &matrix->x[i * matrix->ld + k], sizeof bits);
            text_append(out,
                        (const char[]){(char)(bits & 255), (char)(bits >> 8 & 255), (char)(bits >> 16 & 255),
                                       (char)(bits >> 24)},
                        4);
        }
}
