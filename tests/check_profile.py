# SPDX-License-Identifier: GPL-3.0-or-later
"""`run --profile`: what it prints, what it writes, and that it changes nothing else."""

import json

import jsonschema
from program import ROOT, TINY, Checks, changed, result_files, run, scratch, stable_folder, write

checks = Checks()

PHASES = ["assignment", "gradients", "metrics", "attack", "reception", "preaggregation", "aggregation", "step",
          "evaluation", "writing"]


def profiles(folder):
    return [json.loads(path.read_text(encoding="utf-8"))["timing"].get("profile") for path in
            result_files(folder).values()]


def check_one(config, folder):
    plain = run("run", config, "--out", f"{folder}/plain")
    done = run("run", config, "--out", f"{folder}/one", "--profile", "--threads", "1")
    checks.expect("runs with --profile", done.returncode == 0, done.stderr)
    checks.expect("prints every phase", all(f"\n{phase} " in done.stdout for phase in PHASES), done.stdout)
    checks.expect("prints the roofline", "GFLOP/s" in done.stdout and "GB/s" in done.stdout, done.stdout)
    checks.expect("says what the rates are compared with", "of large matrix products" in done.stdout)
    checks.expect("prints no profile unasked", "GFLOP/s" not in plain.stdout)
    checks.expect("writes no profile unasked", profiles(f"{folder}/plain") == [None])
    checks.expect("the same bytes", stable_folder(f"{folder}/plain") == stable_folder(f"{folder}/one"))
    profile = profiles(f"{folder}/one")[0]
    checks.expect("every phase is written", list(profile["seconds"]) == PHASES)
    checks.expect("seconds are there", all(value >= 0 for value in profile["seconds"].values()))
    checks.expect("rounds are counted", profile["rounds"] == TINY["rounds"])
    for name in ("gradient_operations", "aggregation_bytes"):
        rate = profile[name]
        checks.expect(f"{name}: amount and rates", all(rate[key] > 0 for key in rate) and len(rate) == 3, str(rate))
    schema = json.loads((ROOT / "results" / "schema.json").read_text(encoding="utf-8"))
    timing = schema["properties"]["timing"]
    result = json.loads(next(iter(result_files(f"{folder}/one").values())).read_text(encoding="utf-8"))
    jsonschema.validate(result["timing"], timing)
    del profile["seconds"]["step"]
    try:
        jsonschema.validate({**result["timing"], "profile": profile}, timing)
        refused = False
    except jsonschema.ValidationError:
        refused = True
    checks.expect("the schema knows the profile", refused)


def check_sweep(folder):
    config = write(f"{folder}/sweep.json", changed(TINY, sweep={"seed": [1, 2, 3], "server.aggregator": ["median", "krum"]}))
    done = run("run", config, "--out", f"{folder}/sweep", "--profile", "--jobs", "2", "--threads", "2")
    checks.expect("sweeps with jobs too", done.returncode == 0 and "36 rounds of 6 runs" in done.stdout, done.stdout)
    checks.expect("each run has its own", all(profile["rounds"] == 6 for profile in profiles(f"{folder}/sweep")))
    again = run("run", config, "--out", f"{folder}/sweep", "--profile", "--resume")
    checks.expect("nothing run, nothing told", again.returncode == 0 and "time by phase" not in again.stdout, again.stdout)
    quiet = run("run", config, "--out", f"{folder}/quiet", "--profile", "--quiet")
    checks.expect("--quiet writes and does not print", quiet.stdout == "" and None not in profiles(f"{folder}/quiet"))


def main():
    with scratch() as folder:
        check_one(write(f"{folder}/config.json", TINY), folder)
        check_sweep(folder)
    checks.finish()


main()
