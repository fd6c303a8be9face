#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""`byzsim bench`: the fields of its JSON, the arithmetic in them, rules that are left out, mistakes."""

import json
import os
import subprocess
import sys

PROGRAM = os.environ.get("BYZSIM_PROGRAM", "build/byzsim")
FIELDS = {"rule", "n", "d", "f", "threads", "calls", "seconds_min", "seconds_median", "gbytes_per_second",
          "read_bandwidth_gbytes_per_second", "fraction_of_limit", "moved_fraction_of_limit"}  # fmt: skip
PASSES = {"read", "combine", "median", "sort", "distance", "update", "draw"}
failures = []


def expect(what, true, why=""):
    print(f"{'ok' if true else 'FAILED'}: {what} {'' if true else why}")
    if not true:
        failures.append(what)


def bench(*arguments):
    return subprocess.run([PROGRAM, "bench", "--seconds", "0", *arguments], text=True, capture_output=True)


done = bench("--rule", "median", "--n", "5,25", "--d", "1000,3001", "--threads", "1", "--json")
results = json.loads(done.stdout)["results"]
expect("a figure for each point of the grid", [(r["n"], r["d"]) for r in results] ==
       [(5, 1000), (5, 3001), (25, 1000), (25, 3001)], done.stderr)
expect("the fields", all(set(r) == FIELDS for r in results), str(results[0]))
expect("bytes over the least time",
       all(abs(r["gbytes_per_second"] * 1e9 * r["seconds_min"] - 4 * r["n"] * r["d"]) < 1e-3 * 4 * r["n"] * r["d"]
           for r in results))
expect("a share of the bandwidth",
       all(abs(r["fraction_of_limit"] * r["read_bandwidth_gbytes_per_second"] - r["gbytes_per_second"]) < 1e-6
           for r in results))
expect("the output counts among what is moved",
       all(abs(r["moved_fraction_of_limit"] - r["fraction_of_limit"] * (r["n"] + 1) / r["n"]) < 1e-9 for r in results))
expect("small matrices are timed more than a few times, though no seconds are given", all(r["calls"] > 100 for r in results),
       str([r["calls"] for r in results]))
expect("the least is not above the median", all(0 < r["seconds_min"] <= r["seconds_median"] for r in results))

done = bench("--pre", "nnm", "--rule", "krum", "--n", "2,25", "--d", "100", "--threads", "1", "--json")
expect("a rule is left out where it is not defined, with the reason",
       [r["n"] for r in json.loads(done.stdout)["results"]] == [25] and "left out: krum needs" in done.stderr, done.stderr)
expect("a chain is named whole", json.loads(done.stdout)["results"][0]["rule"] == "nnm+krum")

done = bench("--n", "5", "--d", "100", "--threads", "1", "--json")
names = [r["rule"] for r in json.loads(done.stdout)["results"]]
listed = json.loads(subprocess.run([PROGRAM, "list", "aggregators", "--json"], text=True, capture_output=True).stdout)
expect("kernels are timed too", {"kernel distances", "kernel mean_std"} <= set(names), str(names))
left_out = done.stderr.count("left out:")
rules = len([n for n in names if not n.startswith("kernel ")])
expect("every rule is timed or left out with a reason", rules + left_out == len(listed["aggregators"]), done.stderr)

done = bench("--rule", "median", "--kernel", "norms", "--n", "5", "--d", "1000", "--threads", "1,2", "--json")
results = json.loads(done.stdout)["results"]
expect("two threads beside one", all(
    set(two) - set(one) == {"speedup", "memory_speedup"}
    and abs(two["speedup"] * two["seconds_min"] - one["seconds_min"]) < 1e-6 * one["seconds_min"]
    and abs(two["memory_speedup"] * one["read_bandwidth_gbytes_per_second"] - two["read_bandwidth_gbytes_per_second"]) < 1e-6
    for one, two in zip(results[0::2], results[1::2])) and len(results) == 4, done.stderr)  # fmt: skip
expect("a kernel's output is not known", "moved_fraction_of_limit" not in results[2], str(results[2]))
done = bench("--rule", "median", "--n", "5", "--d", "1000", "--threads", "2,1")
expect("nothing beside what comes first", "x" not in done.stdout.splitlines()[-2].split("%")[-1], done.stdout)
done = bench("--rules", "--n", "7", "--d", "64,128", "--json")
results = json.loads(done.stdout)["results"]
expect("--rules: every rule on one thread, no kernel, shape by shape", [r["d"] for r in results] == sorted(r["d"] for r in results)
       and len(results) + done.stderr.count("left out:") == 2 * len(listed["aggregators"]), done.stderr)
expect("the passes of every rule are known", all(r.get("passes") and set(r["passes"]) <= PASSES for r in results),
       str([r["rule"] for r in results if not r.get("passes")]))
passes = {r["rule"]: r.get("passes") for r in results}
expect("a rule's passes", (passes["median"], passes["krum"], passes["safeguard"]) ==
       ({"median": 1}, {"distance": 1}, {"combine": 1, "distance": 2, "update": 2}), str(passes))
expect("the ratio to the time of the passes",
       all(abs(r["ratio"] * r["passes_seconds"] - r["seconds_min"]) < 1e-6 * r["seconds_min"] for r in results))
expect("what looks through subsets is named", {r["rule"] for r in results if r["search"]} == {"mva", "smea"})
done = bench("--rules", "--rule", "krum", "--rule", "krum:distance=fourth", "--n", "7", "--d", "64")
lines = done.stdout.splitlines()
expect("--rules prints the time of the passes, the ratio and their names",
       lines[3].split()[-4:] == ["passes", "ms", "ratio", "passes"] and lines[4].split()[-1] == "distance", done.stdout)
expect("a rule with other knobs has no passes to stand beside", lines[5].split()[-2:] == ["-", "-"], done.stdout)
done = bench("--rules", "--rule", "median", "--n", "5", "--d", "64", "--pre", "nnm")
expect("nor has a chain", done.stdout.splitlines()[4].split()[-2:] == ["-", "-"], done.stdout)

for arguments, words in ((("--rule", "medain"), "did you mean \"median\""), (("--kernel", "distance"), "distances"),
                         (("--n", "0"), "whole number"), (("median",), "no argument"),
                         (("--rule", "mean", "--n", "900000", "--d", "900000000"), "GB, this machine has")):  # fmt: skip
    done = bench(*arguments)
    expect(f"{' '.join(arguments)}: {words}", done.returncode in (1, 2) and words in done.stderr, done.stderr)

print(f"{len(failures)} failed")
sys.exit(1 if failures else 0)
