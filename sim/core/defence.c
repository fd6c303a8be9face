/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * For the report, every row that a pre-aggregator makes is remembered as a mixture of the input rows (shares:
 * rows x n), so that the weights an aggregator gives can be led back to workers.
 */
#include "sim/core/defence.h"
#include "sim/base/mem.h"
#include "sim/core/needs.h"
#include "sim/num/distance.h"
#include "sim/num/rng.h"

#include <omp.h>
#include <stdio.h>
#include <string.h>

/* Columns of one unit of work when a stage writes a whole matrix. */
enum { COLUMNS = 4096 };

static const struct byz_preaggregator *stage_at(const struct defence_settings *settings, size_t i)
{
    return (const void *)settings->preaggregators.items[i].kind;
}

static size_t rows_after(const struct defence_settings *settings, size_t i, size_t n, size_t f)
{
    const struct byz_preaggregator *stage = stage_at(settings, i);
    return stage->rows == NULL ? n : stage->rows(settings->preaggregators.items[i].params, n, f);
}

int defence_unsuitable(const struct defence_settings *settings, size_t n, size_t f, size_t *rows,
                       char reason[BYZ_REASON_SIZE])
{
    size_t given = n;
    if (n == 0) {
        snprintf(reason, BYZ_REASON_SIZE, "no message is left to aggregate");
        return 1;
    }
    if (needs_unsuitable(settings, reason) != 0)
        return 1;
    for (size_t i = 0; i < settings->preaggregators.count; i++) {
        const struct byz_preaggregator *stage = stage_at(settings, i);
        if (stage->unsuitable != NULL &&
            stage->unsuitable(settings->preaggregators.items[i].params, n, f, reason) != 0)
            return 1;
        n = rows_after(settings, i, n, f);
    }
    const struct byz_aggregator *rule = (const void *)settings->aggregator.kind;
    if (rows != NULL)
        *rows = n;
    if (rule == NULL || rule->unsuitable == NULL ||
        rule->unsuitable(settings->aggregator.params, n, f, reason) == 0)
        return 0;
    size_t used = strlen(reason);
    if (n != given)
        snprintf(reason + used, BYZ_REASON_SIZE - used, " (%zu messages became %zu rows before it)", given,
                 n);
    return 1;
}

/* Whether rows are led back to the workers: for a rule that tells their weights, and where there is no rule
 * and the rows themselves are asked for. It takes n^2 numbers. */
static bool leads_back(const struct defence_settings *settings)
{
    const struct byz_aggregator *rule = (const void *)settings->aggregator.kind;
    return settings->preaggregators.count > 0 && (rule == NULL || (rule->promises & BYZ_REPORTS));
}

/* What the stages need at most, gathered before anything is allocated. */
struct demand {
    size_t scratch;
    unsigned needs;
};

static void demand_more(struct demand *demand, unsigned needs, size_t scratch)
{
    demand->needs |= needs;
    if (scratch > demand->scratch)
        demand->scratch = scratch;
}

static struct demand total_demand(struct defence *defence, size_t n, size_t d)
{
    const struct defence_settings *settings = defence->settings;
    struct demand demand = {0};
    size_t threads = (size_t)omp_get_max_threads(), last = settings->preaggregators.count;
    for (size_t i = 0; i < last; i++) {
        const struct byz_preaggregator *stage = stage_at(settings, i);
        const void *params = settings->preaggregators.items[i].params;
        demand_more(&demand, stage->needs,
                    stage->scratch_bytes ? stage->scratch_bytes(params, n, d, threads) : 0);
        defence->state_sizes[i] = stage->state_bytes ? stage->state_bytes(params, n, d) : 0;
    }
    const struct byz_aggregator *rule = (const void *)settings->aggregator.kind;
    if (rule != NULL) {
        const void *params = settings->aggregator.params;
        demand_more(&demand, rule->needs,
                    rule->scratch_bytes ? rule->scratch_bytes(params, n, d, threads) : 0);
        defence->state_sizes[last] = rule->state_bytes ? rule->state_bytes(params, n, d) : 0;
    }
    if (demand.needs & BYZ_NEEDS_DISTANCES)
        demand_more(&demand, 0, distance_scratch_bytes(n, d));
    return demand;
}

