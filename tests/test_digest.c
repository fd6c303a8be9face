/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/core/digest.h"
#include "sim/num/rng.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

enum { MOST = 41 };

static void fill(float values[MOST])
{
    struct rng rng;
    rng_start(&rng, 5, RNG_TEST, 0, 0);
    for (size_t k = 0; k < MOST; k++)
        values[k] = (float)rng_normal(&rng);
}

/* Every length around the block of eight floats, every single bit. */
Test(digest, any_flipped_bit_changes_it)
{
    float values[MOST];
    fill(values);
    for (size_t count = 1; count <= MOST; count++) {
        uint64_t whole = digest_floats(7, values, count);
        for (size_t bit = 0; bit < 32 * count; bit++) {
            unsigned char bytes[sizeof values];
            float other[MOST];
            memcpy(bytes, values, sizeof values);
            bytes[bit / 8] = (unsigned char)(bytes[bit / 8] ^ 1u << bit % 8);
            memcpy(other, bytes, sizeof other);
            cr_assert_neq(digest_floats(7, other, count), whole, "length %zu, bit %zu", count, bit);
        }
    }
}

Test(digest, any_two_values_that_change_places_change_it)
{
    float values[MOST];
    fill(values);
    uint64_t whole = digest_floats(0, values, MOST);
    for (size_t i = 0; i < MOST; i++)
        for (size_t j = i + 1; j < MOST; j++) {
            float kept = values[i];
            values[i] = values[j];
            values[j] = kept;
            cr_assert_neq(digest_floats(0, values, MOST), whole, "%zu and %zu", i, j);
            values[j] = values[i];
            values[i] = kept;
        }
}

/* The top bit of a product depends on the top bits alone: two of them must not cancel out. */
Test(digest, any_two_values_that_change_their_sign_change_it)
{
    float values[MOST];
    fill(values);
    uint64_t whole = digest_floats(0, values, MOST);
    for (size_t i = 0; i < MOST; i++)
        for (size_t j = i + 1; j < MOST; j++) {
            values[i] = -values[i];
            values[j] = -values[j];
            cr_assert_neq(digest_floats(0, values, MOST), whole, "%zu and %zu", i, j);
            values[i] = -values[i];
            values[j] = -values[j];
        }
}

/* Zeros are what the last block is filled up with, so they are the hard case for the length. */
Test(digest, the_length_counts_even_when_only_zeros_are_added)
{
    const float zeros[MOST] = {0};
    uint64_t seen[MOST + 1];
    for (size_t count = 0; count <= MOST; count++) {
        seen[count] = digest_floats(3, zeros, count);
        for (size_t other = 0; other < count; other++)
            cr_assert_neq(seen[count], seen[other], "lengths %zu and %zu", other, count);
    }
}

Test(digest, tells_apart_the_signs_of_zero_and_the_bits_of_nan)
{
    const float plus = 0, minus = -0.0f;
    uint32_t quiet = 0x7FC00000u, payload = 0x7FC00001u;
    float one, two;
    memcpy(&one, &quiet, sizeof one);
    memcpy(&two, &payload, sizeof two);
    cr_assert_neq(digest_floats(0, &plus, 1), digest_floats(0, &minus, 1));
    cr_assert_neq(digest_floats(0, &one, 1), digest_floats(0, &two, 1));
}

/* It is a chain: what came before, and in which order the rounds came, stays in it. */
Test(digest, remembers_the_history)
{
    float values[MOST];
    fill(values);
    uint64_t a = digest_floats(0, values, 10), b = digest_floats(0, values + 10, 10);
    cr_assert_neq(digest_floats(a, values + 10, 10), digest_floats(b, values, 10));
    cr_assert_neq(digest_floats(a, values + 10, 10), digest_floats(0, values, 20));
    cr_assert_neq(digest_floats(a, values, 10), digest_floats(b, values, 10),
                  "the same end of two histories");
    cr_assert_neq(digest_floats(a, values, 0), a);
    cr_assert_eq(digest_floats(a, values + 10, 10),
                 digest_floats(digest_floats(0, values, 10), values + 10, 10));
}
