# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line as users meet it: help, mistakes, full disks, interrupts, kills, closed pipes, terminals."""

import json
import os
import pathlib
import pty
import random
import re
import select
import shutil
import signal
import subprocess
import time

from program import PROGRAM, REGRESSION, ROOT, TINY, Checks, changed, result_files, run, scratch, stable_folder, start, write

checks = Checks()

# About a second of rounds.
SLOW = {
    "name": "slow",
    "rounds": 2000,
    "workers": {"count": 7, "byzantine": 2, "batch_size": 64, "momentum": 0.9},
    "data": {"dataset": {"name": "blobs", "features": 200, "train": 2000, "test": 300}},
    "model": {"name": "mlp", "hidden": [60]},
    "attack": {"name": "nan", "every": 3},
    "server": {"aggregator": "trimmed_mean", "momentum": 0.5},
    "evaluation": {"every": 50},
}

# A round of minutes.
ENDLESS = changed(TINY, name="slow", workers={"count": 7, "local_steps": 1000000}, attack="none")


def controls(text):
    """Control characters other than the end of a line."""
    return sorted({c for c in text if (ord(c) < 32 and c != "\n") or ord(c) == 127})


def expect_run(name, arguments, status, *parts, where="stderr", **options):
    """One call: its exit status, what it says, no control characters. Returns it."""
    done = run(*arguments, **options)
    text = getattr(done, where) or ""
    missing = [part for part in parts if part not in text]
    good = done.returncode == status and not missing and not controls((done.stdout or "") + (done.stderr or ""))
    checks.expect(name, good, f"exit {done.returncode}, without {missing}, said: {text[:600]!r}")
    return done


def commands():
    listing = run("--help").stdout
    return re.findall(r"^  (\w+) ", listing.partition("commands:")[2], re.M)


def help_texts():
    names = commands()
    checks.expect("--help lists the commands", {"run", "check", "list", "describe", "demo"} <= set(names), names)
    bad = {}
    for name in names:
        done = run(name, "--help")
        body = done.stdout.partition("\n")[2]
        if done.returncode != 0 or done.stderr or f"byzsim {name}" not in body or controls(done.stdout):
            bad[name] = done.stdout + done.stderr
    checks.expect("--help of every command exits 0 and gives an example", not bad, bad)
    expect_run("no command: the help, on standard error", [], 2, "usage: byzsim COMMAND")
    expect_run("--version", ["--version"], 0, "byzsim ", where="stdout")


def misspellings():
    for word, hint in (("rnu", "run"), ("chekc", "check"), ("discribe", "describe"), ("lst", "list")):
        expect_run(f"unknown command {word}", [word], 2, f'did you mean "{hint}"?', "byzsim --help")
    expect_run("unknown command, nothing near", ["zzzzzz"], 2, 'unknown command "zzzzzz"')
    for word, hint in (("--thread", "--threads"), ("--rseume", "--resume"), ("--queit", "--quiet")):
        expect_run(f"unknown option {word}", ["run", word], 2, f"did you mean {hint}?", "byzsim run --help")
    expect_run("option without its value", ["run", "x.json", "--out"], 2, "--out needs a value: --out DIR")
    expect_run("flag with a value", ["run", "x.json", "--quiet=1"], 2, "--quiet takes no value")
    expect_run("no configuration", ["run"], 2, "a configuration is needed")
    for value in ("0", "-1", "two", "1.5", "", "99999999999999999999"):
        expect_run(f"--threads {value!r}", ["run", "x.json", "--threads", value], 2, "a whole number from 1 to 1024")
    expect_run("unknown name", ["describe", "krumm"], 2, 'did you mean "krum"?')
    expect_run("unknown family", ["list", "rules"], 2, "aggregators, preaggregators, attacks")


