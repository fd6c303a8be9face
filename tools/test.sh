#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# test.sh PROGRAM: runs the Criterion program and every tests/check_*.sh and tests/check_*.py (exit 0: passed,
# 77: skipped, its last line says why, else: failed). Ends with the reasons of what was skipped, the names of what
# failed and the line "N passed, N failed, N skipped" over both; fails when something failed or nothing ran.
# BYZSIM_TEST_TIMEOUT: seconds a single test or script may take (300).
set -euo pipefail

program=$1
limit=${BYZSIM_TEST_TIMEOUT:-300}
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Tests run side by side, some with more threads than there are processors: waiting threads must not spin.
export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive}

passed=0 failed=0 skipped=0
failures=() reasons=()

fail() { # name: why
    failed=$((failed + 1))
    failures+=("$1")
}

skip() { # name: why
    skipped=$((skipped + 1))
    reasons+=("$1")
}

# Criterion's TAP report holds one line a test, with the reason of a skip, which its plain output hides.
count_report() { # file
    local line name planned='' seen=0
    while IFS= read -r line; do
        case $line in
        1..[0-9]*) planned=${line#1..} ;;
        "not ok - "*)
            seen=$((seen + 1))
            name=${line#not ok - }
            fail "${name%%  (*}"
            ;;
        "ok - "*"# SKIP "*)
            seen=$((seen + 1))
            name=${line#ok - }
            skip "${name%% *}: ${line#*# SKIP }"
            ;;
        "ok - "*)
            seen=$((seen + 1))
            passed=$((passed + 1))
            ;;
        esac
    done <"$1"
    if [[ $planned != "$seen" ]]; then
        fail "$program: its report names ${planned:-no} tests and holds $seen"
    fi
}

run_criterion() {
    local status=0 before=$failed
    "$program" --timeout "$limit" --tap="$work/report" || status=$?
    if [[ -f $work/report ]]; then
        count_report "$work/report"
    fi
    if [[ $status -ne 0 && $failed -eq $before ]]; then
        fail "$program: exit status $status"
    fi
}

run_check() { # script
    local status=0 last
    local -a command=(bash "$1")
    if [[ $1 == *.py ]]; then command=(tools/python.sh "$1"); fi
    if command -v timeout >/dev/null; then command=(timeout -k 10 "$limit" "${command[@]}"); fi
    "${command[@]}" >"$work/output" 2>&1 </dev/null || status=$?
    last=$(grep '[^[:space:]]' "$work/output" | tail -n 1) || last=''
    case $status in
    0)
        passed=$((passed + 1))
        echo "[PASS] $1${last:+: $last}"
        ;;
    77)
        skip "$1: ${last:-no reason given}"
        echo "[SKIP] $1"
        ;;
    *)
        sed 's/^/[----] /' "$work/output"
        if [[ $status -eq 124 ]]; then last="took longer than $limit s"; fi
        fail "$1: exit status $status${last:+: $last}"
        echo "[FAIL] $1"
        ;;
    esac
}

run_criterion
for script in tests/check_*.sh tests/check_*.py; do
    if [[ -f $script ]]; then run_check "$script"; fi
done

if [[ ${#reasons[@]} -gt 0 ]]; then
    echo "skipped:"
    printf '  %s\n' "${reasons[@]}"
fi
if [[ ${#failures[@]} -gt 0 ]]; then
    echo "failed:"
    printf '  %s\n' "${failures[@]}"
fi
if [[ $((passed + failed)) -eq 0 ]]; then echo "no test ran: that counts as a failure"; fi
echo "$passed passed, $failed failed, $skipped skipped"
[[ $failed -eq 0 && $passed -gt 0 ]]
