/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/core/trial.h"
#include "sim/base/mem.h"

#include <string.h>

int trial_init(struct trial *trial, const struct defence_settings *settings, size_t n, size_t d, size_t ld,
               struct err *err)
{
    *trial = (struct trial){0};
    int rc = defence_init_spending(&trial->defence, settings, n, d, ld, err);
    if (rc != ERR_OK)
        return rc;
    trial->rows = mem_array(n, ld * sizeof *trial->rows, err);
    trial->answer = mem_array(ld, sizeof *trial->answer, err);
    return trial->rows == NULL || trial->answer == NULL ? ERR_MEMORY : ERR_OK;
}

void trial_fini(struct trial *trial)
{
    defence_fini(&trial->defence);
    mem_free(trial->rows);
    mem_free(trial->answer);
    *trial = (struct trial){0};
}

static void take_state(struct trial *trial)
{
    for (size_t i = 0; i <= BYZ_VARIANTS_MOST; i++) {
        size_t size = trial->defence.state_sizes[i];
        if (size > 0 && trial->real != NULL)
            memcpy(trial->defence.states[i], trial->real->states[i], size);
        else if (size > 0)
            memset(trial->defence.states[i], 0, size);
    }
}

int trial_defend(void *context, const float *const *rows, size_t count, float *out)
{
    struct trial *trial = context;
    struct defence *defence = &trial->defence;
    struct defence_outcome outcome;
    if (count > defence->most_rows)
        return 1;
    for (size_t i = 0; i < count; i++)
        memcpy(trial->rows + i * defence->ld, rows[i], defence->d * sizeof *out);
    take_state(trial);
    const struct defence_input in = {.x = trial->rows,
                                     .spent = trial->rows,
                                     .n = count,
                                     .f = trial->f,
                                     .weights = trial->weights,
                                     .seed = trial->seed,
                                     .round = trial->round,
                                     .facts = trial->facts};
    defence_run(defence, &in, trial->answer, &outcome);
    if (!outcome.answered)
        return 1;
    memcpy(out, trial->answer, defence->d * sizeof *out);
    return 0;
}
