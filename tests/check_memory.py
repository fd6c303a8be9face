# SPDX-License-Identifier: GPL-3.0-or-later
"""Experiments that do not fit into memory are refused with the arithmetic, before anything runs or is written."""

import os
import pathlib
import resource
import sys

from program import Checks, changed, run, scratch, write

checks = Checks()

LIMIT = 2_000_000_000
LARGE = {
    "name": "large",
    "rounds": 1,
    "workers": {"count": 10000, "batch_size": 1, "momentum": 0.9},
    "data": {"dataset": {"name": "blobs", "features": 2999, "classes": 10, "train": 10000, "test": 10}},
    "server": {"aggregator": "median"},
}
SAID = ("10000 workers with 30000 parameters need 2.5 GB", "you have 2.0 GB", "ulimit -v", "messages 1.2 GB",
        "worker momentum 1.2 GB", "no worker momentum", "fewer workers")


def limited(*arguments):
    return run(*arguments, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (LIMIT, LIMIT)))


def refused(name, folder, *arguments, said=SAID):
    done = limited(*arguments)
    missing = [words for words in said if words not in done.stderr]
    checks.expect(f"{name}: refused", done.returncode != 0 and not missing, f"{missing} not in: {done.stderr}")
    checks.expect(f"{name}: no result", not list(pathlib.Path(folder).rglob("large-*.json")))


def by_blocks(folder):
    """Too large as a whole, and with what the refusal says small enough, with the same results."""
    document = changed(LARGE, name="blocks", workers={"count": 9000, "byzantine": 3000, "batch_size": 1}, attack="ipm")
    document["data"]["dataset"]["features"] = 3999
    config = write(f"{folder}/blocks.json", document)
    refused("without blocks", folder, "run", config, "--out", f"{folder}/whole",
            said=("9000 workers with 40000 parameters need 2.1 GB", "messages 1.4 GB", 'workers.storage "recompute" ('))
    blocks = ("run", config, "--set", "workers.storage=recompute", "--set", "workers.block_megabytes=100")
    told = limited(*blocks, "--dry-run", "--out", f"{folder}/told")
    checks.expect("--dry-run tells the blocks", "20 blocks of columns\n" in told.stdout, told.stdout + told.stderr)
    done = limited(*blocks, "--out", f"{folder}/blocks", "--quiet")
    checks.expect("by blocks it runs", done.returncode == 0, done.stderr)
    usage = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    checks.expect("in a fifth of the memory", usage < 0.2 * 2.1e9 / 1024, f"{usage} kB")


def main():
    if os.environ.get("BYZSIM_SANITIZE"):
        print("skipped: sanitizers need more than any limit of the address space")
        sys.exit(77)
    with scratch() as folder:
        out = ("--out", f"{folder}/out")
        config = write(f"{folder}/large.json", LARGE)
        refused("check", folder, "check", config)
        refused("--dry-run", folder, "run", config, "--dry-run", *out)
        refused("run", folder, "run", config, *out)
        by_blocks(folder)
        half = changed(LARGE, workers={"count": 7000, "batch_size": 1})
        pair = write(f"{folder}/pair.json", changed(half, sweep={"seed": [1, 2]}))
        said = ("2 jobs need 1.", "GB together", "you have 2.0 GB", "--jobs 1")
        refused("two jobs", folder, "run", pair, "--jobs", "2", *out, said=said)
        refused("two jobs, --dry-run", folder, "run", pair, "--jobs", "2", "--dry-run", *out, said=said)
        both = write(f"{folder}/both.json", changed(LARGE, sweep={"seed": [1, 2]}))
        refused("two jobs of which none fits", folder, "run", both, "--jobs", "2", *out)
        alone = limited("run", write(f"{folder}/half.json", half), "--quiet", *out)
        checks.expect("one of them runs", alone.returncode == 0, alone.stderr)
    checks.finish()


main()
