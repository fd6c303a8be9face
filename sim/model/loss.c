/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/model/loss.h"
#include "sim/num/dispatch.h"
#include "sim/num/exponential.h"

#include <math.h>
#include <string.h>

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

/* Samples, or classes of one, that are done together, step by step: each step is then many independent
 * operations in a row. */
enum { TOGETHER = 16, SIDE_BY_SIDE = 64 };

/* The sum of e^(z - most). */
static double sum_of_powers(size_t classes, const float *z, float most)
{
    float e[SIDE_BY_SIDE];
    double sum = 0;
    for (size_t from = 0; from < classes; from += SIDE_BY_SIDE) {
        size_t here = classes - from < SIDE_BY_SIDE ? classes - from : SIDE_BY_SIDE;
        for (size_t k = 0; k < here; k++)
            e[k] = z[from + k] - most;
        exponential_powers(here, e);
        for (size_t k = 0; k < here; k++)
            sum += (double)e[k];
    }
    return sum;
}

/* Of the softmax of z (classes) against `label`. */
static double cross_entropy(size_t classes, const float *z, int32_t label)
{
    float most = finite_maximum(classes, z);
    return log(sum_of_powers(classes, z, most)) - ((double)z[label] - (double)most);
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
        return cross_entropy(outputs, out, batch->labels[index]);
    case MODEL_LOGISTIC:
        return logistic((double)out[0], batch->labels[index]);
    case MODEL_SQUARED:
        return squared((double)out[0], (double)batch->targets[index]);
    case MODEL_POTENTIAL:
        break;
    }
    return (double)out[0];
}

/* The losses of some samples, given their values at the label, the largest ones, and the sums of their
 * exponentials. Each sum lies between 1 and the number of classes, so that a few of them share a logarithm.
 */
static double add_losses(size_t count, const float *wanted, const float *most, const double *sum)
{
    double loss = 0;
    for (size_t s = 0; s < count;) {
        double product = 1;
        for (size_t end = s + TOGETHER < count ? s + TOGETHER : count; s < end; s++) {
            product *= sum[s];
            loss -= (double)wanted[s] - (double)most[s];
        }
        loss += log(product);
    }
    return loss;
}

/* z (count, classes) -= each sample's largest value, which goes to most; a sample with a value that is not
 * finite becomes NaN. */
static void shift_classes(size_t count, size_t classes, float *z, float *most)
{
    for (size_t i = 0; i < count; i++, z += classes) {
        most[i] = finite_maximum(classes, z);
        for (size_t k = 0; k < classes; k++)
            z[k] = z[k] - most[i];
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
        exponential_powers(here * classes, out);
        add_classes(here, classes, out, sum);
        loss += add_losses(here, wanted, most, sum);
        divide_classes(here, classes, sum, labels, share, out);
    }
    return loss;
}

/* Some samples side by side: sample s of class k is z[k * ld + s]. */
struct columns {
    size_t count, classes, ld;
    const int32_t *labels;
    float share;
    float *z;
};

/* Subtracts each sample's largest value, which goes to most, NaN where a value is not finite: 0 times such a
 * value is NaN. */
NUM_CLONES static void shift_columns(const struct columns *c, float *restrict most)
{
    float spoilt[SIDE_BY_SIDE] = {0};
    memcpy(most, c->z, c->count * sizeof *most);
    for (size_t k = 0; k < c->classes; k++) {
        const float *restrict z = c->z + k * c->ld;
        for (size_t s = 0; s < c->count; s++) {
            most[s] = z[s] > most[s] ? z[s] : most[s];
            spoilt[s] += 0 * z[s];
        }
    }
    for (size_t s = 0; s < c->count; s++)
        most[s] += spoilt[s];
    for (size_t k = 0; k < c->classes; k++) {
        float *restrict z = c->z + k * c->ld;
        for (size_t s = 0; s < c->count; s++)
            z[s] = z[s] - most[s];
    }
}

/* The derivatives, from the exponentials; sum: those of each sample added up. */
NUM_CLONES static void share_columns(const struct columns *c, double *restrict sum)
{
    float share = c->share;
    for (size_t s = 0; s < c->count; s++)
        sum[s] = 0;
    for (size_t k = 0; k < c->classes; k++)
        for (size_t s = 0; s < c->count; s++)
            sum[s] += (double)c->z[k * c->ld + s];
    for (size_t k = 0; k < c->classes; k++) {
        float *restrict z = c->z + k * c->ld;
        for (size_t s = 0; s < c->count; s++) {
            float part = (float)((double)z[s] / sum[s]);
            z[s] = (part - (c->labels[s] == (int32_t)k ? 1.0f : 0.0f)) * share;
        }
    }
}

double loss_derive_columns(size_t count, size_t classes, const int32_t *labels, float share, float *z)
{
    double loss = 0;
    for (size_t i = 0; i < count; i += SIDE_BY_SIDE) {
        struct columns c = {.count = count - i < SIDE_BY_SIDE ? count - i : SIDE_BY_SIDE,
                            .classes = classes,
                            .ld = count,
                            .labels = labels + i,
                            .share = share,
                            .z = z + i};
        float most[SIDE_BY_SIDE], wanted[SIDE_BY_SIDE];
        double sum[SIDE_BY_SIDE];
        for (size_t s = 0; s < c.count; s++)
            wanted[s] = c.z[(size_t)c.labels[s] * count + s];
        shift_columns(&c, most);
        for (size_t k = 0; k < classes; k++)
            exponential_powers(c.count, c.z + k * count);
        share_columns(&c, sum);
        loss += add_losses(c.count, wanted, most, sum);
    }
    return loss;
}

double loss_derive(enum model_loss loss, const struct model_batch *batch, float *out)
{
    double sum = 0, count = (double)batch->count;
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
