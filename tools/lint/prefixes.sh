#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every external symbol starts with its file's stem, with the name of its folder, or with byz_; so a reader knows from
# a name where it is defined. A stem of several words may drop the last ones when a header of the shorter name lies
# beside it (order_median.c implements part of order.h).
# shellcheck source=tools/lint/common.sh
source "$(dirname "$0")/common.sh"

# Names of a folder, beside the folder's own: what it holds.
folder_names() {
    case $1 in
    sim/data) echo data dataset partition ;;
    aggregators) echo aggregators aggregator preaggregators preaggregator ;;
    attacks) echo attacks attack ;;
    sim/cli) echo cli command ;;
    sim) echo main ;;
    *) basename "$1" ;;
    esac
}

# Exceptions, one "file symbol" a line, each with its reason behind it.
exceptions() {
    cat <<'LIST'
sim/main.c main the program starts there
LIST
}

allowed_prefixes() { # source file
    local folder stem short
    folder=$(dirname "$1")
    stem=$(basename "$1" .c)
    echo "byz $stem $(folder_names "$folder")"
    short=$stem
    while [[ $short == *_* ]]; do
        short=${short%_*}
        if [[ -f $folder/$short.h ]]; then echo "$short"; fi
    done
}

check_file() { # source file
    local symbol prefix ok prefixes bad=0
    prefixes=$(allowed_prefixes "$1")
    while read -r symbol; do
        ok=false
        for prefix in $prefixes; do
            if [[ $symbol == "$prefix"_* || $symbol == "$prefix" ]]; then ok=true; fi
        done
        if ! $ok && ! exceptions | grep -q "^$1 $symbol "; then
            echo "$1: $symbol starts with none of: ${prefixes//$'\n'/ } (rename it, or make it static)"
            bad=1
        fi
    done < <(nm -P -g --defined-only "build-lint/obj/${1%.c}.o" | cut -d ' ' -f 1 | grep -v -E '^(_|\.)' || true)
    return "$bad"
}

make -s -k -j "$JOBS" BUILD=build-lint CC=gcc objects WERROR=1 >/dev/null 2>&1 || true
status=0 count=0
for file in $(program_sources); do
    if [[ ! -f build-lint/obj/${file%.c}.o ]]; then
        echo "$file: does not compile, so its symbols are unknown"
        status=1
    else
        check_file "$file" || status=1
    fi
    count=$((count + 1))
done
if [[ $status -eq 0 ]]; then echo "$count objects"; fi
exit "$status"
