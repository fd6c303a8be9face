# SPDX-License-Identifier: GPL-3.0-or-later
"""What the check_*.py scripts share: running the program, tiny configurations, comparing result files.

BYZSIM_PROGRAM names the program (build/byzsim). Each check prints one line; the last line is the summary.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = os.environ.get("BYZSIM_PROGRAM", str(ROOT / "build" / "byzsim"))

TINY = {
    "name": "tiny",
    "rounds": 6,
    "workers": {"count": 7, "byzantine": 1, "batch_size": 4, "momentum": 0.9},
    "data": {"dataset": {"name": "blobs", "features": 5, "classes": 3, "train": 70, "test": 30}},
    "attack": "sign_flip",
    "server": {"aggregator": "krum"},
    "evaluation": {"every": 2},
}

REGRESSION = {
    "name": "regression",
    "rounds": 6,
    "workers": {"count": 5, "byzantine": 1, "batch_size": 4},
    "data": {"dataset": {"name": "linear_regression", "dimension": 4, "train": 60, "test": 20}},
    "model": "linear",
    "attack": {"name": "nan", "every": 2},
    "server": {"aggregator": "trimmed_mean"},
}


class Checks:
    """Counts checks; every one prints a line."""

    def __init__(self):
        self.done = 0
        self.failures = []

    def expect(self, name, good, detail=""):
        self.done += 1
        print(f"{'ok' if good else 'FAILED'}: {name}{'' if good or detail == '' else f': {detail}'}", flush=True)
        if not good:
            self.failures.append(name)
        return good

    def finish(self):
        if self.failures:
            print(f"{len(self.failures)} of {self.done} checks failed: {'; '.join(self.failures)}")
            sys.exit(1)
        print(f"{self.done} checks")
        sys.exit(0)


def run(*arguments, **options):
    """Runs the program and returns it with its output as text."""
    options.setdefault("timeout", 120)
    options.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run(
        [PROGRAM, *map(str, arguments)],
        stdout=options.pop("stdout", subprocess.PIPE),
        stderr=options.pop("stderr", subprocess.PIPE),
        text=True,
        check=False,
        **options,
    )


def start(*arguments, **options):
    """Starts the program without waiting for it."""
    return subprocess.Popen(
        [PROGRAM, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=options.pop("stdout", subprocess.PIPE),
        stderr=options.pop("stderr", subprocess.PIPE),
        text=True,
        **options,
    )


def scratch():
    """A temporary folder, to be used with `with`; yields its path as a string."""
    return tempfile.TemporaryDirectory(prefix="byzsim-check-")


def write(path, document):
    """Writes a document as JSON (a string as it is) and returns the path."""
    path = pathlib.Path(path)
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return path


def changed(document, **changes):
    """A copy with some keys replaced."""
    return {**json.loads(json.dumps(document)), **changes}


INDEXES = ("sweep.json", "search.json", "winner.json")


def result_files(folder):
    """Result files below a folder, without the index and what a search leaves beside them, by name."""
    return {path.name: path for path in sorted(pathlib.Path(folder).rglob("*.json")) if path.name not in INDEXES}


def stable_bytes(path):
    """The text of a result file up to environment and timing, which come last."""
    text = pathlib.Path(path).read_text(encoding="utf-8")
    head, found, tail = text.partition('\n  "environment": {')
    keys = list(json.loads(text))
    if not found or keys[-2:] != ["environment", "timing"]:
        raise ValueError(f"{path}: environment and timing do not come last")
    del tail
    return head


def stable_folder(folder):
    """All result files below a folder without environment and timing, and the indexes, by name."""
    files = {name: stable_bytes(path) for name, path in result_files(folder).items()}
    for index in INDEXES:
        for path in pathlib.Path(folder).rglob(index):
            files[path.name] = path.read_text(encoding="utf-8")
    return files
