/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/model/loss.h"
#include "sim/num/dispatch.h"

#include <math.h>

/* The largest value, NaN when any of them is not finite. */
static float finite_maximum(size_t count, const float *z)
{
    float most = z[0];
    bool finite = true;
    for (size_t k = 0; k < count; k++) {
        most = z[k] > most ? z[k] : most;
        finite = finite && isfinite(z[k]);
    }
    return finite ? most : NAN;
}

/* Softmax of z (classes) into p, which may be z; returns the cross entropy against `label`. */
static double cross_entropy(size_t classes, const float *z, int32_t label, float *p)
{
    float most = finite_maximum(classes, z), wanted = z[label];
    double sum = 0;
    for (size_t k = 0; k < classes; k++) {
        float e = expf(z[k] - most);
        sum += (double)e;
        if (p != NULL)
            p[k] = e;
    }
    if (p != NULL)
        for (size_t k = 0; k < classes; k++)
            p[k] = (float)((double)p[k] / sum);
    return log(sum) - ((double)wanted - (double)most);
}

static double logistic(double z, int32_t label)
{
    return fmax(z, 0) - (double)label * z + log1p(exp(-fabs(z)));
}

static double squared(double z, double target)
{
    return 0.5 * (z - target) * (z - target);
}

double loss_sample(enum model_loss loss, const struct model_batch *batch, size_t index, size_t outputs,
                   const float *out)
{
    switch (loss) {
    case MODEL_CROSS_ENTROPY:
        return cross_entropy(outputs, out, batch->labels[index], NULL);
    case MODEL_LOGISTIC:
        return logistic((double)out[0], batch->labels[index]);
    case MODEL_SQUARED:
        return squared((double)out[0], (double)batch->targets[index]);
    case MODEL_POTENTIAL:
        break;
    }
    return (double)out[0];
}

/* Samples that are done together, step by step: each step is then many independent operations in a row. */
enum { TOGETHER = 16 };

/* z (count, classes) -= each sample's largest value, which goes to most; a sample with a value that is not
 * finite becomes NaN. */
static void shift_classes(size_t count, size_t classes, float *z, float *most)
{
    for (size_t i = 0; i < count; i++, z += classes) {
        most[i] = finite_maximum(classes, z);
        for (size_t k = 0; k < classes; k++)
            z[k] -= most[i];
    }
}

static void add_classes(size_t count, size_t classes, const float *e, double *sum)
{
    for (size_t i = 0; i < count; i++, e += classes) {
        sum[i] = 0;
        for (size_t k = 0; k < classes; k++)
            sum[i] += (double)e[k];
    }
}

/* e (count, classes) = share (e / sum - 1 at the label). */
NUM_CLONES static void divide_classes(size_t count, size_t classes, const double *sum, const int32_t *labels,
                                      float share, float *restrict e)
{
    for (size_t i = 0; i < count; i++, e += classes) {
        for (size_t k = 0; k < classes; k++)
            e[k] = (float)((double)e[k] / sum[i]);
        e[labels[i]] -= 1.0f;
        for (size_t k = 0; k < classes; k++)
            e[k] *= share;
    }
}

double loss_derive_classes(size_t count, size_t classes, const int32_t *labels, float share, float *out)
{
    double loss = 0;
    for (size_t i = 0; i < count; i += TOGETHER, out += TOGETHER * classes, labels += TOGETHER) {
        size_t here = count - i < TOGETHER ? count - i : TOGETHER;
        float wanted[TOGETHER], most[TOGETHER];
        double sum[TOGETHER];
        for (size_t s = 0; s < here; s++)
            wanted[s] = out[s * classes + (size_t)labels[s]];
        shift_classes(here, classes, out, most);
        for (size_t k = 0; k < here * classes; k++)
            out[k] = expf(out[k]);
        add_classes(here, classes, out, sum);
        for (size_t s = 0; s < here; s++)
            loss += log(sum[s]) - ((double)wanted[s] - (double)most[s]);
        divide_classes(here, classes, sum, labels, share, out);
    }
    return loss;
}

double loss_derive(enum model_loss loss, const struct model_batch *batch, size_t outputs, float *out)
{
    double sum = 0, count = (double)batch->count;
    if (loss == MODEL_CROSS_ENTROPY)
        return loss_derive_classes(batch->count, outputs, batch->labels, 1.0f / (float)batch->count, out) /
               count;
    for (size_t i = 0; i < batch->count; i++) {
        double z = (double)out[i], slope = 1;
        sum += loss_sample(loss, batch, i, 1, out + i);
        if (loss == MODEL_LOGISTIC)
            slope = 1 / (1 + exp(-z)) - (double)batch->labels[i];
        else if (loss == MODEL_SQUARED)
            slope = z - (double)batch->targets[i];
        out[i] = (float)(slope / count);
    }
    return sum / count;
}

int32_t loss_decide(enum model_loss loss, size_t outputs, const float *out)
{
    if (isnan(finite_maximum(outputs, out)))
        return -1;
    if (loss == MODEL_LOGISTIC)
        return out[0] > 0;
    if (loss != MODEL_CROSS_ENTROPY)
        return -1;
    size_t best = 0;
    for (size_t k = 1; k < outputs; k++)
        if (out[k] > out[best])
            best = k;
    return (int32_t)best;
}
