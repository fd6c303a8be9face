/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tokens of JSON: white space, strings, numbers, words; and what is often written in their place. */
#include "sim/config/scan.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { NUMBER_MOST = 60 }; /* characters; cJSON reads 63 */

static bool word_byte(int byte)
{
    return byte == '_' || (byte < 0x80 && byte >= 0 && isalnum(byte));
}

static bool number_byte(int byte)
{
    return word_byte(byte) || byte == '+' || byte == '-' || byte == '.';
}

bool config_token_is_word(const struct config_scan *scan)
{
    int byte = config_scan_peek(scan);
    return word_byte(byte) && !isdigit(byte);
}

static bool skip_to(struct config_scan *scan, const char *end)
{
    size_t size = strlen(end);
    while (scan->at + size <= scan->length && memcmp(scan->text + scan->at, end, size) != 0)
        scan->at++;
    bool found = scan->at + size <= scan->length;
    scan->at = found ? scan->at + size : scan->length;
    return found;
}

void config_token_space(struct config_scan *scan)
{
    while (!scan->stopped && scan->at < scan->length) {
        const char *here = scan->text + scan->at;
        size_t start = scan->at, left = scan->length - scan->at;
        if (*here == ' ' || *here == '\t' || *here == '\r' || *here == '\n') {
            scan->at++;
        } else if (*here == '#' || (left >= 2 && here[0] == '/' && here[1] == '/')) {
            config_scan_report(scan, start, "a comment; JSON has none, remove it");
            skip_to(scan, "\n");
        } else if (left >= 2 && here[0] == '/' && here[1] == '*') {
            config_scan_report(scan, start, "a comment; JSON has none, remove it");
            scan->at += 2;
            if (!skip_to(scan, "*/"))
                scan->stopped = true;
        } else {
            break;
        }
    }
}

/* The four hexadecimal digits at `at` as a number, or -1. */
static long hex4(const struct config_scan *scan, size_t at)
{
    char digits[5] = {0};
    if (at + 4 > scan->length)
        return -1;
    memcpy(digits, scan->text + at, 4);
    for (int k = 0; k < 4; k++)
        if (!isxdigit((unsigned char)digits[k]))
            return -1;
    return strtol(digits, NULL, 16);
}

static void scan_unicode(struct config_scan *scan)
{
    size_t start = scan->at;
    long unit = hex4(scan, start + 2);
    scan->at += unit < 0 ? 2 : 6;
    if (unit < 0) {
        config_scan_report(scan, start, "\\u takes four hexadecimal digits");
    } else if (unit == 0) {
        config_scan_report(scan, start, "\\u0000 stands for NUL, which no value may hold; remove it");
    } else if (unit >= 0xD800 && unit <= 0xDFFF) {
        bool escape = scan->at + 2 <= scan->length && memcmp(scan->text + scan->at, "\\u", 2) == 0;
        long second = escape ? hex4(scan, scan->at + 2) : -1;
        if (unit <= 0xDBFF && second >= 0xDC00 && second <= 0xDFFF)
            scan->at += 6;
        else
            config_scan_report(scan, start,
                               "\\u%04lx is half of a surrogate pair; write the character itself", unit);
    }
}

static void scan_escape(struct config_scan *scan)
{
    int next = scan->at + 1 < scan->length ? (unsigned char)scan->text[scan->at + 1] : 0;
    if (next == 'u') {
        scan_unicode(scan);
        return;
    }
    if (next < 0x20 || next >= 0x7f)
        config_scan_report(scan, scan->at, "a lone backslash; write \\\\ for a backslash");
    else if (strchr("\"\\/bfnrt", next) == NULL)
        config_scan_report(scan, scan->at, "\\%c is no JSON escape; write \\\\ for a backslash", next);
    scan->at += next < 0x20 || next >= 0x7f ? 1 : 2;
}

void config_token_string(struct config_scan *scan)
{
    size_t start = scan->at++;
    while (!scan->stopped) {
        int byte = config_scan_peek(scan);
        if (byte < 0 || byte == '\n') {
            config_scan_stop(scan, start, "this string is not closed on its line; a double quote is missing");
        } else if (byte == '"') {
            scan->at++;
            return;
        } else if (byte == '\\') {
            scan_escape(scan);
        } else {
            if (byte < 0x20)
                config_scan_report(scan, scan->at,
                                   "control character 0x%02x in a string; write it as \\u%04x",
                                   (unsigned)byte, (unsigned)byte);
            scan->at++;
        }
    }
}

