/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Pooling and convolutional layers against naive twins: plain loops, in double precision where sums are
 * taken, for random shapes, numbers of images and places of the output; nothing is written where nothing
 * belongs.
 */
#include "sim/base/mem.h"
#include "sim/model/conv.h"
#include "sim/model/pool.h"
#include "sim/num/rng.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static const float guard = 12345.5f;

static void *filled(size_t count, float value)
{
    float *block = mem_array(count, sizeof *block, NULL);
    cr_assert_not_null(block);
    for (size_t j = 0; j < count; j++)
        block[j] = value;
    return block;
}

static void randomise(struct rng *rng, size_t count, float *v)
{
    for (size_t j = 0; j < count; j++)
        v[j] = (float)rng_normal(rng);
}

/* Small whole numbers, so that windows have ties, and a NaN now and then. */
static void randomise_ties(struct rng *rng, size_t count, float *v)
{
    for (size_t j = 0; j < count; j++)
        v[j] = rng_below(rng, 40) == 0 ? NAN : (float)rng_below(rng, 5) - 2;
}

static bool same(float x, float y)
{
    return x == y || (isnan(x) && isnan(y));
}

static float activated(enum dense_activation activation, float z)
{
    return activation == DENSE_TANH ? tanhf(z) : z < 0 ? 0 : z;
}

/* The largest value of window w, image i of rows z, and its number. */
static float twin_largest(const struct pool_row *row, const float *z, size_t stride, size_t w, size_t i,
                          size_t *number)
{
    float most = -INFINITY;
    *number = 0;
    for (size_t k = 0; k < row->side * row->side; k++) {
        float now = z[k / row->side * stride + (w * row->side + k % row->side) * row->images + i];
        if (k == 0 || now > most || isnan(now)) {
            most = now;
            *number = k;
        }
    }
    return most;
}

static void check_pool_forward(const struct pool_row *row, const float *z, size_t stride, const float *out,
                               const uint16_t *argmax)
{
    size_t number;
    for (size_t w = 0; w < row->windows; w++)
        for (size_t i = 0; i < row->images; i++) {
            float most = twin_largest(row, z, stride, w, i, &number);
            size_t at = w * row->images + i;
            cr_assert(same(out[at], activated(row->activation, most + 0.25f)) && argmax[at] == number,
                      "side %zu, %zu images, window %zu, image %zu: %g, number %u; not number %zu", row->side,
                      row->images, w, i, (double)out[at], argmax[at], number);
        }
}

static void check_pool_backward(const struct pool_row *row, const float *d, const uint16_t *argmax,
                                const float *dz, size_t stride)
{
    size_t side = row->side, used = row->windows * side * row->images;
    for (size_t r = 0; r < side; r++)
        for (size_t j = 0; j < stride; j++) {
            size_t x = j / row->images, at = x / side * row->images + j % row->images;
            float wanted = guard;
            if (j < used)
                wanted = argmax[at] == r * side + x % side ? d[at] : 0;
            cr_assert(same(dz[r * stride + j], wanted), "side %zu, %zu images, row %zu, place %zu", side,
                      row->images, r, j);
        }
}

