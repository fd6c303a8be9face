/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/plot/words.h"
#include "sim/api/byz_param.h"
#include "sim/report/fields.h"

#include <ctype.h>
#include <string.h>

/* Names of people and acronyms; all others are shown with spaces for underscores. */
static const struct {
    const char *name, *words;
} names[] = {
    {"aksel", "Aksel"},
    {"alie", "ALIE"},
    {"anti_cge", "anti-CGE"},
    {"arc", "ARC"},
    {"auto_gm", "AutoGM"},
    {"bulyan", "Bulyan"},
    {"byzantine_mean", "Byzantine mean"},
    {"byzantine_sgd", "ByzantineSGD"},
    {"caf", "CAF"},
    {"cge", "CGE"},
    {"cifar10", "CIFAR-10"},
    {"cnn", "CNN"},
    {"dirichlet", "Dirichlet"},
    {"dnc", "DnC"},
    {"emnist", "EMNIST"},
    {"faba", "FABA"},
    {"fang", "Fang"},
    {"fashion_mnist", "Fashion-MNIST"},
    {"filter_l2", "L2 filter"},
    {"fltrust", "FLTrust"},
    {"foolsgold", "FoolsGold"},
    {"gas", "GAS"},
    {"gru", "GRU"},
    {"iid", "i.i.d."},
    {"ipm", "IPM"},
    {"krum", "Krum"},
    {"mda", "MDA"},
    {"min_max", "Min-Max"},
    {"min_sum", "Min-Sum"},
    {"mlp", "MLP"},
    {"mnist", "MNIST"},
    {"monna", "MoNNA"},
    {"multi_krum", "Multi-Krum"},
    {"mva", "MVA"},
    {"nan", "NaN"},
    {"nnm", "NNM"},
    {"optimal_alie", "optimal ALIE"},
    {"optimal_ipm", "optimal IPM"},
    {"rop", "ROP"},
    {"sgd", "SGD"},
    {"signguard", "SignGuard"},
    {"smea", "SMEA"},
    {"top_k", "top-k"},
    {"zeno", "Zeno"},
};

static const struct {
    const char *key, *title, *brief;
} keys[] = {
    {"workers.byzantine", "Byzantine workers", "b"},
    {"workers.count", "workers", "n"},
    {"workers.momentum", "worker momentum", "worker momentum"},
    {"workers.batch_size", "batch size", "batch size"},
    {"workers.local_steps", "local steps", "local steps"},
    {"data.partition.alpha", "Dirichlet α of the data (small: heterogeneous)", "α"},
    {"data.partition.gamma", "γ of the data (small: heterogeneous)", "γ"},
    {"server.aggregator", "aggregation rule", "aggregation rule"},
    {"server.preaggregators", "pre-aggregation", "pre-aggregation"},
    {"server.declared_byzantine", "declared f", "declared f"},
    {"server.learning_rate", "learning rate", "learning rate"},
    {"server.momentum", "server momentum", "server momentum"},
    {"attack", "attack", "attack"},
    {"model", "model", "model"},
    {"data.dataset", "data set", "data set"},
    {"data.partition", "partition", "partition"},
};

static void name_words(const char *name, struct text *out)
{
    for (size_t i = 0; i < BYZ_LENGTH(names); i++)
        if (strcmp(names[i].name, name) == 0) {
            text_add(out, names[i].words);
            return;
        }
    bool identifier = true;
    for (const char *c = name; *c != '\0'; c++)
        identifier = identifier && (isalnum((unsigned char)*c) || *c == '_');
    for (const char *c = name; *c != '\0'; c++)
        text_append(out, identifier && *c == '_' ? " " : c, 1);
}

/* Keys whose value may be the bare name of a variant, as a search gives it. */
static const char *const variant_keys[] = {"attack",
                                           "model",
                                           "data.dataset",
                                           "data.partition",
                                           "server.optimizer",
                                           "server.aggregator",
                                           "server.preaggregators"};

