/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every attack of the program, by name. */
#ifndef ATTACKS_REGISTRY_H
#define ATTACKS_REGISTRY_H

#include "sim/api/byz_attack.h"

extern const struct byz_family attack_family; /* of struct byz_attack */

/* Whether an attack is defined for b Byzantine workers among n that know this much and so see `known_count`
 * messages: 0, or non-zero and the reason. */
int attack_unsuitable(const struct byz_attack *attack, const void *params, size_t n, size_t b,
                      enum byz_knowledge knowledge, size_t known_count, char reason[BYZ_REASON_SIZE]);

#endif
