/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where and with what a result was made. */
#ifndef SIM_REPORT_ENVIRONMENT_H
#define SIM_REPORT_ENVIRONMENT_H

#include <cjson/cJSON.h>
#include <stddef.h>

/* The program's version ("0.1.0") and the commit it was built from ("unknown" outside a repository). */
const char *environment_version(void);
const char *environment_commit(void);

/* {version, commit, compiler, flags, system, cpu, cores, threads, kernels, libraries: {...}}; kernels is the
 * instruction set of the matrix products (gemm.h). NULL when memory runs out. */
cJSON *environment_json(size_t threads);

#endif
