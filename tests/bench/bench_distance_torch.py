#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pairwise distances of byzsim against torch.cdist on the same shapes: one thread each, in turn, in one run.

usage: bench_distance_torch.py BENCH_DISTANCE [n d]...    (BENCH_DISTANCE: the program built from bench_distance.c)
"""

import re
import subprocess
import sys
import time

import torch

SHAPES = [(5, 100_000), (11, 100_000), (25, 100_000), (51, 100_000), (5, 1_000_000), (11, 1_000_000), (25, 1_000_000)]


def seconds_of(work, turns):
    best = float("inf")
    for _ in range(turns):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def byzsim_seconds(program, n, d):
    """The best of its kernels; the one named first is the one it uses."""
    lines = subprocess.run([program, str(n), str(d)], check=True, capture_output=True, text=True).stdout
    return float(re.search(r"^distances +\d+ +\d+ +\w+ ([0-9.]+) ms", lines, re.MULTILINE).group(1)) / 1e3


def main():
    program, numbers = sys.argv[1], [int(number) for number in sys.argv[2:]]
    shapes = list(zip(numbers[::2], numbers[1::2])) or SHAPES
    torch.set_num_threads(1)
    print(f"one thread; torch {torch.__version__}")
    for n, d in shapes:
        x = torch.randn(n, d)
        turns = 3 if n * d > 10_000_000 else 7
        ours = byzsim_seconds(program, n, d)
        default = seconds_of(lambda: torch.cdist(x, x), turns)
        direct = seconds_of(lambda: torch.cdist(x, x, compute_mode="donot_use_mm_for_euclid_dist"), turns)
        print(
            f"n {n:4} d {d:8}  byzsim {1e3 * ours:9.3f} ms  cdist {1e3 * default:9.3f} ms, ratio {default / ours:6.1f}"
            f"  cdist without products {1e3 * direct:9.3f} ms, ratio {direct / ours:6.1f}"
        )


if __name__ == "__main__":
    main()
