#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# run.sh [CHECK...]: runs the checks (all when none is named), one line each; the places of what is wrong follow a
# FAIL. Fails when a check failed.
set -euo pipefail
cd "$(dirname "$0")/../.."

checks=(layers shell format warnings headers prefixes state cppcheck tidy)
[[ $# -eq 0 ]] || checks=("$@")
COMMON_FLAGS=$(env -u MAKEFLAGS -u MFLAGS make -s lint-flags)
export COMMON_FLAGS

failed=()
for check in "${checks[@]}"; do
    started=$SECONDS status=0
    case $check in
    layers) command=(tools/python.sh tools/lint/layers.py) ;;
    *) command=("tools/lint/$check.sh") ;;
    esac
    if [[ ! -f ${command[-1]} ]]; then
        echo "run.sh: no check '$check': layers, shell, format, warnings, headers, prefixes, state, cppcheck, tidy" >&2
        exit 2
    fi
    output=$("${command[@]}" 2>&1) || status=$?
    if [[ $status -eq 0 ]]; then
        printf 'ok    %-9s %s, %d s\n' "$check" "$(tail -n 1 <<<"$output")" $((SECONDS - started))
    else
        printf 'FAIL  %s\n%s\n' "$check" "$output"
        failed+=("$check")
    fi
done
if [[ ${#failed[@]} -gt 0 ]]; then
    echo "lint: ${#failed[@]} of ${#checks[@]} checks failed: ${failed[*]}"
    exit 1
fi
echo "lint: ${#checks[@]} checks passed"
