/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Growing strings, the spelling suggester, shortest numbers, UTF-8. */
#include "sim/base/text.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {"mean",      "median", "trimmed_mean",      "krum",        "multi_krum",
                                    "bulyan",    "nnm",    "geometric_median",  "momentum",    "batch_size",
                                    "sign_flip", "alie",   "centered_clipping", "local_steps", "f"};

static void expect_nearest(const char *word, const char *wanted)
{
    const char *found = text_nearest(word, names, sizeof names / sizeof names[0]);
    if (wanted == NULL)
        cr_expect_null(found, "\"%s\" suggests \"%s\"", word, found);
    else
        cr_expect(found != NULL && strcmp(found, wanted) == 0, "\"%s\" suggests \"%s\", not \"%s\"", word,
                  found == NULL ? "nothing" : found, wanted);
}

Test(text, nearest_finds_slips_of_the_pen)
{
    const char *const slips[][2] = {
        {"momentun", "momentum"},                  /* substitution */
        {"momentu", "momentum"},                   /* deletion */
        {"mommentum", "momentum"},                 /* insertion */
        {"momnetum", "momentum"},                  /* swap */
        {"MEDIAN", "median"},                      /* case */
        {"Krmu", "krum"},                          /* swap and case */
        {"kurm", "krum"},                          /* swap */
        {"trimmed-mean", "trimmed_mean"},          /* separator */
        {"trim", "trimmed_mean"},                  /* shared beginning */
        {"geometric", "geometric_median"},         /* shared beginning */
        {"batchsize", "batch_size"},               /* missing separator */
        {"centred_clipping", "centered_clipping"}, /* spelling */
        {"krum", "krum"},                          /* itself */
        {"mulit_krum", "multi_krum"},
        {"nmn", "nnm"}, /* one slip, where three letters allow no second */
    };
    for (size_t k = 0; k < sizeof slips / sizeof slips[0]; k++)
        expect_nearest(slips[k][0], slips[k][1]);
}

