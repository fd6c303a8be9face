#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# All C files are laid out by .clang-format; `make format` does it.
# shellcheck source=tools/lint/common.sh
source "$(dirname "$0")/common.sh"

files() {
    c_files '*.[ch]' sim aggregators attacks tests
}

if ! places=$(files | xargs -P "$JOBS" -n 20 clang-format --dry-run -Werror 2>&1); then
    grep -E '^[^ ]+:[0-9]+:[0-9]+: error: ' <<<"$places" | cut -d : -f 1,2 | LC_ALL=C sort -u -t : -k 1,1 -k 2,2n
    echo "lay them out with: make format"
    exit 1
fi
echo "$(files | wc -l) files"
