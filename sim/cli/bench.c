/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `byzsim bench`: how fast the rules are on this machine, beside what its memory can deliver. */
#include "sim/app/bench.h"
#include "aggregators/registry.h"
#include "sim/cli/bench_line.h"
#include "sim/cli/cli.h"
#include "sim/cli/common.h"
#include "sim/core/defence.h"
#include "sim/num/machine.h"

#include <cjson/cJSON.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RULE, RULES, PRE, KERNEL, N, D, THREADS, BYZANTINE, SECONDS, JSON };

static const struct cli_option options[] = {
    [RULE] = {"rule", "NAME[:k=v,...]", "time this rule only (may be repeated)"},
    [RULES] =
        {"rules", NULL,
         "every rule on one thread, at n = 11 to 101, beside the passes over the messages that it needs, "
         "each timed on the same shape"},
    [PRE] = {"pre", "NAME[:k=v,...]",
             "behind these pre-aggregators (may be repeated); without --rule: them alone"},
    [KERNEL] = {"kernel", "NAME",
                "time a numeric kernel (may be repeated): combine, mean_std, mean_variance, norms, "
                "distances, median, trimmed_mean, accumulate, permutation"},
    [N] = {"n", "N,N,...", "numbers of rows (default 11,25,51)"},
    [D] = {"d", "D,D,...", "numbers of coordinates (default 100000,1000000)"},
    [THREADS] = {"threads", "T,T,...", "numbers of threads (default 1 and all)"},
    [BYZANTINE] = {"byzantine", "F", "declared Byzantine rows (default: the most that is valid up to n/5)"},
    [SECONDS] = {"seconds", "S", "time to spend on each figure, in whole seconds (default 1)"},
    [JSON] = {"json", NULL, "print JSON"},
};

enum { LIST_MOST = 16, RULES_MOST = 64 };

struct grid {
    size_t count, values[LIST_MOST];
};

struct shape {
    size_t n, d;
};

/* What --rules looks at: few and many rows in the caches, and beyond them. */
static const struct shape rules_shapes[] = {
    {11, 100000}, {25, 100000}, {51, 100000}, {101, 100000}, {25, 1000000}};

struct plan {
    struct byz_variant rules[RULES_MOST];
    size_t rule_count;
    struct byz_variants stages;
    const struct kernel *kernels[RULES_MOST];
    size_t kernel_count;
    struct grid n, d, threads;
    struct shape shapes[LIST_MOST * LIST_MOST]; /* from n and d */
    size_t shape_count;
    size_t f, seconds;
    bool f_given, json, passes;
    double bandwidth[LIST_MOST], product; /* by entry of threads */
    struct passes_costs costs;
    cJSON *results;
};

static bool read_grid(const char *option, const char *value, size_t most, struct grid *grid)
{
    grid->count = 0;
    for (const char *at = value; *at != '\0'; at += strcspn(at, ","), at += *at == ',') {
        char word[24] = "";
        size_t length = strcspn(at, ",");
        memcpy(word, at, length < sizeof word ? length : sizeof word - 1);
        if (grid->count == LIST_MOST || !cli_count(option, word, 1, most, &grid->values[grid->count++]))
            return false;
    }
    return grid->count > 0;
}

static int add_variant(const struct cli_walk *walk, const struct byz_family *family,
                       struct byz_variant *slots, size_t *count, size_t most)
{
    if (*count == most)
        return cli_misused(walk->command, "too many rules at once");
    int status = common_variant(family, walk->value, &slots[*count]);
    *count += status == CLI_OK;
    return status;
}

static int add_kernel(const struct cli_walk *walk, struct plan *plan)
{
    const char *names[RULES_MOST];
    const struct kernel *kernel = kernels_find(walk->value);
    for (size_t i = 0; i < kernels_count && i < RULES_MOST; i++)
        names[i] = kernels_table[i].name;
    const char *near = text_nearest(walk->value, names, kernels_count);
    if (kernel == NULL && near != NULL)
        return cli_misused(walk->command, "there is no kernel \"%s\"; did you mean \"%s\"?", walk->value,
                           near);
    if (kernel == NULL || plan->kernel_count == RULES_MOST)
        return cli_misused(walk->command, "there is no kernel \"%s\" (or too many are given)", walk->value);
    plan->kernels[plan->kernel_count++] = kernel;
    return CLI_OK;
}