/* How the last stage and the rule work together. Blocks of about 48 KB stay in the cache between the two. */
static void plan_fusion(struct defence *defence, size_t n)
{
    const struct byz_aggregator *rule = (const void *)defence->settings->aggregator.kind;
    size_t fitting = 48 * 1024 / (n * sizeof(float)) / 32 * 32;
    defence->fused = rule != NULL && defence->settings->preaggregators.count > 0 &&
                     (rule->promises & BYZ_COORDINATEWISE) && rule->state_bytes == NULL && rule->needs == 0;
    if (!defence->fused)
        return;
    const void *params = defence->settings->aggregator.params;
    defence->width = fitting < 32 ? 32 : fitting > 1024 ? 1024 : fitting;
    defence->threads = (size_t)omp_get_max_threads();
    defence->tile_bytes = mem_round_up(n * defence->width * sizeof(float));
    defence->block_bytes =
        defence->tile_bytes +
        mem_round_up(rule->scratch_bytes ? rule->scratch_bytes(params, n, defence->width, 1) : 0);
}

/* Whether a stage writes over the rows before it: those of an earlier stage, or the input. */
static bool writes_over(const struct defence *defence, size_t i)
{
    return stage_at(defence->settings, i)->in_place && (i > 0 || defence->spends);
}

bool defence_overwrites(const struct defence_settings *settings)
{
    struct defence sketch = {.settings = settings, .spends = true};
    plan_fusion(&sketch, 1);
    return settings->preaggregators.count > (sketch.fused ? 1 : 0) && writes_over(&sketch, 0);
}

/* Matrices between the stages: two take turns, and the last stage needs none when it feeds the rule by
 * blocks. */
static size_t buffer_count(const struct defence *defence)
{
    size_t stages = defence->settings->preaggregators.count - (defence->fused ? 1 : 0), matrices = 0;
    for (size_t i = 0; i < stages; i++)
        matrices += !writes_over(defence, i);
    return matrices > 2 ? 2 : matrices;
}

double defence_memory(const struct defence_settings *settings, size_t n, size_t d, size_t ld, bool spends)
{
    struct defence sketch = {.settings = settings, .spends = spends};
    struct demand demand = total_demand(&sketch, n, d);
    plan_fusion(&sketch, n);
    double square = (double)n * (double)n * sizeof(double);
    double bytes =
        (double)buffer_count(&sketch) * (double)n * (double)ld * sizeof(float) + (double)demand.scratch;
    bytes += (double)(sketch.threads * sketch.block_bytes);
    bytes += leads_back(settings) ? 3 * square : 0;
    bytes += demand.needs & BYZ_NEEDS_DISTANCES ? square : 0;
    for (size_t i = 0; i <= settings->preaggregators.count; i++)
        bytes += (double)sketch.state_sizes[i];
    return bytes;
}

