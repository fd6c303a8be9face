/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fashion-MNIST: 60,000 training and 10,000 test pictures of articles of clothing, 28 x 28 grey, 10 classes.
 * Xiao, Rasul, Vollgraf, arXiv:1708.07747, 2017.
 */
#include "sim/data/idx.h"
#include "sim/data/registry.h"

static const char *const files[] = {
    "fashion_mnist/train-images-idx3-ubyte",
    "fashion_mnist/train-labels-idx1-ubyte",
    "fashion_mnist/t10k-images-idx3-ubyte",
    "fashion_mnist/t10k-labels-idx1-ubyte",
    NULL,
};

static const struct byz_param knobs[] = {IDX_KNOBS};

static int load(const void *params, const struct data_places *places, struct dataset *out, struct err *err)
{
    static const struct idx_source source = {
        .kind = "fashion_mnist", .files = files, .classes = 10, .mean = 0.2860, .std = 0.3530};
    return idx_load(&source, params, places, out, err);
}

const struct dataset_kind dataset_fashion_mnist = {
    .base = {.name = "fashion_mnist",
             .doc = "Fashion-MNIST: 60,000 training and 10,000 test pictures of articles of clothing, 28 x "
                    "28 grey, 10 classes "
                    "(Xiao, Rasul, Vollgraf, arXiv:1708.07747, 2017). "
                    "Get it with `byzsim data fetch fashion_mnist`.",
             .params = knobs,
             .param_count = BYZ_LENGTH(knobs),
             .params_size = sizeof(struct idx_params)},
    .files = files,
    .load = load,
};
