/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Quadratic potentials: sample c costs 1/2 sum_i h_i (w_i - c_i)^2, so the mean loss is smallest at the mean
 * of the samples and everything about it is known: gradient h_i (w_i - mean c_i), Hessian diag(h).
 * Parameters: w (features). Labels and targets are not read. Cost: 4 * count * features floating-point
 * operations. The standard model problem of first-order methods: Nesterov, "Introductory Lectures on Convex
 * Optimization", 2004, section 2.1.
 *
 * Check: w = (1, 2), c = (0, 4): uniform curvature gives loss 2.5 and gradient (1, -2); inverse 1.5 and (1,
 * -1).
 */
#include "sim/base/mem.h"
#include "sim/model/init.h"
#include "sim/model/kinds.h"
#include "sim/model/shape.h"

#include <math.h>

enum { TILE = 256, UNIFORM = 0, INVERSE, LOG_SPACED };

struct params {
    int curvature;
    double condition;
};

static const char *const curvatures[] = {"uniform", "inverse", "log_spaced", NULL};

static const struct byz_param table[] = {
    {.name = "curvature",
     .type = BYZ_CHOICE,
     .offset = offsetof(struct params, curvature),
     .choices = curvatures,
     .initial_word = "uniform",
     .doc = "Curvature of coordinate i = 1, 2, ...: uniform is 1, inverse is 1/i, log_spaced falls from 1 to "
            "1/condition by equal factors."},
    {.name = "condition",
     .type = BYZ_REAL,
     .offset = offsetof(struct params, condition),
     .initial = 100,
     .min = 1,
     .max = 1e12,
     .doc = "Ratio of the largest to the smallest curvature, for curvature log_spaced."},
};

/* The curvatures one after the other. */
struct curve {
    int kind;
    double index, factor, value;
};

static struct curve curve_start(const struct params *knobs, size_t features)
{
    double steps = features > 1 ? (double)(features - 1) : 1;
    return (struct curve){.kind = knobs->curvature, .factor = pow(knobs->condition, -1 / steps), .value = 1};
}

static double curve_next(struct curve *curve)
{
    double now = curve->value;
    curve->index += 1;
    if (curve->kind == INVERSE)
        curve->value = 1 / (curve->index + 1);
    else if (curve->kind == LOG_SPACED)
        curve->value = now * curve->factor;
    return now;
}

static int unsuitable(const void *params, const struct model_shape *shape, char reason[BYZ_REASON_SIZE])
{
    (void)params;
    return shape_need_single("quadratic", shape, reason) ||
           shape_need_fitting("quadratic", shape, (double)shape->features, reason);
}

static size_t dimension(const void *params, const struct model_shape *shape)
{
    (void)params;
    return shape->features;
}

static size_t outputs(const void *params, const struct model_shape *shape)
{
    (void)params;
    (void)shape;
    return 1;
}

static size_t scratch_bytes(const void *params, const struct model_shape *shape, size_t count)
{
    (void)params;
    (void)shape;
    return mem_round_up(count * sizeof(double));
}

static void initialise(const void *params, const struct model_shape *shape, enum model_init init,
                       struct rng *rng, float *w)
{
    (void)params;
    const struct init_layer layer = {.weights = shape->features, .fan_in = shape->features, .fan_out = 1};
    init_fill_convex(&layer, init, rng, w);
}

/* Adds w - c and its square, summed over the batch, to sum and squares (width); ld floats from sample to
 * sample. */
static void sum_offsets(size_t count, size_t width, const float *restrict w, const float *restrict x,
                        size_t ld, double *restrict sum, double *restrict squares)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < width; j++) {
            double offset = (double)w[j] - (double)x[i * ld + j];
            sum[j] += offset;
            squares[j] += offset * offset;
        }
}

static double gradient(const void *params, const struct model_shape *shape, const float *w,
                       const struct model_batch *batch, void *scratch, float *g)
{
    (void)scratch;
    struct curve curve = curve_start(params, shape->features);
    double loss = 0, count = (double)batch->count;
    for (size_t j = 0; j < shape->features; j += TILE) {
        size_t width = shape->features - j < TILE ? shape->features - j : TILE;
        double sum[TILE] = {0}, squares[TILE] = {0};
        sum_offsets(batch->count, width, w + j, batch->x + j, shape->features, sum, squares);
        for (size_t k = 0; k < width; k++) {
            double h = curve_next(&curve);
            loss += 0.5 * h * squares[k];
            g[j + k] = (float)(h * sum[k] / count);
        }
    }
    return loss / count;
}

static double flops(const void *params, const struct model_shape *shape, size_t count)
{
    (void)params;
    return 4 * (double)count * (double)shape->features;
}

static void predict(const void *params, const struct model_shape *shape, const float *w, size_t count,
                    const float *x, void *scratch, float *out)
{
    struct curve curve = curve_start(params, shape->features);
    double *sum = scratch;
    for (size_t i = 0; i < count; i++)
        sum[i] = 0;
    for (size_t j = 0; j < shape->features; j++) {
        double h = curve_next(&curve);
        for (size_t i = 0; i < count; i++) {
            double offset = (double)w[j] - (double)x[i * shape->features + j];
            sum[i] += 0.5 * h * offset * offset;
        }
    }
    for (size_t i = 0; i < count; i++)
        out[i] = (float)sum[i];
}

const struct model_kind model_quadratic = {
    .base =
        {.name = "quadratic",
         .doc =
             "Quadratic potential: sample c costs half the curvature-weighted squared distance of the "
             "parameters "
             "from c, so the optimum is the mean of the samples and the Hessian is known. For checks against "
             "theory (Nesterov, Introductory Lectures on Convex Optimization, 2004). Labels are not used.",
         .params = table,
         .param_count = BYZ_LENGTH(table),
         .params_size = sizeof(struct params)},
    .loss = MODEL_POTENTIAL,
    .unsuitable = unsuitable,
    .dimension = dimension,
    .outputs = outputs,
    .scratch_bytes = scratch_bytes,
    .initialise = initialise,
    .gradient = gradient,
    .flops = flops,
    .predict = predict,
};
