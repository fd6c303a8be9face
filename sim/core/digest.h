/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A 64-bit hash of the parameter trajectory, fast enough to take every round: four lanes of multiply, xor and
 * rotate over 8-byte words. It tells two trajectories apart; it is no defence against someone who wants them
 * to collide.
 */
#ifndef SIM_CORE_DIGEST_H
#define SIM_CORE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

/* The digest after `count` more floats; start with 0. */
uint64_t digest_floats(uint64_t digest, const float *values, size_t count);

#endif
