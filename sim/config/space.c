/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The space of a search: its dimensions, and what can be wrong with them. */
#include "sim/config/internal.h"
#include "sim/config/search.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct reader {
    const struct config_source *source;
    struct config_errors *errors;
    struct config_search *search;
    size_t mistakes;
};

static void mistake(struct reader *r, const cJSON *item, bool key, const char *message)
{
    struct text path = {0};
    text_printf(&path, "search.space.%s", item->string);
    config_errors_at(r->errors, r->source, item, key, text_string(&path), message);
    text_fini(&path);
    r->mistakes++;
}

/* Paths that no search may choose, and why. */
static const struct {
    const char *path, *why;
    bool halving; /* only where trials are compared after few rounds */
} forbidden[] = {
    {"search", "a search cannot be searched", false},
    {"sweep", "a sweep cannot be searched", false},
    {"name", "the name is that of the whole search", false},
    {"seed", "the best seed is luck and nothing that can be chosen; list seeds in search.seeds", false},
    {"attack",
     "the search would choose the weakest; list attacks in search.attacks, and the worst of them counts",
     false},
    {"data.validation", "trials are compared on the same validation samples", false},
    {"rounds", "rounds are what this method rations; use method \"grid\" or \"random\"", true},
};

static void check_path(struct reader *r, const cJSON *item)
{
    bool halving = r->search->method == SEARCH_HALVING || r->search->method == SEARCH_HYPERBAND;
    const char *malformed = config_path_malformed(item->string);
    if (malformed != NULL) {
        mistake(r, item, true, malformed);
        return;
    }
    for (size_t i = 0; i < sizeof forbidden / sizeof forbidden[0]; i++)
        if (config_path_leads_into(forbidden[i].path, item->string) && (halving || !forbidden[i].halving))
            mistake(r, item, true, forbidden[i].why);
    if (strcmp(item->string, "data") == 0)
        mistake(r, item, true, "holds data.validation; name the keys in it, such as data.partition");
    const cJSON *present = config_path_find(r->source->root, item->string);
    const char *option = present == NULL ? NULL : config_source_option_of(r->source, present);
    struct text message = {0};
    if (option != NULL) {
        text_printf(&message, "is searched and given by %s too; leave one of them out", option);
        mistake(r, item, true, text_string(&message));
    }
    text_fini(&message);
}

static void check_overlap(struct reader *r, const cJSON *item)
{
    for (const cJSON *other = item->next; other != NULL; other = other->next) {
        bool inside = config_path_leads_into(item->string, other->string);
        if (!inside && !config_path_leads_into(other->string, item->string))
            continue;
        struct text message = {0};
        text_add(&message, inside ? "leads into " : "holds ");
        config_words_quote(&message, item->string);
        text_add(&message, ", which is searched too; search one of them");
        mistake(r, other, true, text_string(&message));
        text_fini(&message);
    }
}

static void read_values(struct reader *r, const cJSON *item, struct search_dimension *dimension)
{
    dimension->range = SEARCH_VALUES;
    dimension->values = item;
    if (item->child == NULL)
        mistake(r, item, false, "must hold at least one value; found an empty list");
    for (const cJSON *value = item->child; value != NULL; value = value->next)
        for (const cJSON *other = value->next; other != NULL; other = other->next)
            if (cJSON_Compare(value, other, true)) {
                mistake(r, item, false, "holds a value twice; a trial with it would be the same again");
                return;
            }
}

static bool read_bounds(const cJSON *pair, struct search_dimension *dimension)
{
    if (!cJSON_IsArray(pair) || cJSON_GetArraySize(pair) != 2 || !cJSON_IsNumber(pair->child) ||
        !cJSON_IsNumber(pair->child->next))
        return false;
    dimension->low = pair->child->valuedouble;
    dimension->high = pair->child->next->valuedouble;
    return dimension->low < dimension->high;
}

/* NULL, or what is wrong with the range. */
static const char *range_objection(const struct search_dimension *dimension, bool grid)
{
    bool whole = dimension->low == floor(dimension->low) && dimension->high == floor(dimension->high);
    if (dimension->range == SEARCH_LOG_UNIFORM && !(dimension->low > 0))
        return "a logarithmic range begins above 0";
    if (dimension->range == SEARCH_INTEGERS &&
        (!whole || fabs(dimension->low) > BYZ_COUNT_MOST || fabs(dimension->high) > BYZ_COUNT_MOST))
        return "\"integers\" needs whole numbers";
    if (dimension->range != SEARCH_INTEGERS && grid)
        return "a continuous range has no grid; list values, such as [0.01, 0.1, 1], or use method "
               "\"random\"";
    return NULL;
}

