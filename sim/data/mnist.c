/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * MNIST: 60,000 training and 10,000 test pictures of handwritten digits, 28 x 28 grey, 10 classes.
 * LeCun, Bottou, Bengio, Haffner, "Gradient-based learning applied to document recognition", Proc. IEEE 1998.
 */
#include "sim/data/idx.h"
#include "sim/data/registry.h"

static const char *const files[] = {
    "mnist/train-images-idx3-ubyte",
    "mnist/train-labels-idx1-ubyte",
    "mnist/t10k-images-idx3-ubyte",
    "mnist/t10k-labels-idx1-ubyte",
    NULL,
};

static const struct byz_param knobs[] = {IDX_KNOBS};

static int load(const void *params, const struct data_places *places, struct dataset *out, struct err *err)
{
    static const struct idx_source source = {
        .kind = "mnist", .files = files, .classes = 10, .mean = 0.1307, .std = 0.3081};
    return idx_load(&source, params, places, out, err);
}

const struct dataset_kind dataset_mnist = {
    .base = {.name = "mnist",
             .doc = "MNIST: 60,000 training and 10,000 test pictures of handwritten digits, 28 x 28 grey, 10 "
                    "classes "
                    "(LeCun, Bottou, Bengio, Haffner, \"Gradient-based learning applied to document "
                    "recognition\", Proc. IEEE 1998). "
                    "Get it with `byzsim data fetch mnist`.",
             .params = knobs,
             .param_count = BYZ_LENGTH(knobs),
             .params_size = sizeof(struct idx_params)},
    .files = files,
    .load = load,
};
