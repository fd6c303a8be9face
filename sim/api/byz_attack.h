/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Attacks: what the b Byzantine workers send. An attack on messages has `apply`; an attack on data has
 * `poison`, which changes a batch before its gradient is computed. When an attack is given, each Byzantine
 * worker has already computed the message it would honestly have sent; the attack knows only what its
 * knowledge lets it see.
 */
#ifndef BYZ_ATTACK_H
#define BYZ_ATTACK_H

#include "sim/api/byz_param.h"

struct rng;

/* What an attacker sees, from most to least. An attack lists the levels it works with. */
enum byz_knowledge {
    BYZ_OMNISCIENT, /* the messages of all honest workers */
    BYZ_COLLUDING,  /* what the b Byzantine workers would honestly have sent */
    BYZ_OWN, /* each Byzantine worker only its own honest message; apply is called for one worker at a time */
};

struct byz_attack_input {
    size_t n, b, f, d; /* workers, Byzantine workers, f the server was told, coordinates */
    uint64_t round;    /* 0, 1, ... */
    const float *const
        *known; /* known_count pointers to rows of d floats: what the knowledge level reveals */
    size_t known_count;
    const float *const *own; /* (senders) the honest message of each sender */
    size_t senders;          /* rows to write: b, or 1 when knowledge is BYZ_OWN */
    const float *previous;   /* (d) the server's last aggregate, which everyone can tell from the step of the
                                parameters; NULL before the first */
    bool *missing;   /* (senders) all false; true: this sender's message does not arrive, its row counts for
                        nothing */
    struct rng *rng; /* a stream of this call's own */
    void *state; /* state_bytes, kept from round to round, each sender's own when it attacks alone; NULL when
                    0 */
    void *scratch; /* scratch_bytes; NULL when 0; both are 64-byte aligned */
    size_t scratch_size;

    /* Where the attack tries_defence: what the server would make of `count` (<= n) rows this round. Writes
     * out[d]; non-zero when it has no answer. NULL otherwise. Changes nothing in the run. */
    int (*defend)(void *defender, const float *const *rows, size_t count, float *out);
    void *defender; /* first argument of defend */
};

/* What is being learnt: known as soon as the data set is. */
struct byz_task {
    size_t features;                /* channels * height * width for images, stored channel by channel */
    size_t channels, height, width; /* 0 when the features are no image */
    size_t classes;                 /* 0 for regression */
    size_t sequence;                /* characters of a sample, with a label each; 0: one label a sample */
    size_t dimension;               /* d */
    float highest[4]; /* the greatest value a feature takes: of each channel (white), or of all in [0] */
};

struct byz_batch_view {
    const struct byz_task *task;
    size_t count;
    float *x;        /* (count, features) row-major, may be changed */
    int32_t *labels; /* (count), or (count, sequence), in 0..classes-1, may be changed; NULL for regression */
    float *targets;  /* (count) may be changed; NULL for classification */
};

struct byz_attack {
    struct byz_descriptor base;
    unsigned knowledge;                   /* bit set of 1 << enum byz_knowledge: levels it works with */
    enum byz_knowledge default_knowledge; /* one of them */
    bool blind;                           /* looks at no message at all, whatever it might see */
    bool tries_defence;                   /* wants in->defend */
    size_t least_known;                   /* messages that it has to see; 0: none */
    bool coordinatewise; /* a message's coordinate depends on that coordinate of what is known alone, and no
                            draw on the number of coordinates: it can be written block by block */

    /* 0 when it is defined for b Byzantine workers among n that know this much (and so see known_count rows);
     * otherwise writes why not and returns non-zero. NULL: always. */
    int (*unsuitable)(const void *params, size_t n, size_t b, enum byz_knowledge knowledge,
                      size_t known_count, char reason[BYZ_REASON_SIZE]);
    /* The same for what only the data can show: classes, an image's size, d. */
    int (*unsuitable_task)(const void *params, const struct byz_task *task, char reason[BYZ_REASON_SIZE]);
    /* A sentence when it is defined but does nothing of use at (n, b) (ALIE with z <= 0); "" otherwise. NULL:
     * never. */
    void (*warn)(const void *params, size_t n, size_t b, char reason[BYZ_REASON_SIZE]);

    /* Whether it looks at what its own workers would honestly have sent; where it does not, their gradients
     * need not be computed. NULL: it does not. */
    bool (*needs_own)(const void *params);

    size_t (*state_bytes)(const void *params, size_t n, size_t d);
    size_t (*scratch_bytes)(const void *params, size_t n, size_t d, size_t threads);

    /* Writes out[0..senders-1][d]. out rows overlap neither known nor own.
     */
    int (*apply)(const void *params, const struct byz_attack_input *in, float *const *out,
                 char reason[BYZ_REASON_SIZE]);

    /* Changes the batch of one Byzantine worker in place. NULL for attacks on messages. */
    void (*poison)(const void *params, struct byz_batch_view *batch, struct rng *rng);

    /* For a backdoor: puts its trigger into every sample of a batch and returns the label that they are meant
     * to get; the share that does is the attack's success. NULL: the attack has no trigger. */
    int32_t (*trigger)(const void *params, struct byz_batch_view *batch);
};

#endif
