/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text: a growing string, the spelling suggester, number formatting, UTF-8 checks. */
#ifndef SIM_BASE_TEXT_H
#define SIM_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* A growing, always NUL-terminated string. `failed` latches when memory runs out, so that a long series of
 * appends needs one check at its end. Zero-initialise; release with text_fini. */
struct text {
    char *data; /* NULL while empty */
    size_t length, capacity;
    bool failed;
};

void text_append(struct text *text, const char *bytes, size_t length);
void text_add(struct text *text, const char *string);
void text_printf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_clear(struct text *text); /* empty again, memory kept */
void text_fini(struct text *text);

/* The C string, "" while empty. Valid until the next change. */
const char *text_string(const struct text *text);

/* The candidate nearest to `word` by optimal string alignment distance (case ignored), or NULL when none is
 * near enough to be a likely misspelling (distance at most 1 + length/4 and below the length, or a shared
 * prefix of 3 or more). A candidate that the whole word begins counts as one slip away. */
const char *text_nearest(const char *word, const char *const *candidates, size_t count);

/* Writes the shortest decimal that reads back as exactly `value` into out (at least 32 bytes). */
void text_number(char *out, size_t size, double value);

/* Bytes of the first invalid UTF-8 sequence, or `length` when all of it is valid. */
size_t text_utf8_valid(const char *bytes, size_t length);

/* An owned copy (malloc/free), NULL when memory runs out. */
char *text_copy(const char *string);

#endif
