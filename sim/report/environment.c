/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/report/environment.h"
#include "sim/num/gemm.h"

#include <gsl/gsl_version.h>
#include <nettle/version.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <zlib.h>

#ifndef BYZSIM_VERSION
#define BYZSIM_VERSION "unknown"
#endif
#ifndef BYZSIM_COMMIT
#define BYZSIM_COMMIT "unknown"
#endif
#ifndef BYZSIM_FLAGS
#define BYZSIM_FLAGS "unknown"
#endif

const char *environment_version(void)
{
    return BYZSIM_VERSION;
}

const char *environment_commit(void)
{
    return BYZSIM_COMMIT;
}

static void trim_copy(char *out, size_t size, const char *from)
{
    snprintf(out, size, "%s", from + strspn(from, " \t:"));
    out[strcspn(out, "\n")] = '\0';
}

/* The processor's name as Linux tells it, or the machine type elsewhere. */
static void cpu_name(char *out, size_t size, const char *machine)
{
    snprintf(out, size, "%s", machine);
    FILE *file = fopen("/proc/cpuinfo", "r");
    if (file == NULL)
        return;
    char line[256];
    while (fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, "model name", 10) == 0) {
            trim_copy(out, size, line + 10);
            break;
        }
    fclose(file);
}

static cJSON *libraries_json(void)
{
    cJSON *libraries = cJSON_CreateObject();
    char nettle[32];
    snprintf(nettle, sizeof nettle, "%d.%d", NETTLE_VERSION_MAJOR, NETTLE_VERSION_MINOR);
    cJSON_AddStringToObject(libraries, "gsl", gsl_version);
    cJSON_AddStringToObject(libraries, "cjson", cJSON_Version());
    cJSON_AddStringToObject(libraries, "zlib", zlibVersion());
    cJSON_AddStringToObject(libraries, "nettle", nettle);
    return libraries;
}

cJSON *environment_json(size_t threads)
{
    struct utsname host;
    char system[256] = "unknown", cpu[256];
    memset(&host, 0, sizeof host);
    if (uname(&host) == 0)
        snprintf(system, sizeof system, "%s %s", host.sysname, host.release);
    cpu_name(cpu, sizeof cpu, host.machine);
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "version", environment_version());
    cJSON_AddStringToObject(json, "commit", environment_commit());
    cJSON_AddStringToObject(json, "compiler", __VERSION__);
    cJSON_AddStringToObject(json, "flags", BYZSIM_FLAGS);
    cJSON_AddStringToObject(json, "system", system);
    cJSON_AddStringToObject(json, "cpu", cpu);
    cJSON_AddNumberToObject(json, "cores", (double)sysconf(_SC_NPROCESSORS_ONLN));
    cJSON_AddNumberToObject(json, "threads", (double)threads);
    cJSON_AddStringToObject(json, "kernels", gemm_level()->name);
    cJSON_AddItemToObject(json, "libraries", libraries_json());
    return json;
}
