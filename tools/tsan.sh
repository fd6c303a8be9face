#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# tsan.sh PROGRAM CONFIG...: runs each configuration for 5 rounds on 4 threads under ThreadSanitizer; fails at the
# first data race. PROGRAM is built with clang -fsanitize=thread. The OpenMP runtime is no instrumented code: Archer, a
# tool that it loads, tells ThreadSanitizer about barriers and locks (Atzeni et al., "ARCHER: effectively spotting data
# races in large OpenMP applications", IPDPS 2016); without it every parallel loop looks like a race.
set -euo pipefail

program=$1
shift
if [[ $(uname -s) != Linux ]]; then
    echo "make tsan: works on Linux only (it needs LLVM's Archer)" >&2
    exit 1
fi
if [[ $# -eq 0 ]]; then
    echo "make tsan: no configuration: name some with TSAN_RUN=\"configs/examples/one.json ...\"" >&2
    exit 1
fi

# The OpenMP runtime that the program loads lies beside its Archer.
archer=''
for candidate in "$(ldd "$program" | sed -n 's/.*libomp[^ ]* => \([^ ]*\).*/\1/p' | xargs -r readlink -f)" /usr/lib/llvm-*/lib/x; do
    if [[ -f $(dirname "$candidate")/libarcher.so ]]; then archer=$(dirname "$candidate")/libarcher.so; fi
done
if [[ -z $archer ]]; then
    echo "make tsan: libarcher.so not found: install libomp-dev" >&2
    exit 1
fi

export OMP_TOOL=enabled OMP_TOOL_LIBRARIES=$archer ARCHER_OPTIONS=verbose=0 OMP_NUM_THREADS=4
# GSL is not instrumented; byzsim calls it on one thread at a time.
export TSAN_OPTIONS="ignore_noninstrumented_modules=1 halt_on_error=1 exitcode=66 ${TSAN_OPTIONS:-}"
# ThreadSanitizer of clang 14 expects the address layout of a process without much randomisation.
runner=()
if setarch -R true 2>/dev/null; then runner=(setarch -R); fi

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
for config in "$@"; do
    status=0
    ${runner[@]+"${runner[@]}"} "$program" run "$config" --set rounds=5 --threads 4 --quiet --out "$results" \
        >"$results/output" 2>&1 || status=$?
    if [[ $status -eq 1 ]] && grep -q 'was not found in' "$results/output"; then
        echo "skip  $config: its data set is not here (BYZSIM_DATA)"
        continue
    fi
    if [[ $status -ne 0 ]]; then
        cat "$results/output"
        echo "tsan: $config: $([[ $status -eq 66 ]] && echo 'a data race' || echo "exit status $status")"
        exit 1
    fi
    echo "ok    $config"
done
echo "tsan: no data race"
