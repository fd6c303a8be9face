/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every aggregator and pre-aggregator of the program, by name. */
#ifndef AGGREGATORS_REGISTRY_H
#define AGGREGATORS_REGISTRY_H

#include "sim/api/byz_aggregator.h"

extern const struct byz_family aggregator_family;    /* of struct byz_aggregator */
extern const struct byz_family preaggregator_family; /* of struct byz_preaggregator */

#endif
