/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An experiment from a short text: its settings, its data and a simulation of it, for the tests of sim/core
 * and sim/app. */
#ifndef TESTS_TEST_SIMULATION_FIXTURE_H
#define TESTS_TEST_SIMULATION_FIXTURE_H

#include "sim/app/experiment.h"
#include "sim/core/simulation.h"

struct simulation_fixture {
    struct config_source *source;
    struct config_points points;
    struct experiment experiment;
    struct dataset dataset;
    struct simulation *simulation; /* NULL until simulation_fixture_start */
};

/* Reads a configuration written with ' in place of " and loads its data set; the test fails at any mistake.
 */
void simulation_fixture_init(struct simulation_fixture *fixture, const char *text);

/* Reads the configuration alone; false with the reports in *reports (to be freed) when it has mistakes. */
bool simulation_fixture_read(struct simulation_fixture *fixture, const char *text, char **reports);

/* Loads the data set (afresh); the code of the error when that fails. */
int simulation_fixture_load(struct simulation_fixture *fixture, struct err *err);
void simulation_fixture_fini(struct simulation_fixture *fixture);

/* Creates the simulation afresh; the test fails when that fails. */
void simulation_fixture_start(struct simulation_fixture *fixture);

/* Runs it to its end without hooks. */
void simulation_fixture_finish(struct simulation_fixture *fixture);

/* Both tables, parameters, digest, notes, worker weights and counters are the same bits; otherwise the test
 * fails with `what` in its message. */
void simulation_fixture_expect_same(const struct simulation *a, const struct simulation *b, const char *what);

#endif
