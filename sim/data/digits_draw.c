/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/data/digits_draw.h"
#include "sim/data/digits_glyphs.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { SIDE = DIGITS_DRAW_SIDE, STEPS = 6, PATH_MOST = DIGITS_GLYPHS_POINTS_MOST * STEPS, WAVES = 3 };

struct point {
    double x, y;
};

/* A pen path in units of the glyph height, the middle of the box at (0, 0). */
struct path {
    size_t count;
    struct point points[PATH_MOST];
    double pressure[PATH_MOST]; /* pen radius relative to its mean */
    bool lifted[PATH_MOST];     /* no ink between this point and the one before */
};

/* The elastic field: displacement(p) = sum of amplitude * sin(frequency . p + phase) over a few long waves.
 */
struct wave {
    struct point frequency, amplitude;
    double phase;
};

/* How one picture differs from the plain pen path. */
struct hand {
    struct wave waves[WAVES];
    double a, b, c, d; /* affine map in pixels: x' = a x + b y + shift.x, y' = c x + d y + shift.y */
    struct point shift;
    double radius;                                   /* of the pen, in pixels */
    double pressure, pressure_turns, pressure_phase; /* strength, waves along the path, start */
    double softness;                                 /* width of the edge of a stroke, in pixels */
};

static struct hand draw_hand(struct rng *rng, double difficulty)
{
    struct hand hand = {0};
    for (int k = 0; k < WAVES; k++) {
        double direction = 2 * M_PI * rng_real(rng), length = 3.0 + 4.0 * rng_real(rng);
        hand.waves[k].frequency = (struct point){length * cos(direction), length * sin(direction)};
        hand.waves[k].amplitude.x = 0.035 * difficulty * rng_normal(rng);
        hand.waves[k].amplitude.y = 0.035 * difficulty * rng_normal(rng);
        hand.waves[k].phase = 2 * M_PI * rng_real(rng);
    }
    double height = 19.5 * exp(0.07 * difficulty * rng_normal(rng));
    double width = 0.80 * height * exp(0.14 * difficulty * rng_normal(rng));
    double angle = 0.10 * difficulty * rng_normal(rng), slant = 0.10 + 0.19 * difficulty * rng_normal(rng);
    double cosine = cos(angle), sine = sin(angle);
    hand.a = width * cosine;
    hand.b = -height * (sine + slant * cosine);
    hand.c = width * sine;
    hand.d = height * (cosine - slant * sine);
    hand.shift.x = SIDE / 2.0 - 0.5 + 0.9 * difficulty * rng_normal(rng);
    hand.shift.y = SIDE / 2.0 - 0.5 + 0.9 * difficulty * rng_normal(rng);
    hand.radius = 1.15 * exp(0.25 * difficulty * rng_normal(rng));
    hand.pressure = 0.25 * difficulty * rng_real(rng);
    hand.pressure_turns = 2 + 6 * rng_real(rng);
    hand.pressure_phase = 2 * M_PI * rng_real(rng);
    hand.softness = 0.9 + 0.5 * rng_real(rng);
    return hand;
}

/* The Catmull-Rom curve through p1 and p2 at t in 0..1: it passes through every point and needs no handles.
 */
static double catmull_rom(double p0, double p1, double p2, double p3, double t)
{
    return 0.5 *
           (2 * p1 + t * (p2 - p0 + t * (2 * p0 - 5 * p1 + 4 * p2 - p3 + t * (3 * (p1 - p2) + p3 - p0))));
}

static bool is_lift(const struct digits_glyph *glyph, size_t k)
{
    return glyph->points[k].x < 0;
}

/* Index of the neighbour of k in direction step, or k itself at the end of a stroke. */
static size_t neighbour(const struct digits_glyph *glyph, size_t k, int step)
{
    if ((step < 0 && k == 0) || (step > 0 && k + 1 == glyph->count))
        return k;
    size_t other = step < 0 ? k - 1 : k + 1;
    return is_lift(glyph, other) ? k : other;
}

static bool same_point(struct digits_point a, struct digits_point b)
{
    return a.x == b.x && a.y == b.y;
}

static void add_point(struct path *path, struct point point, bool lifted)
{
    path->points[path->count] = point;
    path->lifted[path->count] = lifted;
    path->count++;
}

