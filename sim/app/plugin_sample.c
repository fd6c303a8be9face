/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/app/plugin_sample.h"
#include "sim/base/mem.h"
#include "sim/num/rng.h"
#include "sim/plugin/adapter.h"

#include <math.h>
#include <stdlib.h>

enum { SHOWN_MOST = 64 };

int plugin_sample_init(struct plugin_sample *sample, size_t n, size_t d, size_t ld, size_t f, struct err *err)
{
    struct rng rng;
    *sample = (struct plugin_sample){.n = n, .d = d, .ld = ld, .f = f};
    sample->x = mem_array(n * ld, sizeof(float), err);
    sample->out = mem_array(PLUGIN_SAMPLE_SENDERS * ld, sizeof(float), err);
    if (sample->x == NULL || sample->out == NULL)
        return ERR_MEMORY;
    rng_start(&rng, 1, RNG_TEST, n * 100003 + d, 0);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < ld; k++)
            sample->x[i * ld + k] = k >= d               ? (float)NAN
                                    : n * d > SHOWN_MOST ? (float)rng_normal(&rng)
                                                         : 0.25f * (float)rng_below(&rng, 79) - 9.75f;
    return ERR_OK;
}

void plugin_sample_fini(struct plugin_sample *sample)
{
    mem_free(sample->x);
    mem_free(sample->out);
    *sample = (struct plugin_sample){0};
}

size_t plugin_sample_rows(const struct plugin_tests *tests)
{
    return tests->attack != NULL ? PLUGIN_SAMPLE_SENDERS : 1;
}

/* What a call borrows. */
struct room {
    struct rng rng;
    void *state, *scratch;
    size_t scratch_size;
    const float **rows;
};

static int make_room(struct room *room, const struct plugin_tests *tests, const struct plugin_sample *sample,
                     uint64_t seed, struct err *err)
{
    const struct byz_variant *variant = tests->attack != NULL ? tests->attack : tests->rule;
    const struct byz_aggregator *rule = (const void *)variant->kind;
    const struct byz_attack *attack = (const void *)variant->kind;
    size_t n = sample->n + (tests->attack != NULL ? sample->f + PLUGIN_SAMPLE_SENDERS : 0);
    size_t state = tests->attack != NULL ? attack->state_bytes(variant->params, n, sample->d)
                                         : rule->state_bytes(variant->params, n, sample->d);
    room->scratch_size = tests->attack != NULL ? attack->scratch_bytes(variant->params, n, sample->d, 1)
                                               : rule->scratch_bytes(variant->params, n, sample->d, 1);
    room->state = mem_array(state, 1, err);
    room->scratch = room->state == NULL ? NULL : mem_array(room->scratch_size, 1, err);
    room->rows = room->scratch == NULL ? NULL : mem_array(sample->n, sizeof *room->rows, err);
    if (room->rows == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < sample->n; i++)
        room->rows[i] = sample->x + i * sample->ld;
    rng_start(&room->rng, seed, RNG_TEST, 0, 0);
    return ERR_OK;
}

static void free_room(struct room *room)
{
    mem_free(room->state);
    mem_free(room->scratch);
    mem_free(room->rows);
}

static int ask_rule(const struct byz_variant *variant, const struct plugin_sample *sample, struct room *room,
                    char reason[BYZ_REASON_SIZE])
{
    const struct byz_aggregator *rule = (const void *)variant->kind;
    struct byz_report report = {0};
    const struct byz_aggregator_input in = {.n = sample->n,
                                            .f = sample->f,
                                            .d = sample->d,
                                            .ld = sample->ld,
                                            .x = sample->x,
                                            .rng = &room->rng,
                                            .state = room->state,
                                            .scratch = room->scratch,
                                            .scratch_size = room->scratch_size,
                                            .report = &report};
    int code = rule->unsuitable(variant->params, sample->n, sample->f, reason);
    return code != 0 ? code : rule->apply(variant->params, &in, sample->out, reason);
}

static int ask_attack(const struct byz_variant *variant, const struct plugin_sample *sample,
                      struct room *room, char reason[BYZ_REASON_SIZE])
{
    const struct byz_attack *attack = (const void *)variant->kind;
    float *const out[PLUGIN_SAMPLE_SENDERS] = {sample->out, sample->out + sample->ld};
    const float *const own[PLUGIN_SAMPLE_SENDERS] = {sample->x, sample->x + (sample->n > 1 ? sample->ld : 0)};
    size_t b = sample->f < PLUGIN_SAMPLE_SENDERS ? PLUGIN_SAMPLE_SENDERS : sample->f;
    const struct byz_attack_input in = {.n = sample->n + b,
                                        .b = b,
                                        .f = b,
                                        .d = sample->d,
                                        .known = room->rows,
                                        .known_count = sample->n,
                                        .own = own,
                                        .senders = PLUGIN_SAMPLE_SENDERS,
                                        .rng = &room->rng,
                                        .state = room->state,
                                        .scratch = room->scratch,
                                        .scratch_size = room->scratch_size};
    int code = attack->unsuitable(variant->params, in.n, b, attack->default_knowledge, sample->n, reason);
    return code != 0 ? code : attack->apply(variant->params, &in, out, reason);
}

enum plugin_sample_answer plugin_sample_ask(const struct plugin_tests *tests,
                                            const struct plugin_sample *sample, uint64_t seed,
                                            char reason[BYZ_REASON_SIZE], struct err *err)
{
    struct room room = {0};
    reason[0] = '\0';
    int code = make_room(&room, tests, sample, seed, err), failed = code != ERR_OK;
    if (!failed)
        code = tests->attack != NULL ? ask_attack(tests->attack, sample, &room, reason)
                                     : ask_rule(tests->rule, sample, &room, reason);
    free_room(&room);
    return failed                    ? PLUGIN_SAMPLE_FAILED
           : code == 0               ? PLUGIN_SAMPLE_ANSWERED
           : code == ADAPTER_REFUSED ? PLUGIN_SAMPLE_REFUSED
                                     : PLUGIN_SAMPLE_BROKEN;
}

static void add_matrix(const struct plugin_sample *sample, struct text *out)
{
    for (size_t i = 0; i < sample->n; i++)
        for (size_t k = 0; k < sample->d; k++) {
            char number[32];
            text_number(number, sizeof number, (double)sample->x[i * sample->ld + k]);
            text_printf(out, "%s%s", k > 0 ? "," : i > 0 ? "],[" : "[[", number);
        }
    text_add(out, "]]");
}

void plugin_sample_tell(const struct plugin_tests *tests, const struct plugin_sample *sample,
                        const char *rule, struct text *out)
{
    const char *shown = rule == NULL ? tests->shown : rule;
    if (sample->n * sample->d > SHOWN_MOST) {
        text_printf(out, "with n = %zu messages of d = %zu numbers, ld = %zu, f = %zu\n", sample->n,
                    sample->d, sample->ld, sample->f);
        return;
    }
    text_add(out, "  echo '");
    add_matrix(sample, out);
    if (tests->attack != NULL && rule == NULL)
        text_printf(out, "' | byzsim attack --name %s --byzantine %d -\n", shown, PLUGIN_SAMPLE_SENDERS);
    else
        text_printf(out, "' | byzsim aggregate --rule %s --byzantine %zu -\n", shown, sample->f);
}
