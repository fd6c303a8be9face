/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *err, enum err_code code, const char *format, ...)
{
    if (err != NULL) {
        va_list args;
        va_start(args, format);
        err->code = code;
        vsnprintf(err->text, sizeof err->text, format, args);
        va_end(args);
    }
    return (int)code;
}

int err_wrap(struct err *err, const char *format, ...)
{
    if (err == NULL)
        return (int)ERR_INVALID;
    char old[sizeof err->text];
    memcpy(old, err->text, sizeof old);
    va_list args;
    va_start(args, format);
    int used = vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    if (used >= 0 && (size_t)used < sizeof err->text)
        snprintf(err->text + used, sizeof err->text - (size_t)used, ": %.*s",
                 (int)(sizeof err->text - (size_t)used - 3), old);
    return (int)err->code;
}
