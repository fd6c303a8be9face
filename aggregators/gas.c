/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * GAS, gradient splitting: the coordinates are cut at random into `groups` groups of equal size (to within
 * one), drawn anew in every round. In each group g the base rule gives F(x^g) from the parts x_i^g of the
 * rows; score_i = sum over g of ||x_i^g - F(x^g)||. The output is the mean of the n-f rows of least score,
 * the lowest index on ties. Liu, Chen, Lyu, Wu, Wu, Chen, "Byzantine-robust learning on non-IID data via
 * gradient splitting", ICML 2023.
 *
 * The parts of a coordinate-wise base are those of its answer on whole rows, so it runs once; another base
 * runs group by group on columns gathered from all over the rows.
 *
 * Cost: a draw for every coordinate. Coordinate-wise base: one pass for it, one for the scores, one for the
 * mean. Others: columns gathered one number at a time, the base on each group, one pass for the mean.
 * Check: rows (0,0) (0,0) (0,0) (3,3) (5,0), f = 1, base median (0,0): one group has scores 0 0 0 4.24 5, the
 * mean of all but the last is (0.75, 0.75); two groups have 0 0 0 6 5, all but the fourth: (1.25, 0).
 */
#include "aggregators/picks.h"
#include "aggregators/registry.h"
#include "sim/base/mem.h"
#include "sim/num/dispatch.h"
#include "sim/num/distance.h"
#include "sim/num/rng.h"
#include "sim/num/rows.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <string.h>

/* Scores are added up in this many parts, in order, whatever the number of threads. */
enum { PARTS = 64, LANES = 16, EIGHT = 8 };

typedef double eight __attribute__((vector_size(64)));
typedef float eight_floats __attribute__((vector_size(32), aligned(4), may_alias));

struct gas_params {
    uint64_t groups;
    int base;
};

static const char *const base_words[] = {"median", "trimmed_mean", "krum", "multi_krum", "bulyan", NULL};

static const struct byz_param gas_params[] = {
    {.name = "groups",
     .type = BYZ_COUNT,
     .offset = offsetof(struct gas_params, groups),
     .initial = 1000,
     .min = 1,
     .max = BYZ_COUNT_MOST,
     .doc = "Groups of coordinates; one for each coordinate when a message has no more than that."},
    {.name = "base",
     .type = BYZ_CHOICE,
     .offset = offsetof(struct gas_params, base),
     .choices = base_words,
     .initial_word = "median",
     .doc = "The rule, at its defaults, from whose answer in each group the distance counts."},
};

/* A base rule and its default parameters. */
struct base {
    const struct byz_aggregator *rule;
    _Alignas(16) char params[128];
};

static struct base base_of(const struct gas_params *p)
{
    struct base base = {.rule = (const void *)byz_family_find(&aggregator_family, base_words[p->base])};
    byz_param_defaults(base.rule->base.params, base.rule->base.param_count, base.params);
    return base;
}

static bool coordinatewise(const struct base *base)
{
    return (base->rule->promises & BYZ_COORDINATEWISE) != 0;
}

static int gas_unsuitable(const void *params, size_t n, size_t f, char reason[BYZ_REASON_SIZE])
{
    char why[BYZ_REASON_SIZE];
    struct base base = base_of(params);
    if (base.rule->unsuitable(base.params, n, f, why) == 0)
        return 0;
    snprintf(reason, BYZ_REASON_SIZE, "gas with base \"%s\": %.180s", base.rule->base.name, why);
    return 1;
}

static size_t groups_of(const struct gas_params *p, size_t d)
{
    return p->groups < d ? (size_t)p->groups : d;
}

/* Floats from one row of a group's columns to the next. */
static size_t width_of(size_t groups, size_t d)
{
    return (d / groups + 1 + LANES - 1) / LANES * LANES;
}

/* What one thread needs for a group: its columns (n, width), the base's answer (width), the distances, and
 * what they and the base need. */
struct room {
    size_t tile, answer, distances, kernel, scratch, all; /* where each begins, in bytes */
};

