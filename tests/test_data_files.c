/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/data/places.h"
#include "tests/data/scratch.h"

#include <math.h>
#include <zlib.h>

/* Loads a kind from one folder. The error text is in *err. */
static int load(const char *name, const void *params, const char *folder, struct dataset *out,
                struct err *err)
{
    struct data_places places = {.option = folder};
    *out = (struct dataset){0};
    *err = (struct err){0};
    const struct dataset_kind *kind = scratch_kind(name);
    void *defaults = scratch_params(&kind->base);
    int rc = kind->load(params == NULL ? defaults : params, &places, out, err);
    free(defaults);
    return rc;
}

/* ---- IDX ---- */

enum { IMAGES = 3, IMAGE_BYTES = 16 + IMAGES * 784, LABEL_BYTES = 8 + IMAGES };

struct idx_files {
    uint8_t images[IMAGE_BYTES], labels[LABEL_BYTES];
};

static struct idx_files make_idx(void)
{
    struct idx_files files = {.images = {0, 0, 8, 3, 0, 0, 0, IMAGES, 0, 0, 0, 28, 0, 0, 0, 28},
                              .labels = {0, 0, 8, 1, 0, 0, 0, IMAGES, 7, 1, 9}};
    for (size_t k = 16; k < IMAGE_BYTES; k++)
        files.images[k] = (uint8_t)(k * 31 % 251);
    return files;
}

/* Writes both splits of `kind` ("mnist"), the training files cut to or lengthened to the given sizes. */
static void write_idx(const char *folder, const char *prefix, const char *test, const struct idx_files *files,
                      size_t image_bytes, size_t label_bytes)
{
    struct idx_files good = make_idx();
    char name[128];
    snprintf(name, sizeof name, "%strain-images-idx3-ubyte", prefix);
    scratch_write(folder, name, files->images, image_bytes);
    snprintf(name, sizeof name, "%strain-labels-idx1-ubyte", prefix);
    scratch_write(folder, name, files->labels, label_bytes);
    snprintf(name, sizeof name, "%s%s-images-idx3-ubyte", prefix, test);
    scratch_write(folder, name, good.images, IMAGE_BYTES);
    snprintf(name, sizeof name, "%s%s-labels-idx1-ubyte", prefix, test);
    scratch_write(folder, name, good.labels, LABEL_BYTES);
}

/* Loads the changed files as MNIST and checks that the error holds both words. */
static void expect_idx_error(const struct idx_files *files, size_t image_bytes, size_t label_bytes,
                             const char *place, const char *words)
{
    char *folder = scratch_make();
    struct dataset data;
    struct err err;
    write_idx(folder, "mnist/", "t10k", files, image_bytes, label_bytes);
    cr_assert_eq(load("mnist", NULL, folder, &data, &err), ERR_DATA, "%s", err.text);
    cr_assert(strstr(err.text, place) != NULL && strstr(err.text, words) != NULL, "%s", err.text);
    cr_assert_not_null(strstr(err.text, folder), "%s", err.text);
    dataset_fini(&data);
    scratch_remove(folder);
}

Test(data_files, idx_reads_what_is_there)
{
    char *folder = scratch_make();
    struct idx_files files = make_idx();
    struct dataset data;
    struct err err;
    write_idx(folder, "fashion_mnist/", "t10k", &files, IMAGE_BYTES, LABEL_BYTES);
    cr_assert_eq(load("fashion_mnist", NULL, folder, &data, &err), 0, "%s", err.text);
    cr_assert_eq(data.train.count, IMAGES);
    cr_assert_arr_eq(data.train.bytes, files.images + 16, IMAGES * 784);
    cr_assert_eq(data.train.labels[2], 9);
    cr_assert_eq(data.height, 28);
    cr_assert_float_eq((double)data.shift[0], -0.2860 / 0.3530, 1e-6);
    dataset_fini(&data);
    scratch_remove(folder);
}

Test(data_files, idx_takes_the_first_samples_and_refuses_more_than_there_are)
{
    char *folder = scratch_make();
    struct idx_files files = make_idx();
    struct dataset data;
    struct err err;
    const struct byz_descriptor *kind = &scratch_kind("mnist")->base;
    void *params = scratch_params(kind);
    write_idx(folder, "mnist/", "t10k", &files, IMAGE_BYTES, LABEL_BYTES);
    scratch_set_count(kind, params, "train", 2);
    scratch_set_choice(kind, params, "normalise", 1);
    cr_assert_eq(load("mnist", params, folder, &data, &err), 0, "%s", err.text);
    cr_assert_eq(data.train.count, 2);
    cr_assert_eq(data.test.count, IMAGES);
    cr_assert_eq(data.shift[0], 0.0f);
    dataset_fini(&data);
    scratch_set_count(kind, params, "train", 4);
    cr_assert_eq(load("mnist", params, folder, &data, &err), ERR_CONFIG);
    cr_assert_not_null(strstr(err.text, "the file has 3"), "%s", err.text);
    dataset_fini(&data);
    free(params);
    scratch_remove(folder);
}

