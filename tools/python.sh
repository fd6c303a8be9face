#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# python.sh [ARGUMENT...]: runs a Python 3, the first of $PYTHON, python3 and /usr/bin/python3 that has numpy and
# jsonschema; when none has them, the first that runs at all (a script that needs more then says so itself).
# Without arguments: prints which one.
set -euo pipefail

find_python() {
    local candidate
    for candidate in "${PYTHON:-}" python3 /usr/bin/python3; do
        if [[ -n $candidate ]] && "$candidate" -c 'import jsonschema, numpy' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    for candidate in "${PYTHON:-}" python3 /usr/bin/python3; do
        if [[ -n $candidate ]] && "$candidate" -c '' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "python.sh: no Python 3 found: run 'make deps'" >&2
    return 1
}

python=$(find_python)
if [[ $# -eq 0 ]]; then
    echo "$python"
else
    exec "$python" "$@"
fi
