# SPDX-License-Identifier: GPL-3.0-or-later
"""`byzsim plot`: every kind in every format, the numbers behind the pictures (read from the gnuplot script), names that
try to break out, requests that make no sense, and a machine without gnuplot."""

import json
import math
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import xml.etree.ElementTree

from program import REGRESSION, TINY, Checks, changed, result_files, run, scratch, write

checks = Checks()

KINDS = ("curves", "trend", "bars", "heatmap", "selection", "partition")
T_3 = 3.182446305284263  # 97.5 % quantile of Student's t with 3 degrees of freedom

# Hard enough that seeds, rules and attacks end in different figures.
HARD = {"name": "blobs", "features": 5, "classes": 3, "train": 140, "test": 200, "separation": 1}
SWEEP = changed(TINY, name="sweep", data={"dataset": HARD, "partition": "dirichlet"}, sweep={
    "workers.byzantine": [0, 1], "data.partition.alpha": [1, 10], "attack": ["alie", {"name": "sign_flip", "scale": 3}],
    "server.aggregator": ["krum", "median"], "seed": [1, 2, 3, 4]})

# Quotes of both kinds, a backslash, a shell, gnuplot's own commands and macros, the end of a data block, newlines,
# a control character, no UTF-8, markup.
EVIL = "'; system('touch HIT') # `touch HIT` \"$(touch HIT)\" @x \\\nEOD\n!touch HIT\n{/Bold x}_y^z \x1b]0;x\x07 <b>&amp; \xe9\u2028"


def script(folder, kind, *arguments):
    """The gnuplot script of a plot, and its data blocks by name as rows of numbers."""
    done = run("plot", kind, folder, *arguments, "-o", f"{folder}/../script.gp")
    checks.expect(f"{kind} {' '.join(map(str, arguments))}: a script", done.returncode == 0 and done.stderr == "", done.stderr)
    text = pathlib.Path(f"{folder}/../script.gp").read_text(encoding="utf-8")
    found = {name: [[float(cell) for cell in row.split()] for row in rows.splitlines()]
             for name, rows in re.findall(r"^\$(\w+) << EOD\n(.*?)^EOD$", text, re.M | re.S)}
    return text, found


def close(a, b):
    return len(a) == len(b) and all(math.isclose(x, y, rel_tol=1e-6, abs_tol=1e-8) for x, y in zip(a, b))


def documents(folder, **wanted):
    found = []
    for path in result_files(folder).values():
        document = json.loads(path.read_text(encoding="utf-8"))
        config = document["config"]
        facts = {"b": config["workers"]["byzantine"], "alpha": config["data"]["partition"]["alpha"],
                 "attack": config["attack"]["name"], "rule": config["server"]["aggregator"]["name"]}
        if all(facts[key] == value for key, value in wanted.items()):
            found.append(document)
    return found


def interval(values):
    return T_3 * statistics.stdev(values) / math.sqrt(len(values))


def formats(folder, home):
    if shutil.which("gnuplot") is None:
        print("skipped: gnuplot is not installed")
        return
    magic = {"svg": b"<?xml", "png": b"\x89PNG\r\n", "pdf": b"%PDF-"}
    for kind in KINDS:
        for ending, head in magic.items():
            out = pathlib.Path(f"{home}/{kind}.{ending}")
            options = ("--x", "workers.byzantine") if kind == "trend" else ()
            done = run("plot", kind, folder, *options, "-o", out)
            good = done.returncode == 0 and done.stdout + done.stderr == "" and out.read_bytes().startswith(head)
            checks.expect(f"{kind} as {ending}", good and out.stat().st_size > 2000, done.stderr)
        xml.etree.ElementTree.parse(f"{home}/{kind}.svg")
    left = [path.name for path in pathlib.Path(home).iterdir() if ".tmp" in path.name]
    checks.expect("no temporary file is left", not left, left)


