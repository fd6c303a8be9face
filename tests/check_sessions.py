# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/sessions: every campaign has its page, every page its campaign, links and pictures are there, and all commands of all
pages work, with two rounds instead of hundreds."""

import json
import os
import pathlib
import re
import sys
import xml.etree.ElementTree

from program import PROGRAM, ROOT, Checks, result_files, run, scratch

sys.path.insert(0, str(ROOT / "tools"))
import sessions  # noqa: E402 (the parser of the pages, which draws their pictures too)

CONFIGS = ROOT / "configs" / "sessions"
checks = Checks()


def check_index():
    index = (sessions.PAGES / "README.md").read_text(encoding="utf-8")
    names = {path.stem for path in CONFIGS.glob("*.json")}
    checks.expect("every campaign has a page and every page a campaign",
                  len(names) >= 7 and names == {page.stem for page in sessions.pages()}, names)
    for name in sorted(names):
        checks.expect(f"the index leads to {name}", f"]({name}.md)" in index and f"configs/sessions/{name}.json" in index)
    checks.expect("the README leads to the index", "(docs/sessions/README.md)" in (ROOT / "README.md").read_text(encoding="utf-8"))


def check_links(page):
    text = page.read_text(encoding="utf-8")
    lost = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if not (page.parent / link).exists()]
    checks.expect(f"{page.name}: links and pictures are there", not lost, lost)
    return lost


def check_page(page):
    lost = check_links(page)
    text = page.read_text(encoding="utf-8")
    for picture in re.findall(r"!\[[^]]*\]\(([^)]+\.svg)\)", text):
        if picture not in lost:
            xml.etree.ElementTree.parse(page.parent / picture)
    checks.expect(f"{page.name}: has a question, what to read and an exercise",
                  all(f"**{word}.**" in text for word in ("Question", "What one sees", "Read", "Exercise")))


def check_config(name):
    done = run("check", CONFIGS / f"{name}.json")
    checks.expect(f"{name}.json is valid", done.returncode == 0, done.stderr)
    config = json.loads((CONFIGS / f"{name}.json").read_text(encoding="utf-8"))
    checks.expect(f"{name}.json: its own folder of results, at least three seeds",
                  config["name"] == f"session-{name}" and len(config["sweep"]["seed"]) >= 3)


def quick(words):
    """The command with little to do."""
    return [*words, "--set", "rounds=2", "--set", "data.dataset.train=500", "--set", "data.dataset.test=50",
            "--set", "sweep.seed=[1,2]", "--quiet"]


def check_commands(page, home):
    blocks = sessions.blocks(page)
    checks.expect(f"{page.name}: a block for the session and one for the exercise", len(blocks) == 2)
    runs, plots = [words[1:] for words in blocks[0]]
    checks.expect(f"{page.name}: runs its campaign and draws its picture",
                  runs[:2] == ["run", f"configs/sessions/{page.stem}.json"]
                  and plots[0] == "plot" and plots[plots.index("-o") + 1] == f"{page.stem}.svg", blocks[0])
    for words in [words for block in blocks for words in block]:
        placed = sessions.placed(words, PROGRAM, home, home)[1:]
        if placed[0] == "run":
            placed = quick(placed)
        else:
            placed = [word[:-4] + ".gp" if word.endswith(".svg") else word for word in placed]
        done = run(*placed, cwd=ROOT)
        good = checks.expect(f"{page.name}: byzsim {' '.join(words[1:4])} ...", done.returncode == 0 and done.stderr == "", done.stderr)
        if good and placed[0] == "plot":
            script = pathlib.Path(placed[placed.index("-o") + 1]).read_text(encoding="utf-8")
            checks.expect(f"{page.name}: ... shows bands", "filledcurves" in script)


def main():
    check_index()
    check_links(sessions.PAGES / "README.md")
    for page in sessions.pages():
        check_config(page.stem)
        check_page(page)
        with scratch() as home:
            check_commands(page, pathlib.Path(home))
            checks.expect(f"{page.name}: results were written", len(result_files(home)) > 20, os.listdir(home))
    checks.finish()


main()
