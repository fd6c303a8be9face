#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# docs_plots.sh PROGRAM: runs the experiments of docs/plots.md, docs/search.md and docs/sessions and draws every picture there again, into
# docs/plots/ and docs/sessions/, and the one of docs/reports.md, which needs Chromium.
# A command here and the one shown in the page are the same but for the folders.
set -euo pipefail

program=$1
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for config in configs/examples/demo configs/examples/heterogeneity configs/plots/confidence configs/plots/worst-case \
    configs/search/halving configs/search/hyperband; do
    echo "running $config.json"
    "$program" run "$config.json" --out "$work" --jobs 2 --quiet
done

draw() { # name kind folder option...
    local name=$1 kind=$2 folder=$3
    shift 3
    "$program" plot "$kind" "$work/$folder" "$@" -o "docs/plots/$name.svg"
    echo "docs/plots/$name.svg"
}

draw bars bars demo
draw curves curves confidence
draw panels curves demo
draw ratio curves confidence --metric error_ratio --log
draw heatmap heatmap worst-case
draw selection selection confidence
draw partition partition heterogeneity
draw halving halving search-halving
draw hyperband halving search-hyperband

tools/python.sh tools/sessions.py "$program" "$work" docs/sessions

for browser in chromium chromium-browser google-chrome; do
    command -v "$browser" >/dev/null && break
done
if ! command -v "$browser" >/dev/null; then
    echo "docs/plots/report.png was left as it is: no Chromium was found" >&2
    exit 0
fi
"$program" report "$work/demo" -o "$work/demo.html"
flags=(--headless --disable-gpu --hide-scrollbars "--user-data-dir=$work/profile")
if [[ $(id -u) -eq 0 ]]; then flags+=(--no-sandbox); fi # Chromium does not start for root otherwise
"$browser" "${flags[@]}" --window-size=1100,2080 "--screenshot=$work/report.png" "file://$work/demo.html" 2>/dev/null
mv "$work/report.png" docs/plots/report.png
echo docs/plots/report.png