def curve_numbers(folder):
    only = ("--where", "workers.byzantine=1", "--where", "data.partition.alpha=1", "--where", "attack.name=alie")
    text, data = script(folder, "curves", *only)
    runs = documents(folder, b=1, alpha=1, attack="alie", rule="krum")
    rounds = runs[0]["metrics"]["round"]
    wanted = []
    for i, number in enumerate(rounds):
        values = [document["metrics"]["test_accuracy"][i] for document in runs]
        mean, half = statistics.mean(values), interval(values)
        wanted += [number, mean, max(0, mean - half), min(1, mean + half)]
    checks.expect("a curve is the mean with its 95 % confidence band", len(data) == 2 and len(runs) == 4
                  and close(sum(data["line0"], []), wanted), (data.get("line0"), wanted))
    checks.expect("... says so, on the axis 0 to 1", "95 % confidence band of 4 runs" in text and "set yrange [0:1]" in text)
    checks.expect("... with a legend of what differs alone", "title 'Krum'" in text and "title 'median'" in text
                  and "seed" not in text and "alie" not in text.lower())
    text, _ = script(folder, "curves", *only, "--range", "0.5:0.9")
    checks.expect("... and --range", "set yrange [0.5:0.9]" in text)
    text, _ = script(folder, "curves", *only, "--size", "900x500")
    checks.expect("... and --size", "size 900,500" in text)
    text, data = script(folder, "curves", *only, "--metric", "error_ratio")
    kappas = {document["kappa"] for document in documents(folder, b=1, rule="median")}
    drawn = [kappa for kappa in kappas if kappa is not None and f"{kappa:.9g} with lines" in text]
    checks.expect("error_ratio comes with the bound kappa", len(drawn) == 1 and "title 'bound κ'" in text, (kappas, text[-900:]))
    checks.expect("... over every round", len(data["line0"]) == TINY["rounds"], data["line0"])


def long_runs(home):
    long = changed(TINY, name="long", rounds=1300, workers={"count": 5, "byzantine": 0, "batch_size": 1},
                   data={"dataset": {"name": "blobs", "features": 2, "classes": 2, "train": 20, "test": 10}},
                   model={"name": "softmax"}, attack="none", server={"aggregator": "mean"}, evaluation={"every": 1000})
    run("run", write(f"{home}/long.json", long), "--out", f"{home}/long", "--quiet")
    text, data = script(f"{home}/long/long", "curves", "--metric", "honest_norm")
    document = json.loads(next(iter(result_files(f"{home}/long").values())).read_text(encoding="utf-8"))
    norms = document["per_round"]["honest_norm"]
    means = [statistics.mean(norms[i:i + 7]) for i in range(0, 1295, 7)]
    checks.expect("thousands of rounds are averaged in blocks, which is said",
                  close([row[1] for row in data["line0"]], means) and "each point is the mean of 7 rounds" in text)


def bar_numbers(folder):
    only = ("--where", "workers.byzantine=1", "--where", "data.partition.alpha=10")
    text, data = script(folder, "bars", *only, "--metric", "train_loss")
    wanted = []
    for place, rule in enumerate(("krum", "median")):
        values = [document["final"]["train_loss"] for document in documents(folder, b=1, alpha=10, attack="alie", rule=rule)]
        wanted += [place - 0.21, statistics.mean(values), max(0, statistics.mean(values) - interval(values)),
                   statistics.mean(values) + interval(values)]
    drawn = sum((row[:4] for row in data["bars0"]), [])
    checks.expect("bars: groups of rules, colours of attacks, intervals of seeds", len(data) == 2 and close(drawn, wanted),
                  (drawn, wanted))
    checks.expect("... from 0", "set yrange [0:" in text)
    text, data = script(folder, "bars", *only, "--x", "attack", "--series", "server.aggregator")
    checks.expect("... and the other way round", "title 'Krum'" in text and "'sign flip' 1" in text, text[:600])