/* Variants stand under a name, bare, or in a list; other strings are values of knobs and stay as they are. */
static bool is_variant(const char *key)
{
    const char *dot = strrchr(key, '.');
    bool bare = false;
    for (size_t i = 0; i < BYZ_LENGTH(variant_keys); i++)
        bare = bare || strcmp(key, variant_keys[i]) == 0;
    return bare || strcmp(dot == NULL ? key : dot + 1, "name") == 0;
}

static void variant_words(const cJSON *value, struct text *out)
{
    struct text word = {0};
    fields_words(value, &word);
    name_words(text_string(&word), out);
    text_fini(&word);
}

/* "none" alone does not say what is missing. */
static const char *none_words(const char *key)
{
    return strcmp(key, "attack.name") == 0             ? "no attack"
           : strcmp(key, "server.preaggregators") == 0 ? "no pre-aggregation"
                                                       : NULL;
}

void words_value(const char *key, const cJSON *value, struct text *out)
{
    struct text raw = {0};
    fields_words(value, &raw);
    bool none = strcmp(text_string(&raw), "none") == 0 && none_words(key) != NULL;
    if (none)
        text_add(out, none_words(key));
    else if (!is_variant(key))
        text_add(out, text_string(&raw));
    else if (!cJSON_IsArray(value))
        name_words(text_string(&raw), out);
    for (const cJSON *item = !none && cJSON_IsArray(value) && is_variant(key) ? value->child : NULL;
         item != NULL; item = item->next) {
        text_add(out, item == value->child ? "" : " + ");
        variant_words(item, out);
    }
    text_fini(&raw);
}

static size_t row_of(const char *key, size_t length)
{
    size_t i = 0;
    while (i < BYZ_LENGTH(keys) && (strncmp(keys[i].key, key, length) != 0 || keys[i].key[length] != '\0'))
        i++;
    return i;
}

const char *words_title(const char *key, size_t length)
{
    size_t i = row_of(key, length);
    return i < BYZ_LENGTH(keys) ? keys[i].title : NULL;
}

const char *words_brief(const char *key)
{
    size_t i = row_of(key, strlen(key));
    return i < BYZ_LENGTH(keys) ? keys[i].brief : NULL;
}

/* "OLD=NEW" for these words: where OLD ends is known only from what is there, as both may hold "=". */
static const char *new_words(const char *label, const char *words)
{
    size_t length = strlen(words);
    return strncmp(label, words, length) == 0 && label[length] == '=' ? label + length + 1 : NULL;
}

const char *words_replaced(const struct plot_request *request, const char *words)
{
    struct plot_labels *labels = request->labels;
    const char *best = words;
    for (size_t i = 0; labels != NULL && words[0] != '\0' && i < labels->count; i++) {
        const char *found = new_words(labels->items[i].text, words);
        labels->items[i].used |= found != NULL;
        best = found != NULL ? found : best;
    }
    return best;
}

const char *words_renamed(const struct plot_request *request, const char *words)
{
    struct text quoted = {0};
    text_printf(&quoted, "\"%s\"", words);
    struct text *seen = request->labels == NULL ? NULL : &request->labels->seen;
    if (seen != NULL && words[0] != '\0' && strstr(text_string(seen), text_string(&quoted)) == NULL)
        text_printf(seen, "%s%s", seen->length > 0 ? ", " : "", text_string(&quoted));
    text_fini(&quoted);
    return words_replaced(request, words);
}

int words_check(const struct plot_request *request, struct err *err)
{
    const struct plot_labels *labels = request->labels;
    for (size_t i = 0; labels != NULL && i < labels->count; i++)
        if (!labels->items[i].used)
            return err_set(err, ERR_CONFIG,
                           "--label %s: no part of the plot has these words before \"=\"; there are %s",
                           labels->items[i].text, text_string(&labels->seen));
    return ERR_OK;
}
