/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The JSON Schema: valid by the standard's own schema, and of one mind with config_read. */
#include "tests/test_config_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Values that are tried everywhere. */
static const char *const values[] = {
    "null",
    "true",
    "0",
    "-0.0",
    "1",
    "2.0",
    "2.5",
    "-1",
    "1e3",
    "1001",
    "1e30",
    "9007199254740991",
    "9007199254740992",
    "5e-324",
    "\"\"",
    "\"auto\"",
    "\"drop\"",
    "\"mid\"",
    "\"zero\"",
    "\"krum\"",
    "\"mean\"",
    "\"nnm\"",
    "\"alie\"",
    "\"a\\n\"",
    "\"a\\u007f\"",
    "[]",
    "[1]",
    "[0]",
    "[1,2.5]",
    "[1,1,1,1,1,1,1,1]",
    "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]",
    "[\"nnm\",{\"name\":\"bucketing\",\"size\":2}]",
    "[\"nnm\",\"nnm\",\"nnm\",\"nnm\",\"nnm\",\"nnm\",\"nnm\",\"nnm\"]",
    "[\"nnm\",\"nnm\",\"nnm\",\"nnm\",\"nnm\",\"nnm\",\"nnm\",\"nnm\",\"nnm\"]",
    "{}",
    "{\"name\":\"krum\"}",
    "{\"name\":\"krum\",\"distance\":\"fourth\"}",
    "{\"name\":\"krum\",\"distance\":\"fifth\"}",
    "{\"name\":\"krum\",\"even\":\"mid\"}",
    "{\"name\":\"alie\",\"z\":-3,\"start\":5}",
    "{\"name\":\"alie\",\"z\":\"auto\",\"stop\":-5}",
    "{\"name\":5}",
    "{\"momentum\":0.5}",
    "{\"momentum\":0.5,\"momenta\":1}",
    "{\"aggregator\":\"krum\"}",
};
static const char *const paths[] = {
    "{\"name\":%s}",
    "{\"seed\":%s}",
    "{\"rounds\":%s}",
    "{\"hidden\":%s}",
    "{\"quiet\":%s}",
    "{\"server\":%s}",
    "{\"attack\":%s}",
    "{\"other\":%s}",
    "{\"server\":{\"learning_rate\":%s}}",
    "{\"server\":{\"momentum\":%s}}",
    "{\"server\":{\"nonfinite\":%s}}",
    "{\"server\":{\"threshold\":%s}}",
    "{\"server\":{\"preaggregators\":%s}}",
    "{\"server\":{\"aggregator\":%s}}",
    "{\"server\":{\"aggregator\":{\"name\":%s}}}",
    "{\"server\":{\"aggregator\":{\"name\":\"centered_clipping\",\"tau\":%s}}}",
    "{\"server\":{\"aggregator\":{\"name\":\"centered_clipping\",\"offset\":%s}}}",
    "{\"server\":{\"aggregator\":{\"name\":\"centered_clipping\",\"start\":%s}}}",
    "{\"attack\":{\"name\":\"none\",\"start\":%s}}"};
static const char *const sweeps[] = {"{\"sweep\":{}}",
                                     "{\"sweep\":[]}",
                                     "{\"sweep\":{\"seed\":[1,2]}}",
                                     "{\"sweep\":{\"seed\":[]}}",
                                     "{\"sweep\":{\"seed\":1}}",
                                     "{\"sweep\":{\"\":[1]}}",
                                     "{\"sweep\":{\"server..momentum\":[1]}}",
                                     "{\"sweep\":{\"server.momentum.\":[1]}}",
                                     "{\"sweep\":{\"sweep\":[1]}}",
                                     "{\"sweep\":{\"sweep.seed\":[1]}}",
                                     "{\"sweep\":{\"server.aggregator\":[\"krum\",{\"name\":\"mean\"}]}}"};

static const char script[] = "import json, sys\n"
                             "import jsonschema\n"
                             "schema = json.load(open(sys.argv[1] + '/schema.json'))\n"
                             "jsonschema.Draft202012Validator.check_schema(schema)\n"
                             "check = jsonschema.Draft202012Validator(schema)\n"
                             "for line in open(sys.argv[1] + '/documents'):\n"
                             "    print(int(check.is_valid(json.loads(line))))\n";

static void write_file(const char *directory, const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    fputs(text, file);
    cr_assert_eq(fclose(file), 0);
}

/* The interpreter that has jsonschema, or the test is skipped. */
static const char *find_python(void)
{
    static const char *const names[] = {"python3", "/usr/bin/python3"};
    char command[128];
    for (size_t i = 0; i < BYZ_LENGTH(names); i++) {
        snprintf(command, sizeof command, "%s -c 'from jsonschema import Draft202012Validator' 2>/dev/null",
                 names[i]);
        if (system(command) == 0)
            return names[i];
    }
    cr_skip_test("no python3 with the jsonschema package");
    return NULL;
}