def heat_numbers(folder):
    text, data = script(folder, "heatmap")
    wanted = []
    for y, alpha in enumerate((1, 10)):
        for x, b in enumerate((0, 1)):
            worst = min(statistics.mean(d["final"]["test_accuracy"] for d in documents(folder, b=b, alpha=alpha, attack=attack,
                                                                                       rule="krum"))
                        for attack in ("alie", "sign_flip"))
            wanted.append([x, y, worst])
    checks.expect("a cell is the worst mean over the attacks", len(data) == 2
                  and close(sum((row[:3] for row in data["cells0"]), []), sum(wanted, [])), (data["cells0"], wanted))
    checks.expect("... says so", "worst over 2 values of attack" in text and "means of 4 runs" in text)
    _, data = script(folder, "heatmap", "--metric", "train_loss", "--where", "server.aggregator.name=krum")
    means = [statistics.mean(d["final"]["train_loss"] for d in documents(folder, b=1, alpha=1, attack=attack, rule="krum"))
             for attack in ("alie", "sign_flip")]
    checks.expect("the worst loss is the greatest", means[0] != means[1] and close([data["cells0"][1][2]], [max(means)]), means)


def trend_numbers(folder):
    only = ("--where", "data.partition.alpha=1", "--where", "attack.name=alie", "--metric", "train_loss")
    text, data = script(folder, "trend", *only)
    for line, rule in enumerate(("krum", "median")):
        wanted = []
        for b in (0, 1):
            values = [d["final"]["train_loss"] for d in documents(folder, b=b, alpha=1, attack="alie", rule=rule)]
            mean, half = statistics.mean(values), interval(values)
            wanted += [b, mean, max(0, mean - half), mean + half]
        checks.expect(f"trend: {rule} against the one number that differs, with its confidence band",
                      close(sum(data[f"line{line}"], []), wanted), (data[f"line{line}"], wanted))
    checks.expect("... with ticks at its values and its name below", "set xtics ('0' 0, '1' 1)" in text
                  and "'Byzantine workers'" in text and "confidence band of 4 runs" in text, text[-1500:])
    text, data = script(folder, "trend", "--x", "data.partition.alpha", "--log-x", "--facet", "attack", "--series",
                        "server.aggregator", "--where", "workers.byzantine=1", "--mark", "3=half way", "--mark", "20")
    checks.expect("... a logarithmic axis, panels, marks within the axis", "set logscale x" in text and len(data) == 4
                  and "arrow 1 from 3," in text and "title 'half way'" in text and "title '20'" in text
                  and float(re.search(r"set xrange \[.*:(.*)\]", text).group(1)) > 20, text[-1500:])


def words(folder):
    only = ("--where", "workers.byzantine=1", "--where", "data.partition.alpha=1")
    text, _ = script(folder, "bars", *only, "--label", "krum=one = two", "--label", "sign_flip=reversed",
                     "--label", "aggregation rule=rules", "--label", "test accuracy=how well")
    checks.expect("--label replaces words of legends, ticks and axes", all(
        f"'{words}'" in text for words in ("one = two", "reversed", "rules", "how well")) and "Krum" not in text, text[-1500:])
    text, _ = script(folder, "curves", "--where", "attack.name=alie", "--where", "data.partition.alpha=1",
                     "--series", "workers.byzantine")
    checks.expect("a legend of one number has a heading", "set key title 'b' left" in text and "title '0'" in text, text[-900:])
    text, _ = script(folder, "heatmap", "--label", "alpha=1=mixed")
    checks.expect("--label finds a value behind its key", "'mixed' 0" in text, text[-900:])