def configurations(folder):
    path = write(f"{folder}/tiny.json", TINY)
    out = f"{folder}/unused"
    expect_run("misspelt key", ["run", path, "--set", "workers.momentun=0.9", "--out", out], 2, "workers.momentun",
               'did you mean "momentum"?')
    expect_run("f too large", ["run", path, "--set", "server.declared_byzantine=3", "--out", out], 2,
               f"{path}:1:", "server.aggregator", "krum needs n >= 2f+3: n=7, f=3")
    expect_run("unknown aggregator", ["check", path, "--set", "server.aggregator=krumm"], 2, 'did you mean "krum"?')
    expect_run("missing file", ["run", f"{folder}/no.json"], 2, f"{folder}/no.json", "No such file", "check the path")
    expect_run("empty file", ["run", write(f"{folder}/empty.json", "")], 2, "empty.json", "empty")
    expect_run("folder as a file", ["run", folder], 2, "is a directory, a file is needed")
    expect_run("not JSON", ["check", write(f"{folder}/bad.json", '{"rounds": 3,}')], 2, "bad.json:1:")
    expect_run("control characters in a name", ["check", write(f"{folder}/esc.json", {"name": "\x1b[31mred"})], 2, "name")
    expect_run("a list", ["check", write(f"{folder}/list.json", "[1]")], 2, "list.json:1:1")
    wrong = changed(TINY, model="linear")
    expect_run("a model that cannot learn the data", ["check", write(f"{folder}/w.json", wrong)], 1,
               'model "linear" cannot learn data set "blobs"')
    expect_run("check", ["check", path], 0, "valid, 1 run", where="stdout")
    checks.expect("nothing was written for mistakes", not os.path.exists(out))
    done = expect_run("every mistake at once", ["check", path, "--set", "seed=-1", "--set", "rounds=x"], 2, "seed", "rounds")
    checks.expect("reports end with a newline", done.stderr.endswith("\n") and not done.stderr.endswith("\n\n"), done.stderr)
    with open(path, encoding="utf-8") as text:
        expect_run("configuration from standard input", ["run", "-", "--out", f"{folder}/stdin"], 0, stdin=text)
    checks.expect("... and its result", len(result_files(f"{folder}/stdin")) == 1)


def listings():
    listed = json.loads(run("list", "--json").stdout)
    plain = run("list").stdout
    families = ["aggregators", "preaggregators", "attacks", "models", "datasets", "partitions", "optimizers",
                "schedules"]
    checks.expect("list --json: every family", list(listed) == families, list(listed))
    absent, bad = [], {}
    for family, items in listed.items():
        for item in items:
            if f"\n  {item['name']} " not in plain or not item["summary"]:
                absent.append(item["name"])
            done = run("describe", item["name"])
            if done.returncode != 0 or item["name"] not in done.stdout or controls(done.stdout):
                bad[item["name"]] = done.stderr
            if max(map(len, done.stdout.splitlines())) > 80:
                bad[item["name"]] = "a line is longer than 80 columns"
        one = run("list", family, "--json")
        if json.loads(one.stdout) != {family: items}:
            bad[family] = one.stdout
    checks.expect("list and list --json agree", not absent, absent)
    checks.expect("describe of every name", not bad, bad)
    ends = [run(*words).stdout[-2:] for words in (["list"], ["list", "--json"], ["schema"], ["describe", "krum"])]
    checks.expect("what is printed ends with one newline", all(e[-1:] == "\n" != e[:1] for e in ends), ends)
    described_fields(listed)
    several = run("describe", "krum", "alie")
    checks.expect("describe of two names", several.returncode == 0 and several.stdout.count("\n\n") >= 1)
    both = run("describe", "quadratic").stdout
    checks.expect("a name in two families is described twice", "dataset" in both.replace(" ", "") and "model" in both)


