#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# cppcheck on the program's sources. A finding that is wrong is answered where it is: // cppcheck-suppress id
# ignoredReturnValue is off: cppcheck 2.10 takes the last call inside a compound literal for a statement.
# uninitvar and ctuuninitvar are off: they do not know vector types, and the compilers and the analyser of clang-tidy look for it too.
# invalidPointerCast and shiftTooManyBitsSigned are off: scratch is laid out by hand, and keys of floats rely on the
# arithmetic shift of signed numbers, which gcc and clang promise.
# shellcheck source=tools/lint/common.sh
source "$(dirname "$0")/common.sh"

cache="build-lint/cppcheck"
mkdir -p "$cache"
program_sources | cppcheck --file-list=- --enable=warning,performance,portability --error-exitcode=1 --inline-suppr \
    --std=c11 --language=c -I. --cppcheck-build-dir="$cache" --suppress=missingIncludeSystem --suppress=unmatchedSuppression \
    --suppress=ignoredReturnValue --suppress=uninitvar --suppress=ctuuninitvar --suppress=invalidPointerCast \
    --suppress=shiftTooManyBitsSigned --library=posix --template='{file}:{line}: {severity}: {message} [{id}]' --quiet -j "$JOBS" 2>&1
echo "$(program_sources | wc -l) files"
