/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests of attacks: one by its words, what it sends for a few known messages, and why it refuses. */
#ifndef TESTS_TEST_ATTACKS_FIXTURE_H
#define TESTS_TEST_ATTACKS_FIXTURE_H

#include "attacks/registry.h"
#include "sim/config/config.h"
#include "sim/num/rows.h"
#include "tests/num/grid.h"

#include <omp.h>

enum { MOST = 64 };

/* An attack from its words on the command line. */
struct subject {
    struct byz_variant variant;
    const struct byz_attack *attack;
};

static inline struct subject subject_of(const char *words)
{
    struct subject subject;
    struct config_errors errors = {0};
    cr_assert_eq(config_read_variant(&attack_family, words, &subject.variant, &errors), 0, "%s", words);
    cr_assert_eq(errors.count, 0, "%s: %s", words, text_string(&errors.text));
    subject.attack = (const void *)subject.variant.kind;
    return subject;
}

/* The state it keeps, all zeros. */
static inline void *state_of(const struct subject *subject, size_t n, size_t d)
{
    size_t bytes = subject->attack->state_bytes == NULL
                       ? 0
                       : subject->attack->state_bytes(subject->variant.params, n, d);
    return mem_array(bytes + 1, 1, NULL);
}

/* Runs a round after the aggregate `previous` (NULL: none yet) for `senders` workers among n that know the
 * rows of `known`; out (senders, d). The server was told f. */
static inline void perform_round(const struct subject *subject, const float *previous,
                                 const struct grid *known, size_t n, size_t senders, size_t f, uint64_t seed,
                                 void *state, struct grid *out)
{
    const float *rows[MOST];
    float *messages[MOST];
    struct rng rng;
    char reason[BYZ_REASON_SIZE] = "";
    bool missing[MOST] = {false};
    size_t bytes = subject->attack->scratch_bytes == NULL
                       ? 1
                       : subject->attack->scratch_bytes(subject->variant.params, n, known->d, 8);
    void *scratch = mem_array(bytes, 1, NULL);
    *out = grid_empty(senders, known->d);
    rows_of_matrix(known->x, known->n, known->ld, rows);
    for (size_t i = 0; i < senders; i++)
        messages[i] = grid_row(out, i);
    rng_start(&rng, seed, RNG_ATTACK, 0, 0);
    const struct byz_attack_input in = {.n = n,
                                        .b = senders,
                                        .f = f,
                                        .d = known->d,
                                        .known = rows,
                                        .known_count = known->n,
                                        .own = rows,
                                        .senders = senders,
                                        .previous = previous,
                                        .missing = missing,
                                        .rng = &rng,
                                        .state = state,
                                        .scratch = scratch,
                                        .scratch_size = bytes};
    cr_assert_eq(subject->attack->apply(subject->variant.params, &in, messages, reason), 0, "%s", reason);
    mem_free(scratch);
}

/* The same for the first round, on one thread. */
static inline void perform(const struct subject *subject, const struct grid *known, size_t n, size_t senders,
                           uint64_t seed, struct grid *out)
{
    void *state = state_of(subject, n, known->d);
    omp_set_num_threads(1);
    perform_round(subject, NULL, known, n, senders, senders, seed, state, out);
    mem_free(state);
}

/* What the values of the headers are computed from. */
static const float three[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};

/* Two workers send the same `wanted`, knowing the three rows. */
static inline void expect_message(const char *words, const double *wanted)
{
    struct subject subject = subject_of(words);
    struct grid known = grid_of(3, 3, three), out;
    perform(&subject, &known, 5, 2, 1, &out);
    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; k < 3; k++)
            cr_expect(grid_near(grid_row(&out, i)[k], wanted[k], 1e-6 * fabs(wanted[k])),
                      "%s: sender %zu, %zu: %g", words, i, k, (double)grid_row(&out, i)[k]);
    grid_fini(&known);
    grid_fini(&out);
    config_variant_release(&subject.variant);
}

/* Expects exactly that reason, or none where `wanted` is "". */
static inline void expect_refusal(const char *words, size_t n, size_t b, enum byz_knowledge knowledge,
                                  size_t known, const char *wanted)
{
    struct subject subject = subject_of(words);
    char reason[BYZ_REASON_SIZE] = "";
    int refused = attack_unsuitable(subject.attack, subject.variant.params, n, b, knowledge, known, reason);
    cr_expect_eq(refused != 0, wanted[0] != '\0', "%s", words);
    cr_expect_str_eq(reason, wanted, "%s: %s", words, reason);
    config_variant_release(&subject.variant);
}

#endif
