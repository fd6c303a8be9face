#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""sessions.py PROGRAM RESULTS PICTURES: runs the campaigns of docs/sessions/ into the folder RESULTS, draws their plots
into the folder PICTURES, and prints how long each took. The commands are those of the pages, word for word but for the
folders."""

import pathlib
import re
import shlex
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs" / "sessions"


def pages():
    """The pages of the sessions, without the index."""
    return sorted(path for path in PAGES.glob("*.md") if path.name != "README.md")


def blocks(page):
    """The commands of a page as lists of words, one list of commands for each of its blocks."""
    found = []
    for block in re.findall(r"^```\n(.*?)^```$", page.read_text(encoding="utf-8"), re.M | re.S):
        lines = block.replace("\\\n", " ").splitlines()
        found.append([shlex.split(line) for line in lines if line.strip()])
    return found


def placed(words, program, results, pictures):
    """A command with the program and the folders in the places of those that the page names."""
    words = [program, *words[1:]]
    if words[1] == "run":
        return [*words, "--out", str(results)]
    words = [str(results / word[len("results/"):]) if word.startswith("results/") else word for word in words]
    return [str(pictures / word) if before == "-o" else word for before, word in zip(["", *words], words)]


def main():
    if len(sys.argv) != 4:
        print(__doc__, file=sys.stderr)
        return 2
    program = str(pathlib.Path(sys.argv[1]).resolve())
    results, pictures = (pathlib.Path(name).resolve() for name in sys.argv[2:])
    pictures.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    for page in pages():
        start = time.monotonic()
        for words in blocks(page)[0]:
            quiet = ["--quiet"] if words[1] == "run" else []
            done = subprocess.run([*placed(words, program, results, pictures), *quiet], cwd=ROOT, check=False)
            if done.returncode != 0:
                print(f"sessions.py: {shlex.join(words)}: failed", file=sys.stderr)
                return 1
        print(f"{page.stem:24}{time.monotonic() - start:6.0f} s", flush=True)
    print(f"{'all':24}{time.monotonic() - begun:6.0f} s; plots: {pictures}/*.svg")
    return 0


if __name__ == "__main__":
    sys.exit(main())