def described_fields(listed):
    """`list --json` holds every field; `describe` prints them under their headings."""
    fields = ("doc", "formula", "validity", "cost", "paper", "resists", "breaks")
    lacking = [item["name"] for family in ("aggregators", "preaggregators", "attacks") for item in listed[family]
               if not all(isinstance(item[field], str) and item[field] for field in fields)]
    checks.expect("list --json: all fields of rules and attacks", not lacking, lacking)
    by_name = {item["name"]: item for items in listed.values() for item in items}
    checks.expect("list --json: promises and knowledge", "picks" in by_name["krum"]["promises"]
                  and by_name["alie"]["knowledge"] == ["omniscient", "colluding"]
                  and by_name["alie"]["default_knowledge"] == "omniscient")
    knobs = {(name, knob["name"]): knob for name, item in by_name.items() for knob in item["knobs"]}
    wanted = {
        ("krum", "neighbours"): {"type": "choice", "default": "paper", "choices": ["paper", "kappa"]},
        ("trimmed_mean", "trim"): {"type": "count or choice", "default": "f", "min": 0, "choices": ["f"]},
        ("geometric_median", "nu"): {"type": "real", "default": 0.1, "above": 0},
        ("bucketing", "shuffle"): {"type": "flag", "default": True},
        ("alie", "z"): {"type": "real or choice", "default": "auto", "min": -1e6, "max": 1e6, "choices": ["auto", "v1"]},
    }
    wrong = {key: knobs[key] for key, want in wanted.items()
             if {k: v for k, v in knobs[key].items() if k not in ("name", "doc")} != want}
    checks.expect("list --json: knobs", not wrong, wrong)
    checks.expect("list --json: shared knobs", "start" in [knob["name"] for knob in by_name["ipm"]["common_knobs"]])
    expect_run("describe of a rule", ["describe", "krum"], 0, "Definition\n  D_ij", "\nValid for\n  n >= 2f+3", "\nCost\n",
               "\nPromises\n  permutation", "\nResists\n", "\nBreaks\n", "\nSource\n  Blanchard", "\nKnobs\n", where="stdout")
    expect_run("describe of an attack", ["describe", "ipm"], 0, "\nKnowledge\n  omniscient (default), colluding, own\n",
               "\nGets past\n", "\nStopped by\n", where="stdout")
    expect_run("list in two forms", ["list", "--json", "--markdown"], 2, "--json or --markdown, not both")
    two = run("list", "models", "partitions").stdout
    checks.expect("list of two families", re.findall(r"^(\w+):$", two, re.M) == ["models", "partitions"], two)


def printed_demo():
    text = (ROOT / "configs" / "examples" / "demo.json").read_text(encoding="utf-8")
    done = run("demo", "--print")
    checks.expect("demo --print is configs/examples/demo.json", done.returncode == 0 and done.stdout == text, done.stdout)


def outputs(folder):
    path = write(f"{folder}/tiny.json", TINY)
    done = expect_run("a run", ["run", path, "--out", f"{folder}/a"], 0)
    checks.expect("progress goes to standard error only",
                  "[1/1]" in done.stderr and "[1/1]" not in done.stdout and "results: " in done.stdout, done.stdout)
    done = expect_run("--quiet", ["run", path, "--out", f"{folder}/b", "--quiet"], 0)
    checks.expect("--quiet is silent", done.stdout == "" and done.stderr == "", done.stdout + done.stderr)
    done = expect_run("regression", ["run", write(f"{folder}/r.json", REGRESSION), "--out", f"{folder}/c"], 0, "distance of the parameters",
                      where="stdout")
    checks.expect("--out DIR/NAME", list(pathlib.Path(f"{folder}/c/regression").glob("regression-*.json")) != [])
    blocked = write(f"{folder}/file", "x")
    expect_run("--out is a file", ["run", path, "--out", blocked], 1, "a file of that name is in the way")
    expect_run("--out below a file", ["run", path, "--out", f"{blocked}/deep/er"], 1, "cannot be made a directory")
    expect_run("--out that cannot be made", ["run", path, "--out", "/proc/byzsim"], 1, "/proc/byzsim")
    checks.expect("the file in the way is untouched", blocked.read_text(encoding="utf-8") == "x")


def failing_point(folder):
    config = changed(TINY, name="mixed", sweep={"model": ["softmax", "linear", "mlp"]})
    done = expect_run("one run of three fails", ["run", write(f"{folder}/m.json", config), "--out", f"{folder}/mixed"], 1,
                      "failed: model \"linear\" cannot learn", "1 of 3 runs failed")
    index = json.loads(pathlib.Path(f"{folder}/mixed/mixed/sweep.json").read_text(encoding="utf-8"))
    checks.expect("the index names it", [r["status"] for r in index["runs"]] == ["completed", "failed", "completed"], index)
    checks.expect("the others are there", len(result_files(f"{folder}/mixed")) == 2, done.stdout)


def side_by_side(folder):
    config = write(f"{folder}/s.json", changed(TINY, sweep={"seed": [1, 2, 3], "attack": ["none", "alie", "nan"]}))
    for jobs in (1, 2):
        expect_run(f"a sweep with --jobs {jobs}", ["run", config, "--out", f"{folder}/jobs{jobs}", "--jobs", jobs], 0,
                   "9 runs", where="stdout")
    one, two = stable_folder(f"{folder}/jobs1"), stable_folder(f"{folder}/jobs2")
    checks.expect("--jobs 2 gives the same bytes", len(one) == 10 and one == two)


