/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The structure of a JSON text, checked as RFC 8259 has it. cJSON parses the values; it lets pass what the
 * standard refuses ("01", control characters in strings, half surrogate pairs, numbers that become infinite)
 * and keeps no positions, so this pass refuses the former and records the latter. It goes on after mistakes
 * that leave no doubt about what was meant (a trailing comma, a comment, single quotes), so that one run
 * shows all of them.
 */
#include "sim/config/scan.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int config_scan_peek(const struct config_scan *scan)
{
    return scan->at < scan->length ? (unsigned char)scan->text[scan->at] : -1;
}

void config_scan_locate(struct config_scan *scan, size_t offset)
{
    if (offset < scan->located) {
        scan->located = 0;
        scan->line = scan->column = 1;
    }
    for (; scan->located < offset; scan->located++) {
        unsigned char byte = (unsigned char)scan->text[scan->located];
        if (byte == '\n') {
            scan->line++;
            scan->column = 1;
        } else if ((byte & 0xC0) != 0x80) {
            scan->column++;
        }
    }
}

static void report(struct config_scan *scan, size_t offset, const char *format, va_list args)
{
    scan->mistakes++;
    if (scan->mistakes > CONFIG_ERRORS_KEPT)
        scan->stopped = true;
    if (scan->errors == NULL || scan->stopped)
        return;
    char message[512];
    vsnprintf(message, sizeof message, format, args);
    config_scan_locate(scan, offset);
    struct text line = {0};
    text_printf(&line, "%s:%u:%u: %s", scan->label, scan->line, scan->column, message);
    config_errors_add(scan->errors, text_string(&line));
    text_fini(&line);
}

void config_scan_report(struct config_scan *scan, size_t offset, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    report(scan, offset, format, args);
    va_end(args);
}

void config_scan_stop(struct config_scan *scan, size_t offset, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    report(scan, offset, format, args);
    va_end(args);
    scan->stopped = true;
}

/* What stands at text[at], for "found ...": one character, quoted, or the end. */
static void found_here(const struct config_scan *scan, char out[16])
{
    int byte = config_scan_peek(scan);
    size_t size = byte < 0x80 ? 1 : byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2;
    if (byte < 0)
        snprintf(out, 16, "the end");
    else if (byte == '"')
        snprintf(out, 16, "a string");
    else if (byte < 0x20 || byte == 0x7f)
        snprintf(out, 16, "byte 0x%02x", (unsigned)byte);
    else
        snprintf(out, 16, "\"%.*s\"", (int)size, scan->text + scan->at);
}

/* Records the place of the value that starts at text[at]; the key's is taken from `key`. */
static void add_place(struct config_scan *scan, const struct config_place *key)
{
    if (scan->source == NULL)
        return;
    config_scan_locate(scan, scan->at);
    struct config_place place = {.line = scan->line, .column = scan->column};
    place.key_line = key == NULL ? scan->line : key->key_line;
    place.key_column = key == NULL ? scan->column : key->key_column;
    if (config_source_place(scan->source, place) == 0)
        config_scan_stop(scan, scan->at, "out of memory");
}

static void scan_value(struct config_scan *scan, const struct config_place *key);

static void scan_key(struct config_scan *scan, struct config_place *key)
{
    config_scan_locate(scan, scan->at);
    key->key_line = scan->line;
    key->key_column = scan->column;
    char found[16];
    if (config_scan_peek(scan) == '"') {
        config_token_string(scan);
    } else if (config_scan_peek(scan) == '\'') {
        config_token_single_quoted(scan);
    } else if (config_token_is_word(scan)) {
        config_token_word(scan, true);
    } else {
        found_here(scan, found);
        config_scan_stop(scan, scan->at, "a key in double quotes is expected here; found %s", found);
    }
}

static void scan_member(struct config_scan *scan)
{
    struct config_place key = {0};
    scan_key(scan, &key);
    if (scan->stopped)
        return;
    config_token_space(scan);
    if (config_scan_peek(scan) != ':') {
        char found[16];
        found_here(scan, found);
        config_scan_stop(scan, scan->at, "\":\" is expected between a key and its value; found %s", found);
        return;
    }
    scan->at++;
    scan_value(scan, &key);
}

