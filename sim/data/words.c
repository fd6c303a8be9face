/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A made-up language whose entropy is known: every text is a row of words, each drawn independently, with a
 * space behind it. Word k = 1, 2, ... of the vocabulary has probability proportional to 1/k (Zipf's law) and
 * 2 + floor(log2 k) random letters, frequent words being short. Words differ, so a text tells its words, and
 * the entropy of a character is, in the long run,
 *
 *   H = sum_k p_k log2(1/p_k) / sum_k p_k (letters_k + 1)     bits,
 *
 * whatever the seed. No model has a lower expected loss: a sequence begins behind a space, and what the last,
 * broken word spares are its cheapest characters.
 *
 * Check: two words: p = 2/3, 1/3, letters 2, 3: 0.9183 bits in 3.3333 characters, H = 0.2755.
 */
#include "sim/base/mem.h"
#include "sim/data/registry.h"
#include "sim/data/synthetic.h"

#include <string.h>

enum { LETTERS = 26, SPACE = 0, WORDS_MOST = 1000, LETTERS_MOST = 11 };

struct params {
    uint64_t vocabulary, length, train, test, seed;
};

static const struct byz_param knobs[] = {
    {.name = "vocabulary",
     .type = BYZ_COUNT,
     .offset = offsetof(struct params, vocabulary),
     .initial = 32,
     .min = 2,
     .max = WORDS_MOST,
     .doc = "Different words."},
    {.name = "length",
     .type = BYZ_COUNT,
     .offset = offsetof(struct params, length),
     .initial = 32,
     .min = 1,
     .max = 4096,
     .doc = "Characters of a sequence."},
    SYNTHETIC_KNOBS(struct params, 4000, 500, 100000000, "sequences", "the language and its texts"),
};

struct word {
    size_t letters;
    uint8_t letter[LETTERS_MOST]; /* 1 .. LETTERS */
    double reached;               /* probability of this word and those before it */
};

static bool is_new(const struct word *words, size_t k)
{
    for (size_t i = 0; i < k; i++)
        if (words[i].letters == words[k].letters &&
            memcmp(words[i].letter, words[k].letter, words[k].letters) == 0)
            return false;
    return true;
}

static void draw_word(struct rng *rng, struct word *words, size_t k)
{
    words[k].letters = 2;
    for (size_t rank = k + 1; rank > 1; rank /= 2)
        words[k].letters++;
    do
        for (size_t i = 0; i < words[k].letters; i++)
            words[k].letter[i] = (uint8_t)(1 + rng_below(rng, LETTERS));
    while (!is_new(words, k));
}

static void draw_language(const struct params *params, struct word *words)
{
    double sum = 0, reached = 0;
    for (size_t k = 0; k < params->vocabulary; k++)
        sum += 1 / (double)(k + 1);
    for (size_t k = 0; k < params->vocabulary; k++) {
        struct rng rng;
        synthetic_start(&rng, params->seed, SYNTHETIC_TRUTH, k);
        draw_word(&rng, words, k);
        reached += 1 / (double)(k + 1) / sum;
        words[k].reached = reached;
    }
}

/* The characters behind the first, which is a space: character t + 1 is the label of character t. */
static void draw_sequence(const struct params *params, const struct word *words, struct rng *rng,
                          uint8_t *characters, int32_t *labels)
{
    size_t length = params->length, at = 0;
    while (at < length) {
        double u = rng_real(rng);
        size_t k = 0;
        while (k + 1 < params->vocabulary && u >= words[k].reached)
            k++;
        for (size_t i = 0; i <= words[k].letters && at < length; i++)
            labels[at++] = i < words[k].letters ? words[k].letter[i] : SPACE;
    }
    characters[0] = SPACE;
    for (size_t t = 1; t < length; t++)
        characters[t] = (uint8_t)labels[t - 1];
}

static int draw_split(const struct params *params, enum synthetic_stream stream, size_t count,
                      const struct word *words, struct samples *split, struct err *err)
{
    size_t length = params->length;
    int rc = dataset_allocate(split, count, length, DATASET_BYTES | DATASET_LABEL_EACH, err);
    if (rc != ERR_OK)
        return rc;
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < count; i++) {
        struct rng rng;
        synthetic_start(&rng, params->seed, stream, i);
        draw_sequence(params, words, &rng, split->bytes + i * length, split->labels + i * length);
    }
    return ERR_OK;
}

static int load(const void *given, const struct data_places *places, struct dataset *out, struct err *err)
{
    const struct params *params = given;
    (void)places;
    dataset_make_sequences(out, params->length, LETTERS + 1);
    struct word *words = mem_array(params->vocabulary, sizeof *words, err);
    if (words == NULL)
        return ERR_MEMORY;
    draw_language(params, words);
    int rc = draw_split(params, SYNTHETIC_TRAIN, params->train, words, &out->train, err);
    if (rc == ERR_OK)
        rc = draw_split(params, SYNTHETIC_TEST, params->test, words, &out->test, err);
    mem_free(words);
    return rc;
}

const struct dataset_kind dataset_words = {
    .base = {.name = "words",
             .doc =
                 "Sequences of characters in a made-up language whose entropy is known: words of random "
                 "letters, drawn independently by Zipf's law, with a space behind each; 27 characters. The "
                 "best possible loss is H bits per character: 0.855 with the default vocabulary of 32 words, "
                 "0.654 with 8, 0.944 with 100, 1.039 with 1000. A guess costs log2 27 = 4.755.",
             .formula = "word k = 1, 2, ... has probability p_k proportional to 1/k and\n"
                        "l_k = 2 + floor(log2 k) letters, all words different\n"
                        "H = sum_k p_k log2(1/p_k) / sum_k p_k (l_k + 1), whatever the seed\n"
                        "a sequence begins behind a space; the label of a character is the one that follows",
             .paper = "Zipf, \"Human behavior and the principle of least effort\", 1949; Shannon, \"A "
                      "mathematical theory of communication\", 1948",
             .params = knobs,
             .param_count = BYZ_LENGTH(knobs),
             .params_size = sizeof(struct params)},
    .load = load,
};