static int make(struct defence *defence, const struct defence_settings *settings, size_t n, size_t d,
                size_t ld, bool spends, struct err *err)
{
    *defence = (struct defence){.settings = settings, .most_rows = n, .d = d, .ld = ld, .spends = spends};
    struct demand demand = total_demand(defence, n, d);
    size_t stages = settings->preaggregators.count;
    err->code = ERR_OK;
    plan_fusion(defence, n);
    if (defence->fused && (defence->blocks = mem_array(defence->threads, defence->block_bytes, err)) == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < buffer_count(defence); i++)
        if ((defence->buffers[i] = mem_array(n, ld * sizeof(float), err)) == NULL)
            return ERR_MEMORY;
    for (size_t i = 0; i <= stages; i++)
        if (defence->state_sizes[i] > 0 &&
            (defence->states[i] = mem_array(defence->state_sizes[i], 1, err)) == NULL)
            return ERR_MEMORY;
    if (demand.needs & BYZ_NEEDS_DISTANCES)
        defence->distances = mem_array(n * n, sizeof(double), err);
    size_t square = leads_back(settings) ? n * n : n;
    defence->weights = mem_array(n, sizeof(double), err);
    defence->shares = mem_array(square, sizeof(double), err);
    if (leads_back(settings)) {
        defence->mix = mem_array(square, sizeof(double), err);
        defence->spare = mem_array(square, sizeof(double), err);
    }
    defence->scratch_size = demand.scratch;
    defence->scratch = mem_array(demand.scratch, 1, err);
    return (int)err->code;
}

int defence_init(struct defence *defence, const struct defence_settings *settings, size_t n, size_t d,
                 size_t ld, struct err *err)
{
    return make(defence, settings, n, d, ld, false, err);
}

int defence_init_spending(struct defence *defence, const struct defence_settings *settings, size_t n,
                          size_t d, size_t ld, struct err *err)
{
    return make(defence, settings, n, d, ld, true, err);
}

void defence_fini(struct defence *defence)
{
    for (size_t i = 0; i < 2; i++)
        mem_free(defence->buffers[i]);
    for (size_t i = 0; i <= BYZ_VARIANTS_MOST; i++)
        mem_free(defence->states[i]);
    mem_free(defence->distances);
    mem_free(defence->weights);
    mem_free(defence->mix);
    mem_free(defence->shares);
    mem_free(defence->spare);
    mem_free(defence->scratch);
    mem_free(defence->blocks);
    *defence = (struct defence){0};
}

void defence_narrow(struct defence *defence, size_t d)
{
    defence->d = d;
}

/* What one run carries from stage to stage. */
struct chain {
    struct rng rng;
    struct byz_report report;
    struct byz_facts facts; /* without the workers behind a stage that mixes their rows */
    struct byz_aggregator_input
        last; /* of the last pre-aggregator, prepared and, when fused, not yet written */
};

static struct byz_aggregator_input stage_input(const struct defence *defence, const struct defence_input *in,
                                               const struct chain *chain, const float *x, size_t n,
                                               unsigned needs)
{
    if (needs & BYZ_NEEDS_DISTANCES)
        distance_squared(x, n, defence->d, defence->ld, defence->scratch, defence->distances);
    return (struct byz_aggregator_input){.n = n,
                                         .f = in->f,
                                         .d = defence->d,
                                         .ld = defence->ld,
                                         .round = in->round,
                                         .x = x,
                                         .distances = needs & BYZ_NEEDS_DISTANCES ? defence->distances : NULL,
                                         .facts = chain->facts,
                                         .scratch = defence->scratch,
                                         .scratch_size = defence->scratch_size};
}

/* shares (rows, n) = mix (rows, before) * shares (before, n). */
static void lead_back(struct defence *defence, size_t rows, size_t before, size_t n)
{
    memset(defence->spare, 0, rows * n * sizeof(double));
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < before; j++)
            if (defence->mix[i * before + j] != 0)
                for (size_t k = 0; k < n; k++)
                    defence->spare[i * n + k] += defence->mix[i * before + j] * defence->shares[j * n + k];
    double *kept = defence->shares;
    defence->shares = defence->spare;
    defence->spare = kept;
}

/* All columns of a prepared stage, block by block over the threads. */
static void write_rows(const struct byz_preaggregator *stage, const void *params,
                       const struct byz_aggregator_input *in, float *out)
{
#pragma omp parallel for schedule(static)
    for (size_t from = 0; from < in->d; from += COLUMNS)
        stage->columns(params, in, from, in->d - from < COLUMNS ? in->d - from : COLUMNS, out + from, in->ld);
}