/* '0' or '1' and a line break for each document, by the schema. */
static void judge(const struct config_section *section, bool with_sweep, const char *documents,
                  struct text *verdicts)
{
    const char *python = find_python();
    char directory[] = "/tmp/config-schema-XXXXXX", command[256];
    cr_assert_not_null(mkdtemp(directory));
    cJSON *schema = config_schema(section, "Test", with_sweep);
    cr_assert_not_null(schema);
    char *text = config_render(schema, true);
    write_file(directory, "schema.json", text);
    write_file(directory, "documents", documents);
    write_file(directory, "judge.py", script);
    snprintf(command, sizeof command, "%s %s/judge.py %s", python, directory, directory);
    FILE *pipe = popen(command, "r");
    cr_assert_not_null(pipe);
    char block[256];
    while (fgets(block, sizeof block, pipe) != NULL)
        text_add(verdicts, block);
    cr_assert_eq(pclose(pipe), 0, "the schema is not valid");
    snprintf(command, sizeof command, "rm -r %s", directory);
    cr_assert_eq(system(command), 0);
    cJSON_free(text);
    cJSON_Delete(schema);
}

static bool reads(const struct config_section *section, const char *document)
{
    struct config_errors errors = {0};
    struct fixture_root out;
    struct config_source *source = config_source_parse("f.json", document, strlen(document), &errors);
    bool fine =
        source != NULL && config_read(section, source, config_source_root(source), &out, &errors) == 0;
    if (source != NULL)
        config_release(section, &out);
    config_source_free(source);
    config_errors_fini(&errors);
    return fine;
}

Test(config_schema, agrees_with_the_reader)
{
    struct text documents = {0}, verdicts = {0}, one = {0};
    for (size_t p = 0; p < BYZ_LENGTH(paths); p++)
        for (size_t v = 0; v < BYZ_LENGTH(values); v++) {
            const char *hole = strstr(paths[p], "%s");
            text_printf(&documents, "%.*s%s%s\n", (int)(hole - paths[p]), paths[p], values[v], hole + 2);
        }
    judge(&config_fixture_root, false, text_string(&documents), &verdicts);
    cr_assert_eq(verdicts.length, 2 * BYZ_LENGTH(paths) * BYZ_LENGTH(values));
    size_t index = 0, good = 0;
    for (const char *line = documents.data; *line != '\0'; line += strcspn(line, "\n") + 1, index++) {
        text_clear(&one);
        text_append(&one, line, strcspn(line, "\n"));
        bool fine = reads(&config_fixture_root, text_string(&one));
        cr_expect_eq(fine, verdicts.data[2 * index] == '1', "%s: the reader says %d", text_string(&one),
                     fine);
        good += fine;
    }
    cr_expect_gt(good, 80, "only %zu", good);
    text_fini(&documents);
    text_fini(&verdicts);
    text_fini(&one);
}

Test(config_schema, agrees_on_sweeps)
{
    struct text documents = {0}, verdicts = {0};
    for (size_t i = 0; i < BYZ_LENGTH(sweeps); i++)
        text_printf(&documents, "%s\n", sweeps[i]);
    judge(&config_fixture_root, true, text_string(&documents), &verdicts);
    for (size_t i = 0; i < BYZ_LENGTH(sweeps); i++) {
        char *reports = config_fixture_reports(sweeps[i], strlen(sweeps[i]), NULL);
        cr_expect_eq(reports[0] == '\0', verdicts.data[2 * i] == '1', "%s: %s", sweeps[i], reports);
        free(reports);
    }
    text_fini(&documents);
    text_fini(&verdicts);
}

Test(config_schema, says_what_is_required)
{
    static const char *const documents = "{}\n{\"server\":{}}\n{\"server\":{\"aggregator\":\"mean\"}}\n";
    struct text verdicts = {0};
    judge(&config_fixture_strict, false, documents, &verdicts);
    cr_expect_str_eq(text_string(&verdicts), "0\n0\n1\n");
    text_fini(&verdicts);
}

Test(config_schema, families_are_written_once)
{
    cJSON *schema = config_schema(&config_fixture_root, "Test", true);
    char *text = config_render(schema, false);
    size_t hits = 0;
    for (const char *at = text; (at = strstr(at, "\"const\":\"krum\"")) != NULL; at++)
        hits++;
    cr_expect_eq(hits, 1);
    cr_expect_not_null(strstr(text, "\"default\":[100,50]"));
    cr_expect_not_null(strstr(text, "\"$ref\":\"#/$defs/pre_aggregator\""));
    cJSON_free(text);
    cJSON_Delete(schema);
}
