#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every header compiles alone, and twice in one file, with gcc and with clang.
# shellcheck source=tools/lint/common.sh
source "$(dirname "$0")/common.sh"

if [[ ${1:-} == --one ]]; then
    read -r -a flags <<<"$COMMON_FLAGS"
    for compiler in gcc clang; do
        printf '#include "%s"\n#include "%s"\nextern int not_empty;\n' "$2" "$2" |
            "$compiler" "${flags[@]}" -Werror -fsyntax-only -x c - ||
            { echo "$2: does not compile alone with $compiler"; exit 1; }
    done
    exit 0
fi

all_headers | each "$0"
echo "$(all_headers | wc -l) headers, gcc and clang"
