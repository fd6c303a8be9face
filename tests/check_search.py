# SPDX-License-Identifier: GPL-3.0-or-later
"""`byzsim run` on searches: the committed example finds what its grid finds for a third of the rounds, the files fit their
schema, the winner runs again to the same digests, threads and jobs change nothing, Ctrl-C and --resume, trials that fail,
and the plot of a halving."""

import json
import math
import os
import pathlib
import re
import shutil
import signal
import sys
import time
import xml.etree.ElementTree

from program import ROOT, TINY, Checks, changed, result_files, run, scratch, stable_folder, start, write

try:
    import jsonschema
except ImportError:
    print("the Python module jsonschema is missing: run 'make deps'")
    sys.exit(77)

checks = Checks()

SPACE = {"server.aggregator": ["mean", "median", "krum"], "server.learning_rate": [0.01, 0.1, 1]}
SEARCH = {
    **{key: value for key, value in TINY.items() if key != "attack"},
    "name": "tiny",
    "rounds": 18,
    "data": {"dataset": {"name": "blobs", "features": 5, "classes": 3, "train": 120, "test": 60, "separation": 2},
             "validation": 0.4},
    "search": {"first_rounds": 2, "attacks": ["alie", {"name": "sign_flip", "scale": 3}], "seeds": [1, 2], "space": SPACE},
}


def searching(name, block, **changes):
    """A copy with some keys of the search replaced; None removes one."""
    search = {**SEARCH["search"], **block}
    return changed(SEARCH, name=name, search={key: value for key, value in search.items() if value is not None}, **changes)


RANGES = {"server.learning_rate": {"log_uniform": [0.001, 10]}, "workers.momentum": {"uniform": [0, 0.99]},
          "workers.batch_size": {"integers": [2, 8]}, "server.aggregator": ["median", {"name": "krum", "neighbours": "paper"}]}
KINDS = {
    "halving": SEARCH,
    "grid": searching("grid", {"method": "grid", "first_rounds": None}),
    "random": searching("random", {"method": "random", "first_rounds": None, "trials": 4, "space": RANGES}),
    "hyperband": searching("hyperband", {"method": "hyperband", "seeds": None, "space": RANGES}),
    "loss": searching("loss", {"objective": "validation_loss", "attacks": None}, attack="alie"),
    "diverging": searching("diverging", {"objective": "validation_loss", "attacks": ["nan"]},
                           server={"nonfinite": "keep"}),
    "failing": searching("failing", {"space": {"workers.count": [100, 7, 9]}}),
}


def validator():
    """Of search.json, with the schema of configurations in its place."""
    configs = json.loads((ROOT / "configs" / "schema.json").read_text(encoding="utf-8"))
    text = (ROOT / "results" / "schema.json").read_text(encoding="utf-8")
    body = json.dumps({key: value for key, value in configs.items() if not key.startswith("$")})[1:-1]
    schema = json.loads(re.sub(r'"\$ref": "../configs/schema.json"', lambda _: body, text))["$defs"]["search"]
    jsonschema.Draft202012Validator.check_schema({**schema, "$defs": configs["$defs"]})
    return jsonschema.Draft202012Validator({**schema, "$defs": configs["$defs"]})


def read(folder, name="search.json"):
    return json.loads(pathlib.Path(folder, name).read_text(encoding="utf-8"))


def mistakes(valid, document):
    return [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:200]}" for e in list(valid.iter_errors(document))[:5]]


def example(home):
    """The committed example: its grid's winner, or one within half a point of it, for at most 35 % of the rounds."""
    if os.environ.get("BYZSIM_SANITIZE"):
        print("skipped: the example is too long for a sanitized program")
        return
    found = {}
    for name in ("halving", "grid"):
        done = run("run", ROOT / "configs" / "search" / f"{name}.json", "--out", home, "--jobs", "2", "--quiet", timeout=280)
        checks.expect(f"the example: {name}", done.returncode == 0, done.stderr)
        found[name] = read(f"{home}/search-{name}")
    halving, grid = found["halving"], found["grid"]
    same = next(t for t in grid["trials"] if t["values"] == halving["winner"]["values"])
    lost = grid["winner"]["objective"] - same["objective"]
    share = halving["budget"]["rounds"] / grid["budget"]["rounds"]
    print(f"halving: trial {halving['winner']['trial']}, {100 * lost:.2f} points below the grid's best, {100 * share:.1f} % "
          f"of its rounds")
    checks.expect("halving finds a trial within 0.5 points of the grid's best", lost <= 0.005, lost)
    checks.expect("... for at most 35 % of its rounds", share <= 0.35, share)
    checks.expect("... and says so", math.isclose(halving["budget"]["share"], share), halving["budget"])