def full_disk(folder):
    mount = f"{folder}/full"
    os.mkdir(mount)
    mounted = os.geteuid() == 0 and shutil.which("mount") is not None and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", mount], capture_output=True, check=False).returncode == 0
    if not mounted:
        print("skipped: a full disk needs root and mount")
        return
    try:
        done = expect_run("a full disk", ["run", write(f"{folder}/f.json", changed(TINY, rounds=400)), "--out", mount], 1,
                          "No space left on device", "1 of 1 runs failed")
        checks.expect("... names no result that is not there", "results: none\n" in done.stdout, done.stdout)
        left = [p.name for p in pathlib.Path(mount).rglob("*") if p.is_file() and p.name != "sweep.json"]
        checks.expect("... leaves no partial file", not left, left)
    finally:
        subprocess.run(["umount", mount], check=False)
    if os.path.exists("/dev/full"):
        with open("/dev/full", "w", encoding="utf-8") as full:
            expect_run("standard output on a full disk", ["list"], 1, "No space left on device", stdout=full)


def closed_pipes(folder):
    path = write(f"{folder}/tiny.json", TINY)
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([PROGRAM, "list", "--json"], stdout=writing, stderr=subprocess.PIPE, text=True, check=False,
                          timeout=60)
    os.close(writing)
    checks.expect("a closed pipe is an error, no crash", done.returncode == 1 and "Broken pipe" in done.stderr, done.stderr)
    run("run", path, "--out", f"{folder}/open", "--quiet")
    for closing in (">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"):
        out = f"{folder}/closed{len(closing)}"
        subprocess.run(["sh", "-c", f'"$0" "$@" {closing}', PROGRAM, "run", str(path), "--out", out, "--jobs", "2",
                        "--set", 'sweep.seed=[1,2,3]'], capture_output=True, check=False, timeout=60)
        run("run", path, "--set", "sweep.seed=[1,2,3]", "--out", f"{out}-open", "--quiet")
        try:
            same = stable_folder(out) == stable_folder(f"{out}-open")
        except ValueError as error:
            same = str(error) == ""
        checks.expect(f"results are whole with {closing}", same and len(result_files(out)) == 3)


def missing_descriptors(folder):
    """A result file must not become descriptor 1 or 2, where messages go."""
    if not os.path.isdir("/proc/self/fd"):
        return
    endless = write(f"{folder}/endless.json", ENDLESS)
    process = subprocess.Popen(["sh", "-c", 'exec "$0" "$@" <&- >&- 2>&-', PROGRAM, "run", str(endless), "--out",
                                f"{folder}/nofd"])
    wait_for(f"{folder}/nofd/slow", process)
    targets = [os.readlink(f"/proc/{process.pid}/fd/{fd}") for fd in range(3)
               if os.path.lexists(f"/proc/{process.pid}/fd/{fd}")]
    process.kill()
    process.wait()
    lost = subprocess.run(["sh", "-c", 'exec "$0" list >&-', PROGRAM], capture_output=True, text=True, check=False)
    checks.expect("a closed standard output is an error", lost.returncode == 1 and "standard output" in lost.stderr, lost)
    checks.expect("closed descriptors are taken by /dev/null", targets == ["/dev/null"] * 3, targets)


def wait_for(path, process):
    """Until the program has made its folder, so that it listens to signals."""
    end = time.monotonic() + 30
    while not os.path.exists(path) and process.poll() is None and time.monotonic() < end:
        time.sleep(0.005)


def started(folder, config, *more):
    process = start("run", config, "--out", folder, "--threads", 1, "--resume", *more)
    wait_for(f"{folder}/slow", process)
    return process


def expect_undisturbed(name, folder, whole, config):
    done = run("run", config, "--out", folder, "--threads", 1, "--resume")
    checks.expect(f"{name}: --resume completes it", done.returncode == 0, done.stderr)
    checks.expect(f"{name}: the bytes of an undisturbed run", stable_folder(folder) == whole)
    left = [p.name for p in pathlib.Path(folder).rglob("*.checkpoint")]
    checks.expect(f"{name}: no checkpoint is left", not left, left)


