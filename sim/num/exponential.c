/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Straight-line arithmetic that the compiler turns into vectors:
 *
 *   e^x = 2^(k / 32) e^r,   k = the whole number nearest to 32 x / log 2,   |r| <= log 2 / 64
 *
 * with 2^(i / 32) from a table and a cubic for the rest, in double, after S. Nagy's expf (ARM, "Optimized
 * Routines"; that of the GNU C library). The hyperbolic tangent is 1 - 2 / (t + 2) or, below 1, -t / (t + 2)
 * with t = e^(2 |x|) - 1 or e^(-2 |x|) - 1, in floats, after expm1f and tanhf of fdlibm (Sun Microsystems,
 * 1993; those of the GNU C library up to 2.36 at least): the same operations in the same order, so the same
 * bits, but all cases side by side, since vectors cannot branch, and without those that change no tangent.
 *
 * Numbers are first brought to where the results do not change any more, in a loop of its own: within one the
 * compiler would make branches of it, and no vectors.
 */
#include "sim/num/exponential.h"
#include "sim/num/dispatch.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

static const double roots[32] = {0x1.0p+0,
                                 0x1.059b0d3158574p+0,
                                 0x1.0b5586cf9890fp+0,
                                 0x1.11301d0125b51p+0,
                                 0x1.172b83c7d517bp+0,
                                 0x1.1d4873168b9aap+0,
                                 0x1.2387a6e756238p+0,
                                 0x1.29e9df51fdee1p+0,
                                 0x1.306fe0a31b715p+0,
                                 0x1.371a7373aa9cbp+0,
                                 0x1.3dea64c123422p+0,
                                 0x1.44e086061892dp+0,
                                 0x1.4bfdad5362a27p+0,
                                 0x1.5342b569d4f82p+0,
                                 0x1.5ab07dd485429p+0,
                                 0x1.6247eb03a5585p+0,
                                 0x1.6a09e667f3bcdp+0,
                                 0x1.71f75e8ec5f74p+0,
                                 0x1.7a11473eb0187p+0,
                                 0x1.82589994cce13p+0,
                                 0x1.8ace5422aa0dbp+0,
                                 0x1.93737b0cdc5e5p+0,
                                 0x1.9c49182a3f090p+0,
                                 0x1.a5503b23e255dp+0,
                                 0x1.ae89f995ad3adp+0,
                                 0x1.b7f76f2fb5e47p+0,
                                 0x1.c199bdd85529cp+0,
                                 0x1.cb720dcef9069p+0,
                                 0x1.d5818dcfba487p+0,
                                 0x1.dfc97337b9b5fp+0,
                                 0x1.ea4afa2a490dap+0,
                                 0x1.f50765b6e4540p+0};

/* e^x for x between -700 and 700, or NaN. Adding 1.5 2^52 leaves k in the last bits of the sum. */
static inline double power(double x)
{
    const double shift = 0x1.8p+52, count = 32;
    double scaled = x * (0x1.71547652b82fep+0 * count);
    double whole = scaled + shift, r = scaled - (whole - shift), root;
    uint64_t k, bits;
    memcpy(&k, &whole, sizeof k);
    memcpy(&bits, &roots[k & 31], sizeof bits);
    bits += (k & ~(uint64_t)31) << 47;
    memcpy(&root, &bits, sizeof root);
    double high = 0x1.c6af84b912394p-5 / count / count / count * r + 0x1.ebfce50fac4f3p-3 / count / count;
    double low = 0x1.62e42ff0c52d6p-1 / count * r + 1;
    return (high * (r * r) + low) * root;
}

/* x = sign x, no further from 0 than `most`; sign is 1 or -1. */
NUM_CLONES static void bound(size_t count, float sign, float most, float *restrict x)
{
    for (size_t k = 0; k < count; k++) {
        float above = x[k] < -most ? -most : x[k];
        x[k] = sign * (above > most ? most : above);
    }
}

NUM_CLONES static void raise_all(size_t count, float *restrict x)
{
    for (size_t k = 0; k < count; k++)
        x[k] = (float)power((double)x[k]);
}

void exponential_powers(size_t count, float *x)
{
    bound(count, 1, 150, x);
    raise_all(count, x);
}

NUM_CLONES static void shares(size_t count, float *restrict x)
{
    for (size_t k = 0; k < count; k++)
        x[k] = 1 / (1 + x[k]);
}

void exponential_sigmoids(size_t count, float *x)
{
    bound(count, -1, 150, x);
    raise_all(count, x);
    shares(count, x);
}

/* One of two numbers by their bits: with ?: the compiler makes branches again. */
static inline float either(int first, float a, float b)
{
    uint32_t mask = -(uint32_t)first, of_a, of_b;
    memcpy(&of_a, &a, sizeof a);
    memcpy(&of_b, &b, sizeof b);
    of_a = (of_a & mask) | (of_b & ~mask);
    memcpy(&a, &of_a, sizeof a);
    return a;
}

/* 2^k, k from -126 to 127; of k only the last 9 bits count. */
static inline float scale_of(uint32_t k)
{
    uint32_t bits = (k + 127) << 23;
    float scale;
    memcpy(&scale, &bits, sizeof scale);
    return scale;
}

/* e^w - 1 = 2^k e^r - 1 with r = w - k log 2, for w of 2 to 20, or -2 to 0, or NaN, and k the whole number
 * nearest to w / log 2, found as in power: log 2 in two pieces, `lost` by the subtraction added later, a
 * rational function for e^r - 1, and the raising by 2^k in the order that loses least. */
static inline float power_less_one(float w)
{
    const float shift = 0x1.8p+23f;
    float shifted = 0x1.715476p+0f * w + shift, whole = shifted - shift;
    uint32_t k;
    memcpy(&k, &shifted, sizeof k);
    float high = w - whole * 0x1.62e300p-1f, low = whole * 0x1.2fefa2p-17f;
    float r = high - low, lost = (high - r) - low;
    float half = 0.5f * r, square = r * half;
    float series = 0x1.0cfca8p-18f + square * -0x1.afdb76p-23f;
    series = 0x1.a01a02p-10f + square * (-0x1.4ce19ap-14f + square * series);
    series = 1 + square * (-0x1.111112p-5f + square * series);
    float shrunk = 3 - series * half;
    float error = square * ((series - shrunk) / (6 - r * shrunk));
    error = (r * (error - lost) - lost) - square;
    float rest = r - error, scale = scale_of(k), inverse = scale_of(0 - k);
    float half_less = 0.5f * rest - 0.5f, below = (1 + rest) * scale - 1;
    float above = ((1 - inverse) + rest) * scale;
    below = either(whole == 0, rest, either(whole == -1, half_less, below));
    return either(whole > 0, above, below);
}

NUM_CLONES static void bend_all(size_t count, float *restrict x)
{
    for (size_t i = 0; i < count; i++) {
        float twice = 2 * fabsf(x[i]), sign = copysignf(1, twice - 2);
        float less = power_less_one(sign * twice);
        float share = either(twice >= 2, 2, -less) / (less + 2);
        x[i] = copysignf(either(twice >= 2, 1 - share, share), x[i]);
    }
}

void exponential_tangents(size_t count, float *x)
{
    bound(count, 1, 10, x);
    bend_all(count, x);
}
