/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/num/rng.h"
#include "sim/num/dispatch.h"

#include <gsl/gsl_randist.h>
#include <stdbool.h>
#include <string.h>

static uint64_t mix(uint64_t z) /* the finaliser of SplitMix64: every input bit reaches every output bit */
{
    z += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* Ten rounds of the Philox bijection on a 128-bit counter under a 64-bit key. */
static void philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3], k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)p1;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

static uint32_t next_word(struct rng_state *state)
{
    if (state->next == 4) {
        philox(state->counter, state->key, state->block);
        state->counter[0]++; /* 2^34 words before it wraps: no stream of a round draws that many */
        state->next = 0;
    }
    return state->block[state->next++];
}

static void gsl_set(void *state, unsigned long seed)
{
    struct rng_state *s = state;
    *s = (struct rng_state){.key = {(uint32_t)seed, (uint32_t)((uint64_t)seed >> 32)}, .next = 4};
}

static unsigned long gsl_get(void *state)
{
    return next_word(state);
}

static double gsl_get_double(void *state)
{
    uint64_t high = next_word(state) >> 5, low = next_word(state) >> 6;
    return ((double)high * 67108864.0 + (double)low) / 9007199254740992.0;
}

static const gsl_rng_type philox_type = {"philox4x32-10", 0xFFFFFFFFu,   0, sizeof(struct rng_state), gsl_set,
                                         gsl_get,         gsl_get_double};

void rng_start(struct rng *rng, uint64_t seed, enum rng_purpose purpose, uint64_t id, uint64_t round)
{
    uint64_t key = mix(seed ^ mix((uint64_t)purpose)), name = mix(id) ^ (round >> 32);
    rng->gsl.type = &philox_type;
    rng->gsl.state = &rng->state;
    rng->state = (struct rng_state){
        .key = {(uint32_t)key, (uint32_t)(key >> 32)},
        .counter = {0, (uint32_t)round, (uint32_t)name, (uint32_t)(name >> 32)},
        .next = 4,
    };
}

double rng_real(struct rng *rng)
{
    return gsl_get_double(&rng->state);
}

uint64_t rng_bits(struct rng *rng)
{
    uint64_t high = next_word(&rng->state);
    return high << 32 | next_word(&rng->state);
}

/* The words of a stream in the same order, made many blocks at a time: for functions that draw thousands. */
enum { BLOCKS_AHEAD = 16 };
struct words {
    struct rng_state *state;
    uint32_t word[4 * BLOCKS_AHEAD];
    size_t next, end;
};

/* philox of this counter and the BLOCKS_AHEAD - 1 behind it. */
NUM_CLONES static void philox_ahead(const uint32_t counter[4], const uint32_t key[2], uint32_t *restrict out)
{
    uint32_t c[4][BLOCKS_AHEAD], k0 = key[0], k1 = key[1];
    for (uint32_t b = 0; b < BLOCKS_AHEAD; b++) {
        c[0][b] = counter[0] + b;
        c[1][b] = counter[1];
        c[2][b] = counter[2];
        c[3][b] = counter[3];
    }
    for (int round = 0; round < 10; round++) {
        for (size_t b = 0; b < BLOCKS_AHEAD; b++) {
            uint64_t p0 = (uint64_t)0xD2511F53u * c[0][b], p1 = (uint64_t)0xCD9E8D57u * c[2][b];
            c[0][b] = (uint32_t)(p1 >> 32) ^ c[1][b] ^ k0;
            c[1][b] = (uint32_t)p1;
            c[2][b] = (uint32_t)(p0 >> 32) ^ c[3][b] ^ k1;
            c[3][b] = (uint32_t)p0;
        }
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    for (size_t b = 0; b < BLOCKS_AHEAD; b++)
        for (size_t w = 0; w < 4; w++)
            out[4 * b + w] = c[w][b];
}

static void words_start(struct words *words, struct rng *rng)
{
    words->state = &rng->state;
    words->next = rng->state.next;
    words->end = 4;
    memcpy(words->word, rng->state.block, sizeof rng->state.block);
}

static __attribute__((noinline)) void words_refill(struct words *words)
{
    philox_ahead(words->state->counter, words->state->key, words->word);
    words->state->counter[0] += BLOCKS_AHEAD;
    words->next = 0;
    words->end = 4 * BLOCKS_AHEAD;
}

static inline uint64_t words_bits(struct words *words)
{
    uint64_t high;
    if (words->next == words->end)
        words_refill(words);
    high = words->word[words->next++];
    if (words->next == words->end)
        words_refill(words);
    return high << 32 | words->word[words->next++];
}

/* Leaves the stream as if each word had been drawn by itself. */
static void words_stop(struct words *words)
{
    struct rng_state *state = words->state;
    size_t left = words->end - words->next, begun = words->end - (left + 3) / 4 * 4;
    state->counter[0] -= (uint32_t)(left / 4);
    state->next = (uint32_t)(4 - left % 4);
    if (left % 4 != 0)
        memcpy(state->block, words->word + begun, sizeof state->block);
}

/* Whether the rest of `bits` is without bias: below the last full multiple of bound. */
static inline bool is_fair(uint64_t bits, uint64_t bound)
{
    if (bits <= UINT64_MAX - bound) /* so nearly always that the rest is not worth a division each time */
        return true;
    return bits <= UINT64_MAX - (UINT64_MAX % bound + 1) % bound; /* 2^64 mod bound lie past it */
}

uint64_t rng_below(struct rng *rng, uint64_t bound)
{
    uint64_t bits;
    do
        bits = rng_bits(rng);
    while (!is_fair(bits, bound));
    return bits % bound;
}

/* As rng_below. */
static inline uint64_t words_below(struct words *words, uint64_t bound)
{
    uint64_t bits;
    do
        bits = words_bits(words);
    while (!is_fair(bits, bound));
    return bits % bound;
}

double rng_normal(struct rng *rng)
{
    return gsl_ran_gaussian_ziggurat(&rng->gsl, 1.0);
}

void rng_subset(struct rng *rng, size_t count, size_t of, char *marks)
{
    struct words words;
    words_start(&words, rng);
    memset(marks, 0, of);
    for (size_t k = of - count; k < of; k++) {
        size_t pick = (size_t)words_below(&words, k + 1);
        marks[marks[pick] ? k : pick] = 1;
    }
    words_stop(&words);
}

void rng_subset_bits(struct rng *rng, size_t count, size_t of, uint64_t *set)
{
    struct words words;
    words_start(&words, rng);
    memset(set, 0, (of + 63) / 64 * sizeof *set);
    for (size_t k = of - count; k < of; k++) {
        size_t pick = (size_t)words_below(&words, k + 1);
        pick = set[pick / 64] >> pick % 64 & 1 ? k : pick;
        set[pick / 64] |= (uint64_t)1 << pick % 64;
    }
    words_stop(&words);
}

void rng_permutation(struct rng *rng, size_t count, uint32_t *out)
{
    struct words words;
    words_start(&words, rng);
    for (size_t i = 0; i < count; i++)
        out[i] = (uint32_t)i;
    for (size_t i = count; i > 1; i--) {
        size_t j = (size_t)words_below(&words, i);
        uint32_t kept = out[i - 1];
        out[i - 1] = out[j];
        out[j] = kept;
    }
    words_stop(&words);
}
