/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small inputs for the tests of plugins, and one call of a plugin on them. */
#ifndef SIM_APP_PLUGIN_SAMPLE_H
#define SIM_APP_PLUGIN_SAMPLE_H

#include "sim/app/plugin_tests.h"

enum { PLUGIN_SAMPLE_SENDERS = 2 }; /* rows that an attack is asked for */

struct plugin_sample {
    size_t n, d, ld, f; /* f: for an attack the Byzantine workers beside the n rows */
    float *x;           /* (n, d), NaN between d and ld */
    float *out;         /* a rule (d); an attack (PLUGIN_SAMPLE_SENDERS, d), ld apart */
};

/* Quarters from -9.75 to 9.75 where they are few, to be worked out by hand, but seldom with equal distances
 * (a tie is no fault of a rule); normal numbers else. Always the same for the same shape. */
int plugin_sample_init(struct plugin_sample *sample, size_t n, size_t d, size_t ld, size_t f,
                       struct err *err);
void plugin_sample_fini(struct plugin_sample *sample);

/* Rows of the output. */
size_t plugin_sample_rows(const struct plugin_tests *tests);

enum plugin_sample_answer {
    PLUGIN_SAMPLE_ANSWERED,
    PLUGIN_SAMPLE_REFUSED, /* it is not defined here, or says that it has no answer */
    PLUGIN_SAMPLE_BROKEN,  /* it crashed, left something unwritten, ... */
    PLUGIN_SAMPLE_FAILED   /* *err: not the plugin's fault */
};

/* Calls the plugin, its state as in a first round, with random numbers that follow from the seed. */
enum plugin_sample_answer plugin_sample_ask(const struct plugin_tests *tests,
                                            const struct plugin_sample *sample, uint64_t seed,
                                            char reason[BYZ_REASON_SIZE], struct err *err);

/* Adds the sample as JSON, and the command that repeats the call with that rule (NULL: the plugin itself). A
 * sample that is too large for a page is only described. */
void plugin_sample_tell(const struct plugin_tests *tests, const struct plugin_sample *sample,
                        const char *rule, struct text *out);

#endif
