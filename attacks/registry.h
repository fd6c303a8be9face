/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every attack of the program, by name. */
#ifndef ATTACKS_REGISTRY_H
#define ATTACKS_REGISTRY_H

#include "sim/api/byz_attack.h"

extern const struct byz_family attack_family; /* of struct byz_attack */

#endif
