/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The server: missing and malformed messages, the defence, the step of the parameters. */
#include "sim/core/optimizer.h"
#include "sim/core/phases.h"
#include "sim/num/rows.h"

#include <math.h>
#include <string.h>

/* Puts what the server takes for a missing message into its row; false when that is nothing. */
static bool stand_in(const struct simulation *simulation, size_t row)
{
    float *message = simulation->messages + row * simulation->ld;
    size_t bytes = simulation->window.width * sizeof *message;
    uint32_t worker = simulation->sender[row];
    if (simulation->settings->server.missing == MISSING_ZERO) {
        memset(message, 0, bytes);
        return true;
    }
    if (simulation->last == NULL || !simulation->heard[worker])
        return false;
    memcpy(message, simulation->last + worker * simulation->ld, bytes);
    return true;
}

static void remember(const struct simulation *simulation, size_t row)
{
    uint32_t worker = simulation->sender[row];
    memcpy(simulation->last + worker * simulation->ld, simulation->messages + row * simulation->ld,
           simulation->window.width * sizeof(float));
    simulation->heard[worker] = true;
}

/* Closes the gaps of the rows that the rule does not see; the order of the others stays, and was secret, so
 * that it does not tell whose messages are missing. */
static void close_gaps(struct simulation *simulation)
{
    size_t kept = 0, ld = simulation->ld;
    for (size_t row = 0; row < simulation->n; row++) {
        if (!simulation->kept[row])
            continue;
        if (kept != row) {
            memcpy(simulation->messages + kept * ld, simulation->messages + row * ld,
                   simulation->window.width * sizeof(float));
            simulation->sender[kept] = simulation->sender[row];
        }
        kept++;
    }
    simulation->facts.rows = kept;
}

/* Whether the message in the row holds neither NaN nor infinity. A finite variance of the honest messages has
 * already shown it of theirs: they are floats, whose squares cannot overflow its sums in double. */
static bool well_formed(const struct simulation *simulation, size_t row)
{
    bool honest = simulation->arrived[row] && !simulation->byzantine[simulation->sender[row]];
    return (honest && isfinite(simulation->facts.honest_variance)) ||
           rows_finite(simulation->messages + row * simulation->ld, simulation->window.width);
}

/* Under "drop" a missing message, and a row with a NaN or an infinity, is left out, and n and f each fall by
 * one for it, f not below 0. */
void server_receive(struct simulation *simulation)
{
    size_t n = simulation->n, malformed = 0, missing = 0, found = 0;
    profile_enter(&simulation->profile, PROFILE_RECEPTION);
    bool keeps_all = simulation->settings->server.nonfinite == NONFINITE_KEEP;
#pragma omp parallel for schedule(static) reduction(+ : malformed, missing, found)
    for (size_t row = 0; row < n; row++) {
        bool arrived = simulation->arrived[row], there = arrived || stand_in(simulation, row);
        bool known = simulation->malformed[row];
        bool fine = there && !known && (keeps_all || well_formed(simulation, row));
        simulation->malformed[row] = there && !fine;
        found += there && !fine && !known;
        missing += !arrived;
        malformed += there && !fine;
        simulation->kept[row] = fine;
        if (arrived && fine && simulation->last != NULL)
            remember(simulation, row);
    }
    simulation->facts.late |= found > 0 && simulation->window.from > 0;
    close_gaps(simulation);
    size_t gone = n - simulation->facts.rows;
    simulation->facts.missing = missing;
    simulation->facts.dropped = malformed;
    simulation->facts.declared = simulation->f > gone ? simulation->f - gone : 0;
}

/* Who got how much weight, led back from rows to workers. */
static void credit_workers(struct simulation *simulation, const double *shares)
{
    double byzantine = 0;
    for (size_t row = 0; row < simulation->facts.rows; row++) {
        uint32_t worker = simulation->sender[row];
        simulation->weight_sum[worker] += shares[row];
        byzantine += simulation->byzantine[worker] ? shares[row] : 0;
    }
    simulation->weight_rounds++;
    simulation->facts.has_weights = true;
    simulation->facts.byzantine_weight = byzantine;
}

void server_aggregate(struct simulation *simulation)
{
    bool weighted = simulation->settings->server.weights == WEIGHTS_SAMPLES;
    for (size_t row = 0; weighted && row < simulation->facts.rows; row++)
        simulation->row_weights[row] = (double)holdings_size(&simulation->holdings, simulation->sender[row]);
    for (size_t row = 0; row < simulation->facts.rows; row++)
        simulation->known.senders[row] = simulation->known.pseudonyms[simulation->sender[row]];
    struct defence_input in = {.x = simulation->messages,
                               .spent = simulation->messages,
                               .n = simulation->facts.rows,
                               .f = simulation->facts.declared,
                               .weights = weighted ? simulation->row_weights : NULL,
                               .seed = simulation->settings->seed,
                               .round = simulation->round,
                               .facts = server_facts_of(simulation, simulation->known.senders),
                               .profile = &simulation->profile};
    profile_enter(&simulation->profile, PROFILE_AGGREGATION);
    simulation->profile.bytes += (double)in.n * (double)simulation->window.width * sizeof(float);
    defence_narrow(&simulation->defence, simulation->window.width);
    defence_run(&simulation->defence, &in, simulation->fresh + simulation->window.from,
                &simulation->facts.outcome);
}

void server_conclude(struct simulation *simulation)
{
    const struct defence_outcome *outcome = &simulation->facts.outcome;
    simulation->facts.answered = outcome->answered;
    if (outcome->has_shares)
        credit_workers(simulation, outcome->shares);
    if (outcome->answered) {
        float *previous = simulation->aggregate;
        simulation->aggregate = simulation->fresh;
        simulation->fresh = previous;
        simulation->has_aggregate = true;
        return;
    }
    simulation->skipped++;
    simulation_note(simulation, "skipped: %s", outcome->reason);
    if (simulation->settings->server.on_invalid == INVALID_STOP) {
        simulation->status = SIMULATION_STOPPED;
        text_clear(&simulation->reason);
        text_printf(&simulation->reason, "round %llu: %s", (unsigned long long)simulation->round,
                    outcome->reason);
    }
}

/* The optimiser moves the parameters along the clipped aggregate. */
void server_step(struct simulation *simulation)
{
    profile_enter(&simulation->profile, PROFILE_STEP);
    if (!simulation->facts.answered)
        return;
    const struct server_settings *server = &simulation->settings->server;
    const struct optimizer *optimizer = (const void *)server->optimizer.kind;
    size_t d = simulation->d;
    double norm = server->clip_norm > 0 ? sqrt(rows_norm2(simulation->aggregate, d)) : 0;
    const struct optimizer_input in = {.d = d,
                                       .aggregate = simulation->aggregate,
                                       .clip = norm > server->clip_norm ? (float)(server->clip_norm / norm)
                                                                        : 1.0f,
                                       .weight_decay = (float)server->weight_decay,
                                       .rate = simulation->facts.learning_rate,
                                       .momentum = server->momentum,
                                       .step = simulation->round - simulation->skipped + 1};
    simulation->broken = !optimizer_step(optimizer, server->optimizer.params, &in, simulation->step_state,
                                         simulation->parameters);
}