static void try_pool(const struct pool_row *row, struct rng *rng)
{
    size_t values = row->windows * row->images, used = values * row->side, stride = used + rng_below(rng, 5);
    size_t step = row->images + rng_below(rng, 2) * 3, spaced = row->windows * step;
    float *z = filled(row->side * stride, guard), *dz = filled(row->side * stride, guard);
    float *out = filled(values + 1, guard), *d = filled(values + 1, guard);
    float *a = filled(spaced, 0), *d_out = filled(spaced, 0), sums[16] = {0};
    uint16_t *argmax = mem_array(values + 1, sizeof *argmax, NULL);
    argmax[values] = 999;
    randomise_ties(rng, row->side * stride, z);
    pool_forward(row, z, stride, 0.25f, out, argmax);
    check_pool_forward(row, z, stride, out, argmax);
    cr_assert(out[values] == guard && argmax[values] == 999);
    randomise_ties(rng, spaced, a);
    randomise(rng, spaced, d_out);
    pool_derive(row, a, d_out, step, d, sums);
    float total[16] = {0};
    for (size_t j = 0; j < values; j++) {
        float value = a[j / row->images * step + j % row->images];
        float slope = row->activation == DENSE_TANH ? 1 - value * value : 1;
        float given = d_out[j / row->images * step + j % row->images];
        float wanted = row->activation == DENSE_RELU && !(value > 0) ? 0 : given * slope;
        cr_assert(same(d[j], wanted));
        total[j % 16] += d[j];
    }
    for (size_t l = 0; l < 16; l++)
        cr_assert(same(sums[l], total[l]), "sum %zu of %zu values", l, values);
    cr_assert_eq(d[values], guard);
    pool_backward(row, d, argmax, dz, stride);
    check_pool_backward(row, d, argmax, dz, stride);
    mem_free(z), mem_free(dz), mem_free(out), mem_free(d), mem_free(a), mem_free(d_out), mem_free(argmax);
}

Test(pool, rows_agree_with_naive_twins)
{
    struct rng rng;
    rng_start(&rng, 1, RNG_TEST, 0, 0);
    for (size_t images = 1; images <= 50; images++)
        for (size_t side = 1; side <= 4; side++)
            for (size_t k = 0; k < 2; k++)
                try_pool(&(struct pool_row){side, 1 + rng_below(&rng, 5), images,
                                            k == 0 ? DENSE_RELU : DENSE_TANH},
                         &rng);
}

/* Numbers in a window may need more than eight bits. */
Test(pool, large_windows)
{
    struct rng rng;
    rng_start(&rng, 2, RNG_TEST, 0, 0);
    try_pool(&(struct pool_row){20, 2, 3, DENSE_RELU}, &rng);
    try_pool(&(struct pool_row){17, 1, 18, DENSE_RELU}, &rng);
}

/* A layer with everything that its functions take. */
struct case_of {
    struct conv_layer layer;
    size_t images, pixel; /* pixel: floats from one pixel of the output maps to the next */
    size_t d, out_floats, values;
    float *w, *g, *out, *d_out;
    double *dz; /* (out, rows before pooling, columns, images): the twin's derivative before pooling */
    void *memory;
    struct conv_kept kept;
    struct conv_room room;
    struct conv_map map, d_map;
};

static size_t rows_before(const struct conv_layer *l)
{
    return l->height + 2 * l->padding - l->kernel + 1;
}

static size_t columns_before(const struct conv_layer *l)
{
    return l->width + 2 * l->padding - l->kernel + 1;
}

static void case_open(struct case_of *c, struct rng *rng)
{
    const struct conv_layer *l = &c->layer;
    size_t kept = conv_lay_out_kept(l, c->images, NULL, &c->kept);
    size_t room = conv_lay_out_room(l, c->images, NULL, &c->room);
    c->d = conv_dimension(l);
    c->values = l->out * conv_rows(l) * conv_columns(l);
    c->out_floats = c->values * c->pixel;
    c->w = filled(c->d, 0);
    c->g = filled(c->d + 1, guard);
    c->out = filled(c->out_floats, guard);
    c->d_out = filled(c->out_floats, guard);
    c->dz = mem_array(l->out * rows_before(l) * columns_before(l) * c->images, sizeof *c->dz, NULL);
    c->memory = mem_array(kept + room, 1, NULL);
    memset(c->memory, 0xff, kept + room); /* NaNs: nothing may depend on what was there before */
    conv_lay_out_kept(l, c->images, c->memory, &c->kept);
    conv_lay_out_room(l, c->images, (char *)c->memory + kept, &c->room);
    size_t row = conv_columns(l) * c->pixel;
    c->map = c->d_map = (struct conv_map){c->out, conv_rows(l) * row, row, c->pixel};
    c->d_map.v = c->d_out;
    randomise(rng, c->d, c->w);
    randomise(rng, c->out_floats, c->d_out);
    conv_clear_border(l, c->images, c->kept.in);
    struct conv_map in = conv_inside(l, c->images, c->kept.in);
    for (size_t j = 0; j < l->in * l->height; j++)
        randomise(rng, l->width * c->images, in.v + j / l->height * in.plane + j % l->height * in.row);
}