/* A list or an object from its opening to its closing bracket. */
static void scan_container(struct config_scan *scan, bool object)
{
    const char *what = object ? "object" : "list";
    const char closing = object ? '}' : ']';
    size_t start = scan->at++, comma = 0;
    char found[16];
    for (;;) {
        config_token_space(scan);
        if (scan->stopped)
            return;
        if (config_scan_peek(scan) == closing) {
            if (comma != 0)
                config_scan_report(scan, comma, "a comma behind the last entry of %s %s; remove it",
                                   object ? "an" : "a", what);
            break;
        }
        if (config_scan_peek(scan) < 0) {
            config_scan_stop(scan, start, "this %s is never closed; \"%c\" is missing", what, closing);
            return;
        }
        if (object)
            scan_member(scan);
        else
            scan_value(scan, NULL);
        if (scan->stopped)
            return;
        config_token_space(scan);
        comma = 0;
        if (config_scan_peek(scan) == ',') {
            comma = scan->at++;
        } else if (config_scan_peek(scan) >= 0 && config_scan_peek(scan) != closing) {
            found_here(scan, found);
            config_scan_stop(scan, scan->at, "\",\" or \"%c\" is expected here; found %s", closing, found);
            return;
        }
    }
    scan->at++;
}

static void scan_value(struct config_scan *scan, const struct config_place *key)
{
    config_token_space(scan);
    if (scan->stopped)
        return;
    add_place(scan, key);
    int byte = config_scan_peek(scan);
    char found[16];
    if (byte == '{' || byte == '[') {
        if (scan->depth >= CONFIG_DEPTH_MOST) {
            config_scan_stop(scan, scan->at, "nested deeper than %d levels", CONFIG_DEPTH_MOST);
            return;
        }
        scan->depth++;
        scan_container(scan, byte == '{');
        scan->depth--;
    } else if (byte == '"') {
        config_token_string(scan);
    } else if (byte == '\'') {
        config_token_single_quoted(scan);
    } else if (byte == '-' || byte == '+' || byte == '.' || (byte >= '0' && byte <= '9')) {
        config_token_number(scan);
    } else if (config_token_is_word(scan)) {
        config_token_word(scan, false);
    } else {
        found_here(scan, found);
        config_scan_stop(scan, scan->at, "a value is expected here; found %s", found);
    }
}

/* Byte order marks, other encodings, NUL, invalid UTF-8, nothing at all. */
static void scan_encoding(struct config_scan *scan)
{
    const unsigned char *bytes = (const unsigned char *)scan->text;
    size_t length = scan->length;
    bool mark16 =
        length >= 2 && ((bytes[0] == 0xFF && bytes[1] == 0xFE) || (bytes[0] == 0xFE && bytes[1] == 0xFF));
    bool zeros = length >= 2 && (bytes[0] == 0) != (bytes[1] == 0);
    size_t blank = 0, valid = text_utf8_valid(scan->text, length);
    const char *nul = length == 0 ? NULL : memchr(bytes, 0, length);
    while (blank < length && strchr(" \t\r\n", scan->text[blank]) != NULL && scan->text[blank] != '\0')
        blank++;
    if (blank == length)
        config_scan_stop(scan, 0,
                         "there is nothing here; a configuration is a JSON object such as {\"seed\": 1}");
    else if (mark16 || zeros)
        config_scan_stop(scan, 0, "this is UTF-16 or UTF-32; save the file as UTF-8");
    else if (length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0)
        config_scan_stop(scan, 0, "a byte order mark; save the file as UTF-8 without one");
    else if (valid < length)
        config_scan_stop(scan, valid, "byte 0x%02x is not valid UTF-8; save the file as UTF-8", bytes[valid]);
    else if (nul != NULL)
        config_scan_stop(scan, (size_t)(nul - scan->text), "a NUL byte; a configuration is plain UTF-8 text");
}

size_t config_scan(struct config_source *source, const char *label, const char *bytes, size_t length,
                   struct config_errors *errors)
{
    struct config_scan scan = {
        .label = label, .text = bytes, .length = length, .source = source, .errors = errors};
    scan.line = scan.column = 1;
    scan_encoding(&scan);
    if (!scan.stopped)
        scan_value(&scan, NULL);
    if (!scan.stopped)
        config_token_space(&scan);
    if (!scan.stopped && scan.at < length) {
        char found[16];
        found_here(&scan, found);
        config_scan_stop(&scan, scan.at, "text behind the end of the configuration: %s; remove it", found);
    }
    return scan.mistakes;
}