/* The same over the input itself, in wide parts: whole rows that stay as they are cost nothing, and of the
 * others some are still in the caches. */
static void overwrite_rows(const struct byz_preaggregator *stage, const void *params,
                           const struct byz_aggregator_input *in, float *x)
{
    size_t parts = (size_t)omp_get_max_threads(), wide = (in->d / parts + COLUMNS) / COLUMNS * COLUMNS;
#pragma omp parallel for schedule(static)
    for (size_t from = 0; from < in->d; from += wide)
        stage->columns(params, in, from, in->d - from < wide ? in->d - from : wide, x + from, in->ld);
}

/* Writes what a prepared stage gives, where it may over its input. `turn` of the buffers have been taken. */
static void write_stage(struct defence *defence, size_t i, const struct chain *chain, size_t *turn,
                        struct defence_outcome *outcome, float **own)
{
    const struct byz_preaggregator *stage = stage_at(defence->settings, i);
    const void *params = defence->settings->preaggregators.items[i].params;
    if (writes_over(defence, i))
        overwrite_rows(stage, params, &chain->last, *own);
    else {
        *own = defence->buffers[(*turn)++ % 2];
        write_rows(stage, params, &chain->last, *own);
    }
    outcome->rows = *own;
}

/* Runs the pre-aggregators; false with a reason when one has no answer. Under fusion the last one only
 * decides. */
static bool run_stages(struct defence *defence, const struct defence_input *in, struct chain *chain,
                       struct defence_outcome *outcome)
{
    const struct byz_variants *stages = &defence->settings->preaggregators;
    float *own = in->spent; /* rows that may be written over */
    size_t turn = 0;
    outcome->rows = in->x;
    outcome->row_count = in->n;
    if (stages->count > 0)
        profile_enter(in->profile, PROFILE_PREAGGREGATION);
    for (size_t i = 0; leads_back(defence->settings) && i < in->n; i++)
        for (size_t k = 0; k < in->n; k++)
            defence->shares[i * in->n + k] = i == k;
    for (size_t i = 0; i < stages->count; i++) {
        const struct byz_preaggregator *stage = stage_at(defence->settings, i);
        size_t before = outcome->row_count, after = rows_after(defence->settings, i, before, in->f);
        chain->last = stage_input(defence, in, chain, outcome->rows, before, stage->needs);
        rng_start(&chain->rng, in->seed, RNG_PREAGGREGATOR, i, in->round);
        chain->last.rng = &chain->rng;
        chain->last.state = defence->states[i];
        chain->last.report = &chain->report;
        if (stage->prepare(stages->items[i].params, &chain->last, defence->mix, outcome->reason) != 0)
            return false;
        if (leads_back(defence->settings))
            lead_back(defence, after, before, in->n);
        outcome->row_count = after;
        if (!stage->keeps_rows)
            chain->facts.workers = NULL;
        if (defence->fused && i + 1 == stages->count)
            break;
        write_stage(defence, i, chain, &turn, outcome, &own);
    }
    return true;
}

/* Shares of the input rows from the aggregator's weights on its own rows. */
static void lead_weights_back(struct defence *defence, const struct defence_input *in, size_t rows)
{
    if (defence->settings->preaggregators.count == 0) {
        memcpy(defence->shares, defence->weights, in->n * sizeof(double));
        return;
    }
    memset(defence->spare, 0, in->n * sizeof(double));
    for (size_t i = 0; i < rows; i++)
        for (size_t k = 0; k < in->n; k++)
            defence->spare[k] += defence->weights[i] * defence->shares[i * in->n + k];
    memcpy(defence->shares, defence->spare, in->n * sizeof(double));
}

