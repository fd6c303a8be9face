/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The adversary: who is Byzantine, when, and what those workers send. Rows of the message matrix are dealt to
 * workers by a fresh secret permutation each round, drawn before any message is computed, so that nothing is
 * moved afterwards.
 */
#include "sim/core/phases.h"
#include "sim/num/rng.h"

#include <string.h>

static const struct byz_attack *attack_of(const struct simulation *simulation)
{
    return (const void *)simulation->settings->attack.attack.kind;
}

bool adversary_active(const struct simulation *simulation)
{
    const struct attack_axes *axes = &simulation->settings->attack.axes;
    uint64_t round = simulation->round;
    bool over = axes->stop.choice < 0 && round >= axes->stop.value;
    return simulation->b > 0 && round >= axes->start && !over && (round - axes->start) % axes->every == 0;
}

/* Gradients of Byzantine workers can be left out only if nobody will ever look at them: not the attack, and
 * no later round in which the same worker behaves honestly on the momentum it has gathered. */
bool adversary_needs_own(const struct simulation *simulation)
{
    const struct byz_attack *attack = attack_of(simulation);
    const struct attack_axes *axes = &simulation->settings->attack.axes;
    bool always =
        axes->members == MEMBERS_FIXED && axes->start == 0 && axes->every == 1 && axes->stop.choice >= 0;
    bool sees_own = settings_knowledge(simulation->settings) != BYZ_OMNISCIENT && !attack->blind;
    bool asks = attack->needs_own != NULL && attack->needs_own(simulation->settings->attack.attack.params);
    bool looks = attack->poison != NULL || sees_own || asks;
    return looks || !always;
}

/* Fixed: the last b workers. Redrawn: b workers drawn anew each round. */
static void choose_members(struct simulation *simulation)
{
    size_t n = simulation->n, b = simulation->b;
    if (simulation->settings->attack.axes.members == MEMBERS_REDRAWN) {
        struct rng rng;
        rng_start(&rng, simulation->settings->seed, RNG_MEMBERS, 0, simulation->round);
        rng_permutation(&rng, n, simulation->sender); /* borrowed as scratch: it is set below */
        for (size_t i = 0; i < n; i++)
            simulation->byzantine[simulation->sender[i]] = i >= n - b;
    } else {
        for (size_t worker = 0; worker < n; worker++)
            simulation->byzantine[worker] = worker >= n - b;
    }
}

void adversary_assign(struct simulation *simulation)
{
    struct rng rng;
    size_t honest = 0;
    profile_enter(&simulation->profile, PROFILE_ASSIGNMENT);
    simulation->facts.attacked = adversary_active(simulation);
    choose_members(simulation);
    rng_start(&rng, simulation->settings->seed, RNG_PERMUTATION, 0, simulation->round);
    rng_permutation(&rng, simulation->n, simulation->place);
    for (size_t worker = 0; worker < simulation->n; worker++) {
        simulation->sender[simulation->place[worker]] = (uint32_t)worker;
        simulation->arrived[worker] = true;
        if (!simulation->byzantine[worker])
            simulation->honest_rows[honest++] =
                simulation->messages + simulation->place[worker] * simulation->ld;
    }
}

/* Moves what the Byzantine workers would honestly have sent out of the way of what they will send. */
static size_t set_own_aside(struct simulation *simulation, bool computed)
{
    size_t senders = 0, ld = simulation->ld;
    for (size_t worker = 0; worker < simulation->n; worker++) {
        if (!simulation->byzantine[worker])
            continue;
        float *row = simulation->messages + simulation->place[worker] * ld;
        float *own = simulation->own + senders * ld;
        if (computed)
            memcpy(own, row, simulation->window.width * sizeof *row);
        simulation->own_rows[senders] = own;
        simulation->attack_rows[senders++] = row;
    }
    return senders;
}

static struct byz_attack_input input_of(const struct simulation *simulation, struct rng *rng)
{
    return (struct byz_attack_input){
        .n = simulation->n,
        .b = simulation->b,
        .f = simulation->f,
        .d = simulation->window.width,
        .round = simulation->round,
        .previous = simulation->has_aggregate ? simulation->aggregate + simulation->window.from : NULL,
        .rng = rng,
        .state = simulation->attack_state,
        .scratch = simulation->attack_scratch,
        .scratch_size = simulation->attack_scratch_size};
}

