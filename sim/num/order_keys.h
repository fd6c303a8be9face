/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whole numbers in the order of floats: the magnitude bits of a negative float are flipped, which leaves NaNs
 * at both ends; subtracting ORDER_KEY_SHIFT modulo 2^32 moves those below -Inf to the top. The kernels have
 * the same in vectors.
 */
#ifndef SIM_NUM_ORDER_KEYS_H
#define SIM_NUM_ORDER_KEYS_H

#include <stdint.h>
#include <string.h>

#define ORDER_KEY_SHIFT 0x7FFFFFu

static inline int32_t order_key_of(float value)
{
    int32_t bits;
    memcpy(&bits, &value, sizeof bits);
    bits ^= (bits >> 31) & 0x7FFFFFFF;
    return (int32_t)((uint32_t)bits - ORDER_KEY_SHIFT);
}

static inline float order_key_value(int32_t key)
{
    int32_t bits = (int32_t)((uint32_t)key + ORDER_KEY_SHIFT);
    float value;
    bits ^= (bits >> 31) & 0x7FFFFFFF;
    memcpy(&value, &bits, sizeof value);
    return value;
}

#endif
