/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A new attack is a new file and a line in this table; a second name is a descriptor beside the first. */
#include "attacks/registry.h"
#include "attacks/messages.h"

extern const struct byz_attack attack_none, attack_sign_flip, attack_reverse, attack_gaussian, attack_noise,
    attack_uniform, attack_constant, attack_same_value, attack_zero, attack_inf, attack_nan, attack_bit_flip,
    attack_alie, attack_ipm, attack_optimal_alie, attack_optimal_ipm, attack_min_max, attack_min_sum,
    attack_fang, attack_mimic, attack_label_flip, attack_backdoor, attack_one_coordinate,
    attack_byzantine_mean, attack_duplicate, attack_replay, attack_anti_cge, attack_rop, attack_omission,
    attack_delay;

static const struct byz_attack *const attacks[] = {
    &attack_none,
    &attack_sign_flip,
    &attack_reverse,
    &attack_gaussian,
    &attack_noise,
    &attack_uniform,
    &attack_constant,
    &attack_same_value,
    &attack_zero,
    &attack_inf,
    &attack_nan,
    &attack_bit_flip,
    &attack_alie,
    &attack_ipm,
    &attack_optimal_alie,
    &attack_optimal_ipm,
    &attack_min_max,
    &attack_min_sum,
    &attack_fang,
    &attack_mimic,
    &attack_label_flip,
    &attack_backdoor,
    &attack_one_coordinate,
    &attack_byzantine_mean,
    &attack_duplicate,
    &attack_replay,
    &attack_anti_cge,
    &attack_rop,
    &attack_omission,
    &attack_delay,
};

static const struct byz_descriptor *attack_at(size_t index)
{
    return &attacks[index]->base;
}

const struct byz_family attack_family = {"attack", "attacks", BYZ_LENGTH(attacks), attack_at};

int attack_unsuitable(const struct byz_attack *attack, const void *params, size_t n, size_t b,
                      enum byz_knowledge knowledge, size_t known_count, char reason[BYZ_REASON_SIZE])
{
    if (messages_too_few(attack->base.name, attack->least_known, known_count, reason) != 0)
        return 1;
    return attack->unsuitable == NULL ? 0 : attack->unsuitable(params, n, b, knowledge, known_count, reason);
}