static struct room room_of(const struct base *base, size_t n, size_t width)
{
    struct room room = {.answer = mem_round_up(n * width * sizeof(float))};
    size_t bytes = base->rule->scratch_bytes(base->params, n, width, 1);
    room.distances = room.answer + mem_round_up(width * sizeof(float));
    room.kernel = room.distances + mem_round_up(n * n * sizeof(double));
    room.scratch = room.kernel + mem_round_up(distance_scratch_bytes(n, width));
    room.all = room.scratch + mem_round_up(bytes);
    return room;
}

/* Where things lie in the scratch: the groups of the coordinates (d), their members in order of the groups
 * (d) and where each group begins (groups + 1); partial scores (PARTS, n), scores (n), what the mean needs;
 * then what the threads need, or the base itself where it runs once. */
struct place {
    size_t groups;
    uint32_t *group, *members;
    size_t *begin;
    double *partial, *scores;
    void *mean;
    char *rest;
};

static size_t place_bytes(size_t n, size_t d, size_t groups)
{
    return mem_round_up(2 * d * sizeof(uint32_t)) + mem_round_up((groups + 1) * sizeof(size_t)) +
           mem_round_up((PARTS + 1) * n * sizeof(double)) + mem_round_up(picks_scratch_bytes(n));
}

static size_t gas_scratch(const void *params, size_t n, size_t d, size_t threads)
{
    struct base base = base_of(params);
    size_t groups = groups_of(params, d), rest;
    if (coordinatewise(&base)) {
        size_t sums = threads * mem_round_up(groups * sizeof(eight));
        rest = mem_round_up(base.rule->scratch_bytes(base.params, n, d, threads));
        rest = rest > sums ? rest : sums;
    } else
        rest = threads * room_of(&base, n, width_of(groups, d)).all;
    return place_bytes(n, d, groups) + rest;
}

static struct place places(const struct gas_params *p, const struct byz_aggregator_input *in)
{
    struct place at = {.groups = groups_of(p, in->d), .group = in->scratch};
    at.members = at.group + in->d;
    at.begin = (size_t *)(void *)((char *)in->scratch + mem_round_up(2 * in->d * sizeof(uint32_t)));
    at.partial = (double *)(void *)((char *)at.begin + mem_round_up((at.groups + 1) * sizeof(size_t)));
    at.scores = at.partial + PARTS * in->n;
    at.mean = (char *)at.partial + mem_round_up((PARTS + 1) * in->n * sizeof(double));
    at.rest = (char *)at.mean + mem_round_up(picks_scratch_bytes(in->n));
    return at;
}

/* group[k]: place k of a random order, cut into equal parts. The product is exact below 2^53, and then the
 * quotient in double never rounds up to the next whole number. */
static void draw_groups(const struct byz_aggregator_input *in, const struct place *at)
{
    rng_permutation(in->rng, in->d, at->group);
    for (size_t k = 0; k < in->d; k++)
        at->group[k] = (uint32_t)((double)at->group[k] * (double)at->groups / (double)in->d);
}

static double sound(double score)
{
    return isnan(score) ? INFINITY : score;
}

/* vectors[r][c] becomes vectors[c][r]. */
static inline void transpose(eight vectors[EIGHT])
{
    eight pairs[EIGHT], fours[EIGHT];
    for (size_t i = 0; i < EIGHT; i += 2) {
        eight a = vectors[i], b = vectors[i + 1];
        pairs[i] = __builtin_shufflevector(a, b, 0, 8, 2, 10, 4, 12, 6, 14);
        pairs[i + 1] = __builtin_shufflevector(a, b, 1, 9, 3, 11, 5, 13, 7, 15);
    }
    for (size_t i = 0; i < EIGHT; i += 4)
        for (size_t odd = 0; odd < 2; odd++) {
            eight a = pairs[i + odd], b = pairs[i + odd + 2];
            fours[i + odd] = __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13);
            fours[i + odd + 2] = __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15);
        }
    for (size_t i = 0; i < EIGHT / 2; i++) {
        eight a = fours[i], b = fours[i + 4];
        vectors[i] = __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11);
        vectors[i + 4] = __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15);
    }
}

/* Adds the squared differences of eight rows to a centre to the sums of the coordinates' groups, (groups) of
 * a lane for each row: one vector is fetched and stored for eight numbers. */
