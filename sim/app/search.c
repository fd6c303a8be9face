/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/app/search.h"
#include "sim/app/run.h"
#include "sim/app/search_result.h"
#include "sim/base/file.h"
#include "sim/base/mem.h"

#include <math.h>
#include <stdlib.h>

size_t search_trial_of(const struct search *search, size_t run)
{
    return run / (search->attacks.count * search->seeds);
}

size_t search_run_of(const struct search *search, size_t trial, size_t attack, size_t seed)
{
    return (trial * search->attacks.count + attack) * search->seeds + seed;
}

static const struct rungs_bracket *bracket_of(const struct search *search, size_t trial)
{
    return &search->rungs.brackets[search->trials[trial].bracket];
}

double search_rounds(const struct search *search)
{
    double sum = 0;
    for (size_t i = 0; i < search->sweep.count; i++)
        if (search->runs[i].count > 0)
            sum += (double)search->runs[i].rounds[search->runs[i].count - 1];
    return sum;
}

double search_full_rounds(const struct search *search)
{
    double sum = 0;
    for (size_t i = 0; i < search->sweep.count; i++)
        sum += (double)search->sweep.runs[i].experiment.settings.rounds;
    return sum;
}

double search_planned_rounds(const struct search *search)
{
    bool halving = search->config.method == SEARCH_HALVING || search->config.method == SEARCH_HYPERBAND;
    return halving ? rungs_rounds(&search->rungs) * (double)(search->attacks.count * search->seeds)
                   : search_full_rounds(search);
}

size_t search_planned_runs(const struct search *search)
{
    return rungs_visits(&search->rungs) * search->attacks.count * search->seeds;
}

double search_objective(const struct search_trial *trial)
{
    return trial->count > 0 ? trial->objectives[trial->count - 1] : (double)NAN;
}

const char *search_attack(const struct search *search, size_t attack)
{
    const char *label = search->attacks.items[attack].label;
    return label[0] != '\0' ? label : search->sweep.runs[0].experiment.settings.attack.attack.kind->name;
}

double search_test(const struct search *search, size_t attack, bool loss)
{
    double sum = 0;
    for (size_t seed = 0; seed < search->seeds; seed++) {
        const struct sweep_run *run =
            &search->sweep.runs[search_run_of(search, search->winner, attack, seed)];
        if (run->status == SIMULATION_DIVERGED)
            sum += loss ? (double)INFINITY : 0;
        else
            sum += loss ? run->test_loss : run->test_accuracy;
    }
    return sum / (double)search->seeds;
}

/* What the run has shown at the end of a stage; NaN when it failed. */
static double figure_of(const struct search *search, const struct sweep_run *run)
{
    bool loss = search->config.objective == SEARCH_LOSS;
    if (run->state == SWEEP_FAILED)
        return (double)NAN;
    if (run->status == SIMULATION_DIVERGED)
        return loss ? (double)INFINITY : 0;
    return loss ? run->validation_loss : run->validation_accuracy;
}

/* Whether a is the better objective; NaN is the worst. */
static double score_of(const struct search *search, double objective)
{
    return search->config.objective == SEARCH_LOSS ? -objective : objective;
}

static void note_figure(struct search *search, size_t index, double figure, uint64_t rounds, bool ended)
{
    struct search_run *run = &search->runs[index];
    run->figures[search->rung] = figure;
    run->rounds[search->rung] = rounds;
    run->count = search->rung + 1;
    run->ended = ended;
}

/* The figures of the runs that have ended a stage. */
static void take_figures(struct search *search)
{
    for (size_t i = 0; i < search->sweep.count; i++) {
        const struct sweep_run *run = &search->sweep.runs[i];
        const struct search_run *before = &search->runs[i];
        const struct search_trial *trial = &search->trials[search_trial_of(search, i)];
        if (trial->fate != SEARCH_PENDING ||
            search->rung >= bracket_of(search, search_trial_of(search, i))->count)
            continue;
        if (before->ended)
            note_figure(search, i, before->figures[search->rung - 1], before->rounds[search->rung - 1], true);
        else if (run->state == SWEEP_FAILED && search->rung > 0)
            note_figure(search, i, (double)NAN, before->rounds[search->rung - 1], false);
        else
            note_figure(search, i, figure_of(search, run), run->state == SWEEP_FAILED ? 0 : run->rounds_done,
                        run->state != SWEEP_FAILED && !run->paused);
    }
}

/* The worst over the attacks of the mean over the seeds. */
static void judge(struct search *search, size_t number)
{
    struct search_trial *trial = &search->trials[number];
    double worst = (double)INFINITY;
    bool failed = false;
    for (size_t attack = 0; attack < search->attacks.count; attack++) {
        double sum = 0;
        for (size_t seed = 0; seed < search->seeds; seed++)
            sum += search->runs[search_run_of(search, number, attack, seed)].figures[search->rung];
        double score = score_of(search, sum / (double)search->seeds);
        failed |= isnan(score);
        if (attack == 0 || score < worst) {
            worst = score;
            trial->worst_attack[search->rung] = attack;
        }
    }
    trial->objectives[search->rung] = failed ? (double)NAN : score_of(search, worst);
    trial->count = search->rung + 1;
    if (failed)
        trial->fate = SEARCH_FAILED;
}