static int take(const struct cli_walk *walk, int option, struct plan *plan)
{
    switch (option) {
    case RULE:
        return add_variant(walk, &aggregator_family, plan->rules, &plan->rule_count, RULES_MOST);
    case RULES:
        plan->passes = true;
        return CLI_OK;
    case PRE:
        return add_variant(walk, &preaggregator_family, plan->stages.items, &plan->stages.count,
                           BYZ_VARIANTS_MOST);
    case KERNEL:
        return add_kernel(walk, plan);
    case N:
        return read_grid("n", walk->value, 1000000, &plan->n) ? CLI_OK : CLI_USAGE;
    case D:
        return read_grid("d", walk->value, 1000000000, &plan->d) ? CLI_OK : CLI_USAGE;
    case THREADS:
        return read_grid("threads", walk->value, 1024, &plan->threads) ? CLI_OK : CLI_USAGE;
    case BYZANTINE:
        plan->f_given = true;
        return cli_count("byzantine", walk->value, 0, 1000000, &plan->f) ? CLI_OK : CLI_USAGE;
    case SECONDS:
        return cli_count("seconds", walk->value, 0, 3600, &plan->seconds) ? CLI_OK : CLI_USAGE;
    case JSON:
        plan->json = true;
        return CLI_OK;
    case CLI_WORD:
        return cli_misused(walk->command, "no argument is expected: \"%s\"", walk->value);
    default:
        return CLI_USAGE;
    }
}

/* Every rule at its defaults, and every kernel unless rules alone are wanted. */
static int all_rules(struct plan *plan)
{
    struct config_errors errors = {0};
    for (size_t i = 0; i < aggregator_family.count && i < RULES_MOST; i++)
        if (config_read_variant(&aggregator_family, aggregator_family.at(i)->name,
                                &plan->rules[plan->rule_count++], &errors) != ERR_OK)
            return common_mistakes(&errors);
    for (size_t i = 0; !plan->passes && i < kernels_count && i < RULES_MOST; i++)
        plan->kernels[plan->kernel_count++] = &kernels_table[i];
    return CLI_OK;
}

static int measure_machine(struct plan *plan, struct err *err)
{
    int rc = machine_product_rate(1, &plan->product, err);
    for (size_t t = 0; rc == ERR_OK && t < plan->threads.count; t++) {
        omp_set_num_threads((int)plan->threads.values[t]);
        rc = machine_read_bandwidth(&plan->bandwidth[t], err);
    }
    return rc;
}

/* "nnm+clipping+krum" */
static void chain_words(const struct defence_settings *defence, struct text *out)
{
    for (size_t i = 0; i < defence->preaggregators.count; i++)
        text_printf(out, "%s%s", out->length > 0 ? "+" : "", defence->preaggregators.items[i].kind->name);
    if (defence->aggregator.kind != NULL)
        text_printf(out, "%s%s", out->length > 0 ? "+" : "", defence->aggregator.kind->name);
}

/* What several threads read is measured anew behind each figure: it changes from one moment to the next with
 * what else runs on the machine, and with where a virtual machine's processors lie. The better of before and
 * behind is what the least time had. */
static int measure_again(struct plan *plan, size_t t, double *bandwidth, struct err *err)
{
    double before = plan->bandwidth[t];
    int rc = plan->threads.values[t] > 1 ? machine_read_bandwidth(&plan->bandwidth[t], err) : ERR_OK;
    *bandwidth = before > plan->bandwidth[t] ? before : plan->bandwidth[t];
    return rc;
}

/* One thread's least time and bandwidth at a shape, 0 where it has not been timed. */
struct scaling {
    double alone, alone_bandwidth;
};

