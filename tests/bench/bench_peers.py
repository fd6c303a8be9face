#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of byzsim against the same rules in PyTorch (peers_torch.py) and numpy, and against byzfl where it can be imported,
on matrices of the same shape, one thread each, in turn, in one run. Prints the least time of each, the peers' over ours, and
where a peer is faster.

usage: bench_peers.py PROGRAM [--n N,N,...] [--d D,D,...] [--rule NAME]... [--seconds S]
"""

import argparse
import json
import os
import subprocess
import sys
import time

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"


def ours(program, rule, n, d, f, pre=()):
    """Least seconds of a call, and the whole report of `byzsim bench`."""
    command = [program, "bench", "--n", str(n), "--d", str(d), "--threads", "1", "--byzantine", str(f), "--json"]
    command += ["--rule", rule] if rule else []
    for stage in pre:
        command += ["--pre", stage]
    report = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["results"]
    return report[0] if report else None


def least(function, seconds, before=None):
    """Least time of a call: at least three (one where that takes seconds), and for about so many seconds. Where there is a
    `before`, each call takes what it returns; its own time does not count. None for a call that fails."""
    best, begun, calls = float("inf"), time.perf_counter(), 0
    while calls < 1 or (calls < 3 and best < 2) or (time.perf_counter() - begun < seconds and calls < 50):
        given = () if before is None else (before(),)
        start = time.perf_counter()
        try:
            function(*given)
        except RuntimeError:  # torch.quantile, behind byzfl's median, refuses more than 16 million elements
            return None
        best = min(best, time.perf_counter() - start)
        calls += 1
    return best


def numpy_rules(numpy, x, f):
    return {
        "mean": lambda: x.mean(axis=0),
        "median": lambda: numpy.median(x, axis=0),
        "trimmed_mean": lambda: numpy.sort(x, axis=0)[f : x.shape[0] - f].mean(axis=0),
    }


# byzsim's words, the class of byzfl, and its parameters besides f.
BYZFL = (
    ("mean", "Average", None),
    ("median", "Median", None),
    ("trimmed_mean", "TrMean", {}),
    ("meamed", "Meamed", {}),
    ("geometric_median", "GeometricMedian", None),
    ("geometric_median:iterations=8,start=mean", "GeometricMedian", {"nu": 0.1, "T": 8}),
    ("krum:neighbours=kappa", "Krum", {}),
    ("multi_krum:neighbours=kappa", "MultiKrum", {}),
    ("centered_clipping", "CenteredClipping", {"L": 1, "tau": 10.0}),
    ("monna", "MoNNA", {}),
    ("caf", "CAF", {}),
    ("mda", "MDA", {}),
    ("smea", "SMEA", {}),
    ("nnm", "NNM", {}),
    ("bucketing", "Bucketing", {"s": 2}),
    ("clipping", "Clipping", {"c": 2}),
    ("arc", "ARC", {}),
)


# Those that change the matrix they are given: each call of them gets a copy, made outside its time.
IN_PLACE = ("clipping", "arc")


def byzfl_rules(f, wanted):
    """Those among the wanted that byzfl, if it can be imported, has as well: a call that takes the matrix."""
    try:
        import byzfl
    except ImportError:
        return {}
    found = {}
    for words, name, parameters in BYZFL:
        if words not in wanted or not hasattr(byzfl, name):
            continue
        given = parameters or ({"f": f} if parameters == {} else {})
        rule = getattr(byzfl, name)(**given)
        found[words] = rule
    return found


def ratio_to(peer, rule, ours_seconds, seconds, before=None):
    """A peer's least time over ours; None where it lacks the rule or fails."""
    took = least(peer[rule], seconds, before) if rule in peer else None
    return took and took / ours_seconds


def known_rules(program):
    listed = json.loads(subprocess.run([program, "list", "--json"], check=True, capture_output=True, text=True).stdout)
    return {kind: {entry["name"] for entry in listed[kind]} for kind in ("aggregators", "preaggregators")}


def matches(rule, names):
    return not names or rule.split(":")[0] in names


def numbers(text):
    return [int(float(word)) for word in text.split(",")]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--n", type=numbers, default=[5, 11, 25, 51, 101])
    parser.add_argument("--d", type=numbers, default=[100000, 1000000])
    parser.add_argument("--rule", action="append", help="only this rule or pre-aggregator (may be repeated)")
    parser.add_argument("--seconds", type=float, default=0.5, help="time spent on each peer's figure")
    options = parser.parse_args()
    try:
        import numpy
        import torch
    except ImportError as missing:
        print(f"{missing.name} is not installed for this Python (Debian: python3-torch): nothing to compare with")
        return 0
    torch.set_num_threads(1)
    import peers_torch

    known, slower, compared = known_rules(options.program), [], {"torch": 0, "numpy": 0, "byzfl": 0}
    print(f"1 thread, least times; PyTorch {torch.__version__}, numpy {numpy.__version__}; \"torch\": tests/bench/peers_torch.py")
    print(f"{'rule':41} {'n':>5} {'d':>9} {'byzsim ms':>10} {'GB/s':>6} {'of limit':>8} {'torch':>9} {'numpy':>9} {'byzfl':>9}")
    for n in options.n:
        for d in options.d:
            f = max(1, n // 5) if n < 5 else min(n // 5, (n - 3) // 2)
            x = torch.rand(n, d)
            by_torch = peers_torch.peers(x, f)
            by_numpy, by_byzfl = numpy_rules(numpy, x.numpy(), f), byzfl_rules(f, by_torch)
            for rule in by_torch:
                name = rule.split(":")[0]
                if (name not in known["aggregators"] and name not in known["preaggregators"]) or not matches(rule, options.rule):
                    continue
                stage = name in known["preaggregators"]
                report = ours(options.program, None if stage else rule, n, d, f, [rule] if stage else [])
                if report is None:
                    continue
                took = report["seconds_min"]
                ratios = {
                    "torch": ratio_to(by_torch, rule, took, options.seconds),
                    "numpy": ratio_to(by_numpy, rule, took, options.seconds),
                    "byzfl": ratio_to(by_byzfl, rule, took, options.seconds, x.clone if name in IN_PLACE else lambda: x),
                }
                compared = {peer: compared[peer] + bool(ratio) for peer, ratio in ratios.items()}
                slower += [f"{rule} n={n} d={d} ({peer}): {r:.2f}x" for peer, r in ratios.items() if r and r < 1]
                words = " ".join(f"{r:8.1f}x" if r else f"{'-':>9}" for r in ratios.values())
                print(f"{rule:41} {n:5} {d:9} {1e3 * took:10.3f} {report['gbytes_per_second']:6.1f} "
                      f"{100 * report['fraction_of_limit']:6.0f} % {words}", flush=True)  # fmt: skip
    counted = ", ".join(f"{count} with {peer}" for peer, count in compared.items() if count)
    print(f"comparisons: {counted}; slower than a peer in {len(slower)}" + "".join(f"\n  {line}" for line in slower))
    return 0


if __name__ == "__main__":
    sys.exit(main())