def texts(home):
    """Models of text have no accuracy: bits per character are shown instead."""
    config = {"name": "text", "rounds": 2, "workers": {"count": 3, "byzantine": 0, "batch_size": 2}, "evaluation": {"every": 1},
              "data": {"dataset": {"name": "words", "train": 40, "test": 10}}, "model": {"name": "gru"},
              "server": {"aggregator": "mean"}}
    done = run("run", write(f"{home}/text.json", config), "--out", f"{home}/text", "--quiet")
    checks.expect("a model of text runs", done.returncode == 0, done.stderr)
    for path in result_files(f"{home}/text").values():
        document = json.loads(path.read_text(encoding="utf-8"))
        bits = document["final"]["test_bits_per_character"]
        _, data = script(f"{home}/text/text", "bars")
        checks.expect("bars of it show bits per character", close([data["bars0"][0][1]], [bits]), (data, bits))
        table = run("results", path, "--csv").stdout
        checks.expect("... results has a column of them", "test_bits_per_character" in table and f"{bits:.5g}" in table, table)
        other = run("run", f"{home}/text.json", "--set", "seed=2", "--out", f"{home}/other", "--quiet")
        compared = run("compare", path, next(iter(result_files(f"{home}/other").values()))).stdout + other.stderr
        checks.expect("... compare compares them", "test_bits_per_character" in compared, compared)


def diverged_runs(folder, home):
    """A run that diverged has no loss: the mean of the others is not shown in its place."""
    os.mkdir(f"{home}/diverged")
    paths = sorted(result_files(folder).values())
    for path in paths:
        document = json.loads(path.read_text(encoding="utf-8"))
        config = document["config"]
        if config["seed"] == 2 and config["workers"]["byzantine"] == 1 and config["attack"]["name"] == "alie":
            document["status"] = "diverged"
            document["final"]["train_loss"] = None
        write(f"{home}/diverged/{path.name}", document)
    text, data = script(f"{home}/diverged", "heatmap", "--metric", "train_loss")
    checks.expect("a cell with a diverged run is grey", [row[:2] for row in data["cells0"]] == [[0, 0], [0, 1]]
                  and "or a run diverged" in text, data)
    text, data = script(f"{home}/diverged", "bars", "--metric", "train_loss", "--where", "workers.byzantine=1",
                        "--where", "data.partition.alpha=1")
    _, trend = script(f"{home}/diverged", "trend", "--metric", "train_loss", "--where", "attack.name=alie", "--where",
                      "data.partition.alpha=1")
    checks.expect("a trend has a gap where a run diverged", len(trend["line0"]) == 2 and trend["line0"][1] == [], trend)
    checks.expect("a bar with a diverged run is none", data["bars0"] == [] and len(data["bars1"]) == 2
                  and "no bar: a run diverged" in text, data)


def worker_numbers(folder):
    only = ("--where", "workers.byzantine=1", "--where", "data.partition.alpha=1", "--where", "attack.name=alie")
    text, data = script(folder, "selection", *only)
    runs = documents(folder, b=1, alpha=1, attack="alie", rule="krum")
    weights = [statistics.mean(document["selection"]["mean_weight"][w] for document in runs) for w in range(7)]
    checks.expect("selection: mean weights, honest and Byzantine apart",
                  close([row[1] for row in data["honest0"]], weights[:6]) and close([row[1] for row in data["byzantine0"]], weights[6:])
                  and "selection" not in data and "1 panels" not in text, (data, weights))
    _, data = script(folder, "partition", *only, "--where", "seed=1")
    counts = runs[0]["partition"]["label_counts"]
    piles = [[w, 0, *(sum(row[:c + 1]) for c in range(len(row)))] for w, row in enumerate(counts)]
    checks.expect("partition: piled up label counts", data["panel0"] == piles, (data["panel0"], piles))