NUM_CLONES static void add_eight(const float *const rows[EIGHT], const float *centre, const uint32_t *group,
                                 size_t d, eight *sums)
{
    size_t k = 0;
    for (; k + EIGHT <= d; k += EIGHT) {
        eight squares[EIGHT], middle = __builtin_convertvector(*(const eight_floats *)(centre + k), eight);
        for (size_t r = 0; r < EIGHT; r++) {
            eight difference = __builtin_convertvector(*(const eight_floats *)(rows[r] + k), eight) - middle;
            squares[r] = difference * difference;
        }
        transpose(squares);
        for (size_t c = 0; c < EIGHT; c++)
            sums[group[k + c]] += squares[c];
    }
    for (; k < d; k++)
        for (size_t r = 0; r < EIGHT; r++) {
            double difference = (double)rows[r][k] - (double)centre[k];
            sums[group[k]][r] += difference * difference;
        }
}

/* Scores from the base's answer on whole rows, in `centre`. */
static void score_rows(const struct byz_aggregator_input *in, const struct place *at, const float *centre)
{
    size_t bytes = mem_round_up(at->groups * sizeof(eight));
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < in->n; i += EIGHT) {
        eight *sums = (eight *)(void *)(at->rest + (size_t)omp_get_thread_num() * bytes);
        const float *rows[EIGHT];
        for (size_t r = 0; r < EIGHT; r++) /* for want of rows the last one again */
            rows[r] = in->x + (i + r < in->n ? i + r : in->n - 1) * in->ld;
        memset(sums, 0, at->groups * sizeof *sums);
        add_eight(rows, centre, at->group, in->d, sums);
        for (size_t r = 0; r < EIGHT && i + r < in->n; r++) {
            double score = 0;
            for (size_t g = 0; g < at->groups; g++)
                score += sqrt(sums[g][r]);
            at->scores[i + r] = sound(score);
        }
    }
}

/* members: the coordinates of group 0 in rising order, then those of group 1, ... */
static void list_members(const struct byz_aggregator_input *in, const struct place *at)
{
    memset(at->begin, 0, (at->groups + 1) * sizeof *at->begin);
    for (size_t k = 0; k < in->d; k++)
        at->begin[at->group[k] + 1]++;
    for (size_t g = 0; g < at->groups; g++)
        at->begin[g + 1] += at->begin[g];
    for (size_t k = 0; k < in->d; k++)
        at->members[at->begin[at->group[k]]++] = (uint32_t)k;
    for (size_t g = at->groups; g > 0; g--) /* each now stands where the next group begins */
        at->begin[g] = at->begin[g - 1];
    at->begin[0] = 0;
}

/* Adds one group's distances to `scores` (n). memory: a room. False with a reason when the base has no
 * answer. */
static bool score_group(const struct base *base, const struct byz_aggregator_input *in,
                        const struct place *at, size_t group, const struct room *room, char *memory,
                        double *scores, char reason[BYZ_REASON_SIZE])
{
    const uint32_t *members = at->members + at->begin[group];
    size_t d = at->begin[group + 1] - at->begin[group], ld = width_of(at->groups, in->d);
    float *tile = (float *)(void *)memory, *answer = (float *)(void *)(memory + room->answer);
    double *distances = (double *)(void *)(memory + room->distances);
    struct byz_report report = {0};
    struct byz_aggregator_input part = *in;
    for (size_t i = 0; i < in->n; i++)
        for (size_t k = 0; k < d; k++)
            tile[i * ld + k] = in->x[i * in->ld + members[k]];
    distance_squared(tile, in->n, d, ld, memory + room->kernel, distances);
    part.x = tile;
    part.d = d;
    part.ld = ld;
    part.distances = distances;
    part.scratch = memory + room->scratch;
    part.scratch_size = room->all - room->scratch;
    part.report = &report;
    if (base->rule->apply(base->params, &part, answer, reason) != 0)
        return false;
    for (size_t i = 0; i < in->n; i++)
        scores[i] += sound(sqrt(rows_distance2(tile + i * ld, answer, d)));
    return true;
}

