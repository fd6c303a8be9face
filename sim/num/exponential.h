/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * exp of numbers that are not positive, as straight-line arithmetic that the compiler turns into vectors:
 *
 *   e^x = 2^(k / 32) e^r,   k = the whole number nearest to 32 x / log 2,   |r| <= log 2 / 64
 *
 * with 2^(i / 32) from a table and a cubic for the rest, in double, after S. Nagy's expf (ARM, "Optimized
 * Routines"; that of the GNU C library). The relative error is below 2^-30, so that nearly all results are
 * the floats nearest to the truth, and they are the same bits on every processor and with every C library.
 *
 * Check: 0 gives 1, -1 gives 0.36787945, -104 gives 0, NaN gives NaN.
 */
#ifndef SIM_NUM_EXPONENTIAL_H
#define SIM_NUM_EXPONENTIAL_H

#include <stdint.h>
#include <string.h>

static const double exponential_roots[32] = {0x1.0p+0,
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

/* x between -700 and 0, or NaN: below -104 the result is 0 in any case. Adding 1.5 2^52 leaves k in the last
 * bits of the sum. */
static inline float exponential(float x)
{
    const double shift = 0x1.8p+52, roots = 32;
    double scaled = (double)x * (0x1.71547652b82fep+0 * roots);
    double whole = scaled + shift, r = scaled - (whole - shift), power;
    uint64_t k, bits;
    memcpy(&k, &whole, sizeof k);
    memcpy(&bits, &exponential_roots[k & 31], sizeof bits);
    bits += (k & ~(uint64_t)31) << 47;
    memcpy(&power, &bits, sizeof power);
    double high = 0x1.c6af84b912394p-5 / roots / roots / roots * r + 0x1.ebfce50fac4f3p-3 / roots / roots;
    double low = 0x1.62e42ff0c52d6p-1 / roots * r + 1;
    return (float)((high * (r * r) + low) * power);
}

#endif