def mistakes(folder, home):
    good = ("-o", f"{home}/x.svg")
    regression = write(f"{home}/regression.json", REGRESSION)
    run("run", regression, "--out", f"{home}/regression", "--quiet")
    run("run", write(f"{home}/median.json", changed(TINY, server={"aggregator": "median"})), "--out", f"{home}/median", "--quiet")
    for arguments, status, *parts in (
        (["curvs", folder, *good], 2, 'did you mean "curves"?'),
        ([folder, *good], 2, "unknown kind of plot"),
        ([], 2, "a kind of plot is needed"),
        (["curves", *good], 2, "a result file or a folder of results is needed"),
        (["curves", folder], 2, "-o FILE is needed"),
        (["curves", folder, "-o"], 2, "--out needs a value"),
        (["curves", folder, "-o", f"{home}/x.jpg"], 2, "the ending tells the format", ".svg"),
        (["curves", folder, *good, "--metric", "test_acuracy"], 2, 'no result has "test_acuracy" over the rounds'),
        (["bars", folder, *good, "--metric", "test_acuracy"], 2, 'did you mean "test_accuracy"?'),
        (["bars", folder, *good, "--metric", "status"], 2, '"status" is no number'),
        (["bars", folder, *good, "--x", "atack"], 2, 'unknown key "atack"'),
        (["bars", folder, *good, "--x", "attack", "--series", "server", "--facet", "data"], 2,
         "differ in workers.byzantine as well"),
        (["heatmap", folder, *good, "--series", "attack"], 2, "heatmap has no --series"),
        (["heatmap", folder, *good, "--where", "workers.byzantine=1"], 2, "a heat map needs two keys that differ"),
        (["trend", folder, *good], 2, "more than one number differs: choose with --x: ", "workers.byzantine"),
        (["trend", f"{home}/median", *good], 2, "there is none"),
        (["trend", folder, *good, "--x", "attack"], 2, "a trend needs one key that is a number"),
        (["trend", folder, *good, "--x", "workers.byzantine", "--log-x"], 2, "0 has no place on a logarithmic axis"),
        (["trend", folder, *good, "--x", "data.partition.alpha", "--log-x", "--mark", "-1"], 2, "--mark: -1 has no place"),
        (["trend", folder, *good, "--mark", "x"], 2, "--mark x: X or X=TEXT is needed"),
        (["bars", folder, *good, "--mark", "1"], 2, "bars has no --mark"),
        (["curves", folder, *good, "--log-x"], 2, "curves has no --log-x"),
        (["curves", folder, *good, "--label", "Krum"], 2, "--label Krum: OLD=NEW is needed"),
        (["bars", folder, *good, "--label", "krumm=K"], 2, "no part of the plot has these words", '"Krum"'),
        (["curves", folder, *good, "--range", "1:0"], 2, "LOW:HIGH is needed"),
        (["curves", folder, *good, "--range", "nan:1"], 2, "LOW:HIGH is needed"),
        (["curves", folder, *good, "--size", "10x10"], 2, "WxH is needed"),
        (["curves", folder, *good, "--size", "-800x600"], 2, "WxH is needed"),
        (["selection", folder, *good, "--size", "200x200"], 2, "200x200 is too small", "at least "),
        (["partition", f"{home}/regression", *good], 2, "no classes"),
        (["selection", f"{home}/median", *good], 2, "no result tells weights"),
        (["curves", f"{home}/nowhere", *good], 1, "No such file"),
        (["curves", folder, "-o", f"{home}/no/folder/x.gp"], 1, "cannot be written"),
    ):
        done = run("plot", *arguments)
        checks.expect(f"plot {' '.join(str(a) for a in arguments if home not in str(a))}: told",
                      done.returncode == status and all(part in done.stderr for part in parts) and done.stdout == "",
                      (done.returncode, done.stderr))
    checks.expect("nothing is drawn for mistakes", not os.path.exists(f"{home}/x.svg"))


def many_lines(home):
    config = changed(TINY, name="lines", rounds=2, sweep={"server.learning_rate": [i / 100 for i in range(1, 13)],
                                                         "workers.momentum": [0, 0.9], "workers.batch_size": [2, 4]})
    run("run", write(f"{home}/lines.json", config), "--out", f"{home}/lines", "--quiet")
    folder = f"{home}/lines/lines"
    done = run("plot", "curves", folder, "-o", f"{home}/lines.gp")
    text = pathlib.Path(f"{home}/lines.gp").read_text(encoding="utf-8")
    checks.expect("many lines become panels", done.returncode == 0 and text.count("$line") >= 48
                  and "'learning rate=0.01'" in text and "'batch size=2, worker momentum=0'" in text, (done.stderr, text[-500:]))