/* The row of the message matrix that attacker i writes. */
static size_t row_of(const struct simulation *simulation, size_t i)
{
    return (size_t)(simulation->attack_rows[i] - simulation->messages) / simulation->ld;
}

/* The state of attacker i where each has its own: redrawn ones carry it with them. */
static void *state_of(const struct simulation *simulation, size_t i)
{
    bool redrawn = simulation->settings->attack.axes.members == MEMBERS_REDRAWN;
    size_t owners = redrawn ? simulation->n : simulation->b;
    size_t owner = redrawn ? simulation->sender[row_of(simulation, i)] : i;
    return (char *)simulation->attack_state + owner * (simulation->attack_state_size / owners);
}

/* A sender that knows only its own message attacks alone, with a stream of its own. */
static int attack_alone(struct simulation *simulation, size_t senders, char reason[BYZ_REASON_SIZE])
{
    struct rng rng;
    int refused = 0;
    for (size_t i = 0; i < senders; i++) {
        struct byz_attack_input in = input_of(simulation, &rng);
        in.state = simulation->attack_state_size > 0 ? state_of(simulation, i) : NULL;
        in.missing = simulation->silent + i;
        rng_start(&rng, simulation->settings->seed, RNG_ATTACK, 1 + i, simulation->round);
        in.known = in.own = simulation->own_rows + i;
        in.known_count = in.senders = 1;
        refused |=
            attack_of(simulation)
                ->apply(simulation->settings->attack.attack.params, &in, simulation->attack_rows + i, reason);
    }
    return refused;
}

/* Rows of a trial come as the honest workers', then the Byzantine ones', each in the order of the workers. */
static void offer_trial(struct simulation *simulation, struct byz_attack_input *in)
{
    struct trial *trial = &simulation->trial;
    size_t at[2] = {0, simulation->n - simulation->b};
    bool weighted = simulation->settings->server.weights == WEIGHTS_SAMPLES;
    for (size_t worker = 0; worker < simulation->n; worker++) {
        size_t row = at[simulation->byzantine[worker]]++;
        simulation->row_weights[row] = (double)holdings_size(&simulation->holdings, worker);
        simulation->known.senders[row] = simulation->known.pseudonyms[worker];
    }
    trial->facts = server_facts_of(simulation, simulation->known.senders);
    trial->real = &simulation->defence;
    trial->weights = weighted ? simulation->row_weights : NULL;
    trial->f = simulation->f;
    trial->seed = simulation->settings->seed;
    trial->round = simulation->round;
    in->defend = trial_defend;
    in->defender = trial;
}

static int attack_together(struct simulation *simulation, size_t senders, char reason[BYZ_REASON_SIZE])
{
    struct rng rng;
    struct byz_attack_input in = input_of(simulation, &rng);
    bool omniscient = settings_knowledge(simulation->settings) == BYZ_OMNISCIENT;
    rng_start(&rng, simulation->settings->seed, RNG_ATTACK, 0, simulation->round);
    in.known = omniscient ? simulation->honest_rows : simulation->own_rows;
    in.known_count = omniscient ? simulation->n - simulation->b : senders;
    in.own = simulation->own_rows;
    in.missing = simulation->silent;
    in.senders = senders;
    if (attack_of(simulation)->tries_defence)
        offer_trial(simulation, &in);
    return attack_of(simulation)
        ->apply(simulation->settings->attack.attack.params, &in, simulation->attack_rows, reason);
}

void adversary_attack(struct simulation *simulation)
{
    const struct byz_attack *attack = attack_of(simulation);
    if (!simulation->facts.attacked || attack->apply == NULL)
        return;
    profile_enter(&simulation->profile, PROFILE_ATTACK);
    char reason[BYZ_REASON_SIZE] = "";
    size_t senders = set_own_aside(simulation, adversary_needs_own(simulation));
    memset(simulation->silent, 0, senders * sizeof *simulation->silent);
    int refused = settings_knowledge(simulation->settings) == BYZ_OWN
                      ? attack_alone(simulation, senders, reason)
                      : attack_together(simulation, senders, reason);
    if (refused && simulation->window.from == 0 && !simulation->facts.again)
        simulation_note(simulation, "the attack had no answer, its workers sent zeros: %s", reason);
    for (size_t i = 0; i < senders; i++) {
        simulation->arrived[row_of(simulation, i)] = refused || !simulation->silent[i];
        if (refused)
            memset(simulation->attack_rows[i], 0, simulation->window.width * sizeof(float));
    }
}
