/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What several attacks on messages do. */
#ifndef ATTACKS_MESSAGES_H
#define ATTACKS_MESSAGES_H

#include "sim/api/byz_attack.h"

/* 0 when at least `wanted` messages are known; otherwise the reason why the attack of that name cannot do,
 * and 1. For attacks whose knobs decide how many it takes; least_known is for the others. */
int messages_too_few(const char *name, size_t wanted, size_t known_count, char reason[BYZ_REASON_SIZE]);

/* Copies out[0] into the messages of all other senders. */
void messages_repeat(const struct byz_attack_input *in, float *const *out);

/* Every sender sends factor * (mean of the known rows). */
void messages_scaled_mean(const struct byz_attack_input *in, double factor, float *const *out);

/* Every coordinate of every message is `value`. */
void messages_constant(const struct byz_attack_input *in, float value, float *const *out);

/* A queue of `lag` messages in an attack's state: its bytes; and what a sender does with it in a round: puts
 * in its message and writes into out the one that it put in `lag` rounds before. False, with out left as it
 * is, while there is none. */
size_t messages_queue_bytes(uint64_t lag, size_t d);
bool messages_queue(void *queue, uint64_t lag, const float *message, size_t d, float *out);

#endif
