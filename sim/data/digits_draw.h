/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Drawing one handwritten digit: a pen path is jittered, bent by a smooth random field, moved by a random
 * affine map and drawn with a soft round pen of varying width. About 20 microseconds a picture.
 *
 * The picture is a function of the stream alone, whoever draws it and in whatever order.
 */
#ifndef SIM_DATA_DIGITS_DRAW_H
#define SIM_DATA_DIGITS_DRAW_H

#include "sim/num/rng.h"
#include <stdint.h>

enum { DIGITS_DRAW_SIDE = 28 };

/* Draws `digit` (0..9) into pixels (28, 28), ink 255 on paper 0. difficulty scales every distortion and the
 * noise: 0 is a clean pen path, 1 about as varied as MNIST. */
void digits_draw(struct rng *rng, int digit, double difficulty, uint8_t *pixels);

#endif