static void read_range(struct reader *r, const cJSON *item, struct search_dimension *dimension)
{
    static const char *const names[] = {"uniform", "log_uniform", "integers"};
    static const enum search_range ranges[] = {SEARCH_UNIFORM, SEARCH_LOG_UNIFORM, SEARCH_INTEGERS};
    const cJSON *pair = item->child;
    struct text message = {0};
    size_t i = 0;
    while (pair != NULL && i < BYZ_LENGTH(names) && strcmp(pair->string, names[i]) != 0)
        i++;
    if (pair == NULL || pair->next != NULL || i == BYZ_LENGTH(names)) {
        text_add(&message, "must be a list of values or one range, {\"uniform\": [low, high]}, "
                           "{\"log_uniform\": [low, high]} or {\"integers\": [low, high]}");
        if (pair != NULL && i == BYZ_LENGTH(names))
            config_words_suggest(&message, pair->string, names, BYZ_LENGTH(names));
    } else if (!read_bounds(pair, dimension)) {
        text_printf(&message, "\"%s\" needs [low, high], two numbers, the first less than the second",
                    names[i]);
    } else {
        dimension->range = ranges[i];
        const char *objection = range_objection(dimension, r->search->method == SEARCH_GRID);
        text_add(&message, objection == NULL ? "" : objection);
    }
    if (message.length > 0)
        mistake(r, item, false, text_string(&message));
    text_fini(&message);
}

static void read_dimension(struct reader *r, const cJSON *item)
{
    struct search_dimension dimension = {.path = item->string};
    struct text message = {0};
    check_path(r, item);
    check_overlap(r, item);
    if (cJSON_IsArray(item)) {
        read_values(r, item, &dimension);
    } else if (cJSON_IsObject(item)) {
        read_range(r, item, &dimension);
    } else {
        text_add(&message, "must be a list of values or a range such as {\"uniform\": [low, high]}; found ");
        config_words_found(&message, item);
        mistake(r, item, false, text_string(&message));
    }
    text_fini(&message);
    r->search->dimensions[r->search->dimension_count++] = dimension;
}

static int refuse(struct reader *r, const char *message)
{
    config_mistake(r->errors, r->source, r->source->root, "search.space", "%s", message);
    return ERR_CONFIG;
}

/* A grid, or the halving of one, must have a countable and moderate number of trials. */
static void check_size(struct reader *r)
{
    const struct config_search *search = r->search;
    bool all = search->trials.choice == 0;
    double size = config_space_size(search);
    char message[256];
    if (search->method == SEARCH_HALVING && all && isinf(size)) {
        config_mistake(r->errors, r->source, r->source->root, "search.trials",
                       "is missing; a space with a continuous range has no last combination: say how many "
                       "trials are to be drawn");
        r->mistakes++;
    } else if ((search->method == SEARCH_GRID || search->method == SEARCH_HALVING) && all &&
               size > SEARCH_TRIALS_MOST) {
        snprintf(message, sizeof message,
                 "has %.0f combinations, more than %d; draw some of them: method \"random\", or trials of "
                 "\"successive_halving\"",
                 size, SEARCH_TRIALS_MOST);
        r->mistakes += refuse(r, message) != ERR_OK;
    } else if (!all && (double)search->trials.value > size) {
        config_mistake(r->errors, r->source, r->source->root, "search.trials",
                       "%llu trials, but the space has %.0f combinations; ask for at most as many",
                       (unsigned long long)search->trials.value, size);
        r->mistakes++;
    }
}

int config_space_read(const struct config_source *source, const cJSON *space, struct config_search *search,
                      struct config_errors *errors)
{
    struct reader r = {.source = source, .errors = errors, .search = search};
    search->dimension_count = 0;
    if (space == NULL)
        return refuse(&r, "is missing; it says which keys are searched, such as "
                          "{\"server.learning_rate\": [0.01, 0.1]}");
    if (!cJSON_IsObject(space) || space->child == NULL)
        return refuse(&r, "must be an object of at least one key path");
    if (cJSON_GetArraySize(space) > SEARCH_DIMENSIONS_MOST)
        return refuse(&r, "holds more than 32 key paths");
    for (const cJSON *item = space->child; item != NULL; item = item->next)
        read_dimension(&r, item);
    if (r.mistakes == 0)
        check_size(&r);
    return r.mistakes > 0 ? ERR_CONFIG : ERR_OK;
}

static double dimension_size(const struct search_dimension *dimension)
{
    switch (dimension->range) {
    case SEARCH_VALUES:
        return cJSON_GetArraySize(dimension->values);
    case SEARCH_INTEGERS:
        return dimension->high - dimension->low + 1;
    default:
        return (double)INFINITY;
    }
}

double config_space_size(const struct config_search *search)
{
    double size = 1;
    for (size_t i = 0; i < search->dimension_count; i++)
        size *= dimension_size(&search->dimensions[i]);
    return size;
}
