/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sweep points (points.c) and their names (labels.c). */
#ifndef SIM_CONFIG_POINTS_H
#define SIM_CONFIG_POINTS_H

#include "sim/config/internal.h"

enum { CONFIG_LABEL_MOST = 120 };

/* Gives every point of the checked sweep (NULL: none) a label of its own. 0 or ERR_MEMORY. */
int config_labels_fill(const cJSON *sweep, struct config_points *points);

#endif
