/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The strict check of a JSON text (RFC 8259), shared between its structure (scan.c) and its tokens (token.c).
 */
#ifndef SIM_CONFIG_SCAN_H
#define SIM_CONFIG_SCAN_H

#include "sim/config/internal.h"

struct config_scan {
    const char *label, *text;
    size_t length, at; /* the next byte is text[at] */
    struct config_source *source;
    struct config_errors *errors;
    size_t mistakes;
    bool stopped; /* what follows cannot be told apart any more */
    unsigned depth;
    size_t located; /* byte whose position is line and column */
    unsigned line, column;
};

/* The byte at `at`, or -1 at the end. */
int config_scan_peek(const struct config_scan *scan);

/* Line and column of a byte; cheap while offsets grow. */
void config_scan_locate(struct config_scan *scan, size_t offset);

/* A mistake at a byte; _stop also ends the scan. */
void config_scan_report(struct config_scan *scan, size_t offset, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void config_scan_stop(struct config_scan *scan, size_t offset, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* token.c: each steps over one token and reports what is wrong with it. */
void config_token_space(struct config_scan *scan);
void config_token_string(struct config_scan *scan);
void config_token_single_quoted(struct config_scan *scan);
void config_token_number(struct config_scan *scan);
void config_token_word(struct config_scan *scan, bool as_key);

/* Whether text[at] begins a bare word. */
bool config_token_is_word(const struct config_scan *scan);

#endif
