#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# No global mutable state: no object file has a variable outside of read-only sections.
# shellcheck source=tools/lint/common.sh
source "$(dirname "$0")/common.sh"

# Exceptions, one "file variable" a line, each with its reason behind it.
exceptions() {
    cat <<'LIST'
sim/base/file.c counter numbers temporary files, atomic
sim/cli/session.c interrupted is set by the handler of Ctrl-C, which can reach nothing else, atomic
sim/plugin/near.c row is where the calling thread is held, which only the thread itself has
LIST
}

make -s -k -j "$JOBS" BUILD=build-lint CC=gcc objects WERROR=1 >/dev/null 2>&1 || true
status=0 count=0
for file in $(program_sources); do
    count=$((count + 1))
    object=build-lint/obj/${file%.c}.o
    if [[ ! -f $object ]]; then
        echo "$file: does not compile, so its variables are unknown"
        status=1
        continue
    fi
    # .data.rel.ro holds constant tables with pointers in them; the rest of .data, .bss and their thread twins varies.
    while read -r variable; do
        name=${variable%%.*} # a static variable of a function carries a number
        if ! exceptions | grep -q "^$file $name "; then
            echo "$file: $name is global mutable state: make it const, or hand it over in a struct"
            status=1
        fi
    done < <(objdump -t "$object" | awk '{
        for (i = 2; i < NF; i++)
            if ($i ~ /^\.(data|bss|tdata|tbss)/ && $i !~ /^\.data\.rel\.ro/ && $i != $NF) { print $NF; break } }')
done
if [[ $status -eq 0 ]]; then echo "$count objects"; fi
exit "$status"
