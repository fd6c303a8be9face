# SPDX-License-Identifier: GPL-3.0-or-later
"""Sweeps and searches killed at random moments, again and again: what is there is always whole, and --resume ends in the
bytes of an undisturbed one. BYZSIM_KILLS is the number of kills of sweeps (200), a quarter of it that of searches, an
eighth that of sweeps by blocks of columns; BYZSIM_SEED draws other moments (1)."""

import json
import os
import pathlib
import random
import shutil
import signal
import time

from program import TINY, Checks, changed, result_files, run, scratch, stable_folder, start, write

checks = Checks()

KILLS = int(os.environ.get("BYZSIM_KILLS", "200"))
MOMENTS = random.Random(int(os.environ.get("BYZSIM_SEED", "1")))

SWEEP = changed(
    TINY,
    name="kill",
    rounds=150,
    workers={"count": 7, "byzantine": 1, "batch_size": 16, "momentum": 0.9},
    data={"dataset": {"name": "blobs", "features": 60, "classes": 4, "train": 400, "test": 100}},
    evaluation={"every": 25},
    sweep={"attack": ["alie", {"name": "nan", "every": 3}], "server.aggregator": ["krum", "median"], "seed": [1, 2]},
)

# The same campaign without a matrix of messages: by blocks of columns that are computed anew.
BLOCKS = {
    **SWEEP,
    "name": "blocks",
    "workers": {"count": 400, "byzantine": 90, "batch_size": 1, "storage": "recompute", "block_megabytes": 1},
    "data": {"dataset": {"name": "blobs", "features": 500, "classes": 4, "train": 400, "test": 100}},
    "rounds": 20,
    "evaluation": {"every": 5},
    "sweep": {"attack": ["alie", {"name": "nan", "every": 3}], "server.aggregator": ["trimmed_mean", "median"]},
}

SEARCH = {
    **{key: value for key, value in SWEEP.items() if key not in ("sweep", "attack", "server")},
    "name": "search",
    "data": {**SWEEP["data"], "validation": 0.25},
    "server": {"schedule": "cosine"},
    "search": {"first_rounds": 15, "attacks": ["alie", {"name": "nan", "every": 3}], "seeds": [1, 2],
               "space": {"server.aggregator": ["krum", "median"], "server.learning_rate": [0.01, 0.1, 1]}},
}


def is_whole(path, document):
    """A result that was completed, or paused by a search; an index; what a search leaves."""
    if path.name == "sweep.json":
        return "runs" in document
    if path.name == "search.json":
        return document["status"] in ("unfinished", "completed") and len(document["trials"]) == 6
    if path.name == "winner.json":
        return "sweep" in document
    return document["status"] == "completed" or document["reason"].startswith("paused by the search")


def damage(folder):
    """Files that are not whole, by their names: all of them must parse."""
    bad = []
    for path in pathlib.Path(folder).rglob("*.json"):
        try:
            whole = is_whole(path, json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, KeyError):
            whole = False
        if not whole:
            bad.append(path.name)
    return bad


def leftovers(folder):
    return [path.name for path in pathlib.Path(folder).rglob("*")
            if path.is_file() and path.suffix != ".json"]


class Tally:
    """What the kills have hit; `runs` is the number of results of the whole."""

    def __init__(self, runs):
        self.runs = runs
        self.kills = self.campaigns = 0
        self.temporaries = self.checkpoints = self.between = 0
        self.damaged, self.different, self.left, self.failed = [], [], [], []

    def look(self, folder):
        names = leftovers(folder)
        self.temporaries += any(".tmp-" in name for name in names)
        self.checkpoints += any(name.endswith(".checkpoint") for name in names)
        self.between += 0 < len(result_files(folder)) < self.runs
        self.damaged += damage(folder)


def hit(config, out, longest, tally):
    """Starts it and kills it somewhere; whether it had ended before."""
    jobs = MOMENTS.choice(("1", "2", "3"))
    process = start("run", config, "--out", out, "--resume", "--checkpoint", "0.003", "--jobs", jobs, "--threads", "2")
    time.sleep(MOMENTS.uniform(0, longest))
    process.kill()
    _, said = process.communicate(timeout=60)
    if process.returncode == -signal.SIGKILL:
        tally.kills += 1
        tally.look(out)
        return False
    if process.returncode != 0:
        tally.failed.append(said)
    return True


def finish(config, out, whole, tally):
    done = run("run", config, "--out", out, "--resume")
    tally.campaigns += 1
    if done.returncode != 0:
        tally.failed.append(done.stderr)
    if stable_folder(out) != whole:
        tally.different.append(tally.campaigns)
    tally.left += leftovers(out)
    shutil.rmtree(out)


def campaign(document, kills, folder):
    """Kills one kind of campaign so often; returns what was hit."""
    kind = document["name"]
    config, out = write(f"{folder}/{kind}.json", document), f"{folder}/{kind}"
    begun = time.monotonic()
    done = run("run", config, "--out", f"{folder}/whole-{kind}", "--checkpoint", "0.003", "--jobs", "2")
    alone = time.monotonic() - begun
    checks.expect(f"{kind}: undisturbed", done.returncode == 0, done.stderr)
    whole, attempts = stable_folder(f"{folder}/whole-{kind}"), 0
    tally = Tally(len(result_files(f"{folder}/whole-{kind}")))
    while tally.kills < kills and attempts < 10 * kills + 100:  # where nothing is ever hit it would go on for ever
        attempts += 1
        if hit(config, out, 0.7 * alone, tally) or MOMENTS.random() < 0.1:
            finish(config, out, whole, tally)
    finish(config, out, whole, tally)
    return tally


def report(kind, tally, kills):
    print(f"{kind}: {tally.kills} kills in {tally.campaigns} campaigns; afterwards lay there: results of a part of the "
          f"runs {tally.between} times, checkpoints {tally.checkpoints}, temporary files {tally.temporaries}")
    checks.expect(f"{kind}: {kills} kills", tally.kills >= kills, tally.kills)
    checks.expect(f"{kind}: the kills hit every kind of moment",
                  kills < 100 or min(tally.between, tally.checkpoints) > 0)
    checks.expect(f"{kind}: nothing half-written was ever there", not tally.damaged, tally.damaged[:5])
    checks.expect(f"{kind}: --resume never failed", not tally.failed, tally.failed[:2])
    checks.expect(f"{kind}: the bytes of an undisturbed one every time", not tally.different, tally.different)
    checks.expect(f"{kind}: no temporary file, lock or checkpoint is left", not tally.left, tally.left[:5])


def main():
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    with scratch() as folder:
        for document, kills in ((SWEEP, KILLS), (SEARCH, (KILLS + 3) // 4), (BLOCKS, (KILLS + 7) // 8)):
            report(document["name"], campaign(document, kills, folder), kills)
    checks.finish()


main()