Test(data_files, idx_names_the_byte_of_every_kind_of_damage)
{
    struct idx_files files = make_idx();
    expect_idx_error(&files, IMAGE_BYTES - 1, LABEL_BYTES, "byte 16", "2352 bytes of pictures");
    expect_idx_error(&files, 10, LABEL_BYTES, "byte 10", "ends here");
    expect_idx_error(&files, 0, LABEL_BYTES, "byte 0", "ends here");
    expect_idx_error(&files, IMAGE_BYTES, LABEL_BYTES - 1, "byte 8", "labels");
    files.images[3] = 1;
    expect_idx_error(&files, IMAGE_BYTES, LABEL_BYTES, "byte 0", "00000801, expected 00000803");
    files = make_idx();
    files.images[11] = 27;
    expect_idx_error(&files, IMAGE_BYTES, LABEL_BYTES, "byte 8", "height 27, expected 28");
    files = make_idx();
    files.images[15] = 29;
    expect_idx_error(&files, IMAGE_BYTES, LABEL_BYTES, "byte 12", "width 29, expected 28");
    files = make_idx();
    files.labels[9] = 10;
    expect_idx_error(&files, IMAGE_BYTES, LABEL_BYTES, "byte 9", "label 10 of sample 1 is not in 0..9");
    files = make_idx();
    files.labels[7] = 2;
    expect_idx_error(&files, IMAGE_BYTES, LABEL_BYTES - 1, "3 pictures", "2 labels");
    files.images[7] = 0;
    expect_idx_error(&files, 16, LABEL_BYTES, "byte 4", "no samples");
}

Test(data_files, idx_trusts_no_header_before_it_looks_at_the_size_of_the_file)
{
    struct idx_files files = make_idx();
    memset(files.images + 4, 0xFF, 4); /* 4,294,967,295 pictures are 3.4 TB */
    expect_idx_error(&files, IMAGE_BYTES, LABEL_BYTES, "byte 16", "the file can hold at most 2352 more");
}

Test(data_files, idx_refuses_trailing_bytes)
{
    struct idx_files files = make_idx();
    files.images[7] = 2;
    files.labels[7] = 2;
    expect_idx_error(&files, IMAGE_BYTES, LABEL_BYTES - 1, "byte 16", "the file has 2352 more");
}

