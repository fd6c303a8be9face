/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the ten digits are written: a few pen paths for each, as the points a smooth curve runs through. */
#ifndef SIM_DATA_DIGITS_GLYPHS_H
#define SIM_DATA_DIGITS_GLYPHS_H

#include <stddef.h>
#include <stdint.h>

enum { DIGITS_GLYPHS_POINTS_MOST = 24 };

/* A point in a box of 100 by 100 units, y downwards. A point given twice is a corner; x = -1 lifts the pen.
 */
struct digits_point {
    int8_t x, y;
};

struct digits_glyph {
    size_t count; /* points, pen lifts included */
    struct digits_point points[DIGITS_GLYPHS_POINTS_MOST];
};

/* Ways of writing `digit`, and the one of that index. */
size_t digits_glyphs_count(int digit);
const struct digits_glyph *digits_glyphs_at(int digit, size_t index);

#endif