def every_kind(home, valid):
    for kind, config in KINDS.items():
        done = run("run", write(f"{home}/{kind}.json", config), "--out", home, "--jobs", "2")
        folder = f"{home}/{config['name']}"
        document = read(folder)
        wrong = mistakes(valid, document)
        checks.expect(f"{kind}: runs and fits its schema", done.returncode == 0 and not wrong, (done.stderr[-300:], wrong))
        checks.expect(f"{kind}: names a winner", "winner: trial " in done.stdout and document["winner"] is not None, done.stdout)
        left = [path.name for path in pathlib.Path(folder).iterdir() if path.suffix != ".json"]
        checks.expect(f"{kind}: leaves no checkpoint", not left, left)
        for arguments in (("results", folder), ("report", folder, "-o", f"{home}/page.html"),
                          ("plot", "bars", folder, "--where", "status=completed", "--x", "server", "--series", "attack",
                           "--facet", "workers", "-o", f"{home}/bars.gp")):
            told = run(*arguments)
            checks.expect(f"{kind}: byzsim {arguments[0]} reads the folder", told.returncode == 0, told.stderr[-300:])
    failing = read(f"{home}/failing")
    trial = failing["trials"][0]
    checks.expect("a trial that fails is marked, with its error", trial["status"] == "failed" and trial["objective"] is None
                  and "worker" in trial["runs"][0]["error"], trial)
    done = run("run", f"{home}/failing.json", "--out", home, "--resume")
    checks.expect("... and told at the end", done.returncode == 0 and "1 of 3 trials failed:\n  trial 1: " in done.stderr, done.stderr)
    diverging = read(f"{home}/diverging")
    checks.expect("infinite loss is null", diverging["trials"][0]["objective"] is None
                  and diverging["trials"][0]["runs"][0]["status"] == "diverged", diverging["trials"][0])


def objective_by_hand(home):
    """Of the grid, whose every run has its figures in its result."""
    document, folder = read(f"{home}/grid"), f"{home}/grid"
    good = True
    for trial in document["trials"]:
        means = {}
        for one in trial["runs"]:
            figure = read(folder, one["file"])["final"]["validation_accuracy"]
            means.setdefault(one["attack"], []).append(figure)
        worst = min(means, key=lambda attack: sum(means[attack]))
        good &= math.isclose(trial["objective"], sum(means[worst]) / 2) and trial["rungs"][0]["worst_attack"] == worst
    checks.expect("the objective is the worst attack's mean over the seeds", good)
    best = max(document["trials"], key=lambda trial: (trial["objective"], -trial["trial"]))
    winner = document["winner"]
    checks.expect("the winner has the best one, the first of equals", winner["trial"] == best["trial"], winner)
    tests = {}
    for one in best["runs"]:
        tests.setdefault(one["attack"], []).append(read(folder, one["file"])["final"]["test_accuracy"])
    checks.expect("its test figure is that of the worst attack",
                  math.isclose(winner["test"]["accuracy"], min(sum(v) / 2 for v in tests.values())), winner["test"])
    rungs = read(f"{home}/tiny")["trials"]
    checks.expect("halving drops two thirds at every rung",
                  [sum(len(trial["rungs"]) > k for trial in rungs) for k in range(3)] == [9, 3, 1])


def winner_again(home):
    """The winner's configuration, run by itself, takes the same paths."""
    done = run("run", f"{home}/tiny/winner.json", "--out", home, "--quiet")
    document = read(f"{home}/tiny")
    runs = document["trials"][document["winner"]["trial"] - 1]["runs"]
    digests = {read(f"{home}/tiny", one["file"])["digest"] for one in runs}
    again = {json.loads(path.read_text(encoding="utf-8"))["digest"] for path in result_files(f"{home}/tiny-winner").values()}
    checks.expect("winner.json runs again to the same digests", done.returncode == 0 and digests == again and len(again) == 4,
                  (done.stderr, digests, again))
    checks.expect("... and search.json holds it too", document["winner"]["config"] == read(f"{home}/tiny", "winner.json"))


