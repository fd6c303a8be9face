/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How much memory there is for this process: the least of what the machine has, what of it is free, what the
 * process's control groups allow (versions 1 and 2), and `ulimit -v`.
 */
#include "sim/num/machine.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { PATH_SIZE = 4096, LINE_SIZE = 4608 };

static void take_least(struct machine_memory *least, double bytes, const char *bound)
{
    if (bytes > 0 && (least->bytes == 0 || bytes < least->bytes))
        *least = (struct machine_memory){bytes, bound};
}

/* The number behind `name` in a file of lines "name number", such as /proc/meminfo; 0 when there is none. */
static double number_in(const char *path, const char *name)
{
    char line[LINE_SIZE];
    double found = 0;
    FILE *file = fopen(path, "r");
    size_t length = strlen(name);
    while (file != NULL && found == 0 && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, name, length) == 0)
            found = strtod(line + length, NULL);
    if (file != NULL)
        fclose(file);
    return found;
}

/* What is free, and what this process holds already. */
static double available(const char *root)
{
    char meminfo[PATH_SIZE], status[PATH_SIZE];
    snprintf(meminfo, sizeof meminfo, "%s/proc/meminfo", root);
    snprintf(status, sizeof status, "%s/proc/self/status", root);
    double kilobytes = number_in(meminfo, "MemAvailable:");
    return kilobytes > 0 ? 1024 * (kilobytes + number_in(status, "VmRSS:")) : 0;
}

/* A limit file holds a number of bytes, or "max"; version 1 writes a number beyond any machine for none. */
static void take_limit(struct machine_memory *least, const char *folder, const char *name)
{
    char path[PATH_SIZE + 64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    double bytes = number_in(path, "");
    if (bytes < 1e18)
        take_least(least, bytes, "the limit of its control group");
}

/* A group's limit is also that of every group above it. Where the folder of the group cannot be seen from
 * inside a container, the first one that can is the container's own. */
static void take_groups(struct machine_memory *least, const char *mount, const char *group, const char *name)
{
    char folder[PATH_SIZE];
    snprintf(folder, sizeof folder, "%s%s", mount, group);
    size_t root = strlen(mount);
    while (strlen(folder) >= root) {
        take_limit(least, folder, name);
        char *slash = strrchr(folder + root, '/');
        if (slash == NULL)
            break;
        *slash = '\0';
    }
}

static void take_control_groups(struct machine_memory *least, const char *root)
{
    char path[PATH_SIZE], line[LINE_SIZE], mount[PATH_SIZE];
    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    FILE *file = fopen(path, "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        const char *kinds = strchr(line, ':');
        const char *group = kinds == NULL ? NULL : strchr(kinds + 1, ':');
        if (group == NULL)
            continue;
        bool unified = kinds + 1 == group, memory = strncmp(kinds, ":memory:", 8) == 0;
        snprintf(mount, sizeof mount, "%s/sys/fs/cgroup%s", root, unified ? "" : "/memory");
        if (unified || memory)
            take_groups(least, mount, group + 1, unified ? "memory.max" : "memory.limit_in_bytes");
    }
    if (file != NULL)
        fclose(file);
}

struct machine_memory machine_memory_below(const char *root)
{
    struct machine_memory least = {0, "nothing is known of its limits"};
    struct rlimit limit;
    long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    if (pages > 0 && size > 0)
        take_least(&least, (double)pages * (double)size, "the memory of the machine");
    take_least(&least, available(root), "what is free");
    take_control_groups(&least, root);
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        take_least(&least, (double)limit.rlim_cur, "the limit of ulimit -v");
    return least;
}

struct machine_memory machine_memory(void)
{
    return machine_memory_below("");
}
