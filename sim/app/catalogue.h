/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every family of variants in one list: what `list` and `describe` walk over. A name may occur in more than
 * one family ("quadratic" is a data set and the model for it). */
#ifndef SIM_APP_CATALOGUE_H
#define SIM_APP_CATALOGUE_H

#include "sim/api/byz_param.h"

struct catalogue_entry {
    const struct byz_family *family;
    const struct byz_param *common; /* knobs that all variants of the family share */
    size_t common_count;
};

/* Ended by an entry whose family is NULL. */
extern const struct catalogue_entry catalogue[];

#endif