def same_bytes(home):
    whole = stable_folder(f"{home}/tiny")
    for jobs, threads in ((1, 1), (3, 3)):
        out = f"{home}/jobs{jobs}"
        run("run", f"{home}/halving.json", "--out", out, "--jobs", jobs, "--threads", threads, "--quiet")
        checks.expect(f"the same bytes with {jobs} jobs and {threads} threads", stable_folder(out) == whole)


def interrupted(home, valid):
    long = changed(SEARCH, name="long", rounds=450, search={**SEARCH["search"], "first_rounds": 45})
    config, out = write(f"{home}/long.json", long), f"{home}/stopped"
    done = run("run", config, "--out", f"{home}/long-whole", "--quiet")
    checks.expect("a longer search", done.returncode == 0, done.stderr)
    process = start("run", config, "--out", out)
    deadline = time.monotonic() + 60
    while len(result_files(out)) < 5 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    document = read(f"{out}/long")
    checks.expect("Ctrl-C leaves an unfinished search", process.returncode == 130 and document["status"] == "unfinished"
                  and "the search is not finished; --resume goes on" in said and document["winner"] is None and not mistakes(valid, document), (process.returncode, said[-300:]))
    told = run("plot", "halving", f"{out}/long", "-o", f"{home}/unfinished.gp")
    checks.expect("... of which can be drawn what there is", told.returncode == 0, told.stderr)
    dry = run("run", config, "--out", out, "--dry-run", "--resume")
    checks.expect("... and --dry-run writes nothing", dry.returncode == 0 and "Nothing was written" in dry.stdout
                  and read(f"{out}/long") == document, dry.stderr)
    done = run("run", config, "--out", out, "--resume", "--quiet")
    checks.expect("... and --resume ends in the same bytes", done.returncode == 0
                  and stable_folder(out) == stable_folder(f"{home}/long-whole"), done.stderr)


def plans(home):
    dry = run("run", f"{home}/hyperband.json", "--out", f"{home}/dry", "--dry-run")
    rows = [line.split() for line in dry.stdout.splitlines() if re.match(r" +\d+ +\d+ ", line)]
    checks.expect("--dry-run shows brackets and rungs", [row[:4] for row in rows] == [
        ["0", "0", "9", "2"], ["0", "1", "3", "6"], ["0", "2", "1", "18"], ["1", "0", "3", "6"], ["1", "1", "1", "18"],
        ["2", "0", "3", "18"]], dry.stdout)
    checks.expect("... and writes nothing", not os.path.exists(f"{home}/dry"))
    lengths = searching("lengths", {"method": "grid", "first_rounds": None, "space": {"rounds": [3, 6]}})
    dry = run("run", write(f"{home}/lengths.json", lengths), "--out", f"{home}/dry", "--dry-run")
    checks.expect("a grid over rounds counts those of each trial", re.search(r"\n +0 +0 +2 +6 +8 +36\n", dry.stdout)
                  and ": 36 rounds, 100.0 %" in dry.stdout, dry.stdout)
    checked = run("check", f"{home}/hyperband.json")
    checks.expect("byzsim check counts runs and trials", "valid, 30 runs of 15 trials" in checked.stdout, checked.stdout)


