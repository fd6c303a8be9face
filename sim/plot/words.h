/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What keys and values of configurations are called in pictures: "trimmed mean", "ALIE", "declared f". */
#ifndef SIM_PLOT_WORDS_H
#define SIM_PLOT_WORDS_H

#include "sim/plot/plot.h"

/* Appends a value of that key: names of variants as the field writes them, other values as they are. */
void words_value(const char *key, const cJSON *value, struct text *out);

/* What a key is called on an axis ("Byzantine workers"); NULL for a key without a name of its own. The
 * first `length` letters of the key count. */
const char *words_title(const char *key, size_t length);

/* The same in a legend or above a panel, where room is scarce ("b"). */
const char *words_brief(const char *key);

/* What --label puts in the place of these words; the words themselves without it. Borrowed. */
const char *words_replaced(const struct plot_request *request, const char *words);

/* The same, and the words are remembered as a part of the plot, so that words_check can name them. */
const char *words_renamed(const struct plot_request *request, const char *words);

/* ERR_CONFIG, with the words that are there, when a --label fitted none. */
int words_check(const struct plot_request *request, struct err *err);

#endif
