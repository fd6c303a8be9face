#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# coverage.sh BUILD: runs the tests of a build with --coverage, then writes BUILD/html and prints lines and functions
# reached, by file, the least covered first. Tests themselves are not counted.
set -euo pipefail
cd "$(dirname "$0")/.."

build=$1
find "$build" -name '*.gcda' -delete
status=0
BYZSIM_PROGRAM=$PWD/$build/byzsim tools/test.sh "$build/tests" || status=$?

# lcov's own chatter is shown when it fails.
quietly() {
    "$@" >"$build/lcov.log" 2>&1 || { cat "$build/lcov.log" >&2; return 1; }
}
collect=(lcov --quiet --capture --directory "$build/obj" --base-directory "$PWD" --no-external)
quietly "${collect[@]}" --initial --output-file "$build/lines.info" # also files that no test reaches
quietly "${collect[@]}" --output-file "$build/reached.info"
quietly lcov --quiet --add-tracefile "$build/lines.info" --add-tracefile "$build/reached.info" --output-file "$build/all.info"
quietly lcov --quiet --remove "$build/all.info" "$PWD/tests/*" --output-file "$build/coverage.info"
quietly genhtml --quiet --prefix "$PWD" --title byzsim --output-directory "$build/html" "$build/coverage.info"
lcov --list "$build/coverage.info" --list-full-path 2>/dev/null | sed -n "s|^$PWD/||p" | sed 's/|/ /g' |
    awk '{printf "%7s of %5d lines  %s\n", $2, $3, $1}' | LC_ALL=C sort -n
lcov --summary "$build/coverage.info" 2>&1 | sed -n '/lines\|functions/p'
echo "every line: $build/html/index.html"
exit "$status"