def pictures(home):
    for name in ("tiny", "hyperband"):
        out = pathlib.Path(f"{home}/{name}.gp")
        done = run("plot", "halving", f"{home}/{name}", "-o", out)
        text = out.read_text(encoding="utf-8")
        data = {int(number): [[float(cell) for cell in row.split()] for row in rows.splitlines()]
                for number, rows in re.findall(r"^\$trial(\d+) << EOD\n(.*?)^EOD$", text, re.M | re.S)}
        document = read(f"{home}/{name}")
        good = done.returncode == 0 and len(data) == len(document["trials"])
        for trial in document["trials"]:
            points = dict(map(tuple, data[trial["trial"]]))
            good &= all(math.isclose(points[rung["rounds"]], rung["objective"], rel_tol=1e-6, abs_tol=1e-9)
                        for rung in trial["rungs"])
            good &= max(points) == trial["rungs"][-1]["rounds"]
        checks.expect(f"{name}: a line for each trial, through its rungs and no further", good, done.stderr)
        checks.expect(f"{name}: a panel for each bracket", text.count("set lmargin") == len(document["brackets"]) + 1)
        number = document["winner"]["trial"]
        bold = re.findall(r"\$trial(\d+) using 1:2 with lines linecolor rgb '#D55E00' linewidth 3.2", text)
        checks.expect(f"{name}: the winner alone is emphasised", bold == [str(number)], bold)
    # Between the rungs the line is the objective of the evaluations, by hand from the results of the winner.
    document = read(f"{home}/tiny")
    text = pathlib.Path(f"{home}/tiny.gp").read_text(encoding="utf-8")
    number = document["winner"]["trial"]
    rows = re.search(rf"^\$trial{number} << EOD\n(.*?)^EOD$", text, re.M | re.S).group(1)
    points = {float(a): float(b) for a, b in (row.split() for row in rows.splitlines())}
    runs = [(one["attack"], read(f"{home}/tiny", one["file"])["metrics"]) for one in document["trials"][number - 1]["runs"]]
    wanted = {}
    for i, rounds in enumerate(runs[0][1]["round"]):
        means = {}
        for attack, metrics in runs:
            means.setdefault(attack, []).append(metrics["validation_accuracy"][i])
        wanted[rounds] = min(sum(values) / len(values) for values in means.values())
    wanted.pop(0)  # a logarithmic axis has no round 0
    checks.expect("evaluations between the rungs are drawn", all(
        math.isclose(points[rounds], value, rel_tol=1e-6) for rounds, value in wanted.items()), (points, wanted))
    if shutil.which("gnuplot") is None:
        print("skipped: gnuplot is not installed")
        return
    for ending, head in (("svg", b"<?xml"), ("png", b"\x89PNG\r\n"), ("pdf", b"%PDF-")):
        out = pathlib.Path(f"{home}/picture.{ending}")
        done = run("plot", "halving", f"{home}/hyperband", "--range", "0.2:1", "-o", out)
        checks.expect(f"halving as {ending}", done.returncode == 0 and out.read_bytes().startswith(head), done.stderr)
    xml.etree.ElementTree.parse(f"{home}/picture.svg")


def told(home):
    good = ("-o", f"{home}/x.svg")
    for arguments, status, part in (
        (["plot", "halving", f"{home}/grid", *good], 2, 'drops no trial on the way (method "grid")'),
        (["plot", "halving", f"{home}/tiny-winner", *good], 1, "holds no search.json"),
        (["plot", "halving", f"{home}/tiny/winner.json", *good], 1, "is no result of a search"),
        (["plot", "halving", f"{home}/nowhere", *good], 1, "No such file"),
        (["plot", "halving", f"{home}/tiny", f"{home}/grid", *good], 2, "draws one search"),
        (["plot", "halving", f"{home}/tiny", "--where", "seed=1", *good], 2, "no --where"),
        (["plot", "halving", f"{home}/tiny", "--metric", "train_loss", *good], 2, "halving has no --metric"),
        (["run", f"{home}/halving.json", "--set", "data.validation=0"], 2, "a search needs samples for validation"),
        (["run", f"{home}/halving.json", "--set", 'search.attacks=["alei"]'], 2, 'did you mean "alie"?'),
        (["run", f"{home}/halving.json", "--set", "sweep.seed=[1]"], 2, "a sweep or a search, not both"),
    ):
        done = run(*arguments, "--out", f"{home}/none") if arguments[0] == "run" else run(*arguments)
        checks.expect(f"{' '.join(str(a) for a in arguments[:2] if home not in str(a))}: {part}",
                      done.returncode == status and part in done.stderr, (done.returncode, done.stderr))
    done = run("run", write(f"{home}/regression.json", changed(SEARCH, data={"dataset": "linear_regression", "validation": 0.2},
                                                               model="linear")), "--out", f"{home}/none")
    checks.expect("an accuracy where there is none", done.returncode == 1 and 'use "validation_loss"' in done.stderr, done.stderr)
    checks.expect("nothing is written for mistakes", not os.path.exists(f"{home}/none") and not os.path.exists(f"{home}/x.svg"))


def main():
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    valid = validator()
    with scratch() as home:
        every_kind(home, valid)
        objective_by_hand(home)
        winner_again(home)
        same_bytes(home)
        plans(home)
        pictures(home)
        told(home)
        interrupted(home, valid)
        example(home)
    checks.finish()


main()