void config_token_single_quoted(struct config_scan *scan)
{
    size_t start = scan->at++;
    const char *here = scan->text + scan->at;
    const char *line = memchr(here, '\n', scan->length - scan->at);
    size_t left = line == NULL ? scan->length - scan->at : (size_t)(line - here);
    const char *end = memchr(here, '\'', left);
    config_scan_report(scan, start, "single quotes; JSON strings take double quotes");
    if (end == NULL)
        scan->stopped = true;
    else
        scan->at = (size_t)(end - scan->text) + 1;
}

/* Whether the token has the form -?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)? */
static bool number_form(const char *p)
{
    p += *p == '-';
    if (!isdigit((unsigned char)*p) || (p[0] == '0' && isdigit((unsigned char)p[1])))
        return false;
    p += strspn(p, "0123456789");
    if (*p == '.') {
        size_t digits = strspn(++p, "0123456789");
        if (digits == 0)
            return false;
        p += digits;
    }
    if (*p == 'e' || *p == 'E') {
        p++;
        p += *p == '+' || *p == '-';
        size_t digits = strspn(p, "0123456789");
        if (digits == 0)
            return false;
        p += digits;
    }
    return *p == '\0';
}

/* Says why a token is not a number of JSON, with the cure where the intention is clear. */
static void report_form(struct config_scan *scan, size_t start, const char *token)
{
    size_t sign = token[0] == '-' || token[0] == '+', digits = strspn(token + sign, "0123456789");
    const char *body = token + sign, *behind = body + digits;
    if (isalpha((unsigned char)*body))
        config_scan_report(scan, start, "%s is no JSON number; write a finite number", token);
    else if (token[0] == '+')
        config_scan_report(scan, start, "%s has a plus sign; write %s", token, body);
    else if (*body == '.')
        config_scan_report(scan, start, "%s has no digit before its point; write %s0%s", token,
                           sign ? "-" : "", body);
    else if (digits > 1 && body[0] == '0')
        config_scan_report(scan, start, "%s has leading zeros; write it without them", token);
    else if (behind[0] == '.' && !isdigit((unsigned char)behind[1]))
        config_scan_report(scan, start, "%s has no digit behind its point; write %.*s.0%s", token,
                           (int)(sign + digits), token, behind + 1);
    else
        config_scan_report(scan, start, "%s is no JSON number", token);
}

void config_token_number(struct config_scan *scan)
{
    size_t start = scan->at;
    while (number_byte(config_scan_peek(scan)))
        scan->at++;
    size_t length = scan->at - start;
    char token[NUMBER_MOST + 1];
    if (length > NUMBER_MOST) {
        config_scan_report(scan, start, "a number of %zu characters; at most %d are accepted", length,
                           NUMBER_MOST);
        return;
    }
    memcpy(token, scan->text + start, length);
    token[length] = '\0';
    if (!number_form(token)) {
        report_form(scan, start, token);
        return;
    }
    double value = strtod(token, NULL);
    size_t mantissa = strcspn(token, "eE");
    bool zero = strcspn(token, "123456789") >= mantissa;
    if (!isfinite(value))
        config_scan_report(scan, start, "%s is beyond the largest number, about 1.8e308", token);
    else if (value == 0 && !zero)
        config_scan_report(scan, start, "%s is nearer to 0 than the least number, about 4.9e-324; write 0",
                           token);
}

void config_token_word(struct config_scan *scan, bool as_key)
{
    size_t start = scan->at;
    while (word_byte(config_scan_peek(scan)))
        scan->at++;
    char word[40] = {0};
    size_t length = scan->at - start;
    memcpy(word, scan->text + start, length < sizeof word ? length : sizeof word - 1);
    static const char *const numbers[] = {"nan", "inf", "infinity"};
    static const char *const words[] = {"true", "false", "null", "none"};
    if (as_key) {
        config_scan_report(scan, start, "the key %s stands without quotes; write \"%s\"", word, word);
        return;
    }
    for (size_t k = 0; k < BYZ_LENGTH(numbers); k++)
        if (strcasecmp(word, numbers[k]) == 0) {
            config_scan_report(scan, start, "%s is no JSON number; write a finite number", word);
            return;
        }
    for (size_t k = 0; k < BYZ_LENGTH(words); k++)
        if (strcasecmp(word, words[k]) == 0) {
            const char *right = k < 3 ? words[k] : "null";
            if (strcmp(word, right) != 0)
                config_scan_report(scan, start, "%s is not JSON; write %s", word, right);
            return;
        }
    config_scan_report(scan, start, "%s stands without quotes; write \"%s\"", word, word);
}