static size_t compress_to(const void *bytes, size_t size, uint8_t *out, size_t room)
{
    z_stream stream = {0};
    cr_assert_eq(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = (Bytef *)(uintptr_t)bytes;
    stream.avail_in = (uInt)size;
    stream.next_out = out;
    stream.avail_out = (uInt)room;
    cr_assert_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
    size_t length = stream.total_out;
    deflateEnd(&stream);
    return length;
}

/* MNIST with a compressed training image file of the given bytes. */
static int load_packed(const uint8_t *bytes, size_t size, struct dataset *data, struct err *err)
{
    char *folder = scratch_make();
    struct idx_files files = make_idx();
    write_idx(folder, "mnist/", "t10k", &files, IMAGE_BYTES, LABEL_BYTES);
    char *plain = scratch_path(folder, "mnist/train-images-idx3-ubyte");
    cr_assert_eq(unlink(plain), 0);
    free(plain);
    scratch_write(folder, "mnist/train-images-idx3-ubyte.gz", bytes, size);
    int rc = load("mnist", NULL, folder, data, err);
    scratch_remove(folder);
    return rc;
}

Test(data_files, compressed_files_are_read_and_damage_is_found)
{
    struct idx_files files = make_idx();
    uint8_t packed[2 * IMAGE_BYTES], longer[IMAGE_BYTES + 1];
    struct dataset data;
    struct err err;
    size_t size = compress_to(files.images, IMAGE_BYTES, packed, sizeof packed);
    cr_assert_eq(load_packed(packed, size, &data, &err), 0, "%s", err.text);
    cr_assert_arr_eq(data.train.bytes, files.images + 16, IMAGES * 784);
    dataset_fini(&data);

    cr_assert_eq(load_packed(packed, size / 2, &data, &err), ERR_DATA); /* cut off */
    cr_assert_not_null(strstr(err.text, "breaks off"), "%s", err.text);
    dataset_fini(&data);
    packed[size - 6] ^= 1; /* the checksum of the contents */
    cr_assert_eq(load_packed(packed, size, &data, &err), ERR_DATA);
    cr_assert_not_null(strstr(err.text, "damaged"), "%s", err.text);
    dataset_fini(&data);

    memcpy(longer, files.images, IMAGE_BYTES);
    longer[IMAGE_BYTES] = 0;
    size = compress_to(longer, sizeof longer, packed, sizeof packed);
    cr_assert_eq(load_packed(packed, size, &data, &err), ERR_DATA);
    cr_assert(strstr(err.text, "byte 2368") && strstr(err.text, "goes on"), "%s", err.text);
    dataset_fini(&data);
    memset(longer + 4, 0xFF, 4); /* 3.4 TB cannot be in so small a file, compressed or not */
    size = compress_to(longer, sizeof longer, packed, sizeof packed);
    cr_assert_eq(load_packed(packed, size, &data, &err), ERR_DATA);
    cr_assert_not_null(strstr(err.text, "can hold at most"), "%s", err.text);
    dataset_fini(&data);
}

Test(data_files, emnist_is_turned_upright_and_letters_start_at_0)
{
    char *folder = scratch_make();
    struct idx_files files = make_idx();
    struct dataset data;
    struct err err;
    const struct byz_descriptor *kind = &scratch_kind("emnist")->base;
    void *params = scratch_params(kind);
    scratch_set_choice(kind, params, "split", 1);
    files.labels[8] = 26;
    write_idx(folder, "emnist/emnist-letters-", "test", &files, IMAGE_BYTES, LABEL_BYTES);
    cr_assert_eq(load("emnist", params, folder, &data, &err), 0, "%s", err.text);
    cr_assert_eq(data.classes, 26);
    cr_assert_eq(data.train.labels[0], 25);
    cr_assert_eq(data.train.labels[1], 0);
    cr_assert_eq(data.train.bytes[784 + 5 * 28 + 3], files.images[16 + 784 + 3 * 28 + 5]);
    dataset_fini(&data);
    files.labels[8] = 0;
    write_idx(folder, "emnist/emnist-letters-", "test", &files, IMAGE_BYTES, LABEL_BYTES);
    cr_assert_eq(load("emnist", params, folder, &data, &err), ERR_DATA);
    cr_assert_not_null(strstr(err.text, "not in 1..26"), "%s", err.text);
    dataset_fini(&data);
    free(params);
    scratch_remove(folder);
}

Test(data_files, missing_files_name_the_places_and_the_cure)
{
    struct data_places places = {
        .option = "/nonexistent/a", .environment = "/nonexistent/b", .user = "/nonexistent/c"};
    struct err err = {0};
    struct dataset data = {0};
    const struct dataset_kind *kind = scratch_kind("mnist");
    void *params = scratch_params(&kind->base);
    cr_assert_eq(kind->load(params, &places, &data, &err), ERR_DATA);
    const char *const words[] = {"mnist/train-images-idx3-ubyte", "/nonexistent/a", "/nonexistent/b",
                                 "/nonexistent/c", "byzsim data fetch mnist"};
    for (size_t k = 0; k < BYZ_LENGTH(words); k++)
        cr_assert_not_null(strstr(err.text, words[k]), "%s: %s", words[k], err.text);
    dataset_fini(&data);
    free(params);
    cr_assert_eq(load("cifar10", NULL, "/nonexistent", &data, &err), ERR_DATA);
    cr_assert_not_null(strstr(err.text, "https://www.cs.toronto.edu"), "%s", err.text);
    dataset_fini(&data);
}

/* ---- CIFAR-10 ---- */

Test(data_files, cifar10_reads_records_and_checks_sizes_and_labels)
{
    enum { RECORD = 3073, FILE_BYTES = 10000 * RECORD };
    char *folder = scratch_make();
    struct dataset data;
    struct err err;
    const struct byz_descriptor *kind = &scratch_kind("cifar10")->base;
    void *params = scratch_params(kind);
    uint8_t *bytes = calloc(FILE_BYTES, 1);
    bytes[RECORD] = 4;
    bytes[RECORD + 1 + 1024] = 200; /* first green pixel of the second record */
    scratch_set_count(kind, params, "train", 3);
    scratch_set_count(kind, params, "test", 1);
    scratch_write(folder, "cifar10/data_batch_1.bin", bytes, FILE_BYTES);
    scratch_write(folder, "cifar10/test_batch.bin", bytes, FILE_BYTES);
    cr_assert_eq(load("cifar10", params, folder, &data, &err), 0, "%s", err.text);
    cr_assert_eq(data.train.labels[1], 4);
    cr_assert_eq(data.train.bytes[3072 + 1024], 200);
    cr_assert_float_eq((double)data.scale[1], 1 / (255 * 0.2435), 1e-7);
    dataset_fini(&data);
    bytes[2 * RECORD] = 10;
    scratch_write(folder, "cifar10/data_batch_1.bin", bytes, FILE_BYTES);
    cr_assert_eq(load("cifar10", params, folder, &data, &err), ERR_DATA);
    cr_assert(strstr(err.text, "byte 6146") && strstr(err.text, "label 10"), "%s", err.text);
    dataset_fini(&data);
    scratch_write(folder, "cifar10/data_batch_1.bin", bytes, FILE_BYTES - 5);
    cr_assert_eq(load("cifar10", params, folder, &data, &err), ERR_DATA);
    cr_assert_not_null(strstr(err.text, "30730000 bytes"), "%s", err.text);
    dataset_fini(&data);
    free(bytes);
    free(params);
    scratch_remove(folder);
}

/* ---- places ---- */

Test(data_files, the_listing_says_which_files_are_there)
{
    char *folder = scratch_make();
    struct data_places places = {.option = "", .environment = folder};
    struct places_listing listing = {0};
    struct err err = {0};
    size_t found = 0, mnist = 0;
    scratch_write(folder, "mnist/train-labels-idx1-ubyte.gz", "x", 1);
    cr_assert_eq(places_list(&places, &listing, &err), 0);
    for (size_t k = 0; k < listing.count; k++) {
        found += listing.files[k].path != NULL;
        mnist += strcmp(listing.files[k].kind, "mnist") == 0;
        if (strcmp(listing.files[k].relative, "mnist/train-labels-idx1-ubyte") == 0)
            cr_assert_not_null(strstr(listing.files[k].path, "mnist/train-labels-idx1-ubyte.gz"));
    }
    cr_assert_eq(found, 1);
    cr_assert_eq(mnist, 4);
    cr_assert_str_eq(places_first(&places), folder);
    places_listing_fini(&listing);
    scratch_remove(folder);
}

Test(data_files, places_come_from_the_environment)
{
    struct data_places places = {0};
    struct err err = {0};
    setenv("BYZSIM_DATA", "/from/environment", 1);
    setenv("XDG_DATA_HOME", "/from/xdg", 1);
    cr_assert_eq(places_init(&places, NULL, &err), 0);
    cr_assert_str_eq(places.environment, "/from/environment");
    cr_assert_str_eq(places.user, "/from/xdg/byzsim");
    places_fini(&places);
    setenv("XDG_DATA_HOME", "", 1);
    setenv("HOME", "/home/of/somebody", 1);
    cr_assert_eq(places_init(&places, "given", &err), 0);
    cr_assert_str_eq(places.user, "/home/of/somebody/.local/share/byzsim");
    cr_assert_str_eq(places_first(&places), "given");
    places_fini(&places);
}

/* ---- the real thing ---- */

Test(data_files, mnist_has_its_60000_and_10000_samples)
{
    const char *folder = getenv("BYZSIM_DATA");
    struct dataset data;
    struct err err;
    if (folder == NULL)
        cr_skip_test("BYZSIM_DATA is not set");
    cr_assert_eq(load("mnist", NULL, folder, &data, &err), 0, "%s", err.text);
    cr_assert_eq(data.train.count, 60000);
    cr_assert_eq(data.test.count, 10000);
    const int32_t labels[] = {5, 0, 4, 1, 9, 2, 1, 3, 1, 4};
    cr_assert_arr_eq(data.train.labels, labels, sizeof labels);
    double sum = 0, squares = 0;
    for (size_t k = 0; k < 60000 * 784u; k++) {
        double value = data.train.bytes[k] / 255.0;
        sum += value;
        squares += value * value;
    }
    double mean = sum / (60000 * 784.0);
    cr_assert_float_eq(mean, 0.1307, 5e-5);
    cr_assert_float_eq(sqrt(squares / (60000 * 784.0) - mean * mean), 0.3081, 5e-5);
    dataset_fini(&data);
}
