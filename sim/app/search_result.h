/* SPDX-License-Identifier: GPL-3.0-or-later */
/* search.json and winner.json: the outcome of a search, and what it goes on from after a kill. */
#ifndef SIM_APP_SEARCH_RESULT_H
#define SIM_APP_SEARCH_RESULT_H

#include "sim/app/search.h"

/* Writes <directory>/search.json and, once there is a winner, winner.json before it; each whole or not at
 * all. */
int search_result_write(const struct search *search, struct err *err);

/* The objective of a run at a rung of so many rounds, as search->earlier has it; NaN when it does not. */
double search_result_find(const struct search *search, size_t run, uint64_t rounds);

/* Reads the search.json that lies there; NULL when there is none of the same objective. Owned by the caller.
 */
cJSON *search_result_read(const struct search *search);

#endif
