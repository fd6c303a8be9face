/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/page/page.h"
#include "sim/base/file.h"
#include "sim/page/assets.h"
#include "sim/page/markup.h"
#include "sim/page/sections.h"
#include "sim/plot/plot.h"
#include "sim/report/environment.h"

#include <nettle/base64.h>
#include <nettle/sha2.h>
#include <string.h>

const char page_series[] = "error_ratio,cosine_to_honest,byzantine_weight";

/* " 'sha256-...'": the source that a Content-Security-Policy allows. */
static void write_hash(const char *bytes, size_t length, struct text *out)
{
    uint8_t sum[SHA256_DIGEST_SIZE];
    char words[BASE64_ENCODE_RAW_LENGTH(SHA256_DIGEST_SIZE) + 1] = {0};
    struct sha256_ctx context;
    sha256_init(&context);
    sha256_update(&context, length, (const uint8_t *)bytes);
    sha256_digest(&context, sizeof sum, sum);
    base64_encode_raw(words, sizeof sum, sum);
    text_printf(out, " 'sha256-%s'", words);
}

static void write_head(const struct page_request *request, const char *title, struct text *out)
{
    text_add(out,
             "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
             "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; base-uri 'none'; "
             "form-action 'none'; style-src");
    write_hash(embedded_page_css, strlen(embedded_page_css), out);
    text_add(out, "; script-src");
    write_hash(embedded_page_js, strlen(embedded_page_js), out);
    if (request->library->bytes != NULL)
        write_hash(request->library->bytes, request->library->length, out);
    text_add(out, "\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                  "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
    markup_short(out, title);
    text_printf(out, "</title>\n<style>%s</style>\n</head>\n<body>\n", embedded_page_css);
}

static void write_header(const struct survey *survey, const char *title, struct text *out)
{
    text_add(out, "<header><h1>");
    markup_short(out, title);
    text_add(out, "</h1>\n<nav aria-label=\"Sections\"><a href=\"#summary\">Summary</a>");
    if (survey->measure_count > 0 && survey->settings.count > 1)
        text_add(out, "<a href=\"#heat\">Heat maps</a>");
    if (survey->measure_count > 0)
        text_add(out, "<a href=\"#curves\">Curves</a>");
    text_add(out, "<a href=\"#runs\">Runs</a><a href=\"#configurations\">Configurations</a>"
                  "<a href=\"#environment\">Environment</a></nav></header>\n<main>\n");
}

static int write_curves(const struct survey *survey, struct text *out, struct err *err)
{
    struct lines lines = {0};
    if (survey->measure_count == 0)
        return ERR_OK;
    int rc = lines_make(&lines, survey, &survey->measures[0], err);
    if (rc == ERR_OK) {
        text_add(out, "<section id=\"curves\"><h2>Curves</h2>\n");
        if (lines.last_round > 0)
            rc = page_curves(survey, &lines, out, err);
        text_add(out, "<div id=\"charts\"></div></section>\n");
    }
    lines_fini(&lines);
    return rc;
}

static void write_footer(const struct page_request *request, size_t thinned, struct text *out)
{
    markup(out,
           "</main>\n<footer><p>Written by byzsim % (commit %). This file is complete: it loads nothing. ",
           environment_version(), environment_commit());
    if (thinned > 1)
        text_printf(out,
                    "Curves are thinned to what a chart can show, up to every %zuth evaluation or round and "
                    "the last, "
                    "and rounded to four digits; the result files have all. ",
                    thinned);
    else
        text_add(out, "Curves are rounded to four digits; the result files have all. ");
    if (request->library->bytes != NULL)
        markup(out, "Charts by Chart.js % (MIT licence).", request->library->version);
    text_add(out, "</p></footer>\n");
}

static int write_body(const struct page_request *request, const struct survey *survey, const char *title,
                      struct text *out, struct err *err)
{
    struct text data = {0};
    size_t thinned = 1;
    write_header(survey, title, out);
    int rc = page_summary(survey, out, err);
    if (rc == ERR_OK)
        rc = page_heat(survey, out, err);
    if (rc == ERR_OK)
        rc = write_curves(survey, out, err);
    if (rc == ERR_OK)
        rc = page_data(survey, &data, &thinned, err);
    page_runs(survey, out);
    page_configurations(survey, out);
    page_environment(survey, out);
    write_footer(request, thinned, out);
    text_printf(out, "<script type=\"application/json\" id=\"data\">%s</script>\n", text_string(&data));
    if (request->library->bytes != NULL) {
        text_add(out, "<script>");
        text_append(out, request->library->bytes, request->library->length);
        text_add(out, "</script>\n");
    }
    text_printf(out, "<script>%s</script>\n</body>\n</html>\n", embedded_page_js);
    out->failed = out->failed || data.failed;
    text_fini(&data);
    return rc;
}

int page_write(const struct page_request *request, const char *path, struct err *err)
{
    struct plot_request names = {.records = request->records, .title = request->title};
    struct survey survey = {0};
    struct text out = {0}, title = {0};
    plot_title(&names, &title);
    if (title.length == 0)
        text_add(&title, "byzsim report");
    int rc = survey_make(&survey, request->records, err);
    if (rc == ERR_OK) {
        write_head(request, text_string(&title), &out);
        rc = write_body(request, &survey, text_string(&title), &out, err);
    }
    if (rc == ERR_OK && out.failed)
        rc = err_set(err, ERR_MEMORY, "out of memory");
    if (rc == ERR_OK)
        rc = file_write(path, out.data, out.length, err);
    survey_fini(&survey);
    text_fini(&out);
    text_fini(&title);
    return rc;
}