static int report(struct plan *plan, const struct bench_case *what, size_t t,
                  const struct bench_figures *figures, struct scaling *scaling, struct err *err)
{
    struct bench_line line = {.what = what, .figures = figures};
    int rc = measure_again(plan, t, &line.bandwidth, err);
    if (what->threads == 1)
        *scaling = (struct scaling){figures->seconds_min, line.bandwidth};
    line.alone = scaling->alone;
    line.alone_bandwidth = scaling->alone_bandwidth;
    line.rate = (double)what->n * (double)what->d * sizeof(float) / figures->seconds_min;
    if (what->kernel != NULL) {
        text_printf(&line.name, "kernel %s", what->kernel->name);
    } else {
        line.passes = plan->passes ? passes_of(what->defence) : NULL;
        chain_words(what->defence, &line.name);
    }
    if (rc == ERR_OK && line.passes != NULL)
        rc = passes_cost(line.passes, what, &plan->costs, &line.needed, err);
    if (rc == ERR_OK && plan->json)
        cJSON_AddItemToArray(plan->results, bench_line_json(&line));
    else if (rc == ERR_OK)
        bench_line_print(&line, plan->passes);
    text_fini(&line.name);
    return rc;
}

/* One rule or kernel over shapes first .. end - 1. A rule that is not defined at some n is passed over with a
 * line that says why. */
static int bench_shapes(struct plan *plan, const struct defence_settings *defence,
                        const struct kernel *kernel, size_t first, size_t end, struct err *err)
{
    size_t told = 0; /* rows for which a reason was given */
    for (size_t s = first; s < end; s++) {
        struct scaling scaling = {0};
        for (size_t t = 0; t < plan->threads.count; t++) {
            char reason[BYZ_REASON_SIZE] = "";
            struct bench_figures figures;
            struct bench_case what = {.defence = defence,
                                      .kernel = kernel,
                                      .n = plan->shapes[s].n,
                                      .d = plan->shapes[s].d,
                                      .threads = plan->threads.values[t],
                                      .f = plan->f,
                                      .seconds = (double)plan->seconds};
            bool valid = kernel != NULL  ? true
                         : plan->f_given ? defence_unsuitable(defence, what.n, what.f, NULL, reason) == 0
                                         : bench_choose_f(defence, what.n, &what.f, reason);
            if (!valid && told != what.n)
                fprintf(stderr, "left out: %s\n", reason);
            told = valid ? told : what.n;
            int rc = valid ? bench_run(&what, &figures, err) : ERR_OK;
            if (rc == ERR_OK && valid)
                rc = report(plan, &what, t, &figures, &scaling, err);
            if (rc != ERR_OK)
                return rc;
        }
    }
    return ERR_OK;
}

static void print_head(const struct plan *plan)
{
    for (size_t t = 0; t < plan->threads.count; t++)
        printf("memory is read at %.1f GB/s by %zu thread%s\n", plan->bandwidth[t] / 1e9,
               plan->threads.values[t], plan->threads.values[t] == 1 ? "" : "s");
    printf("a large matrix product runs at %.0f GFLOP/s on one thread\n\n", plan->product / 1e9);
    bench_line_head(plan->passes, plan->threads.count > 1);
}

static int bench_all(struct plan *plan, struct err *err)
{
    int rc = measure_machine(plan, err);
    if (rc != ERR_OK)
        return rc;
    plan->results = cJSON_CreateArray();
    if (!plan->json)
        print_head(plan);
    size_t step = plan->passes ? 1 : plan->shape_count; /* beside their passes rules come shape by shape */
    for (size_t s = 0; rc == ERR_OK && s < plan->shape_count; s += step)
        for (size_t r = 0; rc == ERR_OK && r < plan->rule_count; r++) {
            const struct defence_settings defence = {.preaggregators = plan->stages,
                                                     .aggregator = plan->rules[r]};
            rc = bench_shapes(plan, &defence, NULL, s, s + step, err);
        }
    const struct defence_settings stages_alone = {.preaggregators = plan->stages};
    if (rc == ERR_OK && plan->rule_count == 0 && plan->stages.count > 0)
        rc = bench_shapes(plan, &stages_alone, NULL, 0, plan->shape_count, err);
    for (size_t k = 0; rc == ERR_OK && k < plan->kernel_count; k++)
        rc = bench_shapes(plan, NULL, plan->kernels[k], 0, plan->shape_count, err);
    return rc;
}

