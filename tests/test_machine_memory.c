/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/base/text.h"
#include "sim/num/machine.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[] = "/tmp/byzsim-memory-XXXXXX";

/* A file below the made-up root, with its folders. */
static void put(const char *path, const char *content)
{
    char full[512];
    snprintf(full, sizeof full, "%s%s", root, path);
    for (char *slash = strchr(full + strlen(root) + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(full, 0700);
        *slash = '/';
    }
    FILE *file = fopen(full, "w");
    cr_assert_neq(file, NULL, "%s", full);
    fputs(content, file);
    fclose(file);
}

static void start(void)
{
    cr_assert_neq(mkdtemp(root), NULL);
}

static void finish(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -r '%s'", root);
    cr_assert_eq(system(command), 0);
}

TestSuite(machine_memory, .init = start, .fini = finish);

static void expect(double bytes, const char *bound)
{
    struct machine_memory found = machine_memory_below(root);
    cr_assert_float_eq(found.bytes, bytes, 1, "%.0f, %s", found.bytes, found.bound);
    cr_assert_neq(strstr(found.bound, bound), NULL, "%s", found.bound);
}

Test(machine_memory, without_files_it_is_that_of_the_machine)
{
    double pages = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    expect(pages, "the machine");
}

Test(machine_memory, what_is_free_and_what_this_process_holds)
{
    put("/proc/meminfo", "MemTotal:       8000 kB\nMemFree: 100 kB\nMemAvailable:    6000 kB\n");
    expect(6000 * 1024.0, "free");
    put("/proc/self/status", "Name: x\nVmRSS:      50 kB\n");
    expect(6050 * 1024.0, "free");
}

Test(machine_memory, unified_groups_and_those_above)
{
    put("/proc/self/cgroup", "0::/user/job\n");
    put("/sys/fs/cgroup/user/job/memory.max", "max\n");
    put("/sys/fs/cgroup/user/memory.max", "5000000\n");
    expect(5e6, "control group");
    put("/sys/fs/cgroup/user/job/memory.max", "4000000\n");
    expect(4e6, "control group");
}

Test(machine_memory, groups_of_version_1)
{
    put("/proc/self/cgroup", "9:name=systemd:/\n4:memory:/job\n0::/\n");
    put("/sys/fs/cgroup/memory/job/memory.limit_in_bytes", "9223372036854771712\n");
    put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "3000000\n");
    expect(3e6, "control group");
}

/* Inside a container /proc tells a path that is not there. */
Test(machine_memory, group_seen_from_inside)
{
    put("/proc/self/cgroup", "0::/docker/0123\n");
    put("/sys/fs/cgroup/memory.max", "7000000\n");
    expect(7e6, "control group");
}

Test(machine_memory, nonsense_is_no_limit)
{
    put("/proc/meminfo", "MemAvailable: lots\n");
    put("/proc/self/cgroup", "nothing\n0:\n0::\n\n");
    put("/sys/fs/cgroup/memory.max", "-5\n");
    double pages = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    expect(pages, "the machine");
}

Test(machine_memory, address_space)
{
#if defined(__SANITIZE_ADDRESS__)
    cr_skip_test("the address sanitizer needs more than any limit of the address space");
#endif
    const struct rlimit limit = {.rlim_cur = 2000000000, .rlim_max = RLIM_INFINITY};
    cr_assert_eq(setrlimit(RLIMIT_AS, &limit), 0);
    expect(2e9, "ulimit -v");
}
