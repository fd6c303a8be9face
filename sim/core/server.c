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

/* Whether the message in the row need not be looked through: because NaNs and infinities are welcome, or
 * because a finite variance of the honest messages has shown that theirs hold none (they are floats, whose
 * squares cannot overflow its sums in double). */
static bool trusted(const struct simulation *simulation, size_t row)
{
    bool honest = simulation->arrived[row] && !simulation->byzantine[simulation->sender[row]];
    return simulation->settings->server.nonfinite == NONFINITE_KEEP ||
           (honest && isfinite(simulation->facts.honest_variance));
}

static void receive_row(const struct simulation *simulation, size_t row)
{
    bool arrived = simulation->arrived[row], there = arrived || stand_in(simulation, row);
    const float *message = simulation->messages + row * simulation->ld;
    bool fine = there && !simulation->malformed[row] &&
                (trusted(simulation, row) || rows_finite(message, simulation->window.width));
    simulation->malformed[row] = there && !fine;
    simulation->kept[row] = fine;
    if (arrived && fine && simulation->last != NULL)
        remember(simulation, row);
}

/* Whether any row has to be read or copied: threads are not woken for less. */
static bool much_to_receive(const struct simulation *simulation)
{
    bool much = simulation->last != NULL;
    for (size_t row = 0; row < simulation->n && !much; row++)
        much = !simulation->arrived[row] || !trusted(simulation, row);
    return much;
}

static void receive_rows(const struct simulation *simulation)
{
    size_t n = simulation->n;
    if (much_to_receive(simulation)) {
#pragma omp parallel for schedule(static)
        for (size_t row = 0; row < n; row++)
            receive_row(simulation, row);
        return;
    }
    for (size_t row = 0; row < n; row++)
        receive_row(simulation, row);
}

static size_t count_true(const bool *flags, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += flags[i];
    return count;
}

/* Under "drop" a missing message, and a row with a NaN or an infinity, is left out, and n and f each fall by
 * one for it, f not below 0. */
void server_receive(struct simulation *simulation)
{
    size_t n = simulation->n, known = count_true(simulation->malformed, n);
    profile_enter(&simulation->profile, PROFILE_RECEPTION);
    simulation->facts.missing = n - count_true(simulation->arrived, n);
    receive_rows(simulation);
    simulation->facts.dropped = count_true(simulation->malformed, n);
    simulation->facts.late |= simulation->facts.dropped > known && simulation->window.from > 0;
    close_gaps(simulation);
    size_t gone = n - simulation->facts.rows;
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