def hostile_names(folder, home):
    """Names from files that byzsim did not write reach gnuplot as words and nothing else."""
    evil = f"{home}/evil"
    os.mkdir(evil)
    for i, path in enumerate(list(result_files(folder).values())[:4]):
        document = json.loads(path.read_text(encoding="utf-8"))
        document["config"] |= {"name": EVIL, "attack": {"name": EVIL + str(i)}}
        document["config"]["server"]["aggregator"] = {"name": f"{i}" + EVIL}
        write(f"{evil}/{i}.json", document)
    for kind in KINDS:
        for ending in ("svg", "png", "gp"):
            options = {"heatmap": ("--x", "seed", "--y", "server"),
                       "trend": ("--x", "seed", "--mark", "2=" + EVIL, "--label", "seed=" + EVIL)}.get(kind, ())
            done = run("plot", kind, evil, *options, "-o", f"{home}/evil.{ending}", "--title", EVIL, cwd=home)
            checks.expect(f"{kind} as {ending} with hostile names", done.returncode == 0 and done.stderr == "", done.stderr)
        text = pathlib.Path(f"{home}/evil.gp").read_text(encoding="utf-8")
        outside = re.sub(r"'[^'\n]*'", "", text)
        checks.expect("... nothing of them stands outside of quotes", "touch" not in outside and "`" not in text, outside[:300])
        if ending == "gp" and os.path.exists(f"{home}/evil.svg"):
            xml.etree.ElementTree.parse(f"{home}/evil.svg")
    hits = [str(path) for path in pathlib.Path(home).rglob("HIT")]
    checks.expect("... and nothing of them was run", not hits and not os.path.exists("HIT"), hits)


def without_gnuplot(folder, home):
    empty = f"{home}/empty"
    os.mkdir(empty)
    done = run("plot", "bars", folder, "-o", f"{home}/none.svg", env={**os.environ, "PATH": empty})
    checks.expect("a machine without gnuplot", done.returncode == 1 and "gnuplot-nox" in done.stderr
                  and not os.path.exists(f"{home}/none.svg"), done.stderr)
    done = run("plot", "bars", folder, "-o", f"{home}/none.gp", env={**os.environ, "PATH": empty})
    checks.expect("... writes scripts all the same", done.returncode == 0, done.stderr)
    if shutil.which("gnuplot"):
        drawn = subprocess.run(["gnuplot", f"{home}/none.gp"], capture_output=True, check=False)
        checks.expect("... that gnuplot draws", drawn.returncode == 0 and drawn.stdout.startswith(b"<?xml"), drawn.stderr)
    broken = f"{home}/broken"
    os.mkdir(broken)
    path = write(f"{broken}/gnuplot", "#!/bin/sh\necho 'line 7: no such terminal' >&2\nexit 1\n")
    path.chmod(0o755)
    done = run("plot", "bars", folder, "-o", f"{home}/none.svg", env={**os.environ, "PATH": f"{broken}:/usr/bin:/bin"})
    checks.expect("a gnuplot that fails", done.returncode == 1 and "line 7: no such terminal" in done.stderr
                  and not os.path.exists(f"{home}/none.svg"), done.stderr)


def main():
    with scratch() as home:
        done = run("run", write(f"{home}/sweep.json", SWEEP), "--out", f"{home}/out", "--quiet")
        checks.expect("a sweep to draw", done.returncode == 0, done.stderr)
        folder = f"{home}/out/sweep"
        formats(folder, home)
        curve_numbers(folder)
        long_runs(home)
        bar_numbers(folder)
        heat_numbers(folder)
        trend_numbers(folder)
        words(folder)
        texts(home)
        diverged_runs(folder, home)
        worker_numbers(folder)
        mistakes(folder, home)
        many_lines(home)
        if shutil.which("gnuplot") is not None:
            hostile_names(folder, home)
        without_gnuplot(folder, home)
    checks.finish()


main()