/* The points of the glyph with a jitter of their own; the two points of a corner move together. */
static void jitter(const struct digits_glyph *glyph, struct rng *rng, double difficulty, struct point *out)
{
    for (size_t k = 0; k < glyph->count; k++) {
        if (k > 0 && same_point(glyph->points[k], glyph->points[k - 1])) {
            out[k] = out[k - 1];
            continue;
        }
        out[k].x = glyph->points[k].x / 100.0 - 0.5 + 0.030 * difficulty * rng_normal(rng);
        out[k].y = glyph->points[k].y / 100.0 - 0.5 + 0.030 * difficulty * rng_normal(rng);
    }
}

static void trace(const struct digits_glyph *glyph, struct rng *rng, double difficulty, struct path *path)
{
    struct point points[DIGITS_GLYPHS_POINTS_MOST];
    jitter(glyph, rng, difficulty, points);
    path->count = 0;
    for (size_t k = 0; k < glyph->count; k++) {
        size_t next = neighbour(glyph, k, 1), before = neighbour(glyph, k, -1);
        if (is_lift(glyph, k))
            continue;
        if (before == k)
            add_point(path, points[k], true);
        if (next == k || same_point(glyph->points[k], glyph->points[next]))
            continue;
        size_t after = neighbour(glyph, next, 1);
        for (int s = 1; s <= STEPS; s++) {
            double t = (double)s / STEPS;
            struct point p = {catmull_rom(points[before].x, points[k].x, points[next].x, points[after].x, t),
                              catmull_rom(points[before].y, points[k].y, points[next].y, points[after].y, t)};
            add_point(path, p, false);
        }
    }
}

/* Bends the path, maps it to pixels and gives it its pen pressure. */
static void deform(const struct hand *hand, struct path *path)
{
    for (size_t k = 0; k < path->count; k++) {
        struct point p = path->points[k], q = p;
        for (int w = 0; w < WAVES; w++) {
            const struct wave *wave = &hand->waves[w];
            double s = sin(wave->frequency.x * p.x + wave->frequency.y * p.y + wave->phase);
            q.x += wave->amplitude.x * s;
            q.y += wave->amplitude.y * s;
        }
        path->points[k].x = hand->a * q.x + hand->b * q.y + hand->shift.x;
        path->points[k].y = hand->c * q.x + hand->d * q.y + hand->shift.y;
        double along = (double)k / (double)path->count;
        path->pressure[k] = 1 + hand->pressure * sin(hand->pressure_turns * along + hand->pressure_phase);
    }
}

static int clamp_pixel(double value)
{
    return value < 0 ? 0 : value > SIDE - 1 ? SIDE - 1 : (int)value;
}

/* Inks the pixels near one straight piece: full inside the pen, falling linearly over the soft edge. */
static void ink_segment(struct point p, struct point q, double radius, double softness, float *ink)
{
    double reach = radius + softness, dx = q.x - p.x, dy = q.y - p.y, length2 = dx * dx + dy * dy;
    int left = clamp_pixel(floor(fmin(p.x, q.x) - reach)), right = clamp_pixel(ceil(fmax(p.x, q.x) + reach));
    int top = clamp_pixel(floor(fmin(p.y, q.y) - reach)), bottom = clamp_pixel(ceil(fmax(p.y, q.y) + reach));
    for (int row = top; row <= bottom; row++)
        for (int column = left; column <= right; column++) {
            double t = length2 > 0 ? ((column - p.x) * dx + (row - p.y) * dy) / length2 : 0;
            t = t < 0 ? 0 : t > 1 ? 1 : t;
            double ex = column - p.x - t * dx, ey = row - p.y - t * dy;
            double level = (radius + 0.5 * softness - sqrt(ex * ex + ey * ey)) / softness;
            float value = (float)(level > 1 ? 1 : level);
            if (value > ink[row * SIDE + column])
                ink[row * SIDE + column] = value;
        }
}

void digits_draw(struct rng *rng, int digit, double difficulty, uint8_t *pixels)
{
    float ink[SIDE * SIDE];
    memset(ink, 0, sizeof ink);
    struct path path;
    struct hand hand = draw_hand(rng, difficulty);
    trace(digits_glyphs_at(digit, (size_t)rng_below(rng, digits_glyphs_count(digit))), rng, difficulty,
          &path);
    deform(&hand, &path);
    for (size_t k = 1; k < path.count; k++)
        if (!path.lifted[k])
            ink_segment(path.points[k - 1], path.points[k], hand.radius * path.pressure[k], hand.softness,
                        ink);
    for (int k = 0; k < SIDE * SIDE; k++) {
        double value = 255.0 * (double)ink[k] + 6.0 * difficulty * rng_normal(rng);
        pixels[k] = (uint8_t)(value < 0 ? 0 : value > 254.5 ? 255 : value + 0.5);
    }
}
