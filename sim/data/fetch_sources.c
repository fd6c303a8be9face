/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/data/fetch.h"

#include "sim/api/byz_param.h"

static const struct fetch_file mnist[] = {
    {"mnist/train-images-idx3-ubyte.gz", "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
     "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"},
    {"mnist/train-labels-idx1-ubyte.gz", "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
     "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"},
    {"mnist/t10k-images-idx3-ubyte.gz", "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
     "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"},
    {"mnist/t10k-labels-idx1-ubyte.gz", "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
     "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"},
};

static const struct fetch_file fashion_mnist[] = {
    {"fashion_mnist/train-images-idx3-ubyte.gz",
     "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84", NULL},
    {"fashion_mnist/train-labels-idx1-ubyte.gz",
     "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845", NULL},
    {"fashion_mnist/t10k-images-idx3-ubyte.gz",
     "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073", NULL},
    {"fashion_mnist/t10k-labels-idx1-ubyte.gz",
     "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5", NULL},
};

const struct fetch_source fetch_sources[] = {
    {"mnist", "https://storage.googleapis.com/cvdf-datasets/mnist/",
     "https://storage.googleapis.com/cvdf-datasets/mnist/", mnist, BYZ_LENGTH(mnist)},
    {"fashion_mnist",
     "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/"
     "b2617bb6d3ffa2e429640350f613e3291e10b141/data/fashion/",
     "https://github.com/zalandoresearch/fashion-mnist", fashion_mnist, BYZ_LENGTH(fashion_mnist)},
    {"emnist", NULL,
     "https://www.nist.gov/itl/products-and-services/emnist-dataset (the archive in MNIST format)", NULL, 0},
    {"cifar10", NULL, "https://www.cs.toronto.edu/~kriz/cifar.html (the binary version)", NULL, 0},
};

const size_t fetch_sources_count = BYZ_LENGTH(fetch_sources);