/* Ends the rung of one bracket: who goes on, who is dropped. False when memory runs out. */
static bool promote(struct search *search, size_t number)
{
    const struct rungs_bracket *bracket = &search->rungs.brackets[number];
    size_t trials = bracket->rungs[0].trials;
    bool last = search->rung + 1 == bracket->count;
    double *scores = calloc(trials, sizeof *scores);
    bool *kept = calloc(trials, sizeof *kept);
    for (size_t t = 0; scores != NULL && kept != NULL && t < trials; t++) {
        const struct search_trial *trial = &search->trials[bracket->first + t];
        scores[t] =
            trial->fate == SEARCH_PENDING ? score_of(search, trial->objectives[search->rung]) : (double)NAN;
    }
    if (scores != NULL && kept != NULL)
        rungs_keep(scores, trials, last ? trials : bracket->rungs[search->rung + 1].trials, kept);
    for (size_t t = 0; scores != NULL && kept != NULL && t < trials; t++) {
        struct search_trial *trial = &search->trials[bracket->first + t];
        if (trial->fate == SEARCH_PENDING)
            trial->fate = !kept[t] ? SEARCH_DROPPED : last ? SEARCH_COMPLETED : SEARCH_PENDING;
    }
    bool good = scores != NULL && kept != NULL;
    free(scores);
    free(kept);
    return good;
}

/* Nobody goes on from the checkpoint of a trial that was dropped. */
static void forget_dropped(struct search *search)
{
    for (size_t i = 0; i < search->sweep.count; i++)
        if (search->trials[search_trial_of(search, i)].fate == SEARCH_DROPPED &&
            search->sweep.runs[i].paused) {
            run_forget_checkpoint(&search->sweep, i);
            search->sweep.runs[i].paused = false;
        }
}

/* Sets the runs of the present rung; false when there are none. */
static bool begin_rung(struct search *search)
{
    bool any = false;
    for (size_t i = 0; i < search->sweep.count; i++) {
        struct sweep_run *run = &search->sweep.runs[i];
        size_t number = search_trial_of(search, i);
        const struct rungs_bracket *bracket = bracket_of(search, number);
        bool goes_on = search->trials[number].fate == SEARCH_PENDING && search->rung < bracket->count;
        any |= goes_on;
        run->resting = !goes_on || search->runs[i].ended;
        if (goes_on) {
            bool last = search->rung + 1 == bracket->count;
            run->from = search->rung > 0 ? bracket->rungs[search->rung - 1].rounds : 0;
            run->until = last ? run->experiment.settings.rounds : bracket->rungs[search->rung].rounds;
        }
    }
    return any;
}

static void find_winner(struct search *search)
{
    double best = (double)NAN;
    for (size_t t = 0; t < search->rungs.trials; t++) {
        const struct search_trial *trial = &search->trials[t];
        double score = score_of(search, search_objective(trial));
        if (trial->fate != SEARCH_COMPLETED || !(isnan(best) || score > best))
            continue;
        best = score;
        search->winner = t;
    }
}

/* A stage that was cut short, by the user or by a full disk, is no basis for a choice. */
static bool is_cut_short(const struct search *search)
{
    for (size_t i = 0; i < search->sweep.count; i++) {
        const struct sweep_run *run = &search->sweep.runs[i];
        if (!run->resting && (run->state == SWEEP_PENDING || run->state == SWEEP_RUNNING || run->halted ||
                              run->err.code == ERR_FULL))
            return true;
    }
    return false;
}

struct conduct {
    struct search *search;
    const struct sweep_options *options;
};

/* An earlier search.json knows figures of rungs that the run has left behind; run_keep has just told the
 * rounds of its result. */
static bool on_known(void *context, const struct sweep *sweep, size_t index)
{
    struct search *search = ((const struct conduct *)context)->search;
    struct sweep_run *run = &search->sweep.runs[index];
    double value =
        run->rounds_done > run->until ? search_result_find(search, index, run->until) : (double)NAN;
    (void)sweep;
    if (isnan(value))
        return false;
    run->validation_loss = run->validation_accuracy = value;
    run->status = SIMULATION_STOPPED;
    run->rounds_done = run->until;
    run->paused = true;
    return true;
}

static int on_next(void *context, struct sweep *sweep, bool *more, struct err *err)
{
    const struct conduct *conduct = context;
    struct search *search = conduct->search;
    (void)sweep;
    *more = false;
    if (is_cut_short(search) || atomic_load(conduct->options->stop))
        return search_result_write(search, err);
    take_figures(search);
    for (size_t t = 0; t < search->rungs.trials; t++)
        if (search->trials[t].fate == SEARCH_PENDING && search->rung < bracket_of(search, t)->count)
            judge(search, t);
    for (size_t b = 0; b < search->rungs.bracket_count; b++)
        if (search->rung < search->rungs.brackets[b].count && !promote(search, b))
            return err_set(err, ERR_MEMORY, "out of memory for the choice of the trials");
    search->rung++;
    *more = begin_rung(search);
    search->finished = !*more;
    if (search->finished)
        find_winner(search);
    int rc = search_result_write(search, err);
    forget_dropped(search);
    return rc;
}

int search_run_all(struct search *search, struct datasets *datasets, const struct sweep_options *options,
                   struct err *err)
{
    struct conduct conduct = {search, options};
    const struct sweep_stages stages = {.context = &conduct, .known = on_known, .next = on_next};
    struct sweep_options staged = *options;
    staged.stages = &stages;
    int rc = search_check_data(search, datasets, err);
    if (rc != ERR_OK)
        return rc;
    if (options->resume)
        search->earlier = search_result_read(search);
    begin_rung(search);
    return sweep_run_all(&search->sweep, datasets, &staged, err);
}

void search_fini(struct search *search)
{
    for (size_t t = 0; search->trials != NULL && t < search->rungs.trials; t++)
        cJSON_Delete(search->trials[t].values);
    free(search->trials);
    free(search->runs);
    config_points_free(&search->attacks);
    sweep_fini(&search->sweep);
    cJSON_Delete(search->earlier);
    *search = (struct search){0};
}