static void case_close(struct case_of *c)
{
    mem_free(c->w), mem_free(c->g), mem_free(c->out), mem_free(c->d_out), mem_free(c->dz),
        mem_free(c->memory);
}

/* Pixel (row, column) of the padded input of channel k, image i, or of d_in. */
static float *input_at(const struct case_of *c, float *v, size_t k, size_t row, size_t column, size_t i)
{
    struct conv_map map = conv_inside(&c->layer, c->images, v);
    size_t border = c->layer.padding * (map.row + map.pixel);
    return map.v - border + k * map.plane + row * map.row + column * map.pixel + i;
}

static double twin_z(const struct case_of *c, size_t o, size_t y, size_t x, size_t i)
{
    const struct conv_layer *l = &c->layer;
    size_t area = l->kernel * l->kernel;
    double sum = (double)c->w[l->out * l->in * area + o];
    for (size_t k = 0; k < l->in * area; k++)
        sum += (double)c->w[o * l->in * area + k] *
               (double)*input_at(c, c->kept.in, k / area, y + k % area / l->kernel, x + k % l->kernel, i);
    return sum;
}

/* Checks one output and puts the derivative where its largest value was. Random values hardly ever tie. */
static void check_output(const struct case_of *c, size_t o, size_t y, size_t x, size_t i)
{
    const struct conv_layer *l = &c->layer;
    size_t best = 0, at = o * c->map.plane + y * c->map.row + x * c->map.pixel + i;
    double most = -INFINITY;
    for (size_t k = 0; k < l->pool * l->pool; k++) {
        double z = twin_z(c, o, y * l->pool + k / l->pool, x * l->pool + k % l->pool, i);
        if (z > most) {
            most = z;
            best = k;
        }
    }
    double wanted = l->activation == DENSE_TANH ? tanh(most) : fmax(most, 0), got = (double)c->out[at];
    cr_assert_float_eq(got, wanted, 1e-4, "out (%zu, %zu, %zu), image %zu: %g, not %g", o, y, x, i, got,
                       wanted);
    double slope = l->activation == DENSE_TANH ? 1 - got * got : got > 0;
    size_t row = y * l->pool + best / l->pool, column = x * l->pool + best % l->pool;
    c->dz[((o * rows_before(l) + row) * columns_before(l) + column) * c->images + i] =
        slope * (double)c->d_out[at];
}

static void check_outputs(const struct case_of *c)
{
    for (size_t v = 0; v < c->values; v++) {
        size_t x = v % conv_columns(&c->layer), y = v / conv_columns(&c->layer) % conv_rows(&c->layer);
        for (size_t i = 0; i < c->images; i++)
            check_output(c, v / (conv_rows(&c->layer) * conv_columns(&c->layer)), y, x, i);
        for (size_t i = c->images; i < c->pixel; i++)
            cr_assert_eq(c->out[v * c->pixel + i], guard, "written between pixels");
    }
}

/* The twin's derivatives, parameter by parameter and input by input. d_in (in, padded pixels, images). */
static void twin_backward(const struct case_of *c, double *g, double *d_in)
{
    const struct conv_layer *l = &c->layer;
    size_t area = l->kernel * l->kernel, width = l->width + 2 * l->padding,
           height = l->height + 2 * l->padding;
    size_t count = l->out * rows_before(l) * columns_before(l) * c->images;
    for (size_t p = 0; p < count; p++) {
        size_t i = p % c->images, x = p / c->images % columns_before(l);
        size_t y = p / c->images / columns_before(l) % rows_before(l);
        size_t o = p / c->images / columns_before(l) / rows_before(l);
        if (c->dz[p] == 0)
            continue;
        g[l->out * l->in * area + o] += c->dz[p];
        for (size_t k = 0; k < l->in * area; k++) {
            size_t row = y + k % area / l->kernel, column = x + k % l->kernel, channel = k / area;
            g[o * l->in * area + k] += c->dz[p] * (double)*input_at(c, c->kept.in, channel, row, column, i);
            d_in[((channel * height + row) * width + column) * c->images + i] +=
                c->dz[p] * (double)c->w[o * l->in * area + k];
        }
    }
}