/* One block: the last stage's columns, then the rule on them. Its weights are the same in every block. */
static int fused_block(struct defence *defence, const struct defence_input *in, const struct chain *chain,
                       size_t rows, size_t from, float *out, char reason[BYZ_REASON_SIZE])
{
    const struct defence_settings *settings = defence->settings;
    const struct byz_aggregator *rule = (const void *)settings->aggregator.kind;
    size_t last = settings->preaggregators.count - 1, left = defence->d - from;
    size_t width = left < defence->width ? left : defence->width;
    char *block = defence->blocks + (size_t)omp_get_thread_num() * defence->block_bytes;
    struct byz_report report = {.weights = from == 0 ? defence->weights : NULL};
    struct rng rng;
    struct byz_aggregator_input input = {.n = rows,
                                         .f = in->f,
                                         .d = width,
                                         .ld = defence->width,
                                         .round = in->round,
                                         .x = (float *)(void *)block,
                                         .rng = &rng,
                                         .scratch = block + defence->tile_bytes,
                                         .scratch_size = defence->block_bytes - defence->tile_bytes,
                                         .report = &report};
    rng_start(&rng, in->seed, RNG_AGGREGATOR, from, in->round);
    stage_at(settings, last)
        ->columns(settings->preaggregators.items[last].params, &chain->last, from, width,
                  (float *)(void *)block, defence->width);
    return rule->apply(settings->aggregator.params, &input, out + from, reason);
}

static bool run_fused(struct defence *defence, const struct defence_input *in, const struct chain *chain,
                      float *out, struct defence_outcome *outcome)
{
    size_t refused = 0;
#pragma omp parallel for schedule(static) reduction(+ : refused)
    for (size_t from = 0; from < defence->d; from += defence->width) {
        char reason[BYZ_REASON_SIZE] = "";
        refused += fused_block(defence, in, chain, outcome->row_count, from, out, reason) != 0;
        if (from == 0)
            memcpy(outcome->reason, reason, sizeof reason);
    }
    return refused == 0;
}

static bool run_rule(struct defence *defence, const struct defence_input *in, struct chain *chain, float *out,
                     struct defence_outcome *outcome)
{
    const struct byz_aggregator *rule = (const void *)defence->settings->aggregator.kind;
    struct byz_aggregator_input input =
        stage_input(defence, in, chain, outcome->rows, outcome->row_count, rule->needs);
    chain->report = (struct byz_report){.weights = defence->weights};
    rng_start(&chain->rng, in->seed, RNG_AGGREGATOR, 0, in->round);
    input.rng = &chain->rng;
    input.weights = in->weights;
    input.state = defence->states[defence->settings->preaggregators.count];
    input.report = &chain->report;
    return rule->apply(defence->settings->aggregator.params, &input, out, outcome->reason) == 0;
}

void defence_run(struct defence *defence, const struct defence_input *in, float *out,
                 struct defence_outcome *outcome)
{
    const struct byz_aggregator *rule = (const void *)defence->settings->aggregator.kind;
    struct chain chain = {.facts = in->facts};
    *outcome = (struct defence_outcome){0};
    if (defence_unsuitable(defence->settings, in->n, in->f, NULL, outcome->reason) != 0 ||
        needs_missing(defence->settings, &in->facts, outcome->reason) != 0 ||
        !run_stages(defence, in, &chain, outcome))
        return;
    profile_enter(in->profile, PROFILE_AGGREGATION);
    if (rule == NULL) {
        outcome->answered = true;
        outcome->mix = defence->settings->preaggregators.count > 0 ? defence->shares : NULL;
    } else
        outcome->answered = defence->fused ? run_fused(defence, in, &chain, out, outcome)
                                           : run_rule(defence, in, &chain, out, outcome);
    if (!outcome->answered || rule == NULL)
        return;
    outcome->iterations = chain.report.iterations;
    outcome->has_shares = defence->fused ? (rule->promises & BYZ_REPORTS) != 0 : chain.report.filled;
    if (outcome->has_shares)
        lead_weights_back(defence, in, outcome->row_count);
    outcome->shares = defence->shares;
}
