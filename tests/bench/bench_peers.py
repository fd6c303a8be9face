#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of byzsim against PyTorch, numpy and (where it can be imported) byzfl on matrices of the same shape, one thread
each, in turn, in one run. Prints the least time of each and the ratios.

usage: bench_peers.py PROGRAM [--n N,N,...] [--d D,D,...] [--seconds S]
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


def least(function, seconds):
    """Least time of a call: at least three, and for about so many seconds."""
    best, begun, calls = float("inf"), time.perf_counter(), 0
    while calls < 3 or (time.perf_counter() - begun < seconds and calls < 50):
        start = time.perf_counter()
        function()
        best = min(best, time.perf_counter() - start)
        calls += 1
    return best


def torch_geometric_median(torch, x, steps=8, nu=0.1):
    z = x.mean(dim=0)
    for _ in range(steps):
        w = 1 / (x - z).norm(dim=1).clamp(min=nu)
        z = (w[:, None] * x).sum(dim=0) / w.sum()
    return z


def torch_krum(torch, x, f):
    distances = torch.cdist(x, x) ** 2
    scores = distances.sort(dim=1).values[:, 1 : x.shape[0] - f - 1].sum(dim=1)
    return x[scores.argmin()]


def torch_nnm(torch, x, f):
    nearest = torch.cdist(x, x).topk(x.shape[0] - f, dim=1, largest=False).indices
    return x[nearest].mean(dim=1)


def torch_rules(torch, x, n, f):
    return {
        "mean": lambda: x.mean(dim=0),
        "median": lambda: x.median(dim=0).values,
        "trimmed_mean": lambda: x.sort(dim=0).values[f : n - f].mean(dim=0),
        "krum": lambda: torch_krum(torch, x, f),
        "nnm": lambda: torch_nnm(torch, x, f),
        "geometric_median:iterations=8,start=mean": lambda: torch_geometric_median(torch, x),
    }


def numpy_rules(numpy, x, n, f):
    return {
        "mean": lambda: x.mean(axis=0),
        "median": lambda: numpy.median(x, axis=0),
        "trimmed_mean": lambda: numpy.sort(x, axis=0)[f : n - f].mean(axis=0),
    }


def byzfl_rules(x, f):
    try:
        import byzfl
    except ImportError:
        return {}
    return {
        "median": lambda: byzfl.Median()(x),
        "trimmed_mean": lambda: byzfl.TrMean(f)(x),
        "krum": lambda: byzfl.Krum(f)(x),
        "geometric_median:iterations=8,start=mean": lambda: byzfl.GeometricMedian(nu=0.1, T=8)(x),
        "nnm": lambda: byzfl.NNM(f)(x),
    }


def known_rules(program):
    listed = json.loads(subprocess.run([program, "list", "--json"], check=True, capture_output=True, text=True).stdout)
    return {kind: {entry["name"] for entry in listed[kind]} for kind in ("aggregators", "preaggregators")}


def numbers(text):
    return [int(float(word)) for word in text.split(",")]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--n", type=numbers, default=[5, 11, 25, 51, 101])
    parser.add_argument("--d", type=numbers, default=[100000, 1000000])
    parser.add_argument("--seconds", type=float, default=0.5, help="time spent on each peer's figure")
    options = parser.parse_args()
    try:
        import numpy
        import torch
    except ImportError as missing:
        print(f"{missing.name} is not installed for this Python (Debian: python3-torch): nothing to compare with")
        return 0
    torch.set_num_threads(1)
    known = known_rules(options.program)
    print(f"1 thread, least times; PyTorch {torch.__version__}, numpy {numpy.__version__}")
    print(f"{'rule':18} {'n':>5} {'d':>9} {'byzsim ms':>10} {'GB/s':>6} {'of limit':>8} {'torch':>8} {'numpy':>8} {'byzfl':>8}")
    for n in options.n:
        for d in options.d:
            f = max(1, n // 5) if n < 5 else min(n // 5, (n - 3) // 2)
            x = torch.rand(n, d)
            peers = [torch_rules(torch, x, n, f), numpy_rules(numpy, x.numpy(), n, f), byzfl_rules(x, f)]
            for rule in peers[0]:
                name = rule.split(":")[0]
                if name not in known["aggregators"] and name not in known["preaggregators"]:
                    continue
                stage = name in known["preaggregators"]
                report = ours(options.program, None if stage else rule, n, d, f, [rule] if stage else [])
                if report is None:
                    continue
                if stage and 4.0 * n * (n - f) * d > 4e9:
                    peers[0] = {}  # PyTorch gathers all the rows of all the means at once
                ratios = [least(p[rule], options.seconds) / report["seconds_min"] if rule in p else None for p in peers]
                words = " ".join(f"{r:7.1f}x" if r else f"{'-':>8}" for r in ratios)
                print(f"{name:18} {n:5} {d:9} {1e3 * report['seconds_min']:10.3f} {report['gbytes_per_second']:6.1f} "
                      f"{100 * report['fraction_of_limit']:6.0f} % {words}", flush=True)  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