/* Scores from the base's answers in the groups. */
static int score_groups(const struct base *base, const struct byz_aggregator_input *in,
                        const struct place *at, char reason[BYZ_REASON_SIZE])
{
    struct room room = room_of(base, in->n, width_of(at->groups, in->d));
    size_t refused = 0;
    list_members(in, at);
    memset(at->partial, 0, (PARTS + 1) * in->n * sizeof *at->partial);
#pragma omp parallel for schedule(dynamic) reduction(+ : refused)
    for (size_t part = 0; part < PARTS; part++) {
        char why[BYZ_REASON_SIZE] = "", *memory = at->rest + (size_t)omp_get_thread_num() * room.all;
        for (size_t g = part * at->groups / PARTS; g < (part + 1) * at->groups / PARTS; g++)
            refused += !score_group(base, in, at, g, &room, memory, at->partial + part * in->n, why);
    }
    for (size_t part = 0; part < PARTS; part++)
        for (size_t i = 0; i < in->n; i++)
            at->scores[i] += at->partial[part * in->n + i];
    if (refused > 0)
        snprintf(reason, BYZ_REASON_SIZE, "gas: %s has no answer in %zu of %zu groups", base->rule->base.name,
                 refused, at->groups);
    return refused > 0;
}

static int score_whole(const struct base *base, const struct byz_aggregator_input *in, const struct place *at,
                       float *out, char reason[BYZ_REASON_SIZE])
{
    struct byz_report report = {0};
    struct byz_aggregator_input whole = *in;
    whole.report = &report;
    whole.scratch = at->rest;
    whole.scratch_size = in->scratch_size - (size_t)(at->rest - (char *)in->scratch);
    if (base->rule->apply(base->params, &whole, out, reason) != 0)
        return 1;
    score_rows(in, at, out);
    return 0;
}

static int gas_apply(const void *params, const struct byz_aggregator_input *in, float *out,
                     char reason[BYZ_REASON_SIZE])
{
    struct base base = base_of(params);
    struct place at = places(params, in);
    draw_groups(in, &at);
    int refused = coordinatewise(&base) ? score_whole(&base, in, &at, out, reason)
                                        : score_groups(&base, in, &at, reason);
    if (refused == 0)
        picks_mean_of_best(in, at.scores, in->n - in->f, at.mean, out);
    return refused;
}

const struct byz_aggregator aggregator_gas = {
    .base =
        {.name = "gas",
         .doc =
             "Gradient splitting: the mean of the n-f messages nearest to the answers of a base rule, where "
             "distances are taken in random groups of coordinates and added up. The base has to judge "
             "short vectors only, and its answer never is the output.",
         .formula = "cut the coordinates at random into groups g of equal size\n"
                    "F_g = the base's answer to the parts x_1^g .. x_n^g\n"
                    "s_i = sum over g of ||x_i^g - F_g||\n"
                    "out = mean of the n-f rows of least s_i, the lowest i on ties",
         .validity = "that of the base: n >= 2f+1 for median and trimmed_mean, n >= 2f+3 for krum and "
                     "multi_krum, n >= 4f+3 for bulyan",
         .cost = "3 passes and d draws with a coordinate-wise base; else columns gathered one by one, the "
                 "base on each group; 8 d bytes",
         .paper =
             "Y. Liu, C. Chen, L. Lyu, F. Wu, S. Wu, G. Chen, \"Byzantine-robust learning on non-IID data "
             "via gradient splitting\", ICML 2023.",
         .resists = "What the base withstands on short vectors; several honest messages are averaged, so "
                    "heterogeneous data cost less than with the base alone.",
         .breaks = "Messages that stay near the base's answer everywhere (ipm with a small epsilon, alie "
                   "with a small z) have the least scores and are averaged in.",
         .params = gas_params,
         .param_count = BYZ_LENGTH(gas_params),
         .params_size = sizeof(struct gas_params)},
    .promises = BYZ_TRANSLATION | BYZ_SCALE | BYZ_RANGE | BYZ_TOLERANT | BYZ_REPORTS,
    .unsuitable = gas_unsuitable,
    .scratch_bytes = gas_scratch,
    .apply = gas_apply,
};