Test(text, nearest_has_no_false_friends)
{
    const char *const strangers[] = {"", "x", "fedavg", "quadratic", "zz", "learning_rate", "softmax", "12"};
    for (size_t k = 0; k < sizeof strangers / sizeof strangers[0]; k++)
        expect_nearest(strangers[k], NULL);
    char endless[4096];
    memset(endless, 'm', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    expect_nearest(endless, NULL);
    cr_expect_null(text_nearest("krum", NULL, 0));
}

Test(text, nearest_takes_the_closest_and_the_first_on_ties)
{
    const char *const two[] = {"meat", "meal", "bean"};
    cr_expect_str_eq(text_nearest("mear", two, 3), "meat");
    cr_expect_str_eq(text_nearest("bean", two, 3), "bean");
    char longest[64];
    memset(longest, 'a', 63);
    longest[63] = '\0';
    const char *const wide[] = {longest};
    cr_expect_eq(text_nearest(longest, wide, 1), wide[0]);
}

static void expect_number(double value, const char *wanted)
{
    char out[32];
    text_number(out, sizeof out, value);
    cr_expect_str_eq(out, wanted, "%a is written %s, not %s", value, out, wanted);
}

Test(text, numbers_are_short)
{
    expect_number(0, "0");
    expect_number(-0.0, "-0");
    expect_number(0.1, "0.1");
    expect_number(100, "1e+02");
    expect_number(0.1 + 0.2, "0.30000000000000004");
    expect_number(1.0 / 3, "0.3333333333333333");
    expect_number(-2.5e-7, "-2.5e-07");
    expect_number(9007199254740993.0, "9007199254740992");
}

Test(text, numbers_read_back_as_the_same_bits)
{
    const double extremes[] = {DBL_MAX,  DBL_MIN,      DBL_EPSILON, 4.9e-324,
                               -DBL_MAX, DBL_MIN / 64, 1e22,        123456789012345678.0};
    uint64_t bits = 88172645463325252u;
    for (size_t k = 0; k < 20000; k++) {
        double value, back;
        bits ^= bits << 13, bits ^= bits >> 7, bits ^= bits << 17;
        memcpy(&value, &bits, sizeof value);
        value = k < 8 ? extremes[k] : value;
        if (!isfinite(value))
            continue;
        char out[32];
        text_number(out, sizeof out, value);
        back = strtod(out, NULL);
        cr_assert_eq(memcmp(&back, &value, sizeof value), 0, "%a became %s", value, out);
        cr_assert_lt(strlen(out), 25);
    }
}

struct utf8_case {
    const char *bytes;
    size_t length, valid;
};

static void expect_utf8(const struct utf8_case *cases, size_t count)
{
    for (size_t k = 0; k < count; k++) {
        /* In a block of its own size, so that a read beyond it is seen by the sanitizer. */
        char *copy = malloc(cases[k].length + 1);
        cr_assert_not_null(copy);
        memcpy(copy, cases[k].bytes, cases[k].length);
        char *exact = realloc(copy, cases[k].length == 0 ? 1 : cases[k].length);
        size_t valid = text_utf8_valid(exact, cases[k].length);
        cr_expect_eq(valid, cases[k].valid, "case %zu: %zu, not %zu", k, valid, cases[k].valid);
        free(exact);
    }
}

Test(text, utf8_valid)
{
    static const struct utf8_case cases[] = {
        {"", 0, 0},
        {"plain", 5, 5},
        {"\0x", 2, 2},
        {"\x7F", 1, 1},
        {"\xC2\x80", 2, 2},         /* U+0080, the least of two bytes */
        {"\xDF\xBF", 2, 2},         /* U+07FF, the greatest of two */
        {"\xE0\xA0\x80", 3, 3},     /* U+0800 */
        {"\xED\x9F\xBF", 3, 3},     /* U+D7FF, below the surrogates */
        {"\xEE\x80\x80", 3, 3},     /* U+E000, above them */
        {"\xEF\xBF\xBF", 3, 3},     /* U+FFFF */
        {"\xF0\x90\x80\x80", 4, 4}, /* U+10000 */
        {"\xF4\x8F\xBF\xBF", 4, 4}, /* U+10FFFF, the last */
        {"a\xCE\xB1\xE2\x82\xAC\xF0\x9F\x98\x80z", 11, 11},
    };
    expect_utf8(cases, sizeof cases / sizeof cases[0]);
}

Test(text, utf8_invalid)
{
    static const struct utf8_case cases[] = {
        {"\x80", 1, 0},             /* continuation without a beginning */
        {"ab\xBF", 3, 2},           /* the same, later */
        {"\xC0\x80", 2, 0},         /* overlong NUL */
        {"\xC1\xBF", 2, 0},         /* overlong U+007F */
        {"\xE0\x9F\xBF", 3, 0},     /* overlong U+07FF */
        {"\xF0\x8F\xBF\xBF", 4, 0}, /* overlong U+FFFF */
        {"\xED\xA0\x80", 3, 0},     /* surrogate U+D800 */
        {"\xED\xBF\xBF", 3, 0},     /* surrogate U+DFFF */
        {"\xF4\x90\x80\x80", 4, 0}, /* above U+10FFFF */
        {"\xF5\x80\x80\x80", 4, 0}, /* no such first byte */
        {"\xFE", 1, 0},
        {"\xFF", 1, 0},
        {"x\xC3", 2, 1},         /* cut short */
        {"x\xE2\x82", 3, 1},     /* cut short */
        {"x\xF0\x9F\x98", 4, 1}, /* cut short */
        {"\xC3(", 2, 0},         /* second byte is none */
        {"\xE2(\xA1", 3, 0},
        {"\xE2\x82(", 3, 0},
        {"\xF0\x9F\x98(", 4, 0},
    };
    expect_utf8(cases, sizeof cases / sizeof cases[0]);
}

Test(text, grows_clears_and_prints)
{
    struct text text = {0};
    cr_expect_str_eq(text_string(&text), "");
    text_clear(&text);
    for (int k = 0; k < 5000; k++)
        text_printf(&text, "%d,", k % 10);
    text_append(&text, "a\0b", 3);
    text_add(&text, "");
    cr_expect_eq(text.length, 10003);
    cr_expect_eq(strlen(text_string(&text)), 10001);
    cr_expect_eq(memcmp(text.data + 9998, "9,a\0b", 6), 0); /* and the NUL behind it */
    cr_expect_not(text.failed);
    text_clear(&text);
    cr_expect_str_eq(text_string(&text), "");
    text_printf(&text, "%s %5.2f", "kappa", 1.5);
    cr_expect_str_eq(text_string(&text), "kappa  1.50");
    text_fini(&text);
    text_fini(&text);
    cr_expect_null(text.data);
}

Test(text, failure_latches)
{
    struct text text = {0};
    text_add(&text, "kept");
    text_append(&text, "x", SIZE_MAX); /* refused before a byte is read */
    cr_expect(text.failed);
    text_add(&text, "more");
    text_printf(&text, "%d", 7);
    cr_expect(text.failed);
    cr_expect_str_eq(text_string(&text), "kept");
    text_fini(&text);
    char *copy = text_copy("krum");
    cr_expect_str_eq(copy, "krum");
    free(copy);
}
