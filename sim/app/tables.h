/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The configuration of an experiment as tables over struct settings. */
#ifndef SIM_APP_TABLES_H
#define SIM_APP_TABLES_H

#include "sim/config/section.h"

/* Reads into a struct settings. */
extern const struct config_section tables_experiment;

/* The knobs that every attack has (when and who). */
extern const struct byz_param tables_attack_axes[];
extern const size_t tables_attack_axes_count;

#endif
