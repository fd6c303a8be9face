#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# clang-tidy, with the checks of .clang-tidy, on the program's sources.
# shellcheck source=tools/lint/common.sh
source "$(dirname "$0")/common.sh"

if [[ ${1:-} == --one ]]; then
    read -r -a flags <<<"$COMMON_FLAGS"
    clang-tidy --quiet "$2" -- "${flags[@]}" 2>&1 | sed '/^[0-9]* warnings\{0,1\} generated\.$/d'
    exit
fi

program_sources | each "$0"
echo "$(program_sources | wc -l) files"
