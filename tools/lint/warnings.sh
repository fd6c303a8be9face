#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# No warning from gcc (compiled, optimised, in build-lint) nor from clang (read only), tests included.
# shellcheck source=tools/lint/common.sh
source "$(dirname "$0")/common.sh"

if [[ ${1:-} == --one ]]; then
    read -r -a flags <<<"$COMMON_FLAGS"
    exec clang "${flags[@]}" -Isim/api -Werror -fsyntax-only "$2"
fi

status=0
make -s -k -j "$JOBS" BUILD=build-lint CC=gcc WERROR=1 objects >build-lint.log 2>&1 || status=1
if [[ $status -ne 0 ]]; then grep -v '^  compile ' build-lint.log || true; fi
rm -f build-lint.log
all_sources | each "$0" || status=1
if [[ $status -eq 0 ]]; then echo "$(all_sources | wc -l) files, gcc and clang"; fi
exit "$status"