static void check_backward(struct case_of *c)
{
    const struct conv_layer *l = &c->layer;
    size_t width = l->width + 2 * l->padding, height = l->height + 2 * l->padding;
    double *g = mem_array(c->d, sizeof *g, NULL);
    double *d_in = mem_array(conv_input_size(l) * c->images, sizeof *d_in, NULL), scale = 1;
    twin_backward(c, g, d_in);
    conv_backward(l, c->images, c->w, &c->kept, &c->room, &c->map, &c->d_map, true, false, c->g);
    for (size_t j = 0; j < c->d; j++)
        scale = fmax(scale, fabs(g[j]));
    for (size_t j = 0; j < c->d; j++)
        cr_assert_float_eq((double)c->g[j], g[j], 2e-6 * scale, "gradient %zu: %g, not %g", j,
                           (double)c->g[j], g[j]);
    for (size_t j = 0; j < conv_input_size(l) * c->images; j++) {
        size_t pixel = j / c->images;
        float got = *input_at(c, c->room.d_in, pixel / (width * height), pixel / width % height,
                              pixel % width, j % c->images);
        cr_assert_float_eq((double)got, d_in[j], 1e-4, "input %zu: %g, not %g", j, (double)got, d_in[j]);
    }
    conv_backward(l, c->images, c->w, &c->kept, &c->room, &c->map, &c->d_map, false, true, c->g);
    for (size_t j = 0; j < c->d; j++)
        cr_assert_float_eq((double)c->g[j], 2 * g[j], 4e-6 * scale, "gradient %zu was not added to", j);
    cr_assert_eq(c->g[c->d], guard);
    mem_free(g);
    mem_free(d_in);
}

static void try_layer(struct conv_layer layer, size_t images, size_t between, struct rng *rng)
{
    struct case_of c = {.layer = layer, .images = images, .pixel = images + between};
    case_open(&c, rng);
    conv_forward(&layer, images, c.w, &c.kept, &c.room, &c.map);
    check_outputs(&c);
    check_backward(&c);
    case_close(&c);
}

Test(conv, random_layers_agree_with_naive_twins)
{
    struct rng rng;
    rng_start(&rng, 3, RNG_TEST, 0, 0);
    for (int t = 0; t < 150; t++) {
        struct conv_layer layer = {.in = 1 + rng_below(&rng, 4),
                                   .out = 1 + rng_below(&rng, 14),
                                   .kernel = 1 + rng_below(&rng, 4),
                                   .padding = rng_below(&rng, 3),
                                   .pool = 1 + rng_below(&rng, 3),
                                   .activation = t % 2 == 0 ? DENSE_RELU : DENSE_TANH};
        layer.height = layer.kernel + layer.pool - 1 + rng_below(&rng, 6);
        layer.width = layer.kernel + layer.pool - 1 + rng_below(&rng, 6);
        try_layer(layer, 1 + rng_below(&rng, 36), t % 3 == 0 ? rng_below(&rng, 20) : 0, &rng);
    }
}

/* Both convolutions of the usual network, smaller pictures of three colours, and batches around a vector. */
Test(conv, usual_layers)
{
    struct rng rng;
    rng_start(&rng, 4, RNG_TEST, 0, 0);
    for (size_t images = 15; images <= 17; images++)
        try_layer((struct conv_layer){1, 20, 5, 0, 2, 12, 13, DENSE_RELU}, images, 0, &rng);
    try_layer((struct conv_layer){20, 50, 5, 0, 2, 8, 7, DENSE_RELU}, 2, 1, &rng);
    try_layer((struct conv_layer){3, 32, 3, 1, 2, 8, 8, DENSE_RELU}, 32, 0, &rng);
    try_layer((struct conv_layer){1, 1, 1, 0, 1, 1, 1, DENSE_TANH}, 1, 0, &rng);
}
