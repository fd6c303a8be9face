/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Trials of a search: points of its space, in order or drawn. */
#include "sim/base/mem.h"
#include "sim/config/search.h"
#include "sim/num/rng.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { PERMUTED_MOST = 1 << 20, ATTEMPTS_MOST = 1000 };

/* Numbers that name the streams of a search: a permutation of a small space, and trial number `round`. */
enum { STREAM_ORDER = 0, STREAM_TRIAL = 1 };

/* A trial as a number for each dimension: the value itself, or its place in the list. */
static size_t places_of(const struct search_dimension *dimension)
{
    return dimension->range == SEARCH_VALUES ? (size_t)cJSON_GetArraySize(dimension->values)
                                             : (size_t)(dimension->high - dimension->low) + 1;
}

/* Point number `index` of a finite space, the last dimension fastest. */
static void point_of(const struct config_search *search, size_t index, double *point)
{
    for (size_t i = search->dimension_count; i-- > 0;) {
        const struct search_dimension *dimension = &search->dimensions[i];
        size_t places = places_of(dimension), place = index % places;
        index /= places;
        point[i] = dimension->range == SEARCH_VALUES ? (double)place : dimension->low + (double)place;
    }
}

/* Six digits are what a person would write, and within the bounds all the same. */
static double rounded(const struct search_dimension *dimension, double value)
{
    char digits[32];
    snprintf(digits, sizeof digits, "%.6g", value);
    value = strtod(digits, NULL);
    return value < dimension->low ? dimension->low : value > dimension->high ? dimension->high : value;
}

static double draw_one(const struct search_dimension *dimension, struct rng *rng)
{
    double part;
    switch (dimension->range) {
    case SEARCH_UNIFORM:
        part = rng_real(rng);
        return rounded(dimension, (1 - part) * dimension->low + part * dimension->high);
    case SEARCH_LOG_UNIFORM:
        part = rng_real(rng);
        return rounded(dimension, exp((1 - part) * log(dimension->low) + part * log(dimension->high)));
    case SEARCH_INTEGERS:
        return dimension->low + (double)rng_below(rng, (uint64_t)(dimension->high - dimension->low) + 1);
    default:
        return (double)rng_below(rng, places_of(dimension));
    }
}

static bool is_new(const struct config_search *search, const double *points, size_t count)
{
    size_t k = search->dimension_count;
    for (size_t t = 0; t < count; t++) {
        size_t i = 0;
        while (i < k && points[t * k + i] == points[count * k + i])
            i++;
        if (i == k)
            return false;
    }
    return true;
}

/* A space too large to be put in order has room enough: repetitions are rare, and drawn again. */
static void draw_points(const struct config_search *search, size_t count, double *points)
{
    size_t k = search->dimension_count;
    for (size_t t = 0; t < count; t++) {
        struct rng rng;
        rng_start(&rng, search->seed, RNG_SEARCH, STREAM_TRIAL, t);
        for (size_t attempt = 0; attempt < ATTEMPTS_MOST; attempt++) {
            for (size_t i = 0; i < k; i++)
                points[t * k + i] = draw_one(&search->dimensions[i], &rng);
            if (is_new(search, points, t))
                break;
        }
    }
}

static int order_points(const struct config_search *search, size_t size, bool drawn, size_t count,
                        double *points, struct err *err)
{
    uint32_t *order = drawn ? mem_array(size, sizeof *order, err) : NULL;
    if (drawn && order == NULL)
        return ERR_MEMORY;
    if (drawn) {
        struct rng rng;
        rng_start(&rng, search->seed, RNG_SEARCH, STREAM_ORDER, 0);
        rng_permutation(&rng, size, order);
    }
    for (size_t t = 0; t < count; t++)
        point_of(search, order != NULL ? order[t] : t, points + t * search->dimension_count);
    mem_free(order);
    return ERR_OK;
}

static cJSON *trial_of(const struct config_search *search, const double *point)
{
    cJSON *trial = cJSON_CreateObject();
    for (size_t i = 0; trial != NULL && i < search->dimension_count; i++) {
        const struct search_dimension *dimension = &search->dimensions[i];
        cJSON *value = dimension->range == SEARCH_VALUES
                           ? cJSON_Duplicate(cJSON_GetArrayItem(dimension->values, (int)point[i]), true)
                           : cJSON_CreateNumber(point[i]);
        if (value == NULL || !cJSON_AddItemToObject(trial, dimension->path, value)) {
            cJSON_Delete(value);
            cJSON_Delete(trial);
            return NULL;
        }
    }
    return trial;
}

int config_space_trials(const struct config_search *search, bool drawn, size_t count, cJSON **trials,
                        struct err *err)
{
    double size = config_space_size(search);
    double *points = mem_array(count * search->dimension_count, sizeof *points, err);
    int rc = points == NULL ? ERR_MEMORY : ERR_OK;
    if (rc == ERR_OK && (!drawn || size <= PERMUTED_MOST))
        rc = order_points(search, (size_t)size, drawn, count, points, err);
    else if (rc == ERR_OK)
        draw_points(search, count, points);
    for (size_t t = 0; rc == ERR_OK && t < count; t++) {
        trials[t] = trial_of(search, points + t * search->dimension_count);
        if (trials[t] == NULL)
            rc = err_set(err, ERR_MEMORY, "out of memory for the trials of the search");
    }
    mem_free(points);
    return rc;
}