static void print_json(struct plan *plan)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddNumberToObject(json, "product_gflops", plan->product / 1e9);
    cJSON_AddItemToObject(json, "results", plan->results);
    plan->results = NULL;
    char *bytes = config_render(json, true);
    fputs(bytes == NULL ? "" : bytes, stdout);
    cJSON_free(bytes);
    cJSON_Delete(json);
}

/* --rules has shapes of its own where neither n nor d is given. */
static void set_shapes(struct plan *plan)
{
    bool own = plan->passes && plan->n.count == 0 && plan->d.count == 0;
    if (plan->n.count == 0)
        plan->n = (struct grid){3, {11, 25, 51}};
    if (plan->d.count == 0)
        plan->d = (struct grid){2, {100000, 1000000}};
    for (size_t i = 0; own && i < BYZ_LENGTH(rules_shapes); i++)
        plan->shapes[plan->shape_count++] = rules_shapes[i];
    for (size_t i = 0; !own && i < plan->n.count; i++)
        for (size_t j = 0; j < plan->d.count; j++)
            plan->shapes[plan->shape_count++] = (struct shape){plan->n.values[i], plan->d.values[j]};
}

static void set_defaults(struct plan *plan)
{
    size_t all = (size_t)omp_get_num_procs();
    set_shapes(plan);
    if (plan->threads.count == 0)
        plan->threads = all > 1 && !plan->passes ? (struct grid){2, {1, all}} : (struct grid){1, {1}};
}

static void release(struct plan *plan)
{
    for (size_t i = 0; i < plan->rule_count; i++)
        config_variant_release(&plan->rules[i]);
    common_stages_release(&plan->stages);
    cJSON_Delete(plan->results);
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct plan plan = {.seconds = 1};
    struct err err = {0};
    struct cli_walk walk = {.command = command, .argc = argc, .argv = argv};
    int status = CLI_OK, option;
    while (status == CLI_OK && (option = cli_next(&walk)) != CLI_END) {
        if (option == CLI_HELP)
            goto out;
        status = take(&walk, option, &plan);
    }
    set_defaults(&plan);
    if (status == CLI_OK && plan.rule_count == 0 && plan.stages.count == 0 && plan.kernel_count == 0)
        status = all_rules(&plan);
    if (status == CLI_OK && bench_all(&plan, &err) != ERR_OK)
        status = cli_failed(&err);
    if (status == CLI_OK && plan.json)
        print_json(&plan);
out:
    release(&plan);
    return status;
}

const struct cli_command cli_bench = {
    .name = "bench",
    .summary = "time rules and kernels beside what this machine's memory can deliver",
    .arguments =
        "[--rules] [--rule NAME]... [--pre NAME]... [--n N,...] [--d D,...] [--threads T,...] [--json]",
    .details =
        "Times each rule on random matrices and prints the least and the median time of a call, the "
        "bytes of the\n"
        "matrix over the least time, and that as a share of the read bandwidth of memory, measured in "
        "the same\n"
        "run; \"moved\" counts the output as well. A matrix that fits into the caches may exceed 100 %. For "
        "several threads\n"
        "beside one (--threads 1,2): how much faster the rule is, and memory itself at that moment, which "
        "bounds "
        "what only\n"
        "reads. With --rules a rule stands beside the "
        "passes over the\n"
        "data that it needs at least, each as long as the kernel of that pass takes on the same shape "
        "(read: the norms\n"
        "of the rows; combine: their weighted sum; median; sort: trimmed mean; distance: between all "
        "rows; update: the\n"
        "rows added to others; draw: a random order of the coordinates), and is marked where it takes "
        "more than twice\n"
        "that, \"search\" where it looks through subsets of rows.\n\n"
        "  byzsim bench --rule median --n 25 --d 1000000 --threads 1 --json",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .run = run,
};
