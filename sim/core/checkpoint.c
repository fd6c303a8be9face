/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Saving and loading are one walk over the state, so that neither can forget what the other remembers. */
#include "sim/core/checkpoint.h"
#include "sim/core/phases.h"

#include <stdio.h>
#include <string.h>

static const char magic[] = "byzsim checkpoint 1";

enum { IDENTITY_SIZE = 72 };

struct walk {
    struct text *out;  /* saving: where bytes go; NULL while loading */
    const char *bytes; /* loading: what is left */
    size_t left;
    uint64_t sum; /* over every byte that passed */
    bool failed;
};

static void sum_bytes(struct walk *walk, const void *bytes, size_t size)
{
    const unsigned char *p = bytes;
    for (size_t i = 0; i < size; i++)
        walk->sum = (walk->sum ^ p[i]) * 0x100000001B3u;
}

/* Saves `size` bytes from data, or loads them into it. */
static void pass(struct walk *walk, void *data, size_t size)
{
    if (walk->failed || size == 0)
        return;
    if (walk->out != NULL) {
        text_append(walk->out, data, size);
        walk->failed = walk->out->failed;
    } else if (size > walk->left) {
        walk->failed = true;
        return;
    } else {
        memcpy(data, walk->bytes, size);
        walk->bytes += size;
        walk->left -= size;
    }
    sum_bytes(walk, data, size);
}

/* A value that must be the same on both sides. */
static void agree(struct walk *walk, uint64_t value)
{
    uint64_t other = value;
    pass(walk, &other, sizeof other);
    walk->failed |= other != value;
}

static void pass_table(struct walk *walk, struct table *table)
{
    uint64_t rows = table->rows;
    agree(walk, table->columns);
    pass(walk, &rows, sizeof rows);
    if (walk->out == NULL && rows > walk->left / sizeof(double))
        walk->failed = true;
    while (!walk->failed && table->rows < rows)
        walk->failed = table_append(table) == NULL;
    pass(walk, table->cells, table->rows * table->columns * sizeof *table->cells);
}

static void pass_text(struct walk *walk, struct text *text)
{
    uint64_t length = text->length;
    pass(walk, &length, sizeof length);
    if (walk->out != NULL) {
        pass(walk, text->data, text->length);
    } else if (!walk->failed && length <= walk->left) {
        text_clear(text);
        text_append(text, walk->bytes, (size_t)length);
        sum_bytes(walk, walk->bytes, (size_t)length);
        walk->bytes += length;
        walk->left -= (size_t)length;
        walk->failed = text->failed;
    } else {
        walk->failed = true;
    }
}

static void pass_optional(struct walk *walk, void *data, size_t size)
{
    agree(walk, data != NULL);
    if (data != NULL)
        pass(walk, data, size);
}

static void pass_state(struct walk *walk, struct simulation *s)
{
    size_t classes = s->dataset->classes;
    agree(walk, s->n);
    agree(walk, s->d);
    agree(walk, classes);
    pass(walk, &s->round, sizeof s->round);
    pass(walk, s->parameters, s->d * sizeof(float));
    pass_optional(walk, s->step_state, settings_optimizer_arrays(s->settings) * s->d * sizeof(float));
    pass(walk, s->aggregate, s->d * sizeof(float));
    pass(walk, &s->has_aggregate, sizeof s->has_aggregate);
    pass_optional(walk, s->momentum, s->n * s->ld * sizeof(float));
    for (size_t i = 0; i <= BYZ_VARIANTS_MOST; i++) {
        agree(walk, s->defence.state_sizes[i]);
        pass(walk, s->defence.states[i], s->defence.state_sizes[i]);
    }
    pass_optional(walk, s->last, s->n * s->ld * sizeof(float));
    pass_optional(walk, s->heard, s->n * sizeof *s->heard);
    agree(walk, s->attack_state_size);
    pass(walk, s->attack_state, s->attack_state_size);
    pass(walk, s->weight_sum, s->n * sizeof *s->weight_sum);
    pass(walk, &s->weight_rounds, sizeof s->weight_rounds);
    pass(walk, s->class_count, classes * sizeof *s->class_count);
    pass(walk, s->class_correct, classes * sizeof *s->class_correct);
    pass_table(walk, &s->evaluations);
    pass_table(walk, &s->rounds);
    pass_text(walk, &s->notes);
    pass(walk, &s->note_count, sizeof s->note_count);
    pass(walk, &s->digest, sizeof s->digest);
    pass(walk, &s->skipped, sizeof s->skipped);
    pass(walk, &s->dropped_total, sizeof s->dropped_total);
}

static void walk_all(struct walk *walk, struct simulation *simulation, const char *identity)
{
    char head[sizeof magic] = {0}, name[IDENTITY_SIZE] = {0}, given[IDENTITY_SIZE] = {0};
    memcpy(head, magic, sizeof magic);
    snprintf(name, sizeof name, "%s", identity);
    memcpy(given, name, sizeof name);
    pass(walk, head, sizeof head);
    pass(walk, name, sizeof name);
    walk->failed |= memcmp(head, magic, sizeof magic) != 0 || memcmp(name, given, sizeof name) != 0;
    pass_state(walk, simulation);
    agree(walk, walk->sum);
}

int checkpoint_save(struct simulation *simulation, const char *identity, struct text *out, struct err *err)
{
    struct walk walk = {.out = out};
    simulation_settle(simulation);
    walk_all(&walk, simulation, identity);
    return walk.failed ? err_set(err, ERR_MEMORY, "out of memory for a checkpoint") : ERR_OK;
}

int checkpoint_load(struct simulation *simulation, const char *identity, const void *bytes, size_t length,
                    struct err *err)
{
    struct walk walk = {.bytes = bytes, .left = length};
    walk_all(&walk, simulation, identity);
    if (walk.failed || walk.left > 0)
        return err_set(err, ERR_DATA,
                       "the checkpoint is damaged, of another version or of another experiment");
    return ERR_OK;
}