def interrupts(folder, config, whole):
    out = f"{folder}/sigint"
    statuses, untold = [], []
    for _ in range(3):
        process = started(out, config)
        time.sleep(0.15)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)
        statuses.append(process.returncode)
        if process.returncode == 130 and ("--resume goes on" in stderr) == (": completed" in stderr):
            untold.append(stderr)
        if controls(stdout + stderr):
            statuses.append(f"control characters {controls(stdout + stderr)}")
    checks.expect("Ctrl-C: exit 130", statuses[0] == 130 and set(statuses) <= {0, 130}, statuses)
    checks.expect("Ctrl-C: told how to go on", not untold, untold)
    documents = [json.loads(p.read_text(encoding="utf-8")) for p in result_files(out).values()]
    checks.expect("Ctrl-C: a valid partial file", [d["status"] for d in documents] in (["stopped"], ["completed"])
                  and all(0 < d["rounds_completed"] == len(d["per_round"]["round"]) for d in documents))
    expect_undisturbed("Ctrl-C", out, whole, config)
    kept = {name: path.read_bytes() for name, path in result_files(out).items()}
    done = run("run", config, "--out", out, "--resume")
    checks.expect("--resume of a complete run touches nothing", done.returncode == 0 and "earlier" in done.stderr
                  and kept == {name: path.read_bytes() for name, path in result_files(out).items()})


def second_interrupt(folder):
    out = f"{folder}/twice"
    process = started(out, write(f"{folder}/endless.json", ENDLESS))
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    time.sleep(0.2)
    alive = process.poll() is None
    process.send_signal(signal.SIGINT)
    try:
        process.communicate(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
    checks.expect("a second Ctrl-C ends the program at once", alive and process.returncode == -signal.SIGINT,
                  (alive, process.returncode))


def kills(folder, config, whole):
    out = f"{folder}/sigkill"
    moments = random.Random(1)
    for pause in (0.05, 1.15, moments.uniform(0, 0.4), moments.uniform(0, 0.4)):
        process = started(out, config, "--checkpoint", 1)
        time.sleep(pause)
        process.kill()
        process.communicate()
    expect_undisturbed("SIGKILL", out, whole, config)


def damaged_state(folder, config, whole):
    """A checkpoint or a result that is not whole is no reason to fail, nor to trust it."""
    out = f"{folder}/damaged"
    process = started(out, config)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    for path in pathlib.Path(out).rglob("*.checkpoint"):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    expect_undisturbed("damaged checkpoint", out, whole, config)
    (path,) = result_files(out).values()
    path.write_bytes(path.read_bytes()[:1000])
    expect_undisturbed("truncated result", out, whole, config)


def screen(data):
    """What a terminal shows in the end, as lines."""
    lines, column = [""], 0
    for c in data.replace("\r\n", "\n"):
        if c == "\r":
            column = 0
        elif c == "\n":
            lines.append("")
            column = 0
        else:
            lines[-1] = lines[-1][:column].ljust(column) + c + lines[-1][column + 1:]
            column += 1
    return [line.rstrip() for line in lines]


def on_a_terminal(folder, config):
    leader, follower = pty.openpty()
    process = start("run", config, "--out", f"{folder}/pty", "--threads", 1, stderr=follower)
    os.close(follower)
    data = b""
    while True:
        ready, _, _ = select.select([leader], [], [], 60)
        try:
            piece = os.read(leader, 65536) if ready else b""
        except OSError:
            piece = b""
        if not piece:
            break
        data += piece
    os.close(leader)
    stdout = process.communicate(timeout=60)[0]
    text = data.decode()
    shown = [line for line in screen(text) if line]
    checks.expect("a terminal shows a progress line with rate and time left",
                  re.search(r"\[#*\.*\] +\d+% run 1/1 .*: \d+ rounds/s, \d+:\d\d left", text) is not None, text[:300])
    checks.expect("the progress line is cleared", len(shown) == 1 and shown[0].startswith("[1/1] slow"), shown)
    checks.expect("standard output stays clean", not controls(stdout), controls(stdout))
    widest = max(len(piece) for piece in re.split(r"[\r\n]", text))
    checks.expect("progress lines fit into 132 columns", widest <= 132, widest)


def main():
    help_texts()
    misspellings()
    listings()
    printed_demo()
    with scratch() as folder:
        configurations(folder)
        outputs(folder)
        failing_point(folder)
        side_by_side(folder)
        full_disk(folder)
        closed_pipes(folder)
        missing_descriptors(folder)
        config = write(f"{folder}/slow.json", SLOW)
        on_a_terminal(folder, config)
        whole = stable_folder(f"{folder}/pty")
        second_interrupt(folder)
        interrupts(folder, config, whole)
        kills(folder, config, whole)
        damaged_state(folder, config, whole)
    checks.finish()


main()
